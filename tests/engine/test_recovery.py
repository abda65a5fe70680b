"""The gateway goes and comes; the engine finds its way back and keeps the broker's truth."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.engine.rig import LATEST, Engine, in_both_encodings
from tests.engine.test_trading import agree
from tests.stand_in import StandIn, wait_for
from tws.orders import OrderSession

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.rig import Supervisor


def settled_again(engine: Engine, before: str | None) -> bool:
    status = engine.status()
    return bool(status["state"] == "TRADING" and status["reconciled_at"] != before)


@in_both_encodings
def test_gateway_killed_and_restarted(trading: Engine, gateway: StandIn) -> None:
    wait_for(lambda: trading.status()["positions"], 60, trading.tail)
    before = trading.status()
    gateway.kill()
    trading.reach("CONNECTING", 10)
    gateway.start()
    gateway.up()
    wait_for(lambda: settled_again(trading, before["reconciled_at"]), 60, lambda: trading.tail(80))
    after = trading.status()
    assert after["generation"] == before["generation"] + 1
    wait_for(lambda: agree(trading, gateway), 10, lambda: (trading.status(), gateway.book()))


def test_a_resync_ends_the_back_off(trading: Engine, gateway: StandIn) -> None:
    """After a long outage the adapter sleeps for minutes; asked to, the engine is back in seconds."""
    gateway.kill()
    wait_for(lambda: trading.status()["connection"]["attempts"] >= 3, 60, trading.tail)
    gateway.start()
    gateway.up()
    answer = trading.post("/api/v1/resync")
    assert answer.status_code == 200, (answer.text, trading.tail(60))
    assert answer.json()["ok"] is True
    assert answer.json()["seconds"] < 3
    assert trading.status()["state"] == "TRADING"
    assert agree(trading, gateway)


def test_a_resync_while_the_gateway_is_away_says_no_in_time(trading: Engine, gateway: StandIn) -> None:
    gateway.kill()
    trading.reach("CONNECTING", 10)
    answer = trading.post("/api/v1/resync")
    assert answer.status_code == 503
    assert answer.json()["ok"] is False
    assert answer.json()["seconds"] < 17


async def fill_an_exit(gateway: StandIn) -> None:
    """The group of the position's exits gets a member that fills at once, and the others end."""
    async with await OrderSession.open("127.0.0.1", gateway.api_port, 50, timeout=10) as session:
        [position] = [row for row in await session.positions(timeout=10) if row.quantity]
        exits = [row for row in await session.open_orders(timeout=10) if row.oca_group]
        group = next(row for row in exits if row.con_id == position.con_id)
        session.market(
            position.account,
            position.con_id,
            "SELL",
            position.quantity,
            oca_group=group.oca_group,
            oca_type=group.oca_type,
        )
        await session.open_orders(timeout=10)


@in_both_encodings
def test_an_exit_that_filled_while_nobody_listened(trading: Engine, gateway: StandIn) -> None:
    """Half-open: the socket looks alive, the broker goes on. The fill and the lost sibling must both be found."""
    wait_for(lambda: trading.status()["positions"], 60, trading.tail)
    gateway.fault("half-open")
    asyncio.run(fill_an_exit(gateway))
    wait_for(lambda: not gateway.book()["positions"], 10, gateway.book)
    trading.reach("DEAF", 30)
    assert trading.status()["positions"], "the engine cannot know yet"
    answer = trading.post("/api/v1/resync")
    assert answer.json()["ok"] is True, (answer.text, trading.tail(60))
    wait_for(lambda: agree(trading, gateway), 10, lambda: (trading.status(), gateway.book()))


@in_both_encodings
def test_a_lonely_1101_is_cured_by_the_engine_itself(trading: Engine, gateway: StandIn) -> None:
    before = trading.status()["reconciled_at"]
    gateway.fault("data-lost")
    wait_for(lambda: settled_again(trading, before), 20, lambda: (trading.status(), trading.tail()))
    assert trading.metric('watchkeeper_engine_codes_total{code="1101"}') >= 1


def test_data_that_another_session_had_comes_back_without_a_resync(trading: Engine, gateway: StandIn) -> None:
    """Each line ends with a 10197, and none comes back by itself when the other session has gone."""
    before, ticks = trading.status()["reconciled_at"], "watchkeeper_engine_ticks_total"
    gateway.fault("data-competed")
    refused = 'watchkeeper_engine_codes_total{code="10197"}'
    wait_for(lambda: trading.metric(refused) > 0, 10, trading.tail)
    once = trading.metric(refused)
    wait_for(lambda: trading.metric(refused) > once, 20, trading.tail)  # asked for again, and refused again
    gateway.cure("data-competed")
    heard = trading.metric(ticks)
    wait_for(lambda: trading.metric(ticks) > heard, 20, lambda: (trading.status(), trading.tail()))
    trading.reach("TRADING", 20)
    assert trading.status()["reconciled_at"] == before


def test_a_hanging_gateway_makes_the_engine_deaf(trading: Engine, gateway: StandIn) -> None:
    gateway.fault("hang")
    took = trading.reach("DEAF", 20)
    assert took > 5
    assert trading.get("/readyz").status_code == 503
    assert trading.get("/healthz").status_code == 200


@pytest.mark.parametrize("answer", ["resync", "alone"])
def test_upstream_lost_and_back(trading: Engine, gateway: StandIn, answer: str) -> None:
    gateway.fault("upstream-lost")
    wait_for(lambda: trading.status()["state"] != "TRADING", 20, trading.tail)
    gateway.cure("upstream-lost")
    if answer == "resync":
        said = trading.post("/api/v1/resync").json()
        assert said["ok"], (said, trading.tail())
    trading.reach("TRADING", 60)
    wait_for(lambda: agree(trading, gateway), 10, lambda: (trading.status(), gateway.book()))


def test_the_market_data_type_is_sent_again(tmp_path: Path, supervisor: Supervisor) -> None:
    """An account without live data: a session that was not told "delayed" first is refused every quote (354)."""
    with (
        contextlib.closing(StandIn(tmp_path, SIM_SERVER_VERSION=LATEST, SIM_MARKET_DATA="delayed")) as gateway,
        contextlib.closing(
            Engine(tmp_path, gateway, supervisor.url, MARKET_DATA_TYPE="DELAYED_FROZEN", STRATEGY="none")
        ) as engine,
    ):
        gateway.start()
        gateway.up()
        engine.start()
        granted = 'watchkeeper_engine_codes_total{code="10167"}'
        wait_for(lambda: engine.metric(granted) >= 1, 40, engine.tail)
        gateway.kill()
        engine.reach("CONNECTING", 10)
        before = engine.metric(granted)
        gateway.start()
        gateway.up()
        wait_for(lambda: engine.metric(granted) > before, 40, engine.tail)
