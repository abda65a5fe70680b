"""`python -m tests.e2e.trading_day`: the day of tests.e2e.alerts, recorded for the dashboards.

A real Prometheus scrapes the stack while one fault follows another. At moments when nothing changes it is written down
what is true, by the words of those who know: the supervisor's status and incidents, the stand-in's book. Then every
series that a dashboard asks for is written as it was, on a grid of one scrape. tests/grafana asks the panels' queries
of it.
"""

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.alerts import Record, play, steps
from tests.e2e.stack import ROOT, Stack, make_stack, no_window_now

DAY = ROOT / "docs" / "data" / "trading-day.json.gz"
STEP = 5
"""Seconds between two scrapes."""
_FAMILIES = "watchkeeper_.*|tenant:.*|process_.*|up|ALERTS"


def look(stack: Stack) -> dict[str, Any]:
    """What is true now. Whoever does not answer has nothing to say."""
    found: dict[str, Any] = {"status": stack.status()}
    for name, ask in (("engine", stack.engine), ("book", stack.book)):
        try:
            found[name] = ask()
        except httpx.HTTPError:
            found[name] = None
    return found


def _states(seen: dict[str, Any]) -> tuple[object, ...]:
    status = seen["status"]
    return status["gateway"]["state"], status["engine"]["state"], (status["incident"] or {}).get("fault")


def moment(stack: Stack, name: str) -> dict[str, Any]:
    """A moment before which nothing changed for longer than a scrape takes, or the fourth that was looked at."""
    for _ in range(4):
        before = look(stack)
        time.sleep(STEP + 1)
        after = look(stack)
        if _states(before) == _states(after):
            break
    settled = _states(before) == _states(after)
    return {"name": name, "at": round(time.time(), 1), "settled": settled, "before": before, **after}


def series(stack: Stack, start: float, end: float) -> Iterator[dict[str, Any]]:
    """Every series, on a grid: staleness is a gap in it."""
    url = stack.url("prometheus", "/api/v1")
    names = httpx.get(f"{url}/label/__name__/values", timeout=30).raise_for_status().json()["data"]
    wanted = httpx.get(
        f"{url}/series", params={"match[]": f'{{__name__=~"{_FAMILIES}"}}', "start": start, "end": end}, timeout=30
    )
    kept = {row["__name__"] for row in wanted.raise_for_status().json()["data"]}
    for name in sorted(kept & set(names)):
        answer = httpx.get(
            f"{url}/query_range",
            params={"query": f'{{__name__="{name}"}}', "start": start, "end": end, "step": STEP},
            timeout=60,
        )
        yield from answer.raise_for_status().json()["data"]["result"]


def main() -> int:
    """Play the day and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DAY)
    parser.add_argument("--tenant", default="trading-day")
    parser.add_argument("--subnet", default="10.89.8")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    stack = make_stack(
        options.tenant,
        options.subnet,
        CONTAINER_RESTART_BUDGET="40/6h",
        ENGINE_RESTART_BUDGET="40/6h",
        SIM_SERVER_VERSION="223",
        WINDOWS_FILE=no_window_now(folder),
    )
    try:
        up = stack.make("up", "SIM=1")
        if up.returncode:
            print(up.stdout, up.stderr, stack.story(), sep="\n", file=sys.stderr)
            return 1
        record, began = Record(stack), time.time()
        stack.make("preflight")
        stack.until(lambda: record.told("Watchdog"), "the watchdog in Alertmanager", 180)
        moments = [moment(stack, "well")]
        for step in steps(stack):
            play(stack, step, record, lambda: moments.append(moment(stack, step.name)))  # noqa: B023 (called at once)
            moments.append(moment(stack, f"after {step.name}"))
            print(step.name, flush=True)
        time.sleep(2 * STEP)
        day = {
            "tenant": stack.tenant,
            "moments": moments,
            "incidents": stack.incidents(),
            "series": list(series(stack, began, time.time())),
        }
        options.out.write_bytes(gzip.compress(json.dumps(day).encode(), mtime=0))
    finally:
        stack.make("purge")
    return 0


if __name__ == "__main__":
    sys.exit(main())
