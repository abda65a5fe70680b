"""What one turn of the loop knows: frozen values, taken by the senses and judged by the machine.

All times are seconds of one monotonic clock unless a name says otherwise.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tws.values import OpenOrder, Position, Profit


class Result(StrEnum):
    """A probe's answer. UNKNOWN is our own trouble and never moves a counter towards action."""

    OK = "OK"
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


class Ending(StrEnum):
    """How an attempt to greet the gateway ended."""

    ANSWERED = "answered"
    REFUSED = "refused"  # nobody listens
    CLOSED = "closed"  # accepted, then end of file: socat in front of a dead JVM
    SILENT = "silent"  # accepted, no answer inside the timeout
    STALE = "stale"  # mailbox only: the writer inside the container has stopped writing
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one thing. `at` is when the answer was in; `seconds` is how long it took."""

    result: Result = Result.UNKNOWN
    at: float = float("-inf")
    seconds: float = 0.0
    why: str = "not looked yet"
    ending: Ending = Ending.UNKNOWN


NEVER = Look()


class Status(StrEnum):
    """Docker's words for a container's status."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Container:
    """A container as inspected. `docker restart` keeps the id, so a process is known by (id, StartedAt)."""

    id: str
    name: str
    status: Status
    started_at: str
    exit_code: int = 0
    up_since: float | None = None  # monotonic; None while it does not run
    ended_at: float | None = None  # monotonic; None while it runs
    restarts: int = 0  # by Docker's own policy, since anybody last started it

    @property
    def identity(self) -> str:
        return f"{self.id[:12]}@{self.started_at}"

    @property
    def is_up(self) -> bool:
        return self.status in (Status.RUNNING, Status.PAUSED)


class Subject(StrEnum):
    """Who an event, an act or an incident is about."""

    GATEWAY = "gateway"
    ENGINE = "engine"
    ACCOUNT = "account"
    HOST = "host"


CONTAINERS = (Subject.GATEWAY, Subject.ENGINE)
"""Those that are containers, and so have processes, events and acts."""


TELLING = frozenset({"kill", "die", "stop", "start", "create", "destroy"})
"""The events that say whose wish the end of a container was."""


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """One Docker event. `at` is Docker's own stamp, on our monotonic clock."""

    subject: Subject
    action: str
    at: float
    signal: int | None = None
    exit_code: int | None = None
    container_id: str = ""


class LoginPhase(StrEnum):
    """What the gateway's log says it is busy with. `QUIET` means: no restart, login or 2FA under way."""

    QUIET = "quiet"
    RESTARTING = "restarting"
    LOGGING_IN = "logging in"
    TWOFA = "waiting for 2FA"
    TWOFA_TIMED_OUT = "2FA timed out"
    REFUSED = "login refused"
    EXISTING_SESSION = "existing session"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LoginView:
    """The login as the container's log and the gateway's launcher log tell it.

    Attributes:
        look: OK when the logs could be read.
        since: when the phase began, as far as is known; a restart and the login after it are one.
        line: the line that told of it, without secrets.
    """

    look: Look = NEVER
    phase: LoginPhase = LoginPhase.UNKNOWN
    since: float | None = None
    line: str = ""


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The login ledger of the gateway's container: every attempt, whoever caused it, and whether one may follow.

    Attributes:
        attempts: when they were made, oldest first, on our monotonic clock; those of the last 24 h.
        hold: why no login is attempted by anybody; None without a hold.
        next_at: when the ledger allows the next one; None if it does now, or never under a hold.
        waiting: the container waits for that now.
        host_boot: the last attempt was the container's first start since the machine booted.
        asks: the question, by its own mark, with which it waits for its turn among many tenants.
    """

    look: Look = NEVER
    attempts: tuple[float, ...] = ()
    hold: str | None = None
    next_at: float | None = None
    waiting: bool = False
    host_boot: bool = False
    asks: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """A tenant that logs in, and since when."""

    tenant: str
    since: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A tenant's place among many that log in a few at once.

    Attributes:
        granted: it may begin now.
        since: when it began to wait; None: it does not.
        busy: the others that log in.
    """

    granted: bool = False
    since: float | None = None
    busy: tuple[Login, ...] = ()

    @property
    def words(self) -> str:
        """Why it waits, in words that do not change with each second."""
        return f"waits for its turn to log in, behind {', '.join(one.tenant for one in self.busy) or 'nobody yet'}"

    def sentence(self, now: float) -> str:
        """Why it waits, for a person."""
        busy = ", ".join(f"{one.tenant} logs in since {now - one.since:.0f} s" for one in self.busy)
        return f"waits for its turn to log in: {busy or 'the supervisor looks who logs in'}"


@dataclass(frozen=True, slots=True)
class HostView:
    """The machine that all of this runs on.

    Attributes:
        slept_at: when boot time was last seen to jump ahead of monotonic time.
        synchronised: the kernel's word (adjtimex); None where it cannot be asked.
        disk_free: share of the state volume's disk that is free.
        wall_stepped_at: when somebody last set the wall clock; noted, and nothing follows from it.
    """

    look: Look = NEVER
    slept_at: float | None = None
    synchronised: bool | None = None
    disk_free: float | None = field(default=None, compare=False)  # a little more or less is no news
    wall_stepped_at: float | None = None


@dataclass(frozen=True, slots=True)
class ResourcesView:
    """What the gateway's container uses of what it may."""

    look: Look = NEVER
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    open_files: int | None = None
    open_files_limit: int | None = None
    clients: int | None = None


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window of maintenance that is open: acts that restart wait, what is seen is still told."""

    name: str
    until: float


class SessionPhase(StrEnum):
    """How far the sentinel's session has come."""

    AWAY = "away"
    OPEN = "open"
    READY = "ready"  # managedAccounts and nextValidId are in


@dataclass(frozen=True, slots=True)
class Held:
    """One position by the broker's word.

    Attributes:
        position: quantity 0 where it is gone.
        since: since when it is known to be of this size.
        expires_at: when the contract's last session ends, on our monotonic clock; None: never, or not known.
    """

    position: Position
    since: float
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Resting:
    """One working order by the broker's word.

    Attributes:
        missing_at: when the last audit without it was asked for; None: it was there in the session's first.
    """

    order: OpenOrder
    missing_at: float | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """The broker's word, from the sentinel's session: positions as they change, working orders as last asked for.

    Attributes:
        at: when the answer was in.
        asked_at: when the orders were asked for.
        since: when this session first knew both.
    """

    at: float
    asked_at: float
    since: float
    held: tuple[Held, ...] = ()
    resting: tuple[Resting, ...] = ()

    @property
    def positions(self) -> int:
        return sum(1 for row in self.held if row.position.quantity)

    @property
    def orders(self) -> int:
        return len(self.resting)

    @property
    def cost(self) -> float:
        """What the open positions were bought or sold for, long and short added up, each in its contract's currency."""
        return sum(abs(float(row.position.quantity) * row.position.average_cost) for row in self.held)

    @property
    def exposed(self) -> bool:
        return self.positions > 0 or self.orders > 0


@dataclass(frozen=True, slots=True)
class SentinelView:
    """What the sentinel knows."""

    phase: SessionPhase = SessionPhase.AWAY
    opened_at: float | None = None
    heart: Look = NEVER  # reqCurrentTime
    second: Look = NEVER  # another kind of request, asked only when the heart failed
    accounts: tuple[str, ...] = ()
    upstream_lost_at: float | None = None
    data_lost_at: float | None = None
    farms_down: tuple[tuple[str, float], ...] = ()
    other_farms_down: tuple[tuple[str, float], ...] = ()  # of history and security definitions
    competed_at: float | None = None  # another session of the login has the market data
    farm_back_at: float | None = None
    last_tick_at: float | None = None
    audit: Audit | None = None
    positions_only: Audit | None = None  # all that a read-only API tells: it refuses to say which orders work
    client_id: int | None = None
    clock_skew_seconds: float | None = None
    market_hours: tuple[tuple[datetime, datetime], ...] = ()  # the regular sessions of the next days, as last told
    profits: tuple[Profit, ...] = ()  # by this session, of each account that is traded


class EngineWord(StrEnum):
    """The engine's own word for its state, plus UNKNOWN for words we do not know."""

    WAITING = "WAITING"
    CONNECTING = "CONNECTING"
    TRADING = "TRADING"
    ZOMBIE = "ZOMBIE"
    DEAF = "DEAF"
    STOPPING = "STOPPING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class EnginePosition:
    """One position by the engine's word. `account` is empty where it names none, and then its first one is meant."""

    con_id: int | None
    name: str
    quantity: float
    account: str = ""


@dataclass(frozen=True, slots=True)
class EngineOrder:
    """One order by the engine's word, on its way to the broker or resting there.

    Attributes:
        ref: what the broker's order carries as its reference, before any colon.
        unanswered_seconds: how long ago it was submitted, if nobody has answered that.
    """

    ref: str
    name: str
    unanswered_seconds: float | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class EngineRefusal:
    """An order that was refused a moment ago, by the broker or by the engine's own risk checks.

    Attributes:
        seconds_ago: how long before the engine was asked.
    """

    ref: str
    con_id: int | None
    name: str
    side: str
    reason: str
    seconds_ago: float = 0.0
    account: str = ""


@dataclass(frozen=True, slots=True)
class EngineView:
    """The engine's `/api/v1/status`, as far as decisions need it.

    Attributes:
        client_id: its session's, in the gateway.
        client_since: since when it has said so without a break.
    """

    look: Look = NEVER
    word: EngineWord = EngineWord.UNKNOWN
    sentence: str = ""
    account: str | None = None
    attempts: int = 0
    reader_alive: bool = True
    inbound_age_seconds: float | None = None
    entries_held: bool = False
    halted: bool = False  # by us or by a person: it opens nothing, and only a person or its end lifts that
    held: tuple[EnginePosition, ...] = ()
    working: tuple[EngineOrder, ...] = ()
    refused: tuple[EngineRefusal, ...] = ()
    client_id: int | None = None
    client_since: float = float("inf")
    reconciled: bool = False
    cache_up: bool = True
    write_blocked: bool = False  # an order was refused with 321 since it last was not

    @property
    def heard_at(self) -> float | None:
        """When it last heard market data, at the latest; None when it does not say."""
        age = self.inbound_age_seconds
        return None if age is None else self.look.at - self.look.seconds - age

    @property
    def positions(self) -> int:
        return len(self.held)

    @property
    def orders(self) -> int:
        return len(self.working)

    @property
    def exposed(self) -> bool:
        return self.positions > 0 or self.orders > 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an act ended.

    `refused` means that it was not done at all and spent nothing. `cancelled` means that we let go of it: it spent what
    it spent, and may have been done all the same.
    """

    act_id: int
    at: float
    ok: bool
    detail: str = ""
    refused: bool = False
    cancelled: bool = False

    @property
    def word(self) -> str:
        """For people, journals and metrics."""
        if self.refused:
            return "refused"
        if self.cancelled:
            return "cancelled"
        return "ok" if self.ok else "failed"


@dataclass(frozen=True, slots=True)
class Ask:
    """A person's word, come in by API: restart `subject` at the rung named."""

    subject: Subject
    rung: str


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything one turn may judge. Levels are re-read each time; events, outcomes and asks are what came since."""

    docker: Look = NEVER

    gateway: Container | None = None
    engine: Container | None = None
    handshake: Look = NEVER
    mailbox: Look = NEVER
    login: LoginView = field(default_factory=LoginView)
    ledger: LedgerView = field(default_factory=LedgerView)
    host: HostView = field(default_factory=HostView)
    resources: ResourcesView = field(default_factory=ResourcesView)
    windows: tuple[OpenWindow, ...] = ()
    next_window_at: float | None = None
    """When the next window opens, on our monotonic clock."""
    token_expires_at: float | None = None
    """When the week's login token ends, on our monotonic clock; None where that is not known or does not matter."""
    token_ended_at: float | None = None
    """When it last ended."""
    reauth_at: float | None = None
    """When one push may be sent, the first such moment since the token last ended; None: only when a person asks."""
    turn: Turn | None = None
    """Its place among the tenants that log in; None where logins take no turns."""
    hold_lifted_at: float | None = None
    """When a hold on logins was last lifted, by whomever."""
    sentinel: SentinelView = field(default_factory=SentinelView)
    engine_view: EngineView = field(default_factory=EngineView)
    preflight_failed: tuple[str, ...] | None = None
    """Names of the checks that fail by the last preflight; None before the first."""
    paused: bool = False
    journal_broken: bool = False
    """The last line of the journal could not be written."""
    events: tuple[ContainerEvent, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    asks: tuple[Ask, ...] = ()

    @property
    def blind(self) -> bool:
        """Whether the Docker API was asked and could not be."""
        return self.docker.result is Result.UNKNOWN and self.docker is not NEVER
