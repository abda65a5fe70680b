"""The table of injections against the table of faults and the stand-in's catalogue."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.simulator.faults.catalogue import FAULTS as PLAYED
from gateway.simulator.faults.fault import parameters
from gateway.simulator.faults.reading import from_file
from supervisor.drill import stack as module
from supervisor.drill.baselines.__main__ import FAULTS as OF_BASELINES
from supervisor.drill.injections import INJECTIONS, NOT_DRILLED, AtStart, Ends, Lift, Said, StandIn
from supervisor.drill.soak import FAULT_NAMES, NOISE
from supervisor.drill.stack import Hands, Stack
from supervisor.faults import FAULTS
from tws.clock import SystemClock


def test_every_row_is_drilled_or_says_why_not() -> None:
    drilled = {injection.fault for injection in INJECTIONS.values()}
    assert FAULTS.keys() <= drilled | NOT_DRILLED.keys()
    assert not drilled & NOT_DRILLED.keys()
    assert drilled <= FAULTS.keys()
    assert all(len(why) > 20 for why in NOT_DRILLED.values())


@pytest.mark.parametrize("name", INJECTIONS)
def test_what_is_asked_of_the_stand_in_is_what_it_plays(name: str) -> None:
    injection = INJECTIONS[name]
    for step in (*injection.steps, *injection.undo, *injection.after):
        if isinstance(step, StandIn):
            assert step.parameters.keys() - {"duration"} <= {one.name for one in parameters(PLAYED[step.fault])}
        if isinstance(step, Lift):
            assert PLAYED[step.fault].curable


@pytest.mark.parametrize("name", INJECTIONS)
def test_what_nobody_cures_is_lifted_by_the_drill(name: str) -> None:
    injection = INJECTIONS[name]
    assert bool(injection.undo) is (injection.ends is not Ends.TRADING)
    # What a ladder cures is not lifted before it is.
    fault = FAULTS[injection.fault]
    if injection.ends is Ends.LIFTED and fault.rungs and not fault.standing:
        assert injection.lasts < (fault.act or 0)


def test_a_persons_turn_comes_only_where_the_row_has_acts_to_wait_for() -> None:
    handed = [one for one in INJECTIONS.values() if one.ends is Ends.HANDED_OVER]
    assert handed
    assert all(FAULTS[one.fault].rungs for one in handed)


def test_baselines_and_soak_use_the_same_injections() -> None:
    assert set(OF_BASELINES) <= INJECTIONS.keys()
    assert set(FAULT_NAMES) <= INJECTIONS.keys()
    assert all(INJECTIONS[name].ends is Ends.TRADING for name in (*OF_BASELINES, *FAULT_NAMES))


def test_noise_ends_by_itself_before_anybody_may_act() -> None:
    assert all("duration" in one.parameters or PLAYED[one.fault].momentary for one in NOISE)


async def test_what_meets_the_engine_anew_meets_it_under_whichever_client_id_it_comes_with(tmp_path: Path) -> None:
    """After a session that hangs it is another than before, and after the next one the first again."""
    asked: list[tuple[str, Any]] = []

    def answers(request: httpx.Request) -> httpx.Response:
        if request.url.host == "engine":
            return httpx.Response(200, json={"connection": {"client_id": 2}})
        asked.append((request.url.path, json.loads(request.content).get("client")))
        return httpx.Response(200, json={"effective_at_monotonic_ns": 5_000_000_000 + len(asked)})

    token = tmp_path / "token"
    token.write_text("secret")
    stack = Stack("drill", "http://supervisor", "http://engine", "http://simulator", 1, token)
    async with httpx.AsyncClient(transport=httpx.MockTransport(answers)) as client:
        effective = await Hands(stack, client, SystemClock()).take(INJECTIONS["engine-backoff"].steps)
    anew = [("/api/v1/faults/no-managed-accounts", number) for number in range(1, 6)]
    assert asked == [*anew, ("/api/v1/faults/reset", 2)]
    assert effective == pytest.approx(5.0)


async def test_a_line_of_the_gateways_log_is_the_moment_that_it_tells_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old line is none, and a gateway that does not run just now is asked again."""
    clock = SystemClock()
    now = clock.now()

    def line(age: float, words: str) -> str:
        return f"{now - timedelta(seconds=age):%Y-%m-%d %H:%M:%S.%f}"[:23] + f" INFO  [JTS-Main] - {words}\n"

    old, other, new = line(300, "Authorization failed: X"), line(1, "Authorized"), line(-0.5, "Authorization failed: X")
    answers = [subprocess.CalledProcessError(1, "docker"), old + other, old + other + new]

    def logged(*words: str) -> str:
        assert words[:2] == ("exec", "watchkeeper-drill-gateway")
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    monkeypatch.setattr(module, "docker", logged)
    stack = Stack("drill", "", "", "", 1, tmp_path)
    async with httpx.AsyncClient() as client:
        told = await Hands(stack, client, clock).take((Said("Authorization failed"),))
    assert told == pytest.approx(clock.monotonic() + 0.5, abs=5.0)
    assert answers == []


async def test_what_the_stand_in_is_to_begin_with_is_in_its_file_until_it_is_taken_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FAULT_FILES", tmp_path)
    file = tmp_path / "drill" / module.FAULT_FILE
    async with httpx.AsyncClient() as client:
        hands = Hands(Stack("drill", "", "", "", 1, tmp_path), client, SystemClock())
        for faults, names in (((StandIn("twofa-never", {"answer": "refused"}),), ["twofa-never"]), ((), [])):
            await hands.take((AtStart(faults),))
            assert [wish.fault.name for wish in from_file(file)] == names
