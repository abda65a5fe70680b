"""How many messages a client may send: two ways of a gateway to keep to it, by its setting.

IBKR's documentation has the limit (half the market data lines, each second), the two ways, and that the third breach
ends the session. Users' logs have the text of error 100. Assumed: a breach is counted for each second in which there
was too much, it is told when that second is over, and what was too much is dropped; the warning comes at nine tenths.
"""

import enum
import math
from dataclasses import dataclass

WINDOW_SECONDS = 1.0
BREACHES = 3
"""At this one the session ends."""
_NEAR = 0.9


@dataclass(slots=True)
class Pacing:
    """Reads later what comes too fast; the client feels a full socket."""

    tokens: float
    at: float

    def wait(self, now: float, rate: int) -> float:
        """Take a message at that moment of the machine's clock; returns seconds to wait before asking again."""
        self.tokens = min(self.tokens + (now - self.at) * rate, rate)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / rate


class Verdict(enum.Enum):
    """What becomes of a message."""

    TAKEN = "taken"
    NEAR = "taken, with a warning"
    BREACH = "dropped, the first of its second"
    DROPPED = "dropped"


@dataclass(slots=True)
class Rejection:
    """Drops what comes too fast, and counts the seconds in which it did."""

    opened: float = float("-inf")
    count: int = 0
    breaches: int = 0

    def take(self, now: float, rate: int) -> Verdict:
        """Judge a message at that moment of the machine's clock."""
        if now - self.opened >= WINDOW_SECONDS:
            self.opened, self.count = now, 0
        self.count += 1
        if self.count > rate:
            return Verdict.BREACH if self.count == rate + 1 else Verdict.DROPPED
        return Verdict.NEAR if self.count == math.ceil(rate * _NEAR) and self.count > 1 else Verdict.TAKEN

    def left(self, now: float) -> float:
        """Seconds until the current one is over."""
        return max(self.opened + WINDOW_SECONDS - now, 0.0)
