"""An engine that speaks no API of ours: its container is kept alive, inside a budget, with clearance, and no more."""

import pytest

from supervisor.faults import Rung
from supervisor.observation import Subject
from supervisor.rules import Rules
from supervisor.states import EngineState
from tests.sim.world import World, settled


@pytest.fixture
def world() -> World:
    return settled(Rules("sim", account="DUSIM0001", engine_api=False))


def test_all_that_is_known_of_it_is_that_it_runs(world: World) -> None:
    assert world.memory.engine.state is EngineState.RUNNING
    world.run(3600)
    assert world.incidents == []
    assert not world.memory.hurry


def test_a_dead_one_is_started_inside_its_budget(world: World) -> None:
    world.docker_kill(Subject.ENGINE)
    world.run(60, lambda w: w.well and bool(w.closed))
    assert world.rungs == [Rung.ENGINE_START]
    assert [incident.fault for incident in world.incidents] == ["engine-exit"]
    for _ in range(5):
        world.docker_kill(Subject.ENGINE)
        world.run(30)
    assert world.rungs == [Rung.ENGINE_START] * 3
    assert world.memory.engine.state is EngineState.GAVE_UP


def test_a_persons_stop_is_observed(world: World) -> None:
    world.docker_stop(Subject.ENGINE)
    world.run(60)
    assert world.rungs == []
    assert world.memory.engine.state is EngineState.STOPPED


@pytest.mark.parametrize("engine", [True, False])
def test_after_the_gateways_trouble_nobody_is_asked_to_resync(engine: bool) -> None:
    """With `ENGINE=none` there is nobody, and the incident is over with the gateway's."""
    world = World(Rules("sim", account="DUSIM0001", engine=engine, engine_api=False))
    world.run(60)
    world.kill_jvm()
    world.run(90, lambda w: bool(w.closed))
    assert world.rungs == [Rung.CONTAINER_RESTART]
    assert world.closed
    world.data_lost_at = world.now
    world.run(30)
    assert len(world.closed) == 2
    assert world.rungs == [Rung.CONTAINER_RESTART]
    assert not world.memory.hurry


def test_behind_the_wrong_account_it_is_stopped() -> None:
    world = World(Rules("sim", account="DUSIM0001", engine_api=False), accounts=("U1234567",))
    world.run(30)
    assert world.rungs == [Rung.ENGINE_STOP]


def test_with_no_engine_to_look_after_nobody_has_one_restarted() -> None:
    """One may be left over from before, and stands beside us as if it were not there."""
    world = World(Rules("sim", account="DUSIM0001", engine=False))
    world.run(30)
    world.ask(Subject.ENGINE, Rung.ENGINE_RESTART)
    world.run(5)
    assert world.rungs == []
    assert world.memory.engine.state is EngineState.ABSENT


def test_a_second_engine_that_has_gone_is_gone(world: World) -> None:
    """Ours never speaks of its orders, so nothing more is waited for (found by a whole day: seed 200262)."""
    theirs = world.rest(7, "BUY", 1, client_id=77)
    world.run(60)
    assert [one.fault for one in world.memory.standing] == ["second-engine"]
    del world.resting[theirs.perm_id]
    world.run(60)
    assert world.memory.standing == ()


@pytest.mark.parametrize("phase", range(4))
def test_a_dead_one_that_a_person_starts_runs_again(world: World, phase: int) -> None:
    """Docker tells of the start before a look shows the new process: the simulated day of seed 1003048."""
    world.hang = True  # nothing of ours starts it behind a gateway that is not ready
    world.docker_kill(Subject.ENGINE)
    world.run(20 + phase * 0.25)
    assert "engine-exit" in [incident.fault for incident in world.incidents]
    world.docker_start(Subject.ENGINE)
    world.run(10)
    assert world.memory.engine.state is EngineState.RUNNING
