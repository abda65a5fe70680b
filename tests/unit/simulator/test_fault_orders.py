"""Faults of what is said about orders; the broker's truth stays what it is."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from tests.unit.simulator.orders import place_order
from tests.unit.simulator.raw import RawClient, of
from tests.unit.simulator.rig import AAPL, SPY, HandClock
from tests.unit.simulator.run import standing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.simulator.raw import Message
    from tests.unit.simulator.run import Run


async def heard(client: RawClient) -> list[Message]:
    """Everything that comes until nothing does."""
    messages: list[Message] = []
    while not await client.silence(0.08):
        messages.append(await client.receive())
    return messages


async def filled(run: Run, client: RawClient, order_id: int, client_id: int = 7) -> list[Message]:
    """Buy a share; returns everything that is said about it."""
    run.place(client_id, order_id)
    await run.beat(3)
    return await heard(client)


async def test_late_executions(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("late-executions", delay=10.0)
        said = await filled(run, client, 1)
        assert said[-1][0] == "3"
        assert said[-1][2] == "Filled"
        assert of(said, "11") == of(said, "59") == []
        await run.beat(41)
        late = await heard(client)
        assert [message[0] for message in late if message[0] in ("11", "59")] == ["11", "59"]
        await run.end("late-executions")
        assert len(of(await filled(run, client, 2), "11")) == 1


class HeavySleepers(HandClock):
    """Whoever sleeps wakes some time after the moment has come, and not in order."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(self._random.uniform(0, 0.03))

    _random = random.Random(3)


async def test_late_messages_keep_their_order(tmp_path: Path) -> None:
    async with standing(tmp_path, HeavySleepers()) as run, RawClient(run.server.port) as client:
        await client.start()
        await run.begin("late-executions", delay=10.0)
        for order_id in range(1, 6):
            await filled(run, client, order_id)
        await run.beat(41)
        late = await heard(client)
        assert [message[0] for message in late if message[0] in ("11", "59")] == ["11", "59"] * 5
        assert [message[14] for message in of(late, "11")] == [message[2] for message in of(late, "59")]


async def test_repeated_executions(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("repeated-executions", copies=2, contract=SPY)
        executions = of(await filled(run, client, 1), "11")
        assert len(executions) == 3
        assert len({execution[14] for execution in executions}) == 1
        assert len(run.gateway.broker.fills) == 1
        run.place(7, 2, con_id=AAPL)
        await run.beat(3)
        assert len(of(await heard(client), "11")) == 1
        await run.end("repeated-executions")
        assert len(of(await filled(run, client, 3), "11")) == 1


async def test_lost_commission(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("lost-commission")
        said = await filled(run, client, 1)
        assert (len(of(said, "11")), len(of(said, "59"))) == (1, 0)
        await run.end("lost-commission")
        assert len(of(await filled(run, client, 2), "59")) == 1


async def test_a_share_of_them_is_drawn_by_the_seed(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        lost = []
        for first, seed in ((1, 4), (21, 4), (41, 5)):
            await run.begin("lost-commission", share=0.5, seed=seed)
            for order_id in range(first, first + 12):
                run.place(7, order_id)
                await run.beat(2)
            said = await heard(client)
            reported = {message[2] for message in of(said, "59")}
            lost.append([execution[14] in reported for execution in of(said, "11")])
            await run.end("lost-commission")
        assert len(lost[0]) == 12
        assert lost[0] == lost[1] != lost[2]
        assert 0 < sum(lost[0]) < 12


async def test_duplicated_status(run: Run) -> None:
    async with RawClient(run.server.port) as client, RawClient(run.server.port) as spared:
        await client.start(7)
        await spared.start(8)
        await run.begin("duplicated-status", client=7)
        run.place(7, 1, order_type="LMT", limit_price=1.0)
        run.place(8, 1, order_type="LMT", limit_price=1.0)
        statuses, plain = of(await heard(client), "3"), of(await heard(spared), "3")
        assert statuses[0::2] == statuses[1::2]
        assert len(statuses) == 2 * len(plain) > 0


async def test_missing_ends(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("missing-ends")
        client.send("5", "1")
        client.send("61", "1")
        assert await client.silence()
        await run.end("missing-ends")
        await run.begin("missing-ends", message=53)
        client.send("5", "1")
        assert (await client.answer("61", "1", end="62"))[-1][0] == "62"
        await run.end("missing-ends")
        assert (await client.answer("5", "1", end="53"))[-1][0] == "53"


async def test_zoneless_executions(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("zoneless-executions")
        await run.begin("time-mode", form="instrument", zone="Europe/Berlin")
        assert of(await filled(run, client, 1), "11")[0][15] == "20261118  18:00:00"
        await run.end("zoneless-executions")
        assert of(await filled(run, client, 2), "11")[0][15] == "20261118 12:00:01 US/Eastern"


async def test_fill_after_cancel(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("fill-after-cancel", delay=5.0)
        run.place(7, 1, order_type="LMT", limit_price=1.0)
        await heard(client)
        client.send("4", "1", "", "", "")
        said = await heard(client)
        assert [message[0] for message in said] == ["3", "4"]
        assert (said[0][2], said[1][2]) == ("Cancelled", "202")
        book = (await run.http.get("/api/v1/book")).json()
        assert (book["orders"][0]["status"], book["executions"][0]["price"]) == ("Filled", 1.0)
        run.clock.turn(5.1)
        late = await heard(client)
        assert of(late, "11")[0][14] == book["executions"][0]["exec_id"]
        assert of(late, "3")[-1][2] == "Filled"
        await run.end("fill-after-cancel")
        run.place(7, 2, order_type="LMT", limit_price=1.0)
        await run.beat()
        await heard(client)
        client.send("4", "2", "", "", "")
        said = await heard(client)
        await run.beat(2)
        assert of(said + await heard(client), "3")[-1][2] == "Cancelled"
        assert len(run.gateway.broker.fills) == 1


async def test_lost_orders_are_answered_by_nobody_and_are_not_on_record(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        run.place(7, 1, order_type="LMT", limit_price=100.0)
        await heard(client)
        await run.begin("lost-orders", client=7)
        assert hit_at(run) is None
        client.send("3", 2, *place_order("SPY", orderType="LMT", lmtPrice="100"))
        assert await client.silence()
        assert [order.order_id for order in run.gateway.broker.book.orders.values()] == [1]
        assert hit_at(run) is not None
        client.send("3", 1, *place_order("SPY", orderType="LMT", lmtPrice="101"))  # a change of a known one
        assert of(await heard(client), "5")
        await run.end("lost-orders")
        client.send("3", 3, *place_order("SPY", orderType="LMT", lmtPrice="100"))
        assert of(await heard(client), "5")


async def test_refused_orders_are_those_that_would_close(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await filled(run, client, 1)
        await run.begin("refused-orders", which="closing")
        client.send("3", 2, *place_order("SPY", orderType="LMT", lmtPrice="100"))
        assert of(await heard(client), "5")
        assert hit_at(run) is None
        client.send("3", 3, *place_order("SPY", action="SELL", orderType="LMT", lmtPrice="900"))
        [refusal] = await heard(client)
        assert refusal[1:3] == ["3", "201"]
        assert hit_at(run) is not None
        await run.begin("refused-orders")
        client.send("3", 4, *place_order("SPY", orderType="LMT", lmtPrice="100"))
        assert [message[1:3] for message in await heard(client)] == [["4", "201"]]


def hit_at(run: Run) -> int | None:
    [case, *_] = run.faults.cases
    stamp: int | None = case.told()["hit_at_monotonic_ns"]
    return stamp
