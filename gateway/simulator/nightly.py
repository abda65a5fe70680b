"""When the calendar has a say: the daily restart, the cold restart of Sunday, the end of the week's token."""

import datetime as dt
from zoneinfo import ZoneInfo

_NEW_YORK = ZoneInfo("America/New_York")
_SUNDAY = 6
_WEEK_ENDS = dt.time(1, 0)
"""Sunday, New York time: IBKR's documentation of auto restart."""


def next_daily(now: dt.datetime, at: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """The next moment, in UTC, at which a wall clock of that zone shows `at`."""
    return _next(now, at, zone, 1)


def next_sunday(now: dt.datetime, at: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """The next Sunday at that time of day in that zone, in UTC."""
    today = now.astimezone(zone)
    ahead = (_SUNDAY - today.weekday()) % 7
    return _next(now, at, zone, 7, ahead)


def token_end(now: dt.datetime) -> dt.datetime:
    """Until when the token of a login made now is good."""
    return next_sunday(now, _WEEK_ENDS, _NEW_YORK)


def _next(now: dt.datetime, at: dt.time, zone: dt.tzinfo, days: int, ahead: int = 0) -> dt.datetime:
    day = now.astimezone(zone).date() + dt.timedelta(days=ahead)
    moment = dt.datetime.combine(day, at, zone).astimezone(dt.UTC)
    if moment <= now:
        moment = dt.datetime.combine(day + dt.timedelta(days=days), at, zone).astimezone(dt.UTC)
    return moment
