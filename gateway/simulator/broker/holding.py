"""A position with what the market says about it. Pure."""

from dataclasses import dataclass

from gateway.simulator.broker.ledger import MARKED
from gateway.simulator.broker.positions import Position
from gateway.simulator.market import options
from gateway.simulator.market.instruments import Instrument


@dataclass(frozen=True, slots=True)
class Holding:
    """A position at a price. Amounts are in the instrument's currency unless they say otherwise."""

    position: Position
    instrument: Instrument
    price: float
    underlying: float
    """Price of what it is on; its own where it is on nothing."""
    volatility: float = 0.0
    """Implied, a year; 0 for what is no option."""
    seconds: float = 0.0
    """To expiry; 0 for what is no option."""
    rate: float = 1.0
    """Units of the base currency for one of the instrument's."""

    @property
    def quantity(self) -> float:
        return self.position.quantity

    @property
    def value(self) -> float:
        """Market value, as portfolio rows show it."""
        return self.quantity * self.price * self.instrument.multiplier

    @property
    def unrealized(self) -> float:
        return self.value - self.quantity * self.position.average_cost

    @property
    def daily(self) -> float:
        """Profit since the exchange day began."""
        return self.value - self.position.day_basis

    @property
    def equity(self) -> float:
        """What it adds to the account's worth. Forex positions are balances, which are counted as money."""
        if self.instrument.sec_type == "CASH":
            return 0.0
        return self.unrealized if self.instrument.sec_type in MARKED else self.value

    def stressed(self, move: float, vega: float) -> float:
        """Profit if the underlying moved by this share and implied volatility by that one."""
        scale = self.quantity * self.instrument.multiplier
        if not self.instrument.is_option:
            return scale * self.price * move
        return scale * (self._model(1 + move, 1 + vega) - self._model(1.0, 1.0))

    def _model(self, spot: float, volatility: float) -> float:
        instrument = self.instrument
        carry = 0.0 if instrument.sec_type == "FOP" else options.RATE
        return options.value(
            instrument.right == "C",
            self.underlying * spot,
            instrument.strike,
            self.seconds,
            self.volatility * volatility,
            carry,
        ).price
