"""The machine under anything that can happen, in any order, at any time: what may never be, and that all ends well."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from supervisor.faults import Rung
from supervisor.observation import (
    CONTAINERS,
    EngineWord,
    HostView,
    LedgerView,
    LoginPhase,
    Look,
    OpenWindow,
    Result,
    Status,
    Subject,
)
from supervisor.rules import Rules
from supervisor.states import EngineState, GatewayState
from tests.sim.invariants import Invariants
from tests.sim.world import World

RULES = Rules("sim", account="DUSIM0001")


class Machine(RuleBasedStateMachine):
    """Faults, cures, people and time; the invariants are asserted after every single turn."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(RULES)
        self.world.on_turn.append(Invariants(self.world).turned)

    @initialize(docker_restarts=st.booleans(), positions=st.integers(0, 1), boot=st.sampled_from([0.5, 3.0, 45.0]))
    def begin(self, docker_restarts: bool, positions: int, boot: float) -> None:
        self.world.run(20.0)
        self.world.docker_restarts = docker_restarts
        self.world.positions = positions
        self.world.boot_seconds = boot

    # -- time -------------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.25, 1.0, 3.0, 10.0, 40.0, 200.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule()
    def all_mends(self) -> None:
        """So that long sequences come back to a healthy house now and then."""
        self.mend()
        for subject in CONTAINERS:
            if self.world.box(subject).status is Status.EXITED and self.world.flying is None:
                self.world.docker_start(subject)
        self.world.run(400.0, lambda w: w.well)

    # -- faults -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.world.alive)
    @rule(how=st.sampled_from(["crash", "kill", "jvm", "hang", "freeze", "half-open", "ibc", "uncurable"]))
    def gateway_breaks(self, how: str) -> None:
        world = self.world
        match how:
            case "crash":
                world.crash(Subject.GATEWAY)
            case "kill":
                world.docker_kill(Subject.GATEWAY)
            case "jvm":
                world.kill_jvm()
            case "hang":
                world.hang = True
            case "freeze":
                world.frozen = True
            case "half-open":
                world.half_open = True
            case "ibc":
                world.hang = world.ibc_dead = True
            case _:
                world.restart_cures = False
                world.kill_jvm()

    @precondition(lambda self: self.world.alive)
    @rule()
    def gateway_mends_itself(self) -> None:
        self.world.hang = self.world.frozen = self.world.half_open = self.world.jvm_dead = False
        self.world.restart_cures = True

    @rule(lost=st.booleans())
    def upstream(self, lost: bool) -> None:
        self.world.upstream_lost_at = self.world.now if lost else None

    @rule()
    def data_lost(self) -> None:
        self.world.upstream_lost_at = None
        self.world.data_lost_at = self.world.now

    @rule(down=st.booleans())
    def farm(self, down: bool) -> None:
        if down:
            self.world.farms_down.setdefault("usfarm", self.world.now)
        elif self.world.farms_down:
            self.world.farms_down.clear()
            self.world.farm_back_at = self.world.now

    @rule(accounts=st.sampled_from([("DUSIM0001",), ("U1",), ("DUSIM0001",)]))
    def account(self, accounts: tuple[str, ...]) -> None:
        self.world.accounts = accounts

    @precondition(lambda self: self.world.engine.status is Status.RUNNING)
    @rule(how=st.sampled_from(["crash", "kill", "zombie", "deaf", "backoff", "mute", "well", "stubborn"]))
    def engine_changes(self, how: str) -> None:
        world = self.world
        match how:
            case "crash":
                world.crash(Subject.ENGINE)
            case "kill":
                world.docker_kill(Subject.ENGINE)
            case "zombie":
                world.engine_word = EngineWord.ZOMBIE
            case "deaf":
                world.engine_word = EngineWord.DEAF
            case "backoff":
                world.engine_needs_resync = True
            case "mute":
                world.engine_mute = True
            case "stubborn":
                world.resync_cures = False
                world.engine_word = EngineWord.CONNECTING
            case _:
                world.engine_word, world.engine_mute, world.resync_cures = None, False, True

    # -- our own troubles, and people -------------------------------------------------------------------------------

    @rule(docker=st.booleans(), dns=st.booleans())
    def senses(self, docker: bool, dns: bool) -> None:
        self.world.docker_ok, self.world.dns_ok = docker, dns

    @rule(phase=st.sampled_from(list(LoginPhase)))
    def log_says(self, phase: LoginPhase) -> None:
        self.world.login, self.world.login_since = phase, self.world.now

    @rule(hold=st.sampled_from([None, "a word"]), wait=st.sampled_from([None, 30.0, 900.0]), waiting=st.booleans())
    def ledger(self, hold: str | None, wait: float | None, waiting: bool) -> None:
        world = self.world
        next_at = world.now + wait if wait is not None and hold is None else None
        world.ledger = LedgerView(Look(Result.OK, world.now), (), hold, next_at, waiting)

    @rule(seconds=st.sampled_from([None, 60.0, 5400.0]))
    def window(self, seconds: float | None) -> None:
        self.world.windows = (OpenWindow("reset", self.world.now + seconds),) if seconds is not None else ()

    @rule()
    def host_sleeps(self) -> None:
        self.world.host = HostView(Look(Result.OK, self.world.now), slept_at=self.world.now)
        self.world.half_open = self.world.serving

    @rule(competed=st.booleans(), cache=st.booleans(), blocked=st.booleans(), skew=st.sampled_from([0.0, 6.0]))
    def beside_the_ladder(self, competed: bool, cache: bool, blocked: bool, skew: float) -> None:
        world = self.world
        world.competed_at = world.now if competed else None
        world.cache_up, world.write_blocked, world.skew = cache, blocked, skew

    @rule()
    def supervisor_is_killed(self) -> None:
        self.world.supervisor_dies()

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.world.paused = paused

    @rule(clearance=st.booleans(), fails=st.booleans(), slow=st.sampled_from([0.3, 2.0, 12.0]))
    def hands(self, clearance: bool, fails: bool, slow: float) -> None:
        self.world.clearance, self.world.acts_fail, self.world.act_seconds = clearance, fails, slow

    @precondition(lambda self: self.world.flying is None)
    @rule(
        subject=st.sampled_from(list(CONTAINERS)),
        what=st.sampled_from(["stop", "start", "pause", "unpause", "restart"]),
    )
    def person(self, subject: Subject, what: str) -> None:
        world = self.world
        box = world.box(subject)
        if what == "stop" and box.status is Status.RUNNING:
            world.docker_stop(subject)
        elif what == "start" and box.status is Status.EXITED:
            world.docker_start(subject)
        elif what == "pause" and box.status is Status.RUNNING:
            box.status = Status.PAUSED
        elif what == "unpause" and box.status is Status.PAUSED:
            box.status = Status.RUNNING
        elif what == "restart":
            world.ask(subject, Rung.CONTAINER_RESTART if subject is Subject.GATEWAY else Rung.ENGINE_RESTART)

    # -- what may never be ------------------------------------------------------------------------------------------

    @invariant()
    def incidents_are_told_once(self) -> None:
        world = self.world
        assert len({incident.id for incident in world.incidents}) == len(world.incidents)
        now_open = {i.id for i in world.memory.open}
        assert now_open == {i.id for i in world.incidents} - {i.id for _, i in world.closed}

    def teardown(self) -> None:
        """Everything mends: then all recovers, or a person has been called, or a person's stop is respected."""
        self.mend()
        world = self.world
        world.run(2500.0, lambda w: w.well)
        memory = world.memory
        by_a_person = memory.gateway.state is GatewayState.STOPPED or memory.engine.state is EngineState.STOPPED
        gave_up = any(i is not None and i.gave_up for i in (memory.gateway_incident, memory.engine_incident))
        held = world.ledger.hold is not None  # by an act for a refused login that had landed when that was over
        called = (gave_up or held) and bool(world.pages)
        assert world.well or by_a_person or called, f"{world.sentence} after {world.rungs[-6:]}"

    def mend(self) -> None:
        """Undo every fault; what is dead stays dead."""
        world = self.world
        world.docker_ok = world.dns_ok = world.clearance = world.restart_cures = world.resync_cures = True
        world.paused = world.acts_fail = world.engine_mute = world.ibc_dead = False
        world.login, world.accounts, world.act_seconds = LoginPhase.QUIET, ("DUSIM0001",), 0.3
        world.login_since, world.windows, world.competed_at, world.skew = None, (), None, 0.0
        world.ledger, world.cache_up, world.write_blocked = LedgerView(Look(Result.OK, world.now)), True, False
        if world._ready_at == float("inf") and world.alive:
            world._boot(world.boot_seconds)  # it waited for the hold
        world.upstream_lost_at, world.engine_word, world.positions = None, None, 0
        if world.farms_down:
            world.farms_down.clear()
            world.farm_back_at = world.now
        for box in (world.gateway, world.engine):
            if box.status is Status.PAUSED:
                box.status = Status.RUNNING


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=40,
    stateful_step_count=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
