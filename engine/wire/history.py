"""When a request for historical bars may leave without breaking IBKR's rules. Pure.

Its documentation's, for bars of 30 seconds and less and for ticks: nothing identical within 15 seconds, fewer than six
for one contract, exchange and kind of data within two seconds, no more than 60 in any ten minutes (BID_ASK counts two).
Whoever breaks them is answered 162 and gets nothing. Longer bars are only answered more slowly, and go at once.
"""

from __future__ import annotations

from dataclasses import dataclass

# Each a little longer than the rule: the gateway's clock decides, and it sees us later than we do.
SAME_SECONDS = 15.5
BURST_SECONDS = 2.5
WINDOW_SECONDS = 602.0
# Of one series within a burst's time; the sixth is refused.
BURST = 5
# Of the login's 60: the preflight asks for bars too.
WINDOW = 55
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Asked:
    """What makes two requests one series, and what else makes them the same request."""

    series: tuple[object, ...]
    rest: tuple[object, ...]
    weight: int = 1


def is_small(bar_size: str) -> bool:
    """Whether bars of this size, in IBKR's words, are held to the rules."""
    return "sec" in bar_size


class History:
    """What was asked for in the last ten minutes."""

    def __init__(self) -> None:
        self._sent: list[tuple[float, Asked]] = []

    def wait(self, asked: Asked, now: float) -> float:
        """Return 0 if it may leave now, else the seconds after which it may if nothing else does meanwhile."""
        self._sent = [(at, other) for at, other in self._sent if now - at < WINDOW_SECONDS]
        moments = sorted(
            at + rule
            for at, _ in self._sent
            for rule in (SAME_SECONDS, BURST_SECONDS, WINDOW_SECONDS)
            if at + rule > now
        )
        fitting = (moment for moment in (now, *moments) if self._fits(asked, moment))
        return next(fitting, (now, *moments)[-1]) - now

    def note(self, asked: Asked, now: float) -> None:
        """Remember that it has left."""
        self._sent.append((now, asked))

    def _fits(self, asked: Asked, at: float) -> bool:
        same = any(asked == other and at - sent < SAME_SECONDS - _ROUNDING for sent, other in self._sent)
        series = sum(o.weight for s, o in self._sent if o.series == asked.series and at - s < BURST_SECONDS - _ROUNDING)
        window = sum(other.weight for sent, other in self._sent if at - sent < WINDOW_SECONDS - _ROUNDING)
        return not same and series + asked.weight <= BURST and window + asked.weight <= WINDOW
