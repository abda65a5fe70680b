"""How long the oldest of the messages that were read has waited to be handled. Pure.

A queue that is long may be emptied in a moment, and a short one may never be: what counts is how old the data is that
a strategy gets to see.
"""

from __future__ import annotations

from collections import deque


class Backlog:
    """Is told at each look how many messages have come in since the start, and how many of them wait."""

    def __init__(self) -> None:
        self._arrived: deque[tuple[float, int]] = deque()

    def age(self, now: float, arrived: int, waiting: int) -> float:
        """Return the seconds for which the oldest message waits, as far as looks can tell; 0 if none does."""
        if not self._arrived or arrived > self._arrived[-1][1]:
            self._arrived.append((now, arrived))
        while self._arrived and self._arrived[0][1] <= arrived - waiting:
            self._arrived.popleft()
        return now - self._arrived[0][0] if self._arrived else 0.0
