"""What IBKR charges: its published fixed prices in the United States, without exchange and regulatory fees. Pure.

Published by asset class: a rate, a least and sometimes a most an order. Amounts are in US dollars, save where another
currency's exchange has its own price.
"""

from dataclasses import dataclass

from gateway.simulator.market.instruments import Instrument


@dataclass(frozen=True, slots=True)
class Price:
    """A price list's row: so much a unit, or a share of the value, with a least and a most for the order."""

    a_unit: float = 0.0
    of_value: float = 0.0
    least: float = 0.0
    most_of_value: float = 1.0


_STOCK = Price(a_unit=0.005, least=1.0, most_of_value=0.01)
_FOREIGN_STOCK = Price(of_value=0.0005, least=3.0)
_PRICES = {
    "FUT": Price(a_unit=0.85),
    "FOP": Price(a_unit=0.85),
    "CASH": Price(of_value=0.00002, least=2.0),
    "CRYPTO": Price(of_value=0.0018, least=1.75, most_of_value=0.01),
    "CFD": Price(a_unit=0.005, least=1.0),
    "CMDTY": Price(of_value=0.000015, least=2.0),
}
_MICRO_FUTURE = Price(a_unit=0.25)
_MICROS = frozenset({"MES", "MNQ", "MYM", "M2K", "MCL", "MGC", "SIL", "MHG", "MBT", "MET"})
_TREASURY = Price(of_value=0.00002, least=5.0)
_BOND_TIER = 10_000.0
"""Face value up to which a corporate bond costs the higher rate."""
_CHEAP, _CHEAPEST = 0.10, 0.05
"""Option premiums from which the price of a contract falls."""


def of_order(instrument: Instrument, quantity: float, price: float, rate: float = 1.0) -> float:
    """The commission of an order of which `quantity` was filled at `price` on average, in the instrument's currency.

    `rate` is what one unit of that currency is in US dollars, in which the least amounts are published.
    """
    units, value = abs(quantity), abs(quantity * price * instrument.multiplier)
    match instrument.sec_type:
        case "OPT":
            rate = 0.65 if price >= _CHEAP else 0.50 if price >= _CHEAPEST else 0.25
            return max(units * rate, 1.0)
        case "BOND":
            return _of_bond(instrument, units, value)
        case "STK":
            row = _STOCK if instrument.currency == "USD" else _FOREIGN_STOCK
        case "FUT" | "FOP" if instrument.symbol in _MICROS:
            row = _MICRO_FUTURE
        case kind:
            row = _PRICES.get(kind, _STOCK)
    least = row.least if row is _FOREIGN_STOCK else row.least / rate
    due = max(units * row.a_unit + value * row.of_value, least)
    return min(due, max(value * row.most_of_value, 0.0)) if row.most_of_value < 1.0 else due


def of_fill(instrument: Instrument, quantity: float, price: float, charged: float, rate: float = 1.0) -> float:
    """What the newest fill costs: the whole order's commission so far, less what its earlier fills were charged."""
    return max(round(of_order(instrument, quantity, price, rate) - charged, 4), 0.0)


def _of_bond(instrument: Instrument, units: float, value: float) -> float:
    if instrument.symbol == "US-T":
        return max(value * _TREASURY.of_value, _TREASURY.least)
    first = min(value, _BOND_TIER)
    return max(first * 0.001 + (value - first) * 0.00025, 1.0)
