"""The machine under anything that can happen, in any order, at any time: what may never be, and that all ends well."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from supervisor.faults import Rung
from supervisor.ladder import STEPS, Purse
from supervisor.memory import Memory
from supervisor.observation import CONTAINERS, EngineWord, LoginPhase, Status, Subject
from supervisor.rules import Rules
from supervisor.states import EngineState, GatewayState
from tests.sim.world import World

RULES = Rules("sim", account="DUSIM0001")
BUDGETS = {Purse.GATEWAY: RULES.policy.container_budget, Purse.ENGINE: RULES.policy.engine_budget}


class Machine(RuleBasedStateMachine):
    """Faults, cures, people and time; `turned` is asserted after every single turn."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(RULES)
        self.world.on_turn.append(self.turned)
        self.checked = 0

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
        self.world.login = phase

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

    def turned(self, before: Memory, after: Memory) -> None:
        """After each turn."""
        world = self.world
        for at, act in world.acts[self.checked :]:
            step = STEPS[act.rung]
            assert before.flight is None or after.flight is act, "one act in flight"
            if step.subject is Subject.ENGINE and act.rung is not Rung.ENGINE_STOP:
                assert after.gateway.state is GatewayState.READY, "the engine is touched only behind a ready gateway"
            if not act.by_hand:
                if world.paused:
                    assert not step.restarts or act.rung is Rung.ENGINE_STOP, "a pause vetoes restarts"
                if step.purse is not Purse.NONE:
                    spent = before.gateway_spent if step.purse is Purse.GATEWAY else before.engine_spent
                    assert BUDGETS[step.purse].left(spent, at) > 0, "never beyond a budget"
                if step.new_process:
                    assert world._docker.result == "OK", "never blind"
                if act.rung in (Rung.CONTAINER_RESTART, Rung.IBC_RESTART):
                    assert world.login not in (LoginPhase.TWOFA, LoginPhase.UNKNOWN), "never into a login"
                if step.subject is Subject.GATEWAY and step.restarts:
                    assert not after.gateway.process.asked, "never against a person's wish"
        self.checked = len(world.acts)
        if after.gateway.state is GatewayState.READY:
            assert after.gateway.process.died_at is None

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
        assert world.well or by_a_person or (gave_up and world.pages), f"{world.sentence} after {world.rungs[-6:]}"

    def mend(self) -> None:
        """Undo every fault; what is dead stays dead."""
        world = self.world
        world.docker_ok = world.dns_ok = world.clearance = world.restart_cures = world.resync_cures = True
        world.paused = world.acts_fail = world.engine_mute = world.ibc_dead = False
        world.login, world.accounts, world.act_seconds = LoginPhase.QUIET, ("DUSIM0001",), 0.3
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
