"""Faults between the gateway and IBKR: the link and the farms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.simulator.raw import RawClient, of
from tests.unit.simulator.rig import SPY
from tests.unit.simulator.test_session import SPY_STOCK

if TYPE_CHECKING:
    from tests.unit.simulator.raw import Message
    from tests.unit.simulator.run import Run

_HISTORY = ("20", "21", *SPY_STOCK, 0, "", "1 day", "5 D", 1, "TRADES", 1, 0, "")


def codes_of(messages: list[Message]) -> list[str]:
    return [message[2] for message in of(messages, "4")]


async def test_upstream_broken_is_told_as_2110(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("upstream-broken")
        assert (await client.receive())[2] == "2110"
        await run.end("upstream-broken")
        assert (await client.receive())[2] == "1102"
        assert await client.silence()


async def test_the_link_may_come_back_without_the_subscriptions(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        client.send("1", "11", "5", *SPY_STOCK, 0, "", 0, 0, "")
        await client.until(lambda message: message[0] == "46" and message[3] == "33")
        await run.begin("upstream-lost", back="1101")
        assert (await client.receive())[2] == "1100"
        await run.end("upstream-lost")
        heard = await client.until(lambda message: "2158" in message)
        assert codes_of(heard) == ["1101", "2104", "2104", "2106", "2158"]
        assert run.gateway.lines() == 0


async def test_data_lost_is_the_end_of_a_lost_link(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("upstream-lost")
        await run.begin("data-lost")
        heard = await client.until(lambda message: "2158" in message)
        assert codes_of(heard) == ["1100", "1101", "2104", "2104", "2106", "2158"]
    assert (await run.status())["faults"] == []


@pytest.mark.parametrize(
    ("cured_by", "word", "cured"),
    [
        ("nothing", "data", False),
        ("RECONNECTDATA", "data", True),
        ("RECONNECTDATA", "account", False),
        ("RECONNECTACCOUNT", "account", True),
        ("either", "data", True),
    ],
)
async def test_reconnecting_cures_what_says_so(run: Run, cured_by: str, word: str, cured: bool) -> None:
    await run.begin("market-farm", cured_by=cured_by)
    await run.begin("upstream-lost", cured_by=cured_by)
    assert await run.command(f"RECONNECT{word.upper()}") == "OK "
    assert (await run.status())["faults"] == ([] if cured else ["market-farm", "upstream-lost"])
    assert run.gateway.ticking is cured


async def test_one_farm_of_two(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        client.send("1", "11", "5", *SPY_STOCK, 0, "", 0, 0, "")
        await client.until(lambda message: message[0] == "46" and message[3] == "33")
        await run.begin("market-farm", farm="usfarm.nj")
        assert (await client.receive())[2:4] == ["2103", "Market data farm connection is broken:usfarm.nj"]
        await run.beat(4)
        assert of([await client.receive()], "4") == []
        await run.begin("market-farm", farm="usfarm")
        await client.until(lambda message: message[3] == "Market data farm connection is broken:usfarm")
        await run.beat(4)
        assert await client.silence()
        await run.end("market-farm")
        await client.until(lambda message: message[3] == "Market data farm connection is OK:usfarm")
        await run.beat(4)
        assert (await client.receive())[0] in ("1", "2", "46")


async def test_a_new_session_hears_how_the_farms_are(run: Run) -> None:
    await run.begin("market-farm", farm="usfarm", state="inactive")
    await run.begin("history-farm")
    async with RawClient(run.server.port) as client:
        heard = await client.start()
    assert codes_of(heard) == ["2104", "2108", "2105", "2158"]


async def test_an_inactive_farm_wakes_when_it_is_needed(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("market-farm", farm="usfarm", state="inactive")
        idle = "Market data farm connection is inactive but should be available upon demand.usfarm"
        assert (await client.receive())[2:4] == ["2108", idle]
        client.send("1", "11", "5", *SPY_STOCK, 0, "", 0, 0, "")
        heard = await client.until(lambda message: message[0] == "46" and message[3] == "33")
        assert heard[0][2:4] == ["2104", "Market data farm connection is OK:usfarm"]


@pytest.mark.parametrize(("state", "code"), [("broken", "2105"), ("inactive", "2107")])
async def test_history_farm(run: Run, state: str, code: str) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("history-farm", state=state)
        assert (await client.receive())[2] == code
        client.send(*_HISTORY)
        if state == "broken":
            assert (await client.receive())[1:4] == [
                "21",
                "162",
                "Historical Market Data Service error message:HMDS server disconnect occurred.",
            ]
            await run.end("history-farm")
            assert (await client.receive())[2] == "2106"
            client.send(*_HISTORY)
        else:
            assert (await client.receive())[2] == "2106"
        assert (await client.receive())[0] == "17"


async def test_secdef_farm(run: Run) -> None:
    ask = ("9", "8", "31", SPY, "", "", "", 0, "", "", "", "", "", "", "", 0, "", "", "")
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("secdef-farm")
        assert (await client.receive())[2:4] == ["2157", "Sec-def data farm connection is broken:secdefnj"]
        client.send(*ask)
        assert await client.silence()
        assert (await client.answer("8", "1", "1", end="9"))[0][0] == "9"
        await run.end("secdef-farm")
        assert (await client.receive())[2] == "2158"
        assert (await client.answer(*ask, end="52"))[0][0] == "10"


async def test_a_notice_alone(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("history-farm", state="ok")
        assert (await client.receive())[2] == "2106"
        client.send(*_HISTORY)
        assert (await client.receive())[0] == "17"
