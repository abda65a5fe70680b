"""Durations and times as people say them. Pure."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

EXCHANGE: Final = ZoneInfo("America/New_York")
"""Whose time stands beside UTC."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def lasting(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 12 min`, `2 d 4 h`."""
    whole = max(0, int(seconds))
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def moment(wall: float, now: float) -> str:
    """`13:02:11 UTC (08:02 New York)`, with the day where it is not today's."""
    utc, there = datetime.fromtimestamp(wall, UTC), datetime.fromtimestamp(wall, EXCHANGE)
    day = "" if utc.date() == datetime.fromtimestamp(now, UTC).date() else f"{utc:%a %d %b} "
    return f"{day}{utc:%H:%M:%S} UTC ({there:%H:%M} New York)"


def epoch(iso: str) -> float:
    """The epoch second of what `status.iso` wrote."""
    return datetime.fromisoformat(iso).timestamp()
