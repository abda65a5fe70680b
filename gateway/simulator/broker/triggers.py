"""When an order that waits for a price has seen it, where a trailing stop stands, and when a stop is adjusted. Pure."""

from dataclasses import replace
from enum import IntEnum

from gateway.simulator.broker.order_types import Pricing, Trigger
from gateway.simulator.broker.orders import Order
from gateway.simulator.broker.sight import Touch


class Method(IntEnum):
    """IBKR's trigger methods; 0 is the default: the last price, and for options a bid or ask seen twice."""

    DOUBLE_BID_ASK = 1
    LAST = 2
    DOUBLE_LAST = 3
    BID_ASK = 4
    LAST_OR_BID_ASK = 7
    MIDPOINT = 8


def method_of(asked: int, touch: Touch) -> int:
    """The method that an asked one stands for."""
    return asked or (Method.DOUBLE_BID_ASK if touch.is_option else Method.LAST)


def prices(method: int, touch: Touch, bid_side: bool) -> tuple[float, ...]:
    """The prices that a method looks at; prices that there are not are left out."""
    side = touch.bid if bid_side else touch.ask
    there = touch.bid_size > 0 if bid_side else touch.ask_size > 0
    sides = (side,) if there else ()
    match method:
        case Method.DOUBLE_BID_ASK | Method.BID_ASK:
            return sides
        case Method.LAST_OR_BID_ASK:
            return (touch.last, *sides)
        case Method.MIDPOINT:
            return (touch.mid,)
        case _:
            return (touch.last,)


def look(order: Order, touch: Touch) -> Order:
    """The order after one quote: hits counted, `triggered` when it has seen enough, trailing stops moved.

    A buy stop looks at bids and a sell stop at asks, where the method asks for a side (IBKR's definition).
    """
    ticket = order.ticket
    if ticket.type.trigger is Trigger.TRAIL:
        order = _trail(order, touch)
        stop = order.stop
    else:
        stop = ticket.stop_price
    if stop is None:
        return order
    method = method_of(ticket.trigger_method, touch)
    rising = ticket.buys != (ticket.type.trigger is Trigger.TOUCH)
    reached = any(_passed(price, stop, rising) for price in prices(method, touch, ticket.buys))
    hits = order.trigger_hits + 1 if reached else 0
    needed = 2 if method in (Method.DOUBLE_BID_ASK, Method.DOUBLE_LAST) else 1
    if hits >= needed:
        return replace(order, trigger_hits=hits, triggered=True)
    return order if hits == order.trigger_hits else replace(order, trigger_hits=hits)


def adjust(order: Order, touch: Touch) -> Order:
    """A stop whose adjustment is due, as the order it turns into; the same object while it is not."""
    ticket, change = order.ticket, order.ticket.adjustment
    if change is None:
        return order
    seen = prices(method_of(ticket.trigger_method, touch), touch, ticket.buys)
    if not any(_passed(price, change.trigger_price, not ticket.buys) for price in seen):
        return order
    turned = replace(
        ticket,
        order_type=change.order_type,
        stop_price=change.stop_price if not change.order_type.startswith("TRAIL") else None,
        trail_stop=change.stop_price,
        limit_price=change.limit_price if change.order_type == "STP LMT" else None,
        limit_offset=_offset(change.stop_price, change.limit_price) if change.order_type == "TRAIL LIMIT" else None,
        trail_amount=None if change.in_percent else change.trail,
        trail_percent=change.trail if change.in_percent else None,
        adjustment=None,
    )
    return replace(order, ticket=turned, stop=None, limit=None, trigger_hits=0)


def _trail(order: Order, touch: Touch) -> Order:
    """The stop follows a price that moves in the order's favour, and never goes back."""
    ticket = order.ticket
    if order.stop is None and ticket.trail_stop is not None:
        return _standing(order, ticket.trail_stop)
    seen = prices(method_of(ticket.trigger_method, touch), touch, ticket.buys)
    if not seen:
        return order
    best = min(seen) if ticket.buys else max(seen)
    trail = ticket.trail_amount if ticket.trail_amount is not None else best * (ticket.trail_percent or 0.0) / 100
    stop = touch.on_tick(best + trail if ticket.buys else best - trail)
    if order.stop is not None and (stop >= order.stop if ticket.buys else stop <= order.stop):
        return order
    return _standing(order, stop)


def _standing(order: Order, stop: float) -> Order:
    ticket = order.ticket
    if ticket.type.pricing is not Pricing.LIMIT:
        return replace(order, stop=stop)
    offset = ticket.limit_offset or 0.0
    return replace(order, stop=stop, limit=round(stop + offset if ticket.buys else stop - offset, 8))


def _offset(stop: float | None, limit: float | None) -> float:
    return abs(stop - limit) if stop is not None and limit is not None else 0.0


def _passed(price: float, level: float, rising: bool) -> bool:
    return price >= level - 1e-9 if rising else price <= level + 1e-9
