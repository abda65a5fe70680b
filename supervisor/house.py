"""The house: every tenant that this supervisor may watch, and a watch for each that is there.

Tenants come and go by the labels of their containers. Each watch has its own machine, budgets, threads and sessions;
one that falls over a bug begins anew from the journal, as a new supervisor would, and no other one notices.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

import structlog

from supervisor.loop import Watch
from supervisor.observation import TELLING, ContainerEvent
from tws.clock import Clock

AGAIN = 10.0
"""Seconds before a watch that fell over a bug begins anew."""
_ROLL_CALL = 5.0
_GAP = 0.3  # between two roll calls, however many containers are made at once
_GONE = 60.0  # longer than containers take to be made anew
_RECENT = 12  # the last restart of each of a tenant's two containers, and more
_APART = 0.02  # between the beginnings of watches, so that a hundred of them do not probe in step

log = structlog.get_logger("supervisor")


class Roll(Protocol):
    """What the house needs of `runtime.roster.Roster`."""

    async def tenants(self) -> frozenset[str] | None: ...


class Kept(Protocol):
    """A watch and what it works with."""

    @property
    def watch(self) -> Watch: ...
    def close(self) -> None: ...


class House:
    """Keeps the watches; `watches` are those of the tenants that are there, by name."""

    def __init__(
        self,
        build: Callable[[str], Kept],
        forget: Callable[[str], None],
        clock: Clock,
        *,
        always: Iterable[str],
        by_label: Iterable[str] = (),
        roll: Roll | None = None,
    ) -> None:
        """
        Args:
            build: makes a tenant's watch, remembering what the journal does.
            forget: called when a tenant is no longer watched.
            always: tenants that are watched from the beginning, whatever Docker says.
            by_label: tenants that are watched while they have containers.
            roll: who calls those.
        """
        self.watches: dict[str, Watch] = {}
        self._build = build
        self._forget = forget
        self._clock = clock
        self._always = tuple(always)
        self._by_label = frozenset(by_label)
        self._roll = roll
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._present: frozenset[str] = frozenset()
        self._gone_at: dict[str, float] = {}
        self._news = asyncio.Event()
        self._recent: defaultdict[str, deque[ContainerEvent]] = defaultdict(lambda: deque(maxlen=_RECENT))

    @property
    def names(self) -> frozenset[str]:
        """Every tenant that may be watched."""
        return self._by_label | frozenset(self._always)

    @property
    def late(self) -> bool:
        """Whether any loop has not run for longer than it ever should."""
        return any(watch.late for watch in self.watches.values())

    async def run(self) -> None:
        """Until cancelled."""
        try:
            for name in self._always:
                self._begin(name)
                await self._clock.sleep(_APART)
            if self._roll is not None and self._by_label:
                await self._call_the_roll(self._roll)
            await asyncio.Event().wait()
        finally:
            for keeper in self._keepers.values():
                keeper.cancel()
            await asyncio.gather(*self._keepers.values(), return_exceptions=True)

    async def leave(self) -> None:
        """Before the process ends."""
        await asyncio.gather(*(watch.leave() for watch in self.watches.values()))

    def heard(self, tenant: str, event: ContainerEvent) -> None:
        """A Docker event has come in; others' are none of our business."""
        if tenant in self._by_label and event.action in ("create", "destroy"):
            self._news.set()
        if tenant in self.names and event.action in TELLING:
            self._recent[tenant].append(event)
        watch = self.watches.get(tenant)
        if watch is not None:
            watch.heard(event)

    # -- who is there -----------------------------------------------------------------------------------------------

    async def _call_the_roll(self, roll: Roll) -> None:
        while True:
            self._news.clear()
            present = await roll.tenants()
            if present is not None:
                await self._meet(present & self._by_label)
            await self._clock.sleep(_GAP)
            with suppress(TimeoutError):
                async with asyncio.timeout(_ROLL_CALL):
                    await self._news.wait()

    async def _meet(self, present: frozenset[str]) -> None:
        now = self._clock.monotonic()
        for name in sorted(present - self._present):
            log.info("tenant is here", tenant=name, again=name in self._keepers)
            self._gone_at.pop(name, None)
            if name not in self._keepers:
                self._begin(name)
                await self._clock.sleep(_APART)
        for name in sorted(self._present - present):
            watch = self.watches.get(name)
            log.warning("tenant is gone, with its containers", tenant=name, flat=watch is not None and watch.flat)
            self._gone_at[name] = now
        self._present = present
        for name, gone_at in list(self._gone_at.items()):
            watch = self.watches.get(name)
            if now - gone_at >= _GONE and watch is not None and watch.flat:
                await self._let_go(name)

    async def _let_go(self, name: str) -> None:
        """Watch it no longer: it is gone and held nothing. The journal remembers it for its return."""
        keeper = self._keepers.pop(name)
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        del self.watches[name], self._gone_at[name]
        self._forget(name)
        log.warning("tenant is no longer watched", tenant=name)

    # -- watching ---------------------------------------------------------------------------------------------------

    def _begin(self, name: str) -> None:
        self._keepers[name] = asyncio.create_task(self._keep(name), name=f"watch of {name}")

    async def _keep(self, name: str) -> None:
        """Watch one tenant for ever."""
        fell_over: Exception | None = None
        while True:
            kept = self._build(name)
            watch = self.watches[name] = kept.watch
            for event in self._recent.get(name, ()):
                watch.heard(event)  # whose wish it was that a container has ended
            if fell_over is not None:
                watch.ended_by(fell_over)
            try:
                await watch.run()
            except Exception as error:  # whatever it is, it is a bug, and this tenant's alone
                fell_over = error
                log.error("watch ended", tenant=name, error=repr(error))
                await watch.end()
            finally:
                kept.close()
            await self._clock.sleep(AGAIN)
