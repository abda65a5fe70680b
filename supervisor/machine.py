"""The machine: one pure step from what is remembered and what is seen to what is remembered and what is to be done.

Level-triggered: every turn re-reads the whole observation, takes at most one act, and says one sentence. It never
waits, never looks at a clock, and never touches the world; `loop` does that. States change in one place only,
`_Turn._move`, along the edges of `states`.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from supervisor import faults, states
from supervisor.detectors import Detector
from supervisor.diagnosis import Diagnosis, dead, engine_trouble, exposure, not_whole, silent
from supervisor.errors import IllegalTransition
from supervisor.faults import FAULTS, Page, Rung
from supervisor.ladder import STEPS, Purse, act_deadline, next_rung, proof_deadline
from supervisor.memory import (
    NEVER,
    Act,
    Action,
    Amend,
    Close,
    Done,
    EngineTrack,
    GatewayTrack,
    Hands,
    Incident,
    Memory,
    Moved,
    Open,
    Process,
    Proof,
    Remember,
    Tell,
)
from supervisor.observation import (
    Container,
    EngineWord,
    LoginPhase,
    Observation,
    Result,
    SessionPhase,
    Status,
    Subject,
)
from supervisor.policy import Policy
from supervisor.states import EngineState, GatewayState

_SIGKILL = 9
_TIDY_EXITS = (0, 130, 143)  # how a process ends that was asked to
_HANDS_AFTERGLOW = 1.0  # events of our own act may still arrive this long after it


@dataclass(frozen=True, slots=True)
class Rules:
    """What a tenant is told to be, beside the numbers.

    Attributes:
        account: the configured account; empty accepts any of the right kind.
        live: real money.
        engine: whether an engine of ours is to be looked after.
        farms: patterns of the data farms that serve configured instruments.
        reconnect_account: whether RECONNECTACCOUNT, a login, may be used.
    """

    tenant: str
    account: str = ""
    live: bool = False
    engine: bool = True
    farms: tuple[str, ...] = ("us*",)
    reconnect_account: bool = True
    policy: Policy = field(default_factory=Policy)


class Turn(NamedTuple):
    """What a step gives back."""

    memory: Memory
    actions: tuple[Action, ...]
    sentence: str


def step(memory: Memory, observation: Observation, now: float, rules: Rules) -> Turn:
    """One turn. Total: every observation has an answer."""
    turn = _Turn(memory, observation, now, rules)
    turn.take_outcomes()
    turn.take_events()
    turn.take_containers()
    turn.take_looks()
    turn.judge_gateway()
    turn.judge_engine()
    turn.keep_incidents()
    turn.act()
    turn.hold()
    return Turn(turn.m, tuple(turn.out), turn.sentence())


def ours(hands: Hands | None, at: float) -> bool:
    """Whether an event at `at` was made by our own act."""
    return hands is not None and hands.since <= at and (hands.until is None or at <= hands.until + _HANDS_AFTERGLOW)


def _outdated(process: Process, not_before: float) -> bool:
    """Whether all that is known is a death from before our act ended: no look has shown yet what the act did."""
    return process.died_at is not None and process.died_at <= not_before and process.known_at < not_before


class _Turn:
    """The scratch pad of one step."""

    def __init__(self, memory: Memory, observation: Observation, now: float, rules: Rules) -> None:
        self.m = memory
        self.o = observation
        self.now = now
        self.rules = rules
        self.policy = rules.policy
        self.out: list[Action] = []
        self.exposed = exposure(observation, now, rules.policy)
        self.gateway_finding: Diagnosis | None = None
        self.engine_finding: Diagnosis | None = None
        self.why_not = ""

    # -- the one place that changes state ---------------------------------------------------------------------------

    def _move(self, state: GatewayState | EngineState) -> None:
        """Take an edge of the table.

        Raises:
            IllegalTransition: the table has no such edge, which is a bug.
        """
        if isinstance(state, GatewayState):
            gateway = self.m.gateway.state
            if state is not gateway:
                self._note(gateway, state, states.GATEWAY_EDGES[gateway].get(state))
                self._gateway(state=state, since=self.now)
        else:
            engine = self.m.engine.state
            if state is not engine:
                self._note(engine, state, states.ENGINE_EDGES[engine].get(state))
                self._engine(state=state, since=self.now)

    def _note(self, before: GatewayState | EngineState, after: GatewayState | EngineState, why: str | None) -> None:
        if why is None:
            raise IllegalTransition(f"expected an edge of the table, found {before} -> {after}; report this bug")
        self.out.append(Moved(before, after, why))

    def _gateway(self, **changes: object) -> None:
        self.m = replace(self.m, gateway=replace(self.m.gateway, **changes))  # type: ignore[arg-type]

    def _engine(self, **changes: object) -> None:
        self.m = replace(self.m, engine=replace(self.m.engine, **changes))  # type: ignore[arg-type]

    def _process(self, subject: Subject) -> Process:
        return self.m.gateway.process if subject is Subject.GATEWAY else self.m.engine.process

    def _put(self, subject: Subject, process: Process) -> None:
        if subject is Subject.GATEWAY:
            self._gateway(process=process)
        else:
            self._engine(process=process)

    def _hands(self, subject: Subject) -> Hands | None:
        return self.m.gateway_hands if subject is Subject.GATEWAY else self.m.engine_hands

    # -- what came in -----------------------------------------------------------------------------------------------

    def take_outcomes(self) -> None:
        """Our own acts that have ended, or that should have."""
        flight = self.m.flight
        if flight is None:
            return
        for outcome in self.o.outcomes:
            if outcome.act_id == flight.id:
                word = "refused" if outcome.refused else "ok" if outcome.ok else "failed"
                self._landed(flight, word)
                return
        if self.now > flight.deadline + self.policy.docker_timeout:
            self._landed(flight, "failed")

    def _landed(self, act: Act, word: str) -> None:
        step = STEPS[act.rung]
        self.m = replace(self.m, flight=None)
        for subject in Subject:
            incident = self._incident(subject)
            if incident is not None and incident.id == act.incident_id:
                acts = tuple(replace(d, outcome=word) if d.act_id == act.id else d for d in incident.acts)
                self._set_incident(subject, replace(incident, acts=acts))
        if step.restarts:
            self._lift_hands(step.subject)
        if word == "refused" and step.purse is not Purse.NONE:
            self._unspend(step.purse, act.at)
        if word != "ok":
            self.m = replace(self.m, retry_at=self.now + self.policy.retry_after)
            self._set_proof(step.subject, Proof(act.rung, act.at, self.now))  # nothing to wait for
            return
        if act.rung is Rung.ENGINE_STOP:
            # Our own safety stop is a wish too: nobody starts that engine again but a person.
            engine = self.m.engine.process
            died_at = engine.died_at if engine.died_at is not None else self.now
            self._put(Subject.ENGINE, replace(engine, died_at=died_at, asked=True, stop_known=engine.identity))
            self.out.append(Remember("asked:engine", engine.identity or ""))
            return
        proof = Proof(act.rung, act.at, self.now + proof_deadline(act.rung, self.policy))
        self._set_proof(step.subject, proof)
        if step.subject is Subject.GATEWAY and act.rung not in (Rung.RECONNECT_DATA, Rung.RECONNECT_ACCOUNT):
            self._gateway(handshake=Detector(), heart=Detector(), not_before=self.now)
        elif act.rung is Rung.ENGINE_RESYNC:
            self._engine(not_before=self.now, resync_due=False)
            lost_at = self.o.sentinel.data_lost_at
            if lost_at is not None and lost_at <= act.at:
                self._gateway(data_lost_done=lost_at)
        elif step.subject is Subject.ENGINE:
            self._engine(looks=Detector(), not_before=self.now)

    def _set_proof(self, subject: Subject, proof: Proof | None) -> None:
        if subject is Subject.GATEWAY:
            self.m = replace(self.m, gateway_proof=proof)
        else:
            self.m = replace(self.m, engine_proof=proof)

    def _unspend(self, purse: Purse, at: float) -> None:
        if purse is Purse.GATEWAY:
            self.m = replace(self.m, gateway_spent=tuple(t for t in self.m.gateway_spent if t != at))
        else:
            self.m = replace(self.m, engine_spent=tuple(t for t in self.m.engine_spent if t != at))

    def take_events(self) -> None:
        """Docker's events: what a level cannot show, above all who asked for an end."""
        for event in self.o.events:
            process = self._process(event.subject)
            if ours(self._hands(event.subject), event.at):
                continue
            if event.action == "kill" and event.signal is not None:
                # `docker stop` sends TERM first; a KILL without it is `docker kill`.
                if not (process.killed and process.killed[0] != _SIGKILL and event.signal == _SIGKILL):
                    process = replace(process, killed=(event.signal, event.at))
            elif event.action == "die":
                process = replace(process, died_at=event.at)
                killed = process.killed
                if (
                    killed is not None
                    and killed[0] != _SIGKILL
                    and event.at - killed[1] < self.policy.asked_stop_memory
                ):
                    process = self._wished(event.subject, process)
                else:
                    self._crashed(event.subject, event.at)
            elif event.action == "stop":
                process = self._wished(event.subject, process)
            elif event.action == "start":
                process = replace(process, died_at=None, asked=False, killed=None)
            self._put(event.subject, process)

    def _crashed(self, subject: Subject, at: float) -> None:
        """A death that nobody asked for is an incident, even when Docker has already brought the process back."""
        if subject is Subject.ENGINE and not self.rules.engine:
            return
        fault = faults.CONTAINER_EXIT if subject is Subject.GATEWAY else faults.ENGINE_EXIT
        self._keep(subject, Diagnosis(fault, at, at, True, "the container died"))

    def _wished(self, subject: Subject, process: Process) -> Process:
        if not process.asked:
            self.out.append(Remember(f"asked:{subject}", process.identity or ""))
        return replace(process, asked=True, stop_known=process.identity)

    def take_containers(self) -> None:
        """The inspected containers."""
        look = self.o.docker
        if look.result is not Result.OK:
            return
        for subject, container in ((Subject.GATEWAY, self.o.gateway), (Subject.ENGINE, self.o.engine)):
            process = self._process(subject)
            began = look.at - look.seconds
            if began <= process.known_at:
                continue
            process = replace(process, container=container, known_at=began)
            if container is None:
                process = replace(process, died_at=None, asked=False)
            elif container.is_up:
                if process.died_at is None or process.died_at < began:
                    process = replace(process, died_at=None, asked=False)
                    if container.identity != process.identity:
                        process = self._born(subject, process, container)
            elif container.status in (Status.EXITED, Status.DEAD, Status.RESTARTING) and process.died_at is None:
                process = self._found_dead(subject, process, container)
            self._put(subject, process)

    def _born(self, subject: Subject, process: Process, container: Container) -> Process:
        """A process not known before: all counters start anew."""
        hands = self._hands(subject)
        began = container.up_since
        if hands is not None and began is not None and began > hands.since and self._under_way(subject):
            self._lift_hands(subject)
        if subject is Subject.GATEWAY:
            first = self.m.gateway.state is GatewayState.UNKNOWN
            self._gateway(handshake=Detector(), heart=Detector(), not_before=NEVER if first else self.now, fresh=True)
            if not first:
                self._engine(resync_due=True)
        else:
            self._engine(looks=Detector(), word=EngineWord.UNKNOWN, word_since=self.now, resync_due=False, fresh=True)
        return replace(process, identity=container.identity, killed=None)

    def _lift_hands(self, subject: Subject) -> None:
        """What was under way has shown its effect."""
        if subject is Subject.GATEWAY:
            self.m = replace(
                self.m, gateway_hands=self.m.gateway_hands and replace(self.m.gateway_hands, until=self.now)
            )
        else:
            self.m = replace(self.m, engine_hands=self.m.engine_hands and replace(self.m.engine_hands, until=self.now))

    def _found_dead(self, subject: Subject, process: Process, container: Container) -> Process:
        """Its end was not witnessed.

        A gateway that left tidily and was not brought back by Docker's own policy was stopped by a person. An engine
        has no such policy: unless its stop is on record it is taken for dead.
        """
        process = replace(process, died_at=container.ended_at if container.ended_at is not None else self.now)
        hands = self._hands(subject)
        if hands is not None and ours(hands, process.died_at or self.now):
            return process
        tidy = container.exit_code in _TIDY_EXITS and container.status is not Status.RESTARTING
        guessed = subject is Subject.GATEWAY and tidy and process.identity != container.identity
        asked = process.stop_known == container.identity or guessed
        return replace(process, asked=asked, identity=container.identity)

    def take_looks(self) -> None:
        """Feed the detectors; looks from before our last act, or at another process, prove nothing."""
        o, gateway, engine = self.o, self.m.gateway, self.m.engine
        if gateway.process.died_at is None and self._status(Subject.GATEWAY) is Status.RUNNING:
            if o.handshake.at - o.handshake.seconds >= gateway.not_before:
                gateway = replace(gateway, handshake=gateway.handshake.fed(o.handshake))
            if o.sentinel.heart.at - o.sentinel.heart.seconds >= gateway.not_before:
                gateway = replace(gateway, heart=gateway.heart.fed(o.sentinel.heart))
            self.m = replace(self.m, gateway=gateway)
        view = o.engine_view
        fresh = view.look.at - view.look.seconds >= engine.not_before and view.look.at > engine.looks.last.at
        if engine.process.died_at is None and self._status(Subject.ENGINE) is Status.RUNNING and fresh:
            engine = replace(engine, looks=engine.looks.fed(view.look))
            if view.look.result is Result.OK and view.word is not engine.word:
                engine = replace(engine, word=view.word, word_since=view.look.at)
            self.m = replace(self.m, engine=engine)

    def _status(self, subject: Subject) -> Status | None:
        container = self._process(subject).container
        return container.status if container is not None else None

    # -- the gateway ------------------------------------------------------------------------------------------------

    def judge_gateway(self) -> None:
        """Name what is wrong, and move."""
        track, status = self.m.gateway, self._status(Subject.GATEWAY)
        if track.process.known_at == NEVER or self._working_on(Subject.GATEWAY):
            return
        if _outdated(track.process, track.not_before):
            return
        if status is None:
            self._lost_gateway()
            self._move(GatewayState.ABSENT)
            return
        if status is Status.PAUSED or status is Status.CREATED or track.process.asked or status is Status.REMOVING:
            if status is not Status.PAUSED:
                self._lost_gateway()
            self._move(GatewayState.STOPPED)
            return
        finding = dead(track)
        if finding is not None:
            self._lost_gateway()
            self._set_proof(Subject.GATEWAY, None)
            self.gateway_finding = finding
            if track.state is not GatewayState.GAVE_UP:
                self._move(GatewayState.FAILING)
            return
        self._judge_running_gateway()

    def _working_on(self, subject: Subject) -> bool:
        """Whether our hands are on it, so that nothing it does now means anything."""
        flight = self.m.flight
        if flight is None or flight.subject is not subject:
            return False
        return flight.rung in (Rung.IBC_RESTART, Rung.SENTINEL_RECONNECT) or STEPS[flight.rung].new_process

    def _lost_gateway(self) -> None:
        """What the engine has of this gateway is gone: it must be resynced when there is one again."""
        if self.m.gateway.state is not GatewayState.UNKNOWN:
            self._engine(resync_due=True)

    def _judge_running_gateway(self) -> None:
        track, o = self.m.gateway, self.o
        finding = silent(track, o)
        if finding is None and self._answers():
            self._answering()
            return
        if track.state is GatewayState.UNKNOWN:
            proof = self.m.gateway_proof
            self._move(GatewayState.RECOVERING if proof is not None else GatewayState.STARTING)
        elif track.state in (GatewayState.ABSENT, GatewayState.STOPPED) or (
            track.fresh and track.state in (GatewayState.READY, GatewayState.SUSPECT, GatewayState.DEGRADED)
        ):
            self._move(GatewayState.STARTING)
            if self.m.gateway_incident is not None:
                self._move(GatewayState.FAILING)
                self._move(GatewayState.RECOVERING)
        elif track.fresh and track.state in (GatewayState.FAILING, GatewayState.GAVE_UP):
            self._move(GatewayState.RECOVERING)
        self._gateway(fresh=False)
        if self._grace(finding):
            return
        state = self.m.gateway.state
        if finding is not None:
            self.gateway_finding = finding
            if state is not GatewayState.GAVE_UP:
                if state is GatewayState.DEGRADED:
                    self._move(GatewayState.SUSPECT)
                self._move(GatewayState.FAILING)
        elif state in (GatewayState.STARTING, GatewayState.RECOVERING):
            self.gateway_finding = self._never_ready()
            self._move(GatewayState.FAILING)
        elif state is GatewayState.FAILING and self.m.gateway_incident is not None and self.m.gateway_incident.acted:
            self.gateway_finding = self._never_ready()
        elif state in (GatewayState.READY, GatewayState.DEGRADED):
            failing = Result.FAIL in (track.handshake.last.result, track.heart.last.result)
            if failing or o.sentinel.phase is not SessionPhase.READY:
                self._move(GatewayState.SUSPECT)

    def _grace(self, finding: Diagnosis | None) -> bool:
        """A process that starts, or that an act is being proven on, is not judged yet."""
        track, proof = self.m.gateway, self.m.gateway_proof
        if track.state is GatewayState.RECOVERING and proof is not None:
            return self.now < proof.deadline
        if track.state in (GatewayState.STARTING, GatewayState.RECOVERING):
            container = track.process.container
            born = container.up_since if container is not None and container.up_since is not None else track.since
            if track.process.identity != track.proven and self.now - born < self.policy.start_deadline:
                return True
            return finding is None and self.now - track.since < self.policy.adoption
        return False

    def _never_ready(self) -> Diagnosis:
        """A deadline passed without a verdict: go on with what was being cured, or call it soft-dead and leave it."""
        incident = self.m.gateway_incident
        fault = FAULTS[incident.fault] if incident is not None else faults.SOFT_DEAD
        if fault is faults.CONTAINER_EXIT:
            fault = faults.JVM_DEAD  # its container runs again, so starting it is no answer any more
        begun = self.m.gateway.since
        sure = incident is not None and incident.acted and self.o.login is LoginPhase.QUIET
        return Diagnosis(fault, begun, begun, sure, "it did not become ready in time")

    def _answers(self) -> bool:
        """Ready: handshake twice, startApi's answers, and a fresh current time."""
        track, sentinel = self.m.gateway, self.o.sentinel
        stale = self.policy.heart_interval * 2 + self.policy.probe_timeout
        return (
            track.handshake.healthy
            and track.heart.last.result is Result.OK
            and sentinel.phase is SessionPhase.READY
            and bool(sentinel.accounts)
            and self.now - track.heart.last.at <= stale
        )

    def _answering(self) -> None:
        track = self.m.gateway
        if track.state is GatewayState.UNKNOWN or track.state in (GatewayState.ABSENT, GatewayState.STOPPED):
            self._move(GatewayState.STARTING)
        rules = self.rules
        finding = not_whole(track, self.o, rules.account, rules.live, rules.farms, self.policy)
        self.gateway_finding = finding
        self._set_proof(Subject.GATEWAY, None)
        degraded = finding is not None and finding.fault is not faults.DATA_LOST
        self._move(GatewayState.DEGRADED if degraded else GatewayState.READY)
        if track.proven != track.process.identity and not degraded:
            self._gateway(proven=track.process.identity)
            self.out.append(Remember("proven:gateway", track.process.identity or ""))
        ticks = self.o.sentinel.last_tick_at
        if finding is None and self.m.gateway_incident is None:
            self._gateway(ticking=ticks is not None and self.now - ticks < self.policy.tick_fresh)
        incident = self.m.gateway_incident
        broken = (faults.JVM_DEAD.name, faults.SOFT_DEAD.name, faults.FROZEN.name)
        if incident is not None and incident.fault in broken and track.state is not GatewayState.READY:
            opened = self.o.sentinel.opened_at
            if opened is not None and opened > incident.since and GatewayState.READY is self.m.gateway.state:
                self._engine(resync_due=True)
        back = track.state is not GatewayState.READY and self.m.gateway.state is GatewayState.READY
        if back and self.m.engine.word is EngineWord.CONNECTING:
            self._engine(resync_due=True)  # left alone, its adapter waits up to 303 s

    # -- the engine -------------------------------------------------------------------------------------------------

    def judge_engine(self) -> None:
        """Name what is wrong, and move."""
        track, status = self.m.engine, self._status(Subject.ENGINE)
        if not self.rules.engine:
            self._move(EngineState.ABSENT)
            return
        if track.process.known_at == NEVER or self._working_on(Subject.ENGINE):
            return
        if _outdated(track.process, track.not_before):
            return
        if status is None:
            self._move(EngineState.ABSENT)
            return
        if status in (Status.PAUSED, Status.CREATED, Status.REMOVING) or track.process.asked:
            self._move(EngineState.STOPPED)
            return
        ready_since = self.m.gateway.since if self.m.gateway.state is GatewayState.READY else None
        finding = engine_trouble(track, self.o, ready_since, self.now, self.policy)
        if finding is not None and finding.fault is faults.ENGINE_EXIT:
            self._set_proof(Subject.ENGINE, None)
            self.engine_finding = finding
            if track.state is not EngineState.GAVE_UP:
                self._move(EngineState.FAILING)
            return
        self._judge_running_engine(finding)

    def _judge_running_engine(self, finding: Diagnosis | None) -> None:
        track = self.m.engine
        if track.state in (EngineState.UNKNOWN, EngineState.ABSENT, EngineState.STOPPED):
            self._move(EngineState.STARTING)
        elif track.fresh and track.state in (EngineState.FAILING, EngineState.GAVE_UP):
            self._move(EngineState.RECOVERING)
        elif track.fresh and track.state in (EngineState.TRADING, EngineState.WAITING, EngineState.SUSPECT):
            self._move(EngineState.STARTING)
        self._engine(fresh=False)
        state, last = self.m.engine.state, self.m.engine.looks.last
        if last.result is Result.OK and track.word is EngineWord.TRADING:
            if not track.resync_due:
                self._set_proof(Subject.ENGINE, None)
            self._move(EngineState.TRADING)
            return
        if state is EngineState.RECOVERING:
            self._judge_recovering_engine(finding, last.result is Result.OK)
            return
        if finding is not None:
            self.engine_finding = finding
            if state is not EngineState.GAVE_UP:
                self._move(EngineState.FAILING)
            return
        if state in (EngineState.FAILING, EngineState.GAVE_UP):
            waiting = track.word in (EngineWord.WAITING, EngineWord.CONNECTING) and last.result is Result.OK
            if state is EngineState.FAILING and waiting and self.m.gateway.state is not GatewayState.READY:
                self._move(EngineState.WAITING)
            return
        if last.result is Result.FAIL and track.looks.last_good_at is not None:
            self._suspect_engine()
        elif last.result is Result.OK:
            if track.word in (EngineWord.WAITING, EngineWord.CONNECTING, EngineWord.STOPPING):
                self._move(EngineState.WAITING)
            else:
                self._suspect_engine()

    def _suspect_engine(self) -> None:
        if self.m.engine.state is EngineState.STARTING:
            self._move(EngineState.WAITING)
        self._move(EngineState.SUSPECT)

    def _judge_recovering_engine(self, finding: Diagnosis | None, answers: bool) -> None:
        track, proof = self.m.engine, self.m.engine_proof
        gateway_ready = self.m.gateway.state is GatewayState.READY
        waiting = answers and track.word is EngineWord.WAITING
        away = answers and track.word is EngineWord.CONNECTING and not gateway_ready
        if waiting or away:
            # Without clearance or without a gateway it can do no better: the clock stands still.
            self._set_proof(Subject.ENGINE, None)
            self._move(EngineState.WAITING)
            return
        container = track.process.container
        born = container.up_since if container is not None and container.up_since is not None else track.since
        deadline = proof.deadline if proof is not None else max(born, track.since) + self.policy.engine_deadline
        if self.now < deadline:
            return
        self.engine_finding = finding or self._never_trading()
        self._move(EngineState.FAILING)

    def _never_trading(self) -> Diagnosis:
        incident = self.m.engine_incident
        fault = FAULTS[incident.fault] if incident is not None else faults.ENGINE_BACKOFF
        if fault is faults.ENGINE_EXIT:
            fault = faults.ENGINE_ZOMBIE
        begun = self.m.engine.since
        return Diagnosis(fault, begun, begun, True, "it did not trade in time")

    # -- incidents --------------------------------------------------------------------------------------------------

    def keep_incidents(self) -> None:
        """Open, rename and close."""
        self._keep(Subject.GATEWAY, self.gateway_finding)
        self._keep(Subject.ENGINE, self.engine_finding)
        # Given up stays given up, across supervisors and new processes, until it is well.
        gateway, engine = self.m.gateway_incident, self.m.engine_incident
        if gateway is not None and gateway.gave_up and self.m.gateway.state is GatewayState.FAILING:
            self._move(GatewayState.GAVE_UP)
        if engine is not None and engine.gave_up and self.m.engine.state is EngineState.FAILING:
            self._move(EngineState.GAVE_UP)
        if self.m.gateway_incident is not None and self._gateway_well():
            self._close(Subject.GATEWAY)
        if self.m.engine_incident is not None and self._engine_well():
            self._close(Subject.ENGINE)

    def _incident(self, subject: Subject) -> Incident | None:
        return self.m.gateway_incident if subject is Subject.GATEWAY else self.m.engine_incident

    def _set_incident(self, subject: Subject, incident: Incident | None) -> None:
        if subject is Subject.GATEWAY:
            self.m = replace(self.m, gateway_incident=incident)
        else:
            self.m = replace(self.m, engine_incident=incident)

    def _keep(self, subject: Subject, finding: Diagnosis | None) -> None:
        incident = self._incident(subject)
        if finding is None:
            return
        if incident is None:
            incident = Incident(
                self.m.next_incident, finding.fault.name, subject, finding.since, finding.first, self.now
            )
            self.m = replace(self.m, next_incident=incident.id + 1)
            self._set_incident(subject, incident)
            self.out.append(Open(incident))
        elif incident.fault != finding.fault.name and not incident.acted and not incident.gave_up:
            # Evidence has become clearer before anything was done.
            incident = replace(incident, fault=finding.fault.name)
            self._set_incident(subject, incident)
            self.out.append(Amend(incident))
        self._page(subject, finding)

    def _page(self, subject: Subject, finding: Diagnosis) -> None:
        page = finding.fault.page
        age = self.now - finding.first
        due = (
            page is Page.NOW
            or (page is Page.IF_EXPOSED and self.exposed)
            or (page is Page.LATER_IF_EXPOSED and self.exposed and age >= self.policy.page_exposed_after)
        )
        if due:
            self._tell(subject, finding.fault.name, f"{finding.fault.name}: {finding.why}")

    def _tell(self, subject: Subject, key: str, text: str) -> None:
        incident = self._incident(subject)
        if incident is None or key in incident.told:
            return
        incident = replace(incident, told=(*incident.told, key))
        self._set_incident(subject, incident)
        self.out.append(Tell(incident, f"{text}; {self._exposure_in_words()}"))

    def _exposure_in_words(self) -> str:
        audit = self.o.sentinel.audit
        if audit is None:
            return "exposure is unknown"
        age = f"{self.now - audit.at:.0f} s ago"
        return f"{audit.positions} positions and {audit.orders} working orders {age}"

    def _gateway_well(self) -> bool:
        incident = self.m.gateway_incident
        if self.m.gateway.state is not GatewayState.READY or self.gateway_finding is not None or incident is None:
            return False
        if incident.fault in (faults.DATA_LOST.name, faults.MARKET_FARM.name) and not self._ticks_again(incident):
            return False
        return self._engine_follows()

    def _ticks_again(self, incident: Incident) -> bool:
        """Proof that data flow: a tick since, unless none flowed before (a closed market proves nothing)."""
        ticks = self.o.sentinel.last_tick_at
        mended = self.o.sentinel.farm_back_at if incident.fault == faults.MARKET_FARM.name else None
        return not self.m.gateway.ticking or (ticks is not None and ticks > (mended or incident.opened_at))

    def _engine_follows(self) -> bool:
        """Whether the engine is as well as it can be behind a ready gateway."""
        engine = self.m.engine
        if engine.state in (EngineState.ABSENT, EngineState.STOPPED):
            return True
        return (
            engine.state is EngineState.TRADING
            and not engine.resync_due
            and self.m.flight is None
            and engine.looks.last.at > self.m.gateway.since
        )

    def _engine_well(self) -> bool:
        return self.m.engine.state is EngineState.TRADING and self.m.flight is None

    def _close(self, subject: Subject) -> None:
        incident = self._incident(subject)
        assert incident is not None
        self.out.append(Close(incident, self.now))
        self._set_incident(subject, None)

    # -- acts -------------------------------------------------------------------------------------------------------

    def act(self) -> None:
        """At most one act, and only with nothing in flight."""
        if self.m.flight is not None:
            self.why_not = f"{self.m.flight.rung} under way"
            return
        if self._by_hand():
            return
        if self._safety_stop():
            return
        if self._gateway_act():
            return
        self._engine_act()

    def _by_hand(self) -> bool:
        for ask in self.o.asks:
            rung = Rung(ask.rung)
            if ask.subject is Subject.ENGINE and self.m.gateway.state is not GatewayState.READY:
                continue
            if self._status(ask.subject) is None:
                continue
            if rung is not Rung.ENGINE_RESYNC:
                self._put(ask.subject, replace(self._process(ask.subject), asked=False, stop_known=None))
                self.out.append(Remember(f"asked:{ask.subject}", ""))
            incident = self._incident(ask.subject)
            if incident is not None and incident.gave_up:
                incident = replace(incident, acts=())
                self._set_incident(ask.subject, incident)
            return self._launch(rung, "a person asked for it", by_hand=True)
        return False

    def _safety_stop(self) -> bool:
        """Fault 18. Neither pause nor budget nor ladder stands before it."""
        finding = self.gateway_finding
        if finding is None or finding.fault is not faults.WRONG_ACCOUNT or not self.rules.engine:
            return False
        running = self._status(Subject.ENGINE) is Status.RUNNING and self.m.engine.process.died_at is None
        if not running or self.now < self.m.retry_at or self._under_way(Subject.ENGINE):
            return False
        if self.o.docker.result is not Result.OK:
            return False
        return self._launch(Rung.ENGINE_STOP, finding.why)

    def _gateway_act(self) -> bool:
        state, finding, incident = self.m.gateway.state, self.gateway_finding, self.m.gateway_incident
        if finding is None or incident is None or incident.gave_up:
            return False
        fault = finding.fault
        rung = next_rung(fault, incident.rungs)
        if rung is None or fault is faults.WRONG_ACCOUNT:
            return False
        if rung is Rung.SENTINEL_RECONNECT:
            if self.m.gateway_proof is not None and self.now < self.m.gateway_proof.deadline:
                return False
            return self._launch(rung, finding.why)
        if fault.act is None or self.now - finding.first < fault.act:
            self.why_not = f"{rung} from {fault.act:g} s on" if fault.act is not None else ""
            return False
        if not finding.sure:
            self.why_not = "the evidence does not allow an act"
            return False
        if rung is Rung.ENGINE_RESYNC:
            return state is GatewayState.READY and self._resync(finding.why)
        if rung is Rung.RECONNECT_ACCOUNT and not self.rules.reconnect_account:
            self.why_not = "RECONNECTACCOUNT is off"
            return False
        if self._vetoed(rung):
            return False
        return self._launch(rung, finding.why)

    def _vetoed(self, rung: Rung) -> bool:
        """Everything that stands between a restart and its being done."""
        step = STEPS[rung]
        if self.now < self.m.retry_at:
            self.why_not = "the last try failed, waiting"
        elif self._under_way(step.subject):
            self.why_not = "an earlier supervisor's act may still be under way"
        elif self.o.paused and step.restarts:
            self.why_not = f"PAUSE: would {rung}"
        elif step.new_process and self.o.docker.result is not Result.OK:
            self.why_not = "blind: the Docker API does not answer"
        elif step.subject is Subject.GATEWAY and step.restarts and self._login_under_way():
            self.why_not = f"the log says {self.o.login}"
        elif self._broke(step.purse):
            self._give_up(step.subject)
        else:
            return False
        return True

    def _under_way(self, subject: Subject) -> bool:
        hands = self._hands(subject)
        return hands is not None and hands.until is not None and self.now < hands.until

    def _login_under_way(self) -> bool:
        """Never restart while a push is pending, nor on a log that cannot be read. A dead process logs nothing in."""
        if self.m.gateway.process.died_at is not None:
            return False
        return self.o.login in (LoginPhase.TWOFA, LoginPhase.UNKNOWN)

    def _broke(self, purse: Purse) -> bool:
        if purse is Purse.GATEWAY:
            return self.policy.container_budget.left(self.m.gateway_spent, self.now) <= 0
        if purse is Purse.ENGINE:
            return self.policy.engine_budget.left(self.m.engine_spent, self.now) <= 0
        return False

    def _give_up(self, subject: Subject) -> None:
        incident = self._incident(subject)
        assert incident is not None
        self.why_not = "the restart budget is spent"
        incident = replace(incident, gave_up=True)
        self._set_incident(subject, incident)
        self.out.append(Amend(incident))
        self._move(GatewayState.GAVE_UP if subject is Subject.GATEWAY else EngineState.GAVE_UP)
        self._tell(subject, "restart-storm", f"{incident.fault}: the restart budget is spent, a person is needed.")

    def _engine_act(self) -> bool:
        if self.m.gateway.state is not GatewayState.READY or not self.rules.engine:
            return False
        state, finding, incident = self.m.engine.state, self.engine_finding, self.m.engine_incident
        if state is EngineState.FAILING and finding is not None and incident is not None and not incident.gave_up:
            return self._cure_engine(finding, incident)
        node = self.m.engine.word in (EngineWord.CONNECTING, EngineWord.TRADING, EngineWord.DEAF)
        answers = self.m.engine.looks.last.result is Result.OK
        if self.m.engine.resync_due and answers:
            if node:
                return self._resync("the gateway is back")
            if self.m.engine.word is EngineWord.WAITING:
                self._engine(resync_due=False)  # it has no node yet: nothing to resync
        return False

    def _cure_engine(self, finding: Diagnosis, incident: Incident) -> bool:
        fault = finding.fault
        rung = next_rung(fault, incident.rungs)
        if rung is None or fault.act is None:
            return False
        if not finding.sure:
            self.why_not = "the evidence is incomplete"
            return False
        if fault is faults.ENGINE_BACKOFF and rung is Rung.ENGINE_RESTART and self.exposed:
            # Alive and hearing, only not connected: with money at risk a restart is no cure.
            self._tell(Subject.ENGINE, "exposed", "the engine does not trade and is not restarted while exposed.")
            last = incident.acts[-1].at if incident.acts else NEVER
            if self.now - last < self.policy.resync_again:
                self.why_not = "exposed: no restart, resync again soon"
                return False
            return self._resync(finding.why)
        if rung is Rung.ENGINE_RESYNC:
            return self._resync(finding.why)
        if self._vetoed(rung):
            return False
        return self._launch(rung, finding.why)

    def _resync(self, why: str) -> bool:
        if self.now < self.m.retry_at:
            self.why_not = "the last try failed, waiting"
            return False
        running = self._status(Subject.ENGINE) is Status.RUNNING and self.m.engine.process.died_at is None
        if not running or not self.rules.engine:
            # Nothing to resync; a data loss is then the next engine's beginning.
            self._gateway(data_lost_done=self.o.sentinel.data_lost_at or NEVER)
            return False
        return self._launch(Rung.ENGINE_RESYNC, why)

    def _launch(self, rung: Rung, why: str, *, by_hand: bool = False) -> bool:
        step = STEPS[rung]
        of = self.m.engine_incident if step.subject is Subject.ENGINE else self.m.gateway_incident
        incident = of or self.m.gateway_incident
        act = Act(
            self.m.next_act,
            rung,
            step.subject,
            incident.id if incident is not None else None,
            self.now,
            self.now + act_deadline(rung, self.policy),
            why,
            by_hand,
        )
        self.m = replace(self.m, flight=act, next_act=act.id + 1)
        if incident is not None:
            done = Done(act.id, rung, self.now)
            self._set_incident(incident.subject, replace(incident, acts=(*incident.acts, done)))
        if step.purse is Purse.GATEWAY:
            self.m = replace(
                self.m, gateway_spent=self._kept(self.m.gateway_spent, self.policy.container_budget.longest)
            )
        elif step.purse is Purse.ENGINE:
            self.m = replace(self.m, engine_spent=self._kept(self.m.engine_spent, self.policy.engine_budget.longest))
        if step.restarts and step.subject is Subject.GATEWAY:
            self.m = replace(self.m, gateway_hands=Hands(self.now, None))
        elif step.restarts:
            self.m = replace(self.m, engine_hands=Hands(self.now, None))
        if step.subject is Subject.GATEWAY and rung not in (Rung.RECONNECT_DATA, Rung.RECONNECT_ACCOUNT):
            if self.m.gateway.state is GatewayState.SUSPECT and rung is Rung.SENTINEL_RECONNECT:
                self._move(GatewayState.FAILING)
            self._move(GatewayState.RECOVERING)
            if rung is not Rung.SENTINEL_RECONNECT:
                self._engine(resync_due=True)
        elif step.subject is Subject.ENGINE and rung is not Rung.ENGINE_STOP:
            if self.m.engine.state is EngineState.STARTING and rung is Rung.ENGINE_RESYNC:
                self._move(EngineState.WAITING)
            self._move(EngineState.RECOVERING)
        self.out.append(act)
        return True

    def _kept(self, spent: tuple[float, ...], longest: float) -> tuple[float, ...]:
        return (*(at for at in spent if self.now - at < longest), self.now)

    def hold(self) -> None:
        """New entries are held between seen and recovered, where an act may follow; released afterwards."""
        wanted = any(
            incident is not None and FAULTS[incident.fault].act is not None
            for incident in (self.m.gateway_incident, self.m.engine_incident)
        )
        held = self.m.held or wanted
        view = self.o.engine_view
        if not wanted and view.look.result is Result.OK and not view.entries_held and not self.m.hold:
            held = False
        if held != self.m.held:
            self.out.append(Remember("held", "1" if held else ""))
        self.m = replace(self.m, hold=wanted, held=held)

    # -- the sentence -----------------------------------------------------------------------------------------------

    def sentence(self) -> str:
        """What a person would want to hear of this turn. Same news, same words: it is logged when it changes."""
        parts = [f"gateway {self.m.gateway.state}", f"engine {self.m.engine.state}"]
        for name, finding in (("gateway", self.gateway_finding), ("engine", self.engine_finding)):
            if finding is not None:
                parts.append(f"{name} has {finding.fault.name} ({finding.why})")
        if self.o.blind:
            parts.append("blind: the Docker API does not answer")
        if self.why_not:
            parts.append(self.why_not)
        parts += [f"now {action.rung}: {action.reason}" for action in self.out if isinstance(action, Act)]
        text = f"{self.rules.tenant}: " + "; ".join(parts)
        return f"PAUSE: {text}" if self.o.paused else text


__all__ = ["EngineTrack", "GatewayTrack", "Rules", "Turn", "step"]
