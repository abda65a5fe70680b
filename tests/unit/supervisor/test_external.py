"""A gateway that is not ours: watched by what it answers, restarted by a configured command or by a person."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from supervisor.errors import ActRefused, RuntimeTrouble
from supervisor.faults import Rung
from supervisor.observation import Container, Look, Result, Status, Subject
from supervisor.policy import Budget, Policy
from supervisor.rules import Rules
from supervisor.runtime.external import GATEWAY, ExternalGateway, run_command
from supervisor.states import GatewayState
from tests.sim.world import TURN, World, settled
from tws.clock import SystemClock

WATCHED = Rules("sim", account="DUSIM0001", external=True)
COMMANDED = replace(WATCHED, restart_command=("restart-tws",))

type Harm = Callable[[World], object]


def dead(world: World) -> None:
    world.kill_jvm()


def hung(world: World) -> None:
    world.hang = True


def frozen(world: World) -> None:
    world.frozen = True


HARMS = (dead, hung, frozen)


@pytest.mark.parametrize("rules", [WATCHED, COMMANDED])
def test_all_is_well_without_mailbox_log_and_container(rules: Rules) -> None:
    world = settled(rules)
    world.run(3600)
    assert world.incidents == []
    assert world.memory.gateway.state is GatewayState.READY


@pytest.mark.parametrize("harm", HARMS)
def test_a_person_is_called_where_an_act_would_be_due(harm: Harm) -> None:
    world = settled(WATCHED)
    begun = world.now
    harm(world)
    world.run(600)
    assert world.rungs == []
    assert world.memory.gateway.state is GatewayState.GAVE_UP
    at, text = next((at, text) for at, text in world.pages if "not ours to restart" in text)
    assert 20.0 <= at - begun <= 24.0
    assert "a person is needed" in text
    assert len([text for _, text in world.pages if "not ours to restart" in text]) == 1
    assert "restart-storm" not in [incident.fault for incident in world.incidents]
    world.jvm_dead = world.hang = world.frozen = False
    world.run(60, lambda w: w.well)
    assert world.well, world.sentence


@pytest.mark.parametrize("harm", HARMS)
def test_its_command_is_its_only_rung(harm: Harm) -> None:
    world = settled(COMMANDED)
    begun = world.now
    harm(world)
    world.run(90, lambda w: w.well and bool(w.closed))
    assert world.rungs == [Rung.RESTART_COMMAND, Rung.ENGINE_RESYNC]
    assert 20.0 <= world.acts[0][0] - begun <= 24.0
    assert world.well, world.sentence


def test_the_command_has_a_budget() -> None:
    world = settled(replace(COMMANDED, policy=Policy(container_budget=Budget.parse("2/1h"))))
    world.restart_cures = False
    world.kill_jvm()
    world.run(1800)
    assert world.rungs == [Rung.RESTART_COMMAND] * 2
    assert world.memory.gateway.state is GatewayState.GAVE_UP
    assert "restart-storm" in [incident.fault for incident in world.incidents]


@pytest.mark.parametrize("rules", [WATCHED, COMMANDED])
def test_what_asks_for_a_login_is_nobodys_act(rules: Rules) -> None:
    world = settled(rules)
    world.upstream_lost_at = world.now
    world.farms_down["usfarm"] = world.now
    world.run(900)
    assert world.rungs == []
    assert world.memory.gateway.state is GatewayState.DEGRADED


def test_the_session_is_ours_and_so_is_the_engine() -> None:
    world = settled(WATCHED)
    world.half_open = True
    world.run(60, lambda w: w.well and bool(w.closed))
    world.data_lost_at = world.now
    world.run(20)
    world.docker_kill(Subject.ENGINE)
    world.run(60, lambda w: w.well and len(w.closed) > 2)
    assert world.rungs == [Rung.SENTINEL_RECONNECT, Rung.ENGINE_RESYNC, Rung.ENGINE_START]


@pytest.mark.parametrize("rules", [WATCHED, COMMANDED])
def test_a_pause_is_respected(rules: Rules) -> None:
    world = settled(rules)
    world.paused = True
    world.kill_jvm()
    world.run(120)
    assert world.rungs == []
    assert world.memory.gateway.state == GatewayState.FAILING
    world.paused = False
    world.run(10 * TURN)
    assert world.memory.gateway.state == (GatewayState.GAVE_UP if rules is WATCHED else GatewayState.RECOVERING)
    assert world.rungs == ([] if rules is WATCHED else [Rung.RESTART_COMMAND])


# -- where it is looked for --------------------------------------------------------------------------------------------


class Engine:
    """A runtime with an engine, that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Subject]] = []

    async def look(self) -> tuple[Look, dict[Subject, Container]]:
        found = {subject: Container("id", str(subject), Status.RUNNING, "start") for subject in Subject}
        return Look(Result.OK, 1.0), found

    async def start(self, subject: Subject) -> None:
        self.told.append(("start", subject))

    async def stop(self, subject: Subject, grace: float) -> None:
        self.told.append(("stop", subject))

    async def restart(self, subject: Subject, grace: float) -> None:
        self.told.append(("restart", subject))

    async def log_tail(self, subject: Subject, lines: int) -> str:
        raise NotImplementedError

    async def memory(self, subject: Subject) -> tuple[int, int]:
        raise NotImplementedError


async def test_docker_is_never_told_to_touch_it() -> None:
    engine = Engine()
    runtime = ExternalGateway(engine, SystemClock())
    _, found = await runtime.look()
    assert found[Subject.GATEWAY] is GATEWAY
    assert found[Subject.ENGINE].id == "id"
    acts: tuple[Callable[[Subject], Any], ...] = (
        runtime.start,
        lambda subject: runtime.stop(subject, 1.0),
        lambda subject: runtime.restart(subject, 1.0),
    )
    for act in acts:
        with pytest.raises(ActRefused, match="external"):
            await act(Subject.GATEWAY)
        await act(Subject.ENGINE)
    assert engine.told == [("start", Subject.ENGINE), ("stop", Subject.ENGINE), ("restart", Subject.ENGINE)]
    with pytest.raises(RuntimeTrouble):
        await runtime.log_tail(Subject.GATEWAY, 1)


async def test_without_an_engine_docker_is_not_asked() -> None:
    look, found = await ExternalGateway(None, SystemClock()).look()
    assert (look.result, found) == (Result.OK, {Subject.GATEWAY: GATEWAY})


# -- the command -------------------------------------------------------------------------------------------------------


async def test_the_command_is_run_without_a_shell(tmp_path: Path) -> None:
    script = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"
    await run_command((sys.executable, "-c", script, str(tmp_path / "said"), "$HOME; echo"))
    assert (tmp_path / "said").read_text() == "$HOME; echo"


@pytest.mark.parametrize("command", [("/nowhere/at/all",), (sys.executable, "-c", "raise SystemExit(3)")])
async def test_a_command_that_fails_is_a_failed_act(command: tuple[str, ...]) -> None:
    with pytest.raises(ActRefused):
        await run_command(command)


async def test_a_command_that_hangs_ends_with_our_patience(tmp_path: Path) -> None:
    begun, end = tmp_path / "begun", tmp_path / "end"
    script = f"touch {begun}; sleep 2; touch {end}"

    async def started() -> None:
        while not begun.exists():
            await asyncio.sleep(0.02)

    running = asyncio.create_task(run_command(("/bin/sh", "-c", script)))
    async with asyncio.timeout(10):
        await started()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.sleep(2.5)
    assert not end.exists()
