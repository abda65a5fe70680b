"""ibapi (nautilus-ibapi 10.45.1), unmodified, in its own threads: a whole session at several server versions."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.wrapper import EWrapper

from tests.clients.bracket import bracket_agrees
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Client(EClient, EWrapper):  # type: ignore[misc]  # ibapi carries no types
    """Notes every callback by its name."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.heard: dict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def __getattribute__(self, name: str) -> Any:
        if name in EWrapper.__dict__ and name not in ("logAnswer",):
            return lambda *args: self.heard[name].append(args)
        return object.__getattribute__(self, name)

    def wait(self, name: str, count: int = 1) -> list[tuple[Any, ...]]:
        """The calls of a callback, once there are so many."""
        wait_for(lambda: len(self.heard[name]) >= count, 30)
        return self.heard[name]

    def ended(self) -> dict[int, str]:
        """The last word on every order that is over."""
        return {a[0]: a[1] for a in self.heard["orderStatus"] if a[1] in ("Filled", "Cancelled")}

    def errors(self) -> list[tuple[int, int]]:
        """Request id and code of everything said in message 4 but the farm notices."""
        return [(args[0], args[2]) for args in self.heard["error"] if not 2100 <= args[2] < 2200]


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.disconnect()


def contract(**fields: Any) -> Any:
    made = Contract()
    for name, value in ({"exchange": "SMART", "currency": "USD"} | fields).items():
        setattr(made, name, value)
    return made


def order(**fields: Any) -> Any:
    made = Order()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize("version", [157, 170, 178, 189, 193, 200, 201, 203, 206, 210, 214, 220, 223])
def test_a_whole_session(start: Callable[..., StandIn], client: Client, version: int) -> None:
    stand_in = start(SIM_SERVER_VERSION=str(version))
    client.connect("127.0.0.1", stand_in.api_port, 3)
    thread = threading.Thread(target=client.run, daemon=True)
    thread.start()
    assert client.serverVersion() == version
    client.wait("nextValidId")
    assert client.wait("managedAccounts") == [("DUSIM0001",)]

    client.reqCurrentTime()
    client.wait("currentTime")
    if version >= 197:
        client.reqCurrentTimeInMillis()
        client.wait("currentTimeInMillis")
    spy = contract(symbol="SPY", secType="STK")
    client.reqContractDetails(1, spy)
    client.wait("contractDetailsEnd")
    [(_, details)] = client.heard["contractDetails"]
    assert details.secIdList[0].tag == "ISIN"
    client.reqSecDefOptParams(2, "SPY", "", "STK", details.contract.conId)
    client.wait("securityDefinitionOptionParameterEnd")
    today = min(client.heard["securityDefinitionOptionParameter"][0][5])
    client.reqMktData(3, spy, "", False, False, [])
    wait_for(lambda: {args[1] for args in client.heard["tickPrice"]} >= {1, 2, 4, 6, 7, 9, 14}, 30)
    spot = next(args[2] for args in client.heard["tickPrice"] if args[1] == 2)
    client.reqHistoricalData(4, spy, "", "600 S", "1 min", "TRADES", 0, 1, False, [])
    [(_, first, last)] = client.wait("historicalDataEnd")
    assert ("-" in first) == (version >= 174)
    assert len(first) == len(last)
    assert 10 <= len(client.heard["historicalData"]) <= 11

    call = contract(symbol="SPY", secType="OPT", right="C", strike=float(round(spot)))
    call.lastTradeDateOrContractMonth = today
    client.reqMktData(5, call, "", True, False, [])
    client.wait("tickSnapshotEnd")
    ask = next(args[2] for args in client.heard["tickPrice"] if args[:2] == (5, 2))
    bid = next(args[2] for args in client.heard["tickPrice"] if args[:2] == (5, 1))
    exits = {"action": "SELL", "totalQuantity": 1, "parentId": 1, "ocaGroup": "exits", "ocaType": 1}
    client.placeOrder(
        1,
        call,
        order(action="BUY", totalQuantity=1, orderType="LMT", lmtPrice=round(ask + 0.3, 2), transmit=False),
    )
    client.placeOrder(2, call, order(orderType="LMT", lmtPrice=round(bid + 0.05, 2), transmit=False, **exits))
    client.placeOrder(3, call, order(orderType="STP", auxPrice=round(max(bid - 0.05, 0.01), 2), **exits))
    wait_for(lambda: len(client.ended()) == 3, 60)
    final = client.ended()
    assert final[1] == "Filled"
    assert sorted(final[number] for number in (2, 3)) == ["Cancelled", "Filled"]
    client.wait("commissionAndFeesReport", 2)
    bracket_agrees(stand_in.book(), 3)

    client.reqExecutions(6, ExecutionFilter())
    client.wait("execDetailsEnd")
    assert len({args[2].execId for args in client.heard["execDetails"]}) == 2
    client.reqPositions()
    client.wait("positionEnd")
    assert [args[2] for args in client.heard["position"]] == [0]
    client.reqAllOpenOrders()
    client.wait("openOrderEnd")
    client.reqCompletedOrders(False)
    client.wait("completedOrdersEnd")
    assert len(client.heard["completedOrder"]) == 3
    client.reqAccountSummary(7, "All", "NetLiquidation,$LEDGER:ALL")
    client.wait("accountSummaryEnd")
    assert {args[2] for args in client.heard["accountSummary"]} >= {"NetLiquidation", "CashBalance"}

    client.placeOrder(10, spy, order(action="BUY", totalQuantity=1, orderType="LMT", lmtPrice=1.0, tif="GTC"))
    wait_for(lambda: any(args[:2] == (10, "Submitted") for args in client.heard["orderStatus"]), 30)
    client.cancelOrder(10, OrderCancel())
    wait_for(lambda: any(args[:2] == (10, "Cancelled") for args in client.heard["orderStatus"]), 30)
    client.reqMktDepth(8, spy, 5, False, [])
    wait_for(lambda: (8, 10092) in client.errors(), 30)
    cancelled = next(number for number in (2, 3) if final[number] == "Cancelled")
    assert client.errors() == [(cancelled, 202), (10, 202), (8, 10092)]
    assert stand_in.metric("failures_total") == 0
    client.disconnect()
    thread.join(5)
    assert not thread.is_alive()
