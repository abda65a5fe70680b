"""Headlines, bulletins, scans and reports: pure functions of (seed, time)."""

import datetime as dt
import xml.etree.ElementTree as ET

import pytest

from gateway.simulator.research import bulletins, headlines, reports, scans
from gateway.simulator.research.scans import Limits, Seen
from tests.unit.simulator.rig import NOON, SPY

WEEK = dt.timedelta(days=7)
CODES = [code for code, _ in headlines.PROVIDERS]


def written(after: dt.datetime, until: dt.datetime, providers: list[str] = CODES) -> list[headlines.Article]:
    return list(headlines.between(1, SPY, "SPY", providers, after, until))


def test_headlines_come_newest_first_and_within_their_span() -> None:
    found = written(NOON - WEEK, NOON)
    assert len(found) > 20
    assert [article.at for article in found] == sorted((article.at for article in found), reverse=True)
    assert all(NOON - WEEK < article.at <= NOON for article in found)
    assert {article.provider for article in found} == set(CODES)


def test_spans_that_meet_share_nothing_and_leave_nothing_out() -> None:
    middle = NOON - WEEK / 3
    assert written(middle, NOON) + written(NOON - WEEK, middle) == written(NOON - WEEK, NOON)


def test_an_article_can_be_made_again_from_its_name() -> None:
    article = written(NOON - WEEK, NOON, ["DJNL"])[0]
    name = headlines.named(article.article_id)
    assert name == ("DJNL", SPY, article.slot)
    assert headlines.article(1, "DJNL", SPY, "SPY", article.slot) == article
    assert article.said in article.text


@pytest.mark.parametrize("name", ["", "DJNL", "DJNL$", "DJNL$x", "DJNL$zz-1", "$1-1-1"])
def test_names_that_name_nothing(name: str) -> None:
    assert headlines.named(name) is None


def test_bulletins_are_numbered_by_time() -> None:
    found = bulletins.published(1, NOON - WEEK, NOON)
    numbers = [bulletin.number for bulletin in found]
    assert numbers == sorted(set(numbers))
    assert {bulletin.kind for bulletin in found} == {1, 2, 3}
    assert bulletins.published(1, NOON, NOON) == []


# -- scans -------------------------------------------------------------------------------------------------------------


def seen(con_id: int, last: float, volume: float = 100.0, stock_type: str = "COMMON") -> Seen:
    return Seen(con_id, last, volume, 100.0, 100.0, max(last, 101.0), min(last, 99.0), stock_type)


@pytest.mark.parametrize(
    ("code", "order"),
    [
        ("TOP_PERC_GAIN", [2, 1, 3]),
        ("TOP_PERC_LOSE", [3, 1, 2]),
        ("MOST_ACTIVE", [3, 1, 2]),
        ("TOP_OPEN_PERC_LOSE", [3, 1, 2]),
        ("TOP_PRICE_RANGE", [3, 2, 1]),
    ],
)
def test_scans_rank(code: str, order: list[int]) -> None:
    world = [seen(1, 101.0, 200), seen(2, 103.0, 100), seen(3, 95.0, 300)]
    assert scans.best(world, code, Limits(), -1) == order
    assert scans.best(world, code, Limits(), 2) == order[:2]


def test_every_scan_can_be_made() -> None:
    assert all(len(scans.best([seen(1, 101.0), seen(2, 102.0)], code, Limits(), 0)) == 2 for code in scans.SCAN_CODES)


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        (Limits(above_price=101.0), [1, 2]),
        (Limits(below_price=100.0), [3]),
        (Limits(above_volume=150.0), [1, 3]),
        (Limits(stock_type="ETF"), [3]),
        (Limits(stock_type="CORP"), [1, 2]),
        (Limits(filters=(("changePercAbove", 2.5),)), [2]),
        (Limits(filters=(("priceBelow", 102.0), ("volumeAbove", 250.0))), [3]),
    ],
)
def test_scans_leave_out(limits: Limits, left: list[int]) -> None:
    world = [seen(1, 101.0, 200), seen(2, 103.0, 100), seen(3, 95.0, 300, "ETF")]
    assert sorted(scans.best(world, "MOST_ACTIVE", limits, -1)) == left


def test_the_parameters_name_all_that_can_be_asked() -> None:
    document = ET.fromstring(scans.parameters())
    assert {node.text for node in document.iter("scanCode")} == set(scans.SCAN_CODES)
    places = {code for places in scans.LOCATIONS.values() for code, _ in places}
    assert {node.text for node in document.iter("locationCode")} == places
    assert {node.text for node in document.iter("type")} == set(scans.LOCATIONS)


# -- reports -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "root"),
    [("ReportSnapshot", "ReportSnapshot"), ("ReportsFinSummary", "FinancialSummary"), ("RESC", "REarnEstCons")],
)
def test_reports_are_xml(kind: str, root: str) -> None:
    made = reports.report(kind, symbol="T&C", name="T & C <inc>", isin="US0", seed=1, con_id=1, today=NOON.date())
    assert made is not None
    assert ET.fromstring(made).tag == root


def test_other_reports_are_not_there() -> None:
    assert reports.report("CalendarReport", symbol="", name="", isin="", seed=1, con_id=1, today=NOON.date()) is None
