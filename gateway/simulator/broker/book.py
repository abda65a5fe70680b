"""The life of orders: a state machine without a clock, a disk or a network.

Every method is told the time and returns the events that the gateway would send about it, in the captured order.
Money, ids and executions come from two functions given at the start; the world is seen through a `Sight`.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from gateway.simulator.broker import conditions, matching, oca, sequences, triggers
from gateway.simulator.broker.order_types import Pricing
from gateway.simulator.broker.orders import Event, Fill, Order, Refused, Said, Status, Ticket
from gateway.simulator.broker.sight import Hours, Sight, Touch
from gateway.simulator.broker.time_in_force import is_early, may_trade, timetable
from tws import codes

_BY_TRADER = "Cancelled by Trader"

_A_FEW = 8
"""Events in a piece of a step: two fills or so."""

type Key = tuple[int, int]


class OrderBook:
    """All orders of an account, of every client."""

    def __init__(
        self,
        next_perm_id: Callable[[], int],
        execute: Callable[[Order, float, float, dt.datetime], list[Fill]],
    ) -> None:
        """`execute(order, shares, price, now)` books a fill and gives it its id: one for each account that shares in
        it, and of a combination one for the whole and one for each leg."""
        self._next_perm_id = next_perm_id
        self._execute = execute
        self.orders: dict[Key, Order] = {}
        self.highest: dict[int, int] = {}
        """The highest order id each client has used."""
        self.changed: set[Key] = set()
        """Keys of orders that differ from what was last recorded."""
        self._live: dict[Key, None] = {}
        self._groups: dict[str, dict[Key, None]] = {}
        """Live orders by OCA group."""
        self._families: dict[int, dict[Key, None]] = {}
        """Live orders by their parent's permId."""

    # -- reading ---------------------------------------------------------------------------------------------------

    def restore(self, orders: Iterable[Order], highest: dict[int, int]) -> None:
        """Take up the record of an earlier run."""
        for order in orders:
            self._put(order)
        self.highest.update(highest)
        self.changed.clear()

    def live(self) -> list[Order]:
        """Orders that are not over, held ones too, in the order they were placed."""
        return [self.orders[key] for key in self._live]

    def working(self) -> list[Order]:
        """Live orders that were transmitted: what open-order requests show."""
        return [order for order in self.live() if order.status is not Status.UNTRANSMITTED]

    def find(self, client_id: int, order_id: int) -> Order | None:
        """The client's own order of that id, else anybody's (a client may cancel what another one placed)."""
        own = self.orders.get((client_id, order_id))
        if own is not None:
            return own
        others = [order for (_, number), order in self.orders.items() if number == order_id]
        return next((o for o in others if not o.status.is_over), others[-1] if others else None)

    def changed_by(self, client_id: int, order_id: int, ticket: Ticket) -> Order | None:
        """The order that the ticket would modify, None if it is a new one.

        Raises:
            Refused: it cannot be modified, or not in this way.
        """
        order = self.orders.get((client_id, order_id))
        if order is None:
            return None
        if order.status.is_over or order.status is Status.PENDING_CANCEL:
            raise Refused(codes.CANNOT_MODIFY_FILLED, codes.text(codes.CANNOT_MODIFY_FILLED))
        if (ticket.con_id, ticket.action, ticket.account) != (
            order.ticket.con_id,
            order.ticket.action,
            order.ticket.account,
        ):
            raise Refused(codes.ORDER_MISMATCH, codes.text(codes.ORDER_MISMATCH))
        if ticket.quantity <= order.filled:
            raise Refused(
                codes.ORDER_REJECTED,
                "Order rejected - reason:The new quantity is not more than what was filled already.",
            )
        return order

    def forget(self, before: dt.datetime) -> None:
        """Drop orders that were over by then; what was recorded of them stays on record."""
        for key, order in list(self.orders.items()):
            if order.completed_at is not None and order.completed_at < before and key not in self.changed:
                del self.orders[key]

    # -- instructions ----------------------------------------------------------------------------------------------

    def place(
        self, client_id: int, order_id: int, ticket: Ticket, now: dt.datetime, hours: Hours, *, connected: bool = True
    ) -> list[Event]:
        """Place a new order or modify a known one. `hours` are the contract's at this moment.

        Raises:
            Refused: with the gateway's code and words.
        """
        known = self.changed_by(client_id, order_id, ticket)
        if known is not None:
            return self._modify(known, ticket, now, hours, connected)
        order = self._new(client_id, order_id, ticket, now, hours)
        self._put(order)
        return self._transmit(order, now, hours, connected) if ticket.transmit else []

    def enter(self, ticket: Ticket, now: dt.datetime, hours: Hours, *, connected: bool = True) -> list[Event]:
        """An order entered by hand in the gateway itself. Nobody but the master client is told until it is bound."""
        number = min((order_id for client, order_id in self.orders if client == 0), default=0)
        order = replace(self._make(0, min(number, 0) - 1, ticket, now, hours, None), bound=False)
        return self._transmit(self._put(order), now, hours, connected)

    def bind(self) -> list[Event]:
        """Give the orders that were entered by hand to client 0, under ids below 0."""
        events: list[Event] = []
        for order in self.live():
            if not order.bound:
                order = self._put(replace(order, bound=True))
                events += [Event(Said.BOUND, order), *sequences.pair(order)]
        return events

    def reject(self, client_id: int, order_id: int, ticket: Ticket, now: dt.datetime, why: Refused) -> list[Event]:
        """A new order that the broker turns down: it stays on record as inactive.

        Raises:
            Refused: it could not even have been placed.
        """
        order = self._new(client_id, order_id, ticket, now, Hours())
        order = replace(order, status=Status.INACTIVE, completed_at=now, completed_status=why.text)
        return sequences.rejected(self._put(order), why)

    def cancel(self, client_id: int, order_id: int, now: dt.datetime) -> list[Event]:
        """Ask for an order to be cancelled; until the next `step` it may still fill.

        Raises:
            Refused: no such order, or it cannot be cancelled any more.
        """
        order = self.find(client_id, order_id)
        if order is None:
            raise Refused(codes.ORDER_NOT_FOUND, f"OrderId {order_id} that needs to be cancelled is not found.")
        if order.status.is_over:
            raise Refused(codes.ORDER_NOT_CANCELLABLE, sequences.not_cancellable(order))
        if order.status is Status.PENDING_CANCEL:
            raise Refused(codes.NOT_CANCELLABLE, codes.text(codes.NOT_CANCELLABLE, str(order.perm_id)))
        order = replace(order, cancelled_by=client_id)
        if order.status is Status.UNTRANSMITTED:
            return self._cancelled(order, now, _BY_TRADER)
        return sequences.pair(self._put(replace(order, status=Status.PENDING_CANCEL)))

    def cancel_all(self, client_id: int, now: dt.datetime) -> list[Event]:
        """Global cancel: every client's orders."""
        events: list[Event] = []
        for order in self.live():
            if order.status is not Status.PENDING_CANCEL and not self.orders[order.key].status.is_over:
                order = replace(order, cancelled_by=client_id)
                if order.status is Status.UNTRANSMITTED:
                    events += self._cancelled(order, now, _BY_TRADER)
                else:
                    events += sequences.pair(self._put(replace(order, status=Status.PENDING_CANCEL)))
        return events

    # -- time passes -----------------------------------------------------------------------------------------------

    def step(self, now: dt.datetime, sight: Sight) -> list[Event]:
        """One look at the world: cancels go through, times in force end, triggers are seen, orders fill.

        Not to be called while the link to the broker is down.
        """
        return [event for events in self.pieces(now, sight) for event in events]

    def pieces(self, now: dt.datetime, sight: Sight) -> Iterator[list[Event]]:
        """A step as far as a few events at a time, so that instructions can be taken in between."""
        events: list[Event] = []
        for key in list(self._live):
            order = self.orders[key]
            if not (order.status.is_over or order.status is Status.UNTRANSMITTED):
                events += self._advance(order, now, sight)
            if len(events) >= _A_FEW:
                yield events
                events = []
        if events:
            yield events

    def fill_now(self, key: Key, price: float, now: dt.datetime) -> list[Event]:
        """Fill what is left of an order at that price, whatever the market says."""
        order = self.orders[key]
        return self._filled(order, order.remaining, price, now)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _advance(self, order: Order, now: dt.datetime, sight: Sight) -> list[Event]:
        touch = sight.touch(order.ticket.con_id)
        if order.status is Status.PENDING_CANCEL:
            return self._confirm_cancel(order, touch, now)
        if order.auction_at is not None and order.auction_at <= now and not order.waits_for_parent:
            return self._auction(order, touch, now)
        if order.expires_at is not None and order.expires_at <= now:
            return self._cancelled(order, now, "Cancelled by System: expired")
        if order.status is Status.PENDING_SUBMIT:
            return self._submit(order, now, may_work=touch is not None and may_trade(order.ticket, touch))
        if order.waits_for_parent or is_early(order.ticket, now):
            return []
        if order.ticket.conditions and not order.conditions_met and conditions.met(order, sight, now):
            if order.ticket.cancel_on_condition:
                return self._cancelled(order, now, "Cancelled by System: condition met")
            order = self._put(replace(order, conditions_met=True))
        if touch is None or order.awaits_conditions or not may_trade(order.ticket, touch):
            return []
        return self._work(order, touch, now)

    def _work(self, order: Order, touch: Touch, now: dt.datetime) -> list[Event]:
        """An order that nothing but prices keeps from trading."""
        events: list[Event] = []
        if order.awaits_trigger:
            adjusted = triggers.adjust(order, touch)
            if adjusted is not order:
                order = self._put(adjusted)
                events += sequences.pair(order)
            looked = triggers.look(order, touch)
            if looked is not order:
                order = self._put(looked)
            if not order.triggered:
                return events
            order = self._put(replace(order, status=Status.SUBMITTED))
            events += sequences.pair(order)
        if order.auction_at is not None:
            return events + self._rest(order)
        return events + self._match(order, touch, now)

    def _put(self, order: Order) -> Order:
        key = order.key
        before = self.orders.get(key)
        self.orders[key] = order
        self.changed.add(key)
        if before is not None and before.oca_group != order.oca_group:
            self._groups.get(before.oca_group, {}).pop(key, None)
        if order.status.is_over:
            self._live.pop(key, None)
            self._groups.get(order.oca_group, {}).pop(key, None)
            self._families.get(order.parent_perm_id, {}).pop(key, None)
        else:
            self._live.setdefault(key)
            if order.oca_group:
                self._groups.setdefault(order.oca_group, {}).setdefault(key)
            if order.parent_perm_id:
                self._families.setdefault(order.parent_perm_id, {}).setdefault(key)
        return order

    def _new(self, client_id: int, order_id: int, ticket: Ticket, now: dt.datetime, hours: Hours) -> Order:
        if order_id <= self.highest.get(client_id, 0):
            raise Refused(codes.DUPLICATE_ORDER, codes.text(codes.DUPLICATE_ORDER))
        parent = self._parent_of(client_id, ticket)
        self.highest[client_id] = order_id
        return self._make(client_id, order_id, ticket, now, hours, parent)

    def _make(
        self, client_id: int, order_id: int, ticket: Ticket, now: dt.datetime, hours: Hours, parent: Order | None
    ) -> Order:
        times = timetable(ticket, hours)
        return Order(
            client_id=client_id,
            order_id=order_id,
            perm_id=self._next_perm_id(),
            ticket=ticket,
            status=Status.UNTRANSMITTED,
            placed_at=now,
            oca_group=ticket.oca_group or (str(parent.perm_id) if parent else ""),
            oca_type=ticket.oca_type or 3,
            parent_perm_id=parent.perm_id if parent else 0,
            quantity=ticket.quantity,
            waits_for_parent=parent is not None and parent.status is not Status.FILLED,
            expires_at=times.expires_at,
            auction_at=times.auction_at,
        )

    def _parent_of(self, client_id: int, ticket: Ticket) -> Order | None:
        if not ticket.parent_id:
            return None
        parent = self.orders.get((client_id, ticket.parent_id))
        if parent is None:
            raise Refused(codes.MISSING_PARENT, codes.text(codes.MISSING_PARENT))
        if parent.status.is_over and parent.status is not Status.FILLED:
            raise Refused(codes.ORDER_REJECTED, "Order rejected - reason:Parent order is being cancelled.")
        return parent

    def _children(self, parent: Order) -> list[Order]:
        return [self.orders[key] for key in self._families.get(parent.perm_id, {})]

    def _peers(self, order: Order) -> list[Order]:
        group = self._groups.get(order.oca_group, {}) if order.oca_group else {}
        peers = [self.orders[key] for key in group if key != order.key]
        return [peer for peer in peers if peer.status is not Status.UNTRANSMITTED]

    def _transmit(self, order: Order, now: dt.datetime, hours: Hours, connected: bool) -> list[Event]:
        """Send an order off; with a held parent the whole family goes, parent first."""
        family = [order]
        parent = (
            next(
                (o for o in self.live() if order.parent_perm_id == o.perm_id and o.status is Status.UNTRANSMITTED),
                None,
            )
            if order.parent_perm_id
            else None
        )
        if parent is not None:
            family = [parent, *(o for o in self._children(parent) if o.status is Status.UNTRANSMITTED)]
        events: list[Event] = []
        for member in family:
            if connected:
                events += self._submit(member, now, may_work=may_trade(member.ticket, hours))
            else:
                events += sequences.pair(self._put(replace(member, status=Status.PENDING_SUBMIT)))
        return events

    def _submit(self, order: Order, now: dt.datetime, *, may_work: bool) -> list[Event]:
        """The broker has the order: first PreSubmitted, and a limit order then goes on to the exchange."""
        order = self._put(replace(order, status=Status.PRE_SUBMITTED))
        events = sequences.pair(order)
        if may_work and _goes_straight(order, now):
            events += sequences.pair(self._put(replace(order, status=Status.SUBMITTED)))
        return events

    def _modify(self, order: Order, ticket: Ticket, now: dt.datetime, hours: Hours, connected: bool) -> list[Event]:
        times = timetable(ticket, hours)
        same_type = ticket.order_type == order.ticket.order_type
        order = replace(
            order,
            ticket=ticket,
            quantity=ticket.quantity,
            oca_group=ticket.oca_group or order.oca_group,
            oca_type=ticket.oca_type or order.oca_type,
            triggered=order.triggered and same_type,
            trigger_hits=0,
            rested=False,
            stop=order.stop if _trail(ticket) == _trail(order.ticket) else None,
            limit=order.limit if same_type and order.awaits_trigger else None,
            conditions_met=order.conditions_met and list(ticket.conditions) == list(order.ticket.conditions),
            expires_at=times.expires_at,
            auction_at=times.auction_at,
        )
        if order.status is Status.SUBMITTED and (order.awaits_trigger or order.awaits_conditions):
            order = replace(order, status=Status.PRE_SUBMITTED)
        self._put(order)
        if order.status is Status.UNTRANSMITTED:
            return self._transmit(order, now, hours, connected) if ticket.transmit else []
        return sequences.pair(order) * 2

    def _match(self, order: Order, touch: Touch, now: dt.datetime) -> list[Event]:
        if order.limit is None:
            order = matching.reprice(order, touch)
        shares, price = matching.match(order, touch)
        tif = order.ticket.tif
        if tif == "FOK" and shares < order.remaining:
            return self._killed(order, now)
        if shares > 0:
            events = self._filled(order, shares, price, now)
        else:
            events = self._rest(order)
            order = self.orders[order.key]
            pegged = matching.reprice(order, touch)
            if pegged is not order:
                self._put(pegged)
        order = self.orders[order.key]
        if tif == "IOC" and not order.status.is_over:
            events.append(Event(Said.OPEN, replace(order, status=Status.PENDING_CANCEL)))
            events += self._cancelled(order, now, "Cancelled by System: immediate or cancel")
        return events

    def _rest(self, order: Order) -> list[Event]:
        """Nothing traded: the order is in the market now, if it was not before."""
        if order.rested and order.status is Status.SUBMITTED:
            return []
        moved = order.status is not Status.SUBMITTED
        order = self._put(replace(order, rested=True, status=Status.SUBMITTED))
        return sequences.pair(order) if moved else []

    def _auction(self, order: Order, touch: Touch | None, now: dt.datetime) -> list[Event]:
        """Trade what the auction gives and cancel the rest."""
        held = order.awaits_trigger or order.awaits_conditions or is_early(order.ticket, now)
        shares, price = matching.match(order, touch) if touch is not None and not held else (0.0, 0.0)
        events = self._filled(order, shares, price, now) if shares > 0 else []
        order = self.orders[order.key]
        if not order.status.is_over:
            events += self._cancelled(order, now, "Cancelled by System: not filled in the auction")
        return events

    def _filled(self, order: Order, shares: float, price: float, now: dt.datetime) -> list[Event]:
        before = order.remaining
        filled = order.filled + shares
        whole = filled >= order.quantity
        average = (order.average_price * order.filled + price * shares) / filled
        status = Status.PENDING_CANCEL if order.status is Status.PENDING_CANCEL else Status.SUBMITTED
        if order.ticket.type.pricing is Pricing.MARKET_TO_LIMIT and order.limit is None:
            order = replace(order, limit=price)
        order = replace(
            order,
            status=Status.FILLED if whole else status,
            filled=filled,
            average_price=average,
            last_price=price,
            completed_at=now if whole else None,
            completed_status=f"Filled Size: {filled:g}" if whole else "",
        )
        fills = self._execute(order, shares, price, now)
        costed = self._put(replace(order, commission=order.commission + sum(fill.commission for fill in fills)))
        events = sequences.executed(order, costed, fills)
        if whole:
            for child in self._children(order):
                events += self._released(child, now)
        for peer in self._peers(order):
            if self.orders[peer.key].status.is_over:
                continue
            left = oca.reduced(peer, order, shares / before)
            if left is None:
                events += self._cancelled(peer, now, _BY_TRADER)
            else:
                events += sequences.pair(self._put(left))
        return events

    def _released(self, child: Order, now: dt.datetime) -> list[Event]:
        """A parent has filled: limits go to the exchange, stops wait for their price."""
        if not child.waits_for_parent:
            return []
        child = replace(child, waits_for_parent=False)
        if child.status is Status.PRE_SUBMITTED and _goes_straight(child, now):
            child = replace(child, status=Status.SUBMITTED)
        self._put(child)
        return sequences.pair(child) if child.status in (Status.PRE_SUBMITTED, Status.SUBMITTED) else []

    def _killed(self, order: Order, now: dt.datetime) -> list[Event]:
        order = replace(order, status=Status.INACTIVE, completed_at=now, completed_status="Inactive")
        return sequences.pair(self._put(order)) + self._orphaned(order, now, "Inactive")

    def _confirm_cancel(self, order: Order, touch: Touch | None, now: dt.datetime) -> list[Event]:
        """The exchange answers a cancellation. What the market gives at this very step was traded before it arrived."""
        events: list[Event] = []
        if touch is not None and _in_the_market(order, touch, now):
            shares, price = matching.match(order, touch)
            if shares > 0:
                events += self._filled(order, shares, price, now)
                order = self.orders[order.key]
                if order.status is Status.FILLED:
                    return events + sequences.cancel_lost(order)
        # OCA peers go first, then the order, then its children (captured).
        for peer in self._peers(order):
            if peer.status is not Status.PENDING_CANCEL and not self.orders[peer.key].status.is_over:
                peer = replace(peer, cancelled_by=order.cancelled_by)
                events += sequences.pair(replace(peer, status=Status.PENDING_CANCEL))
                events += self._cancelled(peer, now, _BY_TRADER)
        return events + self._cancelled(order, now, _BY_TRADER)

    def _cancelled(self, order: Order, now: dt.datetime, why: str) -> list[Event]:
        """The end of an order and of those that go with it; nothing where another's end took it along before."""
        if self.orders[order.key].status.is_over:
            return []
        order = self._put(replace(order, status=Status.CANCELLED, completed_at=now, completed_status=why))
        events = sequences.cancelled(order) + self._orphaned(order, now, why)
        if order.ticket.auto_cancel_parent and order.parent_perm_id:
            for parent in self.live():
                if parent.perm_id == order.parent_perm_id:
                    events += self._cancelled(parent, now, why)
        return events

    def _orphaned(self, parent: Order, now: dt.datetime, why: str) -> list[Event]:
        """Children go with the parent that they waited for."""
        events: list[Event] = []
        for child in self._children(parent):
            # One child's end may have taken another along.
            if child.waits_for_parent and not self.orders[child.key].status.is_over:
                events += self._cancelled(replace(child, cancelled_by=parent.cancelled_by), now, why)
        return events


def _goes_straight(order: Order, now: dt.datetime) -> bool:
    """Whether it is in the market as soon as it is in: a limit order that waits for nothing."""
    return (
        order.ticket.type.pricing is Pricing.LIMIT
        and not order.waits_for_parent
        and not order.awaits_trigger
        and not order.awaits_conditions
        and not is_early(order.ticket, now)
    )


def _in_the_market(order: Order, touch: Touch, now: dt.datetime) -> bool:
    held = order.waits_for_parent or order.awaits_trigger or order.awaits_conditions or is_early(order.ticket, now)
    return not held and order.auction_at is None and may_trade(order.ticket, touch)


def _trail(ticket: Ticket) -> tuple[float | None, ...]:
    return ticket.trail_amount, ticket.trail_percent, ticket.trail_stop
