"""The engine killed at random moments, again and again, without Redis: was a position ever naked, or sold twice?

`python -m tests.bench.kills [KILLS] [SEED]` prints one line of JSON. The broker's book is read all the while.
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from tests.engine.rig import LATEST, Engine, Supervisor
from tests.stand_in import StandIn

LIVE = ("PreSubmitted", "Submitted", "PendingSubmit", "PendingCancel")


class Eye:
    """Reads the broker's book, and remembers the worst."""

    def __init__(self, gateway: StandIn) -> None:
        self._gateway = gateway
        self._naked_since: float | None = None
        self.naked: list[float] = []
        self.lowest = 0.0
        self.looks = 0

    def watch(self, seconds: float) -> None:
        """Look for that long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPError):
                self._look(self._gateway.book())
            time.sleep(0.03)

    def _look(self, book: Any) -> None:
        self.looks += 1
        naked = False
        for position in book["positions"]:
            self.lowest = min(self.lowest, position["quantity"])
            groups: dict[str, float] = {}
            own = [order for order in book["orders"] if order["local_symbol"] == position["local_symbol"]]
            for order in own:
                if order["action"] == "SELL" and order["status"] in LIVE:
                    name = order["oca_group"] or str(order["perm_id"])
                    groups[name] = max(groups.get(name, 0.0), order["quantity"] - order["filled"])
            naked = naked or position["quantity"] > sum(groups.values())
        now = time.monotonic()
        if naked and self._naked_since is None:
            self._naked_since = now
        elif not naked and self._naked_since is not None:
            self.naked.append(now - self._naked_since)
            self._naked_since = None


def run(kills: int, seed: int) -> dict[str, Any]:
    """Kill that often. Returns what was seen."""
    chance = random.Random(seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(Supervisor()) as supervisor,
        contextlib.closing(StandIn(Path(folder), SIM_SERVER_VERSION=LATEST)) as gateway,
        contextlib.closing(Engine(Path(folder), gateway, supervisor.url, TRADE_PAUSE_SECONDS="0.2")) as engine,
    ):
        gateway.start()
        gateway.up()
        eye = Eye(gateway)
        engine.start()
        engine.reach("TRADING", 60)
        for _ in range(kills):
            eye.watch(chance.uniform(0.0, 6.0))
            engine.kill()
            eye.watch(chance.uniform(0.0, 2.0))
            engine.start()
            begun = time.monotonic()
            while time.monotonic() - begun < 60:
                eye.watch(0.1)
                with contextlib.suppress(httpx.HTTPError):
                    if engine.status()["state"] == "TRADING":
                        break
        eye.watch(5.0)
        book = gateway.book()
        bought = sum(order["filled"] for order in book["orders"] if order["action"] == "BUY")
        sold = sum(order["filled"] for order in book["orders"] if order["action"] == "SELL")
        held = sum(position["quantity"] for position in book["positions"])
        return {
            "kills": kills,
            "seed": seed,
            "looks": eye.looks,
            "bought": bought,
            "sold": sold,
            "held": held,
            "lowest_position": eye.lowest,
            "naked_seconds": [round(seconds, 3) for seconds in eye.naked],
        }


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
