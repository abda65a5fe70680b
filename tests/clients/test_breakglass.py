"""The last way out, as its container runs it, against the stand-in with what an engine has left behind."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ib_async import IB, LimitOrder, MarketOrder, Stock, StopOrder

from supervisor.breakglass.plan import REFERENCE
from tests.stand_in import ACCOUNT, StandIn, wait_for

SPY = Stock("SPY", "SMART", "USD")


@pytest.fixture(params=["200", "223"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StandIn]:
    with contextlib.closing(StandIn(tmp_path, SIM_SERVER_VERSION=request.param)) as made:
        made.start()
        made.up()
        yield made


def break_glass(gateway: StandIn, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": "",
        "GATEWAY_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(gateway.api_port),
        "IB_ACCOUNT": ACCOUNT,
        "MODE": "sim",
        **more,
    }
    command = [sys.executable, "-m", "supervisor.breakglass"]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=90)


async def engine(gateway: StandIn, client_id: int) -> IB:
    """A client that holds two shares under a pair of exits, and has an entry with its children at the broker."""
    client = IB()
    await client.connectAsync("127.0.0.1", gateway.api_port, clientId=client_id)
    bought = client.placeOrder(SPY, MarketOrder("BUY", 2, tif="DAY"))
    async with asyncio.timeout(20):
        while not bought.isDone():
            await asyncio.sleep(0.02)
    price = bought.orderStatus.avgFillPrice
    for exit_ in (LimitOrder("SELL", 2, round(price * 1.2, 2)), StopOrder("SELL", 2, round(price * 0.8, 2))):
        exit_.ocaGroup, exit_.ocaType, exit_.tif = "EXITS", 1, "DAY"
        client.placeOrder(SPY, exit_)
    for part in client.bracketOrder("BUY", 1, round(price * 0.7, 2), round(price * 1.2, 2), round(price * 0.6, 2)):
        part.tif = "DAY"
        client.placeOrder(SPY, part)
    async with asyncio.timeout(20):
        while len(working(gateway)) < 5:
            await asyncio.sleep(0.05)
    return client


def test_every_account_that_is_traded_is_closed_and_no_other(tmp_path: Path) -> None:
    accounts = [ACCOUNT, "DUSIM0002", "DUSIM0003"]

    async def buy(port: int) -> None:
        client = IB()
        await client.connectAsync("127.0.0.1", port, clientId=1)
        for account in accounts:
            client.placeOrder(SPY, MarketOrder("BUY", 2, tif="DAY", account=account))
        async with asyncio.timeout(20):
            while not all(trade.isDone() for trade in client.trades()):
                await asyncio.sleep(0.02)
        client.disconnect()

    with contextlib.closing(StandIn(tmp_path, SIM_ACCOUNTS=",".join(accounts))) as gateway:
        gateway.start()
        gateway.up()
        asyncio.run(buy(gateway.api_port))
        done = break_glass(gateway, FURTHER_ACCOUNTS="DUSIM0002")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "DUSIM0001, DUSIM0002: flat" in done.stdout
        assert [(row["account"], row["quantity"]) for row in gateway.book()["positions"]] == [("DUSIM0003", 2)]


def working(gateway: StandIn) -> list[dict[str, Any]]:
    return [one for one in gateway.book()["orders"] if one["status"] in ("PreSubmitted", "Submitted")]


def shares(gateway: StandIn) -> list[Any]:
    return [one["quantity"] for one in gateway.book()["positions"] if one["quantity"]]


def test_what_a_dead_engine_left_is_closed_in_its_group_and_the_rest_cancelled(gateway: StandIn) -> None:
    async def leave() -> None:
        (await engine(gateway, 1)).disconnect()

    asyncio.run(leave())
    wait_for(lambda: gateway.status()["clients"] == [], 10)
    done = break_glass(gateway)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SELL 2 SPY at the market in the group of its exits, EXITS" in done.stdout
    assert "flat, and no order works" in done.stdout
    assert (shares(gateway), working(gateway)) == ([], [])
    sold = [one for one in gateway.book()["orders"] if one["action"] == "SELL" and one["status"] == "Filled"]
    assert [(one["order_ref"], one["oca_group"]) for one in sold] == [(REFERENCE, "EXITS")]
    assert break_glass(gateway).returncode == 0  # nothing left to do is a good answer, too


def test_a_client_that_is_still_there_keeps_its_orders_and_that_is_said(gateway: StandIn) -> None:
    async def stay() -> subprocess.CompletedProcess[str]:
        client = await engine(gateway, 1)
        try:
            return await asyncio.to_thread(break_glass, gateway)
        finally:
            client.disconnect()

    done = asyncio.run(stay())
    assert done.returncode == 1
    assert "client 1 is still connected and keeps its orders" in done.stdout
    assert "there is still: BUY 1 SPY LMT" in done.stderr
    assert shares(gateway) == []


def test_a_gateway_that_is_not_there(tmp_path: Path) -> None:
    with contextlib.closing(StandIn(tmp_path)) as gateway:
        done = break_glass(gateway)
    assert done.returncode == 2
    assert "Close what is open in TWS" in done.stderr
    assert "Traceback" not in done.stderr
