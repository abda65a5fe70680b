"""Market data of every kind, as ibapi and @stoqey/ib see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.clients.drivers import Driver

BID, ASK, LAST, BID_SIZE, ASK_SIZE, HIGH, LOW, VOLUME, CLOSE, OPEN = 1, 2, 4, 0, 3, 6, 7, 8, 9, 14


IN_BOTH_ENCODINGS = True


def spy(client: Driver) -> Any:
    return client.contract(symbol="SPY", secType="STK", exchange="SMART", primaryExchange="ARCA")


def kinds(client: Driver, event: str, req_id: int) -> set[int]:
    return {args[1] for args in client.heard(event, req_id)}


def near_call(client: Driver) -> Any:
    """A call of the next expiry, near the money."""
    client.ask("reqMktData", 900, spy(client), "", True, False, [])
    client.wait("tickSnapshotEnd", 900)
    [last] = [args[2] for args in client.heard("tickPrice", 900) if args[1] == LAST]
    client.ask("reqSecDefOptParams", 901, "SPY", "", "STK", 756733)
    client.wait("securityDefinitionOptionParameterEnd", 901)
    [smart] = [args for args in client.heard("securityDefinitionOptionParameter", 901) if args[1] == "SMART"]
    expiry = sorted(smart[5])[1]
    strike = min(smart[6], key=lambda one: abs(one - last))
    return client.contract(
        symbol="SPY", secType="OPT", right="C", strike=float(strike), lastTradeDateOrContractMonth=expiry
    )


def test_a_stream_of_everything_about_a_stock(client: Driver) -> None:
    generic = "100,101,104,105,106,165,225,232,233,236,258,292,293,294,295,318,411,456,595"
    client.ask("reqMktData", 1, spy(client), generic, False, False, [])
    client.until(lambda: kinds(client, "tickPrice", 1) >= {BID, ASK, LAST, HIGH, LOW, CLOSE, OPEN})
    client.until(lambda: kinds(client, "tickSize", 1) >= {BID_SIZE, ASK_SIZE, VOLUME})
    client.until(lambda: 45 in kinds(client, "tickString", 1))
    client.until(lambda: 48 in kinds(client, "tickString", 1))  # RTVolume
    assert client.heard("marketDataType", 1)[0] == (1, 1)
    assert client.heard("tickReqParams", 1)
    client.ask("cancelMktData", 1)
    assert client.errors() == []


def test_an_options_computations(client: Driver) -> None:
    call = near_call(client)
    client.ask("reqMktData", 1, call, "", False, False, [])
    client.until(lambda: kinds(client, "tickOptionComputation", 1) >= {10, 11, 13})
    model = next(args for args in client.heard("tickOptionComputation", 1) if args[1] == 13)
    volatility, delta, price, under = model[3], model[4], model[5], model[10]
    assert 0 < delta < 1
    client.ask("calculateImpliedVolatility", 2, call, price, under, [])
    [(_, kind, _, found, *_), *_] = client.wait("tickOptionComputation", 2)
    assert kind == 53
    assert found == pytest.approx(volatility, abs=0.02)
    client.ask("calculateOptionPrice", 3, call, volatility, under, [])
    assert client.wait("tickOptionComputation", 3)[0][5] == pytest.approx(price, abs=0.1)


def test_a_snapshot_ends(client: Driver) -> None:
    client.ask("reqMktData", 1, spy(client), "", True, False, [])
    client.wait("tickSnapshotEnd", 1)
    assert kinds(client, "tickPrice", 1) >= {BID, ASK, LAST}


def test_delayed_data_is_asked_for_in_vain_where_there_is_live(client: Driver) -> None:
    client.ask("reqMarketDataType", 3)
    client.ask("reqMktData", 1, spy(client), "", False, False, [])
    client.until(lambda: kinds(client, "tickPrice", 1) >= {BID, ASK})
    assert client.heard("marketDataType", 1)[0] == (1, 1)


def test_tick_by_tick_of_every_kind(client: Driver) -> None:
    for number, kind in enumerate(("Last", "AllLast", "BidAsk", "MidPoint"), 1):
        client.ask("reqTickByTickData", number, spy(client), kind, 0, False)
    client.wait("tickByTickAllLast", 1)
    client.wait("tickByTickAllLast", 2)
    quote = client.wait("tickByTickBidAsk", 3)[0]
    assert quote[3] > quote[2]
    client.wait("tickByTickMidPoint", 4)
    for number in range(1, 5):
        client.ask("cancelTickByTickData", number)
    assert client.errors() == []


def test_a_book_with_its_makers(client: Driver) -> None:
    client.ask("reqMktDepthExchanges")
    [[offered]] = client.wait("mktDepthExchanges")
    assert offered
    client.ask("reqMktDepth", 1, spy(client), 5, True, [])
    rows = client.wait("updateMktDepthL2", 1, count=6)
    sides = {row[4] for row in rows}
    assert sides == {0, 1}
    client.ask("cancelMktDepth", 1, True)


def test_five_second_bars(client: Driver) -> None:
    client.ask("reqRealTimeBars", 1, spy(client), 5, "TRADES", False, [])
    bar = client.wait("realtimeBar", 1)[0]
    _, at, opened, high, low, close, *_ = bar
    assert at % 5 == 0
    assert low <= min(opened, close) <= max(opened, close) <= high
    client.ask("cancelRealTimeBars", 1)


def test_what_does_not_exist_is_refused(client: Driver) -> None:
    client.ask("reqMktData", 1, client.contract(symbol="NOSUCH", secType="STK"), "", False, False, [])
    assert client.refusal(1)[0] == 200
