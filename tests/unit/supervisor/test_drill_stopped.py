"""Ctrl-C in the middle of a drill or of its baselines: a sentence that says how to go on, and what is done is kept."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from supervisor.drill import __main__ as drill
from supervisor.drill.baselines import __main__ as baselines
from supervisor.drill.crew import Crew
from supervisor.drill.records import read
from tests.unit.supervisor.test_drill_report import run as a_run

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.mark.parametrize(
    ("module", "words", "goes_on"),
    [(drill, ["run"], "SEED=7 OUT="), (baselines, [], "--seed 7 --out ")],
    ids=["drill", "baselines"],
)
def test_a_person_who_stops_it_is_told_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    module: ModuleType,
    words: list[str],
    goes_on: str,
) -> None:
    path = tmp_path / "runs.jsonl"
    # A shell's background job, as a build server may start the suite, would have us ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    async def stopped_after_one(crew: Crew[object], jobs: int) -> None:
        crew._shard.append(a_run(1.0))
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(30)

    monkeypatch.setattr(Crew, "work", stopped_after_one)
    monkeypatch.setattr(sys, "argv", ["x", *words, "--seed", "7", "--out", str(path)])
    try:
        assert module.main() == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert f"stopped, what is done is kept; go on with {goes_on}{path}" in capsys.readouterr().err
    assert len(read([path])) == 1
