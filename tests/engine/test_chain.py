"""Today's options, by the real adapter from the stand-in: loaded, missing, and over the roll of the day."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.engine.rig import LATEST, Engine
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.rig import Supervisor


def ready(engine: Engine) -> bool:
    return engine.get("/readyz").status_code == 200


def chain(engine: Engine) -> Any:
    return engine.status()["chain"]


def test_without_todays_options_it_is_not_ready_and_buys_nothing(tmp_path: Path, supervisor: Supervisor) -> None:
    with (
        contextlib.closing(StandIn(tmp_path, SIM_SERVER_VERSION=LATEST)) as gateway,
        contextlib.closing(Engine(tmp_path, gateway, supervisor.url)) as engine,
    ):
        gateway.start()
        gateway.up()
        gateway.fault("chain-without-today")
        engine.start()
        engine.reach("TRADING", 40)
        wait_for(lambda: "today's chain is missing" in engine.status()["sentence"], 20, engine.tail)
        answer = engine.get("/readyz")
        assert answer.status_code == 503
        assert "lists no option of SPY" in answer.json()["sentence"]
        assert engine.metric("watchkeeper_engine_chain_ready") == 0
        assert gateway.book()["orders"] == []
        gateway.cure_all()
        wait_for(lambda: ready(engine), 20, lambda: (engine.status(), engine.tail()))
        wait_for(lambda: gateway.book()["orders"], 20, engine.tail)
        # Every strike of the money and fifty on either side, in one answer; no other way to know them was used.
        wait_for(lambda: chain(engine)["loaded"] >= 202, 10, engine.status)
        assert engine.metric("watchkeeper_engine_chain_contracts") >= 202
        assert engine.metric("watchkeeper_engine_chain_near_seconds") > 0
        assert engine.metric("watchkeeper_engine_chain_near_seconds") <= chain(engine)["load_seconds"]


def test_an_index_and_its_weeklies_and_the_next_days_after_the_roll(tmp_path: Path, supervisor: Supervisor) -> None:
    ends = (datetime.now(UTC) + timedelta(seconds=80)).replace(second=0, microsecond=0)
    local = ends.astimezone(ZoneInfo("America/New_York"))
    if (local.hour, local.minute) == (0, 0):  # a day that ends at midnight has the date before it
        local, ends = local + timedelta(minutes=1), ends + timedelta(minutes=1)
    world = {"SIM_SERVER_VERSION": "200", "SIM_DAY_START": f"{local:%H:%M}"}
    # In that hour Chicago, where the index is listed, is a date behind; no real session ends then.
    underlying = "SPX" if local.hour else "SPY"
    settings = {"UNDERLYING": underlying, "CHAIN_STRIKES": "5", "STRATEGY": "none"}
    with (
        contextlib.closing(StandIn(tmp_path, **world)) as gateway,
        contextlib.closing(Engine(tmp_path, gateway, supervisor.url, **settings)) as engine,
    ):
        gateway.start()
        gateway.up()
        engine.start()
        wait_for(lambda: ready(engine), 40, lambda: (engine.status(), engine.tail()))
        if datetime.now(UTC) < ends:
            assert chain(engine)["date"] == f"{local:%Y%m%d}"
        tomorrow = f"{local + timedelta(days=1):%Y%m%d}"
        wait_for(lambda: chain(engine)["date"] == tomorrow, 100, lambda: (engine.status(), engine.tail()))
        assert datetime.now(UTC) >= ends
        wait_for(lambda: ready(engine) and chain(engine)["loaded"] >= 22, 20, engine.status)
        assert engine.metric("watchkeeper_engine_generation") == 1
