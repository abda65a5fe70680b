"""Killed at twenty moments that a seed picks: nothing that a client was told is lost, and no execution comes twice."""

from pathlib import Path

from tests.crash import Crasher


def told_enough(crasher: Crasher) -> bool:
    """Whether there was something to lose: on a busy machine many a stand-in dies before it has said much."""
    return len(crasher.told.orders) > 20 and len(crasher.told.executions) > 5


async def test_nothing_told_is_lost(tmp_path: Path) -> None:
    crasher = Crasher(tmp_path, seed=20261118)
    rounds = 0
    while rounds < 20 or (rounds < 100 and not told_enough(crasher)):
        await crasher.round()
        rounds += 1
    assert told_enough(crasher)
