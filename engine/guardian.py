"""After each new session: ask for the data again, make the books agree with the broker, and prove that ticks flow.

The adapter alone restores the subscriptions after a reconnect and nothing else: not the market data type, and no
reconciliation at all (its documentation says otherwise). After a long outage it also sleeps up to 303 s before its
next attempt. A 1101 that comes alone leaves every subscription dead without a word.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from engine.check import Checks
from engine.ending import Course, end, wants_resync
from engine.errors import ResyncRefused
from engine.state import Phase, State, hears

CODE_CLIENT_ID_IN_USE = 326

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from engine.books import AllBooks, Books
    from engine.ending import ExitCode
    from engine.observe import Watch
    from engine.private import Adapter

LOOK_SECONDS = 0.1
RETRY_SECONDS = 3.0
# Between two attempts to connect while somebody waits for the resync.
KNOCK_SECONDS = 0.5
# How long a gateway may take to forget a client that has gone, before the same client id is tried again.
REFUSED_SECONDS = 1.5
# Under another client id than the configured one, fills of older orders are found by asking only.
WANDERED_SECONDS = 15.0
# Between two attempts to have the data back that another session of the same login has. Less than the 4 s by which the
# supervisor's canary must be ahead of an engine that passes for deaf.
COMPETED_SECONDS = 3.0
# A session that began or carried market data this recently is not torn down by a resync.
FRESH_SECONDS = 3.0

log = structlog.get_logger("guardian")


@dataclass(slots=True)
class Report:
    """What a resync did. `steps` holds seconds for what went well and a sentence for what did not."""

    ok: bool = True
    seconds: float = 0.0
    steps: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the answer of `POST /api/v1/resync`."""
        return {"ok": self.ok, "seconds": round(self.seconds, 3), "steps": self.steps}


class StepFailed(Exception):
    """A step of the resync did not come to its end; the text says why."""


class Guardian:
    """Watches the session on the node's loop and puts it right. One resync at a time; a second caller joins it."""

    def __init__(
        self,
        watch: Watch,
        market_data_type: int,
        timeout: float,
        give_up: Callable[[ExitCode, str], None],
        check_every: float = 0.0,
    ) -> None:
        """`timeout` bounds the connecting part and the proof of a resync, in seconds.

        `give_up` ends the process; it is called once, with the reason. Every `check_every` seconds the books are
        compared with the broker's while nothing is wrong; 0 means never.
        """
        self._watch = watch
        self._give_up = give_up
        self._clock = watch.board.clock
        self._market_data_type = market_data_type
        self._timeout = timeout
        self._running: asyncio.Task[Report] | None = None
        self._from_ground = False
        self._not_before = 0.0
        self._refused = 0
        self._try_again_at: float | None = None
        self._ask_again_at = 0.0
        self._ask_for_data_at = 0.0
        self._course = Course()
        self._checks = Checks(check_every)
        self._checking: asyncio.Task[None] | None = None
        # None where only data is taken.
        self.books: Books | AllBooks | None = None

    @property
    def settled(self) -> bool:
        """Whether our books were proven against the broker's on the session that stands now."""
        adapter = self._watch.adapter
        return adapter is not None and adapter.ready and self._watch.settled

    async def watch(self) -> None:
        """Look ten times a second, and resync on a session that nobody settled yet, until only a new process helps."""
        while True:
            self._watch.look()
            await self._hasten()
            if self._needed():
                self._begin(self._settle)
            elif self._data_was_taken():
                self._running = asyncio.get_running_loop().create_task(self._ask_for_data(), name="ask for data")
            elif self._may_check():
                self._checking = asyncio.get_running_loop().create_task(self._check(), name="check")
            if self._lost_cause():
                return
            asleep = self._clock.monotonic()
            await self._clock.sleep(LOOK_SECONDS)
            self._watch.lags.append(max(0.0, self._clock.monotonic() - asleep - LOOK_SECONDS))

    async def resync(self) -> dict[str, Any]:
        """Do it now, whatever the adapter waits for. Raises ResyncRefused while there is no adapter yet."""
        if self._watch.adapter is None or self._watch.phase is Phase.STOPPING:
            raise ResyncRefused("an engine with a session to put right", self._watch.phase, "wait for clearance")
        running = self._running if self._running is not None and not self._running.done() else None
        if running is None or not (self._from_ground or self._healthy(self._watch.adapter)):
            # What may run now waits for a session that is gone. It is not cancelled: the adapter would keep its
            # unanswered requests for ever. Reconnecting fails them, and then it ends by itself.
            previous, self._from_ground = running, True
            running = self._begin(lambda report: self._from_the_ground(report, previous))
        return (await asyncio.shield(running)).as_json()

    def _needed(self) -> bool:
        watch = self._watch
        if watch.phase is not Phase.STARTED or not watch.was_ready or self._clock.monotonic() < self._not_before:
            return False
        if self._running is not None and not self._running.done():
            return False
        if watch.adapter is not None and watch.adapter.condemned:
            return False
        if watch.adapter is not None and watch.adapter.wandered and self._clock.monotonic() >= self._ask_again_at:
            return True
        return watch.data_lost or watch.reconciled_generation != watch.generation

    def _data_was_taken(self) -> bool:
        """A 10197 ends a line for good: when the other session goes, nothing comes back by itself."""
        if not self._watch.lines_ended or self._clock.monotonic() < self._ask_for_data_at:
            return False
        if self._watch.phase is not Phase.STARTED or not self.settled or self._adapter().condemned:
            return False
        return self._running is None or self._running.done()

    async def _ask_for_data(self) -> Report:
        """No resync: the session stands and the books are right. What is refused again is asked for again later."""
        report = Report()
        self._watch.lines_ended = False
        try:
            report.steps["subscriptions"] = await self._adapter().resubscribe()
        except (ConnectionError, TimeoutError, OSError) as error:
            report.ok, self._watch.lines_ended = False, True
            report.steps["failed"] = str(error) or type(error).__name__
        self._ask_for_data_at = self._clock.monotonic() + COMPETED_SECONDS
        log.info("another session had the market data; asked for it again", **report.as_json())
        return report

    def _may_check(self) -> bool:
        """Only on a session that stands: asked of one that is gone, a question blocks its kind on the next one."""
        now, busy = self._clock.monotonic(), (self._running, self._checking)
        if self.books is None or not self._checks.due(now) or self._watch.phase is not Phase.STARTED:
            return False
        if not self.settled or self._adapter().condemned or self._watch.behind() > FRESH_SECONDS:
            return False
        return all(task is None or task.done() for task in busy)

    async def _check(self) -> None:
        assert self.books is not None
        generation = self._watch.generation
        try:
            difference = await self.books.difference()
        except (ConnectionError, TimeoutError, OSError) as error:
            # Whoever watches the session says what is wrong with it.
            log.warning("the books could not be compared with the broker's", error=str(error) or type(error).__name__)
            difference = ""
        self._checks, reconcile = self._checks.after(difference, self._clock.monotonic())
        if reconcile and generation == self._watch.generation:
            log.error("our books differ from the broker's; reconciling", why=difference)
            self._watch.reconciled_generation = 0

    def _lost_cause(self) -> bool:
        """Resync what nobody else resyncs. Returns True when even that is in vain, and the process is given up."""
        now, reading = self._clock.monotonic(), self._watch.board.read()
        seen, state = reading.snapshot.seen, reading.verdict.state
        self._course = course = self._course.seen(state, now)
        busy = self._running is not None and not self._running.done()
        if busy and state is not State.ZOMBIE:
            return False
        code = end(course, seen, hears(seen, now, self._watch.board.limits), self._watch.failed_start, now)
        if code is not None:
            self._give_up(code, reading.verdict.sentence)
        elif seen.phase is Phase.STARTED and state is State.DEAF and wants_resync(course, now):
            self._course = course.resynced(now)
            log.warning("deaf, and nobody resyncs: doing it", why=reading.verdict.sentence)
            self._from_ground = True
            self._begin(lambda report: self._from_the_ground(report, None))
        return code is not None

    async def _hasten(self) -> None:
        now, refused = self._clock.monotonic(), self._watch.codes[CODE_CLIENT_ID_IN_USE]
        if refused > self._refused:
            self._refused, self._try_again_at = refused, now + REFUSED_SECONDS
        elif self._try_again_at is not None and now >= self._try_again_at and self._watch.adapter is not None:
            self._try_again_at = None
            await self._watch.adapter.retry_refused()

    def _begin(self, work: Callable[[Report], Awaitable[None]]) -> asyncio.Task[Report]:
        self._running = asyncio.get_running_loop().create_task(self._run(work), name="resync")
        return self._running

    async def _run(self, work: Callable[[Report], Awaitable[None]]) -> Report:
        report, begun = Report(), self._clock.monotonic()
        self._watch.settling = True
        try:
            await work(report)
        except (StepFailed, ConnectionError, TimeoutError, OSError) as error:
            report.ok = False
            report.steps["failed"] = str(error) or type(error).__name__
        except Exception as error:
            # Whatever it was, it is not "ok", and it must not end the watch over the session.
            report.ok = False
            report.steps["failed"] = f"{type(error).__name__}: {error}"
            log.exception("resync failed in an unexpected way")
        finally:
            if asyncio.current_task() is self._running:
                self._watch.settling = self._from_ground = False
            report.seconds = self._clock.monotonic() - begun
            self._watch.resyncs["ok" if report.ok else "failed"] += 1
            self._watch.last_resync_seconds = report.seconds
            if not report.ok:
                self._not_before = self._clock.monotonic() + RETRY_SECONDS
            self._watch.look()
            log.info("resync", **report.as_json())
        return report

    async def _from_the_ground(self, report: Report, previous: asyncio.Task[Report] | None) -> None:
        adapter = self._adapter()
        async with self._step(report, "connect"):
            await self._connect(adapter)
        if previous is not None:
            await asyncio.wait([previous])
        if self._watch.phase is not Phase.STARTED:
            # The first start does the rest by itself: instruments, reconciliation, subscriptions.
            async with self._step(report, "start"):
                await self._until(lambda: self._watch.phase is Phase.STARTED, "the node did not start")
        generation = self._watch.generation
        try:
            await self._settle(report)
        except Exception as error:
            if adapter.ready and self._watch.generation == generation:
                raise
            # The session went away under the questions: after a 1100 the adapter tears down a socket that was well,
            # and ibapi then fails in ways of its own. Once more, on the next session.
            report.steps["lost"] = str(error) or type(error).__name__
            async with self._step(report, "connect"):
                await self._connect(adapter)
            await self._settle(report)

    async def _settle(self, report: Report) -> None:
        adapter, books, watch = self._adapter(), self.books, self._watch
        generation = watch.generation
        async with self._step(report, "resume"):
            await self._until(lambda: not adapter.resuming(), "the adapter does not end its own resubscription")
        async with self._step(report, "market_data_type"):
            await adapter.client.set_market_data_type(self._market_data_type)
        ticks = watch.ticks
        async with self._step(report, "resubscribe"):
            watch.data_lost = watch.lines_ended = False
            report.steps["subscriptions"] = await adapter.resubscribe()
        if books is not None:
            await self._reconcile(report, books)
        if self._lost(generation):
            raise StepFailed("the session was lost again meanwhile")
        watch.reconciled_generation = generation
        self._ask_again_at = self._clock.monotonic() + WANDERED_SECONDS
        watch.reconciled_at = self._clock.now()
        if adapter.market_subscriptions() and watch.session_open():
            async with self._step(report, "ticks"):
                await self._until(lambda: watch.ticks > ticks or self._lost(generation), "no tick came after all")
                if self._lost(generation):
                    raise StepFailed("the session was lost while waiting for a tick")

    async def _reconcile(self, report: Report, books: Books | AllBooks) -> None:
        async with self._step(report, "fills_and_orders"):
            report.steps["orders_closed"] = await books.settle_orders()
        async with self._step(report, "reconcile"):
            if not await books.reconcile():
                raise StepFailed("NautilusTrader could not reconcile with the broker; its log says why")
        async with self._step(report, "positions"):
            await books.agree()

    def _lost(self, generation: int) -> bool:
        return self._watch.generation != generation or not self._adapter().ready

    async def _connect(self, adapter: Adapter) -> None:
        # A session that spoke just now is kept. One that is silent may be half-open, and asking it would hang.
        if self._healthy(adapter):
            return
        if adapter.ready or not adapter.connecting():
            await adapter.reconnect()
            # Seen gone now: it may be back before the next look, and would pass for the same session.
            self._watch.look()
        knock_at = self._clock.monotonic()
        deadline = knock_at + self._timeout
        while not adapter.ready or adapter.condemned:
            if self._clock.monotonic() >= knock_at and adapter.skip_back_off():
                knock_at = self._clock.monotonic() + KNOCK_SECONDS
            if self._clock.monotonic() > deadline:
                raise StepFailed(f"the gateway let nobody in for {self._timeout:g} s")
            await self._clock.sleep(LOOK_SECONDS / 5)
        self._watch.look()

    def _healthy(self, adapter: Adapter) -> bool:
        if not adapter.ready or not adapter.reader_alive or adapter.condemned:
            return False
        if self._watch.behind() > FRESH_SECONDS:
            # It speaks, and is not heard: what it says now would be handled behind all the rest.
            return False
        if not adapter.market_subscriptions() or not self._watch.session_open():
            return True
        spoke = [at for at in (self._watch.connected_at, self._watch.data_at) if at is not None]
        return bool(spoke) and self._clock.monotonic() - max(spoke) < FRESH_SECONDS

    def _adapter(self) -> Adapter:
        assert self._watch.adapter is not None
        return self._watch.adapter

    async def _until(self, true: Callable[[], bool], otherwise: str) -> None:
        deadline = self._clock.monotonic() + self._timeout
        while not true():
            if self._clock.monotonic() > deadline:
                raise StepFailed(otherwise)
            await self._clock.sleep(LOOK_SECONDS / 5)

    def _step(self, report: Report, name: str) -> _Step:
        return _Step(self._clock.monotonic, report, name)


class _Step:
    """Write the seconds of a step into the report, also when it fails."""

    def __init__(self, monotonic: Callable[[], float], report: Report, name: str) -> None:
        self._monotonic, self._report, self._name = monotonic, report, name
        self._begun = 0.0

    async def __aenter__(self) -> None:
        self._begun = self._monotonic()

    async def __aexit__(self, *failure: object) -> None:
        self._report.steps[self._name] = round(self._monotonic() - self._begun, 3)
