"""The bars of a query, one after the other."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from gateway.simulator.history import sessions
from gateway.simulator.history.sessions import Session
from gateway.simulator.history.sizes import BarSize
from gateway.simulator.market.bars import Bar, merged
from gateway.simulator.market.calendar import Calendar, ExchangeDay
from gateway.simulator.market.process import step_at

type Make = Callable[[int, int], Bar | None]
"""Makes the bar of the steps from the first to before the second; None where there is nothing to show."""

type Name = Callable[[dt.date], tuple[int, ...]]
"""Says the same of all days of one period."""

_PERIODS: dict[str, Name] = {
    "day": lambda date: (date.toordinal(),),
    "week": lambda date: date.isocalendar()[:2],
    "month": lambda date: (date.year, date.month),
    "quarter": lambda date: (date.year, (date.month - 1) // 3),
    "year": lambda date: (date.year,),
}


@dataclass(frozen=True, slots=True)
class Dated:
    """A bar and the date that bars of a day and more carry: that of their last trading day."""

    bar: Bar
    date: dt.date


def bars(
    calendar: Calendar, size: BarSize, make: Make, first: dt.datetime, last: dt.datetime, *, regular: bool
) -> Iterator[Dated | None]:
    """Bars up to `last`, from the one that holds `first`; of a day and more, from the first that begins after it. None
    for every piece of work without one, so that who asks can let others have their turn."""
    if size.intraday:
        for session in sessions.between(calendar, first, last, regular=regular):
            for begin, end in _pieces(session, size.seconds, first, last):
                made = make(step_at(begin), step_at(end))
                yield Dated(made, session.date) if made else None
        return
    name = _PERIODS[size.period or "day"]
    days = sessions.days(calendar, _period_start(calendar, first, name), last)
    newest = name(calendar.day_at(last - dt.timedelta(microseconds=1)).date)
    for period, members in groupby(days, lambda day: name(day.date)):
        parts: list[Bar] = []
        date = None
        for day in members:
            if date is None and period != newest and sessions.of_day(day, regular=regular)[0].opens < first:
                break
            whole = day_bar(day, make, last, regular=regular)
            if whole is not None:
                parts.append(whole)
                date = day.date
            yield None
        made = merged(parts)
        yield Dated(made, date) if made and date else None


def day_bar(day: ExchangeDay, make: Make, last: dt.datetime, *, regular: bool) -> Bar | None:
    """The bar of a day as far as it has come."""
    parts = []
    for session in sessions.of_day(day, regular=regular):
        begin, end = step_at(session.opens.timestamp()), step_at(min(session.closes, last).timestamp())
        if begin < end and (made := make(begin, end)) is not None:
            parts.append(made)
    return merged(parts)


def current(
    calendar: Calendar, size: BarSize, now: dt.datetime, *, regular: bool
) -> tuple[dt.datetime, dt.datetime] | None:
    """Start and end of the bar that runs at a moment; None while nothing trades."""
    day = calendar.day_at(now)
    for session in sessions.of_day(day, regular=regular):
        if session.opens <= now < session.closes:
            if not size.intraday:
                return _first_open(calendar, day, _PERIODS[size.period or "day"], regular=regular), session.closes
            start = max(_floored(now.timestamp(), size.seconds), session.opens.timestamp())
            begin = dt.datetime.fromtimestamp(start, dt.UTC)
            floor = dt.datetime.fromtimestamp(_floored(start, size.seconds), dt.UTC)
            return begin, min(floor + dt.timedelta(seconds=size.seconds), session.closes)
    return None


def _first_day(calendar: Calendar, day: ExchangeDay, name: Name) -> ExchangeDay:
    """The first trading day of the period that a day is in."""
    period = name(day.date)
    while True:
        before = calendar.day_at(day.begins - dt.timedelta(microseconds=1))
        if name(before.date) != period:
            return day
        day = before


def _first_open(calendar: Calendar, day: ExchangeDay, name: Name, *, regular: bool) -> dt.datetime:
    return sessions.of_day(_first_day(calendar, day, name), regular=regular)[0].opens


def _period_start(calendar: Calendar, first: dt.datetime, name: Name) -> dt.datetime:
    """The beginning of the period that a moment belongs to."""
    return _first_day(calendar, calendar.day_at(first), name).begins


def _floored(epoch: float, seconds: int) -> float:
    return epoch - epoch % seconds


def _pieces(session: Session, seconds: int, first: dt.datetime, last: dt.datetime) -> Iterator[tuple[float, float]]:
    """Bars of whole multiples of their length since 1970; the first of a session begins with it."""
    opens, closes = session.opens.timestamp(), min(session.closes, last).timestamp()
    start = max(_floored(max(opens, first.timestamp()), seconds), opens)
    while start < closes:
        beyond = _floored(start, seconds) + seconds
        yield start, min(beyond, closes)
        start = beyond


def cached(make: Make, known: dict[tuple[object, ...], Bar | None], key: tuple[object, ...], until: int) -> Make:
    """A maker that remembers the bars that ended before step `until`."""

    def made(begin: int, end: int) -> Bar | None:
        name = (*key, begin, end)
        if name not in known:
            found = make(begin, end)
            if end > until:
                return found
            if len(known) >= _REMEMBERED:
                known.clear()
            known[name] = found
        return known[name]

    return made


_REMEMBERED = 10_000
