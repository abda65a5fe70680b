"""How much was traded at each price."""

import math
import re
from collections.abc import Iterable

from gateway.simulator.history.durations import Duration
from gateway.simulator.market.bars import Bar

_UNITS = {"second": "S", "day": "D", "week": "W", "month": "M", "year": "Y"}
_FORM = re.compile(r"(\d{1,4}) (second|day|week|month|year)s?", re.IGNORECASE)


def period(text: str) -> Duration | None:
    """`3 days`, `1 week`; None if it is no such period."""
    found = _FORM.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        return None
    return Duration(int(found[1]), _UNITS[found[2].lower()])


def histogram(bars: Iterable[Bar], tick: float, decimals: int) -> list[tuple[float, int]]:
    """Sizes by price, lowest price first: each bar's volume is spread evenly over the prices it went through."""
    sizes: dict[int, float] = {}
    for bar in bars:
        lowest, highest = round(bar.low / tick), round(bar.high / tick)
        share = bar.volume / (highest - lowest + 1)
        for level in range(lowest, highest + 1):
            sizes[level] = sizes.get(level, 0.0) + share
    return [(round(level * tick, decimals), max(math.floor(size), 1)) for level, size in sorted(sizes.items())]
