"""The drill's stop-watch: stamps never come before the answer they rest on, and what never comes is censored."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from supervisor.drill import runner
from supervisor.drill.injections import INJECTIONS, Step
from supervisor.drill.records import Run
from supervisor.drill.runner import AlreadyStands, Drill, Label, phase, wrong_rungs
from supervisor.drill.stack import Stack, epoch

if TYPE_CHECKING:
    from collections.abc import Callable

STACK = Stack("test", "http://supervisor", "http://engine", "http://simulator", 4002, Path("token"))
LABEL = Label("fast", 223, 1, "abc")


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

    def __init__(
        self,
        clock: HandClock,
        *,
        heals: bool = True,
        rung: str = "container-restart",
        deaf: float = 0.1,
        fault: str = "jvm-dead",
        heals_after: float = 25.0,
        declared: float = 2.0,
    ) -> None:
        self._clock = clock
        self._heals = heals
        self._rung = rung
        self._fault = fault
        self._heals_after = heals_after
        self._declared = declared
        self._broken_at = float("inf")
        self.lifted = False
        self.deaf = deaf
        self.standing: list[dict[str, Any]] = []

    async def take(self, steps: Sequence[Step]) -> float:
        if self._broken_at == float("inf"):
            self._broken_at = self._clock.monotonic()
        elif steps:
            self.lifted = True
        return self._clock.monotonic()

    def iso(self, age: float) -> str:
        return (datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self._broken_at + age)).isoformat()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        age = self._clock.monotonic() - self._broken_at
        ready = age < 1 or (self._heals and age >= self._heals_after)
        trading = age < 1 or (self._heals and age >= self._heals_after + 1)
        tenant = {
            "gateway": {"state": "READY" if ready else "FAILING"},
            "engine": {"state": "TRADING" if trading else "WAITING"},
            "incident": None if trading else {"id": 1},
        }
        answers: dict[str, Callable[[], Any]] = {
            "/api/v1/status": lambda: {"tenants": [tenant]} | self._engine(),
            "/api/v1/incidents": lambda: self.standing + ([self._incident(age, trading)] if age >= 2 else []),
            "/api/v1/book": lambda: {"positions": [], "orders": []},
        }
        return httpx.Response(200, json=answers[request.url.path]())

    def _engine(self) -> dict[str, Any]:
        age = self._clock.monotonic() - self._broken_at
        return {"positions": [], "orders": [], "connection": {"inbound_age_seconds": self.deaf if age > 0 else 0.1}}

    def _incident(self, age: float, trading: bool) -> dict[str, Any]:
        return {
            "id": 1,
            "fault": self._fault,
            "declared_at": self.iso(self._declared),
            "closed_at": self.iso(self._heals_after + 1) if trading else None,
            "actions": [{"rung": self._rung, "at": self.iso(20), "outcome": "ok"}] if age >= 20 else [],
            "outcome": "recovered" if trading else "open",
        }


async def one_run(monkeypatch: pytest.MonkeyPatch, *, name: str = "jvm-dead", **script: Any) -> Run:
    clock = HandClock()
    stack = Scripted(clock, **script)
    monkeypatch.setattr(runner, "container_events", lambda names, since, clock: [(since + 0.08, names[0], "kill")])
    async with httpx.AsyncClient(transport=httpx.MockTransport(stack)) as client:
        return await Drill(STACK, stack, client, clock, LABEL).run(name, 0)


async def test_each_stamp_is_taken_when_it_became_true(monkeypatch: pytest.MonkeyPatch) -> None:
    run = await one_run(monkeypatch)
    assert (run.censored, run.agrees, run.server_version, run.lifted_s) == (False, True, 223, None)
    assert (run.detect_s, run.decide_s, run.act_s) == pytest.approx((2, 20, 20.03), abs=0.002)
    for stamp, true_at in ((run.ready_s, 25), (run.trading_s, 26)):
        assert stamp is not None
        assert true_at <= stamp <= true_at + 2 * runner.POLL_SECONDS
    assert (run.named, run.rungs, run.wrong) == (["jvm-dead"], ["container-restart"], [])


async def test_what_never_recovers_is_censored(monkeypatch: pytest.MonkeyPatch) -> None:
    run = await one_run(monkeypatch, heals=False)
    assert run.censored
    assert (run.ready_s, run.trading_s, run.agrees) == (None, None, False)
    assert run.detect_s is not None


async def test_an_engine_that_says_trading_and_hears_nothing_does_not_trade(monkeypatch: pytest.MonkeyPatch) -> None:
    run = await one_run(monkeypatch, deaf=runner.FRESH_SECONDS)
    assert run.censored
    assert run.ready_s is not None


async def test_an_act_that_the_row_does_not_have_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    run = await one_run(monkeypatch, rung="reconnect-data")
    assert run.wrong == ["reconnect-data"]
    assert run.act_s is None  # not Docker's: nobody outside stamps it


async def test_a_fault_that_stands_already_is_not_injected(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = HandClock()
    stack = Scripted(clock)
    stack.standing = [{"id": 9, "fault": "clock-skew", "closed_at": None}]
    async with httpx.AsyncClient(transport=httpx.MockTransport(stack)) as client:
        drill = Drill(STACK, stack, client, clock, LABEL)
        with pytest.raises(AlreadyStands, match="clock-skew"):
            await drill.run("clock-skew", 0)


async def test_what_is_cured_under_a_standing_faults_name_is_over_only_after_its_own_had_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = await one_run(monkeypatch, name="engine-deaf", fault="unknown-position", heals_after=5.0)
    assert run.detect_s == pytest.approx(2, abs=0.002)
    assert run.named == ["unknown-position"]
    assert run.trading_s is not None
    assert run.trading_s >= 20


async def test_a_slow_answer_is_no_sight_of_another_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    run = await one_run(monkeypatch, name="engine-deaf", fault="slow", heals_after=5.0)
    assert (run.detect_s, run.named) == (None, ["slow"])


async def test_an_incident_that_was_open_before_is_a_sight_by_its_next_act(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await one_run(monkeypatch, declared=-30.0)).detect_s == pytest.approx(20, abs=0.002)
    assert (await one_run(monkeypatch, declared=-0.5)).detect_s == pytest.approx(-0.5, abs=0.002), "the stamps' own lag"


@pytest.mark.parametrize(
    ("rungs", "outcome", "may"),
    [
        (["login-hold"], "open", False),
        (["login-hold", "gateway-stop"], "open", True),
        (["login-hold"], "gave_up", True),
    ],
)
def test_a_person_takes_over_once_all_is_done_or_given_up(rungs: list[str], outcome: str, may: bool) -> None:
    """A gateway that has ended by itself is not stopped: the hold alone is all that may be done."""
    row = {"actions": [{"rung": rung, "outcome": "ok"} for rung in rungs], "outcome": outcome}
    assert runner._may_lift(INJECTIONS["existing-session"], [row]) is may


def test_a_resync_is_right_behind_every_fault_and_no_other_act_is() -> None:
    assert wrong_rungs("jvm-dead", ["container-restart", "engine-resync"]) == []
    assert wrong_rungs("upstream-lost", ["container-restart", "engine-resync"]) == ["container-restart"]


def test_a_phase_is_the_same_again_and_another_for_another_run() -> None:
    assert phase(LABEL, "jvm-dead", 3) == phase(LABEL, "jvm-dead", 3)
    assert len({phase(LABEL, "jvm-dead", number) for number in range(20)}) == 20
    assert all(0 <= phase(LABEL, "jvm-dead", number) <= 5 for number in range(20))


@pytest.mark.parametrize(
    "stamp",
    ["2026-11-22T14:00:00.250Z", "2026-11-22T14:00:00.250000999Z", "2026-11-22T16:00:00.25+02:00"],
)
def test_stamps_of_docker_and_of_ours_are_read(stamp: str) -> None:
    assert epoch(stamp) == datetime(2026, 11, 22, 14, 0, 0, 250_000, tzinfo=UTC).timestamp()
