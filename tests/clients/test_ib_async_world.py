"""ib_async 2.1.0, unmodified: everything there is to ask for, order types, and the faults it can see."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from ib_async import (
    CFD,
    IB,
    Bond,
    ComboLeg,
    Commodity,
    ContFuture,
    Contract,
    Crypto,
    Forex,
    Future,
    Index,
    LimitOrder,
    MarketOrder,
    MutualFund,
    Order,
    PriceCondition,
    ScannerSubscription,
    Stock,
    TagValue,
)

from tests.clients.conftest import CLIENT_IDS
from tests.clients.test_orders import PASSIVE, RESTS, stories

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.stand_in import StandIn

SPY = Stock("SPY", "SMART", "USD", primaryExchange="ARCA", conId=756733)


async def until[T](done: Callable[[], T], seconds: float = 20.0) -> T:
    async with asyncio.timeout(seconds):
        while not (found := done()):
            await asyncio.sleep(0.02)
    return found


def stands(trade: Any, *statuses: str) -> bool:
    """Whether an order has come to one of these."""
    return trade.orderStatus.status in statuses


@pytest.fixture
async def ib(stand_in: StandIn, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Any]:
    caplog.set_level(logging.ERROR, "ib_async.Decoder")
    made = IB()
    await made.connectAsync("127.0.0.1", stand_in.api_port, clientId=next(CLIENT_IDS), timeout=5)
    assert made.client.serverVersion() == 178
    yield made
    made.disconnect()
    assert [record.getMessage() for record in caplog.records if record.name == "ib_async.Decoder"] == []


async def test_contracts_of_every_class(ib: Any) -> None:
    wanted = [
        SPY,
        Index("SPX", "CBOE", "USD"),
        ContFuture("ES", "CME", currency="USD"),
        Forex("EURUSD"),
        Crypto("BTC", "PAXOS", "USD"),
        CFD("IBUS500", "SMART", "USD"),
        Commodity("XAUUSD", "SMART", "USD"),
        MutualFund(symbol="VFIAX", exchange="FUNDSERV", currency="USD"),
    ]
    for contract in wanted:
        assert await ib.reqContractDetailsAsync(contract), contract
    futures = await ib.reqContractDetailsAsync(Future("ES", exchange="CME", currency="USD"))
    assert len(futures) > 1
    [spx] = await ib.reqContractDetailsAsync(wanted[1])
    assert await ib.reqSecDefOptParamsAsync("SPX", "", "IND", spx.contract.conId)
    es = futures[0].contract
    assert await ib.reqSecDefOptParamsAsync("ES", "CME", "FUT", es.conId)
    assert await ib.reqContractDetailsAsync(Contract(secIdType="ISIN", secId="US78462F1030", exchange="SMART"))


async def test_bonds_whose_coupon_it_can_read(ib: Any) -> None:
    """It reads a coupon as a whole number; ours are such."""
    [bond] = await ib.reqContractDetailsAsync(Bond(secIdType="CUSIP", secId="91282CJZ5", exchange="SMART"))
    assert bond.coupon == 4


async def test_market_data_of_every_kind(ib: Any) -> None:
    ticker = ib.reqMktData(SPY, "100,101,104,106,165,233,236,456")
    await until(lambda: ticker.hasBidAsk() and ticker.last > 0 and ticker.rtVolume > 0)
    for kind in ("Last", "AllLast", "BidAsk", "MidPoint"):
        stream = ib.reqTickByTickData(SPY, kind)
        await until(partial(getattr, stream, "tickByTicks"))
        ib.cancelTickByTickData(SPY, kind)
    book = ib.reqMktDepth(SPY, 5, isSmartDepth=True)
    await until(lambda: book.domBids and book.domAsks)
    assert book.domBids[0].price < book.domAsks[0].price
    ib.cancelMktDepth(SPY, isSmartDepth=True)
    bars = ib.reqRealTimeBars(SPY, 5, "MIDPOINT", False)
    await until(lambda: bars)
    ib.cancelRealTimeBars(bars)
    [euro] = await ib.qualifyContractsAsync(Forex("EURUSD"))
    [snapshot] = await ib.reqTickersAsync(euro)
    assert 0 < snapshot.bid < snapshot.ask
    assert await ib.reqMktDepthExchangesAsync()
    assert await ib.reqSmartComponentsAsync(ticker.bboExchange)


async def test_the_past_and_research(ib: Any) -> None:
    for what in ("MIDPOINT", "BID_ASK", "ADJUSTED_LAST", "HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY"):
        bars = await ib.reqHistoricalDataAsync(SPY, "", "5 D", "1 day", what, useRTH=True)
        assert bars, what
    schedule = await ib.reqHistoricalScheduleAsync(SPY, 5)
    assert len(schedule.sessions) == 5
    live = await ib.reqHistoricalDataAsync(SPY, "", "600 S", "1 min", "TRADES", useRTH=False, keepUpToDate=True)
    updates: list[bool] = []
    live.updateEvent += lambda bars, new: updates.append(new)
    await until(lambda: updates)
    ib.cancelHistoricalData(live)
    assert await ib.reqHistogramDataAsync(SPY, False, "3 days")
    [provider, *_] = await ib.reqNewsProvidersAsync()
    headlines = await ib.reqHistoricalNewsAsync(SPY.conId, provider.code, "", "", 10)
    assert headlines
    scan = ScannerSubscription(numberOfRows=5, instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN")
    assert await ib.reqScannerDataAsync(scan, [], [TagValue("priceAbove", "1")])
    assert await ib.reqScannerParametersAsync()
    assert await ib.reqFundamentalDataAsync(Stock("AAPL", "SMART", "USD"), "ReportSnapshot")


async def test_accounts(ib: Any) -> None:
    account = ib.managedAccounts()[0]
    pnl = ib.reqPnL(account)
    await until(lambda: pnl.dailyPnL == pnl.dailyPnL)  # a number at last
    assert ib.accountValues()
    assert await ib.accountSummaryAsync()
    single = ib.reqPnLSingle(account, "", SPY.conId)
    ib.cancelPnLSingle(account, "", SPY.conId)
    assert single is not None


async def test_orders_of_every_type(ib: Any) -> None:
    [ticker] = await ib.reqTickersAsync(SPY)
    expected = stories(ticker.bid, ticker.ask)
    heard: list[tuple[int, int]] = []
    ib.errorEvent += lambda number, code, text, contract: heard.append((number, code))
    skipped = {"preview", "under a condition that holds", "under one that does not", "adaptive"}
    trades: dict[str, Any] = {}
    cancelled: set[str] = set()
    for name, (fields, story) in expected.items():
        if name in skipped:
            continue
        order = Order(**({"action": "BUY", "totalQuantity": 1} | fields))
        trades[name] = ib.placeOrder(SPY, order)
        if story == RESTS or name in PASSIVE:
            await until(partial(stands, trades[name], "PreSubmitted", "Submitted", "Filled"))
            ib.cancelOrder(order)
            cancelled.add(name)
            # No more than 20 may work on one side of a contract.
            await until(partial(stands, trades[name], "Cancelled", "Filled"))
    final = {
        "commission": "Filled",
        "status Inactive": "Inactive",
        "error 202": "Cancelled",
        "status PreSubmitted": "PreSubmitted",
    }
    for name, trade in trades.items():
        last = expected[name][1][-1]
        if name in PASSIVE:
            wanted = {"Cancelled", "Filled"}
        elif name in cancelled:
            wanted = {"Cancelled"}
        elif last.startswith("error") and last != "error 202":
            code = int(last.split()[1])
            await until(partial(heard.count, (trade.order.orderId, code)))
            continue
        else:
            wanted = {final[last]}
        await until(partial(stands, trade, *wanted))
    ib.cancelOrder(trades["good after"].order)

    rises = PriceCondition(conId=SPY.conId, exch="SMART", isMore=True, price=1.0)
    held = MarketOrder("BUY", 1, conditions=[rises])
    conditional = ib.placeOrder(SPY, held)
    await until(lambda: conditional.orderStatus.status == "Filled")
    adaptive = LimitOrder("BUY", 1, round(ticker.ask + 5, 2), algoStrategy="Adaptive")
    adaptive.algoParams = [TagValue("adaptivePriority", "Normal")]
    adapted = ib.placeOrder(SPY, adaptive)
    await until(lambda: adapted.orderStatus.status == "Filled")


async def test_a_spread(ib: Any) -> None:
    [chain] = [one for one in await ib.reqSecDefOptParamsAsync("SPY", "", "STK", SPY.conId) if one.exchange == "SMART"]
    [ticker] = await ib.reqTickersAsync(SPY)
    near = sorted(chain.strikes, key=lambda strike: abs(strike - ticker.bid))[:2]
    wanted = [Contract(secType="OPT", symbol="SPY", exchange="SMART", currency="USD", right="C") for _ in near]
    for contract, strike in zip(wanted, near, strict=True):
        contract.strike, contract.lastTradeDateOrContractMonth = strike, chain.expirations[2]
    calls = await ib.qualifyContractsAsync(*wanted)
    legs = [
        ComboLeg(conId=call.conId, ratio=1, action=action, exchange="SMART")
        for call, action in zip(calls, ("BUY", "SELL"), strict=True)
    ]
    spread = Contract(symbol="SPY", secType="BAG", exchange="SMART", currency="USD", comboLegs=legs)
    trade = ib.placeOrder(spread, MarketOrder("BUY", 1))
    await until(lambda: trade.orderStatus.status == "Filled" and len(trade.fills) >= 3)
    assert {fill.contract.secType for fill in trade.fills} == {"BAG", "OPT"}


async def test_faults(ib: Any, stand_in: StandIn) -> None:
    codes: list[int] = []
    ib.errorEvent += lambda req_id, code, text, contract: codes.append(code)
    try:
        for fault, begun, ended in (("upstream-lost", 1100, 1102), ("market-farm", 2103, 2104), ("data-lost", 1101, 0)):
            stand_in.fault(fault)
            await until(partial(codes.count, begun))
            if ended:
                stand_in.cure(fault)
                await until(partial(codes.count, ended))
        number = ib.client.clientId
        stand_in.fault("repeated-executions", client=number)
        stand_in.fault("duplicated-status", client=number)
        trade = ib.placeOrder(SPY, MarketOrder("BUY", 1))
        await until(lambda: trade.isDone() and trade.fills)
        assert len(trade.fills) == 1  # it counts an execution once
        stand_in.fault("read-only")
        refused = ib.placeOrder(SPY, MarketOrder("BUY", 1))
        await until(lambda: 321 in codes)
        assert refused.orderStatus.status == "ValidationError"  # its own word: it takes 321 for a warning
        stand_in.fault("reset", client=number)
        await until(lambda: not ib.isConnected())
    finally:
        stand_in.cure_all()
    again = IB()
    await again.connectAsync("127.0.0.1", stand_in.api_port, clientId=number, timeout=5)
    assert again.managedAccounts()
    again.disconnect()
