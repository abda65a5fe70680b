"""The preflight beside the stand-in and an engine's own HTTP side, whose board tests write on."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import about
from engine.board import Board, Snapshot
from engine.health import HealthServer
from engine.settings import Settings as EngineSettings
from engine.state import Observation, Phase
from preflight.check import Place
from preflight.report import Report, Result, Verdict
from preflight.runner import run
from preflight.settings import Settings
from preflight.sources.local import LocalHost
from preflight.sources.project import Project
from supervisor.drill.ports import free_port
from tests.stand_in import ACCOUNT, StandIn, wait_for


class Engine:
    """The engine's HTTP side in its thread."""

    def __init__(self, **more: Any) -> None:
        settings = EngineSettings(ib_account=ACCOUNT, http_host="127.0.0.1", http_port=0, **more)
        self.board = Board(settings)
        self._server = HealthServer(settings, self.board)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._server.start()
        self.is_at(Phase.CLEARANCE, "asking the supervisor for clearance")

    def is_at(self, phase: Phase, detail: str, age: float = 0.0) -> None:
        seen = Observation(self.board.clock.monotonic() - age, phase, detail)
        self.board.pin(Snapshot(seen, self.board.clock.now()))


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[StandIn]:
    with contextlib.closing(StandIn(tmp_path)) as one:
        one.start()
        one.up()
        yield one


async def asked(place: Place = Place.STACK, project: Project | None = None, **changes: Any) -> dict[str, Result]:
    settings = Settings(ib_account=ACCOUNT, mode="sim", preflight_timeout_seconds=3, **changes)
    report = await run(settings, place=place, only=["engine"], host=LocalHost(settings, project))
    return {check.name: check.result for check in report.checks}


async def test_an_engine_that_waits_for_clearance_is_no_reason_against_it(gateway: StandIn, engine: Engine) -> None:
    settings = Settings(ib_account=ACCOUNT, mode="sim", gateway_port=gateway.api_port, engine_url=engine.url)
    report: Report = await run(settings)
    assert report.verdict is Verdict.GO
    found = {check.name: check for check in report.checks if check.group == "engine"}
    assert {name: check.result for name, check in found.items()} == {
        "engine-health": Result.PASS,
        "engine-versions": Result.PASS,
        "redis": Result.SKIPPED,
    }
    assert found["engine-health"].found == "WAITING: asking the supervisor for clearance"
    wait_for(lambda: gateway.status()["clients"] == [], 5)


async def test_an_engine_that_is_stuck_is_a_warning(engine: Engine) -> None:
    engine.is_at(Phase.STARTED, "", age=60.0)
    found = await asked(engine_url=engine.url)
    assert (found["engine-health"], found["engine-versions"]) == (Result.WARN, Result.PASS)


async def test_without_an_engine_there_is_a_warning_and_nothing_else_to_ask() -> None:
    found = await asked(engine_url=f"http://127.0.0.1:{free_port()}")
    assert found.pop("engine-health") is Result.WARN
    assert set(found.values()) == {Result.SKIPPED}


@pytest.mark.parametrize("kind", ["none", "lifecycle"])
async def test_an_engine_that_is_not_ours_is_not_asked(engine: Engine, kind: str) -> None:
    assert set((await asked(engine_url=engine.url, engine=kind)).values()) == {Result.SKIPPED}


async def test_other_versions_are_a_no_go(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(about, "versions", lambda: {"nautilus_trader": "1.232.0", "ibapi": "1", "ibapi_wanted": "2"})
    found = await asked(engine_url=engine.url)
    assert (found["engine-versions"], found["engine-health"]) == (Result.FAIL, Result.PASS)


async def test_a_cache_that_is_away_is_a_no_go() -> None:
    engine = Engine(redis_host="127.0.0.1", redis_port=free_port())
    found = await asked(engine_url=engine.url)
    assert (found["redis"], found["engine-versions"]) == (Result.FAIL, Result.PASS)


@pytest.mark.parametrize(
    ("says", "result"),
    [
        ({"imports": True}, Result.PASS),
        ({"imports": False, "why": "SyntaxError: invalid syntax"}, Result.FAIL),
        (None, Result.SKIPPED),
    ],
)
async def test_an_image_tells_what_trades_where_no_engine_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: dict[str, Any] | None, result: Result
) -> None:
    program = tmp_path / "docker"
    told = {"versions": about.versions(), "strategy": {"name": "", **(says or {})}, "cache": None}
    (tmp_path / "out").write_text("a warning\n" + (json.dumps(told) if says else "Unable to find image"))
    program.write_text(f'#!/bin/sh\nexec /bin/cat "{tmp_path}/out"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    project = Project(tmp_path, {"TENANT": "t", "MODE": "sim"})
    found = await asked(Place.HOST, project, engine_url=f"http://127.0.0.1:{free_port()}")
    assert found == {"strategy": result}


async def test_a_running_engine_has_imported_what_trades(engine: Engine) -> None:
    assert await asked(Place.HOST, engine_url=engine.url) == {"strategy": Result.PASS}
