"""Trading days, and the days of a world that never closes.

Day D ends at the day start on date D: with a day start of 18:00 New York, day D runs from
18:00 on D-1 to 18:00 on D, as a futures exchange's does. A day start of 00:00 ends day D at the midnight after it.

Options of day D stop trading, and are settled, at `closes`. In the world that never closes that is the day's end, but
23:59 where the day ends at midnight: trading hours are written as wall-clock times of D, and clients that take the
last one for the expiry (NautilusTrader does) would read 00:00 as the morning of the day.
"""

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
EASTERN, CENTRAL = "US/Eastern", "US/Central"
"""How the gateway spells New York's zone (captured) and Chicago's (IBKR's documentation)."""

_MIDNIGHT = dt.time(0, 0)
_LAST_MINUTE = dt.time(23, 59)
_ONE_DAY = dt.timedelta(days=1)

type Span = tuple[dt.datetime, dt.datetime]
"""From the first moment to the one after the last."""


class Phase(Enum):
    """What a market is doing."""

    CLOSED = "closed"
    EXTENDED = "extended"
    """It trades outside its regular hours."""
    REGULAR = "regular"


@dataclass(frozen=True, slots=True)
class ExchangeDay:
    """One trading day; all moments are aware UTC. Days follow each other without a gap: one ends as the next begins."""

    date: dt.date
    begins: dt.datetime
    opens: dt.datetime
    """Regular trading begins."""
    closes: dt.datetime
    """Regular trading ends; options of this day expire."""
    ends: dt.datetime
    """The next day begins."""
    trading: tuple[Span, ...]
    """When it trades at all, regular hours included; in order, without overlap."""
    liquid: Span
    """What `liquidHours` says and useRTH means: the regular hours, but of futures only those of the stocks."""

    @property
    def text(self) -> str:
        """`YYYYMMDD`, as expiries are written."""
        return f"{self.date:%Y%m%d}"

    def phase(self, at: dt.datetime) -> Phase:
        """What the market does at a moment of this day."""
        if not any(start <= at < stop for start, stop in self.trading):
            return Phase.CLOSED
        return Phase.REGULAR if self.opens <= at < self.regular_end else Phase.EXTENDED

    @property
    def regular_end(self) -> dt.datetime:
        """When regular trading ends: `closes`, but midnight where that is a minute before it."""
        return self.ends if self.begins == self.opens else self.closes


class Calendar(Protocol):
    """The days of one kind of instrument."""

    def day(self, date: dt.date) -> ExchangeDay:
        """The trading day of that date, or the next one after it where the date has none."""

    def day_at(self, now: dt.datetime) -> ExchangeDay:
        """The trading day that `now` (aware) belongs to: the one that ends next."""

    def is_day(self, date: dt.date) -> bool:
        """Whether anything is traded under that date."""

    def hours(self, now: dt.datetime, zone: str, days: int = 6) -> str:
        """`tradingHours` from today on, local to `zone`: `20260406:0400-20260406:2000;...`"""

    def liquid_hours(self, now: dt.datetime, zone: str, days: int = 6) -> str:
        """`liquidHours`: the regular ones."""


def wall(span: Span, zone: str) -> str:
    """`YYYYMMDD:HHMM-YYYYMMDD:HHMM`, as hours are written."""
    start, stop = (at.astimezone(ZoneInfo(zone)) for at in span)
    return f"{start:%Y%m%d:%H%M}-{stop:%Y%m%d:%H%M}"


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
        if today is not None and today.begins <= now < today.ends:
            return today
        local = now.astimezone(NEW_YORK)
        date = local.date()
        if self._start != _MIDNIGHT and local.time() >= self._start:
            date += _ONE_DAY
        self._today = today = self._day(date)
        return today

    def is_day(self, date: dt.date) -> bool:
        """Every date is one."""
        return True

    def hours(self, now: dt.datetime, zone: str, days: int = 6) -> str:
        """From today on."""
        today = self.day_at(now).date
        listed = (self._day(today + n * _ONE_DAY) for n in range(days))
        return ";".join(wall((day.opens, day.closes), zone) for day in listed)

    def liquid_hours(self, now: dt.datetime, zone: str, days: int = 6) -> str:
        """All hours are alike."""
        return self.hours(now, zone, days)

    def _make_day(self, date: dt.date) -> ExchangeDay:
        if self._start == _MIDNIGHT:
            opens = dt.datetime.combine(date, _MIDNIGHT, NEW_YORK)
            ends = dt.datetime.combine(date + _ONE_DAY, _MIDNIGHT, NEW_YORK)
            closes = dt.datetime.combine(date, _LAST_MINUTE, NEW_YORK)
        else:
            opens = dt.datetime.combine(date - _ONE_DAY, self._start, NEW_YORK)
            ends = closes = dt.datetime.combine(date, self._start, NEW_YORK)
        opens, closes, ends = (moment.astimezone(dt.UTC) for moment in (opens, closes, ends))
        return ExchangeDay(date, opens, opens, closes, ends, ((opens, ends),), (opens, ends))
