"""Windows against a walk through the year, minute by minute: what the clock on the wall shows is all that it knows."""

from array import array
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from supervisor.windows import DAYS, Window, next_opening, open_windows, token_expiry

# Changes at 2, 1, 0 and 3 o'clock, of an hour and of half an hour, in both halves of the world; and none at all.
ZONES = (
    *("America/New_York", "Europe/Zurich", "Asia/Hong_Kong", "Australia/Lord_Howe", "America/Santiago"),
    *("Africa/Cairo", "Pacific/Chatham", "Europe/Dublin", "Asia/Kathmandu", "UTC"),
)
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = 365 * 24 * 60
_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 (a wall clock's)
_DAY = 24 * 60


@cache
def shown(zone: str) -> array[int]:
    """What the zone's clock shows at each minute of the year, as minutes since a Monday. Clocks change on quarters."""
    where = ZoneInfo(zone)
    out = array("l")
    for minute in range(0, MINUTES, 15):
        wall = (START + timedelta(minutes=minute)).astimezone(where).replace(tzinfo=None)
        first = int((wall - _MONDAY) / timedelta(minutes=1))
        out.extend(range(first, first + 15))
    return out


def walked(zone: str, days: frozenset[int], opens: int, closes: int, first: int, last: int) -> list[tuple[int, int]]:
    """The spans of the window, by walking from minute `first` to `last`: open from the first minute that shows its
    beginning or later, until after the last one that shows less than its end."""
    clock = shown(zone)
    spans = []
    for day in range(clock[first] // _DAY - 1, clock[last - 1] // _DAY + 1):
        if day % 7 in days:
            start = day * _DAY + opens
            end = day * _DAY + closes + (_DAY if closes <= opens else 0)
            began = next((minute for minute in range(first, last) if clock[minute] >= start), last)
            ended = next((minute + 1 for minute in range(last - 1, first - 1, -1) if clock[minute] < end), first)
            if began < ended:
                spans.append((began, ended))
    return spans


type Case = tuple[str, int, int, int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A zone, a minute of the year, and a window's hours: any, or all of them about a change of the zone's clock."""
    zone = draw(st.sampled_from(ZONES))
    clock = shown(zone)
    changes = [m for m in range(5 * _DAY, MINUTES - 14 * _DAY) if clock[m] - clock[m - 1] != 1]
    change = draw(st.sampled_from([0, *changes]))
    if change:
        about = st.integers(-120, 120)
        minute = change + draw(about)
        opens, closes = ((clock[change] + draw(about)) % _DAY for _ in range(2))
    else:
        minute = draw(st.integers(4 * _DAY, MINUTES - 13 * _DAY))
        opens, closes = draw(st.integers(0, _DAY - 1)), draw(st.integers(0, _DAY - 1))
    return zone, minute, opens, closes if closes != opens else (opens + 1) % _DAY


@example(("America/New_York", 66 * _DAY + 7 * 60 + 10, 150, 210), frozenset({6}))  # 02:30 does not come
@example(("America/New_York", 304 * _DAY + 6 * 60, 15, 105), frozenset({6}))  # 01:45 comes twice
@settings(max_examples=80, deadline=None)
@given(cases(), st.one_of(st.just(frozenset(range(7))), st.frozensets(st.integers(0, 6), min_size=1)))
def test_it_agrees_with_a_walk_through_the_minutes(case: Case, days: frozenset[int]) -> None:
    zone, minute, opens, closes = case
    window = Window.model_validate(
        {
            "name": "w",
            "zone": zone,
            "days": [DAYS[day] for day in days],
            "from": f"{opens // 60:02}:{opens % 60:02}",
            "to": f"{closes // 60:02}:{closes % 60:02}",
        }
    )
    now = START + timedelta(minutes=minute)
    spans = walked(zone, days, opens, closes, minute - 3 * _DAY, minute + 12 * _DAY)

    # A clock that is put back can have two days' windows open at once.
    expected = sorted(began_ended for began_ended in spans if began_ended[0] <= minute < began_ended[1])
    found = open_windows((window,), now)
    assert sorted((_minute(span.opens), _minute(span.closes)) for span in found) == expected
    upcoming = next_opening((window,), now)
    later = [began for began, _ in spans if began > minute]
    assert (_minute(upcoming.opens) if upcoming else None) == (min(later) if later else None)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, MINUTES - 8 * _DAY))
def test_the_token_ends_at_the_first_sunday_at_one_that_the_clock_shows(minute: int) -> None:
    clock = shown("America/New_York")
    week = range(minute + 1, minute + 8 * _DAY)
    expected = next(m for m in week if clock[m] % (7 * _DAY) == 6 * _DAY + 60 and 60 not in _just_shown(clock, m))
    assert _minute(token_expiry(START + timedelta(minutes=minute))) == expected


def _just_shown(clock: array[int], minute: int) -> set[int]:
    """What the clock showed an hour ago, as a minute of the day: the same again, if it was put back since."""
    return {clock[minute - 60] % _DAY} if minute >= 60 else set()


def _minute(moment: datetime) -> int:
    return int((moment - START) / timedelta(minutes=1))
