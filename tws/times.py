"""Clock readings as a gateway writes them.

The handshake carries the gateway's own local time and the display name of its zone: several words, localised, and
no IANA id (`20260405 23:49:26 Central European Standard Time` was seen). Bar and execution times show which of the
three API settings is on: instrument zone, operator zone, or UTC.
"""

import enum
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tws.errors import ProtocolError

_UTC_NAMES = frozenset({"utc", "etc/utc", "universal", "etc/universal", "zulu", "uct", "coordinated universal time"})
"""Names that mean UTC all the year. GMT is not one of them: as a display name it is London's winter."""

_CONNECTION_TIME = re.compile(r"(\d{8}) (\d{2}:\d{2}:\d{2}) (\S.*)")


@dataclass(frozen=True, slots=True)
class GatewayTime:
    """The second field of the handshake: the gateway's wall clock and what it calls its zone."""

    local: datetime
    """Naive: as the gateway's wall reads."""
    zone_text: str
    """The zone as sent, one word or several."""

    @property
    def is_utc(self) -> bool:
        """Whether the zone's name can mean nothing but UTC."""
        return self.zone_text.lower() in _UTC_NAMES

    @property
    def zone(self) -> tzinfo | None:
        """The zone, where its name is an IANA id or UTC; None for a display name."""
        if self.is_utc:
            return UTC
        try:
            return ZoneInfo(self.zone_text)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None

    def offset(self, now: datetime) -> timedelta:
        """How far the gateway's wall stands from UTC, to the quarter hour that real zones are made of."""
        difference = self.local - now.astimezone(UTC).replace(tzinfo=None)
        quarters = round(difference / timedelta(minutes=15))
        return timedelta(minutes=15) * quarters

    def skew(self, now: datetime) -> timedelta:
        """Gateway clock minus ours, within ±7.5 min. The reading is in whole seconds: ±1 s means nothing."""
        return self.local - now.astimezone(UTC).replace(tzinfo=None) - self.offset(now)


def parse_connection_time(text: str) -> GatewayTime:
    """Read the handshake's time field.

    Raises:
        ProtocolError: it is not `YYYYMMDD HH:MM:SS zone`.
    """
    match = _CONNECTION_TIME.fullmatch(text.strip())
    if match is None:
        raise ProtocolError(f"expected 'YYYYMMDD HH:MM:SS zone' in the handshake, found {text!r}")
    day, time, zone = match.groups()
    try:
        local = datetime.strptime(f"{day} {time}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007 (a wall reading has no zone)
    except ValueError as error:
        raise ProtocolError(f"expected a date and time in the handshake, found {text!r}") from error
    return GatewayTime(local, zone)


class TimeMode(enum.Enum):
    """The API setting "Send instrument-specific attributes for dual-mode API client in", as reqConfig spells it.

    IBKR's own sample sends "utc"; the other two are assumed.
    """

    INSTRUMENT = "instrument"
    OPERATOR = "operator"
    UTC = "utc"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The mode that a text begins with, be it the bare word or the setting's label; None for other words."""
        return next((mode for mode in cls if text.lower().startswith(mode.value)), None)


class TimeForm(enum.Enum):
    """The ways in which a gateway writes the time of a bar or an execution."""

    UTC_DASH = "UTC"
    """`20261001-13:30:00`, from server version 214 on also with a Z behind it: the API setting 'UTC format'."""
    ZONED = "zoned"
    """`20261001 09:30:00 US/Eastern`: instrument zone or operator zone."""
    EPOCH = "epoch"
    DATE = "date"
    LEGACY = "no zone"
    """`20230224  12:04:56`: server versions below 174, in the gateway's login zone."""


_FORMS = (
    (re.compile(r"\d{8}-\d{2}:\d{2}:\d{2}Z?"), TimeForm.UTC_DASH),
    (re.compile(r"\d{8} +\d{2}:\d{2}:\d{2} \S.*"), TimeForm.ZONED),
    (re.compile(r"\d{8} +\d{2}:\d{2}:\d{2}"), TimeForm.LEGACY),
    (re.compile(r"\d{8}"), TimeForm.DATE),
    (re.compile(r"\d{9,}"), TimeForm.EPOCH),
)


def bar_time_form(text: str) -> TimeForm:
    """Which form a bar's or an execution's time is written in.

    Raises:
        ProtocolError: none of the known forms.
    """
    for pattern, form in _FORMS:
        if pattern.fullmatch(text):
            return form
    raise ProtocolError(f"expected a time in one of the gateway's forms, found {text!r}")


def session_end(date: str, hours: str, zone: str) -> datetime | None:
    """When trading ends on a day; None where the hours do not tell of it.

    Args:
        date: the day, YYYYMMDD, as a contract's last trade date has it; what follows the day is ignored.
        hours, zone: as for `sessions`.
    """
    ends = [end for _, end in sessions(hours, zone) if date[:8] == f"{end:%Y%m%d}"]
    return max(ends, default=None)


def sessions(hours: str, zone: str) -> list[tuple[datetime, datetime]]:
    """Beginning and end of the next days' sessions, as a contract's details have them; what cannot be read is left out.

    Args:
        hours: in the exchange's zone: `20261123:0930-20261123:1600;20261124:CLOSED`.
        zone: the zone's IANA id.
    """
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return []
    found = []
    for day in hours.split(";"):
        begin, _, end = day.partition("-")
        with suppress(ValueError):
            found.append((_session_time(begin).replace(tzinfo=there), _session_time(end).replace(tzinfo=there)))
    return found


def _session_time(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d:%H%M")  # noqa: DTZ007 (its zone stands beside the hours)
