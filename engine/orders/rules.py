"""Which time in force an instrument may have, and when what expires today must be closed. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from nautilus_trader.model.enums import TimeInForce

from engine.errors import OrderRefused
from engine.hours import last_close

# The broker's own closing order wakes this long after the cut-off, when nobody here has closed the position.
LAST_RESORT_AFTER = timedelta(seconds=30)
# What expires within a day is called 0DTE: a session is shorter, and the next one's option is a day away.
_ONE_DAY = timedelta(days=1)
_OUTLIVES = (TimeInForce.GTC, TimeInForce.GTD)


def expires_today(instrument: Any, now: datetime) -> bool:
    """Whether the instrument expires within a day."""
    expiry = last_close(instrument)
    return expiry is not None and expiry - now <= _ONE_DAY


def good_time_in_force(instrument: Any, wanted: TimeInForce, now: datetime) -> TimeInForce:
    """Return `wanted`. Raises OrderRefused for GTC or GTD on what expires within a day.

    Such an order rests on after the day's clean-up, and a fill of it opens what nobody watches any more.
    """
    if wanted in _OUTLIVES and expires_today(instrument, now):
        raise OrderRefused(
            f"a time in force that ends with the day for {instrument.id}, which expires within a day",
            TimeInForce(wanted).name,
            "use DAY, which is the default",
        )
    return wanted
