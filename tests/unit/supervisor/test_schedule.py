"""PREFLIGHT_AT: at that time by the exchange's clock, on days with a session, once each."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from supervisor.errors import SettingsRefused
from supervisor.schedule import Daily, keep

CHICAGO = Daily.parse("08:10 America/Chicago")


class Enough(Exception):
    pass


class HandClock:
    """Time that passes only while somebody sleeps. `jumps` are steps of the wall clock, by the hour of their coming."""

    def __init__(self, begin: str, days: float, jumps: dict[str, timedelta] | None = None) -> None:
        self._now = datetime.fromisoformat(begin).replace(tzinfo=UTC)
        self._end = self._now + timedelta(days=days)
        self._jumps = {datetime.fromisoformat(at).replace(tzinfo=UTC): step for at, step in (jumps or {}).items()}

    def monotonic(self) -> float:
        return self._now.timestamp()

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        for at in [at for at in self._jumps if self._now >= at]:
            self._now += self._jumps.pop(at)
        if self._now >= self._end:
            raise Enough
        await asyncio.sleep(0)


async def rung(clock: HandClock, sessions: bool | None = None, takes: float = 0.0) -> list[str]:
    told: list[str] = []

    async def has_session(moment: datetime) -> bool | None:
        return sessions

    async def due() -> None:
        told.append(f"{clock.now():%m-%d %H:%M}")
        if takes:
            await clock.sleep(takes)

    with pytest.raises(Enough):
        await keep(CHICAGO, has_session, due, clock)
    return told


async def test_each_working_day_once_where_nobody_knows_the_sessions() -> None:
    week = await rung(HandClock("2026-11-20T00:00", 7))  # a Friday
    assert week == ["11-20 14:10", "11-23 14:10", "11-24 14:10", "11-25 14:10", "11-26 14:10"]


async def test_by_the_clock_on_the_exchanges_wall_through_its_changes() -> None:
    assert await rung(HandClock("2026-10-30T12:00", 4)) == ["10-30 13:10", "11-02 14:10"]


@pytest.mark.parametrize(("sessions", "days"), [(False, 0), (True, 7)])
async def test_the_exchanges_own_word_is_believed_before_the_weekday(sessions: bool, days: int) -> None:
    assert len(await rung(HandClock("2026-11-20T00:00", 7), sessions)) == days


async def test_one_that_takes_long_is_not_asked_twice() -> None:
    assert await rung(HandClock("2026-11-23T14:00", 0.5), takes=90.0) == ["11-23 14:10"]


async def test_a_machine_that_slept_past_it_does_not_make_up_for_it_hours_later() -> None:
    slept = {"2026-11-23T13:00": timedelta(hours=5)}
    assert await rung(HandClock("2026-11-23T12:00", 0.5, slept)) == []


async def test_a_machine_that_woke_just_after_it_asks_at_once() -> None:
    slept = {"2026-11-23T13:00": timedelta(hours=1, minutes=12)}
    assert await rung(HandClock("2026-11-23T12:00", 0.5, slept)) == ["11-23 14:12"]


@pytest.mark.parametrize("text", ["08:10", "8:10 America/Chicago", "mon 08:10 America/Chicago", "08:10 Mars/Base", ""])
def test_what_is_no_such_time_is_refused(text: str) -> None:
    with pytest.raises(SettingsRefused, match="PREFLIGHT_AT: expected such as '08:10 America/Chicago'"):
        Daily.parse(text)
