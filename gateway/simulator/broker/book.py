"""The life of orders: a state machine without a clock, a disk or a network.

Every method is told the time and returns the events that the gateway would send about it, in the captured order.
Money, ids and executions come from two functions given at the start; the world is seen through a `Sight`.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from gateway.simulator.broker import sequences
from gateway.simulator.broker.exchange import BY_TRADER, Exchange
from gateway.simulator.broker.orders import Event, Fill, Order, Refused, Said, Status, Ticket
from gateway.simulator.broker.sight import Hours
from gateway.simulator.broker.time_in_force import may_trade, timetable
from tws import codes


class OrderBook(Exchange):
    """All orders of an account, and what clients tell it to do with them."""

    def __init__(
        self,
        next_perm_id: Callable[[], int],
        execute: Callable[[Order, float, float, dt.datetime], list[Fill]],
    ) -> None:
        """`execute` as in `Exchange`."""
        super().__init__(execute)
        self._next_perm_id = next_perm_id

    def changed_by(self, client_id: int, order_id: int, ticket: Ticket) -> Order | None:
        """The order that the ticket would modify, None if it is a new one.

        Raises:
            Refused: it cannot be modified, or not in this way.
        """
        order = self.orders.get((client_id, order_id))
        if order is None or order_id > max(self.highest.get(client_id, 0), 0):
            return None  # never used, or not since the ids were begun anew
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
        return self._cancel(order, client_id, now)

    def cancel_all(self, client_id: int, now: dt.datetime) -> list[Event]:
        """Global cancel: every client's orders."""
        events: list[Event] = []
        for order in self.live():
            if order.status is not Status.PENDING_CANCEL and not self.orders[order.key].status.is_over:
                events += self._cancel(order, client_id, now)
        return events

    # -- inside ----------------------------------------------------------------------------------------------------

    def _cancel(self, order: Order, client_id: int, now: dt.datetime) -> list[Event]:
        """A held order is over at once; any other one when the exchange says so."""
        order = replace(order, cancelled_by=client_id)
        if order.status is Status.UNTRANSMITTED:
            return self._cancelled(order, now, BY_TRADER)
        return sequences.pair(self._put(replace(order, status=Status.PENDING_CANCEL)))

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


def _trail(ticket: Ticket) -> tuple[float | None, ...]:
    return ticket.trail_amount, ticket.trail_percent, ticket.trail_stop
