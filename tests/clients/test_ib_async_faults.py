"""ib_async, unmodified, and faults of bytes, connections and time."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import logging
from typing import TYPE_CHECKING, Any

import pytest
from ib_async import IB, MarketOrder, Stock

from tests.clients.conftest import CLIENT_IDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.stand_in import StandIn

ENVIRONMENT = {"SIM_TIME_THROTTLE": "off"}
SPY = Stock("SPY", "SMART", "USD", primaryExchange="ARCA")


@pytest.fixture
async def ib(stand_in: StandIn) -> AsyncIterator[IB]:
    made = await connected(stand_in)
    yield made
    made.disconnect()
    stand_in.cure_all()


async def connected(stand_in: StandIn, number: int | None = None, timeout: float = 5) -> IB:
    made = IB()
    await made.connectAsync("127.0.0.1", stand_in.api_port, clientId=number or next(CLIENT_IDS), timeout=timeout)
    return made


async def soon(done: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("kind", ["no-number", "unknown-id", "no-fields", "half-a-message", "not-utf-8"])
async def test_a_frame_that_cannot_be_read(
    stand_in: StandIn, ib: IB, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """It logs what it could not read, and goes on."""
    stand_in.fault("undecodable-frame", client=ib.client.clientId, kind=kind)
    assert await ib.reqContractDetailsAsync(SPY)
    stumbled = [one for one in caplog.records if one.name == "ib_async.Decoder" and one.levelno == logging.ERROR]
    assert len(stumbled) == 1


async def test_a_read_of_just_4096_bytes(stand_in: StandIn, ib: IB) -> None:
    stand_in.fault("burst", client=ib.client.clientId)
    assert await ib.reqContractDetailsAsync(SPY)


async def test_a_hang_and_half_a_connection(stand_in: StandIn, ib: IB) -> None:
    stand_in.fault("hang")
    waits = asyncio.ensure_future(ib.reqContractDetailsAsync(SPY))
    with pytest.raises(TimeoutError):
        await connected(stand_in, timeout=0.5)
    assert not waits.done()
    stand_in.cure("hang")
    assert await waits
    stand_in.fault("half-open", client=ib.client.clientId)
    waits = asyncio.ensure_future(ib.reqContractDetailsAsync(SPY))
    other = await connected(stand_in)
    assert await other.reqContractDetailsAsync(SPY)
    other.disconnect()
    assert not waits.done()
    stand_in.cure("half-open")
    await soon(lambda: not ib.isConnected())
    with pytest.raises(ConnectionError):
        await waits


async def test_doors(stand_in: StandIn, ib: IB) -> None:
    for fault, error in (
        ("accept-and-close", (ConnectionError, TimeoutError)),
        ("accept-and-hang", TimeoutError),
        ("handshake-only", TimeoutError),
        ("no-managed-accounts", TimeoutError),
    ):
        stand_in.fault(fault)
        with pytest.raises(error):
            await connected(stand_in, timeout=0.7)
        assert await ib.reqContractDetailsAsync(SPY), fault  # who is in, is in
        stand_in.cure(fault)
    (await connected(stand_in)).disconnect()


async def test_the_process_stands_still(stand_in: StandIn, ib: IB) -> None:
    """Quotes stop for a second, and go on."""
    [spy] = await ib.qualifyContractsAsync(SPY)
    assert isinstance(spy, Stock)
    quotes = ib.reqMktData(spy)
    await soon(quotes.hasBidAsk)
    now = asyncio.get_running_loop().time
    heard = [now()]
    quotes.updateEvent += lambda _: heard.append(now())
    stand_in.fault("freeze", duration=1)
    await soon(lambda: max((b - a for a, b in itertools.pairwise(heard)), default=0.0) > 0.8)


async def test_clock_and_zone(stand_in: StandIn, ib: IB) -> None:
    stand_in.fault("clock-skew", client=ib.client.clientId, seconds=-3600)
    behind = dt.datetime.now(dt.UTC) - await ib.reqCurrentTimeAsync()
    assert behind.total_seconds() == pytest.approx(3600, abs=10)
    stand_in.fault("time-mode", form="operator", zone="Asia/Tokyo")
    trade = ib.placeOrder(SPY, MarketOrder("BUY", 1))
    await soon(lambda: trade.fills)
    executed = trade.fills[0].execution.time  # the same moment, told in Tokyo
    assert abs((dt.datetime.now(dt.UTC) - executed).total_seconds()) < 60
    bars = await ib.reqHistoricalDataAsync(SPY, "", "600 S", "1 min", "TRADES", useRTH=False)
    assert str(getattr(bars[-1].date, "tzinfo", "")) == "Asia/Tokyo"
