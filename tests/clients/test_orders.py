"""Orders of every type and what is heard of them, in order, as ibapi and @stoqey/ib hear it."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.drivers import Ibapi
from tests.stand_in import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.drivers import Driver
    from tests.stand_in import StandIn

IN_BOTH_ENCODINGS = True
PENDING = ["open PreSubmitted", "status PreSubmitted"]
WORKING = ["open Submitted", "status Submitted"]
FILLED = ["execution", "open Filled", "status Filled", "open Filled", "status Filled", "commission"]
AT_ONCE = [*PENDING, *FILLED]
IN_TIME = [*PENDING, *WORKING, *FILLED]
RESTS = [*PENDING, *WORKING]
PASSIVE = {"PEG MID", "MIDPRICE", "SNAP MID", "SNAP PRIM", "REL"}
"""Types that wait for the market to come to them: how long is the market's affair."""
NEVER = "20301231-22:00:00"
RISES = {"kind": "Price", "conId": 756733, "exchange": "SMART", "isMore": True, "price": 1.0, "triggerMethod": 0}


def stories(bid: float, ask: float) -> dict[str, tuple[dict[str, Any], list[str]]]:
    """Orders to buy one share by what is special about them, and what must be heard."""

    def limit(price: float, **more: Any) -> dict[str, Any]:
        return {"orderType": "LMT", "lmtPrice": round(price, 2), **more}

    # Stops and touches stand where the market already is, so that none of them waits for luck.
    near, below, far = round(ask + 2, 2), round(bid - 2, 2), round(ask + 5, 2)
    return {
        "MKT": ({"orderType": "MKT"}, AT_ONCE),
        "LMT that crosses": (limit(far), IN_TIME),
        "LMT that rests": (limit(bid - 50), RESTS),
        "STP": ({"orderType": "STP", "auxPrice": below}, IN_TIME),
        "STP LMT": ({"orderType": "STP LMT", "auxPrice": below, "lmtPrice": far}, IN_TIME),
        "MIT": ({"orderType": "MIT", "auxPrice": near}, IN_TIME),
        "LIT": ({"orderType": "LIT", "auxPrice": near, "lmtPrice": far}, IN_TIME),
        "TRAIL": ({"orderType": "TRAIL", "auxPrice": 0.02}, IN_TIME),
        "TRAIL LIMIT": (
            {"orderType": "TRAIL LIMIT", "auxPrice": 0.02, "trailStopPrice": below, "lmtPriceOffset": 5},
            IN_TIME,
        ),
        "MOC": ({"orderType": "MOC"}, RESTS),
        "LOC": ({"orderType": "LOC", "lmtPrice": far}, RESTS),
        "MTL": ({"orderType": "MTL"}, AT_ONCE),
        "REL": ({"orderType": "REL", "auxPrice": 0.01, "lmtPrice": far}, RESTS),
        "PEG MID": ({"orderType": "PEG MID"}, RESTS),
        "MIDPRICE": ({"orderType": "MIDPRICE", "lmtPrice": far}, RESTS),
        "SNAP MKT": ({"orderType": "SNAP MKT"}, AT_ONCE),
        "SNAP MID": ({"orderType": "SNAP MID"}, RESTS),
        "SNAP PRIM": ({"orderType": "SNAP PRIM"}, RESTS),
        "IOC that finds nobody": (
            limit(bid - 50, tif="IOC"),
            [*RESTS, "open PendingCancel", "status Cancelled", "error 202"],
        ),
        "IOC that finds somebody": (limit(far, tif="IOC"), IN_TIME),
        "FOK that finds nobody": (limit(bid - 50, tif="FOK"), [*RESTS, "open Inactive", "status Inactive"]),
        "GTD": (limit(bid - 50, tif="GTD", goodTillDate=NEVER), RESTS),
        "GTC": (limit(bid - 50, tif="GTC"), RESTS),
        "OPG": ({"orderType": "MKT", "tif": "OPG"}, RESTS),
        "good after": ({"orderType": "MKT", "goodAfterTime": NEVER}, PENDING),
        "all or none": (limit(far, allOrNone=True), IN_TIME),
        "hidden": (limit(far, hidden=True), IN_TIME),
        "adaptive": (limit(far, algoStrategy="Adaptive", algoParams=[("adaptivePriority", "Normal")]), IN_TIME),
        "outside regular hours": ({"orderType": "MKT", "outsideRth": True}, ["error 2109", *AT_ONCE]),
        "under a condition that holds": ({"orderType": "MKT", "conditions": [RISES]}, AT_ONCE),
        "under one that does not": (
            {"orderType": "MKT", "conditions": [RISES | {"isMore": False}]},
            PENDING,
        ),
        "preview": ({"orderType": "MKT", "whatIf": True}, ["open PreSubmitted"]),
        "of no such type": ({"orderType": "bF"}, ["error 321"]),
        "off the price grid": ({"orderType": "LMT", "lmtPrice": 500.001}, ["error 110"]),
        "beyond all means": (
            {"orderType": "MKT", "totalQuantity": 20000},
            ["error 201", "open Inactive", "status Inactive"],
        ),
    }


def spy(client: Driver) -> Any:
    return client.contract(symbol="SPY", secType="STK", exchange="SMART", primaryExchange="ARCA")


def quote(client: Driver, contract: Any, number: int = 9000) -> tuple[float, float]:
    """Bid and ask now."""
    client.ask("reqMktData", number, contract, "", True, False, [])
    client.wait("tickSnapshotEnd", number)
    prices = {args[1]: args[2] for args in client.heard("tickPrice", number)}
    return prices[1], prices[2]


def place(client: Driver, order_id: int, contract: Any, **fields: Any) -> None:
    plain = {"action": "BUY", "totalQuantity": 1, "account": ACCOUNT}
    client.ask("placeOrder", order_id, contract, client.order(**(plain | fields)))


@pytest.mark.parametrize("part", range(4))
def test_every_type_is_told_in_its_order(client: Driver, part: int) -> None:
    """In parts, since no more than 20 orders may work on one side of a contract."""
    expected = dict(list(stories(*quote(client, spy(client))).items())[part::4])
    for order_id, (fields, _) in enumerate(expected.values(), 1):
        place(client, order_id, spy(client), **fields)
    heard: dict[str, list[str]] = {}

    def complete() -> bool:
        heard.update({name: client.story(order_id) for order_id, name in enumerate(expected, 1)})
        return all(len(heard[name]) >= len(story) for name, (_, story) in expected.items())

    with suppress(AssertionError):  # the comparison below says more
        client.until(complete)
    for name in PASSIVE & set(expected):
        if any(heard[name] == story[: len(heard[name])] for story in (AT_ONCE, IN_TIME)):
            heard[name] = RESTS
    assert heard == {name: story for name, (_, story) in expected.items()}
    working = [order_id for order_id, (_, story) in enumerate(expected.values(), 1) if story in (RESTS, PENDING)]
    for order_id in working:
        client.ask("cancelOrder", order_id)
    client.until(lambda: {client.status(order_id) for order_id in working} <= {"Cancelled", "Filled"})


def test_an_order_rests_is_changed_and_cancelled(client: Driver) -> None:
    bid, _ = quote(client, spy(client))
    place(client, 1, spy(client), orderType="LMT", lmtPrice=round(bid - 50, 2), tif="GTC", orderRef="rest")
    client.until(lambda: client.status(1) == "Submitted")
    changed = round(bid - 40, 2)
    place(client, 1, spy(client), orderType="LMT", lmtPrice=changed, tif="GTC", orderRef="rest")
    client.until(lambda: client.heard("openOrder", 1)[-1][2].lmtPrice == changed)
    client.ask("cancelOrder", 1)
    assert client.refusal(1)[0] == 202
    assert client.status(1) == "Cancelled"
    client.ask("cancelOrder", 1)
    assert client.until(lambda: [one for one in client.errors() if one[1] in (161, 10148)])
    client.ask("cancelOrder", 4711)
    assert client.refusal(4711)[0] == 10147
    place(client, 1, spy(client), orderType="LMT", lmtPrice=changed)
    client.until(lambda: [one for one in client.errors() if one[:2] in ((1, 103), (1, 104), (1, 105))])


def test_a_bracket(client: Driver) -> None:
    bid, ask = quote(client, spy(client))
    place(client, 1, spy(client), orderType="LMT", lmtPrice=round(ask + 1, 2), transmit=False)
    exits = {"action": "SELL", "parentId": 1}
    place(client, 2, spy(client), orderType="LMT", lmtPrice=round(bid - 2, 2), transmit=False, **exits)
    place(client, 3, spy(client), orderType="STP", auxPrice=round(bid - 5, 2), **exits)
    client.until(lambda: {client.status(n) for n in (1, 2, 3)} == {"Filled", "Cancelled"})
    assert client.status(1) == "Filled"
    assert sorted(client.status(n) for n in (2, 3)) == ["Cancelled", "Filled"]
    told = [args for args in client.heard("orderStatus") if args[0] in (2, 3)]
    assert {args[6] for args in told} == {1}  # its parent
    assert told[0][9].startswith("child")  # why it is held
    client.wait("commissionAndFeesReport", count=2)


def test_one_cancels_all(client: Driver) -> None:
    bid, ask = quote(client, spy(client))
    group = {"ocaGroup": f"either-{id(client)}", "ocaType": 1}
    place(client, 1, spy(client), orderType="LMT", lmtPrice=round(bid - 50, 2), **group)
    place(client, 2, spy(client), orderType="LMT", lmtPrice=round(bid - 60, 2), **group)
    client.until(lambda: client.status(2) == "Submitted")
    place(client, 3, spy(client), orderType="LMT", lmtPrice=round(ask + 1, 2), **group)
    client.until(lambda: [client.status(n) for n in (1, 2, 3)] == ["Cancelled", "Cancelled", "Filled"])


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"kind": "Time", "isMore": True, "time": "20200101-00:00:00"}, True),
        ({"kind": "Time", "isMore": True, "time": NEVER}, False),
        ({"kind": "Margin", "isMore": True, "percent": 1}, True),
        ({"kind": "Volume", "conId": 756733, "exchange": "SMART", "isMore": True, "volume": 1}, True),
        ({"kind": "PercentChange", "conId": 756733, "exchange": "SMART", "isMore": True, "changePercent": 1e6}, False),
    ],
)
def test_conditions(client: Driver, condition: dict[str, Any], holds: bool) -> None:
    place(client, 1, spy(client), orderType="MKT", conditions=[condition])
    if holds:
        client.until(lambda: client.status(1) == "Filled")
    else:
        place(client, 2, spy(client), orderType="MKT")
        client.until(lambda: client.status(2) == "Filled")
        assert client.story(1) == PENDING
        client.ask("cancelOrder", 1)
        client.until(lambda: client.status(1) == "Cancelled")
    [said] = client.heard("openOrder", 1)[-1][2].conditions
    assert said.isMore is True or said.isMore == 1


def test_a_condition_on_an_execution(client: Driver) -> None:
    waits = {"kind": "Execution", "secType": "STK", "exchange": "SMART", "symbol": "QQQ"}
    place(client, 1, spy(client), orderType="MKT", conditions=[waits])
    client.until(lambda: client.status(1) == "PreSubmitted")
    place(client, 2, client.contract(symbol="QQQ", secType="STK"), orderType="MKT")
    client.until(lambda: client.status(1) == "Filled")


def test_a_preview_tells_margins(client: Driver) -> None:
    place(client, 1, spy(client), orderType="MKT", whatIf=True, totalQuantity=10)
    [(_, _, _, state)] = client.wait("openOrder", 1)
    assert float(state.initMarginAfter) > 0
    assert state.status == "PreSubmitted"
    assert client.heard("orderStatus", 1) == []


def test_a_spread_is_filled_by_its_legs(client: Driver) -> None:
    client.ask("reqSecDefOptParams", 900, "SPY", "", "STK", 756733)
    client.wait("securityDefinitionOptionParameterEnd", 900)
    [smart] = [args for args in client.heard("securityDefinitionOptionParameter", 900) if args[1] == "SMART"]
    expiry = sorted(smart[5])[2]
    bid, _ = quote(client, spy(client))
    strikes = sorted(smart[6], key=lambda one: abs(one - bid))[:2]
    numbers = []
    for number, strike in enumerate(strikes, 901):
        call = client.contract(
            symbol="SPY", secType="OPT", right="C", strike=float(strike), lastTradeDateOrContractMonth=expiry
        )
        client.ask("reqContractDetails", number, call)
        client.wait("contractDetailsEnd", number)
        numbers.append(client.heard("contractDetails", number)[0][1].contract.conId)
    legs = [
        {"conId": con_id, "ratio": 1, "action": action, "exchange": "SMART"}
        for con_id, action in zip(numbers, ("BUY", "SELL"), strict=True)
    ]
    spread = client.contract(symbol="SPY", secType="BAG", comboLegs=legs)
    place(client, 1, spread, orderType="MKT", smartComboRoutingParams=[])
    client.until(lambda: client.status(1) == "Filled")
    kinds = client.until(
        lambda: found if len(found := [a[1].secType for a in client.heard("execDetails")]) >= 3 else []
    )
    assert sorted(kinds) == ["BAG", "OPT", "OPT"]
    client.wait("commissionAndFeesReport", count=2)


def test_what_was_done_can_be_asked_for(client: Driver, stand_in: StandIn) -> None:
    place(client, 1, spy(client), orderType="MKT", orderRef="asked-for")
    client.until(lambda: client.status(1) == "Filled")
    bid, _ = quote(client, spy(client))
    place(client, 2, spy(client), orderType="LMT", lmtPrice=round(bid - 50, 2), tif="GTC")
    client.until(lambda: client.status(2) == "Submitted")
    heard = len(client.heard("openOrder", 2))
    client.ask("reqOpenOrders")
    client.wait("openOrderEnd")
    assert len(client.heard("openOrder", 2)) > heard
    client.ask("reqAllOpenOrders")
    client.wait("openOrderEnd", count=2)
    client.ask("reqCompletedOrders", False)
    client.wait("completedOrdersEnd")
    assert "asked-for" in {args[1].orderRef for args in client.heard("completedOrder")}
    permanent = client.heard("orderStatus", 2)[-1][5]
    assert permanent in {order["perm_id"] for order in stand_in.book()["orders"]}
    client.ask("cancelOrder", 2)
    client.until(lambda: client.status(2) == "Cancelled")


@pytest.mark.parametrize("version", [203, 223])
def test_the_same_in_protobuf(start: Callable[..., StandIn], caplog: pytest.LogCaptureFixture, version: int) -> None:
    """From the first server version with orders in protobuf to the newest; before 206 with quotes in text."""
    caplog.set_level(logging.WARNING, "ibapi")
    stand_in = start(SIM_SERVER_VERSION=str(version), SIM_TIME_FORMAT="utc")
    stories: list[Callable[[Driver], None]] = [
        test_an_order_rests_is_changed_and_cancelled,
        test_a_bracket,
        test_one_cancels_all,
        test_a_condition_on_an_execution,
        test_a_preview_tells_margins,
        test_a_spread_is_filled_by_its_legs,
        lambda client: test_what_was_done_can_be_asked_for(client, stand_in),
    ]
    for client_id, story in enumerate(stories, 1):
        client = Ibapi()
        client.start(stand_in.api_port, client_id)
        try:
            story(client)
        finally:
            client.stop()
        assert client.exceptions == []
        for _, _, execution in client.heard("execDetails"):
            assert execution.time.endswith("Z") == (version >= 214)
    assert stand_in.metric("failures_total") == 0, stand_in.tail(60)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("ibapi")] == []


def test_what_came_with_protobuf(start: Callable[..., StandIn]) -> None:
    client = Ibapi()
    client.start(start(SIM_SERVER_VERSION="223").api_port, 1)
    try:
        bid, ask = quote(client, spy(client))
        later = {"orderType": "LMT", "postOnly": True, "allowPreOpen": True, "seekPriceImprovement": True}
        place(client, 1, spy(client), lmtPrice=round(bid - 50, 2), **later)
        client.until(lambda: client.status(1) == "Submitted")
        shown = client.heard("openOrder", 1)[-1][2]
        assert (shown.postOnly, shown.allowPreOpen, shown.seekPriceImprovement) == (True, True, 1)
        place(client, 2, spy(client), lmtPrice=round(ask + 1, 2), **later)
        assert client.refusal(2)[0] == 201
        place(client, 3, spy(client), orderType="LMT", lmtPrice=round(bid - 50, 2), slOrderId=4, slOrderType="PRESET")
        assert client.refusal(3)[0] == 321
    finally:
        client.stop()
