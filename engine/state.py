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
    subscriptions: int = 0
    session_open: bool = True
    connected_at: float | None = None
    data_at: float | None = None
    data_lost: bool = False
    farm_broken: bool = False
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

    deaf_after: float = 10.0
    loop_stuck_after: float = 5.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state and the one sentence that says why."""

    state: State
    sentence: str


def decide(seen: Observation, now: float, limits: Limits) -> Verdict:
    """Name the state. `now` may be later than the observation: a loop that stopped looking is itself a sign."""
    if seen.phase is Phase.STOPPING:
        return Verdict(State.STOPPING, "stopping: orders at the broker stay as they are")
    stuck = now - seen.at
    if stuck > limits.loop_stuck_after:
        return Verdict(State.DEAF, f"the node's loop has not run for {stuck:.0f} s; nothing inbound is handled")
    if seen.phase in (Phase.LOADING, Phase.CACHE, Phase.CLEARANCE):
        return Verdict(State.WAITING, seen.detail or f"waiting for {seen.phase}")
    if seen.phase in (Phase.GATEWAY, Phase.ACCOUNT):
        return Verdict(State.CONNECTING, seen.detail or "waiting for the gateway's API")
    if seen.phase is Phase.STARTING:
        return Verdict(State.CONNECTING, "the node is starting: instruments, account, reconciliation")
    return _started(seen, now, limits)


def _started(seen: Observation, now: float, limits: Limits) -> Verdict:
    if not seen.node_running or not seen.trader_running or not seen.queues_alive:
        what = "the trader is not running" if not seen.trader_running else "an engine queue has died"
        return Verdict(State.ZOMBIE, f"the node says it runs, yet {what}; only a restart cures it")
    if not seen.ready:
        return Verdict(State.CONNECTING, f"the gateway does not answer; the adapter is at attempt {seen.attempts}")
    if not seen.reader_alive:
        return Verdict(State.DEAF, "connected, but the task that reads the gateway is dead")
    if seen.data_lost:
        return Verdict(State.DEAF, "the gateway said 1101: subscriptions are lost and not yet asked for again")
    if seen.settling:
        return Verdict(State.CONNECTING, "connected; asking for data again and reconciling with the broker")
    if seen.subscriptions == 0:
        return Verdict(State.CONNECTING, "connected; nothing is subscribed yet")
    if seen.session_open:
        age = seen.data_age(now)
        if age is not None and age > limits.deaf_after:
            farm = " (market data farm broken, 2103)" if seen.farm_broken else ""
            return Verdict(State.DEAF, f"no market data for {age:.0f} s with {seen.subscriptions} subscriptions{farm}")
        if not seen.data_since_connect:
            return Verdict(State.CONNECTING, "connected; waiting for the first tick")
    if not seen.reconciled:
        return Verdict(State.CONNECTING, "connected; not reconciled with the broker since the last connect")
    if seen.wandered:
        return Verdict(
            State.TRADING, f"trading, but as client {seen.client_id}: exits only, until the configured id is free"
        )
    if seen.data_only:
        return Verdict(State.TRADING, "data only: the gateway is read-only (READ_ONLY_API=yes), so no order is sent")
    if not seen.session_open:
        return Verdict(State.TRADING, "connected and reconciled; the market is closed")
    if seen.chain_missing:
        # Not a state of its own: exits work, and no restart would bring what the gateway does not list.
        return Verdict(State.TRADING, f"exits only: {seen.chain_missing}")
    return Verdict(State.TRADING, "trading: data flows and orders agree with the broker")
