"""The drill's stop-watch: stamps never come before the answer they rest on, and what never comes is censored."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from supervisor.drill import runner
from supervisor.drill.injections import Stack
from supervisor.drill.report import Run
from supervisor.drill.runner import Drill

if TYPE_CHECKING:
    from collections.abc import Callable

STACK = Stack("http://supervisor", "http://engine", "http://simulator", "gateway")


class HandClock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.at)

    async def sleep(self, seconds: float) -> None:
        self.at += seconds
        await asyncio.sleep(0)


class Scripted:
    """A stack that breaks when it is told to, and recovers by the clock; `heals` False never does."""

    def __init__(self, clock: HandClock, *, heals: bool = True) -> None:
        self._clock = clock
        self._heals = heals
        self._broken_at = float("inf")

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/faults/jvm-dead":
            self._broken_at = self._clock.monotonic()
            return httpx.Response(200, json={})
        age = self._clock.monotonic() - self._broken_at
        ready = age < 1 or (self._heals and age >= 25)
        trading = age < 1 or (self._heals and age >= 26)
        incident = {
            "id": 1,
            "standing": False,
            "fault": "jvm-dead",
            "actions": [{"rung": "container-restart"}] if age >= 20 else [],
            "outcome": "recovered" if trading else "open",
        }
        tenant = {
            "gateway": {"state": "READY" if ready else "FAILING"},
            "engine": {"state": "TRADING" if trading else "WAITING"},
            "incident": None if trading else incident,
        }
        answers: dict[str, Callable[[], Any]] = {
            "/api/v1/status": lambda: {"tenants": [tenant]} | {"positions": [], "orders": []},
            "/api/v1/incidents": lambda: [incident] if age >= 2 else [],
            "/api/v1/book": lambda: {"positions": [], "orders": []},
        }
        return httpx.Response(200, json=answers[request.url.path]())


async def one_run(*, heals: bool) -> Run:
    clock = HandClock()
    async with httpx.AsyncClient(transport=httpx.MockTransport(Scripted(clock, heals=heals))) as client:
        return await Drill(STACK, client, clock, seed=1, server_version=223).run("jvm-dead", phase=5)


async def test_each_stamp_is_taken_when_it_became_true() -> None:
    run = await one_run(heals=True)
    assert (run.censored, run.agrees, run.server_version) == (False, True, 223)
    stamps = [run.detect_s, run.act_s, run.ready_s, run.trading_s]
    for stamp, true_at in zip(stamps, [2, 20, 25, 26], strict=True):
        assert stamp == pytest.approx(true_at, abs=2 * runner.POLL_SECONDS)
        assert stamp is not None
        assert stamp >= true_at


async def test_what_never_recovers_is_censored() -> None:
    run = await one_run(heals=False)
    assert run.censored
    assert (run.ready_s, run.trading_s, run.agrees) == (None, None, False)
    assert run.detect_s is not None
