"""Kills the stand-in again and again and looks into its record each time: is there everything that a client was told?

One client trades as fast as it can until the stand-in dies under it; what it heard is compared with the record on
disk, and the next stand-in goes on from there.
"""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.simulator.app import build
from gateway.simulator.broker.orders import Fill, Order, Status
from gateway.simulator.broker.store import Store
from gateway.simulator.settings import load
from supervisor.drill.ports import free_port
from tests.stand_in import Process
from tests.unit.simulator.orders import place_order
from tests.unit.simulator.raw import Message, RawClient
from tws.clock import SystemClock

_CLIENT = 7
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_PLACES = (("broker", 60_000), ("save", 2_000), ("alarm", 60_000), ("broker", 5_000))
"""Where the process dies, and within how many instructions or microseconds; each in turn."""


@dataclass
class Told:
    """What the client has heard of over all rounds."""

    orders: dict[int, tuple[int, str, float]] = field(default_factory=dict)
    """By permId: order id, status and filled."""
    executions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By execId: the whole message, without the id of a request."""
    next_id: int = 1

    def hear(self, message: Message) -> None:
        match message[0]:
            case "9":
                found = int(message[2])
                used = max((number for number, _, _ in self.orders.values()), default=0)
                assert found > used, f"order id {found} is offered again, {used} was used"
                self.next_id = found
            case "3":
                perm_id, status, filled = int(message[6]), message[2], float(message[3])
                before = self.orders.get(perm_id)
                if before is not None and Status(before[1]).is_over:
                    assert status == before[1], f"order {perm_id} was {before[1]} and is {status} now"
                self.orders[perm_id] = (int(message[1]), status, filled)
            case "11":
                exec_id, said = message[14], tuple(message[2:])
                assert self.executions.setdefault(exec_id, said) == said, f"execution {exec_id} is given twice"


class Crasher:
    """A stand-in that dies in every round, on a record that stays."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.told = Told()
        self.kills = 0
        self._random = random.Random(seed)
        self._directory = directory
        self._state = directory / "state"

    async def round(self) -> None:
        """One life and death."""
        if self.kills == 0:
            place, within = "open", 300
        else:
            place, within = _PLACES[self.kills % len(_PLACES)]
        port = free_port()
        environment = {
            "CRASH_AT": f"{place}:{self._random.randint(1, within)}",
            "SIM_API_PORT": str(port),
            "SIM_COMMAND_PORT": "0",
            "SIM_STATE_DIR": str(self._state),
            "SIM_SPEED": "20",
            "SIM_MAX_MESSAGES_PER_SECOND": "100000",
        }
        child = Process("crash", "tests.crash_child", environment, self._directory)
        child.start()
        try:
            if place != "open":
                await self._trade(port, child)
            code = await asyncio.to_thread(child.wait, 30)
            assert code in (-9, -14), f"ended with {code} at {environment['CRASH_AT']}\n{child.tail()}"
        finally:
            child.kill()
        self.kills += 1
        self.check()

    async def _trade(self, port: int, child: Process) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                async with RawClient(port) as client:
                    await self._live(client, deadline)
                return
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, child.tail()
                await asyncio.sleep(0.005)
            except (EOFError, ConnectionError):
                return

    async def _live(self, client: RawClient, deadline: float) -> None:
        for message in await client.start(_CLIENT):
            self.told.hear(message)
        client.send("7", "3", "5", 0, "", "", "", "", "", "", 2147483647, 0)
        while time.monotonic() < deadline:
            self._act(client)
            with contextlib.suppress(TimeoutError):
                while True:
                    self.told.hear(await client.receive(0.003))

    def _act(self, client: RawClient) -> None:
        """Buy, sell, leave something resting, or cancel what rests."""
        told, luck = self.told, self._random.random()
        number = told.next_id
        working = [order for order, status, _ in told.orders.values() if not Status(status).is_over]
        if working and luck < 0.3:
            client.send("4", self._random.choice(working), "", "", 2147483647)
            return
        side = self._random.choice(["BUY", "SELL"])
        size = str(self._random.randint(1, 300))
        if luck < 0.5:
            limit = {"orderType": "LMT", "lmtPrice": "1.0" if side == "BUY" else "9999.0", "tif": "GTC"}
            client.send(3, number, *place_order("SPY", action=side, totalQuantity=size, **limit))
        else:
            client.send(3, number, *place_order("SPY", action=side, totalQuantity=size))
        told.next_id += 1

    def check(self) -> None:
        """What the client was told is on record, and the record adds up."""
        store = Store(self._state / "broker.sqlite3")
        try:
            orders = {order.perm_id: order for order in store.orders(_LONG_AGO)}
            fills = store.fills(_LONG_AGO)
            self._check_orders(orders, fills)
            self._check_sums(store, fills)
            build(load({"SIM_STATE_DIR": str(self._state)}), SystemClock(), store)
        finally:
            store.close()

    def _check_orders(self, orders: dict[int, Order], fills: list[Fill]) -> None:
        for perm_id, (number, status, filled) in self.told.orders.items():
            order = orders[perm_id]
            assert order.key == (_CLIENT, number)
            assert order.filled >= filled
            if Status(status).is_over:
                assert order.status == status
        ids = [fill.exec_id for fill in fills]
        assert len(set(ids)) == len(ids), "an execution id was given twice"
        assert set(self.told.executions) <= set(ids)
        for order in orders.values():
            assert order.filled == sum(fill.shares for fill in fills if fill.perm_id == order.perm_id)

    @staticmethod
    def _check_sums(store: Store, fills: list[Fill]) -> None:
        """Positions are the sum of executions and bookings, and the money follows (shares alone are traded here)."""
        sums: dict[tuple[str, int], float] = {}
        money = 0.0
        for fill in fills:
            signed = fill.shares if fill.buys else -fill.shares
            key = (fill.account, fill.con_id)
            sums[key] = sums.get(key, 0.0) + signed
            money -= signed * fill.price + fill.commission
        for booking in store.bookings(_LONG_AGO):
            key = (booking.account, booking.con_id)
            sums[key] = sums.get(key, 0.0) + booking.shares
        held = {(position.account, position.con_id): position.quantity for position in store.positions()}
        assert {key: total for key, total in sums.items() if total} == {key: n for key, n in held.items() if n}
        if fills:
            [cash] = store.cash()
            assert abs(cash.amount - 1_000_000.0 - money) < 0.01
