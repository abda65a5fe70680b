"""The supervisor's sentinel on a real wire, in both encodings: every sense that it has."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from supervisor.observation import Result, SessionPhase
from supervisor.policy import Policy
from supervisor.probes.sentinel import Sentinel
from tests.stand_in import ACCOUNT, StandIn, wait_for
from tws.clock import SystemClock
from tws.contracts import stock
from tws.session import Session

SPY = 756733


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not true():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("version", ["200", "223"])
async def test_all_its_senses(tmp_path: Path, version: str) -> None:
    with closing(StandIn(tmp_path, SIM_SERVER_VERSION=version)) as gateway:
        gateway.start()
        gateway.up()
        gateway.post("/api/v1/orders", {"con_id": SPY, "action": "BUY", "quantity": 7})
        wait_for(lambda: gateway.book()["positions"], 10, gateway.tail)
        gateway.post("/api/v1/orders", {"con_id": SPY, "action": "BUY", "quantity": 3, "limit_price": 99.5})
        opener, canary = Session.open, stock("SPY")
        sentinel = Sentinel("127.0.0.1", gateway.api_port, opener, canary, SystemClock(), Policy(), lambda: None)
        async with sentinel:
            await until(lambda: sentinel.view.heart.result is Result.OK)
            assert sentinel.view.phase is SessionPhase.READY
            assert sentinel.view.accounts == (ACCOUNT,)
            assert abs(sentinel.view.clock_skew_seconds or 0) < 2
            await until(lambda: sentinel.view.last_tick_at)
            await until(lambda: sentinel.view.audit)
            audit = sentinel.view.audit
            assert audit is not None
            assert (audit.positions, audit.orders) == (1, 1)
            [position] = gateway.book()["positions"]
            assert audit.cost == pytest.approx(7 * position["average_cost"], rel=1e-3)
            await until(lambda: sentinel.view.profits)
            [profit] = sentinel.view.profits
            # Seven shares a moment after they were bought: some money, and what was open is all that there is.
            assert profit.daily is not None
            assert profit.unrealized is not None
            assert profit.realized == 0
            assert abs(profit.unrealized) < audit.cost / 10

            await asyncio.to_thread(gateway.fault, "upstream-lost")
            await until(lambda: sentinel.view.upstream_lost_at)
            await asyncio.to_thread(gateway.cure, "upstream-lost")
            await until(lambda: sentinel.view.upstream_lost_at is None)
            await asyncio.to_thread(gateway.fault, "market-farm")
            await until(lambda: sentinel.view.farms_down)
            await asyncio.to_thread(gateway.cure, "market-farm")
            await until(lambda: not sentinel.view.farms_down)
            await asyncio.to_thread(gateway.fault, "data-lost")
            await until(lambda: sentinel.view.data_lost_at)
            await until(lambda: (sentinel.view.last_tick_at or 0) > (sentinel.view.data_lost_at or 0))

            await asyncio.to_thread(gateway.fault, "hang")
            await until(lambda: Result.FAIL is sentinel.view.heart.result is sentinel.view.second.result)
