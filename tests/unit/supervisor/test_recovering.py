"""What goes wrong while something else is being cured: answered at once where it is certain, and once each."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from supervisor.faults import Rung
from supervisor.observation import Subject
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
