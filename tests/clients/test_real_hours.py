"""Whole sessions at the exchanges' own hours, in a world that begins when the scene does and moves when it is told to.

The week of Thanksgiving 2024: Wednesday is a full day, Thursday a holiday, Friday a half day. What one scene leaves
working, the next one finds.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import subprocess
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from ib_async import IB, Future, LimitOrder, MarketOrder, Order, Stock

from tests.clients.drivers import Ibapi
from tests.clients.scripts import ROOT, nautilus
from tests.stand_in import StandIn, wait_for
from tests.unit.simulator.asks import IBAPI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ib_async import Trade

NEW_YORK = ZoneInfo("America/New_York")
BEFORE_THE_OPEN, THE_CLOSE, THE_EVENING = "2024-11-27T09:29:50", "2024-11-27T15:59:50", "2024-11-27T19:59:50"
THE_HALF_DAY, BEFORE_IT, THE_WEEKEND = "2024-11-29T12:59:50", "2024-11-29T09:29:50", "2024-11-30T12:00:00"
HOURS = "20241127:0400-20241127:2000;20241128:CLOSED;20241129:0400-20241129:1700;20241130:CLOSED;20241201:CLOSED;"
LIQUID = "20241127:0930-20241127:1600;20241128:CLOSED;20241129:0930-20241129:1300;20241130:CLOSED;20241201:CLOSED;"
RESTS = {"orderType": "LMT", "lmtPrice": 100.0}
CROSSES = {"orderType": "LMT", "lmtPrice": 700.0}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Callable[[str], StandIn]]:
    """Start the stand-in at a moment of New York's, on what the scene before left."""
    made: list[StandIn] = []

    def started(moment: str) -> StandIn:
        for before in made:
            before.kill()
        at = dt.datetime.fromisoformat(moment).replace(tzinfo=NEW_YORK)
        one = StandIn(
            tmp_path, SIM_CALENDAR="XNYS", SIM_START=at.isoformat(), SIM_SPEED="0", SIM_TIME_FORMAT="instrument"
        )
        made.append(one)
        one.start()
        one.up()
        return one

    yield started
    failures = [one.metric("failures_total") for one in made[-1:]]
    for one in made:
        one.close()
    assert failures == [0]


def advance(stand_in: StandIn, seconds: float) -> None:
    stand_in.post("/api/v1/time", {"advance": seconds})


class Trader(Ibapi):
    """ibapi at one scene, and what it says over and over."""

    def __init__(self, stand_in: StandIn) -> None:
        super().__init__()
        self.start(stand_in.api_port, 7)
        self.spy = self.contract(symbol="SPY", secType="STK", primaryExchange="ARCA")
        self.future = self.contract(
            symbol="ES", secType="FUT", exchange="CME", lastTradeDateOrContractMonth="20241220"
        )  # fmt: skip

    def place(self, order_id: int, contract: Any = None, **fields: Any) -> None:
        order = self.order(action="BUY", totalQuantity=1, **fields)
        self.ask("placeOrder", order_id, contract or self.spy, order)
        self.wait("orderStatus", order_id)

    def warned(self, order_id: int) -> str:
        """The moment that an order is said to wait for."""
        return self.refusal(order_id)[1].rpartition("until ")[2]

    def filled(self, order_id: int) -> str:
        """When an order was filled."""
        [time] = self.until(
            lambda: [args[2].time for args in self.heard("execDetails") if args[2].orderId == order_id][:1]
        )
        return str(time)

    def bars(self, number: int, contract: Any, size: str, regular: int) -> list[str]:
        """The dates of a day's bars."""
        self.ask("reqHistoricalData", number, contract, "", "1 D", size, "TRADES", regular, 1, False, [])
        self.wait("historicalDataEnd", number)
        return [args[1].date for args in self.heard("historicalData", number)]


def test_ibapi(scene: Callable[[str], StandIn]) -> None:
    stand_in = scene(BEFORE_THE_OPEN)
    one = Trader(stand_in)
    one.ask("reqContractDetails", 90, one.spy)
    one.ask("reqContractDetails", 91, one.future)
    one.wait("contractDetailsEnd", 91)
    [spy], [future] = ([args[1] for args in one.heard("contractDetails", number)] for number in (90, 91))
    assert (spy.timeZoneId, future.timeZoneId) == ("US/Eastern", "US/Central")
    assert spy.tradingHours == HOURS + "20241202:0400-20241202:2000"
    assert spy.liquidHours == LIQUID + "20241202:0930-20241202:1600"
    assert future.tradingHours.startswith("20241126:1700-20241127:1600;20241127:1700-20241128:1200;")
    assert one.bars(92, one.spy, "1 min", 1)[-1] == "20241126 15:59:00 US/Eastern"
    assert one.bars(93, one.spy, "1 min", 0)[-1] == "20241127 09:29:00 US/Eastern"
    assert one.bars(94, one.future, "1 hour", 1)[-1] == "20241126 14:00:00 US/Central"
    assert one.bars(95, one.future, "1 hour", 0)[-1] == "20241127 08:00:00 US/Central"
    one.place(1, orderType="MKT")
    assert (one.refusal(1)[0], one.warned(1)) == (399, "2024-11-27 09:30:00 US/Eastern")
    one.place(2, orderType="MKT", outsideRth=True)
    assert [code for number, code, _ in one.errors() if number == 2] == [2109, 399]
    one.place(3, **CROSSES, outsideRth=True)
    one.place(4, orderType="MOC")
    one.place(5, **RESTS)
    one.place(6, **RESTS, outsideRth=True)
    one.place(7, **RESTS, tif="GTC")
    one.place(8, orderType="MKT", tif="OPG")
    one.place(9, one.future, orderType="MKT")
    advance(stand_in, 5)
    assert one.filled(3) == "20241127 09:29:50 US/Eastern"
    assert one.filled(9) == "20241127 08:29:50 US/Central"
    assert [one.status(number) for number in (1, 2, 4, 5, 7, 8)] == ["PreSubmitted"] * 6
    assert one.status(6) == "Submitted"
    advance(stand_in, 10)
    assert [one.filled(number) for number in (1, 2, 8)] == ["20241127 09:30:00 US/Eastern"] * 3
    one.until(lambda: [one.status(number) for number in (4, 5, 7)] == ["Submitted"] * 3)
    one.stop()

    stand_in = scene(THE_CLOSE)
    one = Trader(stand_in)
    one.place(11, orderType="MOC")
    advance(stand_in, 20)
    assert [one.filled(number) for number in (4, 11)] == ["20241127 16:00:00 US/Eastern"] * 2
    assert one.refusal(5)[0] == 202
    assert one.status(5) == "Cancelled"
    one.place(12, orderType="MKT")
    one.place(13, **RESTS)
    assert [one.warned(number) for number in (12, 13)] == ["2024-11-29 09:30:00 US/Eastern"] * 2
    assert one.bars(92, one.spy, "1 hour", 1)[::6] == ["20241127 09:30:00 US/Eastern", "20241127 15:00:00 US/Eastern"]
    assert one.bars(93, one.spy, "1 hour", 0)[-1] == "20241127 16:00:00 US/Eastern"
    assert one.status(6) == ""  # it works on
    one.stop()

    stand_in = scene(THE_EVENING)
    one = Trader(stand_in)
    advance(stand_in, 20)
    assert one.refusal(6)[0] == 202
    one.place(14, **CROSSES, outsideRth=True)
    assert one.warned(14) == "2024-11-29 04:00:00 US/Eastern"
    one.ask("cancelOrder", 14)
    one.until(lambda: one.status(14) != "PreSubmitted")
    advance(stand_in, 1)
    one.until(lambda: one.status(14) == "Cancelled")
    one.stop()

    stand_in = scene(THE_HALF_DAY)
    one = Trader(stand_in)
    advance(stand_in, 1)
    assert one.filled(12).startswith("20241129 12:59:5")  # the scene has skipped the morning
    one.place(15, orderType="MOC")
    one.place(16, one.future, **RESTS)
    advance(stand_in, 20)
    assert one.filled(15) == "20241129 13:00:00 US/Eastern"
    assert [one.refusal(number)[0] for number in (13, 16)] == [202, 202]
    one.place(17, orderType="MKT")
    assert one.warned(17) == "2024-12-02 09:30:00 US/Eastern"
    one.ask("reqExecutions", 96, IBAPI.ExecutionFilter())
    one.wait("execDetailsEnd", 96)
    assert [args[2].orderId for args in one.heard("execDetails", 96)] == [12, 15], "a new day"
    one.ask("reqCompletedOrders", False)
    one.wait("completedOrdersEnd")
    ended = [(args[2].completedTime, args[2].completedStatus) for args in one.heard("completedOrder")]
    assert ("20241127 08:29:50 US/Central", "Filled Size: 1") in ended
    assert ("20241127 20:00:00 US/Eastern", "Cancelled by System: expired") in ended
    assert ("20241129 12:00:00 US/Central", "Cancelled by System: expired") in ended
    one.stop()

    stand_in = scene(THE_WEEKEND)
    one = Trader(stand_in)
    one.place(18, one.future, orderType="MKT")
    one.place(19, **CROSSES, outsideRth=True)
    assert one.warned(18) == "2024-12-01 17:00:00 US/Central"
    assert one.warned(19) == "2024-12-02 04:00:00 US/Eastern"
    assert one.bars(92, one.spy, "1 min", 1)[::209] == ["20241129 09:30:00 US/Eastern", "20241129 12:59:00 US/Eastern"]
    one.ask("reqHistoricalData", 93, one.future, "", "3 D", "1 day", "SCHEDULE", 1, 1, False, [])
    [schedule] = one.wait("historicalSchedule", 93)
    assert schedule[1:4] == ("20241127-08:30:00", "20241129-12:00:00", "US/Central")
    one.ask("reqMktData", 94, one.spy, "", False, False, [])
    one.ask("reqAllOpenOrders")
    one.wait("openOrderEnd")
    before = one.heard("tickPrice", 94)
    advance(stand_in, 30)
    one.ask("reqAllOpenOrders")
    one.wait("openOrderEnd", count=2)
    assert len(before) > 2
    assert one.heard("tickPrice", 94) == before, "nothing trades"
    assert sorted({args[0] for args in one.heard("openOrder")}) == [7, 17, 18, 19]
    assert one.heard("execDetails") == []
    one.stop()


def test_limits_at_the_auctions(scene: Callable[[str], StandIn]) -> None:
    """An auction fills a limit that its price meets and ends one that it does not."""
    stand_in = scene(BEFORE_THE_OPEN)
    one = Trader(stand_in)
    one.place(1, orderType="LMT", lmtPrice=700.0, tif="OPG")
    one.place(2, orderType="LMT", lmtPrice=100.0, tif="OPG")
    one.place(3, orderType="LOC", lmtPrice=700.0)
    one.place(4, orderType="LOC", lmtPrice=100.0)
    advance(stand_in, 20)
    assert one.filled(1) == "20241127 09:30:00 US/Eastern"
    assert one.refusal(2)[0] == 202
    assert {args[2].orderId for args in one.heard("execDetails")} == {1}
    one.stop()

    stand_in = scene(THE_CLOSE)
    one = Trader(stand_in)
    advance(stand_in, 20)
    assert one.filled(3) == "20241127 16:00:00 US/Eastern"
    assert one.refusal(4)[0] == 202
    one.stop()


# -- ib_async ----------------------------------------------------------------------------------------------------------


async def soon(done: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0.02)


async def connected(stand_in: StandIn) -> IB:
    ib = IB()
    await ib.connectAsync("127.0.0.1", stand_in.api_port, clientId=7, timeout=5)
    return ib


def said(trade: Trade) -> list[int]:
    """The errors in an order's log."""
    return [entry.errorCode for entry in trade.log if entry.errorCode]


def at(moment: str, zone: ZoneInfo = NEW_YORK) -> dt.datetime:
    return dt.datetime.fromisoformat(moment).replace(tzinfo=zone)


async def test_ib_async(scene: Callable[[str], StandIn]) -> None:
    stock = Stock("SPY", "SMART", "USD", primaryExchange="ARCA")
    stand_in = scene(THE_CLOSE)
    ib = await connected(stand_in)
    future = Future("ES", "20241220", "CME")
    [details] = await ib.reqContractDetailsAsync(future)
    assert [str(session.start) for session in details.tradingSessions()[:3]] == [
        "2024-11-26 17:00:00-06:00", "2024-11-27 17:00:00-06:00", "2024-11-28 17:00:00-06:00",
    ]  # fmt: skip
    [details] = await ib.reqContractDetailsAsync(stock)
    assert [session.end for session in details.liquidSessions()] == [
        at("2024-11-27T16:00"), at("2024-11-29T13:00"), at("2024-12-02T16:00"),
    ]  # fmt: skip
    closing = ib.placeOrder(stock, Order(action="BUY", totalQuantity=1, orderType="MOC"))
    resting = ib.placeOrder(stock, LimitOrder("BUY", 1, 400))
    late = ib.placeOrder(stock, LimitOrder("BUY", 1, 400, outsideRth=True))
    lasting = ib.placeOrder(stock, LimitOrder("BUY", 1, 400, tif="GTC"))
    bought = ib.placeOrder(future, MarketOrder("BUY", 1))
    await soon(lambda: lasting.orderStatus.status == "Submitted")
    advance(stand_in, 20)
    await soon(lambda: closing.fills and bought.fills and resting.isDone())
    assert closing.fills[0].execution.time == at("2024-11-27T16:00")
    assert bought.fills[0].execution.time == at("2024-11-27T15:59:50")  # told as 14:59:50 US/Central
    assert resting.orderStatus.status == "Cancelled"
    assert (late.orderStatus.status, lasting.orderStatus.status) == ("Submitted", "Submitted")
    market = ib.placeOrder(stock, MarketOrder("BUY", 1))
    await soon(lambda: said(market))
    assert said(market) == [399]
    assert any("until 2024-11-29 09:30:00 US/Eastern" in entry.message for entry in market.log)
    ib.disconnect()

    stand_in = scene(THE_HALF_DAY)
    advance(stand_in, 1)
    ib = await connected(stand_in)
    assert [trade.order.tif for trade in ib.openTrades()] == ["GTC"]
    assert [fill.execution.orderId for fill in ib.fills()] == [market.order.orderId]
    closing = ib.placeOrder(stock, Order(action="SELL", totalQuantity=1, orderType="MOC"))
    advance(stand_in, 20)
    await soon(lambda: closing.fills and len(ib.fills()) == 2)
    assert closing.fills[0].execution.time == at("2024-11-29T13:00")
    done = await ib.reqCompletedOrdersAsync(apiOnly=False)
    ended = {(trade.order.orderType, trade.orderStatus.status) for trade in done}
    assert {("MOC", "Filled"), ("LMT", "Cancelled"), ("MKT", "Filled")} <= ended
    ib.disconnect()

    stand_in = scene(THE_WEEKEND)
    ib = await connected(stand_in)
    bars = await ib.reqHistoricalDataAsync(stock, "", "1 D", "30 mins", "TRADES", useRTH=True, formatDate=1)
    assert (bars[0].date, bars[-1].date) == (at("2024-11-29T09:30"), at("2024-11-29T12:30"))
    bars = await ib.reqHistoricalDataAsync(stock, "", "1 D", "30 mins", "TRADES", useRTH=False, formatDate=1)
    assert (bars[0].date, bars[-1].date) == (at("2024-11-29T04:00"), at("2024-11-29T16:30"))
    bars = await ib.reqHistoricalDataAsync(future, "", "1 D", "30 mins", "TRADES", useRTH=True, formatDate=1)
    assert (str(bars[0].date), str(bars[-1].date)) == ("2024-11-29 08:30:00-06:00", "2024-11-29 11:30:00-06:00")
    schedule = await ib.reqHistoricalScheduleAsync(stock, 3)
    assert schedule.timeZone == "US/Eastern"
    assert schedule.sessions[-1].endDateTime == "20241129-13:00:00"
    waiting = ib.placeOrder(future, MarketOrder("SELL", 1))
    await soon(lambda: said(waiting))
    assert any("until 2024-12-01 17:00:00 US/Central" in entry.message for entry in waiting.log)
    advance(stand_in, 5)
    assert await ib.reqCurrentTimeAsync() == at("2024-11-30T12:00:05")
    assert waiting.fills == []
    ib.disconnect()


# -- NautilusTrader ----------------------------------------------------------------------------------------------------


def test_nautilus(scene: Callable[[str], StandIn]) -> None:
    """Executions of both zones, hours that it takes expiries from, an order for each end; on the half day."""
    stand_in = scene(BEFORE_IT)
    with subprocess.Popen(nautilus("hours", stand_in), cwd=ROOT, stdout=subprocess.PIPE, text=True) as node:
        try:
            wait_for(lambda: len(stand_in.book()["orders"]) == 6, 30, stand_in.tail)
            for seconds in (5, 10, 3600, 3600, 3600, 1800):
                advance(stand_in, seconds)
            out, _ = node.communicate(timeout=20)
        finally:
            node.kill()
    seen = json.loads(out.strip().splitlines()[-1])
    assert node.returncode == 0
    assert seen["expires"] == {
        # The last closing time on the list, on the expiry's date: here 16:00 in Chicago.
        "ESZ4.CME": "2024-12-20 22:00:00+00:00",
        "SPXW  241129C06000000.CBOE": "2024-11-29 22:00:00+00:00",
        "SPY.ARCA": "",
    }
    assert seen["bars"][0::6] == ["2024-11-27 15:30:00+00:00", "2024-11-27 21:00:00+00:00"]
    assert {name: told[-1] for name, told in seen["events"].items()} == {
        "open": ["OrderFilled", "2024-11-29 14:30:00+00:00"],
        "early": ["OrderFilled", "2024-11-29 14:29:50+00:00"],
        "close": ["OrderFilled", "2024-11-29 18:00:00+00:00"],
        "day": ["OrderCanceled"],
        "future": ["OrderFilled", "2024-11-29 14:29:50+00:00"],
        "future day": ["OrderCanceled"],
    }
    assert seen["positions"] == {"ESZ4.CME": 1.0, "SPY.ARCA": 3.0}
    assert seen["reader_alive"]
