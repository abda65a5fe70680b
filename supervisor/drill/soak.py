"""`make soak`: an hour of random faults and noise on a stack of its own, and then the reckoning.

A fault is followed by another as soon as all is well again, or while it is not: a third of them come early. Noise is
what nobody should act on, and goes on beside them. Prints one JSON report; exits 1 if anything in it does not fit.
"""

import argparse
import asyncio
import contextlib
import json
import random
import subprocess
import sys
from collections import Counter
from datetime import datetime
from typing import Any

import httpx

from supervisor.drill.accounts import audit
from supervisor.drill.house import commit, house
from supervisor.drill.injections import INJECTIONS, Ends, StandIn, Step
from supervisor.drill.stack import Hands, Stack
from supervisor.errors import RuntimeTrouble
from supervisor.faults import FAULTS
from tws.clock import Clock, SystemClock

FAULT_NAMES = tuple(
    name
    for name, injection in INJECTIONS.items()
    # These wait for minutes before an act is due.
    if injection.ends is Ends.TRADING and (FAULTS[injection.fault].act or 0.0) < 300.0
)

NOISE: tuple[StandIn, ...] = (
    StandIn("slow", {"latency": 0.4, "jitter": 0.2, "duration": 8}),
    StandIn("trickle", {"size": 64, "duration": 5}),
    StandIn("history-farm", {"duration": 8}),
    StandIn("market-farm", {"duration": 5}),
    StandIn("upstream-lost", {"duration": 5}),
    StandIn("late-executions", {"delay": 2, "duration": 15}),
    StandIn("repeated-executions", {"duration": 15}),
    StandIn("duplicated-status", {"duration": 15}),
    StandIn("lost-commission", {"duration": 15}),
    StandIn("clock-skew", {"seconds": 1, "duration": 10}),
    StandIn("reset"),
)
"""Ends by itself; faults of the table among it are shorter than any of their acts."""

EARLY = 1 / 3
MOST_PAUSE_SECONDS = 20.0
_SETTLE_SECONDS = 420.0


class Soak:
    """One soak on one stack."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient, clock: Clock, seed: int) -> None:
        self._stack = stack
        self._client = client
        self._clock = clock
        self._hands = Hands(stack, client, clock)
        self._random = random.Random(seed)  # noqa: S311 (what breaks next, not a secret)
        self.told: set[str] = set()
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.course: list[dict[str, Any]] = []
        """What was done to it, by seconds from the beginning."""
        self._began = clock.monotonic()

    async def run(self, seconds: float) -> dict[str, Any]:
        """Break things for that long, let them settle, and reckon."""
        self._began, began = self._clock.monotonic(), self._clock.now()
        until = self._began + seconds
        spent = await self._logins_left()
        beside = [asyncio.create_task(self._listen()), asyncio.create_task(self._noise(until))]
        while self._clock.monotonic() < until:
            name = self._random.choice(FAULT_NAMES)
            await self._play(INJECTIONS[name].steps, name)
            if self._random.random() > EARLY:
                await self._settled(until - self._clock.monotonic())
            await self._clock.sleep(self._random.uniform(0, MOST_PAUSE_SECONDS))
        beside[1].cancel()
        await self._lift_all()
        settled, found = await self._settled(_SETTLE_SECONDS)
        beside[0].cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        incidents: list[dict[str, Any]] = await self._get(self._stack.supervisor, "incidents?limit=1000")
        acts = Counter(act["rung"] for row in incidents for act in row["actions"])
        book = await self._get(self._stack.simulator, "book")
        return {
            "settled": settled,
            "faults": dict(self.done),
            "not_taken": dict(self.refused),
            "incidents": dict(Counter(row["fault"] for row in incidents)),
            "acts": dict(acts),
            "logins_spent": spent - await self._logins_left(),
            "orders": len(book["orders"]),
            "executions": len(book["executions"]),
            "orders_told_by_the_engine": len(self.told),
            "course": self.course,
            "told": [_told(row, began) for row in reversed(incidents)],
            "found": found,
            "good": settled and bool(book["executions"]) and not any(found.values()),
        }

    async def _play(self, steps: tuple[Step, ...], name: str) -> None:
        """What the last fault has taken away may refuse this one: that is counted, and is no finding."""
        at = round(self._clock.monotonic() - self._began, 1)
        try:
            await self._hands.take(steps)
            self.done[name] += 1
            self.course.append({"at_s": at, "name": name})
        except (httpx.HTTPError, subprocess.CalledProcessError, KeyError, TypeError, ValueError):
            self.refused[name] += 1

    async def _noise(self, until: float) -> None:
        while self._clock.monotonic() < until:
            await self._clock.sleep(self._random.uniform(0, 2 * MOST_PAUSE_SECONDS))
            one = self._random.choice(NOISE)
            await self._play((one,), f"noise: {one.fault}")

    async def _listen(self) -> None:
        """Every order that the engine ever calls accepted or filled has to be in the broker's record at the end."""
        while True:
            with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
                status = await self._get(self._stack.engine, "status")
                self.told |= {
                    row["client_order_id"]
                    for row in status["orders"]
                    if row["status"] in ("ACCEPTED", "PARTIALLY_FILLED", "FILLED")
                }
            await self._clock.sleep(0.5)

    async def _lift_all(self) -> None:
        with contextlib.suppress(httpx.HTTPError):
            await self._client.delete(f"{self._stack.simulator}/api/v1/faults")

    async def _settled(self, seconds: float) -> tuple[bool, dict[str, list[str]]]:
        """Whether all is well and nothing is found within that time, and what was found last.

        The engine trades on meanwhile, and a fill between two answers is no difference: so it is asked until they fit.
        """
        deadline = self._clock.monotonic() + seconds
        found: dict[str, list[str]] = {"nobody_answers": ["no reckoning was possible"]}
        while self._clock.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
                row = (await self._get(self._stack.supervisor, "status"))["tenants"][0]
                well = (row["gateway"]["state"], row["engine"]["state"], row["incident"]) == ("READY", "TRADING", None)
                found = await self._reckon()
                if well and not any(found.values()):
                    return True, found
            await self._clock.sleep(1.0)
        return False, found

    async def _reckon(self) -> dict[str, list[str]]:
        return audit(
            await self._get(self._stack.simulator, "book"),
            await self._get(self._stack.engine, "status"),
            await self._get(self._stack.supervisor, "incidents?limit=1000"),
            self.told,
        )

    async def _logins_left(self) -> int:
        """By the gateway's own ledger, whoever caused the logins."""
        row = (await self._get(self._stack.supervisor, "status"))["tenants"][0]
        return int(row["gateway"]["login"]["attempts_left"])

    async def _get(self, base: str, path: str) -> Any:
        return (await self._client.get(f"{base}/api/v1/{path}")).raise_for_status().json()


def _told(row: dict[str, Any], began: datetime) -> dict[str, Any]:
    """An incident, by seconds from the beginning of the soak."""
    at = datetime.fromisoformat(row["opened_at"]) - began
    kept = {name: row[name] for name in ("fault", "standing", "detection_seconds", "recovery_seconds", "outcome")}
    return {"at_s": round(at.total_seconds(), 1), **kept, "acts": [act["rung"] for act in row["actions"]]}


async def _soaked(seed: int, minutes: float, profile: str, version: int) -> dict[str, Any]:
    async with (
        house(int(minutes * 6) + 10, profile, version) as stack,
        httpx.AsyncClient(timeout=10, trust_env=False) as client,
    ):
        return await Soak(stack, client, SystemClock(), seed).run(minutes * 60.0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--version", type=int, default=223)
    parser.add_argument("--profile", choices=("fast", "real"), default="fast")
    options = parser.parse_args()
    if options.minutes <= 0:
        print(f"soak: expected MINUTES above 0, found {options.minutes:g}", file=sys.stderr)
        return 2
    label = {"version": 1, "seed": options.seed, "minutes": options.minutes, "profile": options.profile}
    label |= {"server_version": options.version, "commit": commit()}  # of what runs, whatever is checked out meanwhile
    try:
        told = asyncio.run(_soaked(options.seed, options.minutes, options.profile, options.version))
    except (RuntimeTrouble, httpx.HTTPError, OSError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 2
    print(json.dumps({**label, **told}))
    return 0 if told["good"] else 1


if __name__ == "__main__":
    sys.exit(main())
