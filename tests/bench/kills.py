"""`python -m tests.bench kills --kills 50 --seed 1`: the engine killed at random moments, again and again.

Was a position ever naked, or sold twice, and did engine and broker agree after each start? With Redis, as in the stack,
or without (`--no-redis`). The broker's book is read all the while. A line of JSON for each kill, and one for all.
"""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from supervisor.drill.report import agree
from tests.engine.redis import Redis
from tests.engine.rig import LATEST, Engine, Supervisor
from tests.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Callable

LIVE = ("PreSubmitted", "Submitted", "PendingSubmit", "PendingCancel")
_START_SECONDS = 120.0
_AGREE_SECONDS = 30.0


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

    def until(self, true: Callable[[], bool], seconds: float) -> float | None:
        """Look on until it is so. Returns the seconds it took, or None if it was not to be."""
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds:
            with contextlib.suppress(httpx.HTTPError):
                if true():
                    return round(passed, 2)
            self.watch(0.1)
        return None


def run(kills: int, seed: int, *, with_redis: bool) -> None:
    """Kill that often. Prints what was seen."""
    chance = random.Random(seed)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        more = {"TRADE_PAUSE_SECONDS": "0.2"}
        if with_redis:
            redis = stack.enter_context(contextlib.closing(Redis()))
            redis.start()
            more |= {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port)}
        supervisor = stack.enter_context(contextlib.closing(Supervisor()))
        gateway = stack.enter_context(contextlib.closing(StandIn(folder, SIM_SERVER_VERSION=LATEST)))
        engine = stack.enter_context(contextlib.closing(Engine(folder, gateway, supervisor.url, **more)))
        gateway.start()
        gateway.up()
        eye = Eye(gateway)
        engine.start()
        engine.reach("TRADING", _START_SECONDS)
        held_at_a_kill = apart = 0
        for number in range(1, kills + 1):
            lived = chance.uniform(0.0, 6.0)
            eye.watch(lived)
            engine.kill()
            held = sum(position["quantity"] for position in gateway.book()["positions"])
            away = chance.uniform(0.0, 2.0)
            eye.watch(away)
            engine.start()
            trading = eye.until(lambda: engine.status()["state"] == "TRADING", _START_SECONDS)
            agreed = eye.until(lambda: agree(gateway.book(), engine.status()), _AGREE_SECONDS)
            held_at_a_kill += bool(held)
            apart += agreed is None
            told = {"kill": number, "lived": round(lived, 2), "held": held, "away": round(away, 2)}
            print(json.dumps({**told, "trading_after": trading, "agreed_after": agreed}), flush=True)
        eye.watch(5.0)
        book = gateway.book()
        print(
            json.dumps(
                {
                    "kills": kills,
                    "seed": seed,
                    "redis": with_redis,
                    "looks": eye.looks,
                    "held_at_a_kill": held_at_a_kill,
                    "books_apart_after": apart,
                    "bought": _filled(book, "BUY"),
                    "sold": _filled(book, "SELL"),
                    "held": sum(position["quantity"] for position in book["positions"]),
                    "lowest_position": eye.lowest,
                    "naked_seconds": [round(seconds, 3) for seconds in eye.naked],
                }
            ),
            flush=True,
        )


def _filled(book: Any, side: str) -> float:
    return sum(float(order["filled"]) for order in book["orders"] if order["action"] == side)
