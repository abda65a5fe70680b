"""When the engine mends itself, when it gives itself up, and the code with which it then ends. Pure.

The supervisor sees more than we do and comes first: it resyncs a deaf engine within seconds, and restarts it. What is
decided here is for the case that nobody does, and for what only a new process can cure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from engine.state import Ear, State

if TYPE_CHECKING:
    from engine.state import Observation


class ExitCode(IntEnum):
    """How the process ends; docs/engine-health.md says what to do about each."""

    STOPPED = 0
    FAILED = 1
    REFUSED = 2
    DATA_NEVER_CONNECTED = 10
    EXECUTION_NEVER_CONNECTED = 11
    NEVER_RECONCILED = 12
    TRADER_NEVER_RAN = 13
    TRADER_STOPPED = 14
    QUEUE_DIED = 15
    READER_DEAD = 20
    FEED_SILENT = 21
    QUEUE_GROWS = 22
    LOOP_STUCK = 23


# Long enough for whoever asks for the status to see the word.
ZOMBIE_BORNE = 1.0
# The supervisor acts on 10 s of silence, and on a dead reader's word within 4 s. This is behind both.
DEAF_BORNE = 8.0
FIRST_RETRY_SECONDS = 30.0
LONGEST_RETRY_SECONDS = 300.0
SILENT_RESYNCS = 2

_BY_EAR = {Ear.READER_DEAD: ExitCode.READER_DEAD, Ear.QUEUE_GROWS: ExitCode.QUEUE_GROWS}


@dataclass(frozen=True, slots=True)
class Course:
    """How an illness has gone so far. `resyncs` of our own have not brought it back to trading."""

    state: State | None = None
    since: float = 0.0
    resyncs: int = 0
    resynced_at: float = 0.0

    def seen(self, state: State, now: float) -> Course:
        """Go on with what is seen now; only trading is health."""
        if state is self.state:
            return self
        return replace(self, state=state, since=now, resyncs=0 if state is State.TRADING else self.resyncs)

    def resynced(self, now: float) -> Course:
        """Note a resync of our own that begins now."""
        return replace(self, resyncs=self.resyncs + 1, resynced_at=now)


def wants_resync(course: Course, now: float) -> bool:
    """Whether to resync without being asked: deaf for a while, and not so soon after the last time."""
    if course.state is not State.DEAF or now - course.since < DEAF_BORNE:
        return False
    pause = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** (course.resyncs - 1)) if course.resyncs else 0.0
    return now - course.resynced_at >= pause


def end(course: Course, seen: Observation, ear: Ear, failed_start: ExitCode | None, now: float) -> ExitCode | None:
    """Return the code to end with, or None to go on.

    A feed that is silent for a reason that the gateway has told, or that was never heard by this process, is no
    fault of the process: a new one would hear as little.
    """
    if course.state is State.ZOMBIE and now - course.since >= ZOMBIE_BORNE:
        if failed_start is not None:
            return failed_start
        return ExitCode.TRADER_STOPPED if not seen.trader_running else ExitCode.QUEUE_DIED
    if course.state is not State.DEAF or not course.resyncs or now - course.since < DEAF_BORNE:
        return None
    if ear is Ear.SILENT:
        ours = seen.data_at is not None and not seen.farm_broken and not seen.competed
        return ExitCode.FEED_SILENT if ours and course.resyncs >= SILENT_RESYNCS else None
    return _BY_EAR.get(ear)
