"""`python -m engine.history` against the stand-in, as a person runs it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from nautilus_trader.model.data import Bar
from nautilus_trader.persistence.catalog import ParquetDataCatalog

from supervisor.drill.ports import free_port
from tests.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


in_both_encodings = pytest.mark.parametrize("world", ["200", "223"], indirect=True)


@pytest.fixture(scope="module", params=["223"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A market that hardly moves, so that a day's range has few strikes."""
    directory = tmp_path_factory.mktemp("past")
    with contextlib.closing(StandIn(directory, SIM_SERVER_VERSION=request.param, SIM_VOLATILITY="0.01")) as made:
        made.start()
        made.up()
        yield made


def today() -> str:
    """The date of the session that runs: the stand-in's day ends half a day after its start."""
    return f"{(datetime.now(UTC) + timedelta(hours=11)).astimezone(ZoneInfo('America/New_York')):%Y-%m-%d}"


def catalog(path: Path, port: int, *more: str) -> tuple[int, Any, str]:
    command = [sys.executable, "-m", "engine.history", "--port", str(port), "--catalog", str(path), "--json", *more]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    return ended.returncode, json.loads(lines[-1]) if lines else None, ended.stdout + ended.stderr


def test_a_day_with_its_options_is_downloaded_once(world: StandIn, tmp_path: Path) -> None:
    asked = ("--from", today(), "--bar", "5-MINUTE", "--strikes", "1")
    code, report, told = catalog(tmp_path, world.api_port, *asked)
    assert (code, report["failures"], report["gaps"]) == (0, [], []), told
    kept = ParquetDataCatalog(str(tmp_path))
    options = [one for one in kept.instruments() if one.id.value.startswith("SPY ")]
    assert {str(one.id.venue) for one in kept.instruments()} == {"ARCX"}
    assert len(options) >= 4
    bars = kept.query(Bar, identifiers=[f"{options[0].id}-5-MINUTE-BID-EXTERNAL"])
    assert len(bars) > 100
    # The very option that dies today, at the end of today's session.
    assert {(one.expiration_ns - bars[-1].ts_init) // 10**9 > 0 for one in options} == {True}
    assert {one.info["contract"]["lastTradeDateOrContractMonth"] for one in options} == {today().replace("-", "")}
    assert report["series"] == 3 * (1 + len(options))

    code, again, told = catalog(tmp_path, world.api_port, *asked)
    assert (code, again["failures"], again["gaps"]) == (0, [], []), told
    # Only what has happened since: at most one new bar a series.
    assert again["rows"] <= report["series"]
    assert again["there"] >= report["series"]


@in_both_encodings
def test_what_the_gateway_has_no_more_is_told_and_the_rest_is_kept(world: StandIn, tmp_path: Path) -> None:
    past = ("--from", "2026-10-01", "--bar", "1-HOUR", "--strikes", "1")
    code, report, told = catalog(tmp_path, world.api_port, *past)
    assert code == 1, told
    assert [failure["what"] for failure in report["failures"]] == ["options of 2026-10-01"]
    assert report["rows"] == 3 * 24


def test_an_index_has_values_and_no_quotes(world: StandIn, tmp_path: Path) -> None:
    code, report, told = catalog(tmp_path, world.api_port, "--symbol", "SPX", "--from", "2026-10-01", "--bar", "1-HOUR")
    assert (code, report["series"], report["gaps"]) == (0, 1, []), told
    assert report["rows"] == 24


def test_without_a_gateway_it_says_what_to_start(tmp_path: Path) -> None:
    code, report, told = catalog(tmp_path, free_port(), "--from", "2026-10-01")
    assert (code, report) == (2, None)
    assert "make up SIM=1" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("--from", "2026-10-02", "--to", "2026-10-01"), "FROM no later than TO"),
        (("--from", "yesterday"), "expected a day like 2026-11-16"),
        (("--from", "2026-10-01", "--bar", "7-MINUTE"), "1-MINUTE"),
        (("--from", "2026-10-01", "--symbol", "ABC"), "SYMBOL"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(tmp_path: Path, given: tuple[str, ...], named: str) -> None:
    code, report, told = catalog(tmp_path, free_port(), *given)
    assert (code, report) == (2, None)
    assert named in told
    assert "Traceback" not in told
