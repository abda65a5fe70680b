"""All of it around one client of the adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.private import wire as private
from engine.wire.backlog import Backlog
from engine.wire.counts import Counts
from engine.wire.executions import Executions
from engine.wire.orders import Orders
from engine.wire.pacer import Pacer
from engine.wire.quotes import free_lines, translate_delayed
from engine.wire.requests import pace, pace_bars, refuse_paid_snapshots

if TYPE_CHECKING:
    import asyncio

    from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient

    from engine.clock import Clock


class Wire:
    """Put around a client before it is started; stays for its life, over all its sessions."""

    def __init__(self, client: InteractiveBrokersClient, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        """Raises VersionError if the client is not made as the pinned version makes it."""
        eclient = private.eclient(client)
        self._pacer = Pacer(loop, clock, lambda: eclient.conn)
        self._delayed_ticks = self._unbooked_fills = 0
        self._clock = clock
        self._executions = Executions(eclient.wrapper, clock)
        self._inbound = [(queue, Backlog()) for queue in private.inbound(client)]
        pace(eclient, self._pacer)
        pace_bars(eclient, self._pacer)
        refuse_paid_snapshots(eclient)
        translate_delayed(eclient.wrapper, self._on_delayed_tick)
        free_lines(client)
        private.on_handshake(client, lambda _: private.end_stale_requests(client))
        private.on_handshake(client, self._executions.handshake)
        private.on_handshake(client, Orders(eclient.wrapper, clock).handshake)

    def counts(self) -> Counts:
        """Return what it has done so far."""
        return Counts(
            waiting=self._pacer.waiting,
            delayed_messages=self._pacer.delayed,
            delayed_ticks=self._delayed_ticks,
            repaired_times=self._executions.repaired,
            unbooked_fills=self._unbooked_fills,
        )

    def orders_waiting(self) -> int:
        """Return how many orders, changes and cancels have not left yet."""
        return self._pacer.orders_waiting

    def behind(self) -> float:
        """Return the seconds for which the oldest inbound message waits to be handled. Asked at every look."""
        now = self._clock.monotonic()
        return max(backlog.age(now, queue.total, queue.waiting) for queue, backlog in self._inbound)

    def unbooked(self, cache: Any) -> list[str]:
        """Return, once, the ids of executions that the books should have by now and do not."""
        found = self._executions.overdue(cache)
        self._unbooked_fills += len(found)
        return found

    def _on_delayed_tick(self) -> None:
        self._delayed_ticks += 1
