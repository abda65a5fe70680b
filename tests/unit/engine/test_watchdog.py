"""The thread that ends a process whose loop is stuck, and only such a one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from engine.board import Board, Snapshot
from engine.ending import ExitCode
from engine.settings import Settings
from engine.state import Observation, Phase
from engine.watchdog import BEATS, Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable


class HandClock:
    time = 0.0

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


def watched(on_beat: Callable[[HandClock, Board, int], bool], *, looked: bool = True) -> list[int]:
    """The codes with which it left; `on_beat` says whether it is over."""
    clock, beats = HandClock(), iter(range(10_000))
    left: list[int] = []
    board = Board(Settings(ib_account="DUSIM0001"), clock)
    if looked:
        look(clock, board)
    Watchdog(board, lambda seconds: on_beat(clock, board, next(beats)), left.append).watch()
    return left


def look(clock: HandClock, board: Board) -> None:
    board.pin(Snapshot(Observation(clock.time, Phase.STARTED), clock.now()))


def test_a_stuck_loop_ends_the_process() -> None:
    def beat(clock: HandClock, _: Board, n: int) -> bool:
        clock.time += 1.0
        return n > 2 * BEATS

    assert watched(beat) == [ExitCode.LOOP_STUCK]


def test_a_loop_that_stalls_now_and_then_is_let_go_on() -> None:
    def beat(clock: HandClock, board: Board, n: int) -> bool:
        clock.time += 1.0
        if n % (BEATS - 5) == 0:
            look(clock, board)
        return n > 5 * BEATS

    assert watched(beat) == []


def test_a_process_that_was_suspended_for_an_hour_is_not_stuck() -> None:
    def beat(clock: HandClock, board: Board, n: int) -> bool:
        clock.time += 3600.0 if n == 10 else 1.0
        if n > 10:
            look(clock, board)
        return n > BEATS + 20

    assert watched(beat) == []


def test_before_the_first_look_nothing_is_late() -> None:
    def beat(clock: HandClock, _: Board, n: int) -> bool:
        clock.time += 1.0
        return n > 2 * BEATS

    assert watched(beat, looked=False) == []


@pytest.mark.parametrize("code", list(ExitCode))
def test_no_code_means_something_else_to_docker_or_a_shell(code: ExitCode) -> None:
    assert 0 <= code < 64
