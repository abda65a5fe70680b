"""Faults that a client can see, each for this client alone or for all, as ibapi and @stoqey/ib see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.conftest import CLIENT_IDS
from tests.stand_in import ACCOUNT, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.drivers import Driver
    from tests.stand_in import StandIn

IN_BOTH_ENCODINGS = True
BID = 1


def spy(client: Driver) -> Any:
    return client.contract(symbol="SPY", secType="STK", exchange="SMART", primaryExchange="ARCA")


def notices(client: Driver) -> list[int]:
    return [args[1] for args in client.heard("error", -1)]


def buy(client: Driver, order_id: int, **fields: Any) -> None:
    plain = {"action": "BUY", "totalQuantity": 1, "orderType": "MKT", "account": ACCOUNT}
    client.ask("placeOrder", order_id, spy(client), client.order(**(plain | fields)))


@pytest.fixture
def number() -> int:
    return next(CLIENT_IDS)


@pytest.fixture
def mine(stand_in: StandIn, driver: Driver, number: int) -> Iterator[Driver]:
    """A session whose client id is known, on a gateway that is whole again afterwards."""
    driver.start(stand_in.api_port, number)
    yield driver
    stand_in.cure_all()


def test_the_link_is_lost_and_comes_back(stand_in: StandIn, mine: Driver) -> None:
    stand_in.fault("upstream-lost")
    mine.until(lambda: 1100 in notices(mine))
    buy(mine, 1)
    stand_in.cure("upstream-lost")
    mine.until(lambda: 1102 in notices(mine))
    mine.until(lambda: mine.status(1) == "Filled")


def test_data_is_lost_and_asked_for_again(stand_in: StandIn, mine: Driver) -> None:
    mine.ask("reqMktData", 1, spy(mine), "", False, False, [])
    mine.wait("tickPrice", 1, BID)
    stand_in.fault("data-lost")
    mine.until(lambda: 1101 in notices(mine))
    mine.ask("reqMktData", 2, spy(mine), "", False, False, [])
    mine.wait("tickPrice", 2, BID)


def test_a_farm_breaks_and_is_mended(stand_in: StandIn, mine: Driver) -> None:
    stand_in.fault("market-farm")
    mine.until(lambda: 2103 in notices(mine))
    stand_in.cure("market-farm")
    mine.until(lambda: notices(mine).count(2104) > 2)
    stand_in.fault("history-farm")
    mine.until(lambda: 2105 in notices(mine))
    mine.ask("reqHistoricalData", 1, spy(mine), "", "1 D", "1 hour", "TRADES", 0, 1, False, [])
    assert mine.refusal(1)[0] == 162


def test_entitlements_end_in_the_middle(stand_in: StandIn, mine: Driver, number: int) -> None:
    for req_id, (fault, code) in enumerate((("no-entitlement", 354), ("data-competed", 10197)), 1):
        mine.ask("reqMktData", req_id, spy(mine), "", False, False, [])
        mine.wait("tickPrice", req_id, BID)
        stand_in.fault(fault, client=number)
        assert mine.refusal(req_id)[0] == code
        stand_in.cure(fault)


def test_orders_on_a_read_only_api(stand_in: StandIn, mine: Driver) -> None:
    stand_in.fault("read-only")
    buy(mine, 1)
    assert mine.refusal(1)[0] == 321


def test_history_is_paced(stand_in: StandIn, mine: Driver, number: int) -> None:
    stand_in.fault("pacing", client=number)
    mine.ask("reqHistoricalData", 1, spy(mine), "", "1 D", "1 hour", "TRADES", 0, 1, False, [])
    assert "pacing violation" in mine.refusal(1)[1]


def test_executions_come_twice_and_late(stand_in: StandIn, mine: Driver, number: int) -> None:
    stand_in.fault("repeated-executions", client=number)
    stand_in.fault("duplicated-status", client=number)
    buy(mine, 1)
    mine.until(lambda: len([args for args in mine.heard("execDetails") if args[2].orderId == 1]) == 2)
    assert len({args[2].execId for args in mine.heard("execDetails") if args[2].orderId == 1}) == 1
    mine.until(lambda: len([args for args in mine.heard("orderStatus", 1) if args[1] == "Filled"]) >= 3)
    stand_in.cure_all()
    stand_in.fault("late-executions", client=number, delay=1)
    buy(mine, 2)
    mine.until(lambda: mine.status(2) == "Filled")
    mine.until(lambda: [args for args in mine.heard("execDetails") if args[2].orderId == 2])
    story = mine.story(2)
    assert story.index("status Filled") < story.index("execution")


def test_a_commission_is_lost(stand_in: StandIn, mine: Driver, number: int) -> None:
    stand_in.fault("lost-commission", client=number)
    buy(mine, 1)
    mine.until(lambda: mine.status(1) == "Filled")
    stand_in.cure("lost-commission")
    buy(mine, 2)
    mine.wait("commissionAndFeesReport")
    assert "commission" not in mine.story(1)


def test_a_cancel_that_loses(stand_in: StandIn, mine: Driver, number: int) -> None:
    stand_in.fault("fill-after-cancel", client=number)
    buy(mine, 1, orderType="LMT", lmtPrice=100.0)
    mine.until(lambda: mine.status(1) == "Submitted")
    mine.ask("cancelOrder", 1)
    mine.until(lambda: "execution" in mine.story(1))
    story = mine.story(1)
    assert story.index("status Cancelled") < story.index("execution")
    mine.until(lambda: mine.status(1) == "Filled")


def test_a_list_without_its_end(stand_in: StandIn, mine: Driver, number: int) -> None:
    stand_in.fault("missing-ends", client=number)
    mine.ask("reqContractDetails", 1, spy(mine))
    mine.wait("contractDetails", 1)
    mine.ask("queryDisplayGroups", 2)
    mine.wait("displayGroupList", 2)
    assert mine.heard("contractDetailsEnd", 1) == []


def test_a_chain_without_today(stand_in: StandIn, mine: Driver, number: int) -> None:
    found: list[set[str]] = []
    for req_id in (1, 2):
        mine.ask("reqSecDefOptParams", req_id, "SPY", "", "STK", 756733)
        mine.wait("securityDefinitionOptionParameterEnd", req_id)
        rows = mine.heard("securityDefinitionOptionParameter", req_id)
        found.append({expiry for row in rows for expiry in row[5]})
        stand_in.fault("chain-without-today", client=number)
    assert found[0] - found[1] == {min(found[0])}


def test_another_account(stand_in: StandIn, mine: Driver, number: int) -> None:
    stand_in.fault("wrong-account", client=number)
    mine.ask("reqManagedAccts")
    mine.until(lambda: mine.heard("managedAccounts")[-1] == ("DUOTHER1",))


def test_bytes_dribble_in(stand_in: StandIn, mine: Driver, number: int) -> None:
    stand_in.fault("trickle", client=number, size=7)
    mine.ask("reqContractDetails", 1, spy(mine))
    mine.wait("contractDetailsEnd", 1)
    stand_in.cure("trickle")
    stand_in.fault("slow", client=number, latency=0.3)
    mine.ask("queryDisplayGroups", 2)
    mine.wait("displayGroupList", 2)


@pytest.mark.parametrize("fault", ["reset", "crash"])
def test_the_session_ends_and_a_new_one_knows_everything(
    stand_in: StandIn, mine: Driver, number: int, fault: str
) -> None:
    buy(mine, 1, orderType="LMT", lmtPrice=100.0, tif="GTC", orderRef="kept")
    mine.until(lambda: mine.status(1) == "Submitted")
    stand_in.fault(fault)
    ended = "connectionClosed" if mine.name == "ibapi" else "disconnected"
    mine.wait(ended)
    if fault == "crash":
        stand_in.wait(10)
        stand_in.start()
        stand_in.up()
    wait_for(lambda: number not in stand_in.status()["clients"], 10)
    mine.again(stand_in.api_port, number)
    mine.ask("reqOpenOrders")
    mine.wait("openOrderEnd")
    assert mine.heard("openOrder", 1)[-1][2].orderRef == "kept"
    mine.ask("cancelOrder", 1)
    mine.until(lambda: mine.status(1) == "Cancelled")


def test_an_id_in_use(stand_in: StandIn, driver: Driver, number: int) -> None:
    stand_in.fault("client-id-in-use", client=number)
    try:
        driver.begin(stand_in.api_port, number)
        driver.until(lambda: 326 in notices(driver))
        driver.wait("connectionClosed" if driver.name == "ibapi" else "disconnected")
    finally:
        stand_in.cure("client-id-in-use")
