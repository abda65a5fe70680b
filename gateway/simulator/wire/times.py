"""Moments as the gateway writes them, by its setting for API date-times.

`instrument`: the contract's zone, `operator`: the zone the gateway is logged in with, `utc`: dashes and no zone.
Below server version 174 there is no zone at all and the login zone is meant; from 214 on what is UTC ends in Z
(assumed: in every answer; all that is published is the version's name). The handshake, the dates of head time stamps
and schedules, and epoch seconds do not heed the setting.
"""

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.simulator.market.calendar import NEW_YORK
from gateway.simulator.settings import TimeFormat
from gateway.simulator.wire.zone_names import CHINESE, display_name

ZONES_FROM = 174
UTC_ENDS_IN_Z_FROM = 214


@dataclass(frozen=True, slots=True)
class TimeWriter:
    """Writes moments for one gateway."""

    form: TimeFormat
    zone: str
    """IANA name, or UTC."""
    chinese: bool = False
    """Whether the handshake names the zone as on a Chinese system, in GBK."""

    def moment(self, at: dt.datetime, version: int, zone: str) -> str:
        """The time of an intraday bar, of an execution or of a completed order; `zone` is the contract's."""
        if version < ZONES_FROM:
            return f"{at.astimezone(ZoneInfo(self.zone)):%Y%m%d  %H:%M:%S}"
        if self.form == "utc":
            return in_utc(at, version)
        if self.form == "instrument":
            return zoned(at, zone)
        # Seen on paper accounts whose gateway runs on UTC.
        return zoned(at, "Universal" if self.zone == "UTC" else self.zone)

    def wall(self, at: dt.datetime) -> str:
        """The gateway's own wall clock, with the display name of its zone: the handshake, and the day on which a GTC
        order is cancelled. The bytes of a Chinese name are GBK, which `encode` lets pass as they are."""
        if self.chinese and self.zone in CHINESE:
            name = CHINESE[self.zone].encode("gbk").decode("ascii", "surrogateescape")
        else:
            name = display_name(self.zone, at)
        return f"{at.astimezone(ZoneInfo(self.zone)):%Y%m%d %H:%M:%S} {name}"

    def clock(self, at: dt.datetime) -> str:
        """`HH:MM` on the gateway's wall."""
        return f"{at.astimezone(ZoneInfo(self.zone)):%H:%M}"

    def read(self, text: str) -> tuple[dt.datetime, bool] | None:
        """A moment a client wrote, and whether it named its zone; None if it is none of the accepted forms."""
        in_utc = re.fullmatch(r"(\d{8})-(\d{2}:\d{2}:\d{2})Z?", text)
        spaced = re.fullmatch(r"(\d{8})(?: +(\d{1,2}:\d{2}(?::\d{2})?))?(?: +(\S.*))?", text)
        try:
            if in_utc:
                return _parse(in_utc[1], in_utc[2], dt.UTC), True
            if not spaced:
                return None
            zone = ZoneInfo(spaced[3]) if spaced[3] else ZoneInfo(self.zone)
            clock = spaced[2] or "00:00:00"
            return _parse(spaced[1], clock if clock.count(":") == 2 else f"{clock}:00", zone), bool(spaced[3])
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None


def in_utc(at: dt.datetime, version: int) -> str:
    """`20260312-13:30:00`, from 214 on `20260312-13:30:00Z`."""
    return f"{at.astimezone(dt.UTC):%Y%m%d-%H:%M:%S}" + ("Z" if version >= UTC_ENDS_IN_Z_FROM else "")


def dashed(at: dt.datetime, zone: str) -> str:
    """`20260312-09:30:00`: a schedule's, in the zone that its own field names."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y%m%d-%H:%M:%S}"


def zoned(at: dt.datetime, zone: str) -> str:
    """`20260407 10:23:05 US/Eastern`."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y%m%d %H:%M:%S} {zone}"


def sentence(at: dt.datetime, zone: str) -> str:
    """`2026-09-28 09:30:00 US/Eastern`: inside a text to people, such as warning 399's."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}"


def auto_cancel(placed_at: dt.datetime) -> dt.datetime:
    """When a GTC order is cancelled by itself: as New York's regular session ends on the last day of the quarter after
    the one it was placed in (IBKR's documentation; the time of day as captured)."""
    day = placed_at.astimezone(NEW_YORK).date()
    ends = (day.month - 1) // 3 * 3 + 7  # the month after the next quarter
    first = dt.date(day.year + (ends - 1) // 12, (ends - 1) % 12 + 1, 1)
    return dt.datetime.combine(first - dt.timedelta(days=1), dt.time(16), NEW_YORK).astimezone(dt.UTC)


def _parse(day: str, clock: str, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=zone).astimezone(dt.UTC)
