"""Killed at twenty moments that a seed picks: nothing that a client was told is lost, and no execution comes twice."""

from pathlib import Path

from tests.crash import Crasher


async def test_nothing_told_is_lost(tmp_path: Path) -> None:
    crasher = Crasher(tmp_path, seed=20261118)
    for _ in range(20):
        await crasher.round()
    assert len(crasher.told.orders) > 20
    assert len(crasher.told.executions) > 5
