"""A dry run sees, judges and tells all that a real one does, and touches nothing but its own session.

And what is due but withheld, in a dry run or by a veto, is said aloud.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from supervisor.faults import Rung
from supervisor.memory import Withheld
from supervisor.observation import EngineWord, LoginPhase, Subject
from supervisor.rules import Rules
from supervisor.states import GatewayState
from tests.sim.world import World, settled

DRY = Rules("sim", account="DUSIM0001", dry_run=True)


@pytest.fixture
def world() -> World:
    return settled(DRY)


def due(world: World) -> set[Rung]:
    """What the present turn withholds."""
    world.run(0.1)
    return {action.rung for action in world.turn() if isinstance(action, Withheld)}


@pytest.mark.parametrize(
    ("harm", "rung"),
    [
        (lambda w: w.docker_kill(Subject.GATEWAY), Rung.CONTAINER_START),
        (lambda w: w.kill_jvm(), Rung.CONTAINER_RESTART),
        (lambda w: setattr(w, "hang", True), Rung.IBC_RESTART),
        (lambda w: setattr(w, "upstream_lost_at", w.now), Rung.RECONNECT_ACCOUNT),
        (lambda w: w.farms_down.update(usfarm=w.now), Rung.RECONNECT_DATA),
        (lambda w: setattr(w, "accounts", ("U1234567",)), Rung.ENGINE_HALT),
        (lambda w: w.docker_kill(Subject.ENGINE), Rung.ENGINE_START),
        (lambda w: setattr(w, "engine_word", EngineWord.ZOMBIE), Rung.ENGINE_RESTART),
        (lambda w: setattr(w, "engine_word", EngineWord.DEAF), Rung.ENGINE_RESYNC),
    ],
)
def test_what_would_be_done_is_said_and_not_done(world: World, harm: Callable[[World], None], rung: Rung) -> None:
    before = world.memory
    harm(world)
    world.run(400)
    assert world.rungs == []
    assert world.incidents
    assert due(world) == {rung}
    assert world.sentence.startswith("DRY RUN: ")
    assert f"would {rung}" in world.sentence
    assert (world.memory.gateway_spent, world.memory.engine_spent) == (before.gateway_spent, before.engine_spent)
    assert world.memory.gateway.state is not GatewayState.RECOVERING


def test_a_refused_login_is_not_held_nor_stopped(world: World) -> None:
    world.login = LoginPhase.REFUSED
    world.kill_jvm()
    world.run(100)
    assert world.rungs == []
    assert due(world) == {Rung.LOGIN_HOLD}


def test_the_sentinel_mends_its_own_session(world: World) -> None:
    world.half_open = True
    world.run(60, lambda w: w.well and bool(w.closed))
    assert world.rungs == [Rung.SENTINEL_RECONNECT]


def test_a_persons_word_is_not_done_either(world: World) -> None:
    world.ask(Subject.GATEWAY, Rung.CONTAINER_RESTART)
    world.run(5)
    assert world.rungs == []
    assert world.well


@pytest.mark.parametrize("data_lost", [False, True])
def test_what_others_cured_is_over_without_a_resync(world: World, data_lost: bool) -> None:
    """Docker brings the gateway back, or IBKR its data; the engine finds its own way."""
    if data_lost:
        world.data_lost_at = world.now
    else:
        world.docker_restarts = True
        world.crash(Subject.GATEWAY)
    world.engine_needs_resync = False
    world.run(20)
    world.engine_needs_resync = False
    world.run(60, lambda w: w.well and bool(w.closed))
    assert world.well, world.sentence
    assert world.closed
    assert world.rungs == []
    assert not world.memory.hurry


def test_the_same_world_is_cured_without_dry_run() -> None:
    world = settled(replace(DRY, dry_run=False))
    world.kill_jvm()
    world.run(60, lambda w: w.well and bool(w.closed))
    assert Rung.CONTAINER_RESTART in world.rungs


def test_paused_it_shows_what_it_would_have_done() -> None:
    world = settled()
    world.paused = True
    world.kill_jvm()
    world.run(60)
    assert due(world) == {Rung.CONTAINER_RESTART}
    assert "would container-restart" in world.sentence
    world.paused = False
    assert due(world) == set()
