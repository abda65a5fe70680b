"""The past in hours as exchanges keep them: nights, weekends, a holiday, a half day."""

import datetime as dt

import pytest

from gateway.simulator.history import series, sessions
from gateway.simulator.history.durations import read_duration
from gateway.simulator.history.sizes import BarSize, bar_size
from gateway.simulator.market.bars import Bar
from gateway.simulator.market.calendar import NEW_YORK
from gateway.simulator.market.hours import exchanges
from gateway.simulator.market.process import STEP_SECONDS, step_at

HOLIDAYS = (dt.date(2026, 2, 16), dt.date(2026, 4, 3), dt.date(2026, 11, 26))
"""Presidents' Day, Good Friday, Thanksgiving; the day after the last is a half one."""
HALF_DAY = dt.date(2026, 11, 27)


def _session(date: dt.date) -> tuple[int, int]:
    closes = dt.time(13, 0) if date == HALF_DAY else dt.time(16, 0)
    opened, closed = (dt.datetime.combine(date, at, NEW_YORK) for at in (dt.time(9, 30), closes))
    return int(opened.timestamp()), int(closed.timestamp())


DATES = [dt.date(2026, 1, 2) + dt.timedelta(days=n) for n in range(360)]
NYSE = {date: _session(date) for date in DATES if date.weekday() < 5 and date not in HOLIDAYS}
STOCKS = exchanges({"XNYS": NYSE, "XCBF": NYSE, "CMES": NYSE})["stock"]
FUTURES = exchanges({"XNYS": NYSE, "XCBF": NYSE, "CMES": {}})["future"]


def at(text: str) -> dt.datetime:
    """A moment in New York."""
    return dt.datetime.strptime(text, "%Y%m%d %H:%M").replace(tzinfo=NEW_YORK)


def flat(begin: int, end: int) -> Bar:
    """A bar that says how many seconds it is made of."""
    return Bar(int(begin * STEP_SECONDS), 1.0, 1.0, 1.0, 1.0, (end - begin) * STEP_SECONDS, 1.0, 1)


def starts(size: BarSize, first: dt.datetime, last: dt.datetime, *, regular: bool = True) -> list[tuple[str, float]]:
    """Start (New York) and length in hours of the bars of stocks."""
    made = series.bars(STOCKS, size, flat, first, last, regular=regular)
    return [
        (f"{dt.datetime.fromtimestamp(dated.bar.epoch, NEW_YORK):%m%d %H:%M}", dated.bar.volume / 3600)
        for dated in made
        if dated is not None
    ]


def test_the_captured_query_of_a_sunday() -> None:
    """Friday was a holiday: one day is Thursday, in seven bars."""
    end = dt.datetime(2026, 4, 5, 21, 50, tzinfo=dt.UTC)
    first = sessions.start_of(STOCKS, end, read_duration("1 D"), regular=True)
    assert starts(BarSize(3600), first, end) == [
        ("0402 09:30", 0.5),
        *((f"0402 {hour}:00", 1.0) for hour in range(10, 16)),
    ]


def test_the_captured_schedule() -> None:
    """A month back from a Saturday: 21 sessions from March 12 to April 10."""
    end = dt.datetime(2026, 4, 11, 17, 52, tzinfo=dt.UTC)
    first = sessions.start_of(STOCKS, end, read_duration("1 M"), regular=True)
    found = [session for session in sessions.between(STOCKS, first, end, regular=True) if session.opens >= first]
    assert (len(found), found[0].date, found[-1].date) == (21, dt.date(2026, 3, 12), dt.date(2026, 4, 10))


@pytest.mark.parametrize(
    ("end", "duration", "regular", "start"),
    [
        ("20261118 12:00", "1 D", True, "20261117 12:00"),
        ("20261116 12:00", "2 D", True, "20261112 12:00"),
        ("20261118 18:00", "1 D", True, "20261118 09:30"),
        ("20261118 18:00", "1 D", False, "20261117 18:00"),
        ("20261118 08:00", "1 D", True, "20261117 09:30"),
        ("20261118 08:00", "1 D", False, "20261117 08:00"),
        ("20261121 12:00", "2 D", True, "20261119 09:30"),
        ("20261127 12:00", "1 D", True, "20261125 12:00"),
        ("20261118 12:00", "1 W", True, "20261111 12:00"),
        ("20261118 12:00", "3600 S", True, "20261118 11:00"),
    ],
)
def test_where_a_query_begins(end: str, duration: str, regular: bool, start: str) -> None:
    assert sessions.start_of(STOCKS, at(end), read_duration(duration), regular=regular) == at(start)


def test_hours_of_a_half_day() -> None:
    assert starts(BarSize(3600), at("20261127 00:00"), at("20261128 00:00")) == [
        ("1127 09:30", 0.5),
        ("1127 10:00", 1.0),
        ("1127 11:00", 1.0),
        ("1127 12:00", 1.0),
    ]
    all_hours = starts(BarSize(3600), at("20261127 00:00"), at("20261128 00:00"), regular=False)
    assert (all_hours[0], all_hours[-1], len(all_hours)) == (("1127 04:00", 1.0), ("1127 16:00", 1.0), 13)


def test_days_skip_what_is_closed() -> None:
    assert starts(BarSize(period="day"), at("20261124 00:00"), at("20261201 12:00")) == [
        ("1124 09:30", 6.5),
        ("1125 09:30", 6.5),
        ("1127 09:30", 3.5),
        ("1130 09:30", 6.5),
        ("1201 09:30", 2.5),
    ]


def test_a_day_with_all_its_hours() -> None:
    assert starts(BarSize(period="day"), at("20261124 00:00"), at("20261125 00:00"), regular=False) == [
        ("1124 04:00", 16.0)
    ]


@pytest.mark.parametrize(
    ("size", "duration", "dates"),
    [
        ("1 week", "4 W", ["20261030", "20261106", "20261113", "20261118"]),
        ("1 month", "6 M", ["20260630", "20260731", "20260831", "20260930", "20261030", "20261118"]),
        ("3 months", "6 M", ["20260930", "20261118"]),
    ],
)
def test_longer_periods_carry_their_last_trading_day(size: str, duration: str, dates: list[str]) -> None:
    end, wanted = at("20261118 12:00"), bar_size(size)
    assert wanted is not None
    first = sessions.start_of(STOCKS, end, read_duration(duration), regular=True)
    made = series.bars(STOCKS, wanted, flat, first, end, regular=True)
    assert [f"{dated.date:%Y%m%d}" for dated in made if dated] == dates


def test_a_day_inside_a_week_is_its_week_so_far() -> None:
    assert starts(BarSize(period="week"), at("20261117 12:00"), at("20261118 12:00")) == [("1116 09:30", 15.5)]


def test_regular_hours_of_futures_are_those_of_stocks() -> None:
    [session] = sessions.between(FUTURES, at("20261118 10:00"), at("20261118 11:00"), regular=True)
    assert (session.opens, session.closes) == (at("20261118 09:30"), at("20261118 16:00"))
    [session] = sessions.between(FUTURES, at("20261118 10:00"), at("20261118 11:00"), regular=False)
    assert session.opens == at("20261117 18:00")


@pytest.mark.parametrize(
    ("now", "size", "running"),
    [
        ("20261118 12:07", "5 mins", ("20261118 12:05", "20261118 12:10")),
        ("20261118 09:45", "1 hour", ("20261118 09:30", "20261118 10:00")),
        ("20261118 15:59", "8 hours", ("20261118 11:00", "20261118 16:00")),
        ("20261118 12:07", "1 day", ("20261118 09:30", "20261118 16:00")),
        ("20261118 12:07", "1 week", ("20261116 09:30", "20261118 16:00")),
        ("20261118 18:00", "5 mins", None),
        ("20261121 12:00", "1 day", None),
    ],
)
def test_the_bar_that_runs(now: str, size: str, running: tuple[str, str] | None) -> None:
    wanted = bar_size(size)
    assert wanted is not None
    found = series.current(STOCKS, wanted, at(now), regular=True)
    assert found == (running and (at(running[0]), at(running[1])))


@pytest.mark.parametrize("regular", [True, False])
def test_stretches_are_the_same_from_either_end(regular: bool) -> None:
    begin, end = (step_at(at(text).timestamp()) for text in ("20261124 12:00", "20261130 10:00"))
    onward = list(sessions.stretches(STOCKS, begin, end, forward=True, regular=regular))
    back = list(sessions.stretches(STOCKS, begin, end, forward=False, regular=regular))
    assert onward == back[::-1]
    assert len(onward) == 4
    assert (onward[0][0], onward[-1][1]) == (begin, end)


def test_days_that_were_made_are_remembered() -> None:
    asked: list[tuple[int, int]] = []

    def make(begin: int, end: int) -> Bar:
        asked.append((begin, end))
        return flat(begin, end)

    known: dict[tuple[object, ...], Bar | None] = {}
    for _ in range(2):
        again = series.cached(make, known, ("SPY",), until=100)
        assert [again(0, 50), again(50, 150)] == [flat(0, 50), flat(50, 150)]
    assert asked == [(0, 50), (50, 150), (50, 150)]
