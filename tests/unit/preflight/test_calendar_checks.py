"""Checks of the group calendar, at moments of real weeks. Each warns for its own reason; none stops an engine."""

from datetime import UTC, datetime
from typing import Any

import pytest

from preflight.check import Answer, Check, Site
from preflight.checks import clock_change, definitions, maintenance, session
from preflight.errors import NotSeen
from preflight.report import Result
from preflight.sources.local import LocalHost
from tests.unit.preflight.told import Told, Watched, settings


def hours(*days: str) -> str:
    """Days such as 20261125, a short one as 20261127-1300, a closed one as 20261126:CLOSED."""
    parts = []
    for day in days:
        date, _, close = day.partition("-")
        parts.append(day if "CLOSED" in day else f"{date}:0930-{date}:{close or '1600'}")
    return ";".join(parts)


THANKSGIVING = hours("20261125", "20261126:CLOSED", "20261127-1300", "20261128:CLOSED", "20261129:CLOSED", "20261130")


async def ask(check: Check, moment: str, trades: str, watched: Watched | None = None, **told: Any) -> Answer:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    given = settings()
    answer = await check.ask(Site(given, Told(trades=trades, **told), LocalHost(given), watched or Watched(), now))
    assert set(answer.remedies) <= set(check.remedies)
    return answer


@pytest.mark.parametrize(
    ("moment", "result", "found"),
    [
        ("2026-11-25T14:07", Result.PASS, "opens in 23 min, Wed 09:30 US/Eastern (14:30 UTC)"),
        ("2026-11-25T15:00", Result.PASS, "open, closes in 6 h 0 min"),
        ("2026-11-25T20:45", Result.WARN, "open, closes in 15 min"),
        ("2026-11-25T21:30", Result.PASS, "today's is over; the next opens in 41 h 0 min, Fri 09:30"),
        ("2026-11-26T15:00", Result.WARN, "none on Thursday, 2026-11-26; the next opens in 23 h 30 min"),
        ("2026-11-27T14:00", Result.WARN, "closes Fri 13:00 US/Eastern (18:00 UTC); shorter than other days"),
        ("2026-11-27T15:00", Result.WARN, "shorter than other days"),
    ],
)
async def test_the_session(moment: str, result: Result, found: str) -> None:
    answer = await ask(session.CHECK, moment, THANKSGIVING)
    assert answer.result is result, answer
    assert found in answer.found


async def test_a_world_that_never_closes_is_open() -> None:
    around = "20261121:1730-20261122:1730;20261122:1730-20261123:1730"
    assert (await ask(session.CHECK, "2026-11-22T23:00", around)).result is Result.PASS


async def test_midnight_belongs_to_the_day_that_it_ends() -> None:
    until_midnight = "20261122:0000-20261123:0000;20261124:0000-20261125:0000"
    assert (await ask(session.CHECK, "2026-11-23T15:00", until_midnight)).result is Result.WARN


async def test_hours_that_cannot_be_read_are_not_seen() -> None:
    with pytest.raises(NotSeen):
        await ask(session.CHECK, "2026-11-25T15:00", "")


@pytest.mark.parametrize(
    ("moment", "result"),
    [
        ("2026-10-28T14:00", Result.PASS),
        ("2026-10-30T14:00", Result.WARN),  # on Sunday clocks go back in New York
        ("2026-11-02T14:00", Result.WARN),
        ("2026-11-03T14:00", Result.PASS),
    ],
)
async def test_clocks_that_change(moment: str, result: Result) -> None:
    answer = await ask(clock_change.CHECK, moment, hours("20261030", "20261102"))
    assert answer.result is result
    if result is Result.WARN:
        assert answer.found == "the exchange's clock (US/Eastern) goes back by 1 h on Sun 2026-11-01"


async def test_the_gateways_own_zone_changes_in_another_week() -> None:
    answer = await ask(
        clock_change.CHECK, "2026-10-23T14:00", hours("20261023"), time="20261023 16:00:00 Europe/Berlin"
    )
    assert answer.found == "the gateway's clock (Europe/Berlin) goes back by 1 h on Sun 2026-10-25"


OPEN = {"open": [{"name": "na-reset", "planned": False, "closes_at": "2026-11-25T15:30:00Z"}], "next": None}


def next_at(moment: str) -> dict[str, Any]:
    return {"open": [], "next": {"name": "auto-restart", "opens_at": moment}}


@pytest.mark.parametrize(
    ("windows", "token", "found"),
    [
        (OPEN, None, "na-reset is open until 15:30 UTC"),
        (next_at("2026-11-25T20:00:00Z"), None, "auto-restart opens 20:00 UTC"),
        (next_at("2026-11-25T21:30:00Z"), None, None),
        ({}, {"expires_at": "2026-11-25T20:00:00Z"}, "this week's login ends 20:00 UTC"),
        ({}, {"expires_at": "2026-11-29T06:00:00Z"}, None),
        ({}, None, None),
    ],
)
async def test_what_comes_before_the_close(windows: Any, token: Any, found: str | None) -> None:
    watched = Watched(windows=windows, weekly_token=token)
    answer = await ask(maintenance.CHECK, "2026-11-25T15:00", THANKSGIVING, watched)
    assert (answer.result, answer.found) == ((Result.WARN, found) if found else (Result.PASS, "none of them"))


@pytest.mark.parametrize("moment", ["2026-11-26T15:00", "2026-11-25T21:30"])
async def test_without_a_session_left_nothing_is_in_its_way(moment: str) -> None:
    assert (await ask(maintenance.CHECK, moment, THANKSGIVING, Watched(windows=OPEN))).result is Result.PASS


def started(at: str, login: str | None = None) -> Watched:
    return Watched({"container": {"started_at": at, "restarts": 0}}, login={"since": login})


@pytest.mark.parametrize(
    ("watched", "result"),
    [
        (started("2026-11-25T04:45:00Z"), Result.PASS),
        (started("2026-11-20T04:45:00Z"), Result.WARN),
        (started("2026-11-20T04:45:00Z", "2026-11-25T04:46:00Z"), Result.PASS),  # a soft restart keeps the container
        (Watched({"container": None}, login={"since": None}), Result.PASS),
        (Watched(silent=True), Result.PASS),
    ],
)
async def test_definitions_are_as_old_as_the_gateways_start(watched: Watched, result: Result) -> None:
    answer = await ask(definitions.CHECK, "2026-11-25T15:00", THANKSGIVING, watched)
    assert answer.result is result, answer
    assert answer.found.startswith("hours begin with 2026-11-25")


async def test_hours_of_yesterday_are_old_definitions() -> None:
    answer = await ask(definitions.CHECK, "2026-11-26T15:00", THANKSGIVING, started("2026-11-26T04:45:00Z"))
    assert answer.result is Result.WARN
    assert "which is over" in answer.found
    closed = THANKSGIVING.partition(";")[2]
    answer = await ask(definitions.CHECK, "2026-11-26T15:00", closed, started("2026-11-26T04:45:00Z"))
    assert answer.result is Result.PASS
