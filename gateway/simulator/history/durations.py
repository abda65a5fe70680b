"""How far back a query goes: `1 D`, `3600 S`, `6 M`. Limits and refusals as a gateway's own tables have them."""

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from gateway.simulator.errors import RequestRefused

_LONGEST_SECONDS, _SHORTEST_SECONDS = 86400, 30
_FORM = re.compile(r"(\d+) ([SDWMY])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Duration:
    """A count of S(econds), D(ays), W(eeks), M(onths) or Y(ears)."""

    count: int
    unit: str

    def before(self, end: dt.datetime) -> dt.datetime:
        """The moment that far back on the calendar of `end`'s zone."""
        match self.unit:
            case "S":
                return end - dt.timedelta(seconds=self.count)
            case "D":
                return end - dt.timedelta(days=self.count)
            case "W":
                return end - dt.timedelta(weeks=self.count)
            case _:
                return _months_before(end, self.count * (12 if self.unit == "Y" else 1))


def read_duration(text: str) -> Duration:
    """Read a duration; a bare number is seconds.

    Raises:
        RequestRefused: it is none, or is written in the wrong unit for its length.
    """
    text = text.strip()
    if not text:
        raise RequestRefused("Historical data request duration not specified.")
    found = _FORM.fullmatch(f"{text} S" if text.isdigit() else text)
    if found is None:
        raise RequestRefused(
            "When specifying a unit, historical data request duration format is integer{SPACE}unit (S|D|W|M|Y)."
        )
    if len(found[1]) > 10:
        raise RequestRefused("Historical data requested duration is invalid.")
    count, unit = int(found[1]), found[2].upper()
    if count < 1 or count >= 1 << 31 or (unit == "S" and count < _SHORTEST_SECONDS):
        raise RequestRefused("Historical data requested duration is invalid.")
    if unit == "S" and count > _LONGEST_SECONDS:
        raise RequestRefused("Historical data request for greater than 86400 seconds rejected.")
    if unit == "D" and count > 365:
        raise RequestRefused("Historical data requests for durations longer than 365 days must be made in years.")
    if unit == "W" and count > 52:
        raise RequestRefused("Historical data request for durations longer than 52 weeks must be made in years.")
    if unit == "M" and count > 12:
        raise RequestRefused("Historical data request for durations longer than 12 months must be made in years.")
    return Duration(min(count, 200) if unit == "Y" else count, unit)


def _months_before(end: dt.datetime, months: int) -> dt.datetime:
    ordinal = end.year * 12 + end.month - 1 - months
    year, month = max(ordinal // 12, 1), ordinal % 12 + 1
    return end.replace(year=year, month=month, day=min(end.day, calendar.monthrange(year, month)[1]))
