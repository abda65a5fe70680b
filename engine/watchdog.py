"""A thread that ends the process when the node's loop is stuck for good: from the loop itself nothing can be done then.

It counts its own beats and not seconds: a process that was suspended finds a loop that is late and not stuck.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import structlog

from engine.ending import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.board import Board

BEAT_SECONDS = 1.0
# The supervisor restarts an engine whose loop is stuck long before; this is for when nobody watches.
BEATS = 60

log = structlog.get_logger("watchdog")


class Watchdog:
    """Looks at the board once a second. `wait` returns true when there is nothing to watch any more."""

    def __init__(
        self,
        board: Board,
        wait: Callable[[float], bool] | None = None,
        leave: Callable[[int], None] = os._exit,
    ) -> None:
        """The defaults are the real ones; tests bring their own."""
        self._board = board
        self._wait = wait or threading.Event().wait
        self._leave = leave

    def start(self) -> None:
        """Watch from now on, as long as the process lives."""
        threading.Thread(target=self.watch, name="watchdog", daemon=True).start()

    def watch(self) -> None:
        """Count beats at which the loop is late, one after the other."""
        late = 0
        while not self._wait(BEAT_SECONDS):
            late = late + 1 if self._board.loop_age() > self._board.limits.loop_stuck_after else 0
            if late >= BEATS:
                log.error("the node's loop is stuck", beats=late, code=int(ExitCode.LOOP_STUCK))
                self._leave(ExitCode.LOOP_STUCK)
                return
