"""Faults of messages and bytes as ibapi is told of them, as text and as protobuf: while they are on, and after."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from google.protobuf.message import DecodeError

from tests.unit.simulator.asks import IBAPI, contract, stock
from tests.unit.simulator.ibapi_client import IbapiClient, of
from tests.unit.simulator.rig import AAPL, NOON, SPY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.unit.simulator.run import Run
    from tests.unit.simulator.told import Call

_TODAY = f"{NOON:%Y%m%d}"


@pytest.fixture(params=[200, 223])
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest_asyncio.fixture
async def client(run: Run, version: int) -> AsyncIterator[IbapiClient]:
    """Client 7."""
    async with IbapiClient(run.server.port, version) as made:
        await made.start(7)
        yield made


async def filled(run: Run, client: IbapiClient, order_id: int, **fields: Any) -> list[Call]:
    """Buy a share as client 7; returns everything that is said about it."""
    run.place(7, order_id, **fields)
    await run.beat(3)
    return await client.heard()


def counts(calls: list[Call]) -> tuple[int, int]:
    """How many executions and commissions there were."""
    return len(of(calls, "execDetails")), len(of(calls, "commissionAndFeesReport"))


# -- orders ------------------------------------------------------------------------------------------------------------


async def test_late_executions(run: Run, client: IbapiClient) -> None:
    await run.begin("late-executions", delay=10.0)
    said = await filled(run, client, 1)
    assert of(said, "orderStatus")[-1][1] == "Filled"
    assert counts(said) == (0, 0)
    await run.beat(41)
    assert [name for name, _ in await client.heard()] == ["execDetails", "commissionAndFeesReport"]
    await run.begin("late-executions", delay=10.0)
    client.ask("reqExecutions", 3, IBAPI.ExecutionFilter())
    assert (await client.told("execDetails"))[0] == 3  # what is asked for is not late
    await run.end("late-executions")
    assert counts(await filled(run, client, 2)) == (1, 1)


async def test_repeated_executions(run: Run, client: IbapiClient) -> None:
    await run.begin("repeated-executions", copies=2, contract=SPY)
    executions = of(await filled(run, client, 1), "execDetails")
    assert len(executions) == 3
    assert len({execution.execId for _, _, execution in executions}) == 1
    assert counts(await filled(run, client, 2, con_id=AAPL)) == (1, 1)
    await run.end("repeated-executions")
    assert counts(await filled(run, client, 3)) == (1, 1)


async def test_lost_commission(run: Run, client: IbapiClient) -> None:
    await run.begin("lost-commission", contract=SPY)
    assert counts(await filled(run, client, 1)) == (1, 0)
    assert counts(await filled(run, client, 2, con_id=AAPL)) == (1, 1)
    await run.end("lost-commission")
    assert counts(await filled(run, client, 3)) == (1, 1)


async def test_duplicated_status(run: Run, client: IbapiClient) -> None:
    resting = {"order_type": "LMT", "limit_price": 1.0}
    await run.begin("duplicated-status", contract=SPY)
    twice = of(await filled(run, client, 1, **resting), "orderStatus")
    assert twice[0::2] == twice[1::2] != []
    once = of(await filled(run, client, 2, **resting, con_id=AAPL), "orderStatus")
    assert len(once) * 2 == len(twice)


async def test_missing_ends(run: Run, client: IbapiClient) -> None:
    await run.begin("missing-ends", message=62)
    client.ask("reqPositions")
    client.ask("reqOpenOrders")
    assert [name for name, _ in await client.heard()] == ["openOrderEnd"]
    await run.end("missing-ends")
    client.ask("reqPositions")
    await client.told("positionEnd")


async def test_zoneless_executions(run: Run, client: IbapiClient) -> None:
    await run.begin("zoneless-executions")
    await run.begin("time-mode", form="instrument", zone="Europe/Berlin")
    [(_, _, execution)] = of(await filled(run, client, 1), "execDetails")
    assert execution.time == "20261118  18:00:00"
    await run.end("zoneless-executions")
    [(_, _, execution)] = of(await filled(run, client, 2), "execDetails")
    assert execution.time == "20261118 12:00:01 US/Eastern"


async def test_fill_after_cancel(run: Run, client: IbapiClient) -> None:
    await run.begin("fill-after-cancel", delay=5.0, contract=SPY)
    run.place(7, 1, order_type="LMT", limit_price=1.0)
    run.place(7, 2, order_type="LMT", limit_price=1.0, con_id=AAPL)
    await client.heard()
    for order_id in (1, 2):
        client.ask("cancelOrder", order_id, IBAPI.OrderCancel())
    await run.beat(2)
    said = await client.heard()
    assert [values[1] for values in of(said, "orderStatus") if values[0] == 1] == ["Cancelled"]
    assert [values[0::2][:2] for values in of(said, "error")] == [(1, 202), (2, 202)]
    assert counts(said) == (0, 0)
    run.clock.turn(5.1)
    late = await client.heard()
    assert [execution.orderId for _, _, execution in of(late, "execDetails")] == [1]
    assert of(late, "orderStatus")[-1][:2] == (1, "Filled")


# -- the account and the clock -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "account"), [("wrong-account", "DUOTHER1"), ("live-account", "USIM0001")])
async def test_another_account(run: Run, client: IbapiClient, version: int, name: str, account: str) -> None:
    await run.begin(name, client=7)
    async with IbapiClient(run.server.port, version) as spared:
        assert of(await spared.start(8), "managedAccounts") == [("DUSIM0001",)]
    said = await filled(run, client, 1)
    assert {order.account for _, _, order, _ in of(said, "openOrder")} == {account}
    assert of(said, "execDetails")[0][2].acctNumber == account
    client.ask("reqPositions")
    assert (await client.told("position"))[0] == account
    client.ask("reqAccountUpdates", True, account)
    assert await client.told("accountDownloadEnd") == (account,)
    await run.end(name)
    client.ask("reqManagedAccts")
    assert await client.told("managedAccounts") == ("DUSIM0001",)


async def test_no_managed_accounts(run: Run, client: IbapiClient) -> None:
    await run.begin("no-managed-accounts", client=7)
    client.ask("reqManagedAccts")
    assert await client.heard() == []
    await run.end("no-managed-accounts")
    client.ask("reqManagedAccts")
    assert await client.told("managedAccounts") == ("DUSIM0001",)


async def test_clock_skew(run: Run, client: IbapiClient) -> None:
    truth = int(NOON.timestamp())
    await run.begin("clock-skew", seconds=-7.5, client=7)
    client.ask("reqCurrentTime")
    assert await client.told("currentTime") == (truth - 8,)
    client.ask("reqCurrentTimeInMillis")
    assert await client.told("currentTimeInMillis") == (truth * 1000 - 7500,)
    client.ask("cancelOrder", 1, IBAPI.OrderCancel())
    assert (await client.told("error"))[1] == truth * 1000 - 7500
    await run.end("clock-skew")
    client.ask("reqCurrentTimeInMillis")
    assert await client.told("currentTimeInMillis") == (truth * 1000,)


# -- contracts and market data -----------------------------------------------------------------------------------------


async def test_a_chain_without_today(run: Run, client: IbapiClient) -> None:
    def options(expiry: str) -> Any:
        return contract(IBAPI, lastTradeDateOrContractMonth=expiry, localSymbol="")

    async def chain() -> set[str]:
        client.ask("reqSecDefOptParams", 5, "SPY", "", "STK", SPY)
        expiries: set[str] = (await client.told("securityDefinitionOptionParameter"))[5]
        await client.told("securityDefinitionOptionParameterEnd")
        return expiries

    before = await chain()
    await run.begin("chain-without-today")
    assert await chain() == before - {_TODAY} != before
    client.ask("reqContractDetails", 6, options(_TODAY))
    [(number, _, code, _, _)] = of(await client.heard(), "error")
    assert (number, code) == (6, 200)
    client.ask("reqContractDetails", 6, options(f"{NOON + dt.timedelta(days=1):%Y%m%d}"))
    assert [name for name, _ in await client.heard()] == ["contractDetails", "contractDetailsEnd"]
    await run.end("chain-without-today")
    client.ask("reqContractDetails", 6, options(_TODAY))
    assert [name for name, _ in await client.heard()] == ["contractDetails", "contractDetailsEnd"]


_KINDS = ("tickPrice", "tickSize", "tickString", "tickGeneric")


async def lines(client: IbapiClient, **stocks: int) -> None:
    """Subscribe to stocks by symbol under these request ids, and take what comes first."""
    for symbol, number in stocks.items():
        con_id = {"SPY": SPY, "AAPL": AAPL}[symbol]
        client.ask("reqMktData", number, stock(IBAPI, symbol=symbol, conId=con_id), "", False, False, [])
    await client.heard()


async def ticking(run: Run, client: IbapiClient) -> set[int]:
    """Request ids of what ticks while a few seconds of the world go by."""
    await run.beat(8)
    return {values[0] for name, values in await client.heard() if name in _KINDS}


async def test_feed_silent(run: Run, client: IbapiClient) -> None:
    await lines(client, SPY=11, AAPL=12)
    await run.begin("feed-silent", client=7, contract=SPY)
    assert await ticking(run, client) == {12}
    await run.end("feed-silent")
    assert await ticking(run, client) == {11, 12}


@pytest.mark.parametrize(("name", "code"), [("no-entitlement", 354), ("data-competed", 10197)])
async def test_lines_are_refused(run: Run, client: IbapiClient, name: str, code: int) -> None:
    await lines(client, SPY=11, AAPL=12)
    await run.begin(name, contract=SPY)
    assert [values[0::2][:2] for values in of(await client.heard(), "error")] == [(11, code)]
    assert await ticking(run, client) == {12}
    client.ask("reqMktData", 13, stock(IBAPI), "", False, False, [])
    assert [values[0::2][:2] for values in of(await client.heard(), "error")] == [(13, code)]
    await run.end(name)
    await lines(client, SPY=14)
    assert await ticking(run, client) == {12, 14}


async def test_market_farm(run: Run, client: IbapiClient) -> None:
    await lines(client, SPY=11)
    await run.begin("market-farm")
    assert {values[2] for values in of(await client.heard(), "error")} == {2103}
    assert await ticking(run, client) == set()
    client.ask("reqMktData", 12, stock(IBAPI), "", False, False, [])
    assert await ticking(run, client) == set()
    await run.end("market-farm")
    assert 11 in await ticking(run, client)


# -- bytes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("questions", range(1, 8))
async def test_a_burst_is_a_multiple_of_4096_bytes(run: Run, client: IbapiClient, questions: int) -> None:
    await run.begin("burst", pause=0.0)
    for number in range(questions):
        client.ask("queryDisplayGroups", 10**number)
    data = b""
    while b"secdefnj" not in data or len(data) % 4096:
        data += await client.reader.read(65536)
    client.take(data)
    heard = await client.heard()
    assert len(of(heard, "displayGroupList")) == questions
    assert {values[3].rstrip() for values in of(heard, "error")} == {"Sec-def data farm connection is OK:secdefnj"}
    await run.end("burst")
    client.ask("queryDisplayGroups", 9)
    assert [name for name, _ in await client.heard()] == ["displayGroupList"]


_DEADLY = {"no-number": (200,), "half-a-message": (200, 223), "not-utf-8": (200, 223)}
"""What ibapi dies of, and at which versions; of the rest it says that it does not know it, or nothing."""


@pytest.mark.parametrize("kind", ["no-number", "unknown-id", "no-fields", "half-a-message", "not-utf-8"])
async def test_a_frame_that_ibapi_cannot_read(run: Run, client: IbapiClient, version: int, kind: str) -> None:
    await run.begin("undecodable-frame", kind=kind, client=8)
    assert await client.heard() == []
    await run.begin("undecodable-frame", kind=kind, client=7)
    if version in _DEADLY.get(kind, ()) or (version, kind) == (200, "no-fields"):
        with pytest.raises((ValueError, DecodeError, TypeError, StopIteration)):
            await client.receive()
    else:
        assert [values[2] for values in of(await client.heard(), "error")] == ([505] if kind != "no-fields" else [])
