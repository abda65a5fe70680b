"""Exchange hours as contract details tell them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from engine.hours import close_on, cut_off, is_open

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


def option(date: str, liquid: str, expiry: datetime, zone: str = "US/Eastern") -> Any:
    info = {"liquidHours": liquid, "timeZoneId": zone, "contract": {"lastTradeDateOrContractMonth": date}}
    return SimpleNamespace(expiration_ns=int(expiry.timestamp() * 1e9), info=info)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


_SPXW = "20261122:1915-20261123:0825;20261123:0830-20261123:{};20261123:1515-20261123:1600"


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        # In Chicago, with the night before it and the curb session behind it: an SPXW stops with the stocks.
        (_SPXW.format("1500"), utc(2026, 11, 23, 20, 55)),
        (_SPXW.format("1515"), utc(2026, 11, 23, 20, 55)),
        ("20261123:0830-20261123:1215", utc(2026, 11, 23, 17, 55)),
        # What opens with no stock is as long as it is.
        ("20261122:1700-20261123:1600", utc(2026, 11, 23, 21, 55)),
    ],
)
def test_the_cut_off_of_what_chicago_lists(hours: str, expected: datetime) -> None:
    assert cut_off(option("20261123", hours, utc(2026, 12, 31), "US/Central")) == expected


@pytest.mark.parametrize(
    ("date", "liquid", "expected"),
    [
        # Options on SPY are quoted to 16:15; 15:55 counts all the same. In winter New York is UTC-5, in summer -4.
        ("20261123", "20261123:0930-20261123:1615;20261124:0930-20261124:1615", utc(2026, 11, 23, 20, 55)),
        ("20260709", "20260709:0930-20260709:1600", utc(2026, 7, 9, 19, 55)),
        # The last sessions before and the first after either change of the clocks.
        ("20260306", "20260306:0930-20260306:1615;20260307:CLOSED", utc(2026, 3, 6, 20, 55)),
        ("20260309", "20260308:CLOSED;20260309:0930-20260309:1615", utc(2026, 3, 9, 19, 55)),
        ("20261030", "20261030:0930-20261030:1615", utc(2026, 10, 30, 19, 55)),
        ("20261102", "20261101:CLOSED;20261102:0930-20261102:1615", utc(2026, 11, 2, 20, 55)),
        # The half day after Thanksgiving, between a holiday and a Monday that closes at its usual hour.
        (
            "20261127",
            "20261126:CLOSED;20261127:0930-20261127:1315;20261128:CLOSED;20261130:0930-20261130:1615",
            utc(2026, 11, 27, 17, 55),
        ),
        # A day that begins the evening before, as the stand-in's world that never closes has it.
        ("20261123", "20261122:0345-20261123:0345;20261123:0345-20261124:0345", utc(2026, 11, 23, 8, 40)),
    ],
)
def test_cut_off(date: str, liquid: str, expected: datetime) -> None:
    late = utc(2026, 12, 31)
    assert cut_off(option(date, liquid, late)) == expected


def test_the_adapters_expiry_counts_only_where_the_hours_do_not_tell() -> None:
    expiry = utc(2026, 11, 23, 21)
    assert cut_off(option("20261123", "20261124:0930-20261124:1600", expiry)) == utc(2026, 11, 23, 20, 55)
    assert cut_off(SimpleNamespace(expiration_ns=0, info=None)) is None
    # An hour that somebody has put right is earlier; a midnight that the adapter has made up is no hour at all.
    day = "20261123:0930-20261123:1600"
    assert cut_off(option("20261123", day, utc(2026, 11, 23, 18))) == utc(2026, 11, 23, 17, 55)
    assert cut_off(option("20261123", day, utc(2026, 11, 23))) == utc(2026, 11, 23, 20, 55)


def test_the_last_of_several_segments_closes_the_day() -> None:
    hours = "20261123:0930-20261123:1130;20261123:1300-20261123:1500;20261124:CLOSED"
    assert close_on(hours, "Asia/Tokyo", "20261123") == utc(2026, 11, 23, 6)
    assert close_on("rubbish", "Mars/Olympus", "20261123") is None
