"""What the engine is doing, decided from one observation. Pure: no clock, no I/O, no Nautilus.

The order of the questions is the order of trust: what stops everything is asked first, and TRADING is what is
left when nothing else could be said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The engine's state as the supervisor and the dashboard read it."""

    WAITING = "WAITING"
    CONNECTING = "CONNECTING"
    TRADING = "TRADING"
    ZOMBIE = "ZOMBIE"
    DEAF = "DEAF"
    STOPPING = "STOPPING"


class Stage(StrEnum):
    """The same in finer words, for people: how far a start has come, and whether trading is whole."""

    STARTING = "starting"
    WAITING_FOR_CACHE = "waiting-for-cache"
    WAITING_FOR_CLEARANCE = "waiting-for-clearance"
    WAITING_FOR_GATEWAY = "waiting-for-gateway"
    CONNECTING = "connecting"
    LOADING = "loading"
    RECONCILING = "reconciling"
    TRADING = "trading"
    DEGRADED = "degraded"
    DEAF = "deaf"
    ZOMBIE = "zombie"
    STOPPING = "stopping"


class Ear(StrEnum):
    """What is wrong with how the engine hears the gateway."""

    WELL = "well"
    READER_DEAD = "reader-dead"
    QUEUE_GROWS = "queue-grows"
    DATA_LOST = "data-lost"
    SILENT = "silent"


class Phase(StrEnum):
    """How far the run has come."""

    LOADING = "loading"
    CACHE = "cache"
    CLEARANCE = "clearance"
    GATEWAY = "gateway"
    ACCOUNT = "account"
    STARTING = "starting"
    STARTED = "started"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at the node and its session, taken on the node's own loop. Times are monotonic seconds."""

    at: float
    phase: Phase
    detail: str = ""
    data_only: bool = False
    node_running: bool = False
    trader_running: bool = False
    queues_alive: bool = True
    ready: bool = False
    attempts: int = 0
    client_id: int | None = None
    wandered: bool = False
    reader_alive: bool = False
    queue: int = 0
    queue_behind_since: float | None = None
    behind: float = 0.0
    subscriptions: int = 0
    session_open: bool = True
    connected_at: float | None = None
    data_at: float | None = None
    data_lost: bool = False
    farm_broken: bool = False
    competed: bool = False
    clients_connected: bool = False
    impaired: tuple[str, ...] = ()
    reconciled: bool = False
    settling: bool = False
    chain_missing: str = ""
    generation: int = 0

    @property
    def data_since_connect(self) -> bool:
        """Whether market data came on this session, not on one before it."""
        return self.data_at is not None and self.connected_at is not None and self.data_at >= self.connected_at

    def data_age(self, now: float) -> float | None:
        """Seconds since the last market data, or since the session began if none came on it yet."""
        known = [moment for moment in (self.connected_at, self.data_at) if moment is not None]
        return max(0.0, now - max(known)) if known else None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long silence is borne, in seconds."""

    deaf_after: float = 7.0
    loop_stuck_after: float = 5.0
    queue_behind_after: float = 5.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state, its finer word, and the one sentence that says why."""

    state: State
    sentence: str
    stage: Stage


def decide(seen: Observation, now: float, limits: Limits) -> Verdict:
    """Name the state. `now` may be later than the observation: a loop that stopped looking is itself a sign."""
    if seen.phase is Phase.STOPPING:
        return Verdict(State.STOPPING, "stopping: orders at the broker stay as they are", Stage.STOPPING)
    stuck = now - seen.at
    if stuck > limits.loop_stuck_after:
        sentence = f"the node's loop has not run for {stuck:.0f} s; nothing inbound is handled"
        return Verdict(State.DEAF, sentence, Stage.DEAF)
    if seen.phase in _WAITING:
        return Verdict(State.WAITING, seen.detail or f"waiting for {seen.phase}", _WAITING[seen.phase])
    if seen.phase is Phase.GATEWAY:
        return Verdict(State.CONNECTING, seen.detail or "waiting for the gateway's API", Stage.WAITING_FOR_GATEWAY)
    if seen.phase is Phase.ACCOUNT:
        return Verdict(State.CONNECTING, seen.detail or "waiting for the gateway's account", Stage.CONNECTING)
    if seen.phase is Phase.STARTING:
        stage = Stage.RECONCILING if seen.clients_connected else Stage.LOADING
        return Verdict(State.CONNECTING, f"the node is starting: {stage}", stage)
    return _started(seen, now, limits)


def hears(seen: Observation, now: float, limits: Limits) -> Ear:
    """Tell what is wrong with the engine's ear, if its session stands."""
    if not seen.ready:
        return Ear.WELL
    if not seen.reader_alive:
        return Ear.READER_DEAD
    if seen.queue_behind_since is not None and now - seen.queue_behind_since > limits.queue_behind_after:
        return Ear.QUEUE_GROWS
    if seen.behind > limits.deaf_after:
        return Ear.QUEUE_GROWS
    if seen.data_lost:
        return Ear.DATA_LOST
    age = seen.data_age(now)
    silent = seen.session_open and seen.subscriptions > 0 and age is not None and age > limits.deaf_after
    return Ear.SILENT if silent else Ear.WELL


_WAITING = {
    Phase.LOADING: Stage.STARTING,
    Phase.CACHE: Stage.WAITING_FOR_CACHE,
    Phase.CLEARANCE: Stage.WAITING_FOR_CLEARANCE,
}


def _started(seen: Observation, now: float, limits: Limits) -> Verdict:
    if not seen.node_running or not seen.trader_running or not seen.queues_alive:
        what = "the trader is not running" if not seen.trader_running else "an engine queue has died"
        sentence = f"the node says it runs, yet {what}; only a restart cures it"
        return Verdict(State.ZOMBIE, sentence, Stage.ZOMBIE)
    if not seen.ready:
        sentence = f"the gateway does not answer; the adapter is at attempt {seen.attempts}"
        return Verdict(State.CONNECTING, sentence, Stage.WAITING_FOR_GATEWAY)
    ear = hears(seen, now, limits)
    if ear is Ear.SILENT and seen.settling:
        ear = Ear.WELL  # it is being mended
    if ear is not Ear.WELL:
        return Verdict(State.DEAF, _deaf(ear, seen, now), Stage.DEAF)
    if seen.settling:
        return Verdict(
            State.CONNECTING, "connected; asking for data again and reconciling with the broker", Stage.RECONCILING
        )
    if seen.subscriptions == 0:
        return Verdict(State.CONNECTING, "connected; nothing is subscribed yet", Stage.LOADING)
    if seen.session_open and not seen.data_since_connect:
        return Verdict(State.CONNECTING, "connected; waiting for the first tick", Stage.CONNECTING)
    if not seen.reconciled:
        sentence = "connected; not reconciled with the broker since the last connect"
        return Verdict(State.CONNECTING, sentence, Stage.RECONCILING)
    return _trading(seen)


def _deaf(ear: Ear, seen: Observation, now: float) -> str:
    if ear is Ear.READER_DEAD:
        return "connected, but the task that reads the gateway is dead"
    if ear is Ear.QUEUE_GROWS:
        oldest = f"; the oldest came {seen.behind:.0f} s ago" if seen.behind else ""
        return f"{seen.queue} messages of the gateway wait to be handled, and they do not grow fewer{oldest}"
    if ear is Ear.DATA_LOST:
        return "the gateway said 1101: subscriptions are lost and not yet asked for again"
    farm = " (market data farm broken, 2103)" if seen.farm_broken else ""
    return f"no market data for {seen.data_age(now) or 0:.0f} s with {seen.subscriptions} subscriptions{farm}"


def _trading(seen: Observation) -> Verdict:
    if seen.data_only:
        sentence = "data only: the gateway is read-only (READ_ONLY_API=yes), so no order is sent"
        return Verdict(State.TRADING, sentence, Stage.DEGRADED)
    ills = list(seen.impaired)
    if seen.wandered:
        ills.insert(0, f"as client {seen.client_id}: exits only, until the configured id is free")
    if ills:
        return Verdict(State.TRADING, f"trading, but {'; '.join(ills)}", Stage.DEGRADED)
    if not seen.session_open:
        return Verdict(State.TRADING, "connected and reconciled; the market is closed", Stage.TRADING)
    if seen.chain_missing:
        # Not a state of its own: exits work, and no restart would bring what the gateway does not list.
        return Verdict(State.TRADING, f"exits only: {seen.chain_missing}", Stage.DEGRADED)
    return Verdict(State.TRADING, "trading: data flows and orders agree with the broker", Stage.TRADING)
