"""The life of orders, in the order real gateways were seen to tell it."""

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from gateway.simulator.broker.book import OrderBook
from gateway.simulator.broker.orders import Event, Fill, Order, Refused, Said, Status
from gateway.simulator.broker.sight import Hours, Touch
from tests.unit.simulator.rig import NOON, StillSight, fill, ticket

LATER = NOON + dt.timedelta(seconds=1)


class Bench:
    """A book with a market that stands where it is put."""

    def __init__(self) -> None:
        permanent, executions = itertools.count(1001), itertools.count(1)

        def execute(order: Order, shares: float, price: float, now: dt.datetime) -> list[Fill]:
            booked = fill(
                exec_id=f"x.{next(executions)}",
                client_id=order.client_id,
                order_id=order.order_id,
                perm_id=order.perm_id,
                shares=shares,
                price=price,
                buys=order.ticket.buys,
                cumulative=order.filled,
                at=now,
            )
            return [booked]

        self.book = OrderBook(lambda: next(permanent), execute)
        self.sight = StillSight()
        self.hours = Hours()
        self.market(100.0, 100.01)

    def market(
        self, bid: float, ask: float, last: float = 0.0, size: float = 500.0, option: bool = False, **more: Any
    ) -> None:
        self.sight.quote = Touch(bid, ask, size if bid > 0 else 0.0, size, last or ask, is_option=option, **more)

    def place(self, order_id: int, client_id: int = 7, connected: bool = True, **changes: Any) -> list[str]:
        return told(self.book.place(client_id, order_id, ticket(**changes), NOON, self.hours, connected=connected))

    def cancel(self, order_id: int, client_id: int = 7) -> list[str]:
        return told(self.book.cancel(client_id, order_id, LATER))

    def step(self, now: dt.datetime = LATER) -> list[str]:
        return told(self.book.step(now, self.sight))

    def order(self, order_id: int, client_id: int = 7) -> Order:
        return self.book.orders[(client_id, order_id)]

    def bracket(self, entry: int = 10, **oca: Any) -> list[str]:
        """Limit entry at 100.50, profit at 101, stop at 99; transmitted by the last."""
        first = self.place(entry, order_type="LMT", limit_price=100.5, transmit=False)
        second = self.place(
            entry + 1,
            action="SELL",
            order_type="LMT",
            limit_price=101.0,
            parent_id=entry,
            transmit=False,
            **oca,
        )
        assert first == second == []
        return self.place(entry + 2, action="SELL", order_type="STP", stop_price=99.0, parent_id=entry, **oca)


def told(events: list[Event]) -> list[str]:
    """Events in short: `5/3 10 Submitted` is openOrder and orderStatus of order 10."""
    words: dict[Said, Callable[[Event], str]] = {
        Said.PAIR: lambda e: f"5/3 {e.order.order_id} {e.order.status}",
        Said.STATUS: lambda e: f"3 {e.order.order_id} {e.order.status}",
        Said.OPEN: lambda e: f"5 {e.order.order_id} {e.order.status}",
        Said.FILL: lambda e: f"11 {e.order.order_id} {e.fill.shares:g}@{e.fill.price:g}" if e.fill else "?",
        Said.COMMISSION: lambda e: f"59 {e.order.order_id}",
        Said.ERROR: lambda e: f"{e.code} {e.order.order_id}",
    }
    return [words[event.said](event) + held(event) for event in events]


def held(event: Event) -> str:
    why = event.order.why_held if event.said in (Said.PAIR, Said.OPEN, Said.STATUS) else ""
    return f" ({why})" if why else ""


def refusal(call: Callable[[], object]) -> int:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.code


def test_market_order() -> None:
    bench = Bench()
    assert bench.place(5) == ["5/3 5 PreSubmitted"]
    assert bench.step() == ["11 5 1@100.01", "5/3 5 Filled", "5/3 5 Filled", "59 5"]
    assert bench.book.live() == []
    assert bench.order(5).completed_status == "Filled Size: 1"


def test_the_second_filled_pair_carries_the_commission() -> None:
    bench = Bench()
    bench.place(5)
    pairs = [e for e in bench.book.step(LATER, bench.sight) if e.said is Said.PAIR]
    assert [pair.order.commission for pair in pairs] == [0.0, 1.0]


def test_market_order_larger_than_the_display_fills_in_parts() -> None:
    bench = Bench()
    bench.market(100.0, 100.01, size=2.0)
    bench.place(5, quantity=5.0)
    assert bench.step() == ["11 5 2@100.01", "5/3 5 Submitted", "59 5"]
    bench.market(100.0, 100.05, size=2.0)
    bench.step()
    assert bench.order(5).average_price == pytest.approx(100.03)
    assert bench.step()[0] == "11 5 1@100.05"
    assert bench.order(5).status is Status.FILLED


def test_nobody_buys_at_no_bid() -> None:
    bench = Bench()
    bench.market(-1.0, 0.01, size=0.0)
    bench.place(5, action="SELL")
    assert bench.step() == ["5/3 5 Submitted"]
    assert bench.step() == []


def test_limit_order_rests_and_fills_at_its_limit() -> None:
    bench = Bench()
    assert bench.place(5, order_type="LMT", limit_price=99.5) == ["5/3 5 PreSubmitted", "5/3 5 Submitted"]
    assert bench.step() == []
    bench.market(99.3, 99.4)
    assert bench.step()[0] == "11 5 1@99.5"


def test_limit_order_that_crosses_at_once_gets_the_market_price() -> None:
    bench = Bench()
    bench.place(5, order_type="LMT", limit_price=101.0)
    assert bench.step()[0] == "11 5 1@100.01"


def test_cancel() -> None:
    bench = Bench()
    bench.place(5, order_type="LMT", limit_price=99.5)
    assert bench.cancel(5) == ["5/3 5 PendingCancel"]
    assert refusal(lambda: bench.cancel(5)) == 161
    assert bench.step() == ["3 5 Cancelled", "202 5"]
    assert refusal(lambda: bench.cancel(5)) == 10148
    assert refusal(lambda: bench.cancel(6)) == 10147
    assert refusal(lambda: bench.place(5, order_type="LMT", limit_price=99.6)) == 104


def test_cancel_texts() -> None:
    bench = Bench()
    bench.place(7, order_type="LMT", limit_price=99.5)
    bench.cancel(7)
    bench.step()
    with pytest.raises(Refused, match=r"OrderId 7 that needs to be cancelled cannot be cancelled, state: Cancelled\."):
        bench.cancel(7)
    with pytest.raises(Refused, match=r"OrderId 5003 that needs to be cancelled is not found\."):
        bench.cancel(5003)


def test_a_client_may_cancel_what_another_placed() -> None:
    bench = Bench()
    bench.place(5, order_type="LMT", limit_price=99.5)
    assert bench.cancel(5, client_id=8) == ["5/3 5 PendingCancel"]


def test_stop_waits_for_its_price() -> None:
    bench = Bench()
    assert bench.place(5, action="SELL", order_type="STP", stop_price=99.0) == ["5/3 5 PreSubmitted (trigger)"]
    assert bench.step() == []
    bench.market(98.9, 98.95, last=99.0)
    assert bench.step() == ["5/3 5 Submitted", "11 5 1@98.9", "5/3 5 Filled", "5/3 5 Filled", "59 5"]


def test_stop_on_an_option_needs_two_quotes_in_a_row() -> None:
    bench = Bench()
    bench.place(5, action="SELL", order_type="STP", stop_price=2.0)
    bench.market(1.9, 2.0, option=True)
    assert bench.step() == []
    bench.market(1.9, 2.1, option=True)
    assert bench.step() == []
    bench.market(1.9, 2.0, option=True)
    assert bench.step() == []
    assert bench.step()[0] == "5/3 5 Submitted"


def test_stop_limit_becomes_a_limit_order() -> None:
    bench = Bench()
    bench.place(5, action="SELL", order_type="STP LMT", stop_price=99.0, limit_price=98.95)
    bench.market(98.9, 98.92, last=98.9)
    assert bench.step() == ["5/3 5 Submitted"]
    bench.market(98.97, 98.99)
    assert bench.step()[0] == "11 5 1@98.95"


def test_bracket_says_nothing_until_it_is_transmitted() -> None:
    bench = Bench()
    assert bench.bracket() == [
        "5/3 10 PreSubmitted",
        "5/3 10 Submitted",
        "5/3 11 PreSubmitted (child)",
        "5/3 12 PreSubmitted (child,trigger)",
    ]
    parent = bench.order(10)
    assert [bench.order(n).oca_group for n in (10, 11, 12)] == ["", str(parent.perm_id), str(parent.perm_id)]
    assert [bench.order(n).oca_type for n in (10, 11, 12)] == [3, 3, 3]


def test_children_wait_for_their_parent() -> None:
    bench = Bench()
    bench.place(10, order_type="LMT", limit_price=90.0, transmit=False)
    bench.place(11, action="SELL", order_type="LMT", limit_price=95.0, parent_id=10)
    assert bench.step() == []
    assert bench.order(11).status is Status.PRE_SUBMITTED


def test_bracket_fill_releases_the_children_and_one_exit_cancels_the_other() -> None:
    bench = Bench()
    bench.bracket(oca_group="exits", oca_type=1)
    assert bench.step() == [
        "11 10 1@100.01",
        "5/3 10 Filled",
        "5/3 10 Filled",
        "59 10",
        "5/3 11 Submitted",
        "5/3 12 PreSubmitted (trigger)",
    ]
    bench.market(101.2, 101.3)
    bench.step()
    assert bench.order(11).status is Status.FILLED
    assert bench.order(12).status is Status.CANCELLED
    assert bench.book.live() == []


def test_the_cancelled_sibling_is_told_in_the_same_breath() -> None:
    bench = Bench()
    bench.bracket(oca_group="exits", oca_type=1)
    bench.step()
    bench.market(98.0, 98.1, last=98.0)
    assert bench.step() == [
        "5/3 12 Submitted",
        "11 12 1@98",
        "5/3 12 Filled",
        "5/3 12 Filled",
        "59 12",
        "3 11 Cancelled",
        "202 11",
    ]


def test_cancelling_the_parent_takes_the_children_along() -> None:
    bench = Bench()
    bench.place(10, order_type="LMT", limit_price=90.0, transmit=False)
    bench.place(11, action="SELL", order_type="LMT", limit_price=95.0, parent_id=10, transmit=False)
    bench.place(12, action="SELL", order_type="STP", stop_price=80.0, parent_id=10)
    assert bench.cancel(10) == ["5/3 10 PendingCancel"]
    assert bench.step() == [
        "3 10 Cancelled",
        "202 10",
        "3 11 Cancelled",
        "202 11",
        "3 12 Cancelled",
        "202 12",
    ]


def test_cancelling_one_of_a_group_cancels_the_group() -> None:
    bench = Bench()
    for order_id in (1, 2):
        bench.place(order_id, order_type="LMT", limit_price=99.0, oca_group="g", oca_type=1)
    bench.cancel(1)
    assert bench.step() == [
        "5/3 2 PendingCancel",
        "3 2 Cancelled",
        "202 2",
        "3 1 Cancelled",
        "202 1",
    ]


@pytest.mark.parametrize(("kind", "left"), [(1, None), (2, 5.0), (3, 5.0)])
def test_a_part_fill_cancels_or_reduces_the_group(kind: int, left: float | None) -> None:
    bench = Bench()
    bench.place(1, quantity=10.0, order_type="LMT", limit_price=99.0, oca_group="g", oca_type=kind)
    bench.place(2, quantity=10.0, order_type="LMT", limit_price=98.0, oca_group="g", oca_type=kind)
    bench.step()
    bench.market(98.9, 98.95, size=5.0)
    bench.step()
    peer = bench.order(2)
    assert (peer.status is Status.CANCELLED) == (left is None)
    if left is not None:
        assert peer.remaining == left


def test_one_quote_never_fills_two_of_a_group() -> None:
    bench = Bench()
    for order_id in (1, 2):
        bench.place(order_id, order_type="LMT", limit_price=101.0, oca_group="g", oca_type=3)
    bench.step()
    assert {bench.order(1).status, bench.order(2).status} == {Status.FILLED, Status.CANCELLED}


def test_modify() -> None:
    bench = Bench()
    bench.place(5, order_type="LMT", limit_price=99.0)
    assert bench.place(5, order_type="LMT", limit_price=99.5) == ["5/3 5 Submitted", "5/3 5 Submitted"]
    assert bench.order(5).ticket.limit_price == 99.5
    assert refusal(lambda: bench.place(5, order_type="LMT", limit_price=99.5, action="SELL")) == 105
    bench.market(99.0, 99.2)
    bench.step()
    assert refusal(lambda: bench.place(5, order_type="LMT", limit_price=99.5)) == 104


def test_immediate_or_cancel() -> None:
    bench = Bench()
    bench.place(5, order_type="LMT", limit_price=99.0, tif="IOC")
    assert bench.step() == ["5 5 PendingCancel", "3 5 Cancelled", "202 5"]
    bench.market(98.9, 98.95, size=3.0)
    bench.place(6, order_type="LMT", limit_price=99.0, tif="IOC", quantity=5.0)
    assert bench.step() == [
        "11 6 3@98.95",
        "5/3 6 Submitted",
        "59 6",
        "5 6 PendingCancel",
        "3 6 Cancelled",
        "202 6",
    ]
    assert bench.order(6).filled == 3.0


def test_fill_or_kill() -> None:
    bench = Bench()
    bench.market(100.0, 100.01, size=3.0)
    bench.place(5, order_type="LMT", limit_price=101.0, tif="FOK", quantity=5.0)
    assert bench.step() == ["5/3 5 Inactive"]


def test_day_orders_end_with_the_day() -> None:
    bench = Bench()
    bench.hours = Hours(closes=LATER)
    bench.place(5, order_type="LMT", limit_price=99.0)
    assert bench.step(NOON) == []
    assert bench.step(LATER) == ["3 5 Cancelled", "202 5"]


def test_an_order_has_ended_when_it_was_to_end_not_when_that_was_seen() -> None:
    bench = Bench()
    bench.hours = Hours(closes=NOON + dt.timedelta(hours=4))
    bench.place(1, order_type="LMT", limit_price=90.0)
    bench.place(2, order_type="LMT", limit_price=90.0, tif="GTD", good_till=NOON - dt.timedelta(days=1))
    bench.step(NOON + dt.timedelta(days=2))
    assert bench.order(1).completed_at == NOON + dt.timedelta(hours=4)
    assert bench.order(2).completed_at == NOON


def test_ids_must_grow() -> None:
    bench = Bench()
    bench.place(5)
    assert refusal(lambda: bench.place(4)) == 103
    assert bench.place(4, client_id=8) == ["5/3 4 PreSubmitted"]


def test_parent_must_exist_and_live() -> None:
    bench = Bench()
    assert refusal(lambda: bench.place(5, parent_id=4)) == 10006
    bench.place(5, order_type="LMT", limit_price=99.0)
    bench.cancel(5)
    bench.step()
    assert refusal(lambda: bench.place(6, parent_id=5)) == 201


def test_without_a_link_orders_wait() -> None:
    bench = Bench()
    assert bench.place(5, connected=False) == ["5/3 5 PendingSubmit"]
    assert bench.step() == ["5/3 5 PreSubmitted"]
    assert bench.step()[0] == "11 5 1@100.01"


def test_global_cancel() -> None:
    bench = Bench()
    bench.market(102.0, 102.1)
    bench.bracket()
    bench.place(3, client_id=8, order_type="LMT", limit_price=99.0)
    told(bench.book.cancel_all(7, LATER))
    bench.step()
    assert bench.book.live() == []
    assert {order.status for order in bench.book.orders.values()} == {Status.CANCELLED}


def test_a_held_order_can_be_cancelled_unseen() -> None:
    bench = Bench()
    bench.place(5, order_type="LMT", limit_price=99.0, transmit=False)
    assert bench.book.working() == []
    assert bench.cancel(5) == ["3 5 Cancelled", "202 5"]


def test_transmitting_a_held_order_later() -> None:
    bench = Bench()
    bench.place(5, order_type="LMT", limit_price=99.0, transmit=False)
    assert bench.place(5, order_type="LMT", limit_price=99.0) == ["5/3 5 PreSubmitted", "5/3 5 Submitted"]
