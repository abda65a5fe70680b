"""Times of executions and of orders that the adapter cannot read, made readable. Pure.

It takes the last word of such a time for its zone. Without one, or with one that is no IANA name (`CST`, `Eastern
Standard Time`), it raises while it handles the execution, and the fill is lost; or the order, and nothing is
reconciled.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from nautilus_trader.adapters.interactive_brokers.parsing.execution import timestring_to_timestamp

_WALL = re.compile(r"(\d{8})[ -]+(\d{2}:\d{2}:\d{2})")
_QUARTER = timedelta(minutes=15)
# An execution that nobody asked for has just happened; a reading further off was made in the wrong zone.
LIVE_WITHIN = timedelta(minutes=10)
AHEAD_WITHIN = timedelta(minutes=1)


def readable(text: str) -> bool:
    """Whether the adapter makes a moment of it."""
    try:
        # Of an empty text it makes a moment before all others.
        return bool(timestring_to_timestamp(text).value > 0)
    except Exception:
        # pandas, zoneinfo and pytz each have errors of their own for it, and any of them loses the fill.
        return False


def all_year(text: str) -> str:
    """Return the text with New York's zone in place of `EST`: gateways write that in summer, too, and mean its clock.

    The adapter takes it for winter's, and is an hour late.
    """
    return re.sub(r" EST$", " America/New_York", text)


def good_till(text: str, offset: timedelta | None) -> str:
    """Return until when an order is good in a form that the adapter reads; without a zone it is the gateway's."""
    named = all_year(text)
    wall = _wall(named)
    return named if readable(named) or wall is None else f"{wall - (offset or timedelta()):%Y%m%d-%H:%M:%S}"


def offset_of(told: str, now: datetime) -> timedelta | None:
    """Return the gateway's distance from UTC by the wall time in its handshake, whatever it calls its zone."""
    wall = _wall(told)
    return round((wall - now) / _QUARTER) * _QUARTER if wall is not None else None


def repaired(text: str, now: datetime, offset: timedelta | None, *, live: bool) -> str:
    """Return the moment in IBKR's UTC form: its wall time in the gateway's zone where that makes sense, else now."""
    wall = _wall(text)
    moment = wall - offset if wall is not None and offset is not None else now
    wrong = abs(moment - now) > LIVE_WITHIN if live else moment - now > AHEAD_WITHIN
    return f"{now if wrong else moment:%Y%m%d-%H:%M:%S}"


def _wall(text: str) -> datetime | None:
    found = _WALL.match(text)
    try:
        return datetime.strptime(" ".join(found.groups()), "%Y%m%d %H:%M:%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
