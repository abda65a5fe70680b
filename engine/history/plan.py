"""What to ask of the past, what of it is there already, and where it has holes. Pure.

A span is half open: a bar belongs to the one that it ends in, a tick to the one that it falls into.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# IBKR's own table of the longest duration for a size of bars; from a minute on a day.
_LONGEST = {5: 3600, 10: 14_400, 15: 14_400, 30: 28_800}
_ONE_REQUEST = 28_800
_TICKS = timedelta(minutes=30)
# The newest minute is left for the next time: what is asked of it too early is not complete.
_SETTLES = timedelta(minutes=1)
# Quotes change several times a second; a longer silence is told.
QUIET = timedelta(minutes=1)
_STEPS = {
    "SECOND": (5, 10, 15, 30),
    "MINUTE": (1, 2, 3, 5, 10, 15, 20, 30),
    "HOUR": (1,),
}
_UNITS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600}


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to another."""

    begin: datetime
    end: datetime

    def __str__(self) -> str:
        same = self.begin.date() == self.end.date()
        return f"{self.begin:%Y-%m-%d %H:%M:%S} to {self.end:{'%H:%M:%S' if same else '%Y-%m-%d %H:%M:%S'}} UTC"


@dataclass(frozen=True, slots=True)
class Session:
    """One session of the exchange, under the date on which it ends there."""

    date: date
    span: Span


def bar_length(size: str) -> timedelta:
    """Return how long a bar is: `5-SECOND`, `1-MINUTE`. Raises SettingsError for what IBKR does not have."""
    step, _, unit = size.partition("-")
    if not step.isdigit() or int(step) not in _STEPS.get(unit, ()):
        legal = ", ".join(f"{step}-{unit}" for unit, steps in _STEPS.items() for step in steps)
        raise SettingsError(f"a size of bars among {legal}", f"BAR={size}", "choose one of these")
    return timedelta(seconds=int(step) * _UNITS[unit])


def sessions(rows: Iterable[tuple[str, str, str]], first: date, last: date) -> list[Session]:
    """Read the gateway's schedule and keep the sessions of these dates, both included."""
    found = []
    for opens, closes, zone in rows:
        here = ZoneInfo(zone)
        begin, end = (datetime.strptime(text, "%Y%m%d-%H:%M:%S").replace(tzinfo=here) for text in (opens, closes))
        # A session that ends at midnight is the day's that it filled.
        day = (end - timedelta(microseconds=1)).date()
        if first <= day <= last:
            found.append(Session(day, Span(begin.astimezone(UTC), end.astimezone(UTC))))
    return sorted(found, key=lambda session: session.span.begin)


def requests(days: Iterable[Session], bar: timedelta | None, now: datetime) -> list[Span]:
    """Cut sessions into spans that one request may cover; `bar` is None for ticks. The future is left out."""
    length = _TICKS if bar is None else timedelta(seconds=_LONGEST.get(int(bar.total_seconds()), _ONE_REQUEST))
    step = (bar or _SETTLES).total_seconds()
    settled = (now - _SETTLES).timestamp()
    until = datetime.fromtimestamp(settled - settled % step, UTC)
    found = []
    for day in days:
        begin, end = day.span.begin, min(day.span.end, until)
        while begin < end:
            found.append(Span(begin, min(begin + length, end)))
            begin += length
    return found


def missing(wanted: Iterable[Span], known: Sequence[tuple[int, int]]) -> list[Span]:
    """Return the parts of spans that no file of the catalog covers; `known` are the files' intervals in ns."""
    # A file's interval lies a nanosecond inside its span on one side, so that neighbours are not one.
    have = sorted((round(begin / 1e9), round(end / 1e9)) for begin, end in known)
    found = []
    for span in wanted:
        begin, end = int(span.begin.timestamp()), int(span.end.timestamp())
        for first, last in have:
            if last <= begin or first >= end:
                continue
            if first > begin:
                found.append(_span(begin, first))
            begin = max(begin, last)
        if begin < end:
            found.append(_span(begin, end))
    return found


def gaps(days: Iterable[Session], moments: Sequence[int], step: timedelta, now: datetime) -> list[Span]:
    """Return the stretches of sessions that hold nothing for longer than `step`; moments are sorted seconds."""
    found, seen, longest = [], list(moments), step.total_seconds()
    for day in days:
        begin, end = day.span.begin.timestamp(), min(day.span.end, now - _SETTLES - step).timestamp()
        if begin >= end:
            continue
        inside = [moment for moment in seen if begin <= moment <= end]
        for before, after in zip([begin, *inside], [*inside, end], strict=True):
            if after - before > longest:
                found.append(_span(int(before), int(after)))
    return found


def _span(begin: int, end: int) -> Span:
    return Span(datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC))
