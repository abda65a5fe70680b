"""What the accounts are worth at the market's prices of this moment."""

import datetime as dt
from collections.abc import Callable

from gateway.simulator.broker import account
from gateway.simulator.broker.account import Values
from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.ledger import BASE, Ledger
from gateway.simulator.broker.margin.kinds import AccountType
from gateway.simulator.broker.positions import Position
from gateway.simulator.market.instruments import ContractQuery, Instrument
from gateway.simulator.market.market import Market, Quote
from gateway.simulator.market.process import step_at


class Valuer:
    """Prices positions. It reads ledgers and changes nothing."""

    def __init__(self, market: Market, kind: AccountType, now: Callable[[], dt.datetime]) -> None:
        self._market = market
        self._kind: AccountType = kind
        self._now = now
        self._pairs: dict[str, tuple[Instrument, bool]] = {}

    def rate(self, currency: str) -> float:
        """Units of the base currency for one of `currency`.

        Raises:
            LookupError: there is no forex pair for it.
        """
        if currency == BASE:
            return 1.0
        pair, inverse = self._pair(currency)
        price = self._market.mid(pair.con_id, self._step())
        return 1 / price if inverse else price

    def quote(self, instrument: Instrument) -> Quote:
        """The market now."""
        return self._market.quote(instrument, self._step())

    def mid(self, instrument: Instrument) -> float:
        """The middle of the market now."""
        return self.quote(instrument).mid

    def holding(self, position: Position) -> Holding:
        """A position at its current price.

        Raises:
            LookupError: the contract is not known.
        """
        instrument = self._market.instruments.by_id(position.con_id)
        if instrument is None:
            raise LookupError(f"no instrument {position.con_id}")
        step = self._step()
        quote = self._market.quote(instrument, step)
        volatility = seconds = 0.0
        if instrument.is_option:
            volatility = self._market.valuation(instrument, step).volatility
            expires = self._market.instruments.closes_at(instrument)
            seconds = max((expires - self._now()).total_seconds(), 0.0) if expires else 0.0
        rate = self.rate(instrument.currency)
        return Holding(position, instrument, quote.mid, quote.underlying, volatility, seconds, rate)

    def holdings(self, ledger: Ledger, owner: str) -> list[Holding]:
        """Everything in an account at current prices."""
        return [self.holding(position) for position in ledger.positions(owner)]

    def values(self, ledger: Ledger, owner: str) -> Values:
        """An account now."""
        balances = {currency: amount * self.rate(currency) for currency, amount in ledger.cash(owner).items()}
        return account.value(self._kind, balances, self.holdings(ledger, owner))

    def parts(self, ledger: Ledger, owner: str) -> dict[str, Values]:
        """An account's part in each currency, in that currency; the base currency first."""
        holdings, cash = self.holdings(ledger, owner), ledger.cash(owner)
        currencies = dict.fromkeys([BASE, *sorted(cash), *sorted({h.instrument.currency for h in holdings})])
        return {currency: account.part(currency, cash.get(currency, 0.0), holdings) for currency in currencies}

    def _step(self) -> int:
        return step_at(self._now().timestamp())

    def _pair(self, currency: str) -> tuple[Instrument, bool]:
        found = self._pairs.get(currency)
        if found is None:
            for symbol, against in ((currency, BASE), (BASE, currency)):
                query = ContractQuery(symbol=symbol, sec_type="CASH", currency=against)
                for pair in self._market.instruments.find(query, self._now()):
                    found = self._pairs[currency] = (pair, symbol == BASE)
                    return found
            raise LookupError(f"no forex pair for {currency}")
        return found
