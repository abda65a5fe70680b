"""`python -m tests.e2e.trading_day`: the day of tests.e2e.alerts, recorded for the dashboards.

A real Prometheus scrapes the stack while one fault follows another. At moments when nothing changes it is written down
what is true, by the words of those who know: the supervisor's status and incidents, the stand-in's book, Alertmanager,
and whoever was told. Then every series that a dashboard asks for is written as it was, on a grid of one scrape.
tests/grafana asks the panels' queries of it.
"""

import argparse
import gzip
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from grafana.boards import FOLDER
from tests.e2e.alerts import Record, play, steps
from tests.e2e.person import WAYS, Person, person
from tests.e2e.stack import ROOT, Stack, make_stack, no_window_now

DAY = ROOT / "docs" / "data" / "trading-day.json.gz"
STEP = 5
"""Seconds between two scrapes."""
NEVER = {"watchkeeper_weekly_token_remaining_seconds"}
"""What a stand-in's day has no series of."""


def asked() -> set[str]:
    """The names of the series that dashboards ask for."""
    texts = (file.read_text() for file in FOLDER.glob("*.json"))
    exprs = (expr for text in texts for expr in re.findall(r'"expr": "(.*)",?$', text, re.MULTILINE))
    return {name for expr in exprs for name in re.findall(r"[a-zA-Z_:][\w:]*(?=\{)", expr)}


def look(stack: Stack, told: Person) -> dict[str, Any]:
    """What is true now. A stand-in that does not answer has nothing to say."""
    row = stack.status()
    try:
        truth = stack.get("simulator", "/state")
    except httpx.HTTPError:
        truth = None
    gateway, engine = row["gateway"], row["engine"]
    return {
        "gateway": gateway["state"],
        "engine": engine["state"],
        "held": engine["entries_held"],
        "halted": engine["halted"],
        "open": sorted(one["fault"] for one in row["open"]),
        "restarts": {"gateway": gateway["restarts_left"], "engine": engine["restarts_left"]},
        "logins": gateway["login"]["attempts_left"],
        "exposure": {kind: row["exposure"][kind] for kind in ("positions", "orders")},
        "next_window": row["windows"]["next"],
        "preflight": row["preflight"],
        "told": told.heard(),
        "alerts": held(stack),
        "money": truth
        and {
            "cost": sum(abs(one["quantity"] * one["average_cost"]) for one in truth["positions"]),
            "realized": truth["accounts"][0]["realized"],
            "unrealized": truth["accounts"][0]["unrealized"],
        },
    }


def held(stack: Stack) -> dict[str, int]:
    """How many alerts Alertmanager tells, and holds back, and how many silences stand."""
    url = stack.url("alertmanager", "/api/v2")
    rows, silences = (
        httpx.get(f"{url}/{what}", timeout=10).raise_for_status().json() for what in ("alerts", "silences")
    )
    states = [row["status"]["state"] for row in rows]
    standing = sum(row["status"]["state"] == "active" for row in silences)
    return {"told": states.count("active"), "held back": states.count("suppressed"), "silences": standing}


def moment(stack: Stack, told: Person, name: str) -> dict[str, Any]:
    """A moment before which nothing changed for as long as a scrape and the grid may be behind, or the fourth look.

    What had changed nevertheless is left out: nobody can say what a scrape has found of it.
    """
    for _ in range(4):
        before = look(stack, told)
        time.sleep(2 * STEP + 1)
        at = round(time.time(), 1)
        after = look(stack, told)
        if before == after:
            break
    seen = {key: value for key, value in after.items() if before[key] == value}
    return {"name": name, "at": at, "seen": seen}


def series(stack: Stack, start: float, end: float) -> Iterator[dict[str, Any]]:
    """Every series, on a grid: staleness is a gap in it."""
    url = stack.url("prometheus", "/api/v1")
    for name in sorted(asked()):
        span = {"start": start, "end": end, "step": STEP}
        answer = httpx.get(f"{url}/query_range", params={"query": f'{{__name__="{name}"}}', **span}, timeout=60)
        found = answer.raise_for_status().json()["data"]["result"]
        assert found or name in NEVER, f"expected {name} from this stack, found no series of it"
        yield from found


def begin(told: Person) -> float:
    """The moment from which on is counted: what was told before it, a scrape has found."""
    heard = None
    while heard != (heard := told.heard()):
        time.sleep(2 * STEP + 1)
    told.begin_anew()
    return time.time()


def record(stack: Stack, told: Person) -> dict[str, Any]:
    """The day, from a good morning on."""
    alerts, began = Record(stack), begin(told)
    stack.make("preflight")
    # Only what is posted from here on is in the record.
    stack.until(lambda: told.heard().get("dead-man told"), "the watchdog outside the house", 180)
    moments = [moment(stack, told, "well")]
    for step in steps(stack, told):
        play(stack, step, alerts, lambda: moments.append(moment(stack, told, step.name)))  # noqa: B023 (called at once)
        moments.append(moment(stack, told, f"after {step.name}"))
        print(step.name, flush=True)
    time.sleep(2 * STEP)
    return {
        "tenant": stack.tenant,
        "moments": moments,
        "incidents": stack.incidents(),
        "series": list(series(stack, began, time.time())),
    }


def main() -> int:
    """Play the day and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DAY)
    parser.add_argument("--tenant", default="trading-day")
    parser.add_argument("--subnet", default="10.89.8")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    secrets = folder / "secrets"
    secrets.mkdir()
    for name, url in WAYS.items():
        (secrets / name).write_text(url)
        (secrets / name).chmod(0o600)
    stack = make_stack(
        options.tenant,
        options.subnet,
        CONTAINER_RESTART_BUDGET="40/6h",
        ENGINE_RESTART_BUDGET="40/6h",
        SIM_SERVER_VERSION="223",
        WINDOWS_FILE=no_window_now(folder),
        SECRETS_DIR=str(secrets),
    )
    try:
        up = stack.make("up", "SIM=1")
        if up.returncode:
            print(up.stdout, up.stderr, stack.story(), sep="\n", file=sys.stderr)
            return 1
        with person(stack) as told:
            day = record(stack, told)
        options.out.write_bytes(gzip.compress(json.dumps(day).encode(), mtime=0))
    finally:
        stack.make("purge")
    return 0


if __name__ == "__main__":
    sys.exit(main())
