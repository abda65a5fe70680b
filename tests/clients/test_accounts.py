"""Accounts, as ibapi and @stoqey/ib see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stand_in import ACCOUNT

if TYPE_CHECKING:
    from tests.clients.drivers import Driver


IN_BOTH_ENCODINGS = True
ENVIRONMENT = {"SIM_TIME_THROTTLE": "client"}


def test_who_we_are(client: Driver) -> None:
    assert client.heard("managedAccounts") == [(ACCOUNT,)]
    client.ask("reqUserInfo", 1)
    client.wait("userInfo")
    client.ask("reqFamilyCodes")
    [[codes]] = client.wait("familyCodes")
    assert [code.accountID for code in codes] == [ACCOUNT]
    client.ask("reqCurrentTime")
    assert client.wait("currentTime")[0][0] > 1.7e9


def test_the_summary_comes_by_tag(client: Driver) -> None:
    client.ask("reqAccountSummary", 1, "All", "NetLiquidation,BuyingPower,Cushion,$LEDGER:ALL")
    client.wait("accountSummaryEnd", 1)
    rows = client.heard("accountSummary", 1)
    assert {row[1] for row in rows} == {ACCOUNT, "All"} or {row[1] for row in rows} == {ACCOUNT}
    tags = [row[2] for row in rows]
    assert {"NetLiquidation", "BuyingPower", "Cushion", "CashBalance"} <= set(tags)
    client.ask("cancelAccountSummary", 1)


def test_updates_tell_values_positions_and_the_end(client: Driver) -> None:
    spy = client.contract(symbol="SPY", secType="STK")
    client.ask("placeOrder", 1, spy, client.order(action="BUY", totalQuantity=2, orderType="MKT", account=ACCOUNT))
    client.until(lambda: client.status(1) == "Filled")
    client.ask("reqAccountUpdates", True, ACCOUNT)
    client.wait("accountDownloadEnd")
    keys = [row[0] for row in client.heard("updateAccountValue")]
    assert {"NetLiquidation", "CashBalance", "AvailableFunds"} <= set(keys)
    assert [row[0].symbol for row in client.heard("updatePortfolio")] == ["SPY"]
    client.ask("reqPositions")
    client.wait("positionEnd")
    held = [(row[0], row[1].symbol, float(row[2])) for row in client.heard("position")]
    assert [row[:2] for row in held] == [(ACCOUNT, "SPY")]
    assert held[0][2] >= 2
    client.ask("reqPositionsMulti", 2, ACCOUNT, "")
    client.wait("positionMultiEnd", 2)
    client.ask("reqAccountUpdatesMulti", 3, ACCOUNT, "", True)
    client.wait("accountUpdateMultiEnd", 3)
    client.ask("reqPnL", 4, ACCOUNT, "")
    client.wait("pnl", 4)
    client.ask("reqPnLSingle", 5, ACCOUNT, "", 756733)
    assert float(client.wait("pnlSingle", 5)[0][1]) >= 2
    for cancel in ("cancelPositionsMulti", "cancelAccountUpdatesMulti", "cancelPnL", "cancelPnLSingle"):
        client.ask(cancel, {"cancelPositionsMulti": 2, "cancelAccountUpdatesMulti": 3, "cancelPnL": 4}.get(cancel, 5))
    client.ask("cancelPositions")
    assert client.errors() == []
