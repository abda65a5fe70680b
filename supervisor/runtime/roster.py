"""Which tenants have containers here, and what happens to those: asked and heard once for all of them.

Events are heard in one thread that ends with the process. After a break the stream is opened again from a second before
the last event on, and what was heard already is left out, so that none is lost and none is told twice.
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog

from supervisor.observation import CONTAINERS, ContainerEvent, Subject
from supervisor.runtime.docker import on_monotonic
from supervisor.runtime.line import LIST, OURS, ROLE, TENANT, TROUBLE, Daemon, Line
from tws.clock import Clock

_AGAIN = 1.0
_BEFORE = 600.0  # what Docker remembers is less on a busy machine: 256 events of any kind
_TRIES = 3
_SECOND = 1_000_000_000
_REMEMBERED = 512  # twice what Docker keeps

log = structlog.get_logger("docker")


class Roster:
    """One Docker daemon's."""

    def __init__(self, url: str, clock: Clock, *, timeout: float) -> None:
        self._url = url
        self._clock = clock
        self._timeout = timeout
        self._listing = Line(url, timeout)
        self._since = 0.0
        self._heard: deque[tuple[int, str, str]] = deque(maxlen=_REMEMBERED)

    async def tenants(self) -> frozenset[str] | None:
        """Every tenant that a container is labelled with; None when Docker cannot be asked."""
        try:
            rows = await self._listing.run(lambda daemon: daemon.get(LIST))
            labels = [row["Labels"] for row in rows]
        except TROUBLE as error:
            log.warning("cannot list", error=str(error))
            return None
        return frozenset(str(found[TENANT]) for found in labels if found.get(ROLE) in CONTAINERS and TENANT in found)

    async def past(self) -> list[tuple[str, ContainerEvent]]:
        """What Docker remembers of the minutes before now, oldest first; nothing when it cannot be asked."""
        now = self._clock.now().timestamp()
        self._since = now - 1.0
        span = f"since={int(now - _BEFORE)}&until={int(now)}"  # to the end of the future Docker would wait
        for _ in range(_TRIES):
            try:
                told = await self._listing.run(lambda daemon: daemon.read(f"/events?{span}&{OURS}"))
                return [news for line in told.splitlines() if (news := self._news(json.loads(line))) is not None]
            except TROUBLE as error:
                log.warning("cannot ask for what was before", error=str(error))
                await self._clock.sleep(_AGAIN)
        return []

    def listen(self, heard: Callable[[str, ContainerEvent], None], deaf: Callable[[bool], None] | None = None) -> None:
        """Hear events for ever, from this second on, or from the end of the past.

        Args:
            heard: called on the event loop with a tenant's name and each event of its containers.
            deaf: called on the event loop with True when the stream is lost, False when it is there.
        """
        loop = asyncio.get_running_loop()
        self._since = self._since or self._clock.now().timestamp()

        def tell(call: Callable[..., None] | None, *values: Any) -> None:
            if call is not None and not loop.is_closed():
                loop.call_soon_threadsafe(call, *values)

        def run() -> None:
            pause = threading.Event()
            while not loop.is_closed():
                try:
                    daemon = Daemon(self._url, self._timeout)
                    since = min(self._since, self._clock.now().timestamp())  # the wall clock may have been set back
                    for raw in daemon.stream(f"/events?since={int(since)}&{OURS}"):
                        if raw is None:
                            tell(deaf, False)
                        elif (event := self._news(raw)) is not None:
                            tell(heard, *event)
                    log.warning("event stream ended")
                except TROUBLE as error:
                    log.warning("event stream lost", error=str(error))
                except RuntimeError:
                    return  # the loop has gone
                tell(deaf, True)
                pause.wait(_AGAIN)

        threading.Thread(target=run, name="docker-events", daemon=True).start()

    def _news(self, raw: dict[str, Any]) -> tuple[str, ContainerEvent] | None:
        """An event of a tenant's container, unless it was heard before or changes nothing."""
        if raw.get("Type") != "container":
            return None
        stamp, action, actor = int(raw["timeNano"]), str(raw["Action"]), raw["Actor"]
        key = (stamp, action, str(actor["ID"]))
        if key in self._heard:
            return None
        self._heard.append(key)
        self._since = max(self._since, stamp / _SECOND - 1.0)
        attributes = actor["Attributes"]
        role, tenant = attributes.get(ROLE), attributes.get(TENANT)
        if role not in CONTAINERS or tenant is None or action.startswith("exec_"):  # health checks
            return None
        signal, code = attributes.get("signal"), attributes.get("exitCode")
        return tenant, ContainerEvent(
            Subject(role),
            action,
            on_monotonic(self._clock, stamp / _SECOND),
            int(signal) if signal else None,
            int(code) if code else None,
            actor["ID"],
        )

    def close(self) -> None:
        """List no more. What is being done is not waited for."""
        self._listing.close()
