"""Black-Scholes: what an option costs and how it moves, in dollars a share."""

import math
from dataclasses import dataclass

RATE = 0.04
"""Interest a year, continuously compounded. Dividends are left out."""

YEAR_SECONDS = 365.25 * 86400


@dataclass(frozen=True, slots=True)
class Valuation:
    """A model price and its derivatives, in the units the gateway sends: theta a day, vega a volatility point."""

    price: float
    volatility: float
    delta: float
    gamma: float
    vega: float
    theta: float


def value(
    call: bool, spot: float, strike: float, seconds: float, sigma: float = 0.18, carry: float = RATE
) -> Valuation:
    """Value a European option that expires in so many seconds; nothing but its exercise value at 0.

    `sigma` is the volatility a year. `carry` is what holding the underlying costs a year: the interest for a stock,
    0 for a future.
    """
    if seconds <= 0:
        intrinsic = max(spot - strike, 0.0) if call else max(strike - spot, 0.0)
        return Valuation(intrinsic, sigma, math.copysign(1.0, 1 if call else -1) * (intrinsic > 0), 0, 0, 0)
    years = seconds / YEAR_SECONDS
    root = math.sqrt(years)
    d1 = (math.log(spot / strike) + (carry + sigma * sigma / 2) * years) / (sigma * root)
    d2 = d1 - sigma * root
    grown = math.exp((carry - RATE) * years)
    density = grown * math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    discounted = strike * math.exp(-RATE * years)
    decay = -spot * density * sigma / (2 * root)
    sign = 1.0 if call else -1.0
    in_spot, in_strike = grown * _normal(sign * d1), _normal(sign * d2)
    price = sign * (spot * in_spot - discounted * in_strike)
    delta = sign * in_spot
    theta = decay - sign * ((carry - RATE) * spot * in_spot + RATE * discounted * in_strike)
    return Valuation(
        price=max(price, 0.0),
        volatility=sigma,
        delta=delta,
        gamma=density / (spot * sigma * root),
        vega=spot * density * root / 100,
        theta=theta / 365,
    )


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))
