"""The exchange's days in a world that never closes.

Day D ends at the day start on date D: with a day start of 18:00 New York, day D runs from
18:00 on D-1 to 18:00 on D, as a futures exchange's does. A day start of 00:00 ends day D at the midnight after it.

Options of day D stop trading, and are settled, at `closes`. That is the day's end, but 23:59 where the day ends at
midnight: trading hours are written as wall-clock times of D, and clients that take the last one for the expiry
(NautilusTrader does) would read 00:00 as the morning of the day.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
ZONE_ID = "US/Eastern"
"""How the gateway spells New York's zone (captured)."""

_MIDNIGHT = dt.time(0, 0)
_LAST_MINUTE = dt.time(23, 59)
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ExchangeDay:
    """One trading day; all moments are aware UTC."""

    date: dt.date
    opens: dt.datetime
    closes: dt.datetime
    """Options of this day expire."""
    ends: dt.datetime
    """The next day begins."""

    @property
    def text(self) -> str:
        """`YYYYMMDD`, as expiries are written."""
        return f"{self.date:%Y%m%d}"


class AroundTheClock:
    """Every day is a trading day and the next begins where one ends."""

    def __init__(self, day_start: dt.time) -> None:
        self._start = day_start
        self._day = lru_cache(maxsize=64)(self._make_day)
        self._today: ExchangeDay | None = None

    def day(self, date: dt.date) -> ExchangeDay:
        """The trading day of that date."""
        return self._day(date)

    def day_at(self, now: dt.datetime) -> ExchangeDay:
        """The trading day that `now` (aware) belongs to."""
        today = self._today
        if today is not None and today.opens <= now < today.ends:
            return today
        local = now.astimezone(NEW_YORK)
        date = local.date()
        if self._start != _MIDNIGHT and local.time() >= self._start:
            date += _ONE_DAY
        self._today = today = self._day(date)
        return today

    def hours(self, now: dt.datetime, days: int = 6) -> str:
        """`tradingHours` from today on, local to `ZONE_ID`: `20260406:0400-20260406:2000;...`"""
        today = self.day_at(now).date
        return ";".join(self._segment(self._day(today + n * _ONE_DAY)) for n in range(days))

    @staticmethod
    def _segment(day: ExchangeDay) -> str:
        opens, closes = day.opens.astimezone(NEW_YORK), day.closes.astimezone(NEW_YORK)
        return f"{opens:%Y%m%d:%H%M}-{closes:%Y%m%d:%H%M}"

    def _make_day(self, date: dt.date) -> ExchangeDay:
        if self._start == _MIDNIGHT:
            opens = dt.datetime.combine(date, _MIDNIGHT, NEW_YORK)
            ends = dt.datetime.combine(date + _ONE_DAY, _MIDNIGHT, NEW_YORK)
            closes = dt.datetime.combine(date, _LAST_MINUTE, NEW_YORK)
        else:
            opens = dt.datetime.combine(date - _ONE_DAY, self._start, NEW_YORK)
            ends = closes = dt.datetime.combine(date, self._start, NEW_YORK)
        return ExchangeDay(date, opens.astimezone(dt.UTC), closes.astimezone(dt.UTC), ends.astimezone(dt.UTC))
