"""Date-times in requests for the past: what is read, what is refused, what is warned of.

`yyyymmdd-hh:mm:ss` is UTC, with or without a Z at its end; `[yyyymmdd ]hh:mm:ss[ zone]` is of that zone, of the login
zone if none is named (warning 2174), of today if there is no date. A date alone is none (all taken from a gateway's own
tables).
"""

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.simulator.errors import RequestRefused
from tws import codes

NO_ZONE = (
    "Warning: You submitted request with date-time attributes without explicit time zone. Please switch to use "
    "yyyymmdd-hh:mm:ss in UTC or use instrument time zone, like US/Eastern. Implied time zone functionality will be "
    "removed in the next API release"
)
_INVALID = (
    ": The date, time, or time-zone entered is invalid.\n"
    "The correct format is yyyymmdd hh:mm:ss xx/xxxx\n"
    "where yyyymmdd and xx/xxxx are optional.\n"
    "E.g.: 20031126 15:59:00 US/Eastern\n\n"
    "Note that there is a space between the date and time,\n"
    "and between the time and time-zone.\n\n"
    "If no date is specified, current date is assumed.\n"
    "If no time-zone is specified, local time-zone is assumed(deprecated).\n\n"
    "You can also provide yyyymmddd-hh:mm:ss time is in UTC.\n"
    "Note that there is a dash between the date and time in UTC notation."
)
_DASHED = re.compile(r"(\d{8})-(\d{1,2}:\d{1,2}:\d{1,2})Z?")
_SPACED = re.compile(r"(?:(\d{8}) +)?(\d{1,2}:\d{1,2}:\d{1,2})(?: +(\D.*))?")
_YEARS = range(1978, 3001)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment a client wrote."""

    at: dt.datetime
    """In the zone it was written in."""
    zoned: bool
    """Whether the client named the zone."""


def read_moment(text: str, label: str, login_zone: str, now: dt.datetime) -> Moment | None:
    """Read a date-time; None where there is no text. `label` is the field's name, as in `End Date/Time`.

    Raises:
        RequestRefused: with code 10314, if it is none of the accepted forms.
    """
    text = text.strip()
    if not text:
        return None
    dashed, spaced = _DASHED.fullmatch(text), _SPACED.fullmatch(text)
    try:
        if dashed:
            return Moment(_at(dashed[1], dashed[2], dt.UTC), zoned=True)
        if spaced:
            zone = ZoneInfo(spaced[3] or login_zone)
            day = spaced[1] or f"{now.astimezone(zone):%Y%m%d}"
            return Moment(_at(day, spaced[2], zone), zoned=bool(spaced[3]))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise RequestRefused(label + _INVALID, codes.BAD_END_TIME)


def _at(day: str, clock: str, zone: dt.tzinfo) -> dt.datetime:
    made = dt.datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=zone)
    if made.year not in _YEARS:
        raise ValueError(day)
    return made
