"""ib_async, unmodified, keeps a book of twenty rows and the generic ticks as the stand-in means them."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Any

import pytest
from ib_async import IB, Option, Stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stand_in import StandIn

GENERIC = "100,101,104,105,106,165,221,225,233,236,258,293,294,295,375,411,456,595"
FILLED = (
    "putVolume", "callVolume", "putOpenInterest", "callOpenInterest", "histVolatility", "avOptionVolume",
    "impliedVolatility", "low13week", "high52week", "avVolume", "markPrice", "auctionVolume", "rtVolume", "vwap",
    "shortable", "shortableShares", "tradeCount", "tradeRate", "volumeRate", "rtHistVolatility", "volumeRate3Min",
)  # fmt: skip


async def until(done: Callable[[], Any], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.02)


async def test_live_data(start: Callable[..., StandIn], caplog: pytest.LogCaptureFixture) -> None:
    stand_in = start()
    caplog.set_level(logging.WARNING)
    ib = IB()
    await ib.connectAsync("127.0.0.1", stand_in.api_port, clientId=7, timeout=5)
    [spy] = await ib.qualifyContractsAsync(Stock("SPY", "SMART", "USD", primaryExchange="ARCA"))
    assert isinstance(spy, Stock)

    ticker = ib.reqMktData(spy, GENERIC)
    await until(lambda: not any(math.isnan(getattr(ticker, name)) for name in FILLED))
    assert ticker.low13week >= ticker.low52week
    assert ticker.high52week >= ticker.high13week
    assert ticker.dividends is not None

    book = ib.reqMktDepth(spy, numRows=20, isSmartDepth=True)
    for _ in range(8):
        await until(lambda: len(book.domBids) == len(book.domAsks) == 20)
        bids, asks = [row.price for row in book.domBids], [row.price for row in book.domAsks]
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0] < asks[0]
        assert all(row.size > 0 and row.marketMaker for row in (*book.domBids, *book.domAsks))
        await book.updateEvent
    ib.cancelMktDepth(spy, isSmartDepth=True)

    bars = ib.reqRealTimeBars(spy, 5, "MIDPOINT", useRTH=False)
    await until(lambda: bars)
    chain = await ib.reqSecDefOptParamsAsync("SPY", "", "STK", spy.conId)
    expiry = sorted(chain[0].expirations)[1]
    [call] = await ib.qualifyContractsAsync(Option("SPY", expiry, round(ticker.midpoint()), "C", "SMART"))
    assert isinstance(call, Option)
    computed = await ib.calculateOptionPriceAsync(call, 0.3, ticker.midpoint())
    assert computed is not None
    assert computed.optPrice is not None
    back = await ib.calculateImpliedVolatilityAsync(call, computed.optPrice, ticker.midpoint())
    assert back is not None
    assert back.impliedVol == pytest.approx(0.3, abs=1e-3)

    ib.disconnect()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert stand_in.metric("failures_total") == 0
