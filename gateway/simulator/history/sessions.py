"""The trading days and hours that a query spans, and where a duration of days begins."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.simulator.history.durations import Duration
from gateway.simulator.market.calendar import Calendar, ExchangeDay
from gateway.simulator.market.process import STEP_SECONDS, step_at

_TICK = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Session:
    """One stretch in which an instrument trades; a day can have several."""

    date: dt.date
    opens: dt.datetime
    closes: dt.datetime


def of_day(day: ExchangeDay, *, regular: bool) -> list[Session]:
    """A day's sessions: the regular one, or all hours in which it trades."""
    if regular:
        return [Session(day.date, *day.liquid)]
    return [Session(day.date, start, stop) for start, stop in day.trading]


def days(calendar: Calendar, first: dt.datetime, last: dt.datetime) -> Iterator[ExchangeDay]:
    """The trading days from the one that `first` belongs to, to the one that has begun before `last`."""
    day = calendar.day_at(first)
    while day.begins < last:
        yield day
        day = calendar.day_at(day.ends)


def between(calendar: Calendar, first: dt.datetime, last: dt.datetime, *, regular: bool) -> Iterator[Session]:
    """The sessions that overlap a span, whole."""
    for day in days(calendar, first, last):
        for session in of_day(day, regular=regular):
            if session.closes > first and session.opens < last:
                yield session


def start_of(calendar: Calendar, end: dt.datetime, duration: Duration, *, regular: bool) -> dt.datetime:
    """Where a query begins that ends at `end` (aware) and goes back so far.

    Days are trading days: from within one, to the same time of the day so many before; from outside, so many whole
    ones (a captured query for one day, made on a Sunday, gave Thursday's session: Friday was a holiday). All other
    units are of the calendar.
    """
    if duration.unit != "D":
        return duration.before(end)
    day = calendar.day_at(end)
    opens = of_day(day, regular=regular)[0].opens
    if end <= opens:
        day = calendar.day_at(day.begins - _TICK)
        opens = of_day(day, regular=regular)[0].opens
        end = day.ends
    inside = end < of_day(day, regular=regular)[-1].closes
    for _ in range(duration.count if inside else duration.count - 1):
        day = calendar.day_at(day.begins - _TICK)
    start = of_day(day, regular=regular)[0].opens
    return start + (end - opens) if inside else start


def stretches(calendar: Calendar, begin: int, end: int, *, forward: bool, regular: bool) -> Iterator[tuple[int, int]]:
    """The parts of a span of market steps in which an instrument trades, from its beginning on or back from its
    end."""
    first, last = (dt.datetime.fromtimestamp(step * STEP_SECONDS, dt.UTC) for step in (begin, end))
    day = calendar.day_at(first if forward else last - _TICK)
    while day.begins < last if forward else day.ends > first:
        found = of_day(day, regular=regular)
        for session in found if forward else found[::-1]:
            start, stop = max(step_at(session.opens.timestamp()), begin), min(step_at(session.closes.timestamp()), end)
            if start < stop:
                yield start, stop
        day = calendar.day_at(day.ends if forward else day.begins - _TICK)
