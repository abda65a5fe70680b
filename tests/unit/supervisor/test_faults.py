"""One test a fault, of the same name: what is seen, when it may be acted on, and that the right thing is then done."""

import pytest

from supervisor.faults import FAULTS, Rung
from supervisor.observation import EngineWord, LoginPhase, Status, Subject
from supervisor.rules import Rules
from supervisor.states import EngineState, GatewayState
from tests.sim.world import TURN, World, settled

CONTAINER = (Rung.CONTAINER_START, Rung.CONTAINER_RESTART, Rung.IBC_RESTART)


def declared_after(world: World, since: float) -> float:
    """Seconds from injection to the first incident."""
    assert world.incidents, world.sentence
    return world.incidents[0].declared_at - since


def acted_after(world: World, since: float, rung: Rung) -> float:
    """Seconds from injection to the first act at `rung`."""
    return next(at for at, act in world.acts if act.rung is rung) - since


def only_incident(world: World, fault: str) -> None:
    assert [incident.fault for incident in world.incidents] == [fault]
    assert [incident.fault for _, incident in world.closed] == [fault]


@pytest.fixture
def world() -> World:
    return settled()


def test_container_exit(world: World) -> None:
    begun = world.now
    world.docker_kill(Subject.GATEWAY)
    world.run(60, lambda w: w.well and bool(w.closed))
    only_incident(world, "container-exit")
    assert declared_after(world, begun) <= 0.5
    assert 5.0 <= acted_after(world, begun, Rung.CONTAINER_START) <= 5.0 + 2 * TURN
    assert world.rungs == [Rung.CONTAINER_START, Rung.ENGINE_RESYNC]


def test_container_exit_left_to_dockers_own_policy(world: World) -> None:
    world.docker_restarts = True
    world.crash(Subject.GATEWAY)
    world.run(60, lambda w: w.well and bool(w.closed))
    only_incident(world, "container-exit")
    assert world.rungs == [Rung.ENGINE_RESYNC]


def test_container_exit_is_not_started_while_docker_restarts_it(world: World) -> None:
    world.crash(Subject.GATEWAY)
    world.gateway.status = Status.RESTARTING
    world.run(60)
    assert world.rungs == []


def test_container_exit_asked_for_by_a_person_is_observed(world: World) -> None:
    world.docker_stop(Subject.GATEWAY)
    world.run(120)
    assert world.rungs == []
    assert world.incidents == []
    assert world.memory.gateway.state is GatewayState.STOPPED


def test_container_exit_found_by_a_new_supervisor_which_did_not_see_it() -> None:
    world = World(Rules("sim", account="DUSIM0001"))
    world.gateway.status, world.gateway.exit_code, world.gateway.ended_at = Status.EXITED, 137, 900.0
    world.run(60, lambda w: w.well)
    assert world.rungs[0] is Rung.CONTAINER_START


def test_container_exit_found_tidy_by_a_new_supervisor_is_a_persons_stop() -> None:
    world = World(Rules("sim", account="DUSIM0001"))
    world.gateway.status, world.gateway.exit_code, world.gateway.ended_at = Status.EXITED, 143, 900.0
    world.run(60)
    assert world.rungs == []
    assert world.memory.gateway.state is GatewayState.STOPPED


def test_jvm_dead(world: World) -> None:
    begun = world.now
    world.kill_jvm()
    world.run(60, lambda w: w.well and bool(w.closed))
    only_incident(world, "jvm-dead")
    assert declared_after(world, begun) <= 6.0
    assert 20.0 <= acted_after(world, begun, Rung.CONTAINER_RESTART) <= 21.0
    assert world.rungs == [Rung.CONTAINER_RESTART, Rung.ENGINE_RESYNC]


@pytest.mark.parametrize("phase", [p for p in LoginPhase if p is not LoginPhase.QUIET])
def test_jvm_dead_waits_for_the_log_to_be_quiet(world: World, phase: LoginPhase) -> None:
    world.login = phase
    world.kill_jvm()
    world.run(200)
    assert world.rungs == []
    assert world.memory.hold


def test_soft_dead(world: World) -> None:
    begun = world.now
    world.hang = True
    world.run(60, lambda w: w.well and bool(w.closed))
    only_incident(world, "soft-dead")
    assert declared_after(world, begun) <= 6.0
    assert 20.0 <= acted_after(world, begun, Rung.IBC_RESTART) <= 24.0
    assert world.rungs == [Rung.IBC_RESTART, Rung.ENGINE_RESYNC]


def test_soft_dead_goes_to_the_container_only_when_ibc_fails(world: World) -> None:
    world.hang = world.ibc_dead = True
    world.run(120, lambda w: w.well and bool(w.closed))
    assert world.rungs == [Rung.IBC_RESTART, Rung.CONTAINER_RESTART, Rung.ENGINE_RESYNC]


def test_soft_dead_pages_first_with_exposure(world: World) -> None:
    world.positions = 1
    world.hang = True
    world.run(60, lambda w: bool(w.acts))
    paged_at, text = world.pages[0]
    assert "soft-dead" in text
    assert paged_at < world.acts[0][0]


def test_soft_dead_that_passes_is_left_alone(world: World) -> None:
    world.hang = True
    world.run(6)
    world.hang = False
    world.run(60, lambda w: w.well and bool(w.closed))
    assert world.rungs == []


def test_frozen(world: World) -> None:
    begun = world.now
    world.frozen = True
    world.run(60, lambda w: w.well and bool(w.closed))
    only_incident(world, "frozen")
    assert declared_after(world, begun) <= 6.0
    assert 20.0 <= acted_after(world, begun, Rung.CONTAINER_RESTART) <= 24.0


def test_frozen_but_paused_by_a_person_is_observed(world: World) -> None:
    world.gateway.status, world.frozen = Status.PAUSED, True
    world.run(120)
    assert world.rungs == []
    assert world.memory.gateway.state is GatewayState.STOPPED


def test_half_open(world: World) -> None:
    begun = world.now
    world.half_open = True
    world.run(60, lambda w: w.well and bool(w.closed))
    only_incident(world, "half-open")
    assert declared_after(world, begun) <= 6.0
    assert world.rungs == [Rung.SENTINEL_RECONNECT]


def test_upstream_lost(world: World) -> None:
    begun = world.now
    world.upstream_lost_at = begun
    world.run(20)
    assert declared_after(world, begun) <= TURN
    assert world.memory.hold
    world.run(600)
    assert world.rungs == [Rung.RECONNECT_ACCOUNT]  # once, and nothing harder, however long it lasts
    assert acted_after(world, begun, Rung.RECONNECT_ACCOUNT) >= 300.0


def test_upstream_lost_pages_after_30_s_only_if_exposed(world: World) -> None:
    world.positions, world.upstream_lost_at = 2, world.now
    begun = world.now
    world.run(29)
    assert world.pages == []
    world.run(5)
    assert 30.0 <= world.pages[0][0] - begun <= 31.0


def test_upstream_lost_logs_nobody_in_where_that_is_off() -> None:
    world = settled(Rules("sim", account="DUSIM0001", reconnect_account=False))
    world.upstream_lost_at = world.now
    world.run(600)
    assert world.rungs == []


def test_upstream_back(world: World) -> None:
    world.upstream_lost_at = world.now
    world.run(10)
    world.upstream_lost_at = None
    world.run(10, lambda w: w.well)
    only_incident(world, "upstream-lost")
    assert world.rungs == []
    assert not world.memory.hold


def test_data_lost(world: World) -> None:
    begun = world.now
    world.data_lost_at = begun
    world.run(10, lambda w: w.well and bool(w.closed))
    only_incident(world, "data-lost")
    assert world.rungs == [Rung.ENGINE_RESYNC]
    assert acted_after(world, begun, Rung.ENGINE_RESYNC) <= 0.5


def test_data_lost_stays_open_until_ticks_flow(world: World) -> None:
    world.data_lost_at, world.ticking = world.now + TURN, False
    world.run(30)
    assert [incident.fault for incident in world.incidents] == ["data-lost"]
    assert world.closed == []
    world.ticking = True
    world.run(5, lambda w: bool(w.closed))
    only_incident(world, "data-lost")


def test_market_farm(world: World) -> None:
    begun = world.now
    world.farms_down["usfarm"] = begun
    world.run(200)
    assert world.rungs == [Rung.RECONNECT_DATA]  # once an incident
    assert 60.0 <= acted_after(world, begun, Rung.RECONNECT_DATA) <= 61.0
    world.farms_down.clear()
    world.farm_back_at = world.now
    world.run(10, lambda w: bool(w.closed))
    only_incident(world, "market-farm")


def test_market_farm_of_no_configured_instrument_is_nobodys_business(world: World) -> None:
    world.farms_down["jfarm"] = world.now
    world.run(200)
    assert world.incidents == []
    assert world.rungs == []


@pytest.mark.parametrize("accounts", [("U1234567",), ("DU7654321",)])
def test_wrong_account(accounts: tuple[str, ...]) -> None:
    world = World(Rules("sim", account="DUSIM0001"), accounts=accounts)
    world.run(30)
    assert [incident.fault for incident in world.incidents] == ["wrong-account"]
    assert world.rungs == [Rung.ENGINE_STOP]
    assert world.memory.engine.state is EngineState.STOPPED
    assert world.pages


def test_wrong_account_stops_the_engine_even_while_paused() -> None:
    world = World(Rules("sim", account="DUSIM0001"), accounts=("U1234567",), paused=True)
    world.run(30)
    assert world.rungs == [Rung.ENGINE_STOP]


def test_a_paper_account_is_wrong_where_live_was_asked() -> None:
    world = World(Rules("live", account="DU1", live=True), accounts=("DU1",))
    world.run(30)
    assert [incident.fault for incident in world.incidents] == ["wrong-account"]


def test_engine_exit(world: World) -> None:
    begun = world.now
    world.docker_kill(Subject.ENGINE)
    world.run(60, lambda w: w.well and bool(w.closed))
    only_incident(world, "engine-exit")
    assert declared_after(world, begun) <= 0.5
    assert world.rungs == [Rung.ENGINE_START]
    assert acted_after(world, begun, Rung.ENGINE_START) <= 0.5


def test_engine_exit_waits_for_clearance(world: World) -> None:
    world.clearance = False
    world.docker_kill(Subject.ENGINE)
    world.run(120)
    assert world.engine.status is Status.EXITED
    assert len(world.memory.engine_spent) == 0  # a start that was not made costs nothing
    world.clearance = True
    world.run(30, lambda w: w.well)
    assert world.well


def test_engine_exit_waits_for_the_gateway(world: World) -> None:
    world.upstream_lost_at = world.now
    world.docker_kill(Subject.ENGINE)
    world.run(60)
    assert world.rungs == []


def test_engine_exit_asked_for_by_a_person_is_observed(world: World) -> None:
    world.docker_stop(Subject.ENGINE)
    world.run(60)
    assert world.rungs == []
    assert world.incidents == []


def test_engine_zombie(world: World) -> None:
    begun = world.now
    world.engine_word = EngineWord.ZOMBIE
    world.run(60, lambda w: w.well and bool(w.closed))
    only_incident(world, "engine-zombie")
    assert declared_after(world, begun) <= 6.0
    assert world.rungs == [Rung.ENGINE_RESTART]


def test_engine_zombie_that_answers_nothing_is_given_20_s(world: World) -> None:
    begun = world.now
    world.engine_mute = True
    world.run(60, lambda w: w.well and bool(w.closed))
    only_incident(world, "engine-zombie")
    assert acted_after(world, begun, Rung.ENGINE_RESTART) >= 20.0


def test_engine_deaf(world: World) -> None:
    world.engine_word = EngineWord.DEAF
    world.run(60, lambda w: w.well and bool(w.closed))
    only_incident(world, "engine-deaf")
    assert world.rungs == [Rung.ENGINE_RESYNC]


def test_engine_deaf_is_restarted_when_a_resync_fails(world: World) -> None:
    world.engine_word, world.resync_cures, world.positions = EngineWord.DEAF, False, 1
    world.run(60, lambda w: w.well and bool(w.closed))
    assert world.rungs == [Rung.ENGINE_RESYNC, Rung.ENGINE_RESTART]
    assert world.pages


def test_engine_deaf_means_nothing_in_a_quiet_market(world: World) -> None:
    world.ticking = False
    world.run(60)
    world.engine_word = EngineWord.DEAF
    world.run(120)
    assert world.rungs == []


def test_engine_backoff(world: World) -> None:
    begun = world.now
    world.engine_needs_resync = True
    world.run(60, lambda w: w.well and bool(w.closed))
    only_incident(world, "engine-backoff")
    assert 10.0 <= declared_after(world, begun) <= 12.5
    assert world.rungs == [Rung.ENGINE_RESYNC]


def test_engine_backoff_restarts_only_without_exposure(world: World) -> None:
    world.engine_word, world.resync_cures, world.orders = EngineWord.CONNECTING, False, 1
    world.run(400)
    assert set(world.rungs) == {Rung.ENGINE_RESYNC}
    assert world.pages
    world.orders = 0
    world.run(120, lambda w: Rung.ENGINE_RESTART in w.rungs)
    assert Rung.ENGINE_RESTART in world.rungs


def test_every_fault_has_a_test_of_its_name() -> None:
    tested = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert set(FAULTS) <= tested
