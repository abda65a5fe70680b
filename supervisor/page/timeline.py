"""The last day as spans of time: how the stack stood, and which incidents were open. Pure.

How it stood is known since this supervisor started; incidents are the journal's, and reach back further.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from supervisor.page.words import EXCHANGE, lasting, moment

DAY: Final = 86400.0
WIDTH: Final = 1440
"""One unit of the drawing is a minute."""
_SHORTEST: Final = 3.0  # so that ten seconds can be seen at all
_LABELS_APART: Final = 4  # hours


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the drawing, in its units, and the words for who does not see it."""

    x: float
    width: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Label:
    """A full hour: where it stands and what two clocks show then."""

    x: float
    utc: str
    there: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Both rows of the drawing, its hours, and a sentence that says the same."""

    stood: tuple[Span, ...]
    incidents: tuple[Span, ...]
    labels: tuple[Label, ...]
    sentence: str


def timeline(verdicts: Sequence[tuple[float, str]], incidents: Iterable[Mapping[str, Any]], now: float) -> Timeline:
    """
    Args:
        verdicts: epoch seconds and the verdict from then on, the oldest first.
        incidents: the journal's rows.
        now: epoch seconds.
    """
    start = now - DAY
    ends = [*(at for at, _ in verdicts[1:]), now]
    spans = [
        (max(at, start), min(end, now), kind) for (at, kind), end in zip(verdicts, ends, strict=True) if end > start
    ]
    sums: dict[str, float] = {}
    for begun, ended, kind in spans:
        sums[kind] = sums.get(kind, 0.0) + max(0.0, ended - begun)
    known = sum(sums.values())
    parts = [f"{kind} {lasting(seconds)}" for kind, seconds in sorted(sums.items(), key=lambda item: -item[1])]
    rows = [row for row in incidents if (row["closed_at"] or now) > start]
    count = f"{len(rows)} incident{'' if len(rows) == 1 else 's'}"
    if known < DAY - 60:
        parts.append(f"not watched by this supervisor {lasting(DAY - known)}")
    return Timeline(
        tuple(_span(begun, ended, kind, kind, now) for begun, ended, kind in spans),
        tuple(
            _span(max(row["since"], start), row["closed_at"] or now, row["outcome"], row["fault"], now) for row in rows
        ),
        tuple(_labels(now)),
        f"In the last 24 h: {', '.join(parts)}; {count}.",
    )


def _span(begun: float, ended: float, kind: str, what: str, now: float) -> Span:
    x = _x(begun, now)
    width = max(_SHORTEST, _x(ended, now) - x)
    words = f"{what} at {moment(begun, now)} for {lasting(ended - begun)}"
    return Span(min(x, WIDTH - _SHORTEST), round(width, 1), kind, words)


def _x(at: float, now: float) -> float:
    return round((at - now + DAY) / 60, 1)


def _labels(now: float) -> Iterable[Label]:
    hour = now - now % 3600
    while hour > now - DAY:
        utc = datetime.fromtimestamp(hour, UTC)
        if utc.hour % _LABELS_APART == 0:
            there = datetime.fromtimestamp(hour, EXCHANGE)
            yield Label(_x(hour, now), f"{utc:%H:%M}", f"{there:%H:%M}")
        hour -= 3600
