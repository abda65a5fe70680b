"""How many messages may leave in a second. Pure.

IBKR allows a client half as many messages each second as the login has market data lines: 50 by default. A gateway
that is set to reject what is too much drops it, answers 100 (an order among them is simply lost), and ends the session
at the third breach; one that is not reads later, and orders stand in the queue behind everything else.
"""

from __future__ import annotations

RATE = 38.0
CAPACITY = 6
"""Together the most that leaves within any second: 44 of 50, for a message may arrive later than its neighbours."""
RESERVE = 4
"""Places that only orders and what goes with them may take: they never wait for a chain that is being loaded."""

_ROUNDING = 1e-9


class Bucket:
    """A token bucket with a reserve."""

    def __init__(self, now: float) -> None:
        """Begin full, at this moment of the monotonic clock."""
        self._tokens = float(CAPACITY)
        self._at = now

    def take(self, now: float, *, first: bool) -> float:
        """Take a place for one message and return 0, or return the seconds after which to ask again."""
        self._tokens = min(CAPACITY, self._tokens + (now - self._at) * RATE)
        self._at = now
        needed = 1.0 if first else 1.0 + RESERVE
        if self._tokens > needed - _ROUNDING:
            self._tokens -= 1.0
            return 0.0
        return (needed - self._tokens) / RATE
