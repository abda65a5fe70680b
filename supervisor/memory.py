"""What the machine remembers from turn to turn, and what it asks of the world. Frozen values, no behaviour."""

from dataclasses import dataclass, field

from supervisor.detectors import Detector
from supervisor.faults import Rung
from supervisor.observation import Container, EngineWord, Subject
from supervisor.states import EngineState, GatewayState

NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Process:
    """A container and the process in it, as far as it is known.

    Attributes:
        container: as last inspected; None when there is none.
        known_at: when that inspection began.
        identity: (container id, StartedAt) of the process last seen alive.
        died_at: when it died; None while it lives.
        asked: the death was a person's wish.
        killed: signal and time of the last kill that was not ours.
        stop_known: identity whose stop was seen to be a person's wish; outlives this supervisor.
    """

    container: Container | None = None
    known_at: float = NEVER
    identity: str | None = None
    died_at: float | None = None
    asked: bool = False
    killed: tuple[int, float] | None = None
    stop_known: str | None = None


@dataclass(frozen=True, slots=True)
class GatewayTrack:
    """The gateway's part of the memory."""

    state: GatewayState = GatewayState.UNKNOWN
    since: float = NEVER
    process: Process = field(default_factory=Process)
    handshake: Detector = field(default_factory=Detector)
    heart: Detector = field(default_factory=Detector)
    wrote: bool = False  # the wrapper in the container has written to the mailbox since `not_before`
    inside_answers_since: float | None = None  # when the mailbox began to say that the JVM answers; None: it does not
    inside_alive_at: float = NEVER  # when it was last asked inside, and answered, while looks from here failed
    proven: str | None = None  # the identity that was last READY; outlives this supervisor
    not_before: float = NEVER  # looks older than this prove nothing: an act lies between
    fresh: bool = False  # the process is a new one, and the state still speaks of the old
    data_lost_done: float = NEVER  # 1101s up to here are dealt with
    went_on_at: float = NEVER  # when it was last let go on by somebody who had stopped or paused it
    excused_until: float = NEVER  # its silence is nobody's fault: it waits for a login, or makes one, or just did
    slept_done: float = NEVER  # sleeps of the host up to here are dealt with
    logged_in_at: float = NEVER  # when the last login was made that came through; outlives this supervisor
    timed_out_at: float = NEVER  # when a push was first left unanswered since it was last up; outlives this supervisor
    pushed_at: float = NEVER  # when REAUTH_AT was last answered with a push; outlives this supervisor
    ledger_since: float = NEVER  # older looks at the ledger do not show our own word on its hold
    ticking: bool = False  # the canary ticked when all was last well


@dataclass(frozen=True, slots=True)
class EngineTrack:
    """The engine's part of the memory."""

    state: EngineState = EngineState.UNKNOWN
    since: float = NEVER
    process: Process = field(default_factory=Process)
    looks: Detector = field(default_factory=Detector)
    word: EngineWord = EngineWord.UNKNOWN
    word_since: float = NEVER
    passed_at: float | None = None  # when the canary was first known to hear more than it
    resync_due: bool = False
    not_before: float = NEVER
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """An act of an incident. `outcome` is pending, ok, failed, refused or cancelled."""

    act_id: int
    rung: Rung
    at: float
    outcome: str = "pending"


@dataclass(frozen=True, slots=True)
class Incident:
    """One fault from its first evidence to its end.

    Attributes:
        since: the last moment that all was known to be well, or the event's own time.
        opened_at: the first failing probe, or the event's own time.
        declared_at: when it was said aloud.
        told: what people have been told already.
        gave_up: a person is needed.
        amiss: what the engine was last resynced for, of a standing fault.
    """

    id: int
    fault: str
    subject: Subject
    since: float
    opened_at: float
    declared_at: float
    acts: tuple[Done, ...] = ()
    told: tuple[str, ...] = ()
    gave_up: bool = False
    amiss: str = ""

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The rungs that are spent. A refused act was not done."""
        return tuple(done.rung for done in self.acts if done.outcome != "refused")

    @property
    def acted(self) -> bool:
        return any(done.rung is not Rung.SENTINEL_RECONNECT for done in self.acts if done.outcome != "refused")


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be done in the world. Its intent is written before it is done."""

    id: int
    rung: Rung
    subject: Subject
    incident_id: int | None
    at: float
    deadline: float
    reason: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Withheld:
    """An act that the fault asks for and that is not done. `why` says what stands before it."""

    rung: Rung
    subject: Subject
    why: str


@dataclass(frozen=True, slots=True)
class Proof:
    """An act was done; the world has until `deadline` to show it."""

    rung: Rung
    act_at: float
    deadline: float


@dataclass(frozen=True, slots=True)
class Hands:
    """When our own hands were last on a container: its events inside that span are ours.

    `until` None: still there. `ended` when the process that they made was started: what comes after that is somebody
    else's. `until` in the future: an earlier supervisor's act, which may be under way that long, or
    one that was cancelled, since nobody can call back what Docker or IBC was told.
    """

    since: float
    until: float | None
    cancelled: bool = False
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """Write a new incident down."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class Amend:
    """An open incident's fault became clearer, or it was given up."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class Close:
    """An incident is over."""

    incident: Incident
    at: float


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell people. `about` tells the pages of one incident apart; each takes the place of the one before it."""

    incident: Incident
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Remember:
    """A fact that must outlive this supervisor."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Moved:
    """An edge of the transition table was taken."""

    before: GatewayState | EngineState
    after: GatewayState | EngineState
    why: str


Action = Act | Withheld | Open | Amend | Close | Tell | Remember | Moved


@dataclass(frozen=True, slots=True)
class Memory:
    """All that the machine knows of one tenant."""

    gateway: GatewayTrack = field(default_factory=GatewayTrack)
    engine: EngineTrack = field(default_factory=EngineTrack)
    gateway_incident: Incident | None = None
    engine_incident: Incident | None = None
    standing: tuple[Incident, ...] = ()  # at most one a standing fault
    changing: tuple[tuple[str, float], ...] = ()  # standing faults whose evidence has turned, and since when
    flight: Act | None = None
    gateway_proof: Proof | None = None
    engine_proof: Proof | None = None
    gateway_hands: Hands | None = None
    engine_hands: Hands | None = None
    gateway_spent: tuple[float, ...] = ()
    engine_spent: tuple[float, ...] = ()
    retry_at: float = NEVER
    hold: bool = False  # entries are to be held
    held: bool = False  # we have asked for that, and owe a release
    next_act: int = 1
    next_incident: int = 1

    @property
    def open(self) -> tuple[Incident, ...]:
        """Every open incident."""
        own = (self.gateway_incident, self.engine_incident)
        return (*(incident for incident in own if incident is not None), *self.standing)

    @property
    def hurry(self) -> bool:
        """Whether probes should come fast."""
        gateway = self.gateway
        quiet = gateway.state in (GatewayState.READY, GatewayState.ABSENT, GatewayState.STOPPED)
        looks = self.engine.looks
        fell_silent = looks.last_good_at is not None and looks.failures > 0  # one that only just starts has time
        incident = self.gateway_incident is not None or self.engine_incident is not None
        return not quiet or incident or fell_silent or self.engine.resync_due
