"""The checks on data and account against the stand-in: each finds its own trouble, and no other does."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from preflight.report import Report, Result
from preflight.runner import run
from preflight.settings import Settings
from supervisor.drill.ports import free_port
from tests.stand_in import ACCOUNT, StandIn, wait_for

SPY = 756733
DATA = ("farms", "instruments", "chain", "entitlement", "quotes")
MONEY = ("funds", "permissions", "positions-left", "orders-left", "orders-lasting", "naked-positions")
ASKED = ("port", "login", *DATA, *MONEY)
VERSIONS = pytest.mark.parametrize("version", ["200", "223"])


@contextlib.contextmanager
def started(tmp_path: Path, **env: str) -> Iterator[StandIn]:
    with contextlib.closing(StandIn(tmp_path, **env)) as gateway:
        gateway.start()
        gateway.up()
        yield gateway


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with started(tmp_path_factory.mktemp("healthy")) as made:
        yield made


@pytest.fixture
def gateway(healthy: StandIn) -> Iterator[StandIn]:
    """One that is well and whose account is flat; what a test breaks is mended behind it."""
    yield healthy
    healthy.cure_all()


async def preflight(gateway: StandIn, **changes: Any) -> Report:
    settings = {
        "gateway_host": "127.0.0.1",
        "gateway_port": gateway.api_port,
        "ib_account": ACCOUNT,
        "mode": "sim",
        "preflight_timeout_seconds": 2,
        "engine_url": f"http://127.0.0.1:{free_port()}",  # no engine, so none of its lines
        **changes,
    }
    return await run(Settings(**settings), only=ASKED)


def odd(report: Report) -> dict[str, Result]:
    """What did not pass."""
    return {check.name: check.result for check in report.checks if check.result is not Result.PASS}


def told(report: Report, name: str) -> str:
    """What a check found, and what it says to do."""
    return next(f"{check.found} -> {check.remedy}" for check in report.checks if check.name == name)


def order(gateway: StandIn, action: str, quantity: int, **more: Any) -> None:
    gateway.post("/api/v1/orders", {"con_id": SPY, "action": action, "quantity": quantity, **more})


def bought(gateway: StandIn) -> None:
    order(gateway, "BUY", 7)
    wait_for(lambda: gateway.book()["positions"], 10, gateway.tail)


@VERSIONS
async def test_all_is_well_and_nothing_is_left_behind(tmp_path: Path, version: str) -> None:
    with started(tmp_path, SIM_SERVER_VERSION=version) as gateway:
        bought(gateway)
        order(gateway, "SELL", 7, limit_price=900)
        orders = len(gateway.book()["orders"])
        report = await preflight(gateway)
        assert odd(report) == {}
        assert "SPY live" in told(report, "entitlement")
        assert "1 position, each with its exits" in told(report, "naked-positions")
        wait_for(lambda: gateway.status()["clients"] == [], 5)
        assert len(gateway.book()["orders"]) == orders
        assert gateway.metric("failures_total") == 0, gateway.tail()


# -- data --------------------------------------------------------------------------------------------------------------

AFTER_FARMS = dict.fromkeys(
    ("instruments", "chain", "entitlement", "quotes", "permissions", "orders-left"), Result.SKIPPED
)
AFTER_INSTRUMENTS = {name: result for name, result in AFTER_FARMS.items() if name != "instruments"}


async def test_farms(gateway: StandIn) -> None:
    gateway.fault("market-farm", farm="usfarm")
    report = await preflight(gateway)
    assert odd(report) == {"farms": Result.FAIL, **AFTER_FARMS}
    assert "usfarm.nj ok, usfarm broken" in told(report, "farms")
    gateway.cure_all()
    gateway.fault("secdef-farm")
    report = await preflight(gateway)
    assert odd(report) == {"farms": Result.FAIL, **AFTER_FARMS}
    gateway.cure_all()
    gateway.fault("history-farm")
    assert odd(await preflight(gateway)) == {"farms": Result.WARN}
    gateway.cure_all()
    gateway.fault("upstream-lost")
    report = await preflight(gateway)
    assert odd(report)["farms"] is Result.FAIL
    assert "lost its connection to IBKR" in told(report, "farms")


async def test_instruments(gateway: StandIn) -> None:
    report = await preflight(gateway, instruments="SPY,NOSUCH")
    assert odd(report) == {"instruments": Result.FAIL, **AFTER_INSTRUMENTS}
    assert "NOSUCH has no definition" in told(report, "instruments")


async def test_chain(gateway: StandIn) -> None:
    gateway.fault("chain-without-today")
    report = await preflight(gateway)
    assert odd(report) == {"chain": Result.FAIL}
    assert "no expiry" in told(report, "chain")


@pytest.mark.parametrize(
    ("level", "asked", "result", "words"),
    [
        ("delayed", "REALTIME", Result.FAIL, ["354", "OPRA", "MARKET_DATA_TYPE=DELAYED"]),
        ("terminal", "REALTIME", Result.FAIL, ["10089", "OPRA", "Acknowledgement"]),
        ("none", "DELAYED", Result.FAIL, ["10168", "OPRA"]),
        ("delayed", "DELAYED", Result.WARN, ["delayed data", "15 minutes old"]),
    ],
)
async def test_entitlement(tmp_path: Path, level: str, asked: str, result: Result, words: list[str]) -> None:
    with started(tmp_path, SIM_MARKET_DATA=f"live,OPT:{level}") as gateway:
        report = await preflight(gateway, market_data_type=asked)
    assert odd(report) == {"entitlement": result}
    assert all(word in told(report, "entitlement") for word in words)


async def test_data_that_another_session_has(gateway: StandIn) -> None:
    gateway.fault("data-competed")
    report = await preflight(gateway)
    assert odd(report) == {"entitlement": Result.FAIL, "quotes": Result.SKIPPED}
    assert "log the other session of this user off" in told(report, "entitlement")


async def test_three_lines_at_a_time_and_each_given_back(tmp_path: Path) -> None:
    with started(tmp_path, SIM_MARKET_DATA_LINES="3") as gateway:
        for _ in range(2):
            report = await preflight(gateway, instruments="SPY,QQQ,AAPL,MSFT,NVDA,TSLA,SPY:0DTE,QQQ:0DTE")
            assert odd(report) == {}


async def test_quotes(gateway: StandIn) -> None:
    gateway.fault("feed-silent", contract=SPY)
    report = await preflight(gateway)
    assert odd(report) == {"quotes": Result.FAIL}
    assert "SPY is not quoted, in its session" in told(report, "quotes")


def closed_now() -> str:
    """A session of every day that is far from now."""
    hour = (datetime.now(ZoneInfo("America/New_York")) + timedelta(hours=12)).hour
    return f"{hour:02}:00-{hour:02}:20"


async def test_a_world_whose_day_begins_at_midnight(tmp_path: Path) -> None:
    with started(tmp_path, SIM_DAY_START="00:00") as gateway:
        report = await preflight(gateway, instruments="SPY:0DTE,SPX@CBOE:IND:0DTE")
    assert {"chain", "entitlement", "quotes"}.isdisjoint(odd(report))


async def test_outside_the_session_nobody_need_quote(tmp_path: Path) -> None:
    with started(tmp_path, SIM_CALENDAR=closed_now(), SIM_DAY_START="00:00") as gateway:
        report = await preflight(gateway, instruments="SPY")
    assert odd(report) == {"chain": Result.SKIPPED}
    assert "its exchange is closed" in told(report, "quotes")


@pytest.mark.parametrize(("lines", "skipped"), [(4, False), (80, True), (None, True)])
async def test_nobody_subscribes_unless_lines_are_known_to_be_free(
    tmp_path: Path, unused_tcp_port: int, lines: int | None, skipped: bool
) -> None:
    body = json.dumps({"connection": {"subscriptions": lines}}).encode()

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        writer.close()

    with started(tmp_path, SIM_MARKET_DATA="live,OPT:none") as gateway:
        async with await asyncio.start_server(engine, "127.0.0.1", unused_tcp_port):
            report = await preflight(gateway, engine_url=f"http://127.0.0.1:{unused_tcp_port}")
    if skipped:
        assert odd(report) == {"entitlement": Result.SKIPPED, "quotes": Result.SKIPPED}
    else:
        assert odd(report) == {"entitlement": Result.FAIL}


async def test_an_engine_that_is_not_ours_leaves_lines_unknown(gateway: StandIn) -> None:
    report = await preflight(gateway, engine="none")
    assert odd(report) == {"entitlement": Result.SKIPPED, "quotes": Result.SKIPPED}
    assert "ENGINE=none" in told(report, "entitlement")


# -- account -----------------------------------------------------------------------------------------------------------


async def test_funds(tmp_path: Path) -> None:
    with started(tmp_path, SIM_CASH="0") as gateway:
        report = await preflight(gateway)
    assert odd(report) == {"funds": Result.WARN}
    assert "buying power 0.00 USD" in told(report, "funds")


async def test_permissions(gateway: StandIn) -> None:
    report = await preflight(gateway, instruments="SPY,SPY:0DTE,SPX@CBOE:IND,EUR.USD:CASH")
    assert odd(report) == {"permissions": Result.WARN}
    assert "no market or limit order of SPX@CBOE:IND is offered" in told(report, "permissions")


async def test_positions_left(tmp_path: Path) -> None:
    """Somebody bought ten minutes ago, and the exchange's day began five minutes ago."""
    begun = datetime.now(UTC) - timedelta(minutes=10)
    rolls = (begun + timedelta(minutes=5)).astimezone(ZoneInfo("America/New_York"))
    world = {"SIM_START": begun.isoformat(), "SIM_DAY_START": f"{rolls:%H:%M}"}
    with started(tmp_path, **world) as gateway:
        bought(gateway)
        gateway.post("/api/v1/time", {"advance": 600})
        order(gateway, "SELL", 7, limit_price=900)
        report = await preflight(gateway)
    assert odd(report) == {"positions-left": Result.WARN}
    assert "held since before today: 7 SPY" in told(report, "positions-left")


async def test_orders_left(tmp_path: Path) -> None:
    with started(tmp_path, SIM_CALENDAR=closed_now(), SIM_DAY_START="00:00") as gateway:
        order(gateway, "BUY", 3, limit_price=99.5)
        report = await preflight(gateway, instruments="SPY")
    assert odd(report) == {"chain": Result.SKIPPED, "orders-left": Result.WARN}
    assert "BUY 3 SPY LMT DAY" in told(report, "orders-left")


async def test_orders_lasting(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        order(gateway, "BUY", 3, limit_price=99.5, tif="GTC")
        report = await preflight(gateway)
    assert odd(report) == {"orders-lasting": Result.WARN}
    assert "BUY 3 SPY LMT GTC" in told(report, "orders-lasting")


async def test_naked_positions(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        bought(gateway)
        order(gateway, "SELL", 4, limit_price=900)
        report = await preflight(gateway)
    assert odd(report) == {"naked-positions": Result.WARN}
    assert "7 SPY has exits for 4" in told(report, "naked-positions")


async def test_a_read_only_api_hides_its_orders(tmp_path: Path) -> None:
    with started(tmp_path, READ_ONLY_API="yes") as gateway:
        report = await preflight(gateway)
    assert odd(report) == dict.fromkeys(("orders-left", "orders-lasting"), Result.SKIPPED)
