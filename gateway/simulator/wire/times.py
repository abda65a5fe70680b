"""Moments as the gateway writes them, by its setting for API date-times.

`instrument`: the contract's zone, `operator`: the zone the gateway is logged in with, `utc`: dashes and no zone.
Below server version 174 there is no zone at all and the login zone is meant.
"""

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.simulator.market.calendar import NEW_YORK, ZONE_ID
from gateway.simulator.settings import TimeFormat

ZONES_FROM = 174


@dataclass(frozen=True, slots=True)
class TimeWriter:
    """Writes moments for one gateway."""

    form: TimeFormat
    zone: str
    """IANA name, or UTC."""

    def moment(self, at: dt.datetime, version: int) -> str:
        """An intraday bar's or an execution's time."""
        if version < ZONES_FROM:
            return f"{at.astimezone(ZoneInfo(self.zone)):%Y%m%d  %H:%M:%S}"
        if self.form == "utc":
            return f"{at.astimezone(dt.UTC):%Y%m%d-%H:%M:%S}"
        if self.form == "instrument":
            return f"{at.astimezone(NEW_YORK):%Y%m%d %H:%M:%S} {ZONE_ID}"
        return f"{at.astimezone(ZoneInfo(self.zone)):%Y%m%d %H:%M:%S} {self.zone}"

    def wall(self, at: dt.datetime) -> str:
        """The gateway's own wall clock, as in the handshake."""
        return f"{at.astimezone(ZoneInfo(self.zone)):%Y%m%d %H:%M:%S} {self.zone}"

    def clock(self, at: dt.datetime) -> str:
        """`HH:MM` on the gateway's wall."""
        return f"{at.astimezone(ZoneInfo(self.zone)):%H:%M}"

    def read(self, text: str) -> tuple[dt.datetime, bool] | None:
        """A moment a client wrote, and whether it named its zone; None if it is none of the accepted forms."""
        dashed = re.fullmatch(r"(\d{8})-(\d{2}:\d{2}:\d{2})Z?", text)
        spaced = re.fullmatch(r"(\d{8})(?: +(\d{1,2}:\d{2}(?::\d{2})?))?(?: +(\S.*))?", text)
        try:
            if dashed:
                return _parse(dashed[1], dashed[2], dt.UTC), True
            if not spaced:
                return None
            zone = ZoneInfo(spaced[3]) if spaced[3] else ZoneInfo(self.zone)
            clock = spaced[2] or "00:00:00"
            return _parse(spaced[1], clock if clock.count(":") == 2 else f"{clock}:00", zone), bool(spaced[3])
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None


def _parse(day: str, clock: str, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=zone).astimezone(dt.UTC)
