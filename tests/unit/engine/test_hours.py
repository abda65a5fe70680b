"""Exchange hours as contract details tell them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.hours import is_open

WEEK = "20261123:0400-20261123:2000;20261124:CLOSED;20261125:0400-20261125:2000"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(23, 14), True),
        (at(23, 9), True),  # 04:00 in New York, the first minute
        (at(23, 8, 59), False),
        (at(24, 1), False),  # 20:00 on the 23rd
        (at(24, 15), False),  # closed all day
        (at(26, 15), None),  # not covered: unknown, not closed
        (at(22, 15), None),
    ],
)
def test_segments(now: datetime, expected: bool | None) -> None:
    assert is_open(WEEK, "America/New_York", now) is expected


def test_a_segment_may_run_over_midnight() -> None:
    assert is_open("20261122:1800-20261123:1700", "America/New_York", at(23, 3)) is True


def test_an_unknown_zone_is_read_as_utc_and_nonsense_as_unknown() -> None:
    assert is_open("20261123:0400-20261123:2000", "Mars/Olympus", at(23, 5)) is True
    assert is_open("rubbish", "UTC", at(23, 5)) is None
    assert is_open("", "UTC", at(23, 5)) is None
