"""Who trades when: one calendar for each kind of instrument."""

import datetime as dt
from collections.abc import Mapping

from gateway.simulator.market.calendar import AroundTheClock, Calendar

HOURS = ("stock", "fund option", "option", "index option", "index", "future", "forex", "crypto", "bond", "metal")
"""Every kind; `stock` is also the world's own day."""


def around_the_clock(day_start: dt.time) -> Mapping[str, Calendar]:
    """A world that never closes."""
    calendar = AroundTheClock(day_start)
    return dict.fromkeys(HOURS, calendar)
