"""What positions are worth, money and margin, in US dollars. Pure."""

from dataclasses import dataclass

from gateway.simulator.broker.positions import Position

COMMISSION_A_CONTRACT = 0.65
COMMISSION_A_SHARE = 0.005
COMMISSION_MINIMUM = 1.0
"""IBKR's published fixed prices for the United States, without exchange and regulatory fees."""

_LONG_STOCK_INITIAL = 0.5
_LONG_STOCK_MAINTENANCE = 0.25
_SHORT_STOCK = 0.5
_SHORT_OPTION = 0.2
"""Margin as shares of notional, after Regulation T's shape; a short option's of its underlying's value."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A position with its price."""

    position: Position
    multiplier: float
    price: float
    underlying: float
    is_option: bool

    @property
    def value(self) -> float:
        return self.position.quantity * self.price * self.multiplier

    @property
    def unrealized(self) -> float:
        return self.value - self.position.quantity * self.position.average_cost

    def margin(self) -> tuple[float, float]:
        """Initial and maintenance requirement."""
        quantity = self.position.quantity
        if self.is_option:
            if quantity >= 0:
                return 0.0, 0.0
            need = -quantity * self.multiplier * (self.price + _SHORT_OPTION * self.underlying)
            return need, need
        if quantity >= 0:
            return self.value * _LONG_STOCK_INITIAL, self.value * _LONG_STOCK_MAINTENANCE
        return -self.value * (1 + _SHORT_STOCK) + self.value, -self.value * _SHORT_STOCK


@dataclass(frozen=True, slots=True)
class Values:
    """The account in numbers."""

    cash: float
    stock_value: float
    option_value: float
    gross: float
    initial_margin: float
    maintenance_margin: float
    unrealized: float
    realized: float

    @property
    def net_liquidation(self) -> float:
        return self.cash + self.stock_value + self.option_value

    @property
    def equity_with_loan(self) -> float:
        return self.cash + self.stock_value

    @property
    def available(self) -> float:
        return self.equity_with_loan + min(self.option_value, 0.0) - self.initial_margin

    @property
    def excess(self) -> float:
        return self.equity_with_loan + min(self.option_value, 0.0) - self.maintenance_margin


def commission(is_option: bool, cumulative: float, charged: float) -> float:
    """What a fill costs: the order's commission so far, less what its earlier fills were charged."""
    rate = COMMISSION_A_CONTRACT if is_option else COMMISSION_A_SHARE
    return max(round(max(cumulative * rate, COMMISSION_MINIMUM) - charged, 4), 0.0)


def value(cash: float, holdings: list[Holding]) -> Values:
    """Add it all up."""
    margins = [holding.margin() for holding in holdings]
    return Values(
        cash=cash,
        stock_value=sum(h.value for h in holdings if not h.is_option),
        option_value=sum(h.value for h in holdings if h.is_option),
        gross=sum(abs(h.value) for h in holdings),
        initial_margin=sum(initial for initial, _ in margins),
        maintenance_margin=sum(maintenance for _, maintenance in margins),
        unrealized=sum(h.unrealized for h in holdings),
        realized=sum(h.position.realized for h in holdings),
    )
