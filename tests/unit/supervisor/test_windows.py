"""Windows of maintenance and the weekly token, at the moments where they change and on the days when clocks do."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from supervisor.errors import SettingsRefused
from supervisor.windows import (
    DAYS,
    OURS,
    Reauth,
    Region,
    Window,
    calendar,
    load,
    next_opening,
    open_windows,
    parse,
    planned_restart,
    token_ended,
    token_expiry,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(**changes: Any) -> Window:
    row = {"name": "w", "zone": "America/New_York", "days": list(DAYS), "from": "00:15", "to": "01:45", **changes}
    return Window.model_validate(row)


def names(windows: tuple[Window, ...], moment: datetime) -> list[str]:
    return [span.name for span in open_windows(windows, moment)]


# -- IBKR's own --------------------------------------------------------------------------------------------------------


def test_each_of_ours_says_where_and_when_it_was_read_and_from_when_it_holds() -> None:
    rows = tomllib.loads(OURS.read_text())["window"]
    for row, made in zip(rows, parse(OURS.read_text(), "ours"), strict=True):
        assert row["source"].startswith("https://")
        assert made.read_on is not None
        assert made.valid_from > date.min
        assert made.days


@pytest.mark.parametrize(
    ("region", "moment", "expected"),
    [
        ("na", "2026-11-23T05:14", []),
        ("na", "2026-11-23T05:15", ["na-reset"]),  # Monday, 00:15 in New York
        ("na", "2026-11-23T06:44", ["na-reset"]),
        ("na", "2026-11-23T06:45", []),
        ("na", "2026-07-06T04:15", ["na-reset"]),  # an hour earlier by UTC in summer
        ("eu", "2026-11-23T05:30", ["eu-reset"]),
        ("eu", "2026-11-23T06:44", ["eu-reset"]),
        ("eu", "2026-11-23T06:45", []),
        ("apac", "2026-11-22T20:45", ["apac-reset-first"]),  # Monday, 04:45 in Hong Kong
        ("apac", "2026-11-23T12:15", ["apac-reset-second"]),
        ("na", "2026-11-23T12:15", []),
        ("na", "2026-11-28T04:00", ["weekend"]),  # Friday, 23:00 in New York
        ("eu", "2026-11-28T07:59", ["weekend"]),  # and Saturday until 03:00
        ("apac", "2026-11-28T08:00", []),
        ("na", "2026-11-28T05:30", ["weekend"]),  # no daily reset on a Saturday
        ("na", "2026-11-28T20:00", []),  # a Saturday is not masked as a whole
    ],
)
def test_when_the_regions_are_away(region: Region, moment: str, expected: list[str]) -> None:
    assert names(load(region), at(moment)) == expected


def test_what_was_not_yet_valid_is_not_open() -> None:
    assert names(load("na"), at("2024-12-16T05:30")) == []
    assert names(load("na"), at("2024-12-17T05:30")) == ["na-reset"]


# -- the edges of a window ---------------------------------------------------------------------------------------------


def test_midnight_is_crossed() -> None:
    one = window(**{"from": "23:50", "to": "00:10", "days": ["wed"]})
    open_at = [at("2026-11-26T04:50"), at("2026-11-26T05:09")]
    assert [names((one,), moment) for moment in open_at] == [["w"], ["w"]]
    assert names((one,), at("2026-11-26T04:49")) == names((one,), at("2026-11-26T05:10")) == []
    assert names((one,), at("2026-11-27T04:55")) == []  # Thursday's evening is not named


def test_a_clock_put_back_leaves_it_open_for_the_hour_that_comes_twice() -> None:
    # 2026-11-01, New York: 01:00-02:00 comes twice. 00:15 EDT is 04:15 UTC; the second 01:45 is 06:45 UTC.
    [span] = open_windows((window(),), at("2026-11-01T05:50"))
    assert (span.opens, span.closes) == (at("2026-11-01T04:15"), at("2026-11-01T06:45"))


def test_a_clock_put_forward_over_its_beginning_opens_it_at_the_change() -> None:
    # 2026-03-08, New York: 02:00-03:00 does not come.
    one = window(**{"from": "02:30", "to": "03:30"})
    [span] = open_windows((one,), at("2026-03-08T07:10"))
    assert (span.opens, span.closes) == (at("2026-03-08T07:00"), at("2026-03-08T07:30"))


def test_a_clock_put_forward_over_all_of_it_swallows_it() -> None:
    one = window(**{"from": "02:15", "to": "02:45"})
    assert names((one,), at("2026-03-08T07:00")) == []
    upcoming = next_opening((one,), at("2026-03-08T06:00"))
    assert upcoming is not None
    assert upcoming.opens == at("2026-03-09T06:15")


def test_the_next_opening_is_the_first_of_all_and_never_one_that_is_open() -> None:
    upcoming = next_opening(load("na"), at("2026-11-23T05:15"))
    assert upcoming is not None
    assert (upcoming.name, upcoming.opens) == ("na-reset", at("2026-11-24T05:15"))
    upcoming = next_opening(load("na"), at("2026-11-27T12:00"))
    assert upcoming is not None
    assert (upcoming.name, upcoming.opens) == ("weekend", at("2026-11-28T04:00"))
    assert next_opening((window(days=[]),), at("2026-11-23T05:15")) is None


def test_the_one_that_lasts_longest_is_told_first() -> None:
    short, long = window(name="short", to="01:00"), window(name="long", to="02:00")
    assert names((short, long), at("2026-11-23T05:30")) == ["long", "short"]


# -- files -------------------------------------------------------------------------------------------------------------

OWN = """
[[window]]
name = "na-reset"
zone = "America/New_York"
days = []
from = "00:15"
to = "01:45"

[[window]]
name = "broker-call"
zone = "Europe/Berlin"
days = ["sat"]
from = "10:00"
to = "12:00"
regions = ["eu"]
"""


def test_a_users_windows_stand_beside_ours_and_take_the_place_of_those_with_their_name(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(OWN)
    assert names(load("na", file), at("2026-11-23T05:30")) == []
    assert {one.name for one in load("na", file)} == {"na-reset", "weekend"}
    assert names(load("eu", file), at("2026-11-28T09:30")) == ["broker-call"]
    assert {one.name for one in load(None, file)} == {"na-reset", "broker-call"}


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"America/New_York"', '"America/New_Yorck"', "IANA zone"),
        ('"America/New_York"', '"../etc/passwd"', "IANA zone"),
        ('["sat"]', '["saturday"]', "expected a day such as mon, found 'saturday'"),
        ('"10:00"', '"10"', "expected a time such as 23:45, found '10'"),
        ('"10:00"', '"24:00"', "expected a time"),
        ('"12:00"', '"10:00"', "to differ"),
        ('["eu"]', '["mars"]', "mars"),
        ('regions = ["eu"]', 'region = ["eu"]', "region"),
        ('name = "broker-call"', 'name = "Broker Call"', "Broker Call"),
        ('"broker-call"', '"na-reset"', "na-reset twice"),
        ('[[window]]\nname = "broker', '[[door]]\nname = "broker', "nothing else"),
        ("days = []", "", "days"),
        ("zone", "zone zone", "TOML"),
    ],
)
def test_a_file_that_cannot_be_is_refused_by_name(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in OWN
    file = tmp_path / "own.toml"
    file.write_text(OWN.replace(old, new))
    with pytest.raises(SettingsRefused, match=r"own\.toml") as refused:
        load("na", file)
    assert named in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="WINDOWS_FILE"):
        load("na", tmp_path / "nowhere.toml")


# -- the gateway's own restart -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "opens"),
    [("11:45 PM", "04:45"), ("12:05 AM", "05:05"), ("00:05 AM", "05:05"), ("12:30 PM", "17:30"), ("09:00 AM", "14:00")],
)
def test_the_gateways_own_restart_is_a_planned_window(text: str, opens: str) -> None:
    [span] = open_windows((planned_restart(text, "America/New_York"),), at(f"2026-11-24T{opens}"))
    assert span.planned
    assert span.closes - span.opens == timedelta(minutes=5)


@pytest.mark.parametrize("text", ["23:45", "13:00 PM", "11:60 PM", "11:45", "0:10 AM", "9:00 AM", "11:45 pm"])
def test_a_time_that_ibc_would_not_take_is_refused(text: str) -> None:
    with pytest.raises(SettingsRefused, match="AUTO_RESTART_TIME"):
        planned_restart(text, "Etc/UTC")


def test_a_zone_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsRefused, match="TIME_ZONE"):
        planned_restart("11:45 PM", "Nowhere/Land")


# -- the weekly token --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-11-22T05:59", "2026-11-22T06:00"),  # a Sunday in winter: 01:00 EST
        ("2026-11-22T06:00", "2026-11-29T06:00"),
        ("2026-07-01T12:00", "2026-07-05T05:00"),  # 01:00 EDT
        ("2026-10-30T12:00", "2026-11-01T05:00"),  # 01:00 comes twice: the first
        ("2026-11-01T05:30", "2026-11-08T06:00"),
        ("2026-03-07T12:00", "2026-03-08T06:00"),
    ],
)
def test_the_token_ends_on_sundays_at_one_in_new_york(after: str, expected: str) -> None:
    assert token_expiry(at(after)) == at(expected)
    assert token_ended(at(expected)) == at(expected)
    assert token_ended(at(expected) - timedelta(minutes=1)) < at(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sun 17:00 America/New_York", "2026-11-22T22:00"),
        ("17:00 Europe/Berlin", "2026-11-22T16:00"),
        ("00:30 America/New_York", "2026-11-23T05:30"),  # on Sunday it came before the token's end
        ("Mon 07:30 Asia/Hong_Kong", "2026-11-22T23:30"),
        ("sat 12:00 UTC", "2026-11-28T12:00"),
    ],
)
def test_one_push_may_be_sent_at_the_first_such_moment_after_the_end(text: str, expected: str) -> None:
    seen = calendar((), token=True, reauth=Reauth.parse(text), wall_now=at("2026-11-28T13:00"))
    assert seen.token_ended_at == at("2026-11-22T06:00")
    assert seen.reauth_at == at(expected)
    assert seen.token_expires_at == at("2026-11-29T06:00")


@pytest.mark.parametrize(
    "text", ["17:00", "sunday 17:00 UTC", "sun 25:00 UTC", "sun 17:00 Nowhere/Land", "", "foo 17:00 UTC"]
)
def test_a_moment_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SettingsRefused, match="REAUTH_AT"):
        Reauth.parse(text)


def test_without_a_weekly_token_nothing_is_said_of_it() -> None:
    seen = calendar(load("na"), token=False, reauth=None, wall_now=at("2026-11-23T05:30"))
    assert (seen.token_ended_at, seen.token_expires_at, seen.reauth_at) == (None, None, None)
    assert [span.name for span in seen.open] == ["na-reset"]
    assert seen.next is not None
