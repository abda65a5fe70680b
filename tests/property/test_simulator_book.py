"""Whatever clients do to the order book and whatever the market does, the sums hold and the story is a legal one."""

import contextlib
import datetime as dt
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.simulator.broker.book import OrderBook
from gateway.simulator.broker.order_types import TYPES, Pricing
from gateway.simulator.broker.orders import Adjustment, Event, Fill, Order, Refused, Said, Status, Ticket
from gateway.simulator.broker.positions import Position, trade
from gateway.simulator.broker.sight import Hours, Touch
from tests.unit.simulator.rig import NOON, StillSight, fill, ticket

FOLLOWS = {
    Status.UNTRANSMITTED: frozenset({Status.PENDING_SUBMIT, Status.PRE_SUBMITTED, Status.CANCELLED}),
    Status.PENDING_SUBMIT: frozenset(
        {Status.PENDING_SUBMIT, Status.PRE_SUBMITTED, Status.PENDING_CANCEL, Status.CANCELLED}
    ),
    Status.PRE_SUBMITTED: frozenset(Status) - {Status.UNTRANSMITTED, Status.PENDING_SUBMIT},
    Status.SUBMITTED: frozenset(Status) - {Status.UNTRANSMITTED, Status.PENDING_SUBMIT},
    Status.PENDING_CANCEL: frozenset({Status.PENDING_CANCEL, Status.CANCELLED, Status.FILLED}),
    Status.CANCELLED: frozenset(),
    Status.FILLED: frozenset({Status.FILLED}),
    Status.INACTIVE: frozenset({Status.INACTIVE}),
}
"""Which status may be told after which. (Submitted to PreSubmitted: a modification that makes an order wait.)"""

prices = st.integers(90, 110).map(float)
CLIENTS = st.sampled_from([7, 8])
IDS = st.integers(1, 14)

conditions = st.one_of(
    st.just(()),
    st.lists(
        st.one_of(
            st.tuples(st.just("1"), st.sampled_from("ao"), st.sampled_from("01"), prices.map(str), st.just("1"),
                      st.just("SMART"), st.sampled_from(["0", "2", "4", "8"])),
            st.tuples(st.just("3"), st.sampled_from("ao"), st.just("1"), st.just("20261118-17:00:05")),
            st.tuples(st.just("4"), st.sampled_from("ao"), st.sampled_from("01"), st.just("50")),
            st.tuples(st.just("5"), st.sampled_from("ao"), st.just("STK"), st.just("SMART"), st.just("SPY")),
            st.tuples(st.just("6"), st.sampled_from("ao"), st.just("1"), st.just("50"), st.just("1"), st.just("SMART")),
            st.tuples(st.just("7"), st.sampled_from("ao"), st.just("1"), st.just("2"), st.just("1"), st.just("SMART")),
        ),
        min_size=1,
        max_size=3,
    ),
)  # fmt: skip

adjustments = st.one_of(
    st.none(),
    st.builds(
        Adjustment,
        order_type=st.sampled_from(["STP", "STP LMT", "TRAIL", "TRAIL LIMIT"]),
        trigger_price=prices,
        stop_price=prices,
        limit_price=prices,
        trail=st.floats(0.5, 3.0),
        in_percent=st.booleans(),
    ),
)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    order_type = draw(st.sampled_from(["LMT"] * 12 + ["STP"] * 4 + sorted(TYPES)))
    plain = draw(st.sampled_from([True, True, True, False]))
    kind = TYPES[order_type]
    trail = "TRAIL" in order_type
    quantity = float(draw(st.integers(1, 10)))
    return ticket(
        action=draw(st.sampled_from(["BUY", "SELL"])),
        quantity=quantity,
        order_type=order_type,
        limit_price=draw(prices) if kind.needs_limit else draw(st.none() | prices) if kind.is_pegged else None,
        stop_price=draw(prices) if kind.needs_stop else None,
        trail_amount=draw(st.floats(0.5, 3.0)) if trail else None,
        trail_stop=draw(st.none() | prices) if trail else None,
        limit_offset=draw(st.floats(0.0, 1.0)) if order_type == "TRAIL LIMIT" else None,
        offset=draw(st.floats(0.0, 1.0)) if kind.is_pegged else 0.0,
        tif="GTC" if plain else draw(st.sampled_from(["DAY", "IOC", "FOK", "GTD", "OPG", "AT_THE_CLOSE"])),
        good_till=NOON + dt.timedelta(seconds=draw(st.integers(1, 30))),
        good_after=None if plain else draw(st.none() | st.integers(1, 9).map(lambda n: NOON + dt.timedelta(seconds=n))),
        oca_group=draw(st.sampled_from(["", "", "a", "b"])),
        oca_type=draw(st.sampled_from([0, 1, 2, 3])),
        transmit=plain or draw(st.booleans()),
        parent_id=draw(st.sampled_from([0, 0, 0, 1, 2, 3])),
        outside_rth=draw(st.booleans()),
        all_or_none=not plain and draw(st.booleans()),
        min_quantity=float(draw(st.sampled_from([0, 0, 1, 2]))),
        discretionary=draw(st.sampled_from([0.0, 0.0, 0.5])) if order_type == "LMT" else 0.0,
        adjustment=draw(adjustments) if order_type.startswith("STP") else None,
        conditions=() if plain else draw(conditions),
        cancel_on_condition=draw(st.booleans()),
        auto_cancel_parent=draw(st.booleans()),
        trigger_method=draw(st.sampled_from([0, 1, 2, 3, 4, 7, 8])),
    )


class Book(RuleBasedStateMachine):
    """Two clients do as they please in a market that does as it pleases."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.sight = StillSight(Touch(99.5, 100.5, 5, 5, 100, is_option=False))
        self.hours = Hours(closes=NOON + dt.timedelta(seconds=15), next_opens=NOON + dt.timedelta(seconds=20))
        self.shares: dict[int, float] = {}
        self.told: dict[int, Status] = {}
        self.modified: set[int] = set()
        permanent = itertools.count(1)
        self.book = OrderBook(lambda: next(permanent), self.execute)

    def execute(self, order: Order, shares: float, price: float, now: dt.datetime) -> list[Fill]:
        assert shares > 0
        assert not order.waits_for_parent
        self.shares[order.perm_id] = self.shares.get(order.perm_id, 0.0) + shares
        written = order.ticket
        cap = order.working_limit if written.type.pricing is Pricing.LIMIT else written.limit_price
        if cap is not None:
            reach = cap + written.discretionary if written.buys else cap - written.discretionary
            assert price <= reach + 1e-6 if written.buys else price >= reach - 1e-6, "through the limit"
        if written.has_trigger:
            assert order.triggered
        if written.all_or_none:
            assert order.filled == order.quantity
        return [fill(perm_id=order.perm_id, shares=shares, price=price)]

    @rule(client=CLIENTS, written=tickets())
    def place(self, client: int, written: Ticket) -> None:
        with contextlib.suppress(Refused):
            self.hear(self.book.place(client, self.book.highest.get(client, 0) + 1, written, self.now, self.hours))

    @rule(client=CLIENTS, number=IDS, written=tickets(), connected=st.booleans())
    def place_anything(self, client: int, number: int, written: Ticket, connected: bool) -> None:
        known = self.book.orders.get((client, number))
        try:
            events = self.book.place(client, number, written, self.now, self.hours, connected=connected)
        except Refused:
            assert self.book.orders.get((client, number)) == known
            return
        if known is not None:
            self.modified.add(known.perm_id)
        self.hear(events)

    @rule(client=CLIENTS, number=IDS)
    def cancel(self, client: int, number: int) -> None:
        with contextlib.suppress(Refused):
            self.hear(self.book.cancel(client, number, self.now))

    @rule(client=CLIENTS)
    def cancel_all(self, client: int) -> None:
        self.hear(self.book.cancel_all(client, self.now))

    @rule(
        middle=st.integers(92, 108),
        size=st.integers(0, 8),
        traded=st.booleans(),
        regular=st.sampled_from([True, True, True, True, False]),
        extended=st.booleans(),
        seconds=st.integers(1, 2),
    )
    def step(self, middle: int, size: int, traded: bool, regular: bool, extended: bool, seconds: int) -> None:
        self.now += dt.timedelta(seconds=seconds)
        self.sight.quote = Touch(
            middle - 0.5, middle + 0.5, size, size, middle, is_option=bool(size % 2), traded=traded, volume=size * 10,
            regular=regular, extended=extended and not regular,
        )  # fmt: skip
        self.hear(self.book.step(self.now, self.sight))

    def hear(self, events: list[Event]) -> None:
        """Every order's statuses follow each other as the gateway's do, and a fill is told before its status."""
        executed: dict[int, float] = {}
        for event in events:
            order = event.order
            if event.said is Said.FILL:
                assert event.fill is not None
                executed[order.perm_id] = executed.get(order.perm_id, 0.0) + event.fill.shares
            if event.said in (Said.PAIR, Said.STATUS, Said.OPEN):
                before = self.told.get(order.perm_id, Status.UNTRANSMITTED)
                assert order.status in FOLLOWS[before], f"{before} then {order.status}"
                self.told[order.perm_id] = order.status
            if event.said is Said.ERROR and event.code == 202:
                assert self.told[order.perm_id] is Status.CANCELLED
        for key, order in self.book.orders.items():
            if order.perm_id in self.told:
                assert self.told[order.perm_id] is order.status, key

    @invariant()
    def sums_hold(self) -> None:
        live = self.book.live()
        for order in self.book.orders.values():
            assert order.filled == self.shares.get(order.perm_id, 0.0)
            assert 0 <= order.filled <= order.quantity
            assert order.filled + order.remaining == order.quantity
            assert (order.status is Status.FILLED) == (order.filled == order.quantity)
            assert (order in live) == (not order.status.is_over)

    @invariant()
    def groups_never_overfill(self) -> None:
        """No group trades more than what any one of its orders asked for."""
        groups: dict[str, list[Order]] = {}
        for order in self.book.orders.values():
            if order.oca_group:
                groups.setdefault(order.oca_group, []).append(order)
        for members in groups.values():
            if any(order.perm_id in self.modified for order in members):
                continue
            first = min((o.placed_at for o in members if o.filled), default=None)
            if first is None or any(o.placed_at > first for o in members):
                continue  # somebody joined later, perhaps after a fill
            if any(o.status is Status.UNTRANSMITTED or not o.ticket.transmit for o in members):
                continue  # held orders are no part of the group yet
            assert sum(order.filled / order.ticket.quantity for order in members) <= 1 + 1e-6


TestBook = Book.TestCase
TestBook.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


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
