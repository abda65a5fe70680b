"""What may be asked of the past, how often, and in which words."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.errors import RequestRefused
from gateway.simulator.history import pacing
from gateway.simulator.history.checks import BarQuery, check_bars, check_ticks
from gateway.simulator.history.durations import Duration, read_duration
from gateway.simulator.history.moments import read_moment
from gateway.simulator.history.pacing import Asked
from gateway.simulator.history.sizes import LEGAL, BarSize, bar_size
from tests.unit.simulator.rig import NOON

SPY_TRADES = (756733, "SMART", "TRADES")


# -- pacing ------------------------------------------------------------------------------------------------------------


def asked(at: float, what: tuple[int, str, str] = SPY_TRADES, end: str = "") -> Asked:
    return Asked(at, what, (end, "1800 S", "5 secs", "True"))


def test_the_same_again_within_15_seconds() -> None:
    past = [asked(100.0)]
    assert pacing.violates(past, asked(114.9))
    assert not pacing.violates(past, asked(115.0))
    assert not pacing.violates(past, asked(101.0, end="20261118-12:00:00"))


def test_six_of_one_kind_within_two_seconds() -> None:
    past = [asked(100.0 + n / 10, end=str(n)) for n in range(5)]
    assert pacing.violates(past, asked(101.0, end="x"))
    assert not pacing.violates(past, asked(102.5, end="x"))
    assert not pacing.violates(past, asked(101.0, (265598, "SMART", "TRADES"), "x"))
    assert not pacing.violates(past, asked(101.0, (756733, "SMART", "BID"), "x"))
    assert not pacing.violates(past, asked(101.0, (756733, "ARCA", "TRADES"), "x"))


def test_bid_ask_counts_twice() -> None:
    both = (756733, "SMART", "BID_ASK")
    past = [asked(100.0, both, "a"), asked(100.1, both, "b")]
    assert pacing.violates(past, asked(100.2, both, "c"))
    assert not pacing.violates(past[:1], asked(100.2, both, "c"))
    thirty = [asked(100.0 + 3 * n, both, str(n)) for n in range(30)]
    assert pacing.violates(thirty, asked(200.0, end="x"))
    assert not pacing.violates(thirty[1:], asked(200.0, both, end="x"))


def test_sixty_in_ten_minutes() -> None:
    past = [asked(100.0 + 5 * n, end=str(n)) for n in range(60)]
    assert pacing.violates(past, asked(699.9, end="x"))
    assert not pacing.violates(past, asked(700.0, end="x"))
    assert pacing.still_counts(past, 700.0) == past[1:]


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 3), st.booleans()), max_size=150))
def test_what_is_let_through_keeps_the_rules(requests: list[tuple[float, int, bool]]) -> None:
    """Whatever is asked when: what gets through is never more than the rules allow."""
    past: list[Asked] = []
    now = 0.0
    for later, number, both in requests:
        now += later
        one = asked(now, (number, "SMART", "BID_ASK" if both else "TRADES"), str(number))
        if not pacing.violates(past, one):
            past.append(one)
    for one in past:
        window = [other for other in past if 0 <= one.at - other.at < 600]
        assert sum(other.weight for other in window) <= 60
        burst = [other for other in window if one.at - other.at < 2 and other.what == one.what]
        assert sum(other.weight for other in burst) < 6
    for before, after in pairwise(sorted(past, key=lambda one: (one.what, one.rest, one.at))):
        assert (before.what, before.rest) != (after.what, after.rest) or after.at - before.at >= 15


# -- durations and sizes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1 D", Duration(1, "D")),
        ("3600", Duration(3600, "S")),
        ("1800 s", Duration(1800, "S")),
        ("2 w", Duration(2, "W")),
        ("365 D", Duration(365, "D")),
        ("5 Y", Duration(5, "Y")),
    ],
)
def test_durations(text: str, read: Duration) -> None:
    assert read_duration(text) == read


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "Historical data request duration not specified."),
        ("1 day", "When specifying a unit, historical data request duration format is integer{SPACE}unit (S|D|W|M|Y)."),
        ("1D", "When specifying a unit, historical data request duration format is integer{SPACE}unit (S|D|W|M|Y)."),
        ("0 D", "Historical data requested duration is invalid."),
        ("29 S", "Historical data requested duration is invalid."),
        ("99999999999 S", "Historical data requested duration is invalid."),
        ("86401 S", "Historical data request for greater than 86400 seconds rejected."),
        ("400 D", "Historical data requests for durations longer than 365 days must be made in years."),
        ("53 W", "Historical data request for durations longer than 52 weeks must be made in years."),
        ("13 M", "Historical data request for durations longer than 12 months must be made in years."),
    ],
)
def test_durations_that_are_none(text: str, cause: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        read_duration(text)
    assert (refused.value.cause, refused.value.code) == (cause, 321)


@pytest.mark.parametrize(
    ("duration", "start"),
    [
        (Duration(600, "S"), NOON - dt.timedelta(seconds=600)),
        (Duration(2, "D"), NOON - dt.timedelta(days=2)),
        (Duration(1, "W"), NOON - dt.timedelta(weeks=1)),
        (Duration(9, "M"), NOON.replace(month=2)),
        (Duration(2, "Y"), NOON.replace(year=2024)),
    ],
)
def test_where_durations_begin(duration: Duration, start: dt.datetime) -> None:
    assert duration.before(NOON) == start


def test_a_month_before_the_31st_is_the_last_of_a_shorter_one() -> None:
    assert Duration(1, "M").before(dt.datetime(2026, 3, 31, tzinfo=dt.UTC)).day == 28


def test_every_legal_size_is_one() -> None:
    assert all(bar_size(text) for text in LEGAL.split(", "))
    assert bar_size("1 Min") == BarSize(60)
    assert bar_size("1 week") == bar_size("1 W") == BarSize(period="week")
    assert [bar_size(text) for text in ("3 months", "1 year")] == [BarSize(period="quarter"), BarSize(period="year")]
    assert not any(bar_size(text) for text in ("1 sec", "1 mins", "1 hours", "7 mins", "1min", ""))


# -- moments -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "zoned"),
    [
        ("20261118-12:00:00", "2026-11-18T12:00:00+00:00", True),
        ("20261118-12:00:00Z", "2026-11-18T12:00:00+00:00", True),
        ("20261118 12:00:00 US/Eastern", "2026-11-18T12:00:00-05:00", True),
        ("20261118 12:00:00 UTC", "2026-11-18T12:00:00+00:00", True),
        ("20261118 12:00:00", "2026-11-18T12:00:00+01:00", False),
        ("09:30:00", "2026-11-18T09:30:00+01:00", False),
        ("09:30:00 Europe/London", "2026-11-18T09:30:00+00:00", True),
    ],
)
def test_moments(text: str, at: str, zoned: bool) -> None:
    read = read_moment(text, "End Date/Time", "Europe/Berlin", NOON)
    assert read is not None
    assert (read.at, read.zoned) == (dt.datetime.fromisoformat(at), zoned)


def test_no_text_is_no_moment() -> None:
    assert read_moment("  ", "End Date/Time", "UTC", NOON) is None


@pytest.mark.parametrize(
    "text",
    [
        "20261118", "2026-11-18", "20261302 10:00:00", "20261118 25:00:00", "20261118 10:00", "19770102 10:00:00",
        "yesterday", "20261118 10:00:00 Mars/Olympus", "20261118 10:00:00 20261119", "20261118 10:00:00 ../../etc",
    ],
)  # fmt: skip
def test_moments_that_are_none(text: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        read_moment(text, "Start Date/Time", "UTC", NOON)
    assert refused.value.code == 10314
    assert refused.value.cause.startswith("Start Date/Time: The date, time, or time-zone entered is invalid.\n")


# -- the checks as a whole ---------------------------------------------------------------------------------------------


def checked(**changes: object) -> BarQuery:
    asked: dict[str, object] = {
        "sec_type": "STK", "end": "", "duration": "1 D", "size": "1 hour", "what": "TRADES", "date_format": 1,
        "live": False, "regular": False,
    }  # fmt: skip
    return check_bars(**{**asked, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "code", "cause"),
    [
        ({"what": "ADJUSTED_LAST", "end": "x"}, 321, "End date not supported with adjusted last"),
        ({"what": "ADJUSTED_LAST", "size": "1W"}, 321, "Multi day bar size not supported with adjusted last"),
        ({"size": "7 mins"}, 321, f"Historical data bar size setting is invalid. Legal ones are: {LEGAL}"),
        ({"what": "GOSSIP"}, 321, "What to show value of GOSSIP rejected."),
        ({"what": "REBATE_RATE"}, 321, "What to show value of REBATE_RATE rejected."),
        ({"date_format": 4}, 321, "Date formatting selection of 4 rejected."),
        ({"live": True, "end": "x"}, 321, "End date not supported with live updates"),
        ({"live": True, "sec_type": "BAG"}, 321, "Live updates for combos are not supported"),
        ({"live": True, "what": "BID_ASK"}, 321, "Source price not supported with live updates"),
        ({"what": "SCHEDULE"}, 321, "Only daily resolution supported for Schedule requests"),
        (
            {"sec_type": "CRYPTO"},
            10299,
            "Expected what to show is AGGTRADES, please use that instead of TRADES.",
        ),
        (
            {"sec_type": "CONTFUT", "end": "x"},
            10339,
            "Setting end date/time for continuous future security type is not allowed",
        ),
    ],
)
def test_what_is_refused(changes: dict[str, object], code: int, cause: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        checked(**changes)
    assert (refused.value.code, refused.value.cause) == (code, cause)


def test_what_is_not() -> None:
    assert checked() == BarQuery("TRADES", BarSize(3600), Duration(1, "D"), regular=False)
    assert checked(what="schedule", size="1 day").what == "SCHEDULE"
    assert checked(sec_type="OPT").regular
    assert checked(regular=True).regular


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"sec_type": "BAG"}, "Combo types are not supported"),
        ({"count": 0}, "Number of ticks must be > 0"),
        ({"what": ""}, "Source price must not be empty"),
        ({"what": "BID"}, "Invalid source price"),
    ],
)
def test_ticks_that_are_refused(changes: dict[str, object], cause: str) -> None:
    query: dict[str, object] = {"sec_type": "STK", "count": 5, "what": "TRADES", **changes}
    with pytest.raises(RequestRefused, match=cause):
        check_ticks(**query)  # type: ignore[arg-type]


def test_currencies_have_no_trades_to_show() -> None:
    assert check_ticks(sec_type="CASH", count=1, what="TRADES") == "MIDPOINT"
    assert check_ticks(sec_type="STK", count=1, what="bid_ask") == "BID_ASK"
