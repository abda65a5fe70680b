"""The last day as spans of time: how the stack stood, and which incidents were open. Pure.

How it stood is known since this supervisor started; incidents are the journal's, and reach back further.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from supervisor.page.words import EXCHANGE, lasting, moment

DAY: Final = 86400.0
_WHOLE: Final = 100.0
"""The drawing is as wide as the page; what stands in it is measured in hundredths of that."""
_SHORTEST: Final = 0.2  # so that ten seconds can be seen at all
_TOLD: Final = 20
_LABELS_APART: Final = 4  # hours
_MARGIN: Final = 2.5  # a label nearer to an end would be cut off


@dataclass(frozen=True, slots=True)
class Label:
    """A full hour: where it stands and what two clocks show then."""

    x: float
    utc: str
    there: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The last day, drawn and in words.

    Attributes:
        stood: what to draw of each verdict: a path in a field of 100 by 1.
        incidents: the same of all incidents.
        labels: the hours below it.
        sentence: what the drawing shows, summed up.
        words: the newest of what it shows, one by one.
    """

    stood: Mapping[str, str]
    incidents: str
    labels: tuple[Label, ...]
    sentence: str
    words: tuple[str, ...]


def timeline(verdicts: Sequence[tuple[float, str]], incidents: Iterable[Mapping[str, Any]], now: float) -> Timeline:
    """
    Args:
        verdicts: epoch seconds and the verdict from then on, the oldest first.
        incidents: the journal's rows.
        now: epoch seconds.
    """
    start = now - DAY
    ends = [at for at, _ in (*verdicts[1:], (now, ""))]
    spans = [(max(at, start), end, kind) for (at, kind), end in zip(verdicts, ends, strict=False) if end > start]
    sums: dict[str, float] = {}
    for begun, ended, kind in spans:
        sums[kind] = sums.get(kind, 0.0) + max(0.0, ended - begun)
    known = sum(sums.values())
    parts = [f"{kind} {lasting(seconds)}" for kind, seconds in sorted(sums.items(), key=lambda item: -item[1])]
    rows = [row for row in incidents if (row["closed_at"] or now) > start]
    count = f"{len(rows)} incident{'' if len(rows) == 1 else 's'}"
    if known < DAY - 60:
        parts.append(f"not watched by this supervisor {lasting(DAY - known)}")
    drawn: dict[str, str] = {}
    for begun, ended, kind in spans:
        drawn[kind] = drawn.get(kind, "") + _box(begun, ended, now)
    open_ = [(max(row["since"], start), row["closed_at"] or now, row["fault"]) for row in rows]
    newest = [*reversed(spans[-_TOLD:]), *reversed(sorted(open_)[-_TOLD:])]
    words = [f"{what} at {moment(begun, now)} for {lasting(ended - begun)}" for begun, ended, what in newest]
    sentence = f"In the last 24 h: {', '.join(parts)}; {count}."
    boxes = "".join(_box(begun, ended, now) for begun, ended, _ in open_)
    return Timeline(drawn, boxes, tuple(_labels(now)), sentence, tuple(words))


def _box(begun: float, ended: float, now: float) -> str:
    x = min(_x(begun, now), _WHOLE - _SHORTEST)
    width = max(_SHORTEST, round(_x(ended, now) - x, 2))
    return f"M{x:g} 0h{width:g}v1h-{width:g}z"


def _x(at: float, now: float) -> float:
    return round((at - now + DAY) / DAY * _WHOLE, 2)


def _labels(now: float) -> Iterable[Label]:
    hour = now - now % 3600
    while hour > now - DAY:
        utc = datetime.fromtimestamp(hour, UTC)
        if utc.hour % _LABELS_APART == 0 and _MARGIN < _x(hour, now) < _WHOLE - _MARGIN:
            there = datetime.fromtimestamp(hour, EXCHANGE)
            yield Label(_x(hour, now), f"{utc:%H:%M}", f"{there:%H:%M}")
        hour -= 3600
