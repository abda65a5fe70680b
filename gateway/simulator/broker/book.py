"""The life of orders: a state machine without a clock, a disk or a network.

Every method is told the time and returns the events that the gateway would send about it, in the captured order.
Money, ids and executions come from two functions given at the start.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace

from gateway.simulator.broker.orders import Event, Fill, Order, Refused, Said, Status, Ticket, Touch
from tws import codes

_MARKETABLE = ("MKT", "STP")

_BY_TRADER = "Cancelled by Trader"


class OrderBook:
    """All orders of an account, of every client."""

    def __init__(
        self,
        next_perm_id: Callable[[], int],
        execute: Callable[[Order, float, float, dt.datetime], list[Fill]],
    ) -> None:
        """`execute(order, shares, price, now)` books a fill and gives it its id: one for each account that shares in
        it."""
        self._next_perm_id = next_perm_id
        self._execute = execute
        self.orders: dict[tuple[int, int], Order] = {}
        self.highest: dict[int, int] = {}
        """The highest order id each client has used."""
        self.changed: set[tuple[int, int]] = set()
        """Keys of orders that differ from what was last recorded."""
        self._live: dict[tuple[int, int], None] = {}

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

    def forget(self, before: dt.datetime) -> None:
        """Drop orders that were over by then; what was recorded of them stays on record."""
        for key, order in list(self.orders.items()):
            if order.completed_at is not None and order.completed_at < before and key not in self.changed:
                del self.orders[key]

    # -- instructions ----------------------------------------------------------------------------------------------

    def place(
        self,
        client_id: int,
        order_id: int,
        ticket: Ticket,
        now: dt.datetime,
        *,
        expires_at: dt.datetime | None,
        connected: bool = True,
    ) -> list[Event]:
        """Place a new order or modify a known one.

        Raises:
            Refused: with the gateway's code and words.
        """
        known = self.orders.get((client_id, order_id))
        if known is not None:
            return self._modify(known, ticket, expires_at, connected)
        if order_id <= self.highest.get(client_id, 0):
            raise Refused(codes.DUPLICATE_ORDER, codes.CODES[codes.DUPLICATE_ORDER].text)
        parent = self._parent_of(client_id, ticket)
        self.highest[client_id] = order_id
        order = Order(
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
            expires_at=expires_at,
        )
        self._put(order)
        return self._transmit(order, connected) if ticket.transmit else []

    def cancel(self, client_id: int, order_id: int, now: dt.datetime) -> list[Event]:
        """Ask for an order to be cancelled; it is gone at the next `step`.

        Raises:
            Refused: no such order, or it cannot be cancelled any more.
        """
        order = self.find(client_id, order_id)
        if order is None:
            raise Refused(codes.ORDER_NOT_FOUND, f"OrderId {order_id} that needs to be cancelled is not found.")
        if order.status.is_over or order.status is Status.PENDING_CANCEL:
            raise Refused(
                codes.ORDER_NOT_CANCELLABLE,
                f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {order.status}.",
            )
        if order.status is Status.UNTRANSMITTED:
            return self._cancelled(order, now, _BY_TRADER)
        return [Event(Said.PAIR, self._put(replace(order, status=Status.PENDING_CANCEL)))]

    def cancel_all(self, now: dt.datetime) -> list[Event]:
        """Global cancel: every client's orders."""
        events: list[Event] = []
        for order in self.live():
            if order.status is not Status.PENDING_CANCEL and not self.orders[order.key].status.is_over:
                events += self.cancel(order.client_id, order.order_id, now)
        return events

    # -- time passes -----------------------------------------------------------------------------------------------

    def step(self, now: dt.datetime, touch: Callable[[int], Touch | None]) -> list[Event]:
        """One look at the market: cancels go through, times in force end, stops trigger, orders fill.

        Not to be called while the link to the broker is down. `touch(con_id)` gives the current quote, None where
        there is no market.
        """
        events: list[Event] = []
        for key in list(self._live):
            order = self.orders[key]
            if order.status.is_over or order.status is Status.UNTRANSMITTED:
                continue
            if order.status is Status.PENDING_CANCEL:
                events += self._finish_cancel(order, now)
            elif order.expires_at is not None and order.expires_at <= now:
                events += self._cancelled(order, now, "Cancelled by System: expired")
            elif order.status is Status.PENDING_SUBMIT:
                events += self._submit(order)
            elif order.can_fill:
                quote = touch(order.ticket.con_id)
                if quote is not None:
                    events += self._match(order, quote, now)
        return events

    def fill_now(self, key: tuple[int, int], price: float, now: dt.datetime) -> list[Event]:
        """Fill what is left of an order at that price, whatever the market says."""
        order = self.orders[key]
        return self._filled(order, order.remaining, price, now)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _put(self, order: Order) -> Order:
        self.orders[order.key] = order
        self.changed.add(order.key)
        if order.status.is_over:
            self._live.pop(order.key, None)
        else:
            self._live.setdefault(order.key)
        return order

    def _parent_of(self, client_id: int, ticket: Ticket) -> Order | None:
        if not ticket.parent_id:
            return None
        parent = self.orders.get((client_id, ticket.parent_id))
        if parent is None:
            raise Refused(
                codes.VALIDATION_ERROR,
                f"Error validating request.-'bW' : cause - Can't find order with id ={ticket.parent_id}",
            )
        if parent.status.is_over and parent.status is not Status.FILLED:
            raise Refused(codes.ORDER_REJECTED, "Order rejected - reason:Parent order is being cancelled.")
        return parent

    def _children(self, parent: Order) -> list[Order]:
        return [
            order
            for order in self.live()
            if order.client_id == parent.client_id and order.parent_perm_id == parent.perm_id
        ]

    def _peers(self, order: Order) -> list[Order]:
        if not order.oca_group:
            return []
        return [
            peer
            for peer in self.live()
            if peer.oca_group == order.oca_group and peer.key != order.key and peer.status is not Status.UNTRANSMITTED
        ]

    def _transmit(self, order: Order, connected: bool) -> list[Event]:
        """Send an order off; with a held parent the whole family goes, parent first."""
        family = [order]
        parent = next(
            (o for o in self.live() if order.parent_perm_id == o.perm_id and o.status is Status.UNTRANSMITTED),
            None,
        )
        if parent is not None:
            family = [parent, *(o for o in self._children(parent) if o.status is Status.UNTRANSMITTED)]
        events: list[Event] = []
        for member in family:
            if connected:
                events += self._submit(member)
            else:
                events.append(Event(Said.PAIR, self._put(replace(member, status=Status.PENDING_SUBMIT))))
        return events

    def _submit(self, order: Order) -> list[Event]:
        """The broker has the order: first PreSubmitted, and a limit order then goes on to the exchange."""
        order = self._put(replace(order, status=Status.PRE_SUBMITTED))
        events = [Event(Said.PAIR, order)]
        if order.ticket.order_type == "LMT" and not order.waits_for_parent:
            events.append(Event(Said.PAIR, self._put(replace(order, status=Status.SUBMITTED))))
        return events

    def _modify(self, order: Order, ticket: Ticket, expires_at: dt.datetime | None, connected: bool) -> list[Event]:
        if order.status.is_over or order.status is Status.PENDING_CANCEL:
            raise Refused(codes.CANNOT_MODIFY_FILLED, codes.CODES[codes.CANNOT_MODIFY_FILLED].text)
        if (ticket.con_id, ticket.action) != (order.ticket.con_id, order.ticket.action):
            raise Refused(105, "Order being modified does not match original order")
        if ticket.quantity <= order.filled:
            raise Refused(
                codes.ORDER_REJECTED,
                "Order rejected - reason:The new quantity is not more than what was filled already.",
            )
        order = self._put(
            replace(
                order,
                ticket=ticket,
                quantity=ticket.quantity,
                oca_group=ticket.oca_group or order.oca_group,
                oca_type=ticket.oca_type or order.oca_type,
                trigger_hits=0,
                rested=False,
                expires_at=expires_at,
            )
        )
        if order.status is Status.UNTRANSMITTED:
            return self._transmit(order, connected) if ticket.transmit else []
        return [Event(Said.PAIR, order), Event(Said.PAIR, order)]

    def _match(self, order: Order, quote: Touch, now: dt.datetime) -> list[Event]:
        events: list[Event] = []
        ticket = order.ticket
        if ticket.has_stop and not order.triggered:
            order, reached = _look_at_trigger(order, quote)
            self._put(order)
            if not reached:
                return events
            order = self._put(replace(order, triggered=True, status=Status.SUBMITTED))
            events.append(Event(Said.PAIR, order))
        shares, price = _matched(order, quote)
        if ticket.tif == "FOK" and shares < order.remaining:
            order = self._put(replace(order, status=Status.INACTIVE, completed_at=now, completed_status="Inactive"))
            return [*events, Event(Said.PAIR, order)]
        if shares > 0:
            events += self._filled(order, shares, price, now)
            order = self.orders[order.key]
        elif not order.rested or order.status is not Status.SUBMITTED:
            moved = order.status is not Status.SUBMITTED
            order = self._put(replace(order, rested=True, status=Status.SUBMITTED))
            if moved:
                events.append(Event(Said.PAIR, order))
        if ticket.tif == "IOC" and not order.status.is_over:
            events.append(Event(Said.OPEN, replace(order, status=Status.PENDING_CANCEL)))
            events += self._cancelled(order, now, "Cancelled by System: immediate or cancel")
        return events

    def _filled(self, order: Order, shares: float, price: float, now: dt.datetime) -> list[Event]:
        before = order.remaining
        filled = order.filled + shares
        whole = filled >= order.quantity
        average = (order.average_price * order.filled + price * shares) / filled
        order = replace(
            order,
            status=Status.FILLED if whole else Status.SUBMITTED,
            filled=filled,
            average_price=average,
            last_price=price,
            completed_at=now if whole else None,
            completed_status=f"Filled Size: {filled:g}" if whole else "",
        )
        fills = self._execute(order, shares, price, now)
        costed = self._put(replace(order, commission=order.commission + sum(fill.commission for fill in fills)))
        events = [*(Event(Said.FILL, order, fill) for fill in fills), Event(Said.PAIR, order)]
        if whole:
            events.append(Event(Said.PAIR, costed))
        events += [Event(Said.COMMISSION, costed, fill) for fill in fills]
        if whole:
            for child in self._children(order):
                events += self._released(child)
        for peer in self._peers(order):
            events += self._peer_filled(peer, order, shares / before, now)
        return events

    def _released(self, child: Order) -> list[Event]:
        """A parent has filled: limits go to the exchange, stops wait for their price."""
        if not child.waits_for_parent or child.status is Status.PENDING_CANCEL:
            return []
        status = Status.SUBMITTED if child.ticket.order_type == "LMT" else child.status
        child = self._put(replace(child, waits_for_parent=False, status=status))
        return [] if child.status is Status.UNTRANSMITTED else [Event(Said.PAIR, child)]

    def _peer_filled(self, peer: Order, order: Order, share: float, now: dt.datetime) -> list[Event]:
        """OCA: type 1 cancels the others at the first fill, 2 and 3 take off the same share of them."""
        left = peer.remaining * (1 - share)
        if order.oca_type == 1 or left < 1e-9:
            return self._cancelled(peer, now, _BY_TRADER)
        reduced = self._put(replace(peer, quantity=peer.filled + float(round(left))))
        if reduced.remaining <= 0:
            return self._cancelled(reduced, now, _BY_TRADER)
        return [Event(Said.PAIR, reduced)]

    def _finish_cancel(self, order: Order, now: dt.datetime) -> list[Event]:
        """The exchange confirms: OCA peers go first, then the order, then its children (captured)."""
        events: list[Event] = []
        for peer in self._peers(order):
            if peer.status is not Status.PENDING_CANCEL:
                events.append(Event(Said.PAIR, replace(peer, status=Status.PENDING_CANCEL)))
                events += self._cancelled(peer, now, _BY_TRADER)
        return events + self._cancelled(order, now, _BY_TRADER)

    def _cancelled(self, order: Order, now: dt.datetime, why: str) -> list[Event]:
        order = self._put(replace(order, status=Status.CANCELLED, completed_at=now, completed_status=why))
        events = [
            Event(Said.STATUS, order),
            Event(Said.ERROR, order, code=codes.ORDER_CANCELLED, text=codes.CODES[codes.ORDER_CANCELLED].text),
        ]
        for child in self._children(order):
            if child.waits_for_parent:
                events += self._cancelled(child, now, why)
        return events


def _matched(order: Order, quote: Touch) -> tuple[float, float]:
    """How many shares trade now and at what price: at most the size on display, at the limit once it has rested."""
    ticket = order.ticket
    price, size = (quote.ask, quote.ask_size) if ticket.buys else (quote.bid, quote.bid_size)
    if price <= 0 or size <= 0:
        return 0.0, 0.0
    if ticket.order_type not in _MARKETABLE:
        limit = ticket.limit_price or 0.0
        if price > limit if ticket.buys else price < limit:
            return 0.0, 0.0
        if order.rested:
            price = limit
    return min(order.remaining, size), price


def _look_at_trigger(order: Order, quote: Touch) -> tuple[Order, bool]:
    """Count quotes that reach the stop, by the ticket's trigger method (default: last for stocks, double bid-ask
    for options; a buy looks at bids, a sell at asks: IBKR's published definitions)."""
    ticket = order.ticket
    stop = ticket.stop_price or 0.0
    method = int(ticket.raw.get("triggerMethod") or 0) or (1 if quote.is_option else 2)
    side = quote.bid if ticket.buys else quote.ask
    looks = {
        1: (side,),
        2: (quote.last,),
        3: (quote.last,),
        4: (side,),
        7: (quote.last, side),
        8: ((max(quote.bid, 0.0) + quote.ask) / 2,),
    }.get(method, (quote.last,))
    reached = any(price > 0 and (price >= stop if ticket.buys else price <= stop) for price in looks)
    hits = order.trigger_hits + 1 if reached else 0
    needed = 2 if method in (1, 3) else 1
    return replace(order, trigger_hits=hits), hits >= needed
