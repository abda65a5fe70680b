"""Whole sessions at the exchanges' own hours, in a world that begins when the scene does and moves when it is told to.

The week of Thanksgiving 2024: Wednesday is a full day, Thursday a holiday, Friday a half day. What one scene leaves
working, the next one finds.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tests.clients.drivers import Ibapi
from tests.stand_in import StandIn
from tests.unit.simulator.asks import IBAPI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NEW_YORK = ZoneInfo("America/New_York")
BEFORE_THE_OPEN, THE_CLOSE, THE_EVENING = "2024-11-27T09:29:50", "2024-11-27T15:59:50", "2024-11-27T19:59:50"
THE_HALF_DAY, THE_WEEKEND = "2024-11-29T12:59:50", "2024-11-30T12:00:00"
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


def until(moment: str, name: str = "SPY ARCA.SPY") -> str:
    return f"{name}\nWarning: your order will not be placed at the exchange until {moment}"


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
    assert one.refusal(1) == (399, "Order Message:\nBUY 1 " + until("2024-11-27 09:30:00 US/Eastern"))
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
    one.until(lambda: one.status(14) == "Cancelled" or advance(stand_in, 1))
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
    one.wait("tickPrice", 94, count=3)
    before = one.heard("tickPrice", 94)
    advance(stand_in, 30)
    one.ask("reqAllOpenOrders")
    one.wait("openOrderEnd")
    assert one.heard("tickPrice", 94) == before, "nothing trades"
    assert sorted({args[0] for args in one.heard("openOrder")}) == [7, 17, 18, 19]
    assert one.heard("execDetails") == []
    one.stop()
