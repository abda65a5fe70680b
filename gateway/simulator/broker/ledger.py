"""Positions and money of every account of the login, and which of them moved since the record was written."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.simulator.broker.positions import Position, trade
from gateway.simulator.market.instruments import Instrument

BASE = "USD"
"""The currency that every account is kept in."""

MARKED = frozenset({"FUT", "CFD"})
"""What is not paid for: only its profit and loss is money."""


@dataclass(frozen=True, slots=True)
class Cash:
    """An account's balance in one currency."""

    account: str
    currency: str
    amount: float


class Ledger:
    """Books trades. Account names are not checked here."""

    def __init__(self, accounts: Iterable[str], opening: float) -> None:
        """Every account opens with the same amount of the base currency."""
        self._positions: dict[tuple[str, str, int], Position] = {}
        self._cash = {(account, BASE): opening for account in accounts}
        self._moved: set[tuple[str, str, int]] = set()
        self._paid: set[tuple[str, str]] = set()

    def restore(self, positions: Iterable[Position], cash: Iterable[Cash]) -> None:
        """Take up the record of an earlier run."""
        self._positions.update({position.key: position for position in positions})
        self._cash.update({(row.account, row.currency): row.amount for row in cash})

    # -- reading ---------------------------------------------------------------------------------------------------

    def position(self, account: str, con_id: int, model: str = "") -> Position:
        """What is held of one contract, perhaps nothing."""
        return self._positions.get((account, model, con_id), Position(con_id, account=account, model=model))

    def positions(self, account: str | None = None, model: str = "") -> list[Position]:
        """Everything held in an account or in all, and what was closed today with quantity 0."""
        return [
            position
            for position in self._positions.values()
            if (position.quantity or position.traded)
            and position.account == (account or position.account)
            and position.model == model
        ]

    def cash(self, account: str) -> dict[str, float]:
        """Balances by currency, the base currency first."""
        return {currency: amount for (owner, currency), amount in self._cash.items() if owner == account}

    def copy_of(self, account: str) -> "Ledger":
        """A ledger with that account alone, to try things out on."""
        copy = Ledger((), 0.0)
        copy.restore(
            (position for position in self._positions.values() if position.account == account),
            (Cash(account, currency, amount) for currency, amount in self.cash(account).items()),
        )
        return copy

    # -- writing ---------------------------------------------------------------------------------------------------

    def book(
        self, account: str, model: str, instrument: Instrument, shares: float, price: float, fee: float
    ) -> float | None:
        """Trade `shares` (negative: sold) and pay for them. Returns what was gained, None if it only opened."""
        multiplier, currency = instrument.multiplier, instrument.currency
        position, realized = trade(self.position(account, instrument.con_id), shares, price, multiplier, fee)
        self._put(position)
        if model:
            of_model = self.position(account, instrument.con_id, model)
            self._put(trade(of_model, shares, price, multiplier, fee)[0])
        if instrument.sec_type in MARKED:
            # Nothing is paid for a contract that is marked to the market; what closing it gained is.
            self.pay(account, currency, realized or 0.0)
        else:
            self.pay(account, currency, -(shares * price * multiplier + fee))
        if instrument.sec_type == "CASH":
            self.pay(account, instrument.symbol, shares)
        return realized

    def pay(self, account: str, currency: str, amount: float) -> None:
        """Put money into an account (negative: take it out)."""
        key = (account, currency)
        self._cash[key] = self._cash.get(key, 0.0) + amount
        self._paid.add(key)

    def begin_day(self, position: Position, worth: float) -> None:
        """A position's profit of the day starts from what it is worth now."""
        basis = worth if position.quantity else 0.0
        begun = replace(position, realized=0.0, day_basis=basis, traded=False)
        if begun != position:
            self._put(begun)

    def every_position(self) -> list[Position]:
        """Whole positions and those of models, closed ones too."""
        return list(self._positions.values())

    def changes(self) -> tuple[list[Position], list[Cash]]:
        """What differs from the record."""
        return (
            [self._positions[key] for key in self._moved],
            [Cash(*key, self._cash[key]) for key in self._paid],
        )

    def recorded(self) -> None:
        """The changes are on record."""
        self._moved.clear()
        self._paid.clear()

    def _put(self, position: Position) -> None:
        self._positions[position.key] = position
        self._moved.add(position.key)
