"""The adapter's holes on the wire, with the engine's wire around it and without."""

from __future__ import annotations

import contextlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.scripts import ROOT, nautilus
from tests.engine.rig import LATEST
from tests.stand_in import StandIn

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = 80
TOO_FAST, HISTORY_TOO_FAST = 100, 162


def session(tmp_path: Path, version: str, how: str) -> dict[str, Any]:
    """What a node saw of a gateway that rejects what comes too fast, with delayed data and times without a zone."""
    environment = {"SIM_SERVER_VERSION": version, "SIM_MARKET_DATA": "delayed,CASH:live", "SIM_REJECT_OVER_RATE": "yes"}
    with contextlib.closing(StandIn(tmp_path, **environment)) as gateway:
        gateway.start()
        gateway.up()
        gateway.fault("zoneless-executions")
        ran = subprocess.run(
            nautilus("wire", gateway, str(gateway.control_port), how),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        seen: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
        return seen


@pytest.mark.parametrize("version", ["200", LATEST])
def test_with_our_wire_nothing_is_lost(tmp_path: Path, version: str) -> None:
    seen = session(tmp_path, version, "cured")
    assert seen["quotes"] > 0
    assert seen["filled"], "a fill whose time names no zone"
    assert seen["lines"] == 0
    assert not {TOO_FAST, HISTORY_TOO_FAST} & set(seen["codes"])
    assert (seen["answers"], seen["bars"]) == (REQUESTS, 6)
    assert seen["accepted"]
    assert seen["answers_before"] < REQUESTS / 2, "the order stood behind the requests"
    assert "0.01 USD" in seen["refused"]


def test_the_bare_adapter_falls_into_every_hole(tmp_path: Path) -> None:
    """What the test above would see if our wire did nothing; the day that this fails, some of it is not needed."""
    seen = session(tmp_path, LATEST, "plain")
    assert seen["quotes"] == 0
    assert seen["lines"] == 1
    assert {TOO_FAST, HISTORY_TOO_FAST} <= set(seen["codes"])
    assert not seen["accepted"], "an order that was dropped for coming too fast"
    assert not seen["filled"]
    assert "refused" not in seen
