"""Portfolio margin: the positions on each underlying are stressed together. Pure.

The shape is that of the OCC's published customer portfolio margin: ten equally spaced prices, from 8 % down to 6 % up
for broad indices, 15 % either way for stocks, and a least amount for each option contract. Volatility is moved as well,
as IBKR says that it does; by how much is not published.
"""

from collections.abc import Sequence

from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.margin.scan import by_underlying, worst

INITIAL = 1.1
"""Initial as a multiple of maintenance (IBKR's documentation)."""

_INDEX = (0.08, 0.06)
_STOCK = (0.15, 0.15)
_VOLATILITY = 0.15
"""Share of implied volatility that it is moved by, up and down (assumed)."""
_LEAST_A_UNIT = 0.375
"""Least for an option, in dollars a unit of its multiplier."""
_UNMARGINED = frozenset({"CRYPTO"})
_BOND = 0.1
"""Share of a bond's value (assumed)."""


def of_securities(holdings: Sequence[Holding]) -> float:
    """Maintenance margin in the base currency."""
    plain = sum(abs(h.value) * h.rate for h in holdings if h.instrument.sec_type in _UNMARGINED)
    plain += sum(abs(h.value) * h.rate * _BOND for h in holdings if h.instrument.sec_type == "BOND")
    stressed = [h for h in holdings if h.instrument.sec_type not in _UNMARGINED | {"BOND"}]
    return plain + sum(_of_group(group) for group in by_underlying(stressed).values())


def _of_group(group: Sequence[Holding]) -> float:
    down, up = _INDEX if any(_on_index(holding) for holding in group) else _STOCK
    least = sum(abs(h.quantity) * h.instrument.multiplier * _LEAST_A_UNIT * h.rate for h in group if _is_option(h))
    return max(worst(group, down, up, _VOLATILITY), least)


def _is_option(holding: Holding) -> bool:
    return holding.instrument.is_option


def _on_index(holding: Holding) -> bool:
    """Index options are the ones paid out in cash."""
    return holding.instrument.is_option and holding.instrument.settlement == "cash"
