"""What holds for every fault: unknowns, pauses, budgets, persons, restarts of the supervisor itself."""

import pytest

from supervisor.faults import Rung
from supervisor.memory import GatewayTrack, Memory, Process
from supervisor.observation import LedgerView, LoginPhase, Look, Result, Status, Subject
from supervisor.policy import Budget, Policy
from supervisor.rules import Rules
from supervisor.states import EngineState, GatewayState
from tests.sim.world import World, settled

RESTARTS = {
    Rung.CONTAINER_START,
    Rung.CONTAINER_RESTART,
    Rung.IBC_RESTART,
    Rung.ENGINE_START,
    Rung.ENGINE_RESTART,
    Rung.RECONNECT_ACCOUNT,
    Rung.RECONNECT_DATA,
}


def jvm_dead(world: World) -> None:
    world.kill_jvm()


def hang(world: World) -> None:
    world.hang = True


def frozen(world: World) -> None:
    world.frozen = True


def killed(world: World) -> None:
    world.docker_kill(Subject.GATEWAY)


def engine_killed(world: World) -> None:
    world.docker_kill(Subject.ENGINE)


@pytest.mark.parametrize("fault", [jvm_dead, hang, frozen, killed, engine_killed])
def test_paused_never_restarts_and_resume_does(fault: object) -> None:
    world = settled()
    world.paused = True
    fault(world)  # type: ignore[operator]
    world.run(300)
    assert not RESTARTS & set(world.rungs)
    assert world.incidents, "a pause still measures"
    assert world.sentence.startswith("PAUSE")
    world.paused = False
    world.run(120, lambda w: w.well)
    assert world.well


@pytest.mark.parametrize("fault", [jvm_dead, frozen, killed])
def test_a_blind_supervisor_restarts_no_container(fault: object) -> None:
    world = settled()
    world.docker_ok = False
    fault(world)  # type: ignore[operator]
    world.run(300)
    assert not {Rung.CONTAINER_START, Rung.CONTAINER_RESTART} & set(world.rungs)
    world.docker_ok = True
    world.run(120, lambda w: w.well)
    assert world.well


def test_names_that_do_not_resolve_are_our_own_trouble() -> None:
    world = settled()
    world.dns_ok = False
    world.run(300)
    assert world.rungs == []
    assert world.incidents == []


@pytest.mark.parametrize("seconds", [0.1, 0.5, 0.9])
def test_slow_is_not_dead(seconds: float) -> None:
    world = settled()
    world.slowness = seconds * world.rules.policy.probe_timeout
    world.run(300)
    assert [incident.fault for incident in world.incidents] == (["slow"] if seconds > 0.5 else [])
    assert world.rungs == []


def test_a_spent_budget_gives_up_pages_and_leaves_the_container_alone() -> None:
    rules = Rules("sim", account="DUSIM0001", policy=Policy(container_budget=Budget.parse("2/1h")))
    world = settled(rules)
    world.restart_cures = False
    world.kill_jvm()
    world.run(3000)
    assert world.rungs.count(Rung.CONTAINER_RESTART) == 2
    assert world.memory.gateway.state is GatewayState.GAVE_UP
    assert any("budget" in text for _, text in world.pages)
    assert world.incidents[0].gave_up


def test_given_up_is_left_when_a_person_cures_it() -> None:
    rules = Rules("sim", account="DUSIM0001", policy=Policy(container_budget=Budget.parse("1/1h")))
    world = settled(rules)
    world.restart_cures = False
    world.kill_jvm()
    world.run(1000)
    assert world.memory.gateway.state is GatewayState.GAVE_UP
    world.restart_cures = True
    world.ask(Subject.GATEWAY, Rung.CONTAINER_RESTART)
    world.run(60, lambda w: w.well)
    assert world.well
    assert world.closed[0][1].gave_up, "it stays on record that a person was needed"


def test_a_person_may_restart_while_paused() -> None:
    world = settled()
    world.paused = True
    world.ask(Subject.GATEWAY, Rung.IBC_RESTART)
    world.run(60, lambda w: w.trading and len(w.acts) > 1)
    assert world.rungs == [Rung.IBC_RESTART, Rung.ENGINE_RESYNC]
    assert world.incidents == []


def test_a_stopped_engine_is_started_on_a_persons_word() -> None:
    world = settled()
    world.docker_stop(Subject.ENGINE)
    world.run(30)
    world.ask(Subject.ENGINE, Rung.ENGINE_START)
    world.run(30, lambda w: w.well)
    assert world.well


def test_a_person_who_restarts_the_gateway_is_watched_not_helped() -> None:
    world = settled()
    world.docker_stop(Subject.GATEWAY)
    world.run(10)
    world.docker_start(Subject.GATEWAY)
    world.run(30, lambda w: w.well)
    assert world.well
    assert world.rungs == [Rung.ENGINE_RESYNC]
    assert world.incidents == []


def test_a_restart_under_the_supervisors_nose_is_no_incident() -> None:
    world = settled()
    world.docker_stop(Subject.GATEWAY)
    world.docker_start(Subject.GATEWAY)
    world.run(30, lambda w: w.well and w.now > 1020)
    assert world.well
    assert world.incidents == []


def test_a_removed_gateway_is_absent_and_a_new_one_is_adopted() -> None:
    world = settled()
    world.docker_stop(Subject.GATEWAY)
    world.gateway.present = False
    world.run(20)
    assert world.memory.gateway.state is GatewayState.ABSENT
    world.gateway.present = True
    world.docker_start(Subject.GATEWAY)
    world.run(30, lambda w: w.well)
    assert world.well
    assert world.incidents == []


def test_a_slow_boot_is_not_a_fault() -> None:
    world = World(Rules("sim", account="DUSIM0001"), boot_seconds=200.0)
    world.gateway.status = Status.CREATED
    world.run(5)
    world.docker_start(Subject.GATEWAY)
    world.run(250, lambda w: w.well)
    assert world.well
    assert world.incidents == []


def test_a_gateway_known_to_have_been_ready_gets_no_boots_grace() -> None:
    world = World(Rules("sim", account="DUSIM0001"))
    world.gateway.up_since = world.now - 10.0
    world.kill_jvm()
    proven = "gateway-container-id"[:12] + "@start-1"
    world.memory = Memory(gateway=GatewayTrack(proven=proven, process=Process()))
    world.run(60, lambda w: w.well)
    assert Rung.CONTAINER_RESTART in world.rungs


def test_entries_are_held_from_seen_to_recovered() -> None:
    world = settled()
    world.kill_jvm()
    world.run(7)
    assert world.memory.hold
    world.run(60, lambda w: w.well)
    assert not world.memory.hold
    world.run(5)
    assert not world.memory.held


def test_without_an_engine_the_gateway_is_kept_all_the_same() -> None:
    world = World(Rules("sim", account="DUSIM0001", engine=False))
    world.engine.present = False
    world.run(20)
    world.kill_jvm()
    world.run(60, lambda w: bool(w.closed))
    assert world.rungs == [Rung.CONTAINER_RESTART]


def test_a_failed_act_is_tried_again_only_after_a_while() -> None:
    world = settled()
    world.acts_fail = True
    world.docker_kill(Subject.GATEWAY)
    world.run(18)
    times = [at for at, _ in world.acts]
    assert len(times) == 2
    assert times[1] - times[0] >= 10.0


def test_the_same_news_is_the_same_sentence() -> None:
    world = settled()
    world.run(1)
    before = world.sentence
    world.run(30)
    assert world.sentence == before == "sim: gateway READY; engine TRADING"


@pytest.mark.parametrize("seconds", [1.0, 8.0, 15.0])
def test_a_persons_stop_that_takes_its_time_is_no_dead_gateway(seconds: float) -> None:
    world = settled()
    world.event(Subject.GATEWAY, "kill", 15)
    world.kill_jvm()
    world.run(seconds)
    world.docker_stop(Subject.GATEWAY)
    world.run(30)
    assert (world.memory.gateway.state, world.memory.gateway_incident) == (GatewayState.STOPPED, None)


def test_a_gateway_that_outlives_a_persons_stop_is_judged_again() -> None:
    world = settled()
    world.event(Subject.GATEWAY, "kill", 15)
    world.kill_jvm()
    world.run(world.rules.policy.stop_grace - 5)
    assert world.incidents == []
    world.run(60)
    assert [incident.fault for incident in world.incidents] == ["jvm-dead"]


@pytest.mark.parametrize("seconds", [1.0, 1.25, 1.5, 2.0])
def test_a_pause_before_it_is_no_part_of_a_death(seconds: float) -> None:
    """Found by a simulated day, seed 1100179 of ce1ee42: restarted 14 s after the death."""
    world = settled()
    world.hang = True
    world.run(6.0)
    world.hang = False
    world.run(seconds)
    world.kill_jvm()
    died = world.now
    world.run(60, lambda w: Rung.CONTAINER_RESTART in w.rungs)
    assert world.rungs[-1] is Rung.CONTAINER_RESTART
    assert world.now - died >= 20.0


# -- a login that takes its time (found by whole days: tests/sim) ------------------------------------------------------


def test_a_gateway_that_the_ledger_lets_go_at_last_has_its_whole_start_before_it() -> None:
    world = settled()
    world.docker_kill(Subject.GATEWAY)
    world.boot_seconds = float("inf")
    world.ledger = LedgerView(Look(Result.OK, world.now), waiting=True)
    world.run(700)
    assert world.rungs == [Rung.CONTAINER_START]
    world.ledger = LedgerView(Look(Result.OK, world.now))
    world.run(100)
    world._ready_at = world.now
    world.run(60, lambda w: w.well)
    assert world.well
    assert Rung.CONTAINER_RESTART not in world.rungs
    assert not [told for _, told in world.pages if "jvm-dead" in told]


def test_a_gateway_that_waited_for_its_login_and_hangs_once_it_is_ready_is_cured_as_fast_as_any_other() -> None:
    """With many tenants each start waits for its turn (found by tests.e2e.isolation)."""
    world = settled()
    world.docker_kill(Subject.GATEWAY)
    world.boot_seconds = float("inf")
    world.ledger = LedgerView(Look(Result.OK, world.now), waiting=True)
    world.run(30)
    world.ledger = LedgerView(Look(Result.OK, world.now))
    world._ready_at = world.now + 20.0
    world.run(60, lambda w: w.well)
    world.run(30)
    world.hang, begun = True, world.now
    world.run(400, lambda w: Rung.IBC_RESTART in w.rungs)
    assert world.now - begun < 30.0


def test_a_gateway_that_the_ledger_let_go_and_that_never_answers_is_restarted() -> None:
    world = settled()
    world.docker_kill(Subject.GATEWAY)
    world.boot_seconds = float("inf")
    world.ledger = LedgerView(Look(Result.OK, world.now), waiting=True)
    world.run(700)
    world.ledger = LedgerView(Look(Result.OK, world.now))
    begun = world.now
    world.run(400, lambda w: Rung.CONTAINER_RESTART in w.rungs)
    assert Rung.CONTAINER_RESTART in world.rungs
    assert world.now - begun >= world.rules.policy.start_deadline


def test_a_login_that_comes_through_late_is_not_restarted_at_that_moment() -> None:
    world = settled()
    world.docker_kill(Subject.GATEWAY)
    world.boot_seconds = float("inf")
    world.run(30, lambda w: Rung.CONTAINER_START in w.rungs and w.flying is None)
    for phase, seconds in ((LoginPhase.LOGGING_IN, 200), (LoginPhase.TWOFA, 170)):
        world.login, world.login_since = phase, world.now
        world.run(seconds)
    world.login, world.login_since = LoginPhase.QUIET, None
    world.run(2)
    world._ready_at = world.now
    world.run(60, lambda w: w.well)
    assert world.well
    assert Rung.CONTAINER_RESTART not in world.rungs


def test_a_refused_login_after_a_restart_is_told_by_its_own_name() -> None:
    world = settled()
    world.docker_kill(Subject.GATEWAY)
    world.boot_seconds = float("inf")
    world.run(30, lambda w: Rung.CONTAINER_START in w.rungs and w.flying is None)
    world.login, world.login_since = LoginPhase.REFUSED, world.now
    world.run(60)
    assert world.rungs == [Rung.CONTAINER_START, Rung.LOGIN_HOLD, Rung.GATEWAY_STOP]
    assert [incident.fault for incident in world.incidents] == ["login-refused"]  # and no restart-storm


@pytest.mark.parametrize("phase", range(8))
def test_an_engine_started_after_our_safety_stop_is_not_started_once_more(phase: int) -> None:
    """A look from before the start still shows it dead; that death was of our own making."""
    world = settled()
    world.accounts = ("U1",)
    world.run(20, lambda w: w.memory.engine.state is EngineState.STOPPED)
    world.accounts = ("DUSIM0001",)
    world.run(20 + phase * 0.25)
    world.docker_start(Subject.ENGINE)
    world.run(30, lambda w: w.well)
    assert world.well
    assert Rung.ENGINE_START not in world.rungs
