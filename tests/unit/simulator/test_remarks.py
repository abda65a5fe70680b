"""What is remarked on orders that are taken: they wait for the exchange (399)."""

import datetime as dt
from pathlib import Path

import pytest

from gateway.simulator.api.server import ApiServer
from tests.unit.simulator.orders import place_order
from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.rig import HandClock, make_gateway

SATURDAY = dt.datetime(2026, 9, 26, 17, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(("symbol", "name"), [("AAPL", "AAPL NASDAQ.NMS"), ("SPY", "SPY ARCA")])
async def test_an_order_while_the_exchange_is_closed(tmp_path: Path, symbol: str, name: str) -> None:
    gateway, store = make_gateway(tmp_path, HandClock(SATURDAY), SIM_CALENDAR="XNYS")
    server = ApiServer(gateway)
    await server.open()
    async with RawClient(server.port) as client:
        await client.start()
        client.send("3", 1, *place_order(symbol))
        [remark, *pair] = await client.until(lambda message: message[0] == "3")
        assert remark[:4] == [
            "4",
            "1",
            "399",
            f"Order Message:\nBUY 1 {name}\nWarning: your order will not be placed at the exchange until "
            "2026-09-28 09:30:00 US/Eastern",
        ]
        assert [message[0] for message in pair] == ["5", "3"]
    await server.close()
    store.close()
