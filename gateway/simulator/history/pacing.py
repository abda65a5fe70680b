"""When the historical data service says that it was asked too much.

The rules are IBKR's documentation's, for bars of 30 seconds and less: nothing identical within 15 seconds, fewer than
six for one contract, exchange and kind of data within two seconds, no more than 60 in any ten minutes. A BID_ASK
request counts twice. Bars of a minute and more are not held to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

VIOLATION = "Historical data request pacing violation"
SMALL_BAR_SECONDS = 30
SIMULTANEOUS = 50
"""Queries a login may have open at once (seen in users' logs)."""

_SAME_SECONDS = 15.0
_BURST_SECONDS = 2.0
_BURST = 6
_WINDOW_SECONDS = 600.0
_WINDOW = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for small bars."""

    at: float
    """Seconds on the machine's clock."""
    what: tuple[int, str, str]
    """Contract id, exchange, kind of data."""
    rest: tuple[str, ...]
    """All else that makes two requests the same: end, duration, size, hours."""

    @property
    def weight(self) -> int:
        """How much it counts."""
        return 2 if self.what[2] == "BID_ASK" else 1


def violates(past: Sequence[Asked], now: Asked) -> bool:
    """Whether a request, made at its own time after all those that were let through, is one too many."""
    recent = [asked for asked in past if now.at - asked.at < _WINDOW_SECONDS]
    if any(asked.what == now.what and asked.rest == now.rest and now.at - asked.at < _SAME_SECONDS for asked in recent):
        return True
    burst = sum(a.weight for a in recent if a.what == now.what and now.at - a.at < _BURST_SECONDS)
    return burst + now.weight >= _BURST or sum(a.weight for a in recent) + now.weight > _WINDOW


def still_counts(past: Sequence[Asked], at: float) -> list[Asked]:
    """What of the past can still make a request violate."""
    return [asked for asked in past if at - asked.at < _WINDOW_SECONDS]
