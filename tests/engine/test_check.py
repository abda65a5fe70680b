"""The books against the broker's while nothing is wrong, and through an outage."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tests.engine.rig import Engine, Supervisor
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from pathlib import Path

SPY = 756733


def test_what_nobody_told_is_found_and_an_outage_leaves_no_question_behind(
    tmp_path: Path, gateway: StandIn, supervisor: Supervisor
) -> None:
    more = {"BOOKS_CHECK_SECONDS": "0.5", "STRATEGY": "none", "CHAIN_STRIKES": "0"}
    with contextlib.closing(Engine(tmp_path, gateway, supervisor.url, **more)) as engine:

        def holds(quantity: int) -> bool:
            return [row["quantity"] for row in engine.status()["positions"]] == [quantity]

        gateway.start()
        gateway.up()
        engine.start()
        engine.reach("TRADING", 40)
        gateway.post("/api/v1/orders", {"con_id": SPY, "action": "BUY", "quantity": 3})
        wait_for(lambda: holds(3), 30, lambda: (engine.status(), engine.tail()))

        gateway.kill()
        engine.reach("CONNECTING", 20)
        # Long enough for several checks, had they been made.
        wait_for(lambda: engine.status()["connection"]["attempts"] >= 2, 30, engine.status)
        gateway.start()
        gateway.up()
        engine.post("/api/v1/resync")
        engine.reach("TRADING", 30)
        gateway.post("/api/v1/orders", {"con_id": SPY, "action": "BUY", "quantity": 2})
        wait_for(lambda: holds(5), 30, lambda: (engine.status(), engine.tail()))
        said = engine.log.read_text()
        assert "Request timed out" not in said
        assert said.count("our books differ from the broker's; reconciling") == 2
