"""The supervisor's audit on a real wire, in both encodings: what ibapi orders and cancels is what it finds."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from supervisor import audit
from supervisor.diagnosis import Diagnosis
from supervisor.observation import EngineView, Result
from supervisor.policy import Policy
from supervisor.probes.sentinel import Sentinel
from supervisor.rules import Rules
from tests.clients.drivers import Ibapi
from tests.stand_in import ACCOUNT, StandIn
from tws.clock import SystemClock
from tws.contracts import stock
from tws.session import Session

RULES = Rules("sim", account=ACCOUNT)
CLOCK = SystemClock()


@pytest.fixture(params=["200", "223"])
def gateway(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[StandIn]:
    with closing(StandIn(tmp_path, SIM_SERVER_VERSION=request.param)) as started:
        started.start()
        started.up()
        yield started


@contextmanager
def connected(gateway: StandIn, client_id: int) -> Iterator[Ibapi]:
    """A client of ibapi."""
    driver = Ibapi()
    driver.start(gateway.api_port, client_id)
    yield driver
    driver.stop()


@pytest.fixture
def client(gateway: StandIn) -> Iterator[Ibapi]:
    with connected(gateway, 1) as driver:
        yield driver


def place(client: Ibapi, order_id: int, contract: Any, **fields: Any) -> None:
    plain = {"action": "SELL", "totalQuantity": 2, "account": ACCOUNT, "tif": "GTC"}
    client.ask("placeOrder", order_id, contract, client.order(**(plain | fields)))


def bracket(client: Ibapi, contract: Any) -> None:
    """An entry that fills at once, and exits far away."""
    client.ask("reqMktData", 9, contract, "", True, False, [])
    client.wait("tickSnapshotEnd", 9)
    bid = next(args[2] for args in client.heard("tickPrice", 9) if args[1] == 1)
    place(client, 1, contract, action="BUY", orderType="MKT", transmit=False, orderRef="O-1:1")
    place(client, 2, contract, orderType="LMT", lmtPrice=round(bid * 1.5, 2), parentId=1, transmit=False)
    place(client, 3, contract, orderType="STP", auxPrice=round(bid / 2, 2), parentId=1, orderRef="O-3:3")
    client.until(lambda: client.status(1) == "Filled" and client.status(3) == "PreSubmitted")


def naked(sentinel: Sentinel) -> Diagnosis | Result:
    assert sentinel.view.audit is not None
    return audit.naked_position(sentinel.view.audit, EngineView(), CLOCK.monotonic(), RULES)


def strangers(sentinel: Sentinel) -> Diagnosis | Result:
    assert sentinel.view.audit is not None
    return audit.second_engine(sentinel.view.audit, EngineView(), CLOCK.monotonic(), RULES)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not true():
            await asyncio.sleep(0.02)


async def test_exits_that_are_cancelled_leave_a_position_naked(gateway: StandIn, client: Ibapi) -> None:
    spy = client.contract(symbol="SPY", secType="STK", exchange="SMART", primaryExchange="ARCA")
    sentinel = Sentinel("127.0.0.1", gateway.api_port, Session.open, stock("SPY"), CLOCK, Policy(), lambda: None)
    async with sentinel:
        await until(lambda: sentinel.view.audit)
        assert sentinel.view.audit is not None
        assert (sentinel.view.audit.held, sentinel.view.audit.resting) == ((), ())
        sentinel.audit_every(Policy().audit_exposed)
        await asyncio.to_thread(bracket, client, spy)
        await until(
            lambda: sentinel.view.audit and (sentinel.view.audit.positions, sentinel.view.audit.orders) == (1, 2)
        )
        assert naked(sentinel) is Result.OK

        client.ask("cancelOrder", 2)
        client.ask("cancelOrder", 3)
        await until(lambda: isinstance(naked(sentinel), Diagnosis))
        found = naked(sentinel)
        assert isinstance(found, Diagnosis)
        assert found.why == "2 SPY (contract 756733) has exits for 0"

        await asyncio.to_thread(gateway.post, "/api/v1/orders", {"con_id": 756733, "action": "SELL", "quantity": 2})
        await until(lambda: sentinel.view.audit and sentinel.view.audit.positions == 0)
        assert naked(sentinel) is Result.OK


async def test_a_strangers_orders_are_told_from_ours(gateway: StandIn, client: Ibapi) -> None:
    spy = client.contract(symbol="SPY", secType="STK", exchange="SMART", primaryExchange="ARCA")
    sentinel = Sentinel("127.0.0.1", gateway.api_port, Session.open, stock("SPY"), CLOCK, Policy(), lambda: None)
    async with sentinel:
        sentinel.audit_every(Policy().audit_exposed)
        place(client, 1, spy, action="BUY", orderType="LMT", lmtPrice=10.0)
        gateway.post("/api/v1/orders", {"con_id": 756733, "action": "BUY", "quantity": 1, "limit_price": 11.0})
        await until(lambda: sentinel.view.audit and sentinel.view.audit.orders == 2)
        assert strangers(sentinel) is Result.UNKNOWN, "the engine's own word is missing, and nothing else is wrong"
        with connected(gateway, 77) as stranger:
            place(stranger, 1, spy, action="BUY", orderType="LMT", lmtPrice=12.0, orderRef="mine")
            await until(lambda: isinstance(strangers(sentinel), Diagnosis))
            found = strangers(sentinel)
            assert isinstance(found, Diagnosis)
            assert found.why == "client 77 has BUY 2 SPY LMT (mine)"


async def test_an_options_last_minutes_are_known(gateway: StandIn, client: Ibapi) -> None:
    wanted = client.contract(symbol="SPY", secType="OPT", right="C", tradingClass="SPY", multiplier="100")
    client.ask("reqContractDetails", 1, wanted)
    client.wait("contractDetailsEnd", 1)
    details = min(
        (args[1] for args in client.heard("contractDetails", 1)),
        key=lambda one: (one.contract.lastTradeDateOrContractMonth, one.contract.strike),
    )
    contract = details.contract
    gateway.post("/api/v1/orders", {"con_id": contract.conId, "action": "BUY", "quantity": 1})
    sentinel = Sentinel("127.0.0.1", gateway.api_port, Session.open, stock("SPY"), CLOCK, Policy(), lambda: None)
    async with sentinel:
        await until(lambda: sentinel.view.audit and sentinel.view.audit.held and sentinel.view.audit.held[0].expires_at)
        assert sentinel.view.audit is not None
        [row] = sentinel.view.audit.held
        assert row.expires_at is not None
        ends = next(
            end
            for _, end in (day.split("-") for day in details.tradingHours.split(";"))
            if end.startswith(contract.lastTradeDateOrContractMonth)
        )
        moment = datetime.strptime(ends, "%Y%m%d:%H%M").replace(tzinfo=ZoneInfo(details.timeZoneId))
        expected = CLOCK.monotonic() + (moment - datetime.now(UTC)).total_seconds()
        assert abs(row.expires_at - expected) < 1.0
        for before, late in ((299.0, True), (301.0, False)):
            verdict = audit.late_position(sentinel.view.audit, EngineView(), row.expires_at - before, RULES)
            assert isinstance(verdict, Diagnosis) is late
