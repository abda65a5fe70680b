"""What goes wrong while something else is being cured: answered at once where it is certain, and once each."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from supervisor.faults import Rung
from supervisor.observation import EngineWord, Subject
from supervisor.policy import Budget
from supervisor.rules import Rules
from supervisor.states import GatewayState
from tests.sim.house import House
from tests.sim.invariants import Invariants
from tests.sim.world import settled

CURES = (Rung.CONTAINER_START, Rung.CONTAINER_RESTART, Rung.IBC_RESTART)
BREAKS: dict[str, Callable[[House], object]] = {
    "crash": lambda house: house.docker_kill(Subject.GATEWAY),
    "jvm": lambda house: house.kill_jvm(),
    "hang": lambda house: setattr(house, "hang", True),
    "frozen": lambda house: setattr(house, "frozen", True),
    "half-open": lambda house: setattr(house, "half_open", True),
}


def recovering(how: str) -> House:
    """A gateway whose cure has just come to its first answer; it is not verified yet."""
    house = House(
        Rules("sim", account="DUSIM0001"),
        midnight=datetime(2026, 6, 3, tzinfo=UTC),
        login_budget=Budget.parse("1000/24h"),
    )
    house.on_turn.append(Invariants(house).turned)
    house.run(120.0, lambda w: w.well)
    BREAKS[how](house)
    house.run(200.0, lambda w: bool(w.rungs) and w.memory.flight is None)
    house.run(200.0, lambda w: w.memory.gateway.handshake.last_good_at is not None)
    assert house.memory.gateway.state is GatewayState.RECOVERING
    return house


@pytest.mark.parametrize("second", sorted(BREAKS))
@pytest.mark.parametrize("first", ["crash", "jvm", "frozen"])
def test_a_second_fault_is_answered_at_once_and_once(first: str, second: str) -> None:
    house = recovering(first)
    begun = house.now
    BREAKS[second](house)
    house.run(2000.0, lambda w: w.well)
    assert house.now - begun < 120.0
    cures = [rung for rung in house.rungs if rung in CURES]
    assert len(cures) == (1 if second == "half-open" else 2)
    assert len(house.incidents) == 1


def test_a_freeze_is_certain_before_the_first_answer_if_the_wrapper_has_written() -> None:
    house = recovering("crash")
    house.crash(Subject.GATEWAY)
    house.run(60.0, lambda w: w.rungs.count(Rung.CONTAINER_START) == 2)
    house.run(15.0)
    house.frozen = True
    begun = house.now
    house.run(2000.0, lambda w: w.well)
    assert house.now - begun < 120.0


@pytest.mark.parametrize("how", ["jvm", "frozen", "hang"])
def test_a_cure_that_does_not_help_is_no_second_fault(how: str) -> None:
    """Nothing has come to life since: the start's own deadline is waited for."""
    world = settled()
    world.restart_cures, world.ibc_dead = False, True
    world.run(10.0)
    if how == "jvm":
        world.kill_jvm()
    elif how == "frozen":
        world.frozen = True
    else:
        world.hang = True
    world.run(100.0, lambda w: Rung.CONTAINER_RESTART in w.rungs)
    world.run(world.rules.policy.start_deadline - 5.0)
    assert world.rungs.count(Rung.CONTAINER_RESTART) == 1


def test_a_slow_boot_after_a_cure_is_waited_for() -> None:
    world = settled()
    world.boot_seconds = 250.0
    world.kill_jvm()
    world.run(400.0, lambda w: w.well)
    assert world.well
    assert world.rungs.count(Rung.CONTAINER_RESTART) == 1


def test_a_jvm_that_stops_for_a_moment_while_it_recovers_is_none() -> None:
    house = recovering("crash")
    house.hang = True
    house.run(15.0)
    house.hang = False
    house.run(200.0, lambda w: w.well)
    assert [rung for rung in house.rungs if rung in CURES] == [Rung.CONTAINER_START]


# -- an incident ends by what was seen since it began ------------------------------------------------------------------


def test_half_open_is_over_when_the_engine_has_shown_that_its_own_session_lives() -> None:
    world = settled()
    world.half_open, world.engine_cut_at = True, world.now
    world.run(60.0, lambda w: bool(w.closed))
    assert world.rungs == [Rung.SENTINEL_RECONNECT, Rung.ENGINE_RESYNC]
    resynced = next(at for at, act in world.acts if act.rung is Rung.ENGINE_RESYNC)
    [(closed, incident)] = world.closed
    assert incident.fault == "half-open"
    assert closed > resynced


def test_half_open_stays_open_while_the_engine_cannot_be_resynced() -> None:
    world = settled()
    world.half_open, world.engine_cut_at, world.resync_cures = True, world.now, False
    world.run(60.0)
    assert world.memory.gateway.state is GatewayState.READY
    assert world.closed == []
    world.resync_cures = True
    world.run(60.0, lambda w: w.well)
    assert world.well


def test_half_open_of_our_own_session_only_leaves_the_engine_alone() -> None:
    world = settled()
    world.half_open = True
    world.run(60.0, lambda w: bool(w.closed))
    assert world.rungs == [Rung.SENTINEL_RECONNECT]


@pytest.mark.parametrize("late", [0.0, 0.25, 0.5])
def test_an_engine_that_dies_as_it_is_resynced_is_not_well_by_what_was_seen_before(late: float) -> None:
    world = settled()
    world.data_lost_at = world.now
    world.run(30.0, lambda w: w.flying is not None)
    assert world.flying is not None
    world.run(world.flying[0] - 0.25 - world.now + late)
    world.crash(Subject.ENGINE)
    world.run(0.5)
    [incident] = [each for each in world.incidents if each.fault == "engine-exit"]
    assert not [each for _, each in world.closed if each.id == incident.id]
    world.run(60.0, lambda w: w.well)
    assert world.well
    assert Rung.ENGINE_START in world.rungs


def test_an_engine_that_comes_up_deaf_is_resynced_before_it_is_restarted() -> None:
    """Simulated days 1301438 and 1306640."""
    world = settled()
    world.crash(Subject.ENGINE)
    world.run(10.0, lambda w: Rung.ENGINE_START in w.rungs)
    world.run(3.0)
    world.engine_word = EngineWord.DEAF
    world.run(120.0, lambda w: Rung.ENGINE_RESYNC in w.rungs)
    assert world.rungs == [Rung.ENGINE_START, Rung.ENGINE_RESYNC]
    world.run(30.0, lambda w: w.well)
    assert world.well
    assert Rung.ENGINE_RESTART not in world.rungs


def test_a_mute_engine_is_restarted_though_data_was_lost_and_no_resync_helps() -> None:
    """Simulated day 1306965: it was asked for a resync every 10 s, and its own cure was never due."""
    world = settled()
    world.engine_mute = True
    world.run(4.0)
    world.data_lost_at = world.now
    world.run(60.0, lambda w: Rung.ENGINE_RESTART in w.rungs)
    assert Rung.ENGINE_RESTART in world.rungs
    world.engine_mute = False
    world.run(120.0, lambda w: w.well)
    assert world.well


@pytest.mark.parametrize("late", [0.0, 0.25, 0.5])
def test_a_gateway_that_dies_as_our_session_is_renewed_is_not_ready_by_what_was_seen_before(late: float) -> None:
    world = settled()
    world.half_open = True
    world.run(30.0, lambda w: w.flying is not None)
    assert world.flying is not None
    world.run(world.flying[0] - 0.25 - world.now + late)
    world.crash(Subject.GATEWAY)
    world.run(1.0)
    assert world.closed == []
    world.run(60.0, lambda w: w.well)
    assert world.well
    assert Rung.CONTAINER_START in world.rungs


def test_somebody_elses_new_process_has_its_whole_start_before_it() -> None:
    """Whose proof was waited for is gone: the simulated day of seed 1002735."""
    world = settled()
    world.boot_seconds = float("inf")
    world.kill_jvm()
    world.run(60.0, lambda w: Rung.CONTAINER_RESTART in w.rungs and w.flying is None)
    world.run(world.rules.policy.start_deadline - 10.0)
    world.boot_seconds = 45.0
    world.docker_start(Subject.GATEWAY)
    world.run(120.0, lambda w: w.well)
    assert world.well
    assert [rung for rung in world.rungs if rung in CURES] == [Rung.CONTAINER_RESTART]
