"""A price path that is a pure function of (seed, time).

The logarithm of the price is a sum of octaves of value noise: smooth curves through hashed lattice points, each
octave twice as slow and √2 times as tall as the one before. Increments over any stretch from half a second to hours
then have the variance of a random walk, yet any moment can be asked for directly: a restarted stand-in continues
the very path it left, and yesterday's bars are still there. Bounded, so that a chain of strikes stays around it.
"""

import math

from gateway.simulator.market.options import YEAR_SECONDS

STEP_SECONDS = 0.25
"""The grid on which prices change."""

_OCTAVES = 18
"""The slowest octave takes 2¹⁷ steps, nine hours."""

_MASK = (1 << 64) - 1

_AMPLITUDE = 0.79
"""Brings the 60 s increments of the sum to those of a random walk of the asked volatility (a test measures it)."""


def noise(key: int) -> float:
    """A number in [-1, 1) that looks random and depends on nothing but the key (a 64-bit mix)."""
    x = key * 0x9E3779B97F4A7C15 & _MASK
    x ^= x >> 32
    x = x * 0xD6E8FEB86659FD93 & _MASK
    x ^= x >> 32
    x = x * 0xD6E8FEB86659FD93 & _MASK
    x ^= x >> 32
    return x / (1 << 63) - 1.0


def uniform(*keys: int) -> float:
    """A number in [0, 1) that depends on nothing but the keys."""
    mixed = 0
    for key in keys:
        mixed = (mixed * 0x100000001B3 ^ key) & _MASK
    return noise(mixed) / 2 + 0.5


def bits(seed: int, con_id: int, step: int) -> int:
    """64 bits that look random and depend on nothing but the keys: the luck of one instrument in one step."""
    x = ((seed * 0x100000001B3 ^ con_id) * 0x100000001B3 ^ step) * 0x9E3779B97F4A7C15 & _MASK
    x ^= x >> 32
    x = x * 0xD6E8FEB86659FD93 & _MASK
    x ^= x >> 32
    x = x * 0xD6E8FEB86659FD93 & _MASK
    return x ^ x >> 32


def step_at(epoch: float) -> int:
    """The grid step that a moment (seconds since 1970) belongs to."""
    return math.floor(epoch / STEP_SECONDS)


class PriceProcess:
    """One underlying's mid price in dollars."""

    def __init__(self, seed: int, base: float, volatility: float) -> None:
        self._base = base
        sigma = volatility / math.sqrt(YEAR_SECONDS)
        self._scales = [_AMPLITUDE * sigma * math.sqrt((1 << octave) * STEP_SECONDS) for octave in range(_OCTAVES)]
        self._keys = [(seed * 64 + octave) << 40 for octave in range(_OCTAVES)]
        # The lattice points last used, per octave: neighbouring steps share nearly all of them.
        self._lattice: list[tuple[int, float, float]] = [(-1, 0.0, 0.0)] * _OCTAVES

    def price(self, step: int) -> float:
        """The mid at a grid step."""
        return self._base * math.exp(self.level(step))

    def level(self, step: int) -> float:
        """How far the price is from its base at a grid step, in log returns."""
        total = 0.0
        for octave in range(_OCTAVES):
            index = step >> octave
            held, left, right = self._lattice[octave]
            if held != index:
                key = self._keys[octave]
                left = right if held == index - 1 else noise(key + index)
                right = noise(key + index + 1)
                self._lattice[octave] = (index, left, right)
            along = (step - (index << octave)) / (1 << octave)
            smooth = along * along * (3.0 - 2.0 * along)
            total += self._scales[octave] * (left + (right - left) * smooth)
        return total
