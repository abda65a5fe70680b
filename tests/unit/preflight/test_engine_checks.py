"""Each check of the engine: where it passes, and where not."""

import re
from importlib import metadata
from pathlib import Path

import pytest

from preflight.checks import engine_health, engine_versions, redis, strategy
from preflight.report import Result
from preflight.sources.engine import About, Cache, Health, Strategy, Versions
from tests.unit.preflight.machine import Machine
from tests.unit.preflight.told import Watched, ask, remedy

ROOT = Path(__file__).parents[3]
OURS = metadata.version("nautilus-ibapi")
VERSIONS = Versions(nautilus_trader=engine_versions.NAUTILUS, ibapi=OURS, ibapi_wanted=OURS)
REFERENCE = Strategy(name="reference", imports=True)
WELL = Cache(configured=True, answers=True)
BROKEN = Strategy(name="", imports=False, why="SyntaxError: invalid syntax (reference.py, line 3)")


def about(
    versions: Versions = VERSIONS,
    trades: Strategy = REFERENCE,
    cache: Cache | None = WELL,
) -> About:
    return About(versions=versions, strategy=trades, cache=cache)


@pytest.mark.parametrize(
    ("health", "result"),
    [
        (Health(alive=True, state="TRADING", sentence="trading"), Result.PASS),
        (Health(alive=True, state="WAITING", sentence="asking the supervisor for clearance"), Result.PASS),
        (Health(alive=True, state="ZOMBIE", sentence="the trader has stopped"), Result.WARN),
        (Health(alive=False, state="DEAF", sentence="the loop is stuck"), Result.WARN),
        (Health(alive=False, state="TRADING", sentence="trading"), Result.WARN),
        (Health(alive=False, sentence="no engine answers"), Result.WARN),
    ],
)
async def test_no_state_of_an_engine_keeps_it_from_being_started(health: Health, result: Result) -> None:
    answer = await ask(engine_health.CHECK, house=Watched(health=health))
    assert answer.result is result
    assert health.sentence in answer.found


async def test_versions_that_agree_pass() -> None:
    assert (await ask(engine_versions.CHECK, house=Watched(about=about()))).result is Result.PASS


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"nautilus_trader": "1.232.0"}, "NautilusTrader 1.232.0"),
        ({"ibapi": "9.81.1"}, "ibapi 9.81.1"),
        ({"ibapi": "10.46.1", "ibapi_wanted": "10.46.1"}, "ibapi 10.46.1"),
        ({"ibapi_wanted": ""}, "asks for ibapi no version"),
    ],
)
async def test_versions_that_nobody_tested_fail(changed: dict[str, str], told: str) -> None:
    answer = await ask(engine_versions.CHECK, house=Watched(about=about(VERSIONS.model_copy(update=changed))))
    assert answer.result is Result.FAIL
    assert told in answer.found
    assert "make up" in remedy(answer)


def test_the_tested_version_is_the_one_that_the_project_installs() -> None:
    assert re.findall(r"nautilus_trader\[ib\]==([\d.]+)", (ROOT / "pyproject.toml").read_text()) == [
        engine_versions.NAUTILUS
    ]


@pytest.mark.parametrize(
    ("running", "image", "result", "told"),
    [
        (REFERENCE, None, Result.PASS, "reference imports, by the engine that runs"),
        (REFERENCE.model_copy(update={"imports": None}), None, Result.SKIPPED, "still loading"),
        (None, Strategy(name="", imports=True), Result.PASS, "everything imports, by the engine's image"),
        (None, BROKEN, Result.FAIL, "reference.py, line 3"),
    ],
)
async def test_what_trades_imports(running: Strategy | None, image: Strategy | None, result: Result, told: str) -> None:
    house = Watched(about=None if running is None else about(trades=running))
    host = Machine(image=None if image is None else about(trades=image, cache=None))
    answer = await ask(strategy.CHECK, host=host, house=house)
    assert answer.result is result
    assert told in answer.found


@pytest.mark.parametrize(
    ("cache", "result"),
    [
        (WELL, Result.PASS),
        (Cache(configured=True, answers=False, why="Redis at redis:6379 cannot be reached"), Result.FAIL),
        (Cache(configured=False, answers=True), Result.SKIPPED),
        (None, Result.SKIPPED),
    ],
)
async def test_the_cache_answers_the_engine(cache: Cache | None, result: Result) -> None:
    assert (await ask(redis.CHECK, house=Watched(about=about(cache=cache)))).result is result
