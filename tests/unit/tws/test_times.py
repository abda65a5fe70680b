"""Zones as gateways name them, and the forms of a bar's time. The readings are captures of real gateways."""

from datetime import UTC, datetime, timedelta

import pytest

from tws.errors import ProtocolError
from tws.times import TimeForm, bar_time_form, parse_connection_time, session_end, sessions

NOW = datetime(2026, 11, 22, 15, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "Universal", "Coordinated Universal Time"])
def test_names_that_mean_utc(zone: str) -> None:
    time = parse_connection_time(f"20261122 15:00:01 {zone}")
    assert time.is_utc
    assert time.zone is UTC
    assert time.skew(NOW) == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("20261122 10:00:00 Eastern Standard Time", -5),
        ("20261122 16:00:02 Central European Standard Time", 1),
        ("20261122 23:00:00 \xd6\xd0\xb9\xfa\xb1\xea\xd7\xbc\xca\xb1\xbc\xe4", 8),
        ("20261122 10:00:00 America/New_York", -5),
        ("20261122 15:00:00 Greenwich Mean Time", 0),
    ],
)
def test_other_names_are_not_utc_and_their_offset_is_inferred(text: str, hours: int) -> None:
    time = parse_connection_time(text)
    assert not time.is_utc
    assert time.offset(NOW) == timedelta(hours=hours)
    assert abs(time.skew(NOW)) <= timedelta(seconds=2)


def test_an_iana_name_gives_a_zone_and_a_display_name_none() -> None:
    assert str(parse_connection_time("20261122 10:00:00 America/New_York").zone) == "America/New_York"
    assert parse_connection_time("20261122 10:00:00 Eastern Standard Time").zone is None


@pytest.mark.parametrize("text", ["", "20261122", "20261122 15:00:00", "20261322 15:00:00 UTC", "now UTC"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="expected"):
        parse_connection_time(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("20261001-13:30:00", TimeForm.UTC_DASH),
        ("20261001 09:30:00 US/Eastern", TimeForm.ZONED),
        ("20230224  12:04:56", TimeForm.LEGACY),
        ("20260902", TimeForm.DATE),
        ("1775425766", TimeForm.EPOCH),
    ],
)
def test_forms_of_a_bars_time(text: str, form: TimeForm) -> None:
    assert bar_time_form(text) is form


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ProtocolError, match="expected a time"):
        bar_time_form("yesterday")


HOURS = "20261123:0930-20261123:1615;20261124:CLOSED;20261125:0930-20261125:1200;20261125:1215-20261125:1300"


@pytest.mark.parametrize(
    ("date", "zone", "end"),
    [
        ("20261123", "US/Eastern", datetime(2026, 11, 23, 21, 15, tzinfo=UTC)),
        ("20261123 16:15:00", "US/Eastern", datetime(2026, 11, 23, 21, 15, tzinfo=UTC)),
        ("20261125", "America/New_York", datetime(2026, 11, 25, 18, 0, tzinfo=UTC)),
        ("20261124", "US/Eastern", None),
        ("20270101", "US/Eastern", None),
        ("", "US/Eastern", None),
        ("20261123", "Nowhere/Land", None),
        ("20261123", "", None),
    ],
)
def test_a_contracts_last_session_ends(date: str, zone: str, end: datetime | None) -> None:
    assert session_end(date, HOURS, zone) == end


@pytest.mark.parametrize("hours", ["", "nonsense", "20261123:0930-20261123:late"])
def test_hours_that_tell_nothing(hours: str) -> None:
    assert session_end("20261123", hours, "US/Eastern") is None


def test_the_sessions_of_the_next_days() -> None:
    found = [(begin.astimezone(UTC), end.astimezone(UTC)) for begin, end in sessions(HOURS, "US/Eastern")]
    assert found == [
        (datetime(2026, 11, 23, 14, 30, tzinfo=UTC), datetime(2026, 11, 23, 21, 15, tzinfo=UTC)),
        (datetime(2026, 11, 25, 14, 30, tzinfo=UTC), datetime(2026, 11, 25, 17, 0, tzinfo=UTC)),
        (datetime(2026, 11, 25, 17, 15, tzinfo=UTC), datetime(2026, 11, 25, 18, 0, tzinfo=UTC)),
    ]


def test_a_day_that_cannot_be_read_hides_no_other() -> None:
    assert len(sessions("20261123:0930-20261123:late;20261124:0930-20261124:1600", "US/Eastern")) == 1
