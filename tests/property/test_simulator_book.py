"""Whatever clients do to the order book, the sums hold."""

import functools
import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.simulator.broker.book import OrderBook
from gateway.simulator.broker.orders import Order, Refused, Said, Status, Touch
from gateway.simulator.broker.positions import Position, trade
from tests.unit.simulator.rig import NOON, fill, ticket

prices = st.integers(90, 110).map(float)
tickets = st.fixed_dictionaries(
    {
        "action": st.sampled_from(["BUY", "SELL"]),
        "quantity": st.integers(1, 10).map(float),
        "order_type": st.sampled_from(["MKT", "LMT", "STP", "STP LMT"]),
        "limit_price": prices,
        "stop_price": prices,
        "tif": st.sampled_from(["DAY", "IOC", "FOK", "GTC"]),
        "oca_group": st.sampled_from(["", "", "a", "b"]),
        "oca_type": st.sampled_from([0, 1, 2, 3]),
        "transmit": st.booleans(),
        "parent_id": st.integers(0, 6),
    }
)


def _still(quote: Touch, con_id: int) -> Touch:
    return quote


deeds = st.one_of(
    st.tuples(st.just("place"), st.integers(1, 12), tickets),
    st.tuples(st.just("cancel"), st.integers(1, 12), st.none()),
    st.tuples(st.just("step"), st.integers(90, 110), st.integers(0, 8)),
    st.tuples(st.just("cancel_all"), st.none(), st.none()),
)


@given(st.lists(deeds, max_size=60))
@settings(max_examples=300, deadline=None)
def test_orders_end_once_and_never_overfill(script: list[tuple[str, Any, Any]]) -> None:
    shares: dict[int, float] = {}
    groups: dict[str, float] = {}

    def execute(order: Order, amount: float, price: float, now: Any) -> Any:
        shares[order.order_id] = shares.get(order.order_id, 0.0) + amount
        groups[order.oca_group] = groups.get(order.oca_group, 0.0) + amount
        return [fill(shares=amount, price=price)]

    permanent = itertools.count(1)
    book = OrderBook(lambda: next(permanent), execute)
    over: dict[int, Status] = {}
    for deed, first, second in script:
        try:
            if deed == "place":
                events = book.place(7, first, ticket(**second), NOON, expires_at=None)
            elif deed == "cancel":
                events = book.cancel(7, first, NOON)
            elif deed == "cancel_all":
                events = book.cancel_all(NOON)
            else:
                quote = Touch(first - 0.5, first + 0.5, second, second, first, is_option=False)
                events = book.step(NOON, functools.partial(_still, quote))
        except Refused:
            continue
        for event in events:
            if event.said in (Said.PAIR, Said.STATUS) and event.order.status is Status.CANCELLED:
                assert over.get(event.order.order_id) is None
        for (_, number), order in book.orders.items():
            assert order.filled == shares.get(number, 0.0)
            assert 0 <= order.filled <= order.quantity
            assert (order.status is Status.FILLED) == (order.filled == order.quantity)
            if number in over:
                assert order.status is over[number]
            if order.status.is_over:
                over[number] = order.status
            assert (order in book.live()) == (not order.status.is_over)
    assert sum(groups.values()) == sum(shares.values())


@given(st.lists(st.tuples(st.integers(-20, 20).filter(bool), prices), min_size=1, max_size=30))
def test_profit_is_what_came_in_less_what_went_out(trades: list[tuple[int, float]]) -> None:
    position, cash, fees = Position(1), 0.0, 0.0
    for amount, price in trades:
        position, _ = trade(position, amount, price, 100, 1.0)
        cash -= amount * price * 100 + 1.0
        fees += 1.0
    if position.quantity:
        cash += position.quantity * position.average_cost
    assert abs(cash - position.realized) < 1e-6 * max(1.0, abs(cash)) + 1e-6
    assert fees == len(trades)
