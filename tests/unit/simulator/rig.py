"""Parts for the stand-in's tests: a clock turned by hand, tickets, and a sample of every message it can send."""

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.api.pulse import Pulse
from gateway.simulator.app import build
from gateway.simulator.broker.orders import Fill, Order, Status, Ticket
from gateway.simulator.broker.sight import Touch
from gateway.simulator.broker.store import Store
from gateway.simulator.market.hours import around_the_clock
from gateway.simulator.market.instruments import ContractQuery, Instrument, Instruments
from gateway.simulator.settings import Settings, load

NOON = dt.datetime(2026, 11, 18, 17, 0, tzinfo=dt.UTC)
"""A Wednesday, noon in New York."""

VERSIONS = range(157, 201)
CALENDARS = around_the_clock(dt.time(0, 0))
CALENDAR = CALENDARS["stock"]
INSTRUMENTS = Instruments(CALENDARS)
SPY = 756733
AAPL = 265598


class HandClock:
    """Time stands until it is turned; sleepers wake when their moment has come."""

    def __init__(self, now: dt.datetime = NOON) -> None:
        self._now = now
        self._passed = 0.0

    def monotonic(self) -> float:
        return 1000.0 + self._passed

    def now(self) -> dt.datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        until = self._passed + seconds
        while self._passed < until:
            await asyncio.sleep(0.001)

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds
        self._now += dt.timedelta(seconds=seconds)


def beat(pulse: Pulse, clock: HandClock, times: int = 1) -> None:
    """Let the world go on by so many steps."""
    for _ in range(times):
        clock.turn(0.25)
        pulse.beat()


def settings(state: Path, **env: str) -> Settings:
    """Settings for a test: free ports, everything on loopback."""
    given = {
        "SIM_STATE_DIR": str(state),
        "SIM_API_PORT": "0",
        "SIM_CONTROL_PORT": "0",
        "SIM_COMMAND_PORT": "0",
        "SIM_CONTROL_HOST": "127.0.0.1",
        "TWS_USERID": "paper-user",
    }
    return load(given | env)


def make_gateway(state: Path, clock: HandClock, **env: str) -> tuple[Gateway, Store]:
    """A gateway on a record in that folder."""
    store = Store(state / "broker.sqlite3")
    return build(settings(state, **env), clock, store), store


class StillSight:
    """A world in which every contract has the quote it is given."""

    def __init__(self, quote: Touch | None = None) -> None:
        self.quote = quote
        self.others: dict[int, Touch] = {}
        self.before = 100.0
        self.cushion_left = 50.0
        self.has_executed = False

    def touch(self, con_id: int) -> Touch | None:
        return self.others.get(con_id, self.quote)

    def previous_close(self, con_id: int) -> float:
        return self.before

    def cushion(self, account: str) -> float:
        return self.cushion_left

    def executed(self, sec_type: str, exchange: str, symbol: str, since: dt.datetime) -> bool:
        return self.has_executed


def spy_call(strike: float = 600.0, now: dt.datetime = NOON) -> Instrument:
    """A SPY call that expires today."""
    today = CALENDAR.day_at(now).text
    query = ContractQuery(symbol="SPY", sec_type="OPT", expiry=today, strike=strike, right="C")
    [found] = INSTRUMENTS.find(query, now)
    return found


def stock(con_id: int = SPY) -> Instrument:
    found = INSTRUMENTS.by_id(con_id)
    assert found is not None
    return found


def ticket(**changes: Any) -> Ticket:
    """A market order for one share of AAPL, changed as asked."""
    base = Ticket(
        con_id=AAPL,
        action="BUY",
        quantity=1.0,
        order_type="MKT",
        tif="DAY",
        account="DUSIM0001",
        raw={"exchange": "SMART"},
    )
    return replace(base, **changes)


def order(**changes: Any) -> Order:
    """An order of client 7, changed as asked."""
    base = Order(
        client_id=7,
        order_id=5,
        perm_id=600745656,
        ticket=ticket(),
        status=Status.PRE_SUBMITTED,
        placed_at=NOON,
        quantity=1.0,
    )
    return replace(base, **changes)


def fill(**changes: Any) -> Fill:
    base = Fill(
        exec_id="0000e0d5.69dd7411.01.01",
        client_id=94,
        order_id=1,
        perm_id=389211034,
        con_id=AAPL,
        account="DU9000001",
        buys=True,
        shares=1.0,
        price=257.95,
        exchange="IEX",
        at=NOON,
        cumulative=1.0,
        average_price=257.95,
        commission=1.0,
        realized=None,
        liquidity=2,
        order_ref="",
    )
    return replace(base, **changes)
