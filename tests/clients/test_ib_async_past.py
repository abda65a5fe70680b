"""ib_async 2.1.0, unmodified, asks for the past in exchange hours: bars, ticks, schedules, news, scans, reports."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from typing import TYPE_CHECKING

from ib_async import IB, Forex, ScannerSubscription, Stock, TagValue

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.stand_in import StandIn

START = "2026-11-27T16:30:00Z"
"""The half day after Thanksgiving, 11:30 in New York."""


async def test_the_past(start: Callable[..., StandIn], caplog: pytest.LogCaptureFixture) -> None:
    stand_in = start(SIM_CALENDAR="XNYS", SIM_START=START, SIM_TIME_FORMAT="instrument")
    caplog.set_level(logging.WARNING)
    ib = IB()
    await ib.connectAsync("127.0.0.1", stand_in.api_port, clientId=7, timeout=5)
    [spy] = await ib.qualifyContractsAsync(Stock("SPY", "SMART", "USD"))
    assert spy is not None

    days = await ib.reqHistoricalDataAsync(spy, "", "1 W", "1 day", "TRADES", useRTH=True)
    assert [f"{bar.date:%m%d}" for bar in days] == ["1123", "1124", "1125", "1127"]
    hours = await ib.reqHistoricalDataAsync(spy, "", "2 D", "1 hour", "TRADES", useRTH=True)
    assert [f"{bar.date:%d %H:%M}" for bar in hours][:3] == ["24 11:00", "24 12:00", "24 13:00"]
    wednesday = [bar for bar in hours if f"{bar.date:%d}" == "25"]
    assert len(wednesday) == 7
    assert wednesday[0].open == days[2].open
    assert wednesday[-1].close == days[2].close
    assert sum(bar.volume for bar in wednesday) == days[2].volume

    minute = await ib.reqHistoricalDataAsync(
        spy, "20261125 12:00:00 US/Eastern", "60 S", "1 min", "TRADES", useRTH=True, formatDate=2
    )
    begin = dt.datetime(2026, 11, 25, 16, 59, tzinfo=dt.UTC)
    assert [bar.date for bar in minute] == [begin]
    trades = await ib.reqHistoricalTicksAsync(spy, "20261125-16:59:00", "", 1000, "TRADES", useRth=True)
    prices = [tick.price for tick in trades if tick.time < begin + dt.timedelta(minutes=1)]
    assert (prices[0], prices[-1]) == (minute[0].open, minute[0].close)
    assert min(prices) <= minute[0].low <= minute[0].high <= max(prices)

    schedule = await ib.reqHistoricalScheduleAsync(spy, 4)
    assert [session.refDate for session in schedule.sessions] == ["20261123", "20261124", "20261125", "20261127"]
    assert schedule.sessions[-1].endDateTime == "20261127-13:00:00"
    head = await ib.reqHeadTimeStampAsync(spy, "TRADES", useRTH=True, formatDate=1)
    assert head == dt.datetime(2020, 1, 2, 14, 30)  # noqa: DTZ001 (ib_async's own reading: UTC without saying so)
    histogram = await ib.reqHistogramDataAsync(spy, useRTH=True, period="2 days")
    assert len(histogram) > 10
    euros = await ib.reqHistoricalDataAsync(Forex("EURUSD"), "", "3600 S", "5 mins", "MIDPOINT", useRTH=False)
    assert len(euros) in (12, 13)

    providers = await ib.reqNewsProvidersAsync()
    assert [provider.code for provider in providers] == ["BRFG", "BRFUPDN", "DJNL"]
    news = await ib.reqHistoricalNewsAsync(spy.conId, "BRFG+DJNL", "", "", 5)
    assert len(news) == 5
    article = await ib.reqNewsArticleAsync(news[0].providerCode, news[0].articleId)
    assert article.articleText.startswith("SPY: ")
    scan = ScannerSubscription(numberOfRows=3, instrument="STK", locationCode="STK.US.MAJOR", scanCode="MOST_ACTIVE")
    rows = await ib.reqScannerDataAsync(scan, [], [TagValue("priceAbove", "10")])
    assert len(rows) == 3
    assert "<scanCode>MOST_ACTIVE</scanCode>" in await ib.reqScannerParametersAsync()
    [apple] = await ib.qualifyContractsAsync(Stock("AAPL", "SMART", "USD"))
    assert "APPLE INC" in await ib.reqFundamentalDataAsync(apple, "ReportSnapshot")

    live = await ib.reqHistoricalDataAsync(spy, "", "600 S", "5 secs", "TRADES", useRTH=True, keepUpToDate=True)
    known = len(live)
    async with asyncio.timeout(30):
        while len(live) <= known:
            await asyncio.sleep(0.05)
    ib.cancelHistoricalData(live)
    ib.disconnect()
    scan_cancelled = [
        record for record in caplog.records if "API scanner subscription cancelled" in record.getMessage()
    ]
    assert [record.getMessage() for record in caplog.records if record not in scan_cancelled] == []
