"""`python -m tests.e2e.isolation`: one tenant's trouble is no other's, measured on real containers.

Two tenants on stand-ins under one supervisor, in a Docker engine of their own. Tenant `a` is put into every kind of
trouble, one after another, given up on included, and has a hog of memory and one of CPU in its containers. During each
of them tenant `b` has faults of its own: how fast they are seen is compared with how fast they are seen while `a` is
well. And while it has none, its ticks must go on, and its verdict, its incidents and its budgets must stay as they are.

Prints a JSON line for each trouble, and writes them to --data. Exits 1 if anything of `b` changed. Wants root on Linux,
some 4 GB, and images that `make up SIM=1` has built.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.fleet import Fleet, docker
from tests.e2e.powercut import house

A, B = "a", "b"
_QUIET_SECONDS = 30.0
_TICK_GAP = 5.0
"""The stand-in's slowest line in its plain profile ticks more often than once a second."""
_GAVE_UP_SECONDS = 400.0
_FAULTS = {"container-exit": 0.5, "soft-dead": 6.0}
"""Faults of `b`, and the bound that docs/faults.md has for each, in seconds."""
_HOG_MEMORY = "x = []\nwhile True: x.append(bytearray(2**24))"
_HOG_CPU = "import os\nfor _ in range(3): os.fork()\nwhile True: pass"


@dataclass
class Calm:
    """`b` while nothing of its own is wrong: looked at each second, from another thread."""

    gap: float = 0.0
    looks: int = 0
    answered: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def watched(fleet: Fleet, seconds: float) -> Calm:
    """Look at `b` for so long."""
    calm, before, ticked_at = Calm(), fleet.ticks(B), time.monotonic()
    end, known = ticked_at + seconds, {row["id"] for row in fleet.incidents(B)}
    budgets = _budgets(fleet.rows()[B])
    while time.monotonic() < end:
        time.sleep(1.0)
        ticks, now = fleet.ticks(B), time.monotonic()
        if ticks > before:
            calm.gap, before, ticked_at = max(calm.gap, now - ticked_at), ticks, now
        row = fleet.rows()[B]
        calm.looks += 1
        if (answered := row["gateway"]["answered_in_seconds"]) is not None:
            calm.answered.append(answered)
        if row["verdict"] != "trading":
            calm.wrong.append(f"is {row['verdict']}: {row['sentence']}")
        if _budgets(row) != budgets:
            calm.wrong.append(f"budgets {budgets} became {_budgets(row)}")
    calm.gap = max(calm.gap, time.monotonic() - ticked_at)
    if calm.gap > _TICK_GAP:
        calm.wrong.append(f"no tick for {calm.gap:.1f} s")
    calm.wrong += [f"incident {row['fault']}" for row in fleet.incidents(B) if row["id"] not in known]
    return calm


def _budgets(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "gateway": row["gateway"]["restarts_left"],
        "engine": row["engine"]["restarts_left"],
        "logins": row["gateway"]["login"]["attempts_left"],
    }


def seen_after(fleet: Fleet, fault: str) -> float:
    """Give `b` a fault, wait until it is over; returns the seconds until its incident, by the supervisor's account."""
    known = {row["id"] for row in fleet.incidents(B)}
    if fault == "container-exit":
        docker("kill", f"watchkeeper-{B}-gateway")
    else:
        fleet.inject(B, "hang")

    def over() -> list[dict[str, Any]]:
        rows = [row for row in fleet.incidents(B) if row["id"] not in known and row["fault"] == fault]
        return rows if rows and rows[0]["closed_at"] is not None and fleet.trading(B) else []

    rows = fleet.until(over, f"{B}'s {fault} to be seen and over")
    return float(rows[-1]["detection_seconds"])


# -- the troubles of `a` -----------------------------------------------------------------------------------------------


@contextmanager
def nothing(fleet: Fleet) -> Iterator[None]:
    """What all is compared with."""
    yield


def _persisting(begin: Callable[[], object], pace: float) -> Callable[[], None]:
    """Do something again and again, in a thread of its own, until the returned function is called."""
    ended = threading.Event()

    def go_on() -> None:
        while not ended.is_set():
            with suppress(httpx.HTTPError, subprocess.SubprocessError):  # its container may be away: the trouble itself
                begin()
            ended.wait(pace)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()

    def end() -> None:
        ended.set()
        thread.join()

    return end


@contextmanager
def given_up(fleet: Fleet) -> Iterator[None]:
    """Its gateway dies again and again until the supervisor gives up on it."""

    def kill() -> None:
        docker_anyway("kill", f"watchkeeper-{A}-gateway")

    end = _persisting(kill, 2.0)
    try:
        fleet.until(lambda: fleet.rows()[A]["gateway"]["state"] == "GAVE_UP", f"{A} GAVE_UP", _GAVE_UP_SECONDS)
        yield
    finally:
        end()
        docker_anyway("start", f"watchkeeper-{A}-gateway")
        fleet.until(lambda: fleet.trading(A), f"{A} to trade again")


@contextmanager
def dying(fleet: Fleet) -> Iterator[None]:
    """Its engine dies again and again, and is given up on."""
    end = _persisting(lambda: docker_anyway("kill", f"watchkeeper-{A}-engine"), 2.0)
    try:
        fleet.until(lambda: fleet.rows()[A]["engine"]["state"] != "TRADING", f"{A}'s engine in trouble")
        yield
    finally:
        end()
        docker_anyway("start", f"watchkeeper-{A}-engine")
        fleet.until(lambda: fleet.trading(A), f"{A} to trade again", 300)


@contextmanager
def hung(fleet: Fleet) -> Iterator[None]:
    """Its gateway takes connections and answers nothing, again after each cure."""
    end = _persisting(lambda: fleet.inject(A, "hang"), 3.0)
    try:
        fleet.until(lambda: fleet.rows()[A]["incident"], f"{A} in trouble")
        yield
    finally:
        end()
        fleet.until(lambda: recovers(fleet), f"{A} to trade again", 400)


@contextmanager
def eats_memory(fleet: Fleet) -> Iterator[None]:
    """Something in its gateway's container takes all memory that it gets, again and again."""
    end = _persisting(lambda: docker_anyway("exec", f"watchkeeper-{A}-gateway", "python", "-c", _HOG_MEMORY), 1.0)
    try:
        fleet.until(lambda: fleet.rows()[A]["verdict"] != "trading" or _killed(fleet) > 0, f"{A} to feel it")
        yield
    finally:
        end()
        fleet.until(lambda: recovers(fleet), f"{A} to trade again", 400)


@contextmanager
def eats_cpu(fleet: Fleet) -> Iterator[None]:
    """Four processes in each of its containers that never rest."""
    for role in ("gateway", "engine"):
        docker("exec", "--detach", f"watchkeeper-{A}-{role}", "python", "-c", _HOG_CPU)
    try:
        yield
    finally:
        docker("restart", "--time", "2", f"watchkeeper-{A}-gateway", f"watchkeeper-{A}-engine")
        fleet.until(lambda: recovers(fleet), f"{A} to trade again", 400)


def recovers(fleet: Fleet) -> bool:
    """Whether `a` trades; where the supervisor has given up on it, a person starts its containers."""
    row = fleet.rows()[A]
    for part in ("gateway", "engine"):
        if row[part]["state"] in ("GAVE_UP", "STOPPED"):
            docker_anyway("restart", "--time", "2", f"watchkeeper-{A}-{part}")
            time.sleep(5.0)
    return bool(row["verdict"] == "trading")


def _killed(fleet: Fleet) -> int:
    """How many processes the kernel has ended in A's gateway for want of memory."""
    identity = docker("inspect", "--format", "{{.Id}}", f"watchkeeper-{A}-gateway").strip()
    for path in Path("/sys/fs/cgroup").glob(f"**/{identity}/memory.oom_control"):
        return int(dict(line.split() for line in path.read_text().splitlines()).get("oom_kill", 0))
    for path in Path("/sys/fs/cgroup").glob(f"**/*{identity}*/memory.events"):
        return int(dict(line.split() for line in path.read_text().splitlines())["oom_kill"])
    return 0


def docker_anyway(*words: str) -> None:
    """A command that may fail: what it is about may just be away."""
    with suppress(subprocess.SubprocessError):
        docker(*words)


TROUBLES: dict[str, Callable[[Fleet], Any]] = {
    "well": nothing,
    "gateway given up on": given_up,
    "engine dies again and again": dying,
    "gateway hangs again and again": hung,
    "eats memory": eats_memory,
    "eats CPU": eats_cpu,
}


def drilled(fleet: Fleet, name: str, runs: int) -> dict[str, Any]:
    """One trouble of `a`, and what `b` had of it."""
    killed = _killed(fleet)
    with TROUBLES[name](fleet):
        calm = watched(fleet, _QUIET_SECONDS)
        detection = {fault: [seen_after(fleet, fault) for _ in range(runs)] for fault in _FAULTS}
        state = fleet.rows()[A]
        told = {
            "trouble": name,
            "a": f"{state['gateway']['state']}, engine {state['engine']['state']}",
            "b_looks": calm.looks,
            "b_longest_without_tick_s": round(calm.gap, 1),
            "b_sentinel_answered_s": calm.answered,
            "b_seen_s": detection,
            "oom_kills_in_a": _killed(fleet) - killed,
            "load": os.getloadavg()[0],
            "wrong": calm.wrong,
        }
    return told


def main() -> int:
    """Every trouble, once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="faults of each kind that b has during each trouble")
    parser.add_argument("--only", action="append", choices=TROUBLES, help="these troubles")
    parser.add_argument("--data", type=Path, help="where the lines are written")
    options = parser.parse_args()
    lines = []
    with house("watchkeeper-isolation") as home:
        # The faults of `b` are all of our making, and its budget has room for them.
        fleet = Fleet(home, {A: {}, B: {"container_restart_budget": "200/18h", "engine_restart_budget": "200/18h"}})
        up = fleet.up()
        if up.returncode:
            print(up.stdout, up.stderr, file=sys.stderr)
            return 2
        for name in options.only or TROUBLES:
            told = drilled(fleet, name, options.runs)
            lines.append(json.dumps(told))
            print(lines[-1], flush=True)
            if options.data:
                options.data.write_text("\n".join(lines) + "\n")
    found = [json.loads(line) for line in lines]
    print("\n".join(summary(found)), file=sys.stderr)
    return 1 if any(one["wrong"] for one in found) else 0


def summary(lines: list[dict[str, Any]]) -> list[str]:
    """A row of docs/isolation.md for each trouble: medians, and the largest in brackets."""
    rows = []
    for one in lines:
        seen = [one["b_seen_s"][fault] for fault in _FAULTS]
        times = [f"{statistics.median(seconds):.2f} ({max(seconds):.2f})" for seconds in seen]
        answered = statistics.median(one["b_sentinel_answered_s"]) * 1000
        rows.append(
            f"| {one['trouble']} | {' | '.join(times)} | {one['b_longest_without_tick_s']:.1f} | {answered:.1f} "
            f"| {'; '.join(one['wrong']) or 'nothing'} |"
        )
    return rows


if __name__ == "__main__":
    sys.exit(main())
