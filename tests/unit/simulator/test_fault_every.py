"""What holds for every fault: it can be begun and ended, leaves nothing behind, and spares whom it does not mean."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.simulator.faults.catalogue import FAULTS
from gateway.simulator.faults.fault import parameters
from gateway.simulator.login_state import Phase
from tests.unit.simulator.asks import IBAPI, stock
from tests.unit.simulator.ibapi_client import IbapiClient
from tests.unit.simulator.rig import AAPL

if TYPE_CHECKING:
    from tests.unit.simulator.run import Run

_DEADLY = ("crash", "jvm-dead", "freeze")


async def said(run: Run, version: int) -> list[str]:
    """What ibapi is told in a small session as client 7: ticks, an order, lists, history."""
    async with IbapiClient(run.server.port, version) as client:
        heard = await client.start(7)
        client.ask("reqMktData", 5, stock(IBAPI), "", False, False, [])
        heard += await client.until(lambda name, values: name == "tickString" and values[1] == 33)
        client.ask("cancelMktData", 5)
        client.ask("reqPositions")
        heard += await client.until(lambda name, values: name == "positionEnd")
        client.ask("reqOpenOrders")
        heard += await client.until(lambda name, values: name == "openOrderEnd")
        client.ask("reqHistoricalData", 6, stock(IBAPI), "", "2 D", "1 day", "TRADES", 1, 1, False, [])
        heard += await client.until(lambda name, values: name == "historicalDataEnd")
        run.place(7, run.gateway.broker.next_order_id(7))
        await run.beat(3)
        heard += await client.until(lambda name, values: name == "commissionAndFeesReport")
        return [name for name, _ in heard]


async def serves(run: Run) -> None:
    """Let the machine's time pass until the login, if there is one, is over."""
    async with asyncio.timeout(10):
        while run.lifecycle.phase is not Phase.SERVING or not run.server.is_open:
            run.clock.turn(1)
            await asyncio.sleep(0.002)


@pytest.mark.parametrize("version", [200, 223])
@pytest.mark.parametrize("name", [name for name in FAULTS if name not in _DEADLY])
async def test_it_leaves_nothing_behind(run: Run, name: str, version: int) -> None:
    gateway = run.gateway
    before = (gateway.settings, gateway.writer, gateway.read_only, run.lifecycle.script, gateway.upstream_lost)
    at_once = {"at_once": False} if "at_once" in {one.name for one in parameters(FAULTS[name])} else None
    assert (await run.http.post(f"/api/v1/faults/{name}", json=at_once)).status_code == 200
    if run.faults.curable(name):
        assert (await run.status())["faults"] == [name]
        await run.end(name)
    assert (await run.status())["faults"] == []
    after = (gateway.settings, gateway.writer, gateway.read_only, run.lifecycle.script, gateway.upstream_lost)
    assert after == before
    assert gateway.farms.notices() == type(gateway.farms)().notices()
    assert not gateway.trouble.speech
    assert not gateway.trouble.shape
    await serves(run)
    assert len(await said(run, version)) > 20


@pytest.mark.parametrize("version", [200, 223])
@pytest.mark.parametrize(
    ("name", "scope"),
    [(name, {"client": 9}) for name, kind in FAULTS.items() if "client" in kind.scopes]
    + [(name, {"contract": AAPL}) for name, kind in FAULTS.items() if "contract" in kind.scopes],
)
async def test_it_spares_others(run: Run, name: str, scope: dict[str, Any], version: int) -> None:
    untroubled = await said(run, version)
    await run.begin(name, **scope)
    assert _steady(await said(run, version)) == _steady(untroubled)


def _steady(kinds: list[str]) -> list[str]:
    """Without ticks, which come as the market moves, and positions, which the first session had not."""
    return [kind for kind in kinds if not kind.startswith(("tick", "position"))]
