"""How long to wait before the next question about the past. Pure.

IBKR's rules for bars of 30 seconds and less and for ticks: nothing identical within 15 s, fewer than six of one
contract and kind within 2 s, no more than 60 within 10 min, where BID_ASK counts twice. What breaks them is refused,
and who goes on is cut off, so a little is left free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_IDENTICAL_SECONDS = 15.0
_BURST, _BURST_SECONDS = 5, 2.0
_WINDOW, _WINDOW_SECONDS = 58, 600.0
_SPARE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: when (monotonic seconds), of what, for which span, and how much it counts."""

    at: float
    series: str
    span: str
    weight: int = 1


def wait(past: Sequence[Asked], series: str, span: str, weight: int, now: float) -> float:
    """Return the seconds until a question may be asked; `past` is in the order of asking."""
    until = now
    for asked in past:
        if asked.series == series and asked.span == span:
            until = max(until, asked.at + _IDENTICAL_SECONDS + _SPARE_SECONDS)
    until = max(until, _room([one for one in past if one.series == series], weight, _BURST, _BURST_SECONDS))
    until = max(until, _room(past, weight, _WINDOW, _WINDOW_SECONDS))
    return until - now


def still_counts(past: Sequence[Asked], now: float) -> list[Asked]:
    """Return what of the past can still make anybody wait."""
    return [asked for asked in past if now - asked.at <= _WINDOW_SECONDS + _SPARE_SECONDS]


def _room(past: Sequence[Asked], weight: int, most: int, seconds: float) -> float:
    """Return the earliest moment at which no stretch of so many seconds holds more than it may."""
    held = weight
    for asked in reversed(past):
        held += asked.weight
        if held > most:
            return asked.at + seconds + _SPARE_SECONDS
    return 0.0
