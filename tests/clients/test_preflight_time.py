"""Checks of the groups identity, time and calendar against the stand-in, at moments of its own."""

import contextlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.market import sessions
from preflight.report import Report, Result
from preflight.runner import run
from preflight.session_day import has_session
from preflight.settings import Settings
from tests.clients.test_preflight import preflight, results, started
from tests.clients.test_preflight_gateway import finding, not_well, supervisor, watched
from tests.stand_in import ACCOUNT, StandIn, wait_for
from tws.clock import SystemClock

SPY = 756733


class MovedClock(SystemClock):
    """The machine's, set by the stand-in's, which lives on another day."""

    def __init__(self, gateway: StandIn) -> None:
        self._ahead = datetime.fromisoformat(gateway.get("/api/v1/time")["now"]) - super().now()

    def now(self) -> datetime:
        return super().now() + self._ahead


@pytest.fixture(scope="module")
def sessions_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exchanges' sessions, which take a stand-in some seconds: reckoned once."""
    path = tmp_path_factory.mktemp("sessions") / "sessions.json"
    sessions.load(path, datetime(2026, 11, 18, tzinfo=UTC))
    return path


@contextlib.contextmanager
def at(tmp_path: Path, moment: str, sessions_file: Path) -> Iterator[tuple[StandIn, MovedClock]]:
    """A stand-in of the exchanges' hours, and a clock, both of that moment in UTC."""
    (tmp_path / "gateway-state").mkdir()
    shutil.copy(sessions_file, tmp_path / "gateway-state")
    with started(tmp_path, SIM_CALENDAR="XNYS", SIM_START=f"{moment}+00:00") as gateway:
        yield gateway, MovedClock(gateway)


async def asked(gateway: StandIn, clock: MovedClock, started_at: str = "", **row: Any) -> Report:
    container = {"started_at": started_at or clock.now().isoformat(), "restarts": 0}
    told = watched({"container": container}, login={"since": None}, weekly_token=None, **row)
    with supervisor(told) as url:
        settings = Settings(
            gateway_host="127.0.0.1",
            gateway_port=gateway.api_port,
            ib_account=ACCOUNT,
            mode="sim",
            preflight_timeout_seconds=2,
            supervisor_url=url,
        )
        return await run(settings, clock)


@pytest.mark.parametrize(
    ("moment", "warns", "found"),
    [
        ("2026-11-18T13:10:00", set(), "Wed 09:30 US/Eastern (14:30 UTC)"),
        ("2026-11-26T15:00:00", {"session"}, "none on Thursday, 2026-11-26"),
        ("2026-11-27T14:00:00", {"session"}, "closes Fri 13:00 US/Eastern (18:00 UTC); shorter than other days"),
        ("2026-10-30T14:00:00", {"clock-change"}, "open, closes in"),
    ],
)
async def test_days_of_the_calendar(
    tmp_path: Path, sessions_file: Path, moment: str, warns: set[str], found: str
) -> None:
    with at(tmp_path, moment, sessions_file) as (gateway, clock):
        report = await asked(gateway, clock)
    assert not_well(report) == warns
    assert found in finding(report, "session").found
    assert {finding(report, name).result for name in warns} <= {Result.WARN}


async def test_a_restart_before_the_close_and_definitions_of_last_week(tmp_path: Path, sessions_file: Path) -> None:
    window = {"name": "auto-restart", "opens_at": "2026-11-18T20:00:00Z"}
    with at(tmp_path, "2026-11-18T14:00:00", sessions_file) as (gateway, clock):
        report = await asked(gateway, clock, windows={"open": [], "next": window})
        assert not_well(report) == {"maintenance"}
        report = await asked(gateway, clock, "2026-11-15T04:45:00Z")
    assert not_well(report) == {"definitions"}


@pytest.fixture(params=["200", "223"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StandIn]:
    with started(tmp_path, SIM_SERVER_VERSION=request.param) as made:
        yield made


@pytest.mark.parametrize(("seconds", "result"), [(2.0, Result.WARN), (-8.0, Result.FAIL)])
async def test_a_clock_that_is_off(gateway: StandIn, seconds: float, result: Result) -> None:
    gateway.fault("clock-skew", seconds=seconds)
    report = await preflight(gateway)
    assert not_well(report) == {"gateway-clock"}
    assert finding(report, "gateway-clock").result is result
    assert ("ahead of" if seconds > 0 else "behind") in finding(report, "gateway-clock").found


async def test_an_old_gateways_clock_is_told_by_its_handshake(tmp_path: Path) -> None:
    with started(tmp_path, SIM_SERVER_VERSION="196") as gateway:
        report = await preflight(gateway)
    assert results(report)["gateway-clock"] is Result.PASS
    assert "by the handshake" in finding(report, "gateway-clock").found


async def test_executions_are_looked_at(gateway: StandIn) -> None:
    assert results(await preflight(gateway))["execution-times"] is Result.SKIPPED
    gateway.post("/api/v1/orders", {"con_id": SPY, "action": "BUY", "quantity": 1})
    wait_for(lambda: gateway.book()["positions"], 10, gateway.tail)
    report = await preflight(gateway)
    assert finding(report, "execution-times").found.startswith("1 like '20")
    assert results(report)["execution-times"] is Result.PASS


async def test_executions_that_the_engine_reads_in_winter_alone_are_warned_of(tmp_path: Path) -> None:
    with started(tmp_path, SIM_TIME_FORMAT="operator", TIME_ZONE="EST") as gateway:
        gateway.post("/api/v1/orders", {"con_id": SPY, "action": "BUY", "quantity": 1})
        wait_for(lambda: gateway.book()["positions"], 10, gateway.tail)
        report = await preflight(gateway, require_utc=False)
    assert not_well(report) == {"execution-times", "utc"}
    assert finding(report, "execution-times").result is Result.WARN
    assert "UTC format" in finding(report, "execution-times").remedy


async def test_a_mode_that_the_account_is_not_of(gateway: StandIn) -> None:
    report = await preflight(gateway, mode="live", ib_account=ACCOUNT, read_only_api=False)
    assert not_well(report) == {"mode-port", "login"}
    assert finding(report, "mode-port").result is Result.FAIL


async def test_the_gateways_own_port_is_told_beside_the_dialled_one(tmp_path: Path) -> None:
    with started(tmp_path, SIM_SERVER_VERSION="223") as gateway:
        own = await preflight(gateway)
        assert f"port {gateway.api_port} (the gateway's own)" in finding(own, "mode-port").found
        assert results(own)["mode-port"] is Result.PASS


@pytest.mark.parametrize(
    ("day", "expected"), [("2026-11-18", True), ("2026-11-26", False), ("2026-11-27", True), ("2026-11-21", False)]
)
async def test_whether_a_day_has_a_session(tmp_path: Path, sessions_file: Path, day: str, expected: bool) -> None:
    with at(tmp_path, f"{day}T13:10:00", sessions_file) as (gateway, clock):
        settings = Settings(gateway_port=gateway.api_port, ib_account=ACCOUNT, mode="sim")
        assert await has_session(settings, clock, clock.now()) is expected
        wait_for(lambda: gateway.status()["clients"] == [], 5)


async def test_nobody_tells_of_a_session_where_nobody_listens(tmp_path: Path) -> None:
    with contextlib.closing(StandIn(tmp_path)) as gateway:
        settings = Settings(gateway_port=gateway.api_port, ib_account=ACCOUNT, mode="sim")
        assert await has_session(settings, SystemClock(), SystemClock().now()) is None
