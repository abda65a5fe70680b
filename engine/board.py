"""Where the node's loop pins what it saw, and other threads read it. Values on it are never changed, only replaced."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from engine.clock import Clock, SystemClock
from engine.entries import EntryGate
from engine.exits.view import ExitsSeen
from engine.state import Limits, Observation, Phase, State, Verdict, decide
from engine.wire.counts import Counts

if TYPE_CHECKING:
    import asyncio

    from engine.chain.view import ChainView
    from engine.greeks.service import GreeksSeen
    from engine.settings import Settings


class Control(Protocol):
    """What HTTP may ask of the guardian. Called from another thread; the answer is awaited there."""

    async def resync(self) -> dict[str, Any]:
        """Make the session, its data and the books right, now. Raises ResyncRefused where there is nothing to do."""
        ...


class Halter(Protocol):
    """What HTTP may ask of the halt."""

    async def halt(self, reason: str, *, lasting: bool) -> dict[str, Any]:
        """Open nothing from the answer on, and keep exits. `lasting` outlives the process where there is Redis."""
        ...

    async def lift(self) -> dict[str, Any]:
        """Let entries go again."""
        ...


class Flattener(Protocol):
    """What HTTP may ask of whoever looks after the exits."""

    async def flatten(self, reason: str) -> dict[str, Any]:
        """Begin to close every position by its exits. The answer has `ok` and a `sentence`."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the HTTP thread may know."""

    seen: Observation
    taken_at: datetime
    reconciled_at: datetime | None = None
    positions: tuple[dict[str, Any], ...] = ()
    orders: tuple[dict[str, Any], ...] = ()
    refused: tuple[dict[str, Any], ...] = ()
    accounts: tuple[dict[str, Any], ...] = ()
    codes: tuple[tuple[int, int], ...] = ()
    resyncs: tuple[tuple[str, int], ...] = ()
    last_resync_seconds: float | None = None
    ticks: int = 0
    wire: Counts = field(default_factory=Counts)
    queues: tuple[tuple[str, int], ...] = ()
    loop_lag: float = 0.0
    cache_trouble: str | None = None
    write_blocked: bool = False
    chain: ChainView | None = None
    greeks: GreeksSeen | None = None
    exits: ExitsSeen = field(default_factory=ExitsSeen)
    regular_hours: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """A snapshot, what it means now, and since when it has meant that."""

    snapshot: Snapshot
    verdict: Verdict
    since: datetime


class Board:
    """The one object that both threads hold."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        """Begin with a first observation, so that there is an answer before Nautilus is even imported."""
        self.account = settings.ib_account
        self.clock = clock or SystemClock()
        self.limits = Limits(deaf_after=settings.deaf_after_seconds)
        self.gate = EntryGate()
        self.control: Control | None = None
        self.halter: Halter | None = None
        self.flattener: Flattener | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._state: State | None = None
        self._since = self.clock.now()
        self._loading = True
        first = Observation(self.clock.monotonic(), Phase.LOADING, "loading NautilusTrader")
        self._latest = Snapshot(first, self.clock.now())

    def pin(self, snapshot: Snapshot) -> None:
        """Replace the snapshot; called on the node's loop."""
        self._latest = snapshot
        self._loading = False
        self.read()

    def read(self) -> Reading:
        """Say what the latest snapshot means at this moment; safe on any thread."""
        latest = self._latest
        # Until the first look of the loop nothing can be late: imports hold the main thread for seconds.
        now = latest.seen.at if self._loading else self.clock.monotonic()
        verdict = decide(latest.seen, now, self.limits)
        with self._lock:
            if verdict.state is not self._state:
                self._state = verdict.state
                self._since = self.clock.now()
            return Reading(latest, verdict, self._since)

    def loop_age(self) -> float:
        """Seconds since the node's loop last looked; 0 while there is no loop yet."""
        return 0.0 if self._loading else max(0.0, self.clock.monotonic() - self._latest.seen.at)


def iso(moment: datetime | None) -> str | None:
    """Write a moment as ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat() if moment is not None else None
