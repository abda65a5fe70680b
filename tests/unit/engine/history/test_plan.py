"""What to ask of the past, what is there, and where the holes are."""

from datetime import UTC, date, datetime, timedelta

import pytest

from engine.errors import SettingsError
from engine.history.plan import Session, Span, bar_length, gaps, missing, requests, sessions

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(hour: int, minute: int = 0, day: int = 20, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


def ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9


FRIDAY = Session(date(2026, 11, 20), Span(at(14, 30), at(21)))


def test_the_gateways_schedule_is_read_in_its_own_zone() -> None:
    rows = [
        ("20261119-09:30:00", "20261119-16:00:00", "US/Eastern"),
        ("20261120-09:30:00", "20261120-16:00:00", "US/Eastern"),
        ("20261127-09:30:00", "20261127-13:00:00", "US/Eastern"),  # a half day
    ]
    found = sessions(rows, date(2026, 11, 20), date(2026, 11, 30))
    assert found[0] == FRIDAY
    assert found[1].span == Span(at(14, 30, day=27), at(18, day=27))
    assert len(found) == 2


def test_a_session_is_its_own_days_when_it_ends_at_midnight_and_over_a_change_of_the_clocks() -> None:
    rows = [("20261101-00:00:00", "20261102-00:00:00", "US/Eastern")]
    [found] = sessions(rows, date(2026, 11, 1), date(2026, 11, 1))
    assert found.span.end - found.span.begin == timedelta(hours=25)


@pytest.mark.parametrize(
    ("size", "length"), [("5-SECOND", 3600), ("10-SECOND", 14_400), ("30-SECOND", 28_800), ("1-MINUTE", 28_800)]
)
def test_no_request_is_longer_than_ibkr_allows(size: str, length: int) -> None:
    spans = requests([FRIDAY], bar_length(size), NOW)
    assert max(span.end - span.begin for span in spans) <= timedelta(seconds=length)
    assert (spans[0].begin, spans[-1].end) == (FRIDAY.span.begin, FRIDAY.span.end)
    assert [one.end for one in spans[:-1]] == [one.begin for one in spans[1:]]


def test_a_running_session_is_asked_for_up_to_its_last_whole_bar() -> None:
    [span] = requests([FRIDAY], MINUTE, at(15, 10, second=30))
    assert span == Span(at(14, 30), at(15, 9))
    assert requests([FRIDAY], MINUTE, at(14, 0)) == []


def test_what_is_there_is_not_asked_for_again() -> None:
    spans = requests([FRIDAY], MINUTE, NOW)
    assert missing(spans, []) == spans
    assert missing(spans, [(ns(at(14, 30)) + 1, ns(at(21)))]) == []
    assert missing(spans, [(ns(at(14, 30)), ns(at(21)) - 1)]) == []


def test_what_is_there_in_part_is_asked_for_in_part() -> None:
    spans = requests([FRIDAY], MINUTE, NOW)
    known = [(ns(at(15)) + 1, ns(at(16))), (ns(at(16)) + 1, ns(at(17)))]
    assert missing(spans, known) == [Span(at(14, 30), at(15)), Span(at(17), at(21))]


def test_holes_are_found_at_the_beginning_in_the_middle_and_at_the_end() -> None:
    every = [int((FRIDAY.span.begin + n * MINUTE).timestamp()) for n in range(1, 391)]
    assert gaps([FRIDAY], every, MINUTE, NOW) == []
    holed = every[3:100] + every[110:380]
    assert [str(gap) for gap in gaps([FRIDAY], holed, MINUTE, NOW)] == [
        "2026-11-20 14:30:00 to 14:34:00 UTC",
        "2026-11-20 16:10:00 to 16:21:00 UTC",
        "2026-11-20 20:50:00 to 21:00:00 UTC",
    ]
    assert gaps([FRIDAY], [], MINUTE, NOW) == [FRIDAY.span]
    assert gaps([FRIDAY], [], MINUTE, at(14)) == []


@pytest.mark.parametrize("size", ["1-SECOND", "7-MINUTE", "1-DAY", "MINUTE", "x-MINUTE", ""])
def test_a_size_that_there_is_not_is_refused_with_those_that_there_are(size: str) -> None:
    with pytest.raises(SettingsError, match="1-MINUTE"):
        bar_length(size)
