"""Faults of market data while the farms are well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.rig import AAPL, SPY
from tests.unit.simulator.test_session import SPY_STOCK

if TYPE_CHECKING:
    from tests.unit.simulator.raw import Message
    from tests.unit.simulator.run import Run

_AAPL_STOCK = tuple("AAPL" if field == "SPY" else AAPL if field == SPY else field for field in SPY_STOCK)
_FEED = ("1", "2", "46")


async def lines(client: RawClient, *numbers: str) -> None:
    """Subscribe SPY as 11 and AAPL as 12, as far as asked for, and take what comes first."""
    for number, contract in (("11", SPY_STOCK), ("12", _AAPL_STOCK)):
        if number in numbers:
            client.send("1", "11", number, *contract, 0, "", 0, 0, "")
            await client.until(lambda message: message[0] == "46" and message[3] == "33")


async def ticks(run: Run, client: RawClient) -> set[str]:
    """Request ids of what ticks while a few seconds of the world go by."""
    await run.beat(8)
    heard: list[Message] = []
    while not await client.silence(0.05):
        heard.append(await client.receive())
    return {message[2] for message in heard if message[0] in _FEED}


async def test_feed_silent(run: Run) -> None:
    async with RawClient(run.server.port) as hit, RawClient(run.server.port) as spared:
        await hit.start(1)
        await spared.start(2)
        await lines(hit, "11", "12")
        await lines(spared, "11")
        await run.begin("feed-silent", client=1, contract=SPY)
        assert await ticks(run, hit) == {"12"}
        assert await ticks(run, spared) == {"11"}
        await run.end("feed-silent")
        assert await ticks(run, hit) == {"11", "12"}


@pytest.mark.parametrize(
    ("name", "parameters", "code", "text"),
    [
        ("no-entitlement", {}, "354", "Requested market data is not subscribed."),
        (
            "no-entitlement",
            {"code": "10090"},
            "10090",
            "Part of requested market data is not subscribed. Subscription-independent ticks are still active.",
        ),
        ("data-competed", {}, "10197", "No market data during competing live session"),
    ],
)
async def test_lines_are_refused_and_stay_refused(
    run: Run, name: str, parameters: dict[str, str], code: str, text: str
) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await lines(client, "11", "12")
        await run.begin(name, contract=SPY, **parameters)
        assert (await client.receive())[1:4] == ["11", code, text]
        assert await ticks(run, client) == {"12"}
        client.send("1", "11", "13", *SPY_STOCK, 0, "", 0, 0, "")
        assert (await client.receive())[1:4] == ["13", code, text]
        assert await ticks(run, client) == {"12"}
        assert run.gateway.lines() == 1
        await run.end(name)
        assert await ticks(run, client) == {"12"}
        await lines(client, "11")
        assert await ticks(run, client) == {"11", "12"}


async def test_a_snapshot_is_refused_too(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("data-competed")
        client.send("1", "11", "14", *SPY_STOCK, 0, "", 1, 0, "")
        assert (await client.receive())[1:3] == ["14", "10197"]
        assert await client.silence()


async def test_other_clients_keep_their_lines(run: Run) -> None:
    async with RawClient(run.server.port) as hit, RawClient(run.server.port) as spared:
        await hit.start(1)
        await spared.start(2)
        await lines(hit, "11")
        await lines(spared, "11")
        await run.begin("data-competed", client=1)
        assert (await hit.receive())[2] == "10197"
        assert await ticks(run, hit) == set()
        assert await ticks(run, spared) == {"11"}
