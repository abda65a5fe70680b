"""What is said about an order at each turn of its life, in the order real gateways were seen to say it."""

from collections.abc import Sequence

from gateway.simulator.broker.orders import Event, Fill, Order, Refused, Said, Status
from tws import codes


def pair(order: Order) -> list[Event]:
    """openOrder and orderStatus."""
    return [Event(Said.PAIR, order)]


def executed(order: Order, costed: Order, fills: Sequence[Fill]) -> list[Event]:
    """A fill: the execution, the order, once more with its commission when it is whole, and the commission.

    Of a combination: its own execution and pair, then an execution and pair for each leg; commissions of legs only.
    """
    whole = [fill for fill in fills if fill.con_id == order.ticket.con_id]
    legs = [fill for fill in fills if fill.con_id != order.ticket.con_id]
    events = [Event(Said.FILL, order, fill) for fill in whole]
    events.append(Event(Said.PAIR, order))
    for leg in legs:
        events += [Event(Said.FILL, order, leg), Event(Said.PAIR, costed)]
    if order.status is Status.FILLED and not legs:
        events.append(Event(Said.PAIR, costed))
    return [*events, *(Event(Said.COMMISSION, costed, fill) for fill in legs or whole)]


def cancelled(order: Order) -> list[Event]:
    """The status without an openOrder, then error 202."""
    return [Event(Said.STATUS, order), error(order, codes.ORDER_CANCELLED, codes.text(codes.ORDER_CANCELLED))]


def cancel_lost(order: Order) -> list[Event]:
    """The order filled before the cancellation reached the exchange."""
    return [error(order, codes.ORDER_NOT_CANCELLABLE, not_cancellable(order))]


def rejected(order: Order, why: Refused) -> list[Event]:
    """The broker turned it down: the error first, then the order as inactive (seen in clients' logs)."""
    return [Event(Said.ERROR, order, code=why.code, text=why.text, reject_json=why.reject_json), *pair(order)]


def error(order: Order, code: int, text: str) -> Event:
    return Event(Said.ERROR, order, code=code, text=text)


def not_cancellable(order: Order) -> str:
    """10148's words."""
    return f"OrderId {order.order_id} that needs to be cancelled cannot be cancelled, state: {order.status}."
