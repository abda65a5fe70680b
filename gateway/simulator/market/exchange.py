"""The days of exchanges that close: nights, weekends, holidays, half days."""

import datetime as dt
from collections.abc import Callable, Mapping
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.simulator.market.calendar import NEW_YORK, ExchangeDay, Span, wall

type Sessions = Mapping[dt.date, tuple[int, int]]
"""When regular trading opens and closes, seconds since 1970, by date."""

type Shape = Callable[[dt.date, dt.datetime, dt.datetime], tuple[Span, Span, tuple[Span, ...]]]
"""From a date and its session's open and close (New York time) to the regular hours, the liquid ones, and all."""

_ONE_DAY = dt.timedelta(days=1)


class ExchangeDays:
    """The trading days of one kind of instrument. Beyond what the sessions cover, every weekday is a full one."""

    def __init__(self, sessions: Sessions, shape: Shape, usual: tuple[dt.time, dt.time]) -> None:
        """`usual`: when a session opens and closes where none is given for the date."""
        self._sessions = sessions
        self._first, self._last = (min(sessions), max(sessions)) if sessions else (dt.date.max, dt.date.min)
        self._shape = shape
        self._usual = usual
        self._made = lru_cache(maxsize=512)(self._make)
        self._today: ExchangeDay | None = None

    def is_day(self, date: dt.date) -> bool:
        """Whether anything is traded under that date."""
        if self._first <= date <= self._last:
            return date in self._sessions
        return date.weekday() < 5

    def day(self, date: dt.date) -> ExchangeDay:
        """The trading day of that date, or the next one where it is a holiday."""
        while not self.is_day(date):
            date += _ONE_DAY
        return self._made(date)

    def day_at(self, now: dt.datetime) -> ExchangeDay:
        """The trading day that `now` belongs to: the one that ends next."""
        today = self._today
        if today is not None and today.begins <= now < today.ends:
            return today
        today = self.day(now.astimezone(NEW_YORK).date())
        while now >= today.ends:
            today = self.day(today.date + _ONE_DAY)
        self._today = today
        return today

    def hours(self, now: dt.datetime, zone: str, days: int = 6) -> str:
        """From today on, with the days on which it is closed."""
        return self._text(now, zone, days, lambda day: day.trading)

    def liquid_hours(self, now: dt.datetime, zone: str, days: int = 6) -> str:
        """The regular ones."""
        return self._text(now, zone, days, lambda day: (day.liquid,))

    def _text(self, now: dt.datetime, zone: str, days: int, spans: Callable[[ExchangeDay], tuple[Span, ...]]) -> str:
        first = now.astimezone(ZoneInfo(zone)).date()
        dates = [first + n * _ONE_DAY for n in range(days)]
        return ";".join(
            ",".join(wall(span, zone) for span in spans(self._made(date)))
            if self.is_day(date)
            else f"{date:%Y%m%d}:CLOSED"
            for date in dates
        )

    def _make(self, date: dt.date) -> ExchangeDay:
        before = date - _ONE_DAY
        while not self.is_day(before):
            before -= _ONE_DAY
        regular, liquid, trading = self._spans(date)
        begins = self._spans(before)[2][-1][1]
        return ExchangeDay(date, begins, *regular, trading[-1][1], trading, liquid)

    def _spans(self, date: dt.date) -> tuple[Span, Span, tuple[Span, ...]]:
        session = self._sessions.get(date)
        if session is None:
            opens, closes = (dt.datetime.combine(date, at, NEW_YORK) for at in self._usual)
        else:
            opens, closes = (dt.datetime.fromtimestamp(at, NEW_YORK) for at in session)
        regular, liquid, trading = self._shape(date, opens, closes)
        return _utc(regular), _utc(liquid), tuple(_utc(span) for span in trading)


class EveryDay(ExchangeDays):
    """A session of the same hours on every date."""

    def __init__(self, opens: dt.time, closes: dt.time) -> None:
        super().__init__(
            {}, lambda _, opens, closes: ((opens, closes), (opens, closes), ((opens, closes),)), (opens, closes)
        )

    def is_day(self, date: dt.date) -> bool:
        """Every date is one."""
        return True


def _utc(span: Span) -> Span:
    return span[0].astimezone(dt.UTC), span[1].astimezone(dt.UTC)
