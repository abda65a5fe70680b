"""Black and Scholes for options that live for hours or minutes. Pure; in double precision.

Nautilus' Rust `imply_vol` is exact and used as it is. Its `black_scholes_greeks` computes in single precision
(docs/greeks.md has the errors), and the stock GreeksCalculator above it takes no time below one day; so the formulas
stand here, with time to expiry as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from nautilus_trader.core.nautilus_pyo3 import imply_vol

YEAR_SECONDS = 365 * 86_400.0
# Beyond these a number comes out of the solver, but no market has quoted it.
VOL_RANGE = (1e-3, 20.0)
# Less above what exercise is worth (a thousandth of a cent) is rounding, not a price for time.
MIN_TIME_VALUE = 1e-5


@dataclass(frozen=True, slots=True)
class Market:
    """One option at one moment. `years` are calendar years of 365 days; `rate` is also the cost of carry."""

    spot: float
    strike: float
    years: float
    rate: float
    call: bool


@dataclass(frozen=True, slots=True)
class Sensitivities:
    """Per unit of the underlying: vega per point of volatility (0.01), theta per calendar day."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    itm_probability: float


def years_until(expiry_ns: int, now_ns: int) -> float:
    """Return the time to expiry in years, to the nanosecond; not positive once it is past."""
    return (expiry_ns - now_ns) / 1e9 / YEAR_SECONDS


def implied_vol(market: Market, price: float) -> float | None:
    """Return the volatility in a price, or None where the price holds none: below or at what exercise is worth."""
    if market.years <= 0 or market.spot <= 0 or price - intrinsic(market) < MIN_TIME_VALUE:
        return None
    try:
        vol = float(imply_vol(market.spot, market.rate, market.rate, market.call, market.strike, market.years, price))
    except (RuntimeError, ValueError):
        return None
    return vol if VOL_RANGE[0] <= vol <= VOL_RANGE[1] else None  # None for NaN, too


def intrinsic(market: Market) -> float:
    """Return the least a European option is worth: the forward against the strike, discounted."""
    value = market.spot - market.strike * math.exp(-market.rate * market.years)
    return max(0.0, value if market.call else -value)


def out_of_the_money(market: Market) -> bool:
    """Whether this side of the strike is the one without intrinsic value, so that its price is all volatility."""
    return intrinsic(market) == 0.0


def sensitivities(market: Market, vol: float) -> Sensitivities:
    """Return price and greeks for a volatility. `years` and `vol` must be positive."""
    deviation = vol * math.sqrt(market.years)
    discount = math.exp(-market.rate * market.years)
    d1 = (math.log(market.spot / market.strike) + market.rate * market.years) / deviation + deviation / 2
    d2 = d1 - deviation
    sign = 1.0 if market.call else -1.0
    delta = sign * _cumulative(sign * d1)
    probability = _cumulative(sign * d2)
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    decay = -market.spot * density * vol / (2 * math.sqrt(market.years))
    decay -= sign * market.rate * market.strike * discount * probability
    return Sensitivities(
        price=delta * market.spot - sign * market.strike * discount * probability,
        delta=delta,
        gamma=density / (market.spot * deviation),
        vega=market.spot * density * math.sqrt(market.years) / 100,
        theta=decay / 365,
        itm_probability=probability,
    )


def _cumulative(x: float) -> float:
    # erfc keeps its digits far out in the tail, where 1 + erf has none left.
    return 0.5 * math.erfc(-x / math.sqrt(2))
