"""The adapter's own settings at work on the wire: raw symbology, and options that are exercised."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tests.engine.rig import LATEST, Engine, Supervisor
from tests.engine.test_trading import agree
from tests.stand_in import StandIn, wait_for
from tests.unit.simulator.raw import RawClient
from tws.contracts import option, stock
from tws.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tws.values import Definition

SPY = 756733
STRIKE = 560.0
SOON = 5
"""The expiry so many from today's: nobody but its holder does anything about that option."""
THE_DAY = timedelta(minutes=12)
"""Until it ends: longer than a first trade takes, and soon stepped through."""
NEW_YORK = ZoneInfo("America/New_York")
CLIENT = 77


async def deep_call(gateway: StandIn) -> Definition:
    """A call far in the money that lives for some days."""
    async with await Session.open("127.0.0.1", gateway.api_port, CLIENT, timeout=10) as session:
        [spy] = await session.definitions(stock("SPY", primary="ARCA"), timeout=10)
        expiries = sorted({day for chain in await session.chains(spy, timeout=10) for day in chain.expiries})
        wanted = option("SPY", expiries[SOON], STRIKE, "C", trading_class="SPY", multiplier="100")
        [call] = await session.definitions(wanted, timeout=10)
        return call


async def somebody_exercises(gateway: StandIn, call: Definition) -> None:
    async with RawClient(gateway.api_port) as client:
        await client.start(CLIENT)
        contract = (call.con_id, "SPY", "OPT", "", STRIKE, "C", "100", "SMART", "USD", "", "")
        client.send("21", "2", 5, *contract, 1, 1, "", 0, "", "", 0)
        await client.until(lambda message: message[0] == "3")


class House:
    """A gateway in whose account others trade as well, and an engine that is told of it."""

    def __init__(self, gateway: StandIn, engine: Engine, ends: datetime) -> None:
        self.gateway, self.engine, self.ends = gateway, engine, ends

    def held(self) -> dict[int, float]:
        return {position["con_id"]: position["quantity"] for position in self.engine.status()["positions"]}


@pytest.fixture(scope="module", params=["200", LATEST])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("adapter")
    more = {
        "SYMBOLOGY_METHOD": "raw",
        "TRACK_OPTION_EXERCISE_FROM_POSITION_UPDATE": "yes",
    }
    ends = (datetime.now(NEW_YORK) + THE_DAY).replace(second=0, microsecond=0)
    world = {"SIM_SERVER_VERSION": request.param, "SIM_DAY_START": f"{ends:%H:%M}"}
    with (
        contextlib.closing(Supervisor()) as supervisor,
        contextlib.closing(StandIn(folder, **world)) as gateway,
        contextlib.closing(Engine(folder, gateway, supervisor.url, **more)) as engine,
    ):
        gateway.start()
        gateway.up()
        engine.start()
        engine.reach("TRADING", 60)
        yield House(gateway, engine, ends)


def test_raw_names_are_traded(house: House) -> None:
    def covered() -> list[Any]:
        return [position for position in house.engine.status()["positions"] if position["exits"]]

    [held, *_] = wait_for(covered, 120, house.engine.status)
    assert held["instrument_id"].endswith("=OPT.ARCX")
    wait_for(lambda: agree(house.engine, house.gateway), 20, house.engine.status)


def test_an_exercised_option_becomes_shares(house: House) -> None:
    call = asyncio.run(deep_call(house.gateway))
    house.gateway.post("/api/v1/orders", {"con_id": call.con_id, "action": "BUY", "quantity": 1})
    wait_for(lambda: house.held().get(call.con_id) == 1, 20, house.held)
    asyncio.run(somebody_exercises(house.gateway, call))
    while (now := datetime.fromisoformat(house.gateway.get("/api/v1/time")["now"])) <= house.ends:
        step = min(house.ends - now + timedelta(seconds=1), timedelta(minutes=1))
        house.gateway.post("/api/v1/time", {"advance": step.total_seconds()})
    wait_for(lambda: house.held().get(SPY) == 100, 40, house.held)
    wait_for(lambda: call.con_id not in house.held(), 40, house.held)
    # The Keeper would find out too, seconds later; what is told at once is told by this line of the adapter.
    assert "Option exercise position created: SPY=STK.ARCX" in house.engine.log.read_text()
