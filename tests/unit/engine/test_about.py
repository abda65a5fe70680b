"""What the engine tells of itself: versions, what trades, the cache."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from engine import about
from engine.board import Board, Snapshot
from engine.health import application
from engine.settings import Settings
from engine.state import Observation, Phase
from supervisor.drill.ports import free_port

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[3]


def settings(**more: str | int) -> Settings:
    return Settings.model_validate({"ib_account": "DUSIM0001", "machine_token": "tok", **more})


def test_the_versions_are_those_that_are_installed_and_agree() -> None:
    found = about.versions()
    assert found["nautilus_trader"] == metadata.version("nautilus_trader")
    assert found["ibapi"] == found["ibapi_wanted"] == metadata.version("nautilus-ibapi")


async def test_it_is_told_over_http_and_a_cache_that_is_away_is_told_too() -> None:
    for configured, given in ((False, settings()), (True, settings(redis_host="127.0.0.1", redis_port=free_port()))):
        board = Board(given)
        transport = httpx.ASGITransport(application(given, board))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:9190") as client:
            told = (await client.get("/api/v1/about")).json()
            assert told["strategy"] == {"name": "reference", "imports": None, "why": ""}, "Nautilus is not loaded yet"
            board.pin(Snapshot(Observation(0.0, Phase.CLEARANCE), board.clock.now()))
            assert (await client.get("/api/v1/about")).json()["strategy"]["imports"] is True
        assert told["cache"]["configured"] is configured
        assert ("cannot be reached" in told["cache"]["why"]) is configured


def test_an_image_that_does_not_run_tells_what_it_can_import(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine.about"], cwd=ROOT, env={"HOME": str(tmp_path)}, capture_output=True, text=True
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["strategy"] == {"name": "", "imports": True, "why": ""}
    assert told["versions"] == about.versions()


def test_what_cannot_be_imported_is_told_and_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "engine.run", None)
    about.main()
    told = json.loads(capsys.readouterr().out)
    assert told["strategy"]["imports"] is False
    assert told["strategy"]["why"].startswith("ModuleNotFoundError: ")
