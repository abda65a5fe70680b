"""The scratch pad of one turn: what was remembered, what is seen, and what the turn has come to so far.

The functions that make up a turn write on it, one after another. Memory stays a frozen value, replaced and never
changed. States change in one place only, `Pad.move`, along the edges of `states`.
"""

from dataclasses import replace

from supervisor import states
from supervisor.audit import word_of_broker
from supervisor.diagnosis import Diagnosis, exposure
from supervisor.errors import IllegalTransition
from supervisor.faults import Rung
from supervisor.ladder import STEPS
from supervisor.memory import (
    Act,
    Action,
    Hands,
    Incident,
    Memory,
    Moved,
    Process,
    Proof,
)
from supervisor.observation import Observation, Result, Status, Subject
from supervisor.rules import Rules
from supervisor.states import EngineState, GatewayState


class Pad:
    """One turn's scratch pad.

    Attributes:
        memory: what will be remembered, but for the two tracks; at first, what was.
        gateway: the gateway's part of it. Its state is `move`'s to change.
        engine: the engine's part of it. Its state is `move`'s to change.
        out: what is asked of the world, in order.
        exposed: whether money is at risk.
        books: the broker's word of the account; None while there is none that can be trusted.
        gateway_finding: what is wrong with the gateway, once it has been judged.
        engine_finding: what is wrong with the engine, once it has been judged.
        why_not: what stands between a fault and its cure, for the sentence.
    """

    def __init__(self, memory: Memory, observation: Observation, now: float, rules: Rules) -> None:
        self.memory = memory
        self.gateway = memory.gateway
        self.engine = memory.engine
        self.observation = observation
        self.now = now
        self.rules = rules
        self.policy = rules.policy
        self.out: list[Action] = []
        self.exposed = exposure(observation, now, rules.policy)
        self.books = word_of_broker(observation.sentinel, now, rules.policy)
        self.gateway_finding: Diagnosis | None = None
        self.engine_finding: Diagnosis | None = None
        self.why_not = ""

    # -- the one place that changes state ------------------------------------------------------------------------------

    def move(self, state: GatewayState | EngineState) -> None:
        """Take an edge of the table; to stay is no move.

        Raises:
            IllegalTransition: the table has no such edge, which is a bug.
        """
        if isinstance(state, GatewayState):
            gateway = self.gateway.state
            if state is not gateway:
                self._note(gateway, state, states.GATEWAY_EDGES[gateway].get(state))
                self.gateway = replace(self.gateway, state=state, since=self.now)
        else:
            engine = self.engine.state
            if state is not engine:
                self._note(engine, state, states.ENGINE_EDGES[engine].get(state))
                self.engine = replace(self.engine, state=state, since=self.now)

    def _note(self, before: GatewayState | EngineState, after: GatewayState | EngineState, why: str | None) -> None:
        if why is None:
            raise IllegalTransition(f"expected an edge of the table, found {before} -> {after}; report this bug")
        self.out.append(Moved(before, after, why))

    # -- the memory, part by part --------------------------------------------------------------------------------------

    def remembered(self) -> Memory:
        """The whole of it, for the next turn."""
        if self.gateway is self.memory.gateway and self.engine is self.memory.engine:
            return self.memory
        return replace(self.memory, gateway=self.gateway, engine=self.engine)

    def process(self, subject: Subject) -> Process:
        """What is known of the subject's container and process."""
        return self.gateway.process if subject is Subject.GATEWAY else self.engine.process

    def put_process(self, subject: Subject, process: Process) -> None:
        """Know this of the subject's container and process."""
        if subject is Subject.GATEWAY:
            self.gateway = replace(self.gateway, process=process)
        else:
            self.engine = replace(self.engine, process=process)

    def incident(self, subject: Subject) -> Incident | None:
        """The subject's open incident."""
        return self.memory.gateway_incident if subject is Subject.GATEWAY else self.memory.engine_incident

    def put_incident(self, subject: Subject, incident: Incident | None) -> None:
        """Have this as the subject's open incident."""
        if subject is Subject.GATEWAY:
            self.memory = replace(self.memory, gateway_incident=incident)
        else:
            self.memory = replace(self.memory, engine_incident=incident)

    def put(self, incident: Incident) -> None:
        """Have this in the place of the open incident of the same id."""
        memory = self.memory
        for own in (memory.gateway_incident, memory.engine_incident):
            if own is not None and own.id == incident.id:
                self.put_incident(incident.subject, incident)
                return
        standing = tuple(incident if one.id == incident.id else one for one in memory.standing)
        self.memory = replace(memory, standing=standing)

    def remember_changing(self, changing: tuple[tuple[str, float], ...]) -> None:
        """Standing faults whose evidence has turned, and since when."""
        if changing != self.memory.changing:
            self.memory = replace(self.memory, changing=changing)

    def put_proof(self, subject: Subject, proof: Proof | None) -> None:
        """Wait for this proof of an act on the subject, or for none."""
        if subject is Subject.GATEWAY and proof is not self.memory.gateway_proof:
            self.memory = replace(self.memory, gateway_proof=proof)
        elif subject is not Subject.GATEWAY and proof is not self.memory.engine_proof:
            self.memory = replace(self.memory, engine_proof=proof)

    def hands(self, subject: Subject) -> Hands | None:
        """When our own hands were last on the subject's container."""
        return self.memory.gateway_hands if subject is Subject.GATEWAY else self.memory.engine_hands

    def lay_hands(self, subject: Subject) -> None:
        """From now on the container's events are of our making."""
        self._put_hands(subject, Hands(self.now, None))

    def lift_hands(self, subject: Subject) -> None:
        """What was under way has ended, or has shown its effect."""
        hands = self.hands(subject)
        if hands is not None:
            self._put_hands(subject, replace(hands, until=self.now))

    def let_go(self, act: Act) -> None:
        """A cancelled act may go on without us until its deadline."""
        self._put_hands(act.subject, Hands(act.at, act.deadline, cancelled=True))

    def hands_ended(self, subject: Subject, at: float) -> None:
        """What our act on a container was to make was started at that moment."""
        if (hands := self.hands(subject)) is not None and hands.ended is None:
            self._put_hands(subject, replace(hands, ended=at))

    def _put_hands(self, subject: Subject, hands: Hands) -> None:
        if subject is Subject.GATEWAY:
            self.memory = replace(self.memory, gateway_hands=hands)
        else:
            self.memory = replace(self.memory, engine_hands=hands)

    # -- questions that several steps of a turn ask --------------------------------------------------------------------

    def status(self, subject: Subject) -> Status | None:
        """Docker's word for the subject's container; None when there is none."""
        container = self.process(subject).container
        return container.status if container is not None else None

    def runs(self, subject: Subject) -> bool:
        """Whether a process of the subject is alive, as far as is known."""
        return self.status(subject) is Status.RUNNING and self.process(subject).died_at is None

    def working_on(self, subject: Subject) -> bool:
        """Whether an act in flight replaces the subject's process, so that nothing it does now means anything."""
        flight = self.memory.flight
        if flight is None or flight.subject is not subject:
            return False
        away = (Rung.IBC_RESTART, Rung.SENTINEL_RECONNECT, Rung.GATEWAY_STOP, Rung.RESTART_COMMAND)
        return flight.rung in away or STEPS[flight.rung].new_process

    def under_way(self, subject: Subject) -> bool:
        """Whether an earlier supervisor's act on the subject, or a cancelled one, may not have ended yet."""
        hands = self.hands(subject)
        return hands is not None and hands.until is not None and self.now < hands.until

    def engine_session_is_new(self, at: float) -> bool:
        """Whether the engine has heard from its gateway since `at`, or was resynced since, or there is none to ask."""
        engine, view = self.engine, self.observation.engine_view
        if engine.state in (EngineState.ABSENT, EngineState.STOPPED, EngineState.RUNNING) or engine.not_before > at:
            return True
        return view.look.result is Result.OK and view.heard_at is not None and view.heard_at > at

    def outdated(self, subject: Subject) -> bool:
        """Whether all that is known is a death from before our act ended: no look has shown yet what the act did."""
        not_before = self.gateway.not_before if subject is Subject.GATEWAY else self.engine.not_before
        process = self.process(subject)
        return process.died_at is not None and process.died_at <= not_before and process.known_at < not_before
