"""Whether the market is open, by listed hours."""

from datetime import UTC, datetime

import pytest

from supervisor.market import is_open
from tws.times import sessions

HOURS = sessions("20261125:0930-20261125:1600;20261126:CLOSED;20261127:0930-20261127:1300", "US/Eastern")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-25T14:29:59", False),
        ("2026-11-25T14:30:00", True),
        ("2026-11-25T20:59:59", True),
        ("2026-11-25T21:00:00", False),
        ("2026-11-26T16:00:00", False),  # Thanksgiving
        ("2026-11-27T17:59:59", True),
        ("2026-11-27T18:00:00", None),  # no more is listed
        ("2026-11-30T16:00:00", None),
    ],
)
def test_it_is_open_in_the_sessions_that_are_listed(at: str, expected: bool | None) -> None:
    assert is_open(HOURS, datetime.fromisoformat(at).replace(tzinfo=UTC)) is expected


def test_nobody_knows_before_hours_are_listed() -> None:
    assert is_open((), datetime(2026, 11, 25, 16, tzinfo=UTC)) is None
