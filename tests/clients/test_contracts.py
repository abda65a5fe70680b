"""Contracts of every class, chains and what belongs to them, as ibapi and @stoqey/ib see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.clients.drivers import Driver

IN_BOTH_ENCODINGS = True
CLASSES = {
    "stock": {"symbol": "AAPL", "secType": "STK", "primaryExchange": "NASDAQ"},
    "fund on an exchange": {"symbol": "SPY", "secType": "STK"},
    "index": {"symbol": "SPX", "secType": "IND", "exchange": "CBOE"},
    "future": {"symbol": "ES", "secType": "FUT", "exchange": "CME"},
    "continuous future": {"symbol": "ES", "secType": "CONTFUT", "exchange": "CME"},
    "currency": {"symbol": "EUR", "secType": "CASH", "exchange": "IDEALPRO"},
    "crypto": {"symbol": "BTC", "secType": "CRYPTO", "exchange": "PAXOS"},
    "contract for difference": {"symbol": "IBUS500", "secType": "CFD"},
    "metal": {"symbol": "XAUUSD", "secType": "CMDTY"},
    "mutual fund": {"symbol": "VFIAX", "secType": "FUND", "exchange": "FUNDSERV"},
}


def details(client: Driver, number: int, **fields: Any) -> list[Any]:
    client.ask("reqContractDetails", number, client.contract(**fields))
    client.wait("contractDetailsEnd", number)
    return [args[1] for args in client.heard("contractDetails", number)]


def test_one_of_each_class(client: Driver) -> None:
    for number, (name, fields) in enumerate(CLASSES.items(), 1):
        found = details(client, number, **fields)
        assert found, name
        for one in found:
            assert one.contract.conId > 0
            assert one.contract.secType == fields["secType"]
            assert one.minTick > 0
            assert one.validExchanges
            assert one.timeZoneId
            assert one.tradingHours
        assert len({one.contract.conId for one in found}) == len(found)


@pytest.mark.parametrize(
    "wanted", [{"secIdType": "CUSIP", "secId": "91282CJZ5"}, {"secIdType": "ISIN", "secId": "US594918BE30"}]
)
def test_bonds(client: Driver, wanted: dict[str, str]) -> None:
    client.ask("reqContractDetails", 1, client.contract(secType="BOND", **wanted))
    client.wait("contractDetailsEnd", 1)
    [(_, bond)] = client.heard("bondContractDetails", 1)
    assert float(bond.coupon) == 4
    assert bond.maturity


def test_the_same_by_every_name(client: Driver) -> None:
    [spy] = details(client, 1, symbol="SPY", secType="STK")
    for number, names in enumerate(
        (
            {"conId": spy.contract.conId},
            {"localSymbol": "SPY", "secType": "STK"},
            {"secIdType": "ISIN", "secId": "US78462F1030", "secType": "STK"},
        ),
        2,
    ):
        [found] = details(client, number, **names)
        assert found.contract.conId == spy.contract.conId
    assert {(one.tag, one.value) for one in spy.secIdList} >= {("ISIN", "US78462F1030")}


def test_a_name_of_several_and_of_none(client: Driver) -> None:
    client.ask("reqContractDetails", 1, client.contract(symbol="AAPL", secType="STK", exchange="", currency=""))
    client.wait("contractDetailsEnd", 1)
    assert len(client.heard("contractDetails", 1)) > 1
    client.ask("reqContractDetails", 2, client.contract(symbol="NOSUCH", secType="STK"))
    assert client.refusal(2)[0] == 200
    assert client.heard("contractDetailsEnd", 2) == []


def test_chains_of_stock_index_and_future(client: Driver) -> None:
    [spx] = details(client, 1, symbol="SPX", secType="IND", exchange="CBOE")
    future, *_ = details(client, 2, symbol="ES", secType="FUT", exchange="CME")
    for number, (symbol, kind, con_id, venue) in enumerate(
        (
            ("SPY", "STK", 756733, ""),
            ("SPX", "IND", spx.contract.conId, ""),
            ("ES", "FUT", future.contract.conId, "CME"),
        ),
        3,
    ):
        client.ask("reqSecDefOptParams", number, symbol, venue, kind, con_id)
        client.wait("securityDefinitionOptionParameterEnd", number)
        rows = client.heard("securityDefinitionOptionParameter", number)
        assert rows, symbol
        assert all(row[2] == con_id and row[5] and row[6] for row in rows)


def test_a_whole_expiry_in_one_answer(client: Driver) -> None:
    client.ask("reqSecDefOptParams", 1, "SPY", "", "STK", 756733)
    client.wait("securityDefinitionOptionParameterEnd", 1)
    [smart] = [row for row in client.heard("securityDefinitionOptionParameter", 1) if row[1] == "SMART"]
    expiry = min(smart[5])
    found = details(client, 2, symbol="SPY", secType="OPT", lastTradeDateOrContractMonth=expiry)
    assert len(found) >= 200
    assert {one.contract.strike for one in found} <= set(smart[6])
    assert {one.contract.right for one in found} == {"C", "P"}
    assert {one.underConId for one in found} == {756733}


def test_future_options_have_their_future(client: Driver) -> None:
    future, *_ = details(client, 1, symbol="ES", secType="FUT", exchange="CME")
    client.ask("reqSecDefOptParams", 2, "ES", "CME", "FUT", future.contract.conId)
    client.wait("securityDefinitionOptionParameterEnd", 2)
    row = client.heard("securityDefinitionOptionParameter", 2)[0]
    strike = sorted(row[6])[len(row[6]) // 2]
    found = details(
        client,
        3,
        symbol="ES",
        secType="FOP",
        exchange="CME",
        tradingClass=row[3],
        lastTradeDateOrContractMonth=min(row[5]),
        strike=float(strike),
        right="P",
    )
    assert [one.contract.secType for one in found] == ["FOP"]


def test_what_belongs_to_contracts(client: Driver) -> None:
    client.ask("reqMatchingSymbols", 1, "SP")
    [(_, samples)] = client.wait("symbolSamples", 1)
    assert "SPY" in {one.contract.symbol for one in samples}
    client.ask("reqMarketRule", 26)
    [(_, increments)] = client.wait("marketRule", 26)
    assert [one.increment for one in increments] == [0.01]
    client.ask("reqMktDepthExchanges")
    [(venues,)] = client.wait("mktDepthExchanges")
    assert venues
    client.ask("reqMktData", 2, client.contract(symbol="SPY", secType="STK"), "", False, False, [])
    [(_, _, board, _), *_] = client.wait("tickReqParams", 2)
    client.ask("reqSmartComponents", 3, board)
    [(_, components)] = client.wait("smartComponents", 3)
    assert len(components) > 5
