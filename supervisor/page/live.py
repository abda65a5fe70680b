"""Live updates: one look a second for all who watch the same tenant, and to each only what has changed.

Nobody watches: nothing runs. What one viewer costs is the sending; a viewer who does not take it is let go, and its
browser connects anew.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from tws.clock import Clock

MOST_VIEWERS: Final = 200
_PACE: Final = 1.0
_QUIET: Final = 5.0
"""The longest silence: a viewer that hears nothing for much longer says that it is not live."""
_BEHIND: Final = 10
_CLOCK: Final = "at"
"""The section that only says when it was rendered."""

log = structlog.get_logger("supervisor")

type Sections = dict[str, str]


@dataclass(eq=False)
class _Channel:
    """Those who watch one tenant."""

    viewers: set[asyncio.Queue[bytes | None]] = field(default_factory=set)
    task: asyncio.Task[None] | None = None
    last: Sections = field(default_factory=dict)


class Live:
    """`render` gives a tenant's sections by their ids."""

    def __init__(self, render: Callable[[str], Awaitable[Sections]], clock: Clock, leaving: asyncio.Event) -> None:
        self._render = render
        self._clock = clock
        self._leaving = leaving
        self._channels: dict[str, _Channel] = {}

    @property
    def full(self) -> bool:
        """Whether another viewer would be one too many."""
        return sum(len(channel.viewers) for channel in self._channels.values()) >= MOST_VIEWERS

    async def watch(self, tenant: str) -> AsyncGenerator[bytes]:
        """Server-sent events for one viewer: everything first, then what changes."""
        channel = self._channels.setdefault(tenant, _Channel())
        mine: asyncio.Queue[bytes | None] = asyncio.Queue(_BEHIND)
        channel.viewers.add(mine)
        try:
            sections = await self._render(tenant)
            yield _event(sections)
            if channel.task is None:
                channel.last = sections
                channel.task = asyncio.create_task(self._tell(tenant, channel), name=f"page of {tenant}")
            while (event := await mine.get()) is not None:
                yield event
        finally:
            channel.viewers.discard(mine)
            if not channel.viewers and channel.task is not None:
                channel.task.cancel()
                channel.task = None
                self._channels.pop(tenant, None)

    async def _tell(self, tenant: str, channel: _Channel) -> None:
        told_at = self._clock.monotonic()
        try:
            while not self._leaving.is_set():
                await self._rest()
                sections = await self._render(tenant)
                changed = {name: html for name, html in sections.items() if channel.last.get(name) != html}
                channel.last = sections
                now = self._clock.monotonic()
                if set(changed) <= {_CLOCK} and now - told_at < _QUIET:
                    continue
                told_at = now
                self._send(channel, _event(changed))
        except Exception as error:  # whatever it is, it is a bug; the browsers connect anew, and it is told again
            log.error("the page's updates ended", tenant=tenant, error=repr(error))
        finally:
            self._end(channel)

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PACE):
                await self._leaving.wait()

    def _send(self, channel: _Channel, event: bytes) -> None:
        for viewer in list(channel.viewers):
            if viewer.full():
                self._let_go(channel, viewer)
            else:
                viewer.put_nowait(event)

    def _end(self, channel: _Channel) -> None:
        for viewer in list(channel.viewers):
            self._let_go(channel, viewer)

    def _let_go(self, channel: _Channel, viewer: asyncio.Queue[bytes | None]) -> None:
        channel.viewers.discard(viewer)
        while not viewer.empty():
            viewer.get_nowait()
        viewer.put_nowait(None)


def _event(sections: Sections) -> bytes:
    return f"event: sections\ndata: {json.dumps(sections)}\n\n".encode()
