"""What a client is sent: gathered, and written once per turn of the event loop."""

import asyncio
import heapq
import itertools
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session
    from gateway.simulator.api.trouble import Due

_TICK_LIMIT = 1 << 20
"""Unsent bytes above which ticks are dropped for a client that does not read."""
_DEATH_LIMIT = 1 << 26
"""Unsent bytes above which the client is cut off."""
_LOOKS_EMPTY = 4096
"""ibapi reads in chunks of this size and throws away a burst that is an exact multiple of it."""


class Outbox:
    """A session's bytes on their way out."""

    def __init__(self, session: "Session", writer: asyncio.StreamWriter) -> None:
        self._session = session
        self._writer = writer
        self._out: list[bytes] = []
        self._flush_due = False
        self._held_byte = b""
        self._late: list[tuple[float, int, bytes]] = []
        """A heap of what a fault holds back: when it is due by the world's clock, its number, its bytes."""
        self._numbers = itertools.count()
        self._shaped: deque[Due] = deque()
        """What a fault spreads out: when each piece is written, by the machine's monotonic clock."""
        self._shaped_size = 0
        self._free_at = float("-inf")
        """When the last of them has been written."""

    def put(self, data: bytes, count: int) -> None:
        """Have bytes that are that many frames written at the end of this turn."""
        if self._session.over:
            return
        self._out.append(data)
        self._session.gateway.tally.messages_out += count
        self.want_flush()

    def put_late(self, delay: float, data: bytes) -> None:
        """Have a frame written so many world seconds from now."""
        due = (self._session.gateway.clock.monotonic() + delay, next(self._numbers))
        heapq.heappush(self._late, (*due, data))
        self._session.later(self._deliver(delay, due))

    async def _deliver(self, delay: float, due: tuple[float, int]) -> None:
        """Sleepers may wake in any order: the first sends everything up to its own turn, so that nothing overtakes."""
        await self._session.gateway.clock.sleep(delay)
        while self._late and self._late[0][:2] <= due:
            self.put(heapq.heappop(self._late)[2], 1)

    @property
    def clogged(self) -> bool:
        """Whether so much waits for the client that ticks make no sense."""
        return self._writer.transport.get_write_buffer_size() + self._shaped_size > _TICK_LIMIT

    def want_flush(self) -> None:
        """Have what waits written at the end of this turn, unless the session is silent."""
        if not self._flush_due and not self._session.silent:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write what waits."""
        self._flush_due = False
        if self._session.over or self._session.silent or self._held_byte or not self._out:
            return
        data = b"".join(self._out)
        self._out.clear()
        if self._session.gateway.trouble.shape or self._shaped:
            self._shape(data)
            return
        if len(data) % _LOOKS_EMPTY == 0:
            data, self._held_byte = data[:-1], data[-1:]
            asyncio.get_running_loop().call_later(0.01, self._release)
        self._writer.write(data)
        if self._writer.transport.get_write_buffer_size() > _DEATH_LIMIT:
            self._session.close()

    def empty(self) -> None:
        """Write everything that waits at once: the session ends."""
        self._writer.write(b"".join([*(piece for _, piece in self._shaped), self._held_byte, *self._out]))

    def clear(self) -> None:
        """Drop everything that waits."""
        self._shaped.clear()
        self._out.clear()
        self._held_byte = b""

    def _release(self) -> None:
        if not self._session.over:
            self._writer.write(self._held_byte)
            self._held_byte = b""
            self.want_flush()

    def _shape(self, data: bytes) -> None:
        """Have a fault say when which of these bytes are written; what waits already goes first."""
        gateway = self._session.gateway
        now = gateway.host.monotonic()
        idle = not self._shaped
        written = gateway.trouble.writes(self._session, data, max(self._free_at, now))
        self._shaped.extend(written)
        self._shaped_size += sum(len(piece) for _, piece in written)
        self._free_at = written[-1][0] if written else self._free_at
        if idle and self._shaped:
            self._session.later(self._write_shaped())

    async def _write_shaped(self) -> None:
        host = self._session.gateway.host
        while self._shaped and not self._session.over:
            await host.sleep(max(self._shaped[0][0] - host.monotonic(), 0.0))
            await self._session.end_of_silence()
            _, piece = self._shaped.popleft()
            self._shaped_size -= len(piece)
            self._writer.write(piece)
