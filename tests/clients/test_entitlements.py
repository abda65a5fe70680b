"""What a login is not subscribed to, and data that is late, frozen or both, as ibapi, @stoqey/ib and ib_async see it.

The market is closed: a weekend of the exchanges' own, and the world stands. A quarter of an hour before it was, too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from ib_async import IB, Contract, Crypto, Future, Stock

from tests.clients.conftest import CLIENT_IDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.clients.drivers import Driver
    from tests.stand_in import StandIn

ENVIRONMENT = {
    "SIM_MARKET_DATA": "live,FUT:delayed,OPT:terminal,CRYPTO:none",
    "SIM_CALENDAR": "XNYS",
    "SIM_START": "2024-11-30T12:00:00-05:00",
    "SIM_SPEED": "0",
}
REALTIME, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
BID, LAST, CLOSE, HALTED = 1, 4, 9, 49
DELAYED_BID, DELAYED_ASK, DELAYED_LAST, DELAYED_HALTED = 66, 67, 68, 90
DELAYED_MODEL = 83


def stock(client: Driver) -> Any:
    return client.contract(symbol="SPY", secType="STK", primaryExchange="ARCA")


def future(client: Driver) -> Any:
    return client.contract(symbol="ES", secType="FUT", exchange="CME", lastTradeDateOrContractMonth="20241220")


def option(client: Driver) -> Any:
    return client.contract(
        symbol="SPY", secType="OPT", lastTradeDateOrContractMonth="20241220", strike=600.0, right="C", multiplier="100"
    )


def coin(client: Driver) -> Any:
    return client.contract(symbol="BTC", secType="CRYPTO", exchange="PAXOS")


def ask(client: Driver, number: int, kind: int, contract: Any) -> None:
    client.ask("reqMarketDataType", kind)
    client.ask("reqMktData", number, contract, "", False, False, [])


def prices(client: Driver, number: int) -> dict[int, float]:
    """The price ticks of a line: all that there are while the world stands, since they come before another answer."""
    client.ask("queryDisplayGroups", 100 + number)
    client.wait("displayGroupList", 100 + number)
    return {row[1]: row[2] for row in client.heard("tickPrice", number)}


def generics(client: Driver, number: int) -> dict[int, float]:
    return {row[1]: row[2] for row in client.heard("tickGeneric", number)}


def test_frozen_quotes_of_a_closed_market(client: Driver) -> None:
    ask(client, 1, REALTIME, stock(client))
    found = prices(client, 1)
    assert client.heard("marketDataType", 1) == [(1, REALTIME)]
    assert found[BID] == -1
    assert found[LAST] > 0
    ask(client, 2, FROZEN, stock(client))
    found = prices(client, 2)
    assert client.heard("marketDataType", 2) == [(2, FROZEN)]
    assert found[BID] > 0
    assert generics(client, 2) == {HALTED: -1}
    assert client.errors() == []


def test_delayed_and_delayed_frozen(client: Driver) -> None:
    for number, kind in ((1, DELAYED), (2, DELAYED_FROZEN)):
        ask(client, number, kind, future(client))
        assert client.refusal(number)[0] == 10167
        found = prices(client, number)
        assert client.heard("marketDataType", number) == [(number, kind)]
        assert {BID, LAST, CLOSE}.isdisjoint(found)
        assert found[DELAYED_LAST] > 0
        assert (found[DELAYED_BID] > 0) == (kind == DELAYED_FROZEN)
    assert generics(client, 2) == {DELAYED_HALTED: -1}
    ask(client, 3, DELAYED_FROZEN, option(client))
    assert client.refusal(3)[0] == 10167
    client.until(lambda: [row for row in client.heard("tickOptionComputation", 3) if row[1] == DELAYED_MODEL])
    assert {row[1] for row in client.heard("tickOptionComputation", 3)} == {80, 81, 82, DELAYED_MODEL}


@pytest.mark.parametrize(
    ("what", "kind", "code", "tail"),
    [
        (future, REALTIME, 354, "Delayed market data is available.ES CME/TOP/ALL"),
        (future, FROZEN, 354, "Delayed market data is available.ES CME/TOP/ALL"),
        (option, REALTIME, 10089, "Delayed market data is available.SPY AMEX/TOP/ALL"),
        (coin, REALTIME, 354, "Requested market data is not subscribed."),
        (coin, DELAYED, 10168, "Delayed market data is not enabled"),
        (coin, DELAYED_FROZEN, 10168, "Delayed market data is not enabled"),
    ],
)
def test_refusals(client: Driver, what: Callable[[Driver], Any], kind: int, code: int, tail: str) -> None:
    ask(client, 1, kind, what(client))
    found, text = client.refusal(1)
    assert found == code
    assert text.endswith(tail)
    assert client.heard("marketDataType") == client.heard("tickPrice") == []


def test_everything_else_is_refused_too(client: Driver) -> None:
    contract = future(client)
    client.ask("reqMktDepth", 1, contract, 5, False, [])
    client.ask("reqRealTimeBars", 2, contract, 5, "TRADES", False, [])
    client.ask("reqTickByTickData", 3, contract, "BidAsk", 0, False)
    client.ask("reqHistoricalData", 4, contract, "", "1 D", "1 hour", "TRADES", 0, 1, False, [])
    client.ask("reqHistoricalTicks", 5, contract, "20241127-15:00:00", "", 10, "TRADES", 0, True, [])
    assert [client.refusal(number)[0] for number in (1, 2, 3, 4, 5)] == [354, 420, 10189, 162, 10187]


def test_nobody_is_told_of_a_kind_that_does_not_exist(client: Driver) -> None:
    client.ask("reqMarketDataType", 5)
    assert client.refusal(-1)[0] == 321


# -- ib_async ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def ib(stand_in: StandIn) -> AsyncIterator[IB]:
    made = IB()
    await made.connectAsync("127.0.0.1", stand_in.api_port, clientId=next(CLIENT_IDS), timeout=5)
    yield made
    made.disconnect()


async def soon(done: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0.02)


async def test_ib_async(ib: IB) -> None:
    heard: list[tuple[str, int]] = []
    ib.errorEvent += lambda number, code, text, contract: heard.append((contract.secType if contract else "", code))
    spy, es, coin = await ib.qualifyContractsAsync(
        Stock("SPY", "SMART", "USD", primaryExchange="ARCA"),
        Future("ES", "20241220", "CME"),
        Crypto("BTC", "PAXOS", "USD"),
    )
    assert isinstance(spy, Contract)
    assert isinstance(es, Contract)
    assert isinstance(coin, Contract)
    ib.reqMarketDataType(FROZEN)
    frozen = ib.reqMktData(spy)
    await soon(frozen.hasBidAsk)
    assert frozen.marketDataType == FROZEN
    ib.reqMarketDataType(DELAYED)
    late = ib.reqMktData(es)  # under its own names, whichever ticks they came by
    await soon(lambda: late.last > 0 and late.close > 0)
    assert late.marketDataType == DELAYED
    assert not late.hasBidAsk()
    assert ("FUT", 10167) in heard
    ib.cancelMktData(es)
    ib.reqMarketDataType(DELAYED_FROZEN)
    ib.reqMktData(es)
    await soon(late.hasBidAsk)  # a contract has one ticker
    assert late.marketDataType == DELAYED_FROZEN
    ib.reqMktData(coin)
    await soon(lambda: ("CRYPTO", 10168) in heard)
    ib.cancelMktData(es)
    ib.reqMarketDataType(REALTIME)
    ib.reqMktData(es)
    await soon(lambda: ("FUT", 354) in heard)
    assert not await ib.reqHistoricalDataAsync(es, "", "1 D", "1 hour", "TRADES", useRTH=False)
    assert ("FUT", 162) in heard
