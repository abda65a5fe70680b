"""When options and futures expire, by the exchanges' published rules.

Holidays come from the calendar that is asked. In the world that never closes every day is a trading day, and daily
expiries are there on every one of them.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping

from gateway.simulator.market.calendar import Calendar

_ONE_DAY = dt.timedelta(days=1)
_DAYS_AHEAD = 10
_FRIDAYS_AHEAD = 4
_MONTHS_AHEAD = 12


def at_or_before(calendar: Calendar, date: dt.date) -> dt.date:
    """That day, or the trading day before it where it is a holiday."""
    while not calendar.is_day(date):
        date -= _ONE_DAY
    return date


def days_before(calendar: Calendar, date: dt.date, count: int) -> dt.date:
    """The trading day `count` trading days before a date; weekends never count, not even where the world is open."""
    while count:
        date -= _ONE_DAY
        if date.weekday() < 5 and calendar.is_day(date):
            count -= 1
    return date


def third_friday(year: int, month: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(4 - first.weekday()) % 7 + 14)


def months_from(date: dt.date, count: int) -> Iterator[tuple[int, int]]:
    """Year and month of that date and of those after it."""
    for n in range(count):
        month = date.month - 1 + n
        yield date.year + month // 12, month % 12 + 1


def _monthlies(calendar: Calendar, first: dt.date) -> list[dt.date]:
    fridays = [at_or_before(calendar, third_friday(*month)) for month in months_from(first, _MONTHS_AHEAD)]
    return [day for day in fridays if day >= first]


def _fridays(calendar: Calendar, after: dt.date, count: int) -> list[dt.date]:
    friday = after + dt.timedelta(days=(4 - after.weekday()) % 7)
    return [at_or_before(calendar, friday + dt.timedelta(weeks=n)) for n in range(count)]


def _daily(calendar: Calendar, first: dt.date) -> list[dt.date]:
    days, day = [first], first
    while len(days) <= _DAYS_AHEAD:
        day += _ONE_DAY
        if calendar.is_day(day):
            days.append(day)
    return [*days, *_fridays(calendar, days[-1] + _ONE_DAY, _FRIDAYS_AHEAD), *_monthlies(calendar, first)]


def _weekly(calendar: Calendar, first: dt.date) -> list[dt.date]:
    fridays = [day for day in _fridays(calendar, first, 2 * _FRIDAYS_AHEAD) if day >= first]
    return [*fridays, *_monthlies(calendar, first)]


def _opening(calendar: Calendar, first: dt.date) -> list[dt.date]:
    """Monthlies that are settled on the third Friday's opening trade the last time on the day before."""
    days = [days_before(calendar, day, 1) for day in _monthlies(calendar, first)]
    return [day for day in days if day >= first]


def _volatility(calendar: Calendar, first: dt.date) -> list[dt.date]:
    """The day before the Wednesday that is 30 days before the third Friday of the month after (Cboe's rule for VIX)."""
    days = []
    for year, month in months_from(first, _MONTHS_AHEAD):
        following = third_friday(year + month // 12, month % 12 + 1)
        days.append(days_before(calendar, following - dt.timedelta(days=30), 1))
    return [day for day in days if day >= first]


def _quarterly(calendar: Calendar, first: dt.date) -> list[dt.date]:
    return [day for day in _monthlies(calendar, first) if day.month % 3 == 0]


def _fridays_without_quarterlies(calendar: Calendar, first: dt.date) -> list[dt.date]:
    quarterlies = {at_or_before(calendar, third_friday(*month)) for month in months_from(first, 4)}
    days = [*_fridays(calendar, first, _FRIDAYS_AHEAD), *(d for d in _monthlies(calendar, first) if d.month % 3)]
    return [day for day in days if day >= first and not (day in quarterlies and day.month % 3 == 0)]


SCHEDULES: Mapping[str, Callable[[Calendar, dt.date], list[dt.date]]] = {
    "daily": _daily,
    "weekly": _weekly,
    "opening": _opening,
    "volatility": _volatility,
    "quarterly": _quarterly,
    "fridays": _fridays_without_quarterlies,
}
"""From the first day that may be listed to every last trading day, unsorted and perhaps twice."""


def listed(calendar: Calendar, schedule: str, now: dt.datetime) -> list[dt.date]:
    """The expiries that are listed at a moment, soonest first."""
    today = calendar.day_at(now)
    first = today.date if now < today.closes else today.date + _ONE_DAY
    while not calendar.is_day(first):
        first += _ONE_DAY
    return sorted(set(SCHEDULES[schedule](calendar, first)))
