"""Stretches of time in which a market does one thing: it is closed, it trades, it trades outside its hours."""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

from gateway.simulator.market.calendar import Calendar, ExchangeDay, Phase, Span
from gateway.simulator.market.process import STEP_SECONDS, step_at

THIN = 0.1
"""How busy a market is outside its regular hours, as a share of what it is in them."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Grid steps from `first` to before `beyond`."""

    first: int
    beyond: int
    stands: int
    """The last step whose price counts: the last before a market closed."""
    phase: Phase
    busy: float
    """1 in regular hours, less in extended ones; of a closed market what it was before."""
    done: float
    """Busy steps of the trading day before `first`; a closed market's day is the one that ended."""

    def busy_steps(self, step: int) -> float:
        """Busy steps of the trading day up to one."""
        return self.done + (min(step, self.stands) - self.first) * self.busy


def stretch_at(calendar: Calendar, step: int) -> Stretch:
    """The stretch that a step is in."""
    at = dt.datetime.fromtimestamp(step * STEP_SECONDS, dt.UTC)
    day = calendar.day_at(at)
    before = calendar.day_at(day.begins - dt.timedelta(seconds=1))
    held = _parts(before)
    stopped, done, busy = before.trading[-1][1], sum(_length(span) * rate for span, _, rate in held), held[-1][2]
    for number, (span, phase, rate) in enumerate(_parts(day)):
        if at < span[0]:
            return _closed(stopped, span[0], done, busy)
        done = 0.0 if number == 0 else done
        if at < span[1]:
            first, beyond = step_at(span[0].timestamp()), step_at(span[1].timestamp())
            return Stretch(first, beyond, beyond - 1, phase, rate, done)
        stopped, done, busy = span[1], done + _length(span) * rate, rate
    return _closed(stopped, day.ends, done, busy)


def _closed(since: dt.datetime, until: dt.datetime, done: float, busy: float) -> Stretch:
    first = step_at(since.timestamp())
    return Stretch(first, step_at(until.timestamp()), first - 1, Phase.CLOSED, busy, done)


def _parts(day: ExchangeDay) -> list[tuple[Span, Phase, float]]:
    """A day's trading, cut where its regular hours begin and end."""
    parts = []
    for start, stop in day.trading:
        edges = sorted({start, stop, *(edge for edge in (day.opens, day.regular_end) if start < edge < stop)})
        for first, last in pairwise(edges):
            phase = day.phase(first)
            parts.append(((first, last), phase, 1.0 if phase is Phase.REGULAR else THIN))
    return parts


def _length(span: Span) -> int:
    return step_at(span[1].timestamp()) - step_at(span[0].timestamp())
