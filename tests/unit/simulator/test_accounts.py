"""Accounts over a socket: summaries, updates, positions, profit, advisors, exercise; one account and several."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.simulator.api.pulse import Pulse
from gateway.simulator.broker.orders import Refused, Status
from tests.unit.simulator.orders import place_order
from tests.unit.simulator.raw import Message, RawClient, of
from tests.unit.simulator.rig import AAPL, SPY, HandClock, make_gateway, spy_call, ticket
from tests.unit.simulator.run import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.simulator.api.gateway import Gateway
    from gateway.simulator.api.server import ApiServer

ADVISOR = "DFSIM0001,DUSIM0001,DUSIM0002"
EUR = 12087792


class World:
    """A gateway with its server, whose clock is turned by hand."""

    def __init__(self, gateway: Gateway, server: ApiServer, clock: HandClock) -> None:
        self.gateway, self.port, self.clock = gateway, server.port, clock
        self.broker = gateway.broker
        self._pulse = Pulse(gateway)

    def beat(self, times: int = 1, seconds: float = 0.25) -> None:
        for _ in range(times):
            self.clock.turn(seconds)
            self._pulse.beat()

    def trade(self, con_id: int, quantity: float, account: str = "DUSIM0001", **raw: str) -> None:
        """Buy, or sell where it is negative, at the market, without a client."""
        number = self.broker.next_order_id(99)
        side = "BUY" if quantity > 0 else "SELL"
        asked = ticket(
            con_id=con_id, quantity=abs(quantity), action=side, account=account, raw={"exchange": "SMART"} | raw
        )
        self.broker.place(99, number, asked)
        for _ in range(40):
            self.beat()
            if self.broker.book.orders[(99, number)].status is Status.FILLED:
                return
        raise AssertionError("not filled")


@asynccontextmanager
async def running(folder: Path, **env: str) -> AsyncIterator[World]:
    clock = HandClock()
    async with serving(folder, clock, **env) as (gateway, server):
        yield World(gateway, server, clock)


def texts(rows: list[Message], at: int) -> list[str]:
    return [row[at] for row in rows]


# -- summary -----------------------------------------------------------------------------------------------------------


async def test_a_summary_is_sent_twice_and_then_every_three_minutes(tmp_path: Path) -> None:
    async with running(tmp_path) as world, RawClient(world.port) as client:
        await client.start()
        first = await client.answer("62", "1", "5", "All", "NetLiquidation,Cushion,BuyingPower", end="64")
        assert texts(first[:-1], 4) == ["BuyingPower", "Cushion", "NetLiquidation"]
        world.beat()
        assert await client.silence(0.05)
        world.beat(4)
        assert await client.until(lambda message: message[0] == "64") == first
        world.beat(8)
        assert await client.silence(0.05)
        world.broker.ledger.pay("DUSIM0001", "USD", 5.0)
        world.beat(1, 180.0)
        later = await client.until(lambda message: message[4] == "NetLiquidation")
        assert later[-1][5] == "1000005.00"


async def test_a_summary_of_several_accounts(tmp_path: Path) -> None:
    async with running(tmp_path, SIM_ACCOUNTS="DU1,DU2") as world, RawClient(world.port) as client:
        assert (await client.start())[0] == ["15", "1", "DU1,DU2"]
        rows = await client.answer("62", "1", "5", "All", "NetLiquidation,$LEDGER:ALL", end="64")
        assert [row[3:6] for row in rows[:2]] == [
            ["DU1", "NetLiquidation", "1000000.00"],
            ["DU2", "NetLiquidation", "1000000.00"],
        ]
        assert ["63", "1", "5", "All", "CashBalance", "2000000.00", "USD"] in rows
        assert ["63", "1", "5", "All", "CashBalance", "2000000.00", "BASE"] in rows
        client.send("62", "1", "6", "Nobody", "NetLiquidation")
        assert (await client.receive())[1:3] == ["6", "321"]


async def test_the_ledger_has_a_row_for_every_currency_and_then_base(tmp_path: Path) -> None:
    async with running(tmp_path) as world, RawClient(world.port) as client:
        await client.start()
        world.trade(EUR, 20_000.0)
        rate = world.broker.rate("EUR")
        rows = await client.answer("62", "1", "5", "All", "$LEDGER:ALL", end="64")
        cash = [row for row in rows if row[0] == "63" and row[4] == "CashBalance"]
        assert texts(cash, 6) == ["USD", "EUR", "BASE"]
        assert cash[1][5] == "20000.00"
        assert float(cash[2][5]) == pytest.approx(float(cash[0][5]) + 20_000 * rate, abs=0.02)
        [exchange] = [row[5] for row in rows if row[0] == "63" and row[4] == "ExchangeRate" and row[6] == "EUR"]
        assert float(exchange) == pytest.approx(rate, abs=0.01)
        for tag, currencies in (("$LEDGER", {"BASE"}), ("$LEDGER:EUR", {"EUR"}), ("$LEDGER:CHF", set())):
            client.send("63", "1", "5")
            rows = await client.answer("62", "1", "5", "All", tag, end="64")
            assert {row[6] for row in rows[:-1]} == currencies


# -- updates -----------------------------------------------------------------------------------------------------------


async def test_updates_come_from_a_to_z_and_then_as_they_change(tmp_path: Path) -> None:
    async with running(tmp_path) as world, RawClient(world.port) as client:
        await client.start()
        world.trade(SPY, 10)
        heard = await client.answer("6", "2", "1", "DUSIM0001", end="54")
        tags = texts(of(heard, "6"), 2)
        assert tags == sorted(tags)
        assert {"AccountCode", "NetLiquidation-S", "NetLiquidation-C", "UnrealizedPnL", "WhatIfPMEnabled"} <= set(tags)
        assert [message[0] for message in heard[-4:]] == ["7", "8", "8", "54"]
        world.beat(4)
        assert await client.silence(0.05)
        world.trade(SPY, 5)
        changed = await client.until(lambda message: message[0] == "7")
        assert changed[-1][13] == "15"
        assert 0 < len(of(changed, "6")) < len(tags)
        assert "AccountCode" not in texts(of(changed, "6"), 2)
        client.send("6", "2", "0", "")
        assert (await client.until(lambda message: message[0] == "4"))[-1][2] == "2100"


async def test_updates_of_several_accounts_need_a_name(tmp_path: Path) -> None:
    async with running(tmp_path, SIM_ACCOUNTS=ADVISOR) as world, RawClient(world.port) as client:
        await client.start()
        client.send("6", "2", "1", "")
        assert "The account code is required" in (await client.receive())[3]
        together = await client.answer("6", "2", "1", "DFSIM0001A", end="54")
        assert together[-1] == ["54", "1", "DFSIM0001A"]
        assert ["6", "2", "NetLiquidation", "2000000.00", "USD", "DFSIM0001A"] in together
        client.send("6", "2", "1", "DU999")
        assert (await client.receive())[2] == "321"


async def test_multi_updates(tmp_path: Path) -> None:
    async with running(tmp_path) as world, RawClient(world.port) as client:
        await client.start()
        whole = await client.answer("76", "1", "5", "DUSIM0001", "", 0, end="74")
        some = await client.answer("76", "1", "6", "DUSIM0001", "", 1, end="74")
        assert 0 < len(some) < len(whole)
        assert "BuyingPower" not in texts(some[:-1], 5)
        assert "NetLiquidation" in texts(some[:-1], 5)
        client.send("77", "1", "5")
        client.send("76", "1", "7", "DU999", "", 0)
        assert (await client.receive())[1:3] == ["7", "321"]


# -- positions and profit ----------------------------------------------------------------------------------------------


async def test_positions_of_accounts_are_kept_apart(tmp_path: Path) -> None:
    async with running(tmp_path, SIM_ACCOUNTS="DU1,DU2") as world, RawClient(world.port) as client:
        await client.start()
        world.trade(SPY, 3, "DU1")
        world.trade(SPY, 4, "DU2")
        rows = await client.answer("61", "1", end="62")
        assert [(row[2], row[14]) for row in of(rows, "61")] == [("DU1", "3"), ("DU2", "4")]
        multi = await client.answer("74", "1", "5", "DU2", "", end="72")
        assert [(row[3], row[15]) for row in of(multi, "71")] == [("DU2", "4")]
        world.trade(AAPL, 1, "DU1")
        moved = await client.until(lambda message: message[0] == "61")
        assert [(row[2], row[4]) for row in moved] == [("DU1", "AAPL")]


async def test_a_model_sees_what_was_traded_under_its_code(tmp_path: Path) -> None:
    async with running(tmp_path) as world, RawClient(world.port) as client:
        await client.start()
        world.trade(SPY, 3)
        world.trade(SPY, 2, modelCode="tech")
        rows = await client.answer("74", "1", "5", "DUSIM0001", "tech", end="72")
        assert [(row[15], row[17]) for row in of(rows, "71")] == [("2", "tech")]
        rows = await client.answer("74", "1", "6", "DUSIM0001", "", end="72")
        assert [(row[15], row[17]) for row in of(rows, "71")] == [("5", "")]
        client.send("94", "7", "DUSIM0001", "tech", SPY)
        assert (await client.receive())[:3] == ["95", "7", "2"]
        client.send("7", "3", "8", 0, "", "", "", "", "", "", 2147483647, 0)
        heard = await client.until(lambda message: message[0] == "55")
        assert "tech" in of(heard, "11")[-1]


async def test_a_days_profit_starts_from_what_was_held(tmp_path: Path) -> None:
    async with running(tmp_path) as world, RawClient(world.port) as client:
        await client.start()
        world.beat()
        world.trade(SPY, 100)
        midnight = world.gateway.market.calendar.day_at(world.clock.now()).ends
        world.beat(1, (midnight - world.clock.now()).total_seconds() + 0.1)
        worth = world.broker.values().net_liquidation
        world.beat(1, 3600.0)
        client.send("92", "5", "DUSIM0001", "")
        told = await client.receive()
        assert float(told[2]) == pytest.approx(world.broker.values().net_liquidation - worth, abs=0.01)
        assert float(told[3]) != pytest.approx(float(told[2]), abs=0.01)  # open profit began the day before
        client.send("94", "6", "DUSIM0001", "", SPY)
        single = (await client.until(lambda message: message[0] == "95"))[-1]
        assert float(single[3]) == pytest.approx(float(told[2]), abs=0.01)


# -- limits ------------------------------------------------------------------------------------------------------------


async def test_twenty_orders_a_contract_side_and_account(tmp_path: Path) -> None:
    async with running(tmp_path, SIM_ACCOUNTS="DU1,DU2") as world:
        broker = world.broker
        resting = {"order_type": "LMT", "limit_price": 1.0, "tif": "GTC"}
        for number in range(1, 21):
            broker.place(7, number, ticket(con_id=SPY, account="DU1", **resting))
        events = broker.place(7, 21, ticket(con_id=SPY, account="DU1", **resting))
        assert any(event.code == 201 and "minimum of 20 orders working" in event.text for event in events)
        for other in (
            ticket(con_id=AAPL, account="DU1", **resting),
            ticket(con_id=SPY, account="DU2", **resting),
            ticket(con_id=SPY, account="DU1", action="SELL", order_type="LMT", limit_price=9000.0, tif="GTC"),
        ):
            number = broker.next_order_id(7)
            broker.place(7, number, other)
            assert broker.book.orders[(7, number)].status is Status.SUBMITTED


async def test_a_cash_account_sells_nothing_short(tmp_path: Path) -> None:
    async with running(tmp_path, SIM_ACCOUNT_TYPE="cash") as world:
        events = world.broker.place(7, 1, ticket(con_id=SPY, action="SELL"))
        assert any(event.code == 201 and "CASH ACCOUNT" in event.text for event in events)
        world.trade(SPY, 100)
        world.trade(spy_call(605.0).con_id, -1)
        events = world.broker.place(7, 2, ticket(con_id=spy_call(605.0).con_id, action="SELL"))
        assert any(event.code == 201 for event in events)


@pytest.mark.parametrize(("kind", "most"), [("cash", 1_000_000), ("reg-t", 2_000_000), ("portfolio", 6_060_000)])
async def test_how_much_stock_an_account_can_carry(tmp_path: Path, kind: str, most: float) -> None:
    async with running(tmp_path, SIM_ACCOUNT_TYPE=kind) as world:
        price = world.gateway.market.mid(SPY, world.gateway.step())

        def accepted(dollars: float) -> bool:
            number = world.broker.next_order_id(7)
            limit = round(price, 2)
            world.broker.place(
                7, number, ticket(con_id=SPY, quantity=dollars // price, order_type="LMT", limit_price=limit)
            )
            taken = not world.broker.book.orders[(7, number)].status.is_over
            world.broker.cancel_all(7)
            world.beat(2)
            return taken

        assert not accepted(most * 1.02)
        assert accepted(most * 0.98)


# -- advisors ----------------------------------------------------------------------------------------------------------


async def test_only_advisors_have_groups(tmp_path: Path) -> None:
    async with running(tmp_path) as world, RawClient(world.port) as client:
        await client.start()
        client.send("18", "1", 1)
        refused = await client.receive()
        assert refused[2] == "321"
        assert refused[3].endswith("FA data operations ignored for non FA customers.")
        client.send("19", "1", 1, "<ListOfGroups/>", 58)
        assert (await client.receive())[1:3] == ["58", "321"]


async def test_groups_are_replaced_and_kept(tmp_path: Path) -> None:
    xml = (
        "<ListOfGroups><Group><name>pair</name><defaultMethod>Ratio</defaultMethod><ListOfAccts>"
        "<Account><acct>DUSIM0001</acct><amount>2</amount></Account>"
        "<Account><acct>DUSIM0002</acct><amount>1</amount></Account></ListOfAccts></Group></ListOfGroups>"
    )
    async with running(tmp_path, SIM_ACCOUNTS=ADVISOR) as world, RawClient(world.port) as client:
        await client.start()
        [first] = await client.answer("18", "1", 1, end="16")
        assert "<name>All</name>" in first[3]
        assert await client.answer("19", "1", 1, xml, 5, end="103") == [["103", "5", "success"]]
        [second] = await client.answer("18", "1", 1, end="16")
        assert "<name>pair</name>" in second[3]
        [aliases] = await client.answer("18", "1", 3, end="16")
        assert "<alias>DUSIM0002</alias>" in aliases[3]
        for kind, text in ((2, "x"), (9, "x"), (1, "no xml")):
            client.send("19", "1", kind, text, 6)
            assert (await client.receive())[1:3] == ["6", "321"]
    async with running(tmp_path, SIM_ACCOUNTS=ADVISOR) as world:
        assert [group.name for group in world.broker.advisor.groups] == ["pair"]


async def test_an_order_for_a_group_is_filled_in_every_account(tmp_path: Path) -> None:
    async with running(tmp_path, SIM_ACCOUNTS=ADVISOR) as world, RawClient(world.port) as client:
        await client.start(7)
        client.send(3, 1, *place_order("SPY", totalQuantity="7", faGroup="All", faMethod="EqualQuantity"))
        await client.until(lambda message: message[0] == "3")
        world.beat(4)
        heard = await client.until(lambda message: message[0] == "59")
        heard += await client.until(lambda message: message[0] == "59")
        fills = of(heard, "11")
        assert [(row[16], row[19]) for row in fills] == [("DUSIM0001", "4"), ("DUSIM0002", "3")]
        assert len({row[14] for row in fills}) == 2
        assert of(heard, "3")[-1][2:4] == ["Filled", "7"]
        assert world.broker.position(SPY, "DUSIM0001").quantity == 4
        assert world.broker.position(SPY, "DUSIM0002").quantity == 3
        client.send(3, 2, *place_order("SPY", totalQuantity="3"))
        refused = await client.until(lambda message: message[0] == "4")
        assert refused[-1][1:3] == ["2", "436"]
        client.send(3, 3, *place_order("SPY", totalQuantity="3", faGroup="Nobody"))
        assert (await client.until(lambda message: message[0] == "4"))[-1][1:3] == ["3", "321"]
        client.send(3, 4, *place_order("SPY", totalQuantity="3", account="DUSIM0002"))
        await client.until(lambda message: message[0] == "3")
        world.beat(4)
        await client.until(lambda message: message[0] == "59")
        assert world.broker.position(SPY, "DUSIM0002").quantity == 6


async def test_partial_fills_of_a_group_come_out_even(tmp_path: Path) -> None:
    async with running(tmp_path, SIM_ACCOUNTS=ADVISOR) as world:
        world.broker.place(7, 1, ticket(con_id=SPY, quantity=1501.0, account="", raw={"faGroup": "All"}))
        world.beat(40)
        assert world.broker.book.orders[(7, 1)].status is Status.FILLED
        assert len(world.broker.fills) > 2
        assert world.broker.position(SPY, "DUSIM0001").quantity == 751
        assert world.broker.position(SPY, "DUSIM0002").quantity == 750
        paid = {
            name: sum(fill.commission for fill in world.broker.fills if fill.account == name)
            for name in world.broker.accounts
        }
        assert paid == pytest.approx({"DFSIM0001": 0.0, "DUSIM0001": 3.755, "DUSIM0002": 3.75}, abs=0.001)


async def test_family_codes(tmp_path: Path) -> None:
    async with running(tmp_path, SIM_ACCOUNTS=ADVISOR) as world, RawClient(world.port) as client:
        await client.start()
        [told] = await client.answer("80", end="78")
        assert told == ["78", "3", *(text for name in ADVISOR.split(",") for text in (name, "FDFSIM0001"))]


# -- currencies and exercise -------------------------------------------------------------------------------------------


async def test_forex_moves_two_balances(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        broker = world.broker
        world.trade(EUR, 20_000.0)
        [fill] = broker.fills
        assert fill.commission == pytest.approx(2.0)
        assert broker.ledger.cash("DUSIM0001") == pytest.approx(
            {"USD": 1_000_000 - 20_000 * fill.price - 2.0, "EUR": 20_000.0}
        )
        assert broker.values().net_liquidation == pytest.approx(1_000_000, abs=30)
        with pytest.raises(LookupError, match="no forex pair for XXX"):
            broker.rate("XXX")


async def test_exercise_over_the_wire(tmp_path: Path) -> None:
    async with running(tmp_path) as world, RawClient(world.port) as client:
        await client.start(7)
        call = spy_call(560.0)
        world.trade(call.con_id, 1)
        contract = (call.con_id, "SPY", "OPT", call.expiry_text, 560.0, "C", "100", "SMART", "USD", "", "")
        client.send("21", "2", 5, *contract, 1, 1, "", 0, "", "", 0)
        heard = await client.until(lambda message: message[0] == "3")
        assert heard[0][1:3] == ["5", "10349"]
        assert [message[0] for message in heard] == ["4", "5", "3"]
        assert heard[1][13:17] == ["BUY", "1", "LMT", "0.0"]
        assert heard[2][:3] == ["3", "5", "PreSubmitted"]
        client.send("21", "2", 6, *contract, 1, 9, "", 0, "", "", 0)
        assert (await client.receive())[1:3] == ["6", "322"]
        client.send("21", "2", 7, *contract, 3, 1, "", 0, "", "", 0)
        assert (await client.receive())[1:3] == ["7", "321"]
        client.send("21", "2", 8, *contract, 1, 1, "DU999", 0, "", "", 0)
        assert (await client.receive())[1:3] == ["8", "321"]
        client.send("21", "2", 9, 0, "XYZ", *contract[2:], 1, 1, "", 0, "", "", 0)
        assert (await client.receive())[1:3] == ["9", "200"]


async def test_a_read_only_gateway_exercises_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, READ_ONLY_API="yes") as world, RawClient(world.port) as client:
        await client.start(7)
        client.send("21", "2", 5, 0, "SPY", "OPT", "", 0, "C", "", "SMART", "USD", "", "", 1, 1, "", 0, "", "", 0)
        assert "Read-Only" in (await client.receive())[3]


def test_an_advisors_master_trades_nothing(tmp_path: Path, clock: HandClock) -> None:
    gateway, store = make_gateway(tmp_path, clock, SIM_ACCOUNTS=ADVISOR)
    with pytest.raises(Refused) as refused:
        gateway.broker.place(7, 1, ticket(con_id=SPY, account="DFSIM0001"))
    assert refused.value.code == 436
    assert gateway.broker.values().net_liquidation == 0.0
    store.close()
