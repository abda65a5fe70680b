"""What orders can wait for besides a price of their own, and what cancels them."""

import datetime as dt

import pytest

from gateway.simulator.broker import conditions
from gateway.simulator.broker.orders import Status
from gateway.simulator.broker.sight import Touch
from tests.unit.simulator.rig import NOON, StillSight, order, ticket
from tests.unit.simulator.test_book import Bench

SPY = "756733"
PRICE = ("1", "a", "1", "600.0", SPY, "SMART", "0")
TIME = ("3", "a", "1", conditions.written(NOON + dt.timedelta(seconds=10)))


def spy(last: float = 590.0, volume: float = 0.0, regular: bool = True) -> Touch:
    return Touch(last - 0.01, last + 0.01, 1, 1, last, is_option=False, volume=volume, regular=regular)


def met(*rows: tuple[str, ...], sight: StillSight | None = None, seconds: int = 0, ignore_rth: bool = False) -> bool:
    seen = sight or StillSight(spy())
    waiting = order(ticket=ticket(conditions=rows, conditions_ignore_rth=ignore_rth))
    return conditions.met(waiting, seen, NOON + dt.timedelta(seconds=seconds))


def test_price() -> None:
    assert not met(PRICE)
    assert met(PRICE, sight=StillSight(spy(600.0)))
    assert met(("1", "a", "0", "600.0", SPY, "SMART", "4"))


@pytest.mark.parametrize(("method", "seen"), [("0", True), ("2", True), ("4", False), ("8", False)])
def test_the_price_is_seen_by_its_trigger_method(method: str, seen: bool) -> None:
    touch = Touch(598.0, 599.0, 1, 1, 600.0, is_option=False)
    assert met(("1", "a", "1", "600", SPY, "SMART", method), sight=StillSight(touch)) is seen


def test_time() -> None:
    assert not met(TIME, seconds=9)
    assert met(TIME, seconds=10)


def test_margin() -> None:
    sight = StillSight(spy())
    assert met(("4", "a", "1", "50"), sight=sight)
    sight.cushion_left = 20.0
    assert not met(("4", "a", "1", "50"), sight=sight)
    assert met(("4", "a", "0", "30"), sight=sight)


def test_execution() -> None:
    sight = StillSight(spy())
    row = ("5", "a", "STK", "SMART", "SPY")
    assert not met(row, sight=sight)
    sight.has_executed = True
    assert met(row, sight=sight)


def test_volume() -> None:
    row = ("6", "a", "1", "1000", SPY, "SMART")
    assert not met(row, sight=StillSight(spy(volume=999)))
    assert met(row, sight=StillSight(spy(volume=1000)))


def test_percent_change() -> None:
    sight = StillSight(spy(101.0))
    assert met(("7", "a", "1", "1.0", SPY, "SMART"), sight=sight)
    assert not met(("7", "a", "1", "1.1", SPY, "SMART"), sight=sight)
    sight.before = 0.0
    assert not met(("7", "a", "1", "0.1", SPY, "SMART"), sight=sight)


def test_and_or_from_left_to_right() -> None:
    no, yes = TIME, ("4", "a", "1", "50")
    either = (*no[:1], "o", *no[2:])
    assert not met(no, yes)
    assert met(either, yes)
    assert met(either, yes, yes)
    assert not met(either, yes, no)
    assert met(yes, either, yes)


def test_prices_count_in_regular_hours_only_unless_told() -> None:
    sight = StillSight(spy(600.0, regular=False))
    assert not met(PRICE, sight=sight)
    assert met(PRICE, sight=sight, ignore_rth=True)


@pytest.mark.parametrize(
    "row",
    [
        ("1", "a", "1", "dear", SPY, "SMART", "0"),
        ("1", "a", "1", "600", "0", "SMART", "0"),
        ("3", "a", "1", "tomorrow"),
        ("4", "a", "1", "much"),
        ("5", "a", "STK", "SMART", ""),
        ("2", "a"),
        ("6", "a"),
    ],
)
def test_what_cannot_be_watched_is_found(row: tuple[str, ...]) -> None:
    assert conditions.check(row)


@pytest.mark.parametrize("row", [PRICE, TIME, ("4", "a", "1", "50"), ("5", "a", "STK", "SMART", "SPY")])
def test_what_can_be_watched_passes(row: tuple[str, ...]) -> None:
    assert conditions.check(row) == ""


def test_an_order_waits_for_its_conditions() -> None:
    bench = Bench()
    assert bench.place(5, order_type="LMT", limit_price=101.0, conditions=(PRICE,)) == ["5/3 5 PreSubmitted"]
    assert bench.step() == []
    bench.sight.others[int(SPY)] = spy(600.0)
    assert bench.step()[0] == "11 5 1@100.01"


def test_conditions_once_met_stay_met() -> None:
    bench = Bench()
    bench.place(5, order_type="LMT", limit_price=99.0, conditions=(PRICE,))
    bench.sight.others[int(SPY)] = spy(600.0)
    assert bench.step() == ["5/3 5 Submitted"]
    bench.sight.others[int(SPY)] = spy(500.0)
    bench.market(98.9, 98.95)
    assert bench.step()[0] == "11 5 1@99"


def test_a_conditional_stop_is_not_triggered_before() -> None:
    bench = Bench()
    bench.place(5, action="SELL", order_type="STP", stop_price=101.0, conditions=(PRICE,))
    assert bench.step() == []
    assert not bench.order(5).triggered


def test_cancel_on_condition() -> None:
    bench = Bench()
    bench.place(5, order_type="LMT", limit_price=99.0, conditions=(PRICE,), cancel_on_condition=True)
    assert bench.order(5).status is Status.SUBMITTED
    assert bench.step() == []
    bench.sight.others[int(SPY)] = spy(600.0)
    assert bench.step() == ["3 5 Cancelled", "202 5"]
