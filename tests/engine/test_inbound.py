"""What comes in and is not handled: seen on the adapter's own client, in both encodings, and by a whole engine."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from ibapi.contract import Contract
from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.model.identifiers import TraderId

from engine import private
from engine.clock import SystemClock
from engine.wire.wire import Wire
from tests.engine.rig import LATEST, Engine, in_both_encodings
from tests.engine.test_trading import agree
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.engine.rig import Supervisor


async def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def connected(gateway: StandIn) -> AsyncIterator[InteractiveBrokersClient]:
    """The adapter's client with a session, and with whatever the test has done to it before it starts."""
    loop, clock = asyncio.get_running_loop(), LiveClock()
    bus = MessageBus(TraderId("TEST-001"), clock)
    client = InteractiveBrokersClient(loop=loop, msgbus=bus, cache=Cache(), clock=clock, port=gateway.api_port)
    yield client
    client.stop()
    await until(lambda: not client._eclient.isConnected())


@in_both_encodings
async def test_a_handler_that_hangs_is_seen_and_its_end_too(gateway: StandIn) -> None:
    gateway.start()
    gateway.up()
    async with connected(gateway) as client:
        wire = Wire(client, asyncio.get_running_loop(), SystemClock())
        go_on = asyncio.Event()

        async def hang(**_: Any) -> None:
            await go_on.wait()

        client.process_tick_price = hang
        client.start()
        await client.wait_until_ready(20)
        spy = Contract()
        spy.symbol, spy.secType, spy.exchange, spy.currency = "SPY", "STK", "SMART", "USD"
        client._eclient.reqMktData(7, spy, "", False, False, [])
        await until(lambda: wire.behind() > 1.0)
        go_on.set()
        await until(lambda: wire.behind() == 0.0)


@in_both_encodings
async def test_a_frame_that_cannot_be_read_ends_the_reader_and_is_seen(gateway: StandIn) -> None:
    gateway.start()
    gateway.up()
    async with connected(gateway) as client:
        adapter = private.Adapter(client, asyncio.get_running_loop())
        client.start()
        await client.wait_until_ready(20)
        assert adapter.reader_alive
        await asyncio.to_thread(gateway.fault, "undecodable-frame", client=1, kind="half-a-message")
        await until(lambda: not adapter.reader_alive)
        assert adapter.ready, "the adapter itself sees nothing"


async def test_a_question_asked_of_no_session_does_not_bar_it_on_the_next(gateway: StandIn) -> None:
    gateway.start()
    gateway.up()
    async with connected(gateway) as client:
        Wire(client, asyncio.get_running_loop(), SystemClock())
        client.start()
        await client.wait_until_ready(20)
        await asyncio.to_thread(gateway.kill)
        await until(lambda: client._connection_attempts and client._eclient.serverVersion() is None)
        with pytest.raises(TypeError, match="NoneType"):
            await client.get_positions("DUSIM0001")
        assert client._requests.get(name="OpenPositions") is not None, "the adapter keeps what never left"
        await asyncio.to_thread(gateway.start)
        await asyncio.to_thread(gateway.up)
        await client.wait_until_ready(40)
        async with asyncio.timeout(10):
            assert await client.get_positions("DUSIM0001") == []


def test_no_fill_is_lost_and_a_dead_reader_is_deaf(tmp_path: Path, supervisor: Supervisor) -> None:
    """Times without a zone, commissions that never come, and then a frame that nobody can read."""
    with (
        contextlib.closing(StandIn(tmp_path, SIM_SERVER_VERSION=LATEST)) as gateway,
        contextlib.closing(Engine(tmp_path, gateway, supervisor.url)) as engine,
    ):
        gateway.start()
        gateway.up()
        gateway.fault("zoneless-executions")
        gateway.fault("lost-commission")
        engine.start()
        engine.reach("TRADING", 40)
        wait_for(lambda: engine.status()["positions"], 60, engine.tail)
        wait_for(lambda: agree(engine, gateway), 20, lambda: (engine.status(), gateway.book()))
        assert engine.metric("watchkeeper_engine_execution_times_repaired_total") >= 1
        assert engine.metric("watchkeeper_engine_fills_unbooked_total") == 0, engine.tail()
        gateway.cure_all()
        gateway.fault("undecodable-frame", client=1, kind="half-a-message")
        engine.reach("DEAF", 10)
        assert "task that reads" in engine.status()["sentence"]
        assert engine.post("/api/v1/resync").json()["ok"] is True, engine.tail()
        engine.reach("TRADING", 20)
