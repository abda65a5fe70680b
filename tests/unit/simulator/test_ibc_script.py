"""After a process: the decisions of IBC's start script, and the calendar that ends processes."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.simulator import nightly
from gateway.simulator.autorestart import Tokens
from gateway.simulator.ibc_script import Next, after, at_start

ONE = ("/settings/x/autorestart",)
TWO = (*ONE, "/settings/y/autorestart")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("code", "cold", "paused", "tokens", "action", "then"),
    [
        (0, False, False, (), "exit", Next.LEAVE),
        (0, False, False, ONE, "exit", Next.WARM),
        (0, False, True, ONE, "exit", Next.PAUSE),
        (0, False, True, (), "exit", Next.LEAVE),
        (0, True, False, (), "exit", Next.COLD),
        (0, True, False, ONE, "exit", Next.COLD),
        (0, False, False, TWO, "exit", Next.COLD),
        (87, False, False, (), "exit", Next.LEAVE),
        (87, False, False, (), "restart", Next.COLD),
        (88, False, False, (), "exit", Next.COLD),
        (1, False, False, (), "restart", Next.LEAVE),
    ],
)
def test_what_comes_next(code: int, cold: bool, paused: bool, tokens: tuple[str, ...], action: str, then: Next) -> None:
    found = after(code, cold, paused, tokens, action)  # type: ignore[arg-type]
    assert found.next is then
    assert found.lines[0] == f"IBC returned exit status {code}"
    assert ("IBC will restart shortly" in found.lines) is (then in (Next.COLD, Next.WARM))
    assert ("IBC will cold-restart shortly" in found.lines) is cold
    assert ("IBC is paused" in found.lines) is (then is Next.PAUSE)
    assert ("Gateway finished" in found.lines) is (then in (Next.PAUSE, Next.LEAVE))


def test_the_first_process_of_a_container() -> None:
    assert at_start(()) == (
        Next.COLD,
        ("Finding autorestart file", "autorestart file not found: full authentication will be required"),
    )
    warm = at_start(ONE)
    assert warm.next is Next.WARM
    assert warm.lines[1] == "autorestart file found at /settings/x/autorestart: authentication will not be required"
    assert at_start(TWO).next is Next.COLD


def test_a_token_on_disk(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path, "me")
    assert tokens.found() == ()
    until = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)
    tokens.write(until)
    [path] = tokens.found()
    assert Path(path).name == "autorestart"
    assert Path(path).parent.parent == tmp_path, "one folder down, where IBC's script looks"
    assert tokens.good_until() == until
    tokens.discard()
    assert tokens.found() == ()
    assert tokens.good_until() is None


def test_a_token_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path, "")
    tokens.write(dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC))
    Path(tokens.found()[0]).write_text("garbage")
    assert tokens.good_until() is None


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-11-18T17:00", "2026-11-22T06:00"),  # a Wednesday
        ("2026-11-22T05:59", "2026-11-22T06:00"),
        ("2026-11-22T06:00", "2026-11-29T06:00"),
        ("2026-10-31T12:00", "2026-11-01T05:00"),  # clocks go back an hour after it
        ("2026-03-02T12:00", "2026-03-08T06:00"),  # and forward, too
        ("2026-03-09T12:00", "2026-03-15T05:00"),
    ],
)
def test_a_weeks_token_ends_sunday_at_one_in_new_york(now: str, ends: str) -> None:
    def utc(text: str) -> dt.datetime:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)

    assert nightly.token_end(utc(now)) == utc(ends)


def test_the_daily_restart_is_by_the_gateways_own_wall() -> None:
    at, before = dt.time(23, 45), dt.datetime(2026, 10, 31, 12, tzinfo=dt.UTC)
    first = nightly.next_daily(before, at, NEW_YORK)
    second = nightly.next_daily(first, at, NEW_YORK)
    assert [moment.astimezone(NEW_YORK).strftime("%d %H:%M") for moment in (first, second)] == ["31 23:45", "01 23:45"]
    assert second - first == dt.timedelta(hours=25), "the night in which clocks go back"


def test_the_cold_restart_is_on_sundays() -> None:
    wednesday = dt.datetime(2026, 11, 18, 17, tzinfo=dt.UTC)
    found = nightly.next_sunday(wednesday, dt.time(7, 5), dt.UTC)
    assert found == dt.datetime(2026, 11, 22, 7, 5, tzinfo=dt.UTC)
    assert nightly.next_sunday(found, dt.time(7, 5), dt.UTC) == found + dt.timedelta(days=7)
