"""The most that positions on one underlying would lose over a grid of price and volatility moves. Pure."""

from collections.abc import Iterable, Sequence

from gateway.simulator.broker.holding import Holding

INITIAL = 1.1
"""Initial margin of futures as a multiple of maintenance (CME's rule for those who are not members)."""

_FUTURES_RANGE = 0.06
_FUTURES_VOLATILITY = 0.25
"""Scan range of futures (assumed: an equity index's; exchanges publish their own for each product)."""
_POINTS = 5
"""Steps in each direction."""


def worst(holdings: Iterable[Holding], down: float, up: float, volatility: float) -> float:
    """The greatest loss, in the base currency, with the price moved by up to `-down` and `up` in equal steps and
    implied volatility left alone, risen or fallen by that share. 0 where nothing loses."""
    group = list(holdings)
    moves = [-down * n / _POINTS for n in range(1, _POINTS + 1)] + [up * n / _POINTS for n in range(1, _POINTS + 1)]
    optional = any(h.instrument.is_option for h in group)
    vegas = (-volatility, 0.0, volatility) if optional and volatility else (0.0,)
    outcomes = [sum(h.stressed(move, vega) * h.rate for h in group) for move in moves for vega in vegas]
    return max(-min(outcomes), 0.0)


def by_underlying(holdings: Sequence[Holding]) -> dict[int, list[Holding]]:
    """Grouped by what they are on."""
    groups: dict[int, list[Holding]] = {}
    for holding in holdings:
        groups.setdefault(holding.instrument.underlying_id, []).append(holding)
    return groups


def of_derivatives(holdings: Sequence[Holding]) -> float:
    """Maintenance margin of futures and their options, as an exchange's scan finds it."""
    groups: dict[int, list[Holding]] = {}
    for holding in holdings:
        instrument = holding.instrument
        groups.setdefault(instrument.underlying_id if instrument.is_option else instrument.con_id, []).append(holding)
    return sum(worst(group, _FUTURES_RANGE, _FUTURES_RANGE, _FUTURES_VOLATILITY) for group in groups.values())
