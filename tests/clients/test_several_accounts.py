"""An advisor's login with two accounts, and a login with several of its own, as the clients see them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ib_async import IB, MarketOrder, Stock

from tests.clients.conftest import CLIENT_IDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.drivers import Driver
    from tests.stand_in import StandIn

MASTER, FIRST, SECOND = ACCOUNTS = ("DFSIM0001", "DUSIM0001", "DUSIM0002")
ENVIRONMENT = {"SIM_ACCOUNTS": ",".join(ACCOUNTS)}
GROUPS, PROFILES, ALIASES = 1, 2, 3
PAIR = (
    '<?xml version="1.0" encoding="UTF-8"?><ListOfGroups><Group><name>pair</name><defaultMethod>Ratio</defaultMethod>'
    '<ListOfAccts varName="list"><Account><acct>DUSIM0001</acct><amount>2</amount></Account>'
    "<Account><acct>DUSIM0002</acct><amount>1</amount></Account></ListOfAccts></Group></ListOfGroups>"
)


def buy(client: Driver, order_id: int, quantity: int, **fields: Any) -> None:
    contract = client.contract(symbol="SPY", secType="STK", primaryExchange="ARCA")
    client.ask(
        "placeOrder", order_id, contract, client.order(action="BUY", totalQuantity=quantity, orderType="MKT", **fields)
    )


def shares(client: Driver, order_id: int) -> dict[str, float]:
    """Who got how much of an order that is filled."""
    client.until(lambda: client.status(order_id) == "Filled")
    found: dict[str, float] = {}
    for _, _, execution in client.heard("execDetails"):
        if execution.orderId == order_id:
            found[execution.acctNumber] = found.get(execution.acctNumber, 0) + float(execution.shares)
    return found


def test_an_advisor_and_a_group(client: Driver) -> None:
    assert client.wait("managedAccounts") == [(",".join(ACCOUNTS),)]
    client.ask("reqFamilyCodes")
    [[codes]] = client.wait("familyCodes")
    assert [code.accountID for code in codes] == list(ACCOUNTS)
    client.ask("replaceFA", 1, GROUPS, PAIR)
    assert client.wait("replaceFAEnd", 1) == [(1, "success")]
    client.ask("requestFA", GROUPS)
    assert "<name>pair</name>" in client.wait("receiveFA", GROUPS)[0][1]
    client.ask("requestFA", ALIASES)
    assert f"<alias>{SECOND}</alias>" in client.wait("receiveFA", ALIASES)[0][1]
    client.ask("replaceFA", 2, PROFILES, "<ListOfAllocationProfiles/>")
    assert client.refusal(2)[0] == {"ibapi": 321, "stoqey": 503}[client.name]  # the one refuses it itself

    buy(client, 11, 9, faGroup="pair")
    assert shares(client, 11) == {FIRST: 6, SECOND: 3}
    client.until(lambda: client.story(11).count("commission") == 2)
    buy(client, 12, 4, faGroup="pair", faMethod="EqualQuantity")
    assert shares(client, 12) == {FIRST: 2, SECOND: 2}
    buy(client, 13, 5, account=SECOND)
    assert shares(client, 13) == {SECOND: 5}
    buy(client, 14, 1)
    assert client.refusal(14)[0] == 436
    buy(client, 15, 1, faGroup="nobody")
    assert client.refusal(15)[0] == 321

    client.ask("reqPositions")
    client.wait("positionEnd")
    held = {row[0]: float(row[2]) for row in client.heard("position")}
    assert held[FIRST] >= 8
    assert held[SECOND] >= 10
    for number, name in enumerate((FIRST, SECOND), 21):
        client.ask("reqPositionsMulti", number, name, "")
        client.wait("positionMultiEnd", number)
        assert [float(row[4]) for row in client.heard("positionMulti", number)] == [held[name]]
    client.ask("reqAccountSummary", 31, "All", "NetLiquidation")
    client.wait("accountSummaryEnd", 31)
    assert {row[1] for row in client.heard("accountSummary", 31)} >= {FIRST, SECOND}
    client.ask("reqAccountUpdates", True, f"{MASTER}A")
    client.wait("accountDownloadEnd", f"{MASTER}A")


async def test_ib_async(stand_in: StandIn) -> None:
    ib = IB()
    await ib.connectAsync("127.0.0.1", stand_in.api_port, clientId=next(CLIENT_IDS), timeout=10)
    assert ib.managedAccounts() == list(ACCOUNTS)
    ib.replaceFA(GROUPS, PAIR)
    assert "<name>pair</name>" in (await ib.requestFAAsync(GROUPS) or "")
    spy = Stock("SPY", "SMART", "USD", primaryExchange="ARCA")
    shared = ib.placeOrder(spy, MarketOrder("BUY", 6, faGroup="pair"))
    alone = ib.placeOrder(spy, MarketOrder("BUY", 1, account=FIRST))
    lost = ib.placeOrder(spy, MarketOrder("BUY", 1, faGroup="nobody"))
    await soon(lambda: shared.isDone() and alone.isDone() and len(shared.fills) == 2)
    await soon(lambda: lost.log[-1].errorCode == 321)
    assert {fill.execution.acctNumber: fill.execution.shares for fill in shared.fills} == {FIRST: 4, SECOND: 2}
    assert [fill.execution.acctNumber for fill in alone.fills] == [FIRST]
    assert lost.fills == []
    await soon(lambda: {row.account for row in ib.positions()} == {FIRST, SECOND})
    assert {row.account for row in await ib.accountSummaryAsync()} >= {FIRST, SECOND}
    ib.disconnect()


async def soon(done: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0.02)


def test_two_accounts_without_an_advisor(start: Callable[..., StandIn], driver: Driver) -> None:
    """The first is meant where none is named."""
    stand_in = start(SIM_ACCOUNTS=f"{FIRST},{SECOND}")
    driver.start(stand_in.api_port, next(CLIENT_IDS))
    assert driver.wait("managedAccounts") == [(f"{FIRST},{SECOND}",)]
    driver.ask("requestFA", GROUPS)
    assert driver.until(lambda: [code for _, code, _ in driver.errors() if code == 321])
    buy(driver, 11, 1, account=SECOND)
    buy(driver, 12, 2)
    assert (shares(driver, 11), shares(driver, 12)) == ({SECOND: 1}, {FIRST: 2})
