"""`make bench DAYS=1000`: whole simulated days of a gateway under the supervisor, and what it did wrong in them.

JOBS processes, one for each core unless it is given, work on shards of consecutive seeds. Each finished shard is a line
of docs/data/days.jsonl, with its seeds and the commit; a shard that is there for this commit is not run again, so an
interrupted run goes on where it was.
"""

import json
import multiprocessing
import os
import subprocess
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from supervisor.states import ENGINE_EDGES, GATEWAY_EDGES
from tests.sim.days import Report, Run, Wrong, never_happened, planned, ran, summed

SHARD = 25
FILE = Path("docs/data/days.jsonl")
_COUNTS = ("acts", "incidents", "gave_up", "happened")


def _commit() -> str:
    """The tree that runs; one with changes of its own is another each time."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "supervisor", "tests/sim")
    return git("rev-parse", "--short", "HEAD") + (f"+{int(time.time())}" if changed else "")


def _shard(first: int, count: int) -> dict[str, Any]:
    begun = time.process_time()
    found = [ran(seed) for seed in range(first, first + count)]
    total = summed([report for report in found if isinstance(report, Report)])
    return {
        "seed": first,
        "days": count,
        "seconds": round(time.process_time() - begun, 1),
        "wrong": [text for text in found if isinstance(text, str)],
        "turns_run": total.ran,
        "turns_skipped": total.skipped,
        "pages": total.pages,
        **{name: dict(sorted(getattr(total, name).items())) for name in _COUNTS},
        "edges": sorted(map(list, total.edges)),
    }


def _known(commit: str) -> dict[int, dict[str, Any]]:
    if not FILE.exists():
        return {}
    lines = [json.loads(line) for line in FILE.read_text().splitlines()]
    return {line["seed"]: line for line in lines if line["commit"] == commit and line["days"] == SHARD}


def measure(seed: int, days: int, jobs: int | None = None) -> int:
    """Run `days` from `seed` on, in whole shards, so many at a time; returns the exit code."""
    commit = _commit()
    firsts = range(seed, seed + days, SHARD)
    done = {first: shard for first, shard in _known(commit).items() if first in firsts}
    context = multiprocessing.get_context("spawn")
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(jobs or os.cpu_count(), context) as pool, FILE.open("a") as file:
        runs = [pool.submit(_shard, first, SHARD) for first in firsts if first not in done]
        for run in as_completed(runs):
            shard = {"commit": commit, **run.result()}
            done[shard["seed"]] = shard
            file.write(json.dumps(shard) + "\n")
            file.flush()
            for wrong in shard["wrong"]:
                print(wrong, flush=True)
    print(json.dumps(_told(commit, list(done.values()))))
    return 1 if any(shard["wrong"] for shard in done.values()) else 0


def _told(commit: str, shards: list[dict[str, Any]]) -> dict[str, Any]:
    """All shards as one, and what none of them has reached."""
    total = Report(edges={(a, b) for shard in shards for a, b in shard["edges"]})
    for shard in shards:
        for name in _COUNTS:
            getattr(total, name).update(Counter(shard[name]))
    faults, rungs = never_happened(total)
    table = {(f"GatewayState.{a}", f"GatewayState.{b}") for a, row in GATEWAY_EDGES.items() for b in row}
    table |= {(f"EngineState.{a}", f"EngineState.{b}") for a, row in ENGINE_EDGES.items() for b in row}
    run, skipped = (sum(shard[name] for shard in shards) for name in ("turns_run", "turns_skipped"))
    seconds = sum(shard["seconds"] for shard in shards)
    return {
        "name": "simulated gateway-days",
        "commit": commit,
        "days": sum(shard["days"] for shard in shards),
        "wrong": sum(len(shard["wrong"]) for shard in shards),
        "turns_run": run,
        "turns_skipped": skipped,
        "turns_a_second_of_cpu": round(run / seconds) if seconds else None,
        **{name: dict(sorted(getattr(total, name).items())) for name in _COUNTS},
        "faults_never_seen": faults,
        "rungs_never_climbed": rungs,
        "edges_taken": len(total.edges & table),
        "edges": len(table),
        "edges_never_taken": sorted(" -> ".join(edge) for edge in table - total.edges),
    }


def show(seed: int) -> int:
    """The plan of one day, its run, and what was done in it."""
    day = planned(seed)
    print(day)
    run = Run(day)
    try:
        report = run.run()
    except Wrong as wrong:
        print(wrong)
        return 1
    finally:
        for at, act in run.house.acts:
            print(f"{run.house.wall(at):%H:%M:%S} {act.rung}: {act.reason}")
    print(f"{report.ran} turns run, {report.skipped} skipped; incidents {dict(report.incidents)}")
    return 0
