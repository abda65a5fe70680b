"""What holds for every fault: it can be begun and ended, leaves nothing behind, and spares whom it does not mean."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.simulator.faults.catalogue import FAULTS
from gateway.simulator.faults.fault import parameters
from gateway.simulator.login_state import Phase
from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.rig import AAPL
from tests.unit.simulator.test_session import SPY_STOCK

if TYPE_CHECKING:
    from tests.unit.simulator.run import Run

_DEADLY = ("crash", "jvm-dead", "freeze")


async def said(run: Run) -> list[str]:
    """The kinds of messages of a small session of client 7: ticks, an order, lists, history."""
    async with RawClient(run.server.port) as client:
        heard = [message[0] for message in await client.start(7)]
        client.send("1", "11", "5", *SPY_STOCK, 0, "", 0, 0, "")
        heard += [m[0] for m in await client.until(lambda message: message[0] == "46" and message[3] == "33")]
        client.send("2", "1", "5")
        heard += [m[0] for m in await client.answer("61", "1", end="62")]
        heard += [m[0] for m in await client.answer("5", "1", end="53")]
        number = run.gateway.broker.next_order_id(7)
        run.place(7, number)
        await run.beat(3)
        heard += [m[0] for m in await client.until(lambda message: message[0] == "59")]
        return heard


async def serves(run: Run) -> None:
    """Let the machine's time pass until the login, if there is one, is over."""
    async with asyncio.timeout(10):
        while run.lifecycle.phase is not Phase.SERVING or not run.server.is_open:
            run.clock.turn(1)
            await asyncio.sleep(0.002)


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in _DEADLY])
async def test_it_leaves_nothing_behind(run: Run, name: str) -> None:
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
    assert len(await said(run)) > 20


@pytest.mark.parametrize(
    ("name", "scope"),
    [(name, {"client": 9}) for name, kind in FAULTS.items() if "client" in kind.scopes]
    + [(name, {"contract": AAPL}) for name, kind in FAULTS.items() if "contract" in kind.scopes],
)
async def test_it_spares_others(run: Run, name: str, scope: dict[str, Any]) -> None:
    untroubled = await said(run)
    await run.begin(name, **scope)
    assert _steady(await said(run)) == _steady(untroubled)


def _steady(kinds: list[str]) -> list[str]:
    """Without ticks, which come as the market moves, and positions, which the first session had not."""
    return [kind for kind in kinds if kind not in ("1", "2", "46", "61")]
