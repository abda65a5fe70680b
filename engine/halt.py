"""The halt: from its answer on nothing is opened, what rests to open something is taken back, and exits stay.

A person's halt outlives the process: it is written into Redis, and a start reads it before anything trades. The
supervisor's ends with the process, since the next one starts only with its clearance.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from engine import cache

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.clock import Clock
    from engine.entries import EntryGate
    from engine.gate import OrderGate
    from engine.settings import Settings

# Whoever asks waits for a second or so; Redis on the same host answers in a millisecond.
KEEP_SECONDS = 0.5

log = structlog.get_logger("halt")


class Halt:
    """Halts and lifts. Lives on the node's loop; the words themselves are set at once, on any thread."""

    def __init__(self, settings: Settings, words: EntryGate, clock: Clock) -> None:
        """`orders` and `on_wire` are put in once there is a node."""
        self._settings = settings
        self._words = words
        self._clock = clock
        self._key = f"watchkeeper:{settings.tenant}:halt"
        self.orders: OrderGate | None = None
        self.on_wire: Callable[[], int] = lambda: 0

    async def recall(self) -> str | None:
        """Take up a halt that outlived the last process. Returns None, or why Redis could not tell."""
        kept, trouble = await cache.ask(self._settings, "GET", self._key)
        if trouble is None and kept:
            self._words.halt(True, kept)
            log.warning("still halted", reason=kept)
        return trouble

    async def halt(self, reason: str, *, lasting: bool) -> dict[str, Any]:
        """Take entries back, wait until nothing is on its way any more, and keep the word if it is to last."""
        self._words.halt(True, reason)
        taken = self.orders.cancel_entries() if self.orders is not None else 0
        kept, trouble = False, "a halt by the supervisor ends with the process"
        if lasting:
            kept, trouble = await self._keep("SET", self._key, reason or "no reason given")
        waiting = 0
        if self.orders is not None:
            waiting = await self.orders.drained(self._clock, asyncio.get_running_loop(), self.on_wire)
            taken += self.orders.cancel_entries()
        log.warning("halted", reason=reason, entries_cancelled=taken, on_their_way=waiting, outlives_restart=kept)
        return {
            "halted": True,
            "reason": reason,
            "entries_cancelled": taken,
            "on_their_way": waiting,
            "outlives_restart": kept,
            "sentence": "no order will open a position; exits stay at the broker"
            + ("" if kept else f"; a restart of the engine would lift it ({trouble})"),
        }

    async def lift(self) -> dict[str, Any]:
        """Let entries go again. What could not be forgotten would come back with the next start, so that is a no."""
        if self._settings.redis_host is not None:
            forgotten, trouble = await self._keep("DEL", self._key)
            if not forgotten:
                return {"halted": self._words.halted, "sentence": f"the halt stays: {trouble}"}
        self._words.halt(False, "")
        log.warning("halt lifted")
        return {"halted": False, "sentence": "the halt is lifted; entries are open as soon as the engine trades"}

    async def _keep(self, *command: str) -> tuple[bool, str]:
        if self._settings.redis_host is None:
            return False, "there is no Redis to remember it"
        _, trouble = await cache.ask(self._settings, *command, timeout=KEEP_SECONDS)
        return trouble is None, trouble or ""
