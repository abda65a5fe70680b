"""Implied volatility by strike and time: a term structure and a skew, a little different with every seed.

The volatility of an underlying rises as its price falls, by the power that the VIX of this world follows, too. The
shape is assumed, after what equity index options usually show: steep near expiry in absolute terms, flat in terms of
standard deviations.
"""

import math

from gateway.simulator.market.process import uniform

LEVERAGE = -3.0
"""Log change of volatility for one of the price."""

_QUARTER = 0.25
_FARTHEST = 6.0
"""Standard deviations from the money beyond which the volatility stays what it is there."""


class Surface:
    """The surface of one underlying."""

    def __init__(self, seed: int, con_id: int, volatility: float, base: float) -> None:
        """`volatility` holds at the money, near expiry, while the price is at its `base`."""
        self._volatility = volatility
        self._base = base
        self._slope = 0.08 + 0.10 * uniform(seed, con_id, 1)
        self._skew = -0.06 - 0.04 * uniform(seed, con_id, 2)
        self._curve = 0.010 + 0.004 * uniform(seed, con_id, 3)

    def at_the_money(self, spot: float, years: float) -> float:
        """The term structure."""
        stress = min(max(math.pow(spot / self._base, LEVERAGE), 0.4), 3.0)
        return self._volatility * stress * (1.0 + self._slope * (1.0 - math.exp(-years / _QUARTER)))

    def volatility(self, spot: float, strike: float, years: float) -> float:
        """Implied volatility a year: 0.18 is 18 %."""
        level = self.at_the_money(spot, max(years, 0.0))
        deviations = math.log(strike / spot) / (level * math.sqrt(max(years, 1e-5)))
        x = min(max(deviations, -_FARTHEST), _FARTHEST)
        return level * (1.0 + self._skew * x + self._curve * x * x)
