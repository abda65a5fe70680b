"""An act that a person has us let go of: it has spent what it spent, and may still be done by whom we told."""

import pytest

from supervisor.faults import Rung
from tests.sim.world import World, settled


@pytest.fixture
def world() -> World:
    """A container restart is under way, and takes 8 s."""
    world = settled()
    world.act_seconds = 8.0
    world.kill_jvm()
    world.run(60, lambda w: w.flying is not None)
    world.run(2)
    return world


def test_it_has_spent_what_it_spent(world: World) -> None:
    world.cancel()
    world.run(1)
    assert world.memory.flight is None
    assert len(world.memory.gateway_spent) == 1
    assert [done.outcome for done in world.memory.open[0].acts] == ["cancelled"]


def test_what_docker_does_all_the_same_is_still_ours(world: World) -> None:
    """Its stop is no person's stop, and its new process is proven as any other."""
    world.cancel()
    world.run(90, lambda w: w.well and bool(w.closed))
    assert world.well, world.sentence
    assert world.rungs == [Rung.CONTAINER_RESTART, Rung.ENGINE_RESYNC]
    assert [incident.fault for incident in world.incidents] == ["jvm-dead"]
    assert "asked:gateway" not in world.journal.facts("sim")


def test_nothing_else_is_done_there_before_its_deadline(world: World) -> None:
    act = world.acts[0][1]
    world.cancel()
    world.flying, world.orphaned = None, False  # it reached nobody
    world.run(act.deadline - world.now - 1.0)
    assert "the cancelled act may still be under way" in world.sentence
    assert len(world.acts) == 1
    world.run(60, lambda w: len(w.acts) > 1)
    assert world.rungs == [Rung.CONTAINER_RESTART] * 2
    assert world.acts[1][0] >= act.deadline


def test_it_is_no_killed_supervisor(world: World) -> None:
    world.cancel()
    world.run(30)
    assert "supervisor-killed" not in [incident.fault for incident in world.incidents]


def test_a_new_supervisor_knows_of_it(world: World) -> None:
    act = world.acts[0][1]
    world.cancel()
    world.supervisor_dies()
    hands = world.memory.gateway_hands
    assert hands is not None
    assert hands.cancelled
    assert hands.until == pytest.approx(act.deadline)
    assert world.memory.gateway_proof is None


def test_a_resync_is_let_go_of_at_once() -> None:
    world = settled()
    world.act_seconds = 8.0
    world.data_lost_at = world.now
    world.run(10, lambda w: w.flying is not None)
    world.cancel()
    world.flying, world.orphaned = None, False
    world.run(15, lambda w: len(w.acts) > 1)
    assert world.rungs == [Rung.ENGINE_RESYNC] * 2
    assert world.memory.engine_hands is None
