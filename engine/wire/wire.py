"""All of it around one client of the adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.private import wire as private
from engine.wire.counts import Counts
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
        self._delayed_ticks = 0
        pace(eclient, self._pacer)
        pace_bars(eclient, self._pacer)
        refuse_paid_snapshots(eclient)
        translate_delayed(eclient.wrapper, self._on_delayed_tick)
        free_lines(client)

    def counts(self) -> Counts:
        """Return what it has done so far."""
        return Counts(
            waiting=self._pacer.waiting,
            delayed_messages=self._pacer.delayed,
            delayed_ticks=self._delayed_ticks,
        )

    def _on_delayed_tick(self) -> None:
        self._delayed_ticks += 1
