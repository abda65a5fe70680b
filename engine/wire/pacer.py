"""The queue in front of the socket. The adapter has none: it sends whatever is asked for the moment it is asked for.

Orders, cancels and questions about them go first, and nothing waits while there is room. A message belongs to the
session that it was encoded for, and is dropped with it: the adapter asks again on the next one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from engine.wire.history import Asked, History
from engine.wire.pace import RATE, Bucket

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.clock import Clock

log = structlog.get_logger("wire")


@dataclass(frozen=True, slots=True)
class _Message:
    session: object
    write: Callable[[], object]


@dataclass(frozen=True, slots=True)
class _Bars:
    session: object
    request_id: int
    asked: Asked
    ask: Callable[[], object]


class Pacer:
    """Lives on one loop. `send` and the requests for bars may come from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, session: Callable[[], object]) -> None:
        """`session` returns the socket's present connection object."""
        self._loop = loop
        self._clock = clock
        self._session = session
        self._bucket = Bucket(clock.monotonic())
        self._history = History()
        self._first: deque[_Message] = deque()
        self._others: deque[_Message] = deque()
        self._bars: list[_Bars] = []
        self._draining: asyncio.Task[None] | None = None
        self._releasing: asyncio.Task[None] | None = None
        self.delayed = 0

    @property
    def waiting(self) -> int:
        """Messages that have not left yet."""
        return len(self._first) + len(self._others) + len(self._bars)

    @property
    def orders_waiting(self) -> int:
        """Orders, changes, cancels and what else goes first that have not left yet."""
        return len(self._first)

    def send(self, write: Callable[[], object], *, first: bool) -> None:
        """Write now if there is room, else as soon as there is."""
        self._on_loop(self._enter, _Message(self._session(), write), first)

    def ask_bars(self, request_id: int, asked: Asked, ask: Callable[[], object]) -> None:
        """Ask for small bars when the rules allow it."""
        self._on_loop(self._enter_bars, _Bars(self._session(), request_id, asked, ask))

    def forget_bars(self, request_id: int, cancel: Callable[[], object]) -> None:
        """Cancel a request for bars; one that never left needs no cancel."""
        self._on_loop(self._cancel_bars, request_id, cancel)

    def _on_loop[*T](self, do: Callable[[*T], None], *what: *T) -> None:
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if here:
            do(*what)
        else:
            self._loop.call_soon_threadsafe(do, *what)

    def _enter(self, message: _Message, first: bool) -> None:
        ahead = self._first or (not first and self._others)
        if not ahead and not self._bucket.take(self._clock.monotonic(), first=first):
            message.write()
            return
        self.delayed += 1
        (self._first if first else self._others).append(message)
        if self._draining is None or self._draining.done():
            self._draining = self._loop.create_task(self._drain(), name="pacer")

    async def _drain(self) -> None:
        while queue := self._first or self._others:
            if queue[0].session is not self._session():
                queue.popleft()
            elif wait := self._bucket.take(self._clock.monotonic(), first=queue is self._first):
                # Never longer than one place takes to come free: an order may have entered meanwhile.
                await self._clock.sleep(min(wait, 1.0 / RATE))
            else:
                _try(queue.popleft().write)

    def _enter_bars(self, bars: _Bars) -> None:
        ahead = any(waiting.asked.series == bars.asked.series for waiting in self._bars)
        if not ahead and not self._history.wait(bars.asked, self._clock.monotonic()):
            self._history.note(bars.asked, self._clock.monotonic())
            bars.ask()
            return
        self.delayed += 1
        self._bars.append(bars)
        if self._releasing is None or self._releasing.done():
            self._releasing = self._loop.create_task(self._release(), name="historical pacer")

    async def _release(self) -> None:
        while self._bars:
            self._bars = [bars for bars in self._bars if bars.session is self._session()]
            now = self._clock.monotonic()
            waits = [self._history.wait(bars.asked, now) for bars in self._bars]
            ready = next((bars for bars, wait in zip(self._bars, waits, strict=True) if not wait), None)
            if ready is not None:
                self._bars.remove(ready)
                self._history.note(ready.asked, now)
                _try(ready.ask)
            elif waits:
                # At most a second: the session may end, and the request with it.
                await self._clock.sleep(min(1.0, *waits))

    def _cancel_bars(self, request_id: int, cancel: Callable[[], object]) -> None:
        left = [bars for bars in self._bars if bars.request_id != request_id]
        if len(left) == len(self._bars):
            cancel()
        self._bars = left


def _try(write: Callable[[], object]) -> None:
    # Nobody is left to raise to: who asked has gone on long ago, and the reader sees a broken socket by itself.
    try:
        write()
    except OSError as error:
        log.warning("a message could not be sent", error=str(error))
