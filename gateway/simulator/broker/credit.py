"""Whether an account can afford an order, and what the order would do to it."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.simulator.broker import commissions
from gateway.simulator.broker.account import Values
from gateway.simulator.broker.advisor import allocation
from gateway.simulator.broker.combos import legs_of
from gateway.simulator.broker.ledger import Ledger
from gateway.simulator.broker.margin.cash_account import is_short
from gateway.simulator.broker.margin.kinds import AccountType
from gateway.simulator.broker.orders import Refused, Ticket
from gateway.simulator.broker.valuer import Valuer
from gateway.simulator.market.instruments import Instrument
from tws import codes

_NOT_ACCEPTED = "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. "


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would do to the account (whatIf)."""

    before: Values
    after: Values
    commission: float


class Credit:
    """Tries orders out on a copy of the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        valuer: Valuer,
        kind: AccountType,
        instrument: Callable[[int], Instrument],
        default_account: str,
    ) -> None:
        self._ledger = ledger
        self._valuer = valuer
        self._kind = kind
        self._instrument = instrument
        self._default = default_account

    def preview(self, ticket: Ticket) -> Preview:
        """What filling the ticket at the current quote would do to its account; of a group, to the first one."""
        owner, quantity = self._shares(ticket)[0]
        tried, fee = self._try(owner, ticket, quantity)
        return Preview(self._valuer.values(self._ledger, owner), self._valuer.values(tried, owner), fee)

    def check(self, ticket: Ticket) -> None:
        """Refuse what an account cannot pay for. What only closes a position is never refused.

        Raises:
            Refused: with the gateway's code and words.
        """
        for owner, quantity in self._shares(ticket):
            held = self._ledger.position(owner, ticket.con_id).quantity
            if held * (1 if ticket.buys else -1) < 0 and quantity <= abs(held):
                continue
            tried, _ = self._try(owner, ticket, quantity)
            before, after = self._valuer.values(self._ledger, owner), self._valuer.values(tried, owner)
            if self._kind == "cash" and is_short(self._valuer.holdings(tried, owner)):
                raise Refused(codes.ORDER_REJECTED, f"{_NOT_ACCEPTED}SHORT POSITIONS ARE NOT ALLOWED IN A CASH ACCOUNT")
            if after.available < 0 and after.available < before.available:
                raise Refused(
                    codes.ORDER_REJECTED,
                    f"{_NOT_ACCEPTED}IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE "
                    f"[{before.equity_with_loan:.2f} USD] MUST EXCEED THE INITIAL MARGIN "
                    f"[{after.initial_margin:.2f} USD]",
                )

    def _shares(self, ticket: Ticket) -> list[tuple[str, float]]:
        return [(owner or self._default, quantity) for owner, quantity in allocation(ticket).items()]

    def _try(self, owner: str, ticket: Ticket, quantity: float) -> tuple[Ledger, float]:
        """The account's ledger as if so much of the ticket had been filled now, and the commission.

        At its price or the market's, whichever is worse: a limit far from the market would else count as a gain.
        """
        instrument = self._instrument(ticket.con_id)
        quote = self._valuer.quote(instrument)
        written = ticket.limit_price if ticket.limit_price is not None else ticket.stop_price
        price = quote.ask if ticket.buys else quote.bid
        if written is not None:
            price = max(written, price) if ticket.buys else min(written, price)
        if not instrument.legs:
            price = max(price, 0.0)
        signed = quantity if ticket.buys else -quantity
        tried, total = self._ledger.copy_of(owner), 0.0
        for leg, shares, at in legs_of(instrument, signed, price, self._instrument, self._valuer.mid):
            fee = commissions.of_order(leg, shares, at, self._valuer.rate(leg.currency))
            tried.book(owner, "", leg, shares, at, fee)
            total += fee
        return tried, total
