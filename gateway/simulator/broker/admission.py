"""What the broker lets into its book: prices on their ticks and near the market, not too many orders, money for all."""

from dataclasses import replace

from gateway.simulator.broker import price_cap
from gateway.simulator.broker.credit import Credit
from gateway.simulator.broker.orders import Order, Refused, Ticket
from gateway.simulator.broker.register import Register
from gateway.simulator.broker.sight import Touch
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market
from tws import codes

_MAX_ACTIVE = 20
"""Active orders a contract, side and account (IBKR's documentation; clients' logs show 15 in the same words)."""


class Admission:
    """Looks at tickets before the book does."""

    def __init__(self, market: Market, register: Register, credit: Credit) -> None:
        self._market = market
        self._register = register
        self._credit = credit

    def check_prices(self, ticket: Ticket, instrument: Instrument) -> None:
        """Refuse prices off their increment, and below 0 where only those of futures and combinations can be.

        Raises:
            Refused: error 110.
        """
        signed = bool(instrument.legs) or instrument.sec_type in ("FUT", "FOP")
        if not all(self._market.conforms(instrument, price) and (signed or price > 0) for price in ticket.prices):
            raise Refused(codes.PRICE_VARIATION, codes.text(codes.PRICE_VARIATION))

    def check(
        self, client_id: int, ticket: Ticket, instrument: Instrument, known: Order | None, touch: Touch | None
    ) -> None:
        """Refuse what is well formed and yet too much. `known` is the order that is modified, `touch` the market.

        Raises:
            Refused: with the gateway's code and words.
        """
        if known is None:
            self._check_count(ticket)
        if touch is not None and not instrument.legs:
            price_cap.check(ticket, touch)
            _check_post_only(ticket, touch)
        if not self._undoes_parent(client_id, ticket):
            self._credit.check(replace(ticket, quantity=ticket.quantity - known.filled) if known else ticket)

    def _undoes_parent(self, client_id: int, ticket: Ticket) -> bool:
        """Whether it is a bracket's exit: it closes no more than its parent opens, whatever is held now."""
        parent = self._register.orders.get((client_id, ticket.parent_id)) if ticket.parent_id else None
        return (
            parent is not None
            and parent.ticket.con_id == ticket.con_id
            and parent.ticket.buys != ticket.buys
            and ticket.quantity <= parent.quantity
        )

    def _check_count(self, ticket: Ticket) -> None:
        active = [
            order
            for order in self._register.live()
            if (order.ticket.con_id, order.ticket.action, order.ticket.account)
            == (ticket.con_id, ticket.action, ticket.account)
        ]
        if len(active) >= _MAX_ACTIVE:
            raise Refused(
                codes.ORDER_REJECTED,
                f"Order rejected - reason:Your account has a minimum of {_MAX_ACTIVE} orders working on either the buy "
                "or sell side for this particular contract",
            )


def _check_post_only(ticket: Ticket, touch: Touch) -> None:
    """Refuse a post-only limit that would trade at once. Assumed: a real gateway's words, and that it turns the order
    down and does not move its price."""
    if ticket.raw.get("postOnly") != "1" or ticket.limit_price is None:
        return
    price, size = (touch.ask, touch.ask_size) if ticket.buys else (touch.bid, touch.bid_size)
    through = ticket.limit_price >= price if ticket.buys else ticket.limit_price <= price
    if size and through:
        text = "A post-only order would have traded at once."
        raise Refused(codes.ORDER_REJECTED, codes.text(codes.ORDER_REJECTED, text))
