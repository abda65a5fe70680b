"""What a check is: a name, a question, what it must have known before, and the remedies it may name."""

import enum
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from preflight.report import Result
from preflight.settings import Settings
from preflight.sources.gateway import Gateway
from preflight.sources.host import Host
from preflight.sources.house import House


@dataclass(frozen=True, slots=True)
class Remedy:
    """The one thing to do next. `name` is its heading in docs/preflight.md, `text` what the report says."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check found. `expected` only where it is more exact than the check's own."""

    result: Result
    found: str
    remedies: tuple[Remedy, ...] = ()
    expected: str = ""


_WORST_FIRST = (Result.FAIL, Result.WARN, Result.PASS, Result.SKIPPED)


def worst(answers: Sequence[Answer]) -> Answer:
    """One answer of several: the worst result, all that was found, and what to do about all of it."""
    result = min((answer.result for answer in answers), key=_WORST_FIRST.index)
    remedies = tuple(dict.fromkeys(remedy for answer in answers for remedy in answer.remedies))
    return Answer(result, "; ".join(dict.fromkeys(answer.found for answer in answers)), remedies)


@dataclass(frozen=True, slots=True)
class Site:
    """All that a check may look at. `now` is the time of day at which the preflight began, in UTC."""

    settings: Settings
    gateway: Gateway
    host: Host
    house: House
    now: datetime


class Place(enum.StrEnum):
    """Where a check can see what it asks about."""

    STACK = "stack"
    """From the supervisor's container, on the networks of the stack."""
    HOST = "host"
    """On the machine itself: files, Docker, ports. Nothing of it is asked before an engine may start."""


type Question = Callable[[Site], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check. Its module's docstring says what it asks, why, and what it cannot see; docs/preflight.md is that.

    `ask` may raise `TwsError`, which the runner turns into a failure with the same remedy everywhere. `needs` names
    the checks without which asking makes no sense. A check that is `vital` must have been asked: skipped, it makes
    the verdict unknown.
    """

    name: str
    group: str
    expected: str
    ask: Question
    needs: tuple[str, ...] = ()
    place: Place = Place.STACK
    vital: bool = False
    remedies: tuple[Remedy, ...] = ()
