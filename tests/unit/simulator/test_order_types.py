"""Each order type, time in force and attribute on its own: when it trades, at what price, and what is told."""

import datetime as dt
from typing import Any

import pytest

from gateway.simulator.broker.order_types import TYPES, canonical
from gateway.simulator.broker.orders import Adjustment, Leg, Refused, Status
from gateway.simulator.broker.sight import Hours
from tests.unit.simulator.rig import NOON
from tests.unit.simulator.test_book import Bench, refusal

SOON = NOON + dt.timedelta(minutes=5)
CLOSE = NOON + dt.timedelta(hours=4)
MORNING = NOON + dt.timedelta(hours=20)


def placed(**changes: Any) -> Bench:
    """A book with one order of ten shares, number 5, in a market of 100.00 to 100.01."""
    bench = Bench()
    bench.place(5, **{"quantity": 10.0, **changes})
    return bench


def test_names_are_taken_with_and_without_their_blank() -> None:
    assert canonical("stplmt") == canonical("STP LMT") == "STP LMT"
    assert canonical("TRAILLIMIT") == "TRAIL LIMIT"
    assert canonical("pegmid") == "PEG MID"
    assert canonical("MAGIC") == "MAGIC"


@pytest.mark.parametrize("order_type", ["MIT", "LIT"])
def test_if_touched_waits_for_a_better_price(order_type: str) -> None:
    limit = 99.02 if order_type == "LIT" else None
    bench = placed(order_type=order_type, stop_price=99.0, limit_price=limit)
    assert bench.order(5).why_held == "trigger"
    assert bench.step() == []
    bench.market(98.99, 99.0, last=99.0)
    assert bench.step()[:2] == ["5/3 5 Submitted", "11 5 10@99"]


def test_sell_if_touched_waits_for_a_rise() -> None:
    bench = placed(order_type="MIT", action="SELL", stop_price=101.0)
    assert bench.step() == []
    bench.market(101.0, 101.01, last=101.0)
    assert bench.step()[1] == "11 5 10@101"


def test_a_trailing_stop_follows_and_never_goes_back() -> None:
    bench = placed(order_type="TRAIL", action="SELL", trail_amount=1.0)
    stops = []
    for last in (100.0, 102.0, 101.5, 101.2, 101.0):
        bench.market(last - 0.01, last, last=last)
        told = bench.step()
        stops.append(bench.order(5).stop)
    assert stops == [99.0, 101.0, 101.0, 101.0, 101.0]
    assert told == ["5/3 5 Submitted", "11 5 10@100.99", "5/3 5 Filled", "5/3 5 Filled", "59 5"]


def test_a_trailing_stop_in_per_cent_from_a_given_start() -> None:
    bench = placed(order_type="TRAIL", trail_percent=2.0, trail_stop=103.0)
    bench.step()
    assert bench.order(5).stop == 103.0
    bench.market(99.99, 100.0, last=100.0)
    bench.step()
    assert bench.order(5).stop == 102.0
    bench.market(101.99, 102.0, last=102.0)
    assert bench.step()[1] == "11 5 10@102"


def test_a_trailing_limit_is_behind_its_stop() -> None:
    bench = placed(order_type="TRAIL LIMIT", action="SELL", trail_amount=1.0, limit_offset=0.1)
    bench.market(100.0, 100.01, last=100.0)
    bench.step()
    assert (bench.order(5).stop, bench.order(5).working_limit) == (99.0, 98.9)
    bench.market(98.0, 98.01, last=98.5)
    assert bench.step() == ["5/3 5 Submitted"]
    bench.market(98.95, 98.96)
    assert bench.step()[0] == "11 5 10@98.9"


def test_modifying_a_trail_keeps_its_stop_unless_the_trail_changes() -> None:
    bench = placed(order_type="TRAIL", action="SELL", trail_amount=1.0)
    bench.market(102.0, 102.01, last=102.0)
    bench.step()
    bench.place(5, order_type="TRAIL", action="SELL", trail_amount=1.0, quantity=20.0)
    assert bench.order(5).stop == 101.0
    bench.place(5, order_type="TRAIL", action="SELL", trail_amount=3.0, quantity=20.0)
    bench.step()
    assert bench.order(5).stop == 99.0


def test_market_to_limit_leaves_a_limit() -> None:
    bench = placed(order_type="MTL")
    bench.market(100.0, 100.01, size=4.0)
    assert bench.step() == ["11 5 4@100.01", "5/3 5 Submitted", "59 5"]
    assert bench.order(5).working_limit == 100.01
    bench.market(100.01, 100.02)
    assert bench.step() == []
    bench.market(100.0, 100.01)
    assert bench.step()[0] == "11 5 6@100.01"


def test_relative_is_pegged_to_its_own_side_up_to_its_cap() -> None:
    bench = placed(order_type="REL", offset=0.01, limit_price=100.05)
    bench.market(100.0, 100.04)
    assert bench.step() == ["5/3 5 Submitted"]
    assert bench.order(5).working_limit == 100.01
    bench.market(100.2, 100.24)
    assert bench.step() == []
    assert bench.order(5).working_limit == 100.05
    bench.market(100.0, 100.04)
    assert bench.step()[0] == "11 5 10@100.05"


@pytest.mark.parametrize(("order_type", "pegged"), [("PASSV REL", 99.99), ("PEG MKT", 100.03), ("PEG PRIM", 100.01)])
def test_other_pegs(order_type: str, pegged: float) -> None:
    bench = Bench()
    bench.market(100.0, 100.04)
    bench.place(5, order_type=order_type, offset=0.01)
    bench.step()
    assert bench.order(5).limit == pegged


@pytest.mark.parametrize(("order_type", "limit"), [("SNAP PRIM", 100.0), ("SNAP MID", 100.02), ("SNAP MKT", 100.04)])
def test_a_snap_is_a_limit_from_then_on(order_type: str, limit: float) -> None:
    bench = Bench()
    bench.market(100.0, 100.04)
    bench.place(5, order_type=order_type)
    bench.step()
    assert bench.order(5).limit == limit
    bench.market(100.1, 100.14)
    bench.step()
    assert bench.order(5).limit == limit


@pytest.mark.parametrize("order_type", ["PEG MID", "MIDPRICE"])
def test_a_midpoint_peg_meets_others_in_the_middle(order_type: str) -> None:
    bench = placed(order_type=order_type, limit_price=100.05)
    bench.market(100.0, 100.04)
    assert bench.step() == ["5/3 5 Submitted"]
    bench.market(100.1, 100.14, traded=True)
    assert bench.step() == []
    bench.market(100.0, 100.04, traded=True)
    assert bench.step()[0] == "11 5 10@100.02"


@pytest.mark.parametrize(
    "how", [{"order_type": "MOC"}, {"order_type": "MKT", "tif": "AT_THE_CLOSE"}], ids=["MOC", "AT_THE_CLOSE"]
)
def test_on_close(how: dict[str, Any]) -> None:
    bench = Bench()
    bench.hours = Hours(closes=CLOSE)
    bench.place(5, **how)
    assert bench.step(SOON) == ["5/3 5 Submitted"]
    assert bench.step(CLOSE)[0] == "11 5 1@100.01"


def test_an_auction_takes_only_orders_that_have_reached_the_broker() -> None:
    bench = Bench()
    bench.hours = Hours(closes=CLOSE)
    assert bench.place(5, connected=False, order_type="MOC") == ["5/3 5 PendingSubmit"]
    assert bench.step(CLOSE) == ["5/3 5 PreSubmitted"]
    assert bench.step(CLOSE)[0] == "11 5 1@100.01"


def test_limit_on_close_trades_at_the_close_and_not_at_its_limit() -> None:
    bench = Bench()
    bench.hours = Hours(closes=CLOSE)
    bench.place(5, order_type="LOC", limit_price=105.0)
    assert bench.step(SOON) == []
    assert bench.step(CLOSE)[0] == "11 5 1@100.01"


def test_limit_on_close_is_cancelled_where_the_close_is_no_good() -> None:
    bench = Bench()
    bench.hours = Hours(closes=CLOSE)
    bench.place(5, order_type="LOC", limit_price=99.0)
    bench.place(6, order_type="LOC", limit_price=101.0)
    assert bench.step(CLOSE)[:3] == ["3 5 Cancelled", "202 5", "11 6 1@100.01"]


def test_on_open_waits_for_the_next_opening() -> None:
    bench = Bench()
    bench.hours = Hours(regular=False, opens=MORNING, closes=MORNING + dt.timedelta(hours=6))
    assert bench.place(5, tif="OPG") == ["5/3 5 PreSubmitted"]
    bench.market(100.0, 100.01, regular=False)
    assert bench.step(SOON) == []
    bench.market(100.0, 100.01)
    assert bench.step(MORNING)[0] == "11 5 1@100.01"


def test_a_closed_market_holds_orders_until_it_opens() -> None:
    bench = Bench()
    bench.hours = Hours(regular=False, opens=MORNING, closes=MORNING + dt.timedelta(hours=6))
    assert bench.place(5, order_type="LMT", limit_price=101.0) == ["5/3 5 PreSubmitted"]
    bench.market(100.0, 100.01, regular=False)
    assert bench.step(SOON) == []
    bench.market(100.0, 100.01)
    assert bench.step(MORNING)[0] == "11 5 1@100.01"


@pytest.mark.parametrize(("order_type", "fills"), [("LMT", True), ("MKT", False)])
def test_outside_regular_hours_only_limits_trade(order_type: str, fills: bool) -> None:
    bench = Bench()
    bench.hours = Hours(regular=False, extended=True, opens=MORNING, day_ends=CLOSE)
    bench.market(100.0, 100.01, regular=False, extended=True)
    bench.place(5, order_type=order_type, limit_price=101.0 if fills else None, outside_rth=True)
    assert bool(bench.step()) is fills


def test_good_after_time() -> None:
    bench = placed(order_type="LMT", limit_price=101.0, good_after=SOON)
    assert bench.order(5).status is Status.PRE_SUBMITTED
    assert bench.step() == []
    assert bench.step(SOON)[0] == "11 5 10@100.01"


def test_good_till_date() -> None:
    bench = placed(order_type="LMT", limit_price=99.0, tif="GTD", good_till=SOON)
    assert bench.step() == []
    assert bench.step(SOON) == ["3 5 Cancelled", "202 5"]


def test_all_or_none_waits_for_the_whole_size() -> None:
    bench = placed(order_type="LMT", limit_price=101.0, all_or_none=True)
    bench.market(100.0, 100.01, size=9.0)
    assert bench.step() == []
    bench.market(100.0, 100.01, size=10.0)
    assert bench.step()[0] == "11 5 10@100.01"


def test_a_minimum_quantity_is_waited_for() -> None:
    bench = placed(order_type="LMT", limit_price=101.0, min_quantity=4.0)
    bench.market(100.0, 100.01, size=3.0)
    assert bench.step() == []
    bench.market(100.0, 100.01, size=7.0)
    assert bench.step()[0] == "11 5 7@100.01"
    bench.market(100.0, 100.01, size=3.0)
    assert bench.step()[0] == "11 5 3@100.01"


def test_a_discretionary_amount_reaches_beyond_the_limit() -> None:
    bench = placed(order_type="LMT", limit_price=99.98, discretionary=0.02)
    assert bench.step() == []
    bench.market(99.98, 100.0)
    assert bench.step()[0] == "11 5 10@100"


@pytest.mark.parametrize(
    ("change", "stop_type"),
    [
        (Adjustment("STP", 101.0, 99.5, None, None, in_percent=False), "STP"),
        (Adjustment("STP LMT", 101.0, 99.5, 99.4, None, in_percent=False), "STP LMT"),
        (Adjustment("TRAIL", 101.0, 99.5, None, 1.0, in_percent=False), "TRAIL"),
        (Adjustment("TRAIL LIMIT", 101.0, 99.5, 99.4, 1.0, in_percent=True), "TRAIL LIMIT"),
    ],
)
def test_a_stop_is_adjusted_once_the_price_has_come_far_enough(change: Adjustment, stop_type: str) -> None:
    bench = placed(order_type="STP", action="SELL", stop_price=98.0, adjustment=change)
    assert bench.step() == []
    bench.market(101.0, 101.01, last=101.0)
    assert bench.step() == ["5/3 5 PreSubmitted (trigger)"]
    order = bench.order(5)
    assert order.ticket.order_type == stop_type
    assert 99.5 in (order.ticket.stop_price, order.stop)
    bench.market(99.4, 99.41, last=99.4)
    assert bench.step()[:2] == ["5/3 5 Submitted", "11 5 10@99.4"]


@pytest.mark.parametrize(
    ("method", "quote", "reached"),
    [
        (2, {"bid": 99.5, "ask": 99.6, "last": 99.0}, True),
        (4, {"bid": 99.5, "ask": 99.6, "last": 99.0}, False),
        (4, {"bid": 98.9, "ask": 99.0, "last": 99.5}, True),
        (7, {"bid": 99.5, "ask": 99.6, "last": 99.0}, True),
        (8, {"bid": 98.9, "ask": 99.1, "last": 99.5}, True),
        (8, {"bid": 98.9, "ask": 99.3, "last": 99.0}, False),
        (1, {"bid": 98.9, "ask": 99.0, "last": 99.5}, False),
        (3, {"bid": 99.5, "ask": 99.6, "last": 99.0}, False),
    ],
)
def test_trigger_methods_of_a_sell_stop_at_99(method: int, quote: dict[str, Any], reached: bool) -> None:
    bench = placed(order_type="STP", action="SELL", stop_price=99.0, trigger_method=method)
    bench.market(**quote)
    assert bool(bench.step()) is reached
    if method in (1, 3):
        assert bench.step(), "the second quote in a row"


def test_a_cancel_can_lose_to_a_fill() -> None:
    bench = placed(order_type="LMT", limit_price=99.0)
    bench.step()
    assert bench.cancel(5) == ["5/3 5 PendingCancel"]
    bench.market(98.9, 98.95)
    assert bench.step() == ["11 5 10@99", "5/3 5 Filled", "5/3 5 Filled", "59 5", "10148 5"]
    with pytest.raises(Refused, match=r"OrderId 5 that needs .* state: Filled\."):
        bench.cancel(5)


def test_a_cancel_can_lose_to_a_part() -> None:
    bench = placed(order_type="LMT", limit_price=99.0)
    bench.step()
    bench.cancel(5)
    bench.market(98.9, 98.95, size=3.0)
    assert bench.step() == ["11 5 3@99", "5/3 5 PendingCancel", "59 5", "3 5 Cancelled", "202 5"]
    assert bench.order(5).filled == 3.0


@pytest.mark.parametrize(
    "held", [{"order_type": "STP", "stop_price": 99.0}, {"good_after": SOON}, {"tif": "OPG"}, {"order_type": "MOC"}]
)
def test_what_is_not_in_the_market_cannot_win_against_a_cancel(held: dict[str, Any]) -> None:
    bench = Bench()
    bench.hours = Hours(closes=CLOSE, next_opens=MORNING)
    bench.place(5, **({"action": "SELL"} | held))
    bench.cancel(5)
    assert bench.step() == ["3 5 Cancelled", "202 5"]


def test_the_account_of_an_order_stays() -> None:
    bench = placed(order_type="LMT", limit_price=99.0)
    assert refusal(lambda: bench.place(5, order_type="LMT", limit_price=99.0, account="DUSIM0002")) == 105


def test_modifying_to_a_stop_takes_the_order_out_of_the_market() -> None:
    bench = placed(order_type="LMT", limit_price=99.0)
    assert bench.place(5, order_type="STP", stop_price=101.0) == ["5/3 5 PreSubmitted (trigger)"] * 2
    assert bench.step() == []


def test_modifying_to_market_fills() -> None:
    bench = placed(order_type="LMT", limit_price=99.0)
    assert bench.place(5, order_type="MKT") == ["5/3 5 Submitted"] * 2
    assert bench.step()[0] == "11 5 1@100.01"


def test_a_child_that_cancels_its_parent() -> None:
    bench = placed(order_type="LMT", limit_price=90.0, transmit=False)
    bench.place(6, action="SELL", order_type="LMT", limit_price=95.0, parent_id=5, auto_cancel_parent=True)
    bench.cancel(6)
    assert bench.step() == ["3 6 Cancelled", "202 6", "3 5 Cancelled", "202 5"]


def test_a_killed_parent_takes_its_children_along() -> None:
    bench = placed(order_type="LMT", limit_price=90.0, tif="FOK", transmit=False)
    bench.place(6, action="SELL", order_type="LMT", limit_price=95.0, parent_id=5)
    assert bench.step() == ["5/3 5 Inactive", "3 6 Cancelled", "202 6"]


def test_a_rejected_order_is_told_as_inactive() -> None:
    bench = Bench()
    why = Refused(201, "Order rejected - reason:no")
    from tests.unit.simulator.rig import ticket
    from tests.unit.simulator.test_book import told

    assert told(bench.book.reject(7, 5, ticket(), NOON, why)) == ["201 5", "5/3 5 Inactive"]
    assert refusal(lambda: bench.place(5)) == 104


def test_every_served_type_is_placed_and_ends() -> None:
    """None of them hangs: sooner or later it is filled or can be cancelled."""
    for number, order_type in enumerate(sorted(TYPES), 1):
        kind = TYPES[order_type]
        bench = Bench()
        bench.hours = Hours(closes=CLOSE)
        bench.market(100.0, 100.02, traded=True)
        bench.place(
            number,
            order_type=order_type,
            limit_price=101.0 if kind.needs_limit else None,
            stop_price=99.0 if order_type.startswith("STP") else 101.0 if kind.needs_stop else None,
            trail_amount=0.01 if "TRAIL" in order_type else None,
            offset=0.02 if kind.is_pegged and order_type not in ("PEG MID", "MIDPRICE") else 0.0,
        )
        for _ in range(3):
            bench.step(SOON)
            bench.market(100.2, 100.22, last=100.22, traded=True)
        bench.step(CLOSE)
        assert bench.book.live() == [] or kind.is_pegged, order_type
        if bench.book.live():
            bench.cancel(number)
            bench.market(105.0, 105.02)
            bench.step(CLOSE)
        assert bench.book.live() == [], order_type


def test_a_legs_sign() -> None:
    assert Leg(1, 2, "SELL", "SMART").sign == -2


def test_an_order_that_its_own_peer_takes_along_ends_once() -> None:
    bench = placed(order_type="LMT", limit_price=90.0, transmit=False, oca_group="g")
    bench.place(6, order_type="LMT", limit_price=90.0, parent_id=5, auto_cancel_parent=True, oca_group="g")
    bench.cancel(5)
    assert bench.step() == ["5/3 6 PendingCancel", "3 6 Cancelled", "202 6", "3 5 Cancelled", "202 5"]
