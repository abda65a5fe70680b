"""ib_async 2.1.0, unmodified: a whole session at the oldest, a middle and the newest version it speaks."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from ib_async import IB, ExecutionFilter, LimitOrder, MarketOrder, Option, Stock, StopOrder

from tests.clients.bracket import bracket_agrees

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stand_in import StandIn


async def until(done: Callable[[], Any], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("version", [157, 165, 173, 174, 178])
async def test_a_whole_session(start: Callable[..., StandIn], version: int, caplog: pytest.LogCaptureFixture) -> None:
    stand_in = start(SIM_SERVER_VERSION=str(version))
    caplog.set_level(logging.WARNING)
    ib = IB()
    await ib.connectAsync("127.0.0.1", stand_in.api_port, clientId=7, timeout=5)
    assert ib.client.serverVersion() == version
    assert ib.managedAccounts() == ["DUSIM0001"]
    cash = {value.tag: value.value for value in ib.accountValues() if value.currency == "USD"}
    assert cash["NetLiquidation"] == "1000000.00"
    assert {row.tag for row in await ib.accountSummaryAsync()} >= {"NetLiquidation", "BuyingPower", "Cushion"}

    [spy] = await ib.qualifyContractsAsync(Stock("SPY", "SMART", "USD", primaryExchange="ARCA"))
    assert spy is not None
    assert (spy.conId, spy.primaryExchange) == (756733, "ARCA")
    [details] = await ib.reqContractDetailsAsync(spy)
    assert details.timeZoneId == "US/Eastern"
    assert [rule.increment for rule in await ib.reqMarketRuleAsync(26) or []] == [0.01]
    assert [found.contract.symbol for found in await ib.reqMatchingSymbolsAsync("SPY") or []] == ["SPY"]
    chains = await ib.reqSecDefOptParamsAsync("SPY", "", "STK", spy.conId)
    [smart] = [chain for chain in chains if chain.exchange == "SMART"]
    today = smart.expirations[0]
    chain = await ib.reqContractDetailsAsync(Option("SPY", today, exchange="SMART"))
    assert len(chain) == 2 * len(smart.strikes)
    assert {entry.underConId for entry in chain} == {spy.conId}

    ticker = ib.reqMktData(spy)
    await until(lambda: ticker.hasBidAsk() and ticker.last > 0 and ticker.high >= ticker.low > 0)
    assert ticker.marketDataType == 1
    bars = await ib.reqHistoricalDataAsync(spy, "", "3600 S", "1 min", "TRADES", useRTH=False, formatDate=1)
    assert 60 <= len(bars) <= 61
    assert abs(bars[-1].close - ticker.midpoint()) < 5
    assert await ib.reqHeadTimeStampAsync(spy, "TRADES", useRTH=False, formatDate=1)
    [tick, *_] = await ib.reqHistoricalTicksAsync(spy, "", "20261001-12:00:00", 10, "BID_ASK", useRth=False)
    assert tick.priceAsk > tick.priceBid

    [call] = await ib.qualifyContractsAsync(Option("SPY", today, round(ticker.midpoint()), "C", "SMART"))
    assert call is not None
    option = ib.reqMktData(call)
    await until(lambda: option.hasBidAsk() and option.modelGreeks is not None)
    assert option.modelGreeks is not None
    assert 0 < (option.modelGreeks.delta or 0) < 1
    preview = await ib.whatIfOrderAsync(call, MarketOrder("BUY", 2))
    assert float(preview.equityWithLoanChange) < 0

    entry = LimitOrder("BUY", 1, round(option.ask + 0.2, 2), transmit=False, orderId=ib.client.getReqId())
    exits = {"ocaGroup": "exits", "ocaType": 1, "parentId": entry.orderId}
    profit = LimitOrder("SELL", 1, round(option.bid + 0.05, 2), transmit=False, orderId=ib.client.getReqId(), **exits)
    loss = StopOrder("SELL", 1, round(max(option.bid - 0.05, 0.01), 2), orderId=ib.client.getReqId(), **exits)
    trades = [ib.placeOrder(call, order) for order in (entry, profit, loss)]
    await until(lambda: all(trade.isDone() for trade in trades))
    await until(lambda: len(ib.fills()) == 2 and all(fill.commissionReport.execId for fill in ib.fills()))
    assert trades[0].orderStatus.status == "Filled"
    assert sorted(trade.orderStatus.status for trade in trades[1:]) == ["Cancelled", "Filled"]
    assert {trade.order.permId for trade in trades} == {order["perm_id"] for order in stand_in.book()["orders"]}
    bought, sold = ib.fills()
    gained = (sold.execution.price - bought.execution.price) * 100 - 2
    assert sold.commissionReport.realizedPNL == pytest.approx(gained)
    # Positions are told with the market's next step, not with the fill.
    await until(lambda: not ib.positions())
    bracket_agrees(stand_in.book(), 7)

    found = await ib.reqExecutionsAsync(ExecutionFilter(side="SELL"))
    assert [fill.execution.execId for fill in found] == [sold.execution.execId]
    assert sold.execution.time.tzinfo is not None
    done = await ib.reqCompletedOrdersAsync(apiOnly=False)
    assert sorted(trade.orderStatus.status for trade in done) == ["Cancelled", "Filled", "Filled"]

    resting = ib.placeOrder(spy, LimitOrder("BUY", 1, 100.0, tif="GTC", orderRef="rest"))
    await until(lambda: resting.orderStatus.status == "Submitted")
    resting.order.lmtPrice = 101.0
    ib.placeOrder(spy, resting.order)
    await until(lambda: stand_in.book()["orders"][-1]["limit_price"] == 101.0)
    ib.cancelOrder(resting.order)
    await until(resting.isDone)
    assert resting.orderStatus.status == "Cancelled"
    assert stand_in.metric("failures_total") == 0
    ib.disconnect()
    unexpected = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("ib_async") and not any(code in record.getMessage() for code in ("21", "202"))
    ]
    assert unexpected == []


async def test_a_second_session_sees_the_first_ones_orders(start: Callable[..., StandIn]) -> None:
    stand_in = start()
    first, second = IB(), IB()
    await first.connectAsync("127.0.0.1", stand_in.api_port, clientId=1, timeout=5)
    await second.connectAsync("127.0.0.1", stand_in.api_port, clientId=2, timeout=5)
    trade = first.placeOrder(Stock("SPY", "SMART", "USD"), LimitOrder("BUY", 1, 100.0))
    await until(lambda: trade.orderStatus.status == "Submitted")
    [seen] = await second.reqAllOpenOrdersAsync()
    assert (seen.order.orderId, seen.order.clientId) == (trade.order.orderId, 1)
    third = IB()
    with pytest.raises((ConnectionError, TimeoutError)):
        await third.connectAsync("127.0.0.1", stand_in.api_port, clientId=1, timeout=1)
    first.disconnect()
    second.disconnect()


async def test_a_killed_gateway_comes_back_with_everything(start: Callable[..., StandIn]) -> None:
    stand_in = start()
    ib = IB()
    await ib.connectAsync("127.0.0.1", stand_in.api_port, clientId=1, timeout=5)
    spy = Stock("SPY", "SMART", "USD")
    bought = ib.placeOrder(spy, MarketOrder("BUY", 3))
    resting = ib.placeOrder(spy, LimitOrder("SELL", 3, 900.0, tif="GTC", orderRef="exit"))
    await until(lambda: bought.isDone() and resting.orderStatus.status == "Submitted")
    before = stand_in.book()
    stand_in.kill()
    await until(lambda: not ib.isConnected())
    stand_in.start()
    stand_in.up()
    assert stand_in.book() == before
    again = IB()
    await again.connectAsync("127.0.0.1", stand_in.api_port, clientId=1, timeout=5)
    [held] = again.positions()
    assert (held.position, held.contract.symbol) == (3.0, "SPY")
    [open_trade] = again.openTrades()
    assert (open_trade.order.orderRef, open_trade.order.permId) == ("exit", resting.order.permId)
    sold = again.placeOrder(spy, MarketOrder("SELL", 1))
    await until(sold.isDone)
    executions = [fill["exec_id"] for fill in stand_in.book()["executions"]]
    assert len(set(executions)) == len(executions) == 2
    permanent = [order["perm_id"] for order in stand_in.book()["orders"]]
    assert len(set(permanent)) == 3
    assert stand_in.status()["logins"] == 2
    again.disconnect()
