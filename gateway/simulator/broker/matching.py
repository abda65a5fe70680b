"""How much of an order trades against a quote, and at what price. Pure."""

from dataclasses import replace

from gateway.simulator.broker.order_types import Pricing
from gateway.simulator.broker.orders import Order, Ticket
from gateway.simulator.broker.sight import Touch

_NOTHING = (0.0, 0.0)


def match(order: Order, touch: Touch) -> tuple[float, float]:
    """Shares that trade now and their price: at most the size on display, at the limit once the order has rested."""
    ticket = order.ticket
    price, size = _other_side(ticket, touch)
    if size <= 0:
        return _NOTHING
    pricing = ticket.type.pricing
    if pricing is Pricing.MIDPOINT:
        # Somebody has to come to the middle: a print in this step says that somebody was about.
        if not touch.traded or touch.bid_size <= 0:
            return _NOTHING
        price = _midpoint(order, touch)
        if ticket.limit_price is not None and _beyond(price, ticket.limit_price, ticket.buys):
            return _NOTHING
    elif pricing is not Pricing.MARKET:
        limit = _limit(order)
        if limit is not None:
            if is_away(order, touch):
                return _NOTHING
            if order.rested and not _beyond(price, limit, ticket.buys):
                price = limit
        elif pricing is not Pricing.MARKET_TO_LIMIT:
            return _NOTHING
    shares = min(order.remaining, size)
    if ticket.all_or_none and shares < order.remaining:
        return _NOTHING
    if shares < min(ticket.min_quantity, order.remaining):
        return _NOTHING
    return shares, price


def is_away(order: Order, touch: Touch) -> bool:
    """Whether the market is beyond the order's limit, or is none."""
    ticket, limit = order.ticket, _limit(order)
    price, size = _other_side(ticket, touch)
    reach = ticket.discretionary if ticket.buys else -ticket.discretionary
    return size <= 0 or (limit is not None and _beyond(price, limit + reach, ticket.buys))


def reprice(order: Order, touch: Touch) -> Order:
    """The order with the limit that its peg has now; the same object where nothing moves.

    The peg follows at the end of a step, so that a step's quote meets the price of the step before.
    """
    ticket = order.ticket
    offset = ticket.offset if ticket.buys else -ticket.offset
    ours, theirs = (touch.bid, touch.ask) if ticket.buys else (touch.ask, touch.bid)
    match ticket.type.pricing:
        case Pricing.PRIMARY:
            price = ours + offset
        case Pricing.PASSIVE:
            price = ours - offset
        case Pricing.OPPOSITE:
            price = theirs - offset
        case Pricing.SNAP_PRIMARY if order.limit is None:
            price = ours + offset
        case Pricing.SNAP_OPPOSITE if order.limit is None:
            price = theirs - offset
        case Pricing.SNAP_MIDPOINT if order.limit is None:
            price = touch.mid - offset
        case _:
            return order
    if touch.bid_size <= 0:
        return order
    price = touch.on_tick(price)
    cap = ticket.limit_price
    if cap is not None and _beyond(price, cap, ticket.buys):
        price = cap
    return order if price == order.limit else replace(order, limit=price)


def _limit(order: Order) -> float | None:
    return order.working_limit if order.ticket.type.pricing is Pricing.LIMIT else order.limit


def _other_side(ticket: Ticket, touch: Touch) -> tuple[float, float]:
    """Price and size that it would trade with."""
    return (touch.ask, touch.ask_size) if ticket.buys else (touch.bid, touch.bid_size)


def _midpoint(order: Order, touch: Touch) -> float:
    offset = order.ticket.offset
    return round(touch.mid - offset if order.ticket.buys else touch.mid + offset, 4)


def _beyond(price: float, limit: float, buys: bool) -> bool:
    return price > limit + 1e-9 if buys else price < limit - 1e-9
