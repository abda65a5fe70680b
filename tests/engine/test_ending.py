"""What the engine cures by itself, with nobody there to ask for it, and what it ends itself for."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tests.engine.rig import Engine, in_both_encodings
from tests.stand_in import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.rig import Supervisor
    from tests.stand_in import StandIn

OPEN_ORDER_END = 53


@in_both_encodings
def test_a_frame_that_nobody_can_read_is_deafness_and_the_engine_cures_itself(
    tmp_path: Path, gateway: StandIn, supervisor: Supervisor
) -> None:
    gateway.start()
    gateway.up()
    with contextlib.closing(Engine(tmp_path, gateway, supervisor.url, STRATEGY="none")) as engine:
        engine.start()
        engine.reach("TRADING", 40)
        generation = engine.status()["generation"]
        gateway.fault("undecodable-frame", client=1, kind="half-a-message")
        engine.reach("DEAF", 5)
        assert engine.status()["connection"]["reader_alive"] is False
        engine.reach("TRADING", 30)
        assert engine.status()["generation"] == generation + 1
        assert engine.metric('watchkeeper_engine_resyncs_total{result="ok"}') >= 2


def test_a_zombie_ends_itself_with_a_code_that_says_why(
    tmp_path: Path, gateway: StandIn, supervisor: Supervisor
) -> None:
    """The list of open orders without its end: Nautilus fails to reconcile, says RUNNING and trades nothing."""
    gateway.start()
    gateway.up()
    gateway.fault("missing-ends", message=OPEN_ORDER_END)
    short = {"REQUEST_TIMEOUT_SECONDS": "1", "STRATEGY": "none"}
    with contextlib.closing(Engine(tmp_path, gateway, supervisor.url, **short)) as engine:
        engine.start()
        seen: set[str] = set()

        def zombie() -> bool:
            seen.add(engine.status()["phase"])
            return "zombie" in seen

        wait_for(zombie, 40, engine.tail)
        assert engine.wait(30) == 12, engine.tail()
        assert "NEVER_RECONCILED" in engine.log.read_text()
        assert {"loading", "reconciling"} <= seen
