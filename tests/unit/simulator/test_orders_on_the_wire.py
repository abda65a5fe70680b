"""Orders over a socket: what is said to whom, in which order, with which words."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from gateway.simulator.api.pulse import Pulse
from gateway.simulator.api.tickets import by_hand
from tests.unit.simulator.orders import place_order
from tests.unit.simulator.raw import Message, RawClient, of
from tests.unit.simulator.rig import NOON, SPY, HandClock, spy_call
from tests.unit.simulator.run import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.simulator.api.gateway import Gateway
    from gateway.simulator.api.server import ApiServer
    from tests.unit.simulator.run import Run

MINUTE = dt.timedelta(minutes=1)


class World:
    """One stand-in with a clock and a market turned by hand."""

    def __init__(self, gateway: Gateway, server: ApiServer, clock: HandClock) -> None:
        self.gateway, self.port, self.clock = gateway, server.port, clock
        self._pulse = Pulse(gateway)

    def beat(self, times: int = 1, seconds: float = 0.25) -> None:
        for _ in range(times):
            self.clock.turn(seconds)
            self._pulse.beat()

    @property
    def ask(self) -> float:
        instrument = self.gateway.instrument(SPY)
        return self.gateway.market.quote(instrument, self.gateway.step()).ask


@pytest_asyncio.fixture
async def world(tmp_path: Path, clock: HandClock) -> AsyncIterator[World]:
    async with serving(tmp_path, clock, SIM_MASTER_CLIENT_ID="99") as (gateway, server):
        yield World(gateway, server, clock)


def told(message: Message) -> str:
    """A message about an order in short: id, and what matters of it."""
    match message[0]:
        case "3":
            return f"3 {message[2]}" + (f" ({message[10]})" if message[10] else "")
        case "4":
            return f"4 {message[2]}"
        case _:
            return message[0]


async def hear(client: RawClient, last: str) -> list[str]:
    """What is said up to a message, in short."""
    return [told(message) for message in await client.until(lambda message: told(message).startswith(last))]


def order(order_id: int, **changes: str) -> list[str | int | float]:
    return [3, order_id, *place_order("SPY", **changes)]


async def test_market_order(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1))
        assert await hear(client, "3") == ["5", "3 PreSubmitted"]
        world.beat()
        said = await client.until(lambda message: message[0] == "59")
        assert [message[0] for message in said] == ["11", "5", "3", "5", "3", "59"]
        first, second = of(said, "5")
        assert "USD" not in first[13:]
        assert "USD" in second[13:]


async def test_limit_order_that_rests_and_is_cancelled(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1, orderType="LMT", lmtPrice="100"))
        assert await hear(client, "3 Submitted") == ["5", "3 PreSubmitted", "5", "3 Submitted"]
        client.send(4, 1, "", "", "")
        assert await hear(client, "3 Pend") == ["5", "3 PendingCancel"]
        world.beat()
        said = await client.until(lambda message: message[0] == "4")
        assert [told(message) for message in said] == ["3 Cancelled", "4 202"]
        assert said[-1][1:4] == ["1", "202", "Order Canceled - reason:"]
        client.send(4, 1, "", "", "")
        assert (await client.receive())[2:4] == [
            "10148",
            "OrderId 1 that needs to be cancelled cannot be cancelled, state: Cancelled.",
        ]
        client.send(4, 5003, "", "", "")
        assert (await client.receive())[2:4] == ["10147", "OrderId 5003 that needs to be cancelled is not found."]


async def test_a_cancel_that_loses(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1))
        client.send(4, 1, "", "", "")
        assert await hear(client, "3 Pend") == ["5", "3 PreSubmitted", "5", "3 PendingCancel"]
        world.beat()
        assert await hear(client, "4") == ["11", "5", "3 Filled", "5", "3 Filled", "59", "4 10148"]


async def test_a_cancel_twice(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1, orderType="LMT", lmtPrice="100"))
        client.send(4, 1, "", "", "")
        client.send(4, 1, "", "", "")
        refusal = (await client.until(lambda message: message[0] == "4"))[-1]
        permanent = world.gateway.broker.book.orders[(7, 1)].perm_id
        assert refusal[2:4] == [
            "161",
            f"Cancel attempted when order is not in a cancellable state.  Order permId ={permanent}",
        ]


async def test_another_client_cancels(world: World) -> None:
    """As captured: both hear of it, and the status carries the canceller's client id."""
    async with RawClient(world.port) as owner, RawClient(world.port) as other:
        await owner.start(7)
        await other.start(8)
        owner.send(*order(1, orderType="LMT", lmtPrice="100"))
        await hear(owner, "3 Submitted")
        assert await other.silence()
        other.send(4, 1, "", "", "")
        await hear(other, "3 Pend")
        await hear(owner, "3 Pend")
        world.beat()
        for client in (owner, other):
            status, error = await client.until(lambda message: message[0] == "4")
            assert (status[2], status[9]) == ("Cancelled", "8")
            assert error[1:3] == ["1", "202"]


async def test_the_master_client_hears_of_every_order(world: World) -> None:
    async with RawClient(world.port) as owner, RawClient(world.port) as master:
        await owner.start(7)
        await master.start(99)
        owner.send(*order(1))
        assert await hear(master, "3") == ["5", "3 PreSubmitted"]
        world.beat()
        assert (await hear(master, "59"))[-1] == "59"


async def test_stop_orders_say_what_they_wait_for(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        for number, changes in enumerate(
            (
                {"orderType": "STP", "auxPrice": "1"},
                {"orderType": "STP LMT", "auxPrice": "1", "lmtPrice": "1"},
                {"orderType": "TRAIL", "auxPrice": "50"},
                {"orderType": "TRAIL LIMIT", "auxPrice": "50", "lmtPriceOffset": "0.05"},
                {"orderType": "MIT", "auxPrice": "2000"},
                {"orderType": "LIT", "auxPrice": "2000", "lmtPrice": "2000"},
            ),
            1,
        ):
            client.send(*order(number, action="SELL", **changes))
            assert await hear(client, "3") == ["5", "3 PreSubmitted (trigger)"], changes
        world.beat()
        shown = of(await client.answer(5, 1, end="53"), "5")
        trail = shown[3]
        assert trail[15] == "TRAIL LIMIT"
        stop = world.gateway.broker.book.orders[(7, 4)].stop
        assert stop is not None
        assert float(trail[16]) == pytest.approx(stop - 0.05)
        assert trail[17] == "50.0"
        assert trail.count(str(stop)) == 2


async def test_immediate_or_cancel_and_fill_or_kill(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1, orderType="LMT", lmtPrice="100", tif="IOC"))
        await hear(client, "3 Submitted")
        world.beat()
        assert await hear(client, "4") == ["5", "3 Cancelled", "4 202"]
        client.send(*order(2, orderType="LMT", lmtPrice="100", tif="FOK"))
        await hear(client, "3 Submitted")
        world.beat()
        assert await hear(client, "3") == ["5", "3 Inactive"]


async def test_a_condition_on_time(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        when = f"{NOON + MINUTE:%Y%m%d %H:%M:%S} UTC"
        client.send(*order(1, conditions=f"3,a,1,{when}"))
        said = await client.until(lambda message: message[0] == "3")
        assert f"{NOON + MINUTE:%Y%m%d-%H:%M:%S}" in said[0]
        world.beat()
        assert await client.silence()
        world.beat(1, 60)
        assert (await hear(client, "59"))[0].startswith("11")


@pytest.mark.parametrize(
    "condition", ["3,a,1,soon", f"1,a,1,dear,{SPY},SMART,0", "1,a,1,600,1234,SMART,0", "4,a,1,much"]
)
async def test_conditions_that_cannot_be_watched(world: World, condition: str) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1, conditions=condition))
        assert (await client.receive())[1:3] == ["1", "321"]


async def test_outside_hours_is_ignored_for_a_market_order(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1, outsideRth="1"))
        said = await client.until(lambda message: message[0] == "3")
        assert [told(message) for message in said] == ["4 2109", "5", "3 PreSubmitted"]
        assert said[0][3] == (
            "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order type and "
            "destination. PlaceOrder is now being processed."
        )


async def test_what_the_funds_do_not_allow_becomes_inactive(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1, totalQuantity="100000"))
        assert await hear(client, "3") == ["4 201", "5", "3 Inactive"]
        done = await client.answer("99", "0", end="102")
        assert "Inactive" in done[0]


async def test_what_is_turned_down_is_not_remarked_on(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1, totalQuantity="100000", outsideRth="1"))
        assert await hear(client, "3") == ["4 201", "5", "3 Inactive"]


async def test_a_slip_of_the_hand_can_be_overridden(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        far = f"{world.ask * 2:.2f}"
        client.send(*order(1, orderType="LMT", lmtPrice=far))
        said = await client.until(lambda message: message[0] == "3")
        assert [told(message) for message in said] == ["4 201", "5", "3 Inactive"]
        assert '"override": "8229=PRICECAP"' in said[0][4]
        client.send(*order(2, orderType="LMT", lmtPrice=far, advancedErrorOverride="8229=PRICECAP"))
        assert await hear(client, "3 Submitted") == ["5", "3 PreSubmitted", "5", "3 Submitted"]


async def test_modifying(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1, orderType="LMT", lmtPrice="100"))
        await hear(client, "3 Submitted")
        client.send(*order(1, orderType="LMT", lmtPrice="101"))
        said = [await client.receive() for _ in range(4)]
        assert [told(message) for message in said] == ["5", "3 Submitted"] * 2
        assert said[0][16] == "101.0"
        client.send(*order(1, orderType="LMT", lmtPrice="101", action="SELL"))
        refusal = await client.receive()
        assert refusal[2:4] == ["105", "Order being modified does not match original order"]
        client.send(*order(1))
        await client.until(lambda message: message[0] == "3")
        world.beat()
        await hear(client, "59")
        client.send(*order(1, orderType="LMT", lmtPrice="101"))
        refusal = (await client.until(lambda message: message[0] == "4"))[-1]
        assert refusal[2:4] == ["104", "Cannot modify a filled order."]


async def test_ids_that_go_back(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(5, orderType="LMT", lmtPrice="100"))
        await hear(client, "3 Submitted")
        client.send(*order(4))
        assert (await client.receive())[1:4] == ["4", "103", "Duplicate order id"]


async def test_executions_of_other_days(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1))
        await hear(client, "3")
        world.beat()
        await hear(client, "59")
        world.beat(1, 86400)
        asked = ("7", "3", "5", 0, "", "", "", "", "", "")
        assert await client.answer(*asked, 2147483647, 0, end="55") == [["55", "1", "5"]]
        assert len(await client.answer(*asked, 1, 0, end="55")) == 3
        assert len(await client.answer(*asked, 2147483647, 1, "20261118", end="55")) == 3
        assert len(await client.answer(*asked, 2147483647, 1, "20261117", end="55")) == 1


async def test_a_combination_fills_leg_by_leg(world: World, tmp_path: Path) -> None:
    """As captured: its own execution and pair, then an execution and pair for each leg, commissions of legs only."""
    near, far = spy_call(600.0).con_id, spy_call(605.0).con_id
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1, legs=f"{near},1,BUY;{far},1,SELL", totalQuantity="2"))
        placed = await client.until(lambda message: message[0] == "3")
        assert placed[0][4] == "BAG"
        assert f"{near}|1,{far}|-1" in placed[0]
        world.beat()
        said = await client.until(lambda message: message[0] == "59" and message[2].endswith(".02"))
        assert [told(message) for message in said] == [
            *("11", "5", "3 Filled"),
            *("11", "5", "3 Filled") * 2,
            *("59", "59"),
        ]
        whole, first, second = of(said, "11")
        assert [fill[5] for fill in (whole, first, second)] == ["BAG", "OPT", "OPT"]
        assert (first[14], second[14]) == (f"{whole[14]}.01", f"{whole[14]}.02")
        assert [fill[18] for fill in (whole, first, second)] == ["BOT", "BOT", "SLD"]
        assert float(whole[20]) == pytest.approx(float(first[20]) - float(second[20]))
    broker = world.gateway.broker
    assert (broker.position(near).quantity, broker.position(far).quantity) == (2.0, -2.0)


async def test_a_combination_at_a_limit_outlives_the_process(tmp_path: Path, clock: HandClock) -> None:
    near, far = spy_call(600.0).con_id, spy_call(605.0).con_id
    async with serving(tmp_path, clock) as (_, server), RawClient(server.port) as client:
        await client.start(7)
        client.send(*order(1, legs=f"{near},1,SELL;{far},1,BUY", orderType="LMT", lmtPrice="-4.99", tif="GTC"))
        await hear(client, "3 Submitted")
    async with serving(tmp_path, clock) as (again, server), RawClient(server.port) as client:
        await client.start(7)
        shown = await client.answer(5, 1, end="53")
        assert (shown[0][4], shown[0][16]) == ("BAG", "-4.99")
        clock.turn(86400)
        again.broker.step()
        assert again.broker.book.live() == [], "it ends with its legs"


@pytest.mark.parametrize(
    ("legs", "code"), [("1,0,BUY", "312"), ("x,1,BUY", "312"), ("1,1,HOLD", "312"), ("5,1,BUY", "200")]
)
async def test_combinations_that_are_none(world: World, legs: str, code: str) -> None:
    async with RawClient(world.port) as client:
        await client.start(7)
        client.send(*order(1, legs=legs))
        assert (await client.receive())[1:3] == ["1", code]


async def test_orders_entered_by_hand_are_bound_by_client_0(world: World) -> None:
    limit = by_hand(world.gateway, SPY, "BUY", 1.0, 100.0, "GTC")
    async with RawClient(world.port) as client, RawClient(world.port) as other:
        await client.start(0)
        await other.start(8)
        world.gateway.enter(limit)
        assert await client.silence()
        shown = await other.answer("16", "1", end="53")
        assert (shown[0][1], shown[0][24], shown[1][1]) == ("0", "0", "0")
        other.send(4, 0, "", "", "")
        assert (await other.receive())[2] == "10147"
        bound = await client.answer("5", "1", end="53")
        permanent = bound[0][1]
        assert bound[0] == ["100", permanent, "0", "-1"]
        assert [told(message) for message in bound[1:]] == ["5", "3 Submitted"] * 2 + ["53"]
        client.send("15", "1", "1")
        assert await client.silence()
        world.gateway.enter(limit)
        heard = await client.until(lambda message: message[0] == "3")
        assert (heard[0][0], heard[0][3]) == ("100", "-2")
        client.send(4, -2, "", "", "")
        await hear(client, "3 Pend")
        world.beat()
        assert await hear(client, "4") == ["3 Cancelled", "4 202"]
        assert len(await client.answer("99", "0", end="102")) == 2
        assert len(await client.answer("99", "1", end="102")) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"con_id": 1, "action": "BUY", "quantity": 1},
        {"con_id": SPY, "action": "HOLD", "quantity": 1},
        {"con_id": SPY, "action": "BUY", "quantity": 0},
        {"con_id": SPY, "action": "BUY", "quantity": True},
        {"con_id": SPY, "action": "BUY", "quantity": 1, "limit_price": "dear"},
        {"con_id": SPY, "action": "BUY", "quantity": 1, "tif": "IOC"},
        {"con_id": SPY, "action": "BUY", "quantity": 1, "colour": "red"},
        {"con_id": SPY, "action": "BUY", "quantity": 1, "client_id": -1},
        {"con_id": SPY, "action": "BUY", "quantity": 1, "client_id": "seven"},
        {"con_id": SPY, "action": "BUY", "quantity": 1, "limit_price": 100.005},
        {"con_id": SPY, "action": "BUY", "quantity": 1, "limit_price": -1},
        {"con_id": SPY, "action": "BUY", "quantity": 100_000},
    ],
)
async def test_an_order_by_hand_that_makes_no_sense_changes_nothing(run: Run, body: dict[str, Any]) -> None:
    assert (await run.http.post("/api/v1/orders", json=body)).status_code == 400
    assert run.gateway.broker.book.orders == {}


async def test_an_order_by_hand_over_http(run: Run) -> None:
    entry = {"con_id": SPY, "action": "BUY", "quantity": 2, "limit_price": 100.0, "tif": "GTC"}
    answer = await run.http.post("/api/v1/orders", json=entry)
    [shown] = answer.json()["orders"]
    assert (shown["status"], shown["limit_price"], shown["client_id"]) == ("Submitted", 100.0, 0)


async def test_an_order_of_another_program_and_a_cancellation_by_hand(run: Run) -> None:
    entry = {"con_id": SPY, "action": "BUY", "quantity": 2, "limit_price": 100.0, "client_id": 50}
    [shown] = (await run.http.post("/api/v1/orders", json=entry)).json()["orders"]
    assert (shown["status"], shown["client_id"]) == ("Submitted", 50)
    path = f"/api/v1/orders/{shown['perm_id']}"
    assert (await run.http.delete(path)).status_code == 200
    await run.beat(3)
    [shown] = (await run.http.get("/api/v1/book")).json()["orders"]
    assert shown["status"] == "Cancelled"
    assert (await run.http.delete(path)).status_code == 409
    assert (await run.http.delete("/api/v1/orders/4711")).status_code == 404


async def test_an_order_names_its_exchange(world: World) -> None:
    async with RawClient(world.port) as client:
        await client.start()
        order = place_order("SPY")
        assert order[7] == "SMART"
        order[7] = ""
        client.send("3", 1, *order)
        assert (await client.receive())[1:4] == [
            "1", "321", "Error validating request.-'bF' : cause - Missing order exchange",
        ]  # fmt: skip
        assert await client.silence()
