"""What a real client is told over a socket is the same in both encodings, but for what a server version changes."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ibapi.client import EClient

from gateway.simulator.api.pulse import Pulse
from tests.unit.simulator.asks import IBAPI, stock
from tests.unit.simulator.rig import HandClock, spy_call
from tests.unit.simulator.run import serving
from tests.unit.simulator.told import Told, plain_sense

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.simulator.api.gateway import Gateway

VOLUMES = (8, 21)
"""What is told of a stock in lots of a hundred by older versions."""
STEPS = 60


class Client:
    """ibapi in a thread of its own."""

    def __init__(self) -> None:
        self.told = Told()
        self.api = EClient(self.told)
        self._thread = threading.Thread(target=self.api.run, daemon=True)

    async def start(self, port: int) -> None:
        await asyncio.to_thread(self.api.connect, "127.0.0.1", port, 7)
        self._thread.start()
        await self.until("nextValidId")

    async def until(self, name: str, req_id: int | None = None) -> None:
        """Wait for a callback."""
        async with asyncio.timeout(20):
            while not any(
                called == name and (req_id is None or args[0] == req_id) for called, args in list(self.told.calls)
            ):
                await asyncio.sleep(0.005)

    async def caught_up(self) -> None:
        """Wait until it has been told all that was sent."""
        before = sum(called == "nextValidId" for called, _ in self.told.calls)
        self.api.reqIds(1)
        async with asyncio.timeout(20):
            while sum(called == "nextValidId" for called, _ in list(self.told.calls)) == before:
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        self.api.disconnect()
        await asyncio.to_thread(self._thread.join, 10)

    def by_request(self) -> dict[tuple[str, Any], list[Any]]:
        """What it was told, by callback and request."""
        found: dict[tuple[str, Any], list[Any]] = {}
        for called, args in self.told.calls:
            if called not in ("error", "nextValidId", "managedAccounts", "connectAck", "connectionClosed"):
                found.setdefault((called, args[0]), []).append([plain_sense(one) for one in args[1:]])
        return found


@asynccontextmanager
async def connected(folder: Path, version: int) -> AsyncIterator[tuple[Client, Gateway, HandClock]]:
    clock = HandClock()
    folder.mkdir()
    async with serving(folder, clock, SIM_SERVER_VERSION=str(version), SIM_TIME_FORMAT="utc") as (gateway, server):
        client = Client()
        try:
            await client.start(server.port)
            assert client.api.serverVersion() == version
            yield client, gateway, clock
        finally:
            await client.stop()


async def told(folder: Path, version: int) -> dict[tuple[str, Any], list[Any]]:
    """Everything about the market and its past that a client can ask for, in a world that is always the same."""
    async with connected(folder, version) as (client, gateway, clock):
        api, spy, pulse = client.api, stock(IBAPI), Pulse(gateway)
        call = IBAPI.Contract()
        call.conId, call.exchange = spy_call().con_id, "SMART"
        api.reqMktData(1, spy, "100,165,221,233,236,293", False, False, [])
        api.reqMktData(2, call, "", False, False, [])
        api.reqMktData(3, spy, "", True, False, [])
        api.reqMarketDataType(3)
        for req_id, kind in enumerate(("Last", "BidAsk", "MidPoint"), 10):
            api.reqTickByTickData(req_id, spy, kind, 0, False)
        api.reqMktDepth(20, spy, 5, True, [])
        api.reqMktDepth(21, stock(IBAPI, exchange="ARCA"), 5, False, [])
        api.reqRealTimeBars(30, spy, 5, "TRADES", False, [])
        api.reqHistoricalData(40, spy, "", "1 D", "1 hour", "TRADES", 1, 1, False, [])
        api.reqHistoricalData(41, spy, "", "600 S", "1 min", "MIDPOINT", 1, 2, True, [])
        api.reqHistoricalData(42, spy, "", "3 D", "1 day", "SCHEDULE", 1, 1, False, [])
        api.reqHeadTimeStamp(43, spy, "TRADES", 0, 1)
        api.reqHistogramData(44, spy, False, "1 day")
        for req_id, kind in enumerate(("TRADES", "BID_ASK", "MIDPOINT"), 45):
            api.reqHistoricalTicks(req_id, spy, "", "20261118-16:00:00", 5, kind, 0, False, [])
        await client.until("historicalDataEnd", 40)
        await client.until("historicalDataEnd", 41)
        await client.until("historicalSchedule", 42)
        for req_id, name in enumerate(("historicalTicksLast", "historicalTicksBidAsk", "historicalTicks"), 45):
            await client.until(name, req_id)
        await client.caught_up()
        for _ in range(STEPS):
            clock.turn(0.25)
            pulse.beat()
            await asyncio.sleep(0)
        await client.caught_up()
        return client.by_request()


@pytest.mark.parametrize("version", [206, 213, 223])
async def test_a_client_is_told_the_same_in_both_encodings(tmp_path: Path, version: int) -> None:
    before, now = await told(tmp_path / "text", 200), await told(tmp_path / "both", version)
    assert {name for name, _ in before} >= {
        "marketDataType", "tickReqParams", "tickPrice", "tickSize", "tickString", "tickGeneric",
        "tickOptionComputation", "tickSnapshotEnd", "tickByTickAllLast", "tickByTickBidAsk", "tickByTickMidPoint",
        "updateMktDepth", "updateMktDepthL2", "realtimeBar", "historicalData", "historicalDataEnd",
        "historicalDataUpdate", "historicalSchedule", "headTimestamp", "histogramData", "historicalTicks",
        "historicalTicksBidAsk", "historicalTicksLast",
    }  # fmt: skip
    assert set(now) == set(before)
    for key, calls in before.items():
        if version < 220 or key[0] != "tickSize":
            assert [_as_of(version, key[0], args) for args in calls] == now[key], key


def _as_of(version: int, name: str, args: list[Any]) -> list[Any]:
    """What a callback says in text at 200, as it is said at a later version."""
    if version >= 214 and name in ("headTimestamp", "historicalDataEnd"):
        return [f"{text}Z" for text in args]
    if version >= 214 and name == "historicalData" and "-" in args[0][1]["date"]:
        return [(args[0][0], args[0][1] | {"date": args[0][1]["date"] + "Z"})]
    return args


async def test_volumes_are_in_lots_and_from_220_on_in_shares(tmp_path: Path) -> None:
    lots = await told(tmp_path / "lots", 219)
    shares = await told(tmp_path / "shares", 220)
    for key, calls in shares.items():
        if key[0] == "tickSize":
            expected = [[kind, size // 100 if kind in VOLUMES and key[1] != 2 else size] for kind, size in calls]
            assert lots[key] == expected
            assert key[1] == 2 or any(kind == VOLUMES[0] and size >= 100 for kind, size in calls)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_historical_ticks_are_cancelled(tmp_path: Path, cancelled: bool) -> None:
    async with connected(tmp_path / "state", 223) as (client, gateway, clock):
        gateway.profile = replace(gateway.profile, history=(1.0, 1.0))
        for req_id in (5, 6):
            client.api.reqHistoricalTicks(req_id, stock(IBAPI), "", "20261118-16:00:00", 5, "TRADES", 0, False, [])
        if cancelled:
            client.api.cancelHistoricalTicks(5)
            client.api.cancelHistoricalTicks(7)
        await client.caught_up()
        [session] = gateway.sessions
        assert set(session.past_ticks) == ({6} if cancelled else {5, 6})
        clock.turn(2)
        await client.until("historicalTicksLast", 6)
        await client.caught_up()
        heard = {args[0] for called, args in client.told.calls if called == "historicalTicksLast"}
        assert heard == ({6} if cancelled else {5, 6})
