"""Between which moments the scripted day expects an alert: worked out of the rule, the scrape and the evaluation."""

from itertools import product

import pytest

from tests.e2e.causes import (
    CAUSES,
    UNTIMED,
    Expected,
    Fired,
    Look,
    Span,
    Timing,
    expected,
    judged,
    seconds,
    spans,
    timing,
)
from tests.e2e.day import steps
from tests.e2e.stack import Stack

KEY = ("UpstreamLost", "critical")
LATE = 5.0 + 5.0 + 1.0 + 1.0
TIMING = Timing(5.0, 5.0, {KEY: 30.0})
HERE = "fault:upstream-lost"


def looks(*told: tuple[float, str]) -> list[Look]:
    return [Look(at, at + 0.1, frozenset(said.split())) for at, said in told]


def lasting(begin: float, end: float) -> list[Look]:
    """A look each half second, with the fault from one moment to the other."""
    moments = [at / 2 for at in range(int(end + 100) * 2)]
    return looks(*((at, HERE if begin <= at < end else "") for at in moments))


def test_what_the_configuration_says() -> None:
    told = timing()
    assert (told.scrape, told.evaluation) == (5.0, 5.0)
    assert told.waits[KEY] == 30.0
    assert (told.waits["GatewayHangs", "warning"], told.waits["EngineHalted", "critical"]) == (0.0, 60.0)
    assert [seconds(text) for text in ("90s", "1m", "2h", "1d")] == [90.0, 60.0, 7200.0, 86400.0]


def test_a_cause_is_there_between_the_looks_around_it() -> None:
    assert spans(looks((0, ""), (1, HERE), (2, HERE), (3, "")), CAUSES[KEY]) == [Span(0, 1.1, 2, 3.1)]
    assert spans(looks((0, ""), (1, HERE)), CAUSES[KEY]) == [], "nobody knows its end"


def test_the_rule_waits_and_prometheus_must_look() -> None:
    (found,) = expected([Span(0, 1, 100, 101)], 30.0, TIMING)
    assert found == Expected((30.0, 31.0 + LATE), (100.0, 101.0 + LATE), True)


@pytest.mark.parametrize(("lasts", "sure"), [(20.0, False), (41.0, False), (45.0, True)])
def test_what_is_over_before_it_must_fire_need_not(lasts: float, sure: bool) -> None:
    assert expected([Span(0, 1, 1 + lasts, 2 + lasts)], 30.0, TIMING)[0].sure is sure


def test_a_break_that_no_scrape_may_have_seen_is_none_or_begins_anew() -> None:
    (found,) = expected([Span(0, 1, 50, 51), Span(53, 54, 150, 151)], 30.0, TIMING)
    assert found.fires == (30.0, 54.0 + 30.0 + LATE)
    assert found.ends[1] == 151.0 + LATE
    assert len(expected([Span(0, 1, 50, 51), Span(90, 91, 150, 151)], 30.0, TIMING)) == 2


@pytest.mark.parametrize(
    ("fired", "wrong"),
    [
        ([Fired(136.0, 205.0)], [None]),
        ([Fired(120.0, 205.0)], ["it fired too early"]),
        ([Fired(160.0, 205.0)], ["it fired too late"]),
        ([Fired(136.0, 190.0)], ["it ended too early"]),
        ([Fired(136.0, 230.0)], ["it ended too late"]),
        ([Fired(136.0, None)], ["it ended too late"]),
        ([Fired(136.0, 205.0), Fired(260.0, 270.0)], [None, "it fired without its cause"]),
        ([], ["it never fired"]),
    ],
)
def test_each_time_is_judged(fired: list[Fired], wrong: list[str | None]) -> None:
    rows = judged(KEY, lasting(100.0, 200.0), fired, TIMING)
    assert [row["wrong"] for row in rows] == wrong


def test_every_alert_that_the_day_waits_for_has_a_cause_and_a_rule() -> None:
    rules = timing().waits
    day = steps(Stack("tour", {}))
    awaited = {alert for step in day for alert in step.fires}
    assert awaited <= {name for name, _ in CAUSES}
    assert CAUSES.keys() <= rules.keys()
    assert not {name for name, _ in CAUSES} & UNTIMED.keys()
    assert {step.family for step in day} >= {"gateway", "login", "data", "engine", "orders", "host"}
    assert all(len(step.remedy.links) <= 2 for step in day if step.remedy is not None)


def test_no_cause_holds_when_all_is_well() -> None:
    well = frozenset({"gateway", "gateway:READY", "engine:TRADING", "cache:up"})
    assert not [key for key, said in product(CAUSES, (well, frozenset())) if CAUSES[key](said)]
