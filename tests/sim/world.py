"""A gateway, an engine, Docker and a clock in one small object, for tests of the machine.

It answers as the real ones do, at the paces at which the loop's senses look, and does what the machine's acts ask.
Faults are plain attributes. No input or output, no real time: `run(seconds)` takes microseconds a turn.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from supervisor.audit import CUT_OFF, pace
from supervisor.faults import Rung
from supervisor.journal import Journal
from supervisor.ladder import STEPS
from supervisor.machine import step
from supervisor.memory import Act, Action, Amend, Close, Incident, Memory, Moved, Open, Remember, Tell
from supervisor.observation import (
    Ask,
    Audit,
    Container,
    ContainerEvent,
    Ending,
    EngineOrder,
    EnginePosition,
    EngineRefusal,
    EngineView,
    EngineWord,
    HostView,
    LedgerView,
    LoginPhase,
    LoginView,
    Look,
    Observation,
    OpenWindow,
    Outcome,
    ResourcesView,
    Result,
    SentinelView,
    SessionPhase,
    Status,
    Subject,
)
from supervisor.probes.books import Books
from supervisor.rules import Rules
from supervisor.runtime.external import GATEWAY
from supervisor.states import WELL, EngineState, GatewayState
from tws.values import OpenOrder, Position

TURN = 0.25
DOCKER_SECONDS = 2.0**-8  # how long an inspection takes; like all times here exact in binary, see tests/sim/quiet.py
ACCOUNT = "DUSIM0001"
_PLAIN = 10_000  # contracts of positions that are only counted


type Edge = tuple[str, str]
"""Two states with the kind before the name: a gateway's UNKNOWN and an engine's are equal as words."""


def edge(start: GatewayState | EngineState, end: GatewayState | EngineState) -> Edge:
    return f"{type(start).__name__}.{start}", f"{type(end).__name__}.{end}"


def working_order(
    number: int,
    con_id: int,
    action: str,
    quantity: int,
    *,
    order_type: str = "STP",
    client_id: int = 1,
    oca_group: str = "",
    parent_id: int = 0,
    ref: str = "",
    filled: int = 0,
    status: str = "PreSubmitted",
) -> OpenOrder:
    """A working order at the broker; without `ref` it has the engine's way of naming."""
    return OpenOrder(
        order_id=number,
        client_id=client_id,
        perm_id=number,
        parent_id=parent_id,
        account=ACCOUNT,
        con_id=con_id,
        local_symbol=f"C{con_id}",
        action=action,
        order_type=order_type,
        quantity=Decimal(quantity),
        limit_price=None,
        stop_price=None,
        oca_group=oca_group,
        order_ref=f"{ref or f'O-{number}'}:{number}",
        status=status,
        filled=Decimal(filled),
    )


@dataclass
class Box:
    """One container and the process in it."""

    subject: Subject
    present: bool = True
    shown: bool = True  # by Docker
    status: Status = Status.RUNNING
    generation: int = 1
    up_since: float = 0.0
    ended_at: float | None = None
    exit_code: int = 0

    def view(self) -> Container | None:
        if not self.present or not self.shown:
            return None
        up = self.status in (Status.RUNNING, Status.PAUSED)
        return Container(
            f"{self.subject}-container-id",
            f"watchkeeper-sim-{self.subject}",
            self.status,
            f"start-{self.generation}",
            self.exit_code,
            self.up_since if up else None,
            None if up else self.ended_at,
        )


@dataclass
class World:
    """All that the machine can see and touch."""

    rules: Rules
    now: float = 1000.0
    boot_seconds: float = 3.0  # from process start to API ready
    soft_restart_seconds: float = 4.0
    docker_restarts: bool = False  # whether Docker's policy brings a crashed gateway back
    gateway: Box = field(default_factory=lambda: Box(Subject.GATEWAY, up_since=0.0))
    engine: Box = field(default_factory=lambda: Box(Subject.ENGINE, up_since=0.0))
    # what is wrong
    docker_ok: bool = True
    dns_ok: bool = True
    jvm_dead: bool = False
    hang: bool = False
    frozen: bool = False
    half_open: bool = False
    ibc_dead: bool = False
    restart_cures: bool = True
    slowness: float = 0.003
    upstream_lost_at: float | None = None
    data_lost_at: float | None = None
    farms_down: dict[str, float] = field(default_factory=dict)
    farm_back_at: float | None = None
    accounts: tuple[str, ...] = ("DUSIM0001",)
    login: LoginPhase = LoginPhase.QUIET
    login_since: float | None = None
    other_farms_down: dict[str, float] = field(default_factory=dict)
    competed_at: float | None = None
    client_id: int = 900
    skew: float | None = 0.0
    ledger: LedgerView = field(default_factory=LedgerView)
    host: HostView = field(default_factory=HostView)
    resources: ResourcesView = field(default_factory=ResourcesView)
    windows: tuple[OpenWindow, ...] = ()
    token_expires_at: float | None = None
    token_ended_at: float | None = None
    reauth_at: float | None = None
    hold_lifted_at: float | None = None
    preflight_failed: tuple[str, ...] | None = None
    journal_broken: bool = False
    cache_up: bool = True
    write_blocked: bool = False
    logins: list[float] = field(default_factory=list)
    ticking: bool = True
    engine_word: EngineWord | None = None  # forced
    engine_mute: bool = False
    engine_halts: bool = True  # whether it knows the word
    engine_needs_resync: bool = False
    engine_cut_at: float | None = None  # since when its session is half-open, unknown to it
    resync_cures: bool = True
    clearance: bool = True
    positions: int = 0  # each with its exit, and known to the engine
    orders: int = 0  # beside them
    held: dict[int, float] = field(default_factory=dict)  # at the broker, by contract
    resting: dict[int, OpenOrder] = field(default_factory=dict)  # at the broker, by permId
    engine_held: dict[int, float] | None = None  # None: as the broker has it
    engine_orders: tuple[EngineOrder, ...] = ()
    engine_refused: tuple[EngineRefusal, ...] = ()
    expires_at: dict[int, float] = field(default_factory=dict)
    audits: bool = True
    paused: bool = False
    act_seconds: float = 0.3
    acts_fail: bool = False
    # bookkeeping
    memory: Memory = field(default_factory=Memory)
    acts: list[tuple[float, Act]] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    closed: list[tuple[float, Incident]] = field(default_factory=list)
    pages: list[tuple[float, str]] = field(default_factory=list)
    told: list[tuple[float, Incident]] = field(default_factory=list)  # of what each page was
    sentence: str = ""
    seen: Observation = field(default_factory=Observation)  # of the last turn
    edges: set[Edge] = field(default_factory=set)
    flying: tuple[float, Act] | None = None
    orphaned: bool = False  # the act in flight was asked for by a supervisor that is gone
    journal: Journal = field(default_factory=lambda: Journal(Path(":memory:")))
    on_turn: list[Callable[[Memory, Memory], None]] = field(default_factory=list)
    _events: list[ContainerEvent] = field(default_factory=list)
    _recent: deque[ContainerEvent] = field(default_factory=lambda: deque(maxlen=12))  # what Docker remembers
    _outcomes: list[Outcome] = field(default_factory=list)
    _asks: list[Ask] = field(default_factory=list)
    _docker: Look = field(default_factory=Look)
    _docker_answer: tuple[Look, Container | None, Container | None] | None = None
    _docker_gateway: Container | None = None
    _docker_engine: Container | None = None
    _handshake: Look = field(default_factory=Look)
    _mailbox: Look = field(default_factory=Look)
    _engine_view: EngineView = field(default_factory=EngineView)
    _sentinel: SentinelView = field(default_factory=SentinelView)
    _due: dict[str, float] = field(default_factory=dict)
    _hurry: bool = False  # whether the senses of this turn look as fast as they may
    _session_of: int = 0  # gateway generation and soft restarts that the session belongs to
    _epoch: int = 1
    _ready_at: float = 0.0
    _docker_restart_at: float | None = None
    _held: bool = False
    _books: Books = field(default_factory=lambda: Books(lambda: 0.0))
    _books_of: float | None = None
    _engine_id: int = 1
    _client_since: float = 0.0

    def __del__(self) -> None:
        self.journal.close()

    # -- the gateway's inside ---------------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        return self.gateway.present and self.gateway.status is Status.RUNNING

    @property
    def serving(self) -> bool:
        return self.alive and self.now >= self._ready_at and not (self.jvm_dead or self.hang or self.frozen)

    @property
    def _cut_off(self) -> bool:
        """The session's other end is gone, and nobody has told this one."""
        return self.half_open or self._session_of != self._epoch

    def _ending(self, *, inside: bool) -> Ending:
        if not self.alive:
            return Ending.STALE if inside else Ending.REFUSED
        if self.frozen:
            return Ending.STALE if inside else Ending.SILENT
        if self.jvm_dead or self.now < self._ready_at:
            return Ending.REFUSED if inside else Ending.CLOSED
        return Ending.SILENT if self.hang else Ending.ANSWERED

    @property
    def engine_id(self) -> int:
        """The engine's client id; it may be another after a reconnect."""
        return self._engine_id

    @engine_id.setter
    def engine_id(self, client_id: int) -> None:
        self._engine_id, self._client_since = client_id, self.now

    # -- what happens -----------------------------------------------------------------------------------------------

    def event(self, subject: Subject, action: str, signal: int | None = None) -> None:
        event = ContainerEvent(subject, action, self.now, signal)
        self._recent.append(event)
        self._tell(event)

    def _tell(self, event: ContainerEvent) -> None:
        if self.docker_ok:
            self._events.append(event)
            self._due.clear()

    def box(self, subject: Subject) -> Box:
        return self.gateway if subject is Subject.GATEWAY else self.engine

    def die(self, subject: Subject, exit_code: int = 1) -> None:
        box = self.box(subject)
        box.status, box.ended_at, box.exit_code = Status.EXITED, self.now, exit_code
        self.event(subject, "die")
        if subject is Subject.GATEWAY:
            self._lose_session()
            if self.docker_restarts:
                self._docker_restart_at = self.now + 0.2

    def crash(self, subject: Subject) -> None:
        """The process ends by itself."""
        self.die(subject)

    def docker_kill(self, subject: Subject) -> None:
        """`docker kill`: Docker's own policy then leaves it down."""
        keeps, self.docker_restarts = self.docker_restarts, False
        self.event(subject, "kill", 9)
        self.die(subject, 137)
        self.docker_restarts = keeps

    def docker_stop(self, subject: Subject) -> None:
        """`docker stop` by a person."""
        keeps, self.docker_restarts = self.docker_restarts, False
        self.event(subject, "kill", 15)
        self.die(subject, 0)
        self.event(subject, "stop")
        self.docker_restarts = keeps

    def docker_start(self, subject: Subject) -> None:
        box = self.box(subject)
        box.status, box.generation, box.up_since, box.ended_at = Status.RUNNING, box.generation + 1, self.now, None
        self.event(subject, "start")
        if subject is Subject.GATEWAY:
            self.jvm_dead = self.hang = self.frozen = self.half_open = self.ibc_dead = False
            self.login, self.login_since = LoginPhase.QUIET, None
            self._start_gateway()
        else:
            self.engine_word, self.engine_mute, self.engine_needs_resync, self._held = None, False, False, False
            self.engine_cut_at = None

    def _start_gateway(self) -> None:
        held = self.ledger.hold is not None
        if not held:
            self.logins.append(self.now)
            attempts = (*self.ledger.attempts, self.now)
            self.ledger = replace(self.ledger, attempts=attempts, host_boot=False)
        elif self.ledger.look.result is Result.OK:
            self.ledger = replace(self.ledger, waiting=True)
        self._boot(float("inf") if held else self.boot_seconds)

    def lift(self) -> None:
        """No hold any more, on whoever's word: what waited for it goes on."""
        self.ledger = replace(self.ledger, look=Look(Result.OK, self.now), hold=None, waiting=False)
        self.hold_lifted_at = self.now
        if self.alive and self._ready_at == float("inf"):
            self._start_gateway()

    def _soft_restart(self) -> None:
        self._boot(self.soft_restart_seconds)

    def _boot(self, seconds: float) -> None:
        self._ready_at = self.now + seconds
        self._epoch += 1
        self._lose_session()
        if self.engine.status is Status.RUNNING and self.engine.up_since < self.now:
            self.engine_needs_resync = True

    def kill_jvm(self) -> None:
        self.jvm_dead = True
        self._lose_session()

    def _lose_session(self) -> None:
        if self._sentinel.phase is SessionPhase.READY:
            lost = Look(Result.FAIL, self.now, 0.0, "the session was closed", Ending.CLOSED)
            self._sentinel = replace(self._sentinel, phase=SessionPhase.AWAY, heart=lost)

    def ask(self, subject: Subject, rung: Rung) -> None:
        self._asks.append(Ask(subject, rung))

    def cancel(self) -> None:
        """A person has the act in flight let go of; what was told to do it does it all the same."""
        assert self.flying is not None
        outcome = Outcome(self.flying[1].id, self.now, False, "", cancelled=True)
        self._outcomes.append(outcome)
        self.journal.ended(self.rules.tenant, outcome, self.now)
        self.orphaned = True

    def supervisor_dies(self) -> None:
        """A new supervisor, which knows what the journal knows. What Docker was told to do, it does all the same."""
        self.memory = self.journal.restore(self.rules.tenant, self.rules.policy, self.now, self.now)
        self.orphaned = self.flying is not None
        self._sentinel = SentinelView()
        self._docker = self._handshake = self._mailbox = Look()
        self._engine_view = EngineView()
        self._docker_gateway = self._docker_engine = self._docker_answer = None
        self._due.clear()
        self._events, self._outcomes, self._asks = list(self._recent) if self.docker_ok else [], [], []

    # -- what acts do -----------------------------------------------------------------------------------------------

    def _land(self) -> None:
        if self.flying is None or self.now < self.flying[0]:
            return
        act = self.flying[1]
        self.flying = None
        refused = act.rung in (Rung.ENGINE_START, Rung.ENGINE_RESTART) and not self.clearance
        blind = STEPS[act.rung].new_process and not self.docker_ok
        ok = not refused and not blind and not self.acts_fail and self._done(act.rung, act.reason)
        self._due.clear()
        if self.orphaned:
            self.orphaned = False
            return
        outcome = Outcome(act.id, self.now, ok, "", refused)
        self._outcomes.append(outcome)
        self.journal.ended(self.rules.tenant, outcome, self.now)

    def _done(self, rung: Rung, reason: str) -> bool:
        if STEPS[rung].new_process and not self.box(STEPS[rung].subject).present:
            return False
        if rung in (Rung.CONTAINER_RESTART, Rung.CONTAINER_START):
            cures = self.restart_cures
            dead, hang, frozen = self.jvm_dead, self.hang, self.frozen
            if self.alive:
                self.event(Subject.GATEWAY, "kill", 15)
                keeps, self.docker_restarts = self.docker_restarts, False
                self.die(Subject.GATEWAY, 143)
                self.docker_restarts = keeps
                self.event(Subject.GATEWAY, "stop")
            self.docker_start(Subject.GATEWAY)
            if not cures:
                self.jvm_dead, self.hang, self.frozen = dead, hang, frozen
        elif rung is Rung.IBC_RESTART:
            if self.ibc_dead or self.frozen or self.jvm_dead:
                return False
            if self.restart_cures:
                self.hang = False
            self._soft_restart()
        elif rung is Rung.RESTART_COMMAND:
            if self.restart_cures:
                self.jvm_dead = self.hang = self.frozen = self.half_open = False
            self._boot(self.boot_seconds)
        elif rung is Rung.SENTINEL_RECONNECT:
            self.half_open = False
            self._sentinel = replace(self._sentinel, phase=SessionPhase.AWAY)
        elif rung is Rung.ENGINE_RESYNC:
            if self.engine.status is not Status.RUNNING or self.engine_mute or not self.resync_cures:
                return False
            if self.serving:
                self.engine_needs_resync, self.engine_cut_at = False, None
                self.engine_held, self.engine_orders = None, ()
                if self.engine_word in (EngineWord.DEAF, EngineWord.CONNECTING):
                    self.engine_word = None
        elif rung in (Rung.ENGINE_START, Rung.ENGINE_RESTART):
            self.docker_start(Subject.ENGINE)
        elif rung is Rung.LOGIN_HOLD:
            self.ledger = replace(self.ledger, look=Look(Result.OK, self.now), hold=reason, next_at=None)
        elif rung is Rung.LOGIN_LIFT:
            self.lift()
        elif rung is Rung.GATEWAY_STOP:
            self.docker_stop(Subject.GATEWAY)
        elif rung is Rung.ENGINE_HALT:
            return self.engine_halts
        elif rung is Rung.ENGINE_STOP:
            self.event(Subject.ENGINE, "kill", 15)
            self.die(Subject.ENGINE, 0)
            self.event(Subject.ENGINE, "stop")
        return True

    # -- what the senses see ----------------------------------------------------------------------------------------

    def _every(self, name: str, pace: float) -> bool:
        due = self._due.get(name)
        soon = self.now + _turns(self.rules.policy.fast_interval)
        if self._hurry and due is not None:
            due = min(due, soon)
        if due is not None and self.now < due:
            self._due[name] = due
            return False
        later = self.now + _turns(pace)
        self._due[name] = min(soon, later) if self._hurry else later
        return True

    def _look(self) -> None:
        policy = self.rules.policy
        self._hurry = self.memory.hurry
        # Docker's answer takes until the next turn, as anything may happen between a look and its being known.
        if self._docker_answer is not None:
            self._docker, gateway, engine = self._docker_answer
            if self._docker.result is Result.OK:
                self._docker_gateway, self._docker_engine = gateway, engine
            self._docker_answer = None
        if self._every("docker", policy.probe_interval):
            if self.docker_ok:
                look = Look(Result.OK, self.now, DOCKER_SECONDS, "")
                gateway = GATEWAY if self.rules.external else self.gateway.view()
                self._docker_answer = (look, gateway, self.engine.view())
            else:
                self._docker_answer = (Look(Result.UNKNOWN, self.now, 1.0, "refused"), None, None)
        if self._every("handshake", policy.probe_interval):
            self._handshake = self._greet()
        if not self.rules.external:
            self._mailbox_look()
        self._sentinel_look()
        if self.rules.engine_api and self._every("engine", policy.heart_interval):
            self._engine_view = self._engine_look()

    def _greet(self) -> Look:
        if not self.dns_ok:
            return Look(Result.UNKNOWN, self.now, 0.0, "no such name")
        ending = self._ending(inside=False)
        if ending is Ending.ANSWERED:
            if self.slowness > self.rules.policy.probe_timeout:
                return Look(Result.FAIL, self.now, 1.0, "silent", Ending.SILENT)
            return Look(Result.OK, self.now, 0.0, "", ending)
        return Look(Result.FAIL, self.now, 0.0, ending, ending)

    def _mailbox_look(self) -> None:
        if not self._every("mailbox", self.rules.policy.heart_interval):
            return
        ending = self._ending(inside=True)
        if ending is Ending.STALE:
            if (
                self._mailbox.ending is not Ending.STALE
                and self.now - self._mailbox.at < self.rules.policy.mailbox_stale
            ):
                return
            self._mailbox = Look(Result.FAIL, self.now, 0.0, "stale", ending)
        else:
            result = Result.OK if ending is Ending.ANSWERED else Result.FAIL
            self._mailbox = Look(result, self.now, 0.0, ending, ending)

    def _sentinel_look(self) -> None:
        view, policy = self._sentinel, self.rules.policy
        if view.phase is SessionPhase.AWAY:
            if self.serving and self.dns_ok and self._every("open", 1.0):
                self._session_of = self._epoch
                self._sentinel = replace(
                    view, phase=SessionPhase.READY, opened_at=self.now, accounts=self.accounts, second=Look()
                )
                self._due.pop("heart", None)
            else:
                return
        calm = view.heart.result is Result.OK
        news: dict[str, Any] = {}
        if self._every("heart", policy.heart_interval if calm else policy.fast_interval):
            silent = not self.serving or self._cut_off or self.slowness > policy.probe_timeout
            if silent:
                look = Look(Result.FAIL, self.now, 0.0, "unanswered", Ending.SILENT)
                news.update(heart=look, second=look)
            else:
                look = Look(Result.OK, self.now, self.slowness, "", Ending.ANSWERED)
                news.update(heart=look, second=Look())
        if self.serving and not self._cut_off:
            news.update(audit=self._audit(), accounts=self.accounts)
            if self.ticking and self.upstream_lost_at is None and not self.farms_down:
                news.update(last_tick_at=self.now)
        news |= {
            "upstream_lost_at": self.upstream_lost_at,
            "data_lost_at": self.data_lost_at,
            "farms_down": tuple(sorted(self.farms_down.items())),
            "farm_back_at": self.farm_back_at,
            "other_farms_down": tuple(sorted(self.other_farms_down.items())),
            "competed_at": self.competed_at,
            "client_id": self.client_id,
            "clock_skew_seconds": self.skew,
        }
        view = self._sentinel
        if any(getattr(view, name) != new for name, new in news.items()):
            self._sentinel = replace(view, **news)

    def _engine_look(self) -> EngineView:
        if self.engine.status is not Status.RUNNING or not self.engine.present:
            return EngineView(look=Look(Result.UNKNOWN, self.now, 0.0, "no such name"))
        if self.engine_mute or self.now - self.engine.up_since < 1.0:
            return EngineView(look=Look(Result.FAIL, self.now, 0.0, "refused"))
        word, cut = self.engine_word, self.engine_cut_at
        if word is None:
            connected = self.serving and not self.engine_needs_resync and self.now - self.engine.up_since > 3.0
            word = EngineWord.TRADING if connected else EngineWord.CONNECTING
        return EngineView(
            look=Look(Result.OK, self.now, 0.002, ""),
            word=word,
            attempts=0 if word is EngineWord.TRADING else 3,
            inbound_age_seconds=self.now - cut if cut is not None else 20.0 if word is EngineWord.DEAF else 0.1,
            entries_held=self._held,
            held=tuple(EnginePosition(con_id, f"C{con_id}", size) for con_id, size in self._engine_books().items()),
            working=(
                *self.engine_orders,
                *(EngineOrder(f"sim-{n}", "C") for n in range(self.positions + self.orders)),
            ),
            refused=self.engine_refused,
            client_id=self._engine_id,
            client_since=self._client_since,
            cache_up=self.cache_up,
            write_blocked=self.write_blocked,
        )

    # -- the broker's books -----------------------------------------------------------------------------------------

    def rest(self, con_id: int, action: str, quantity: int, **more: Any) -> OpenOrder:
        """Have an order rest at the broker."""
        order = working_order(max(self.resting, default=0) + 1, con_id, action, quantity, **more)
        self.resting[order.perm_id] = order
        return order

    def _all_held(self) -> dict[int, float]:
        return {con_id: size for con_id, size in self.held.items() if size} | {
            _PLAIN + n: 1.0 for n in range(self.positions)
        }

    def _all_resting(self) -> list[OpenOrder]:
        exits = [working_order(_PLAIN + n, _PLAIN + n, "SELL", 1, ref=f"sim-{n}") for n in range(self.positions)]
        entries = range(self.positions, self.positions + self.orders)
        return [
            *self.resting.values(),
            *exits,
            *(working_order(_PLAIN + n, _PLAIN - 1, "BUY", 1, order_type="LMT", ref=f"sim-{n}") for n in entries),
        ]

    def _engine_books(self) -> dict[int, float]:
        return self._all_held() if self.engine_held is None else self.engine_held

    def _audit(self) -> Audit | None:
        """Positions are told as they change, orders when they are asked for: as the sentinel does."""
        if self._sentinel.opened_at != self._books_of:
            self._books, self._books_of = Books(lambda: self.now), self._sentinel.opened_at
            self._due.pop("audit", None)
        told = [
            Position(ACCOUNT, con_id, "C", "OPT", f"C{con_id}", Decimal(str(size)), 1.0)
            for con_id, size in self._all_held().items()
        ]
        if self._books.put_all(told):
            self._due.pop("audit", None)
        pace_ = pace(self.memory, self._sentinel.audit is None or self._sentinel.audit.exposed, self.rules.policy)
        self._due["audit"] = min(self._due.get("audit", self.now), self.now + _turns(pace_))
        if self._every("audit", pace_):
            self._books.put_orders(self._all_resting(), self.now)
        for con_id, at in self.expires_at.items():
            self._books.put_end(con_id, timedelta(seconds=at - self.now))
        return self._books.read() if self.audits else None

    # -- time -------------------------------------------------------------------------------------------------------

    def turn(self) -> tuple[Action, ...]:
        """One turn of the loop at the present time."""
        if self._docker_restart_at is not None and self.now >= self._docker_restart_at:
            self._docker_restart_at = None
            self.docker_start(Subject.GATEWAY)
        self._land()
        self._look()
        observation = Observation(
            docker=self._docker,
            gateway=self._docker_gateway,
            engine=self._docker_engine,
            handshake=self._handshake,
            mailbox=self._mailbox,
            login=LoginView()
            if self.rules.external
            else LoginView(Look(Result.OK, self.now), self.login, self.login_since, f"the line of {self.login}"),
            ledger=self.ledger,
            host=self.host,
            resources=self.resources,
            windows=self.windows,
            token_expires_at=self.token_expires_at,
            token_ended_at=self.token_ended_at,
            reauth_at=self.reauth_at,
            hold_lifted_at=self.hold_lifted_at,
            preflight_failed=self.preflight_failed,
            journal_broken=self.journal_broken,
            sentinel=self._sentinel,
            engine_view=self._engine_view,
            paused=self.paused,
            events=tuple(self._events),
            outcomes=tuple(self._outcomes),
            asks=tuple(self._asks),
        )
        self._events, self._outcomes, self._asks = [], [], []
        before, self.seen = self.memory, observation
        self.memory, actions, self.sentence = step(before, observation, self.now, self.rules)
        self._held = self.memory.hold
        self._record(actions)
        for check in self.on_turn:
            check(before, self.memory)
        return actions

    def _record(self, actions: tuple[Action, ...]) -> None:
        tenant, journal = self.rules.tenant, self.journal
        for action in actions:
            match action:
                case Moved(start, end, _):
                    self.edges.add(edge(start, end))
                case Act():
                    assert self.flying is None or self._may_overlap(action), "one act in flight"
                    self.orphaned = False
                    self.flying = (self.now + self.act_seconds, action)
                    self.acts.append((self.now, action))
                    journal.intend(tenant, action, self.now)
                case Open(incident):
                    self.incidents.append(incident)
                    journal.put_incident(tenant, incident, float)
                case Amend(incident):
                    self.incidents = [incident if i.id == incident.id else i for i in self.incidents]
                    journal.put_incident(tenant, incident, float)
                case Close(incident, at):
                    self.closed.append((at, incident))
                    journal.close_incident(tenant, incident, at)
                case Remember(key, value):
                    journal.remember(tenant, key, value, self.now)
                case Tell(incident, text):
                    self.pages.append((self.now, text))
                    self.told.append((self.now, incident))
                case _:
                    pass

    def _may_overlap(self, act: Act) -> bool:
        """A new supervisor does not know of a resync that the last one asked for, nor of what is another's process."""
        assert self.flying is not None
        other = self.flying[1]
        return self.orphaned and (act.by_hand or act.subject is not other.subject or not STEPS[other.rung].restarts)

    def deadlines(self) -> Iterator[float]:
        """When something happens by itself, and nothing but time brings it."""
        yield self._ready_at
        if self._docker_restart_at is not None:
            yield self._docker_restart_at
        if self.token_expires_at is not None:
            yield self.token_expires_at
            yield from (self.token_expires_at - hours * 3600.0 for hours in self.rules.policy.token_reminders)
        for at in (self.reauth_at, self.hold_lifted_at):
            if at is not None:
                yield from (at, at + self.rules.policy.push_patience)
        yield from (at - CUT_OFF for at in self.expires_at.values())

    def run(self, seconds: float, until: Callable[["World"], bool] | None = None) -> float:
        """Let time pass; returns how much did."""
        begun = self.now
        while self.now - begun < seconds:
            self.now += TURN
            self.turn()
            if until is not None and until(self):
                break
        return self.now - begun

    # -- what tests ask ---------------------------------------------------------------------------------------------

    @property
    def rungs(self) -> list[Rung]:
        return [act.rung for _, act in self.acts]

    @property
    def trading(self) -> bool:
        states = (self.memory.gateway.state, self.memory.engine.state)
        return states in [
            (GatewayState.READY, engine) for engine in (WELL if self.rules.engine else (EngineState.ABSENT,))
        ]

    @property
    def well(self) -> bool:
        return self.trading and self.memory.gateway_incident is None and self.memory.engine_incident is None


def _turns(seconds: float) -> float:
    """Whole turns that take at least so long."""
    return math.ceil(seconds / TURN) * TURN


def settled(rules: Rules | None = None) -> World:
    """A world in which all is well, flat, and has been for a while."""
    world = World(rules or Rules("sim", account="DUSIM0001"))
    world.run(60.0, lambda w: w.well and w.now > 1012.0)
    assert world.well, world.sentence
    return world
