"""`python -m tests.bench fleet`: up to 500 simulated tenants over 25 nodes, and what one bad hour does to all of them.

Each case is a line of docs/data/fleet.jsonl with its seed; one that is there is not run again. What people are told is
worked out by Alertmanager itself: tests/bench/fleet_pages.py.
"""

import json
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from supervisor.drill.report import percentile
from tests.bench.fleet_scenes import A_NODE, SCENES, made
from tests.sim.tenants import Fleet, Tenant, Turns

FILE = Path("docs/data/fleet.jsonl")


@dataclass(frozen=True, slots=True)
class Case:
    """`at_once`: how many log in at a time, 0 for all; `shared`: among the tenants of the fleet, or of each node."""

    scene: str
    tenants: int
    at_once: int
    shared: str = "fleet"
    seed: int = 1


class Trading:
    """When a tenant traded."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self._was: bool | None = None
        self.changes: list[tuple[float, bool]] = []
        tenant.on_turn.append(lambda _, __: self._look())

    def _look(self) -> None:
        if (now := self.tenant.trading) != self._was:
            self._was = now
            self.changes.append((self.tenant.now, now))

    def again(self, since: float) -> float | None:
        """Seconds from `since` until it traded for good; None if it does not at the end."""
        at, trades = self.changes[-1]
        return max(0.0, at - since) if trades else None


def _turns(case: Case) -> list[Turns]:
    shares = 1 if case.shared == "fleet" else -(-case.tenants // A_NODE)
    return [Turns(case.at_once or None) for _ in range(shares)]


def played[W](case: Case, watch: Callable[[Tenant], W], lasts: float | None = None) -> tuple[list[W], float]:
    """What watched each tenant, after it all, and the moment from which everything is counted."""
    dice, scene = random.Random(case.seed), SCENES[case.scene]
    tenants = made(scene, case.tenants, dice)
    watches = [watch(tenant) for tenant in tenants]
    shares, since = _turns(case), tenants[0].begun + scene.at
    fleet = Fleet(tenants, lambda number: shares[number // A_NODE if len(shares) > 1 else 0], dice)
    fleet.run(since + (lasts or scene.lasts))
    return watches, since


def result(case: Case) -> dict[str, Any]:
    begun = time.process_time()
    trading, since = played(case, Trading)
    tenants, again = [each.tenant for each in trading], [each.again(since) for each in trading]
    done = sorted(seconds for seconds in again if seconds is not None)
    faults = Counter(incident.fault for tenant in tenants for incident in tenant.incidents)
    return {
        **asdict(case),
        "nodes": -(-case.tenants // A_NODE),
        "trading_again_s": {"p50": _at(done, 0.5), "p95": _at(done, 0.95), "max": max(done, default=None)},
        "never": again.count(None),
        "pushes": sum(tenant.pushes for tenant in tenants),
        "pushes_run_out": sum(tenant.pushes_lost for tenant in tenants),
        "logins": sum(len(tenant.attempts) for tenant in tenants),
        "most_logins_of_one": max(len(tenant.attempts) for tenant in tenants),
        "ledgers_of_a_day_spent": sum(len(tenant.attempts) >= 4 for tenant in tenants),
        "acts": sum(len(tenant.acts) for tenant in tenants),
        "posts": sum(len(tenant.pages) for tenant in tenants),
        "incidents": dict(sorted(faults.items())),
        "cpu_seconds": round(time.process_time() - begun, 1),
    }


def _at(done: list[float], share: float) -> float | None:
    return percentile(done, share) if done else None


def cases(seed: int) -> list[Case]:
    """Small ones first, so that an interrupted run has said something of each scene."""
    sizes = (1, 5, 10, 20, 40, 60, 100, 500)
    found = [Case("relogin", count, at_once, seed=seed) for count in sizes for at_once in (1, 2, 3, 4, 0)]
    again = (case for case in list(found) if case.tenants <= 40)
    found += [replace(case, seed=other) for case in again for other in (seed + 1, seed + 2)]
    found += [Case("relogin", count, at_once, "node", seed) for count in (40, 60, 100, 500) for at_once in (1, 2)]
    found += [Case("relogin-without-2fa", count, at_once, seed=seed) for count in (20, 100, 500) for at_once in (2, 0)]
    found += [Case("relogin-without-2fa", count, 2, "node", seed) for count in (100, 500)]
    found += [Case("weekly", count, at_once, seed=seed) for count in (20, 40, 100) for at_once in (1, 2, 0)]
    found += [Case(scene, count, 0, seed=seed) for scene in ("reset", "bad-image") for count in (1, 20, 100, 500)]
    return sorted(found, key=lambda case: case.tenants)


def measure(seed: int) -> None:
    """Every case that is not on record yet."""
    known = set()
    if FILE.exists():
        names = Case.__dataclass_fields__
        known = {Case(**{name: row[name] for name in names}) for row in map(json.loads, FILE.read_text().splitlines())}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), context) as pool, FILE.open("a") as file:
        runs = [pool.submit(result, case) for case in cases(seed) if case not in known]
        for run in as_completed(runs):
            file.write(json.dumps(run.result()) + "\n")
            file.flush()
