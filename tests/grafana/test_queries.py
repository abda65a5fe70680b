"""Each panel's queries, asked of a real Prometheus with the series of a real stack's day, return what was true then."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from grafana.boards import FOLDER
from tests.e2e.trading_day import STEP
from tests.grafana.day import Day, Moment, Past, past
from tests.grafana.expected import AT_THE_END, CURED, SCENARIO, TRUTHS, Found, Near, Wanted

pytestmark = pytest.mark.e2e

_SAME_FOR_ALL = {"__name__", "job", "instance", "tenant", "kind", "budget", "probe"}


def _queries() -> dict[tuple[str, str], str]:
    """Every query by its panel's title and its own name: a legend, a table's column, or nothing."""
    found = {}
    for file in sorted(FOLDER.glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            names = _columns(panel)
            for target in panel.get("targets", []):
                name = names.get(target["refId"]) or target.get("legendFormat", "")
                found[panel["title"], name] = target["expr"]
    return found


def _columns(panel: dict[str, Any]) -> dict[str, str]:
    for step in panel.get("transformations", []):
        if step["id"] == "organize":
            shown = step["options"]["renameByName"]
            refs = [target["refId"] for target in panel["targets"]]
            return {ref: shown.get(f"Value #{ref}", shown.get("Value", "")) for ref in refs}
    return {}


QUERIES = _queries()


@pytest.fixture(scope="module")
def day() -> Day:
    return Day.recorded()


@pytest.fixture(scope="module")
def prometheus(day: Day, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    with past(day, tmp_path_factory.mktemp("day")) as made:
        yield made


def _holds(prometheus: Past, query: tuple[str, str], moment: Moment, wanted: Wanted) -> str | None:
    """What is wrong with its answer, if anything is.

    The witness was asked twice, two scrapes apart, and said the same. A scrape may have found what came after, or what
    came and went between the two, such as a position of seconds: one of the three must have found what was said.
    """
    found = _answer(prometheus, query, moment.at)
    if wanted.fits(found) or any(wanted.fits(_answer(prometheus, query, moment.at - n * STEP)) for n in (1, 2)):
        return None
    return f"{moment.name}: expected {wanted}, found {found}"


def _answer(prometheus: Past, query: tuple[str, str], at: float) -> Found:
    rows = prometheus.ask(QUERIES[query], at)
    return [(" ".join(v for k, v in sorted(labels.items()) if k not in _SAME_FOR_ALL), value) for labels, value in rows]


def test_every_query_has_its_expectation() -> None:
    assert QUERIES.keys() == SCENARIO.keys() | TRUTHS.keys() | AT_THE_END.keys()


@pytest.mark.parametrize("query", SCENARIO, ids=" | ".join)
def test_a_query_returns_what_the_scenario_does(prometheus: Past, day: Day, query: tuple[str, str]) -> None:
    moments = [moment for moment in day.moments if moment.name not in CURED]
    wrong = [_holds(prometheus, query, moment, SCENARIO[query](moment.name)) for moment in moments]
    assert [one for one in wrong if one] == []


@pytest.mark.parametrize("query", TRUTHS, ids=" | ".join)
def test_a_query_returns_what_the_witnesses_said(prometheus: Past, day: Day, query: tuple[str, str]) -> None:
    key, wanted = TRUTHS[query]
    asked = [moment for moment in day.moments if key in moment.seen]
    assert len(asked) > len(day.moments) / 2, f"{key} never stood still"
    wrong = [_holds(prometheus, query, moment, wanted(moment)) for moment in asked]
    assert [one for one in wrong if one] == []


@pytest.mark.parametrize("query", AT_THE_END, ids=" | ".join)
def test_a_query_returns_what_the_journal_has_at_the_end(prometheus: Past, day: Day, query: tuple[str, str]) -> None:
    incidents = day.incidents
    if query[1] == "Incidents":  # an increase: what stood when the record began is none
        incidents = [one for one in incidents if datetime.fromisoformat(one["opened_at"]).timestamp() > day.span[0]]
    assert _holds(prometheus, query, day.moments[-1], AT_THE_END[query](incidents)) is None


def test_a_query_that_asks_for_something_else_is_found(
    prometheus: Past, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = ("How many restarts are left?", "gateway")
    monkeypatch.setitem(QUERIES, query, QUERIES[query].replace('"gateway"', '"gatevay"'))
    assert _holds(prometheus, query, day.moments[0], Near(40)) is not None


def test_the_incidents_that_are_drawn_are_those_that_stood(prometheus: Past, day: Day) -> None:
    [annotation] = json.loads((FOLDER / "trading-day.json").read_text())["annotations"]["list"]
    for moment in (one for one in day.moments if "open" in one.seen):
        drawn = sorted(labels["fault"] for labels, _ in prometheus.ask(annotation["target"]["expr"], moment.at))
        assert drawn == moment.seen["open"], moment.name
