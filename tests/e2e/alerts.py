"""`python -m tests.e2e.alerts`: a day of faults on a stack of its own, watched through Prometheus and Alertmanager.

One fault of each family after the other. For each it says which alerts must fire, how long its rule waits, and which
others may fire beside it. Prints a JSON line for each alert: when its cause was there, when it fired, when the cause
was gone, when it was over, by Prometheus' own record; and to whom Alertmanager gave it. Exits 1 if one did not fire,
fired too early, did not end, or came uncalled-for.
"""

import argparse
import functools
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.stack import Stack, docker, make_stack

_STEP = 5.0  # between two scrapes, and between two evaluations
ALWAYS = {"Watchdog", "ClockSkew"}
"""Fires for ever, or where nobody keeps the host's clock."""
_ANY = {"RestartBudgetLow", "PreflightFailed", "TradeReadyBurn", "SlowAnswers", "ClientIdTaken", "PacingNearLimit"}
"""What several faults in a row, or a preflight in the middle of one, may bring besides."""


@dataclass(frozen=True)
class Step:
    """One fault.

    Attributes:
        begin: brings it about.
        end: takes it away.
        waits: each alert that must fire, with the seconds that its rule waits.
        beside: others that may.
    """

    name: str
    begin: Callable[[], object]
    end: Callable[[], object]
    waits: dict[str, float]
    beside: frozenset[str] = frozenset()


def steps(stack: Stack) -> Iterator[Step]:
    """The day."""

    def inject(fault: str, **parameters: Any) -> Callable[[], object]:
        return lambda: stack.inject(fault, **parameters)

    def cure(fault: str) -> Callable[[], object]:
        return lambda: httpx.delete(stack.url("simulator", f"/api/v1/faults/{fault}"), timeout=10)

    def to(word: str, container: str) -> Callable[[], object]:
        return lambda: docker(word, f"watchkeeper-{stack.tenant}-{container}")

    def nothing() -> None:
        """It ends by what the supervisor does."""

    gone = frozenset({"EngineNotTrading", "EngineDeaf", "TicksStale", "ChainMissing", "GatewayDown"})
    yield Step("data-competed", inject("data-competed"), cure("data-competed"), {"DataCompeted": 0}, gone)
    # EngineDeaf was seen beside it once, on a busy machine and right after the step before; why is not known.
    yield Step(
        "cache away", to("pause", "redis-1"), to("unpause", "redis-1"), {"CacheDown": 10}, frozenset({"EngineDeaf"})
    )
    yield Step("clock", inject("clock-skew", seconds=10), cure("clock-skew"), {"ClockSkew": 30}, gone)
    yield Step("jvm-dead", inject("jvm-dead"), nothing, {"GatewayHangs": 0}, gone)
    yield Step(
        "upstream",
        inject("upstream-lost"),
        cure("upstream-lost"),
        {"UpstreamLost": 30},
        gone | {"GatewayDegraded", "EngineNotTrading"},
    )
    yield Step(
        "a farm",
        inject("market-farm", farm="usfarm"),
        cure("market-farm"),
        {"MarketFarmDown": 60},
        gone | {"GatewayDegraded"},
    )
    # GatewayHangs: the program is gone some seconds before its container is.
    yield Step(
        "a person stops it", to("stop", "gateway"), to("start", "gateway"), {"GatewayDown": 30}, gone | {"GatewayHangs"}
    )
    yield Step("a halt", lambda: stack.make("halt"), lambda: stack.make("halt", "LIFT=1"), {"EngineHalted": 60})
    yield Step(
        "the proxy before Docker", to("stop", "docker-api-1"), to("start", "docker-api-1"), {"SupervisorBlind": 30}
    )


class Record:
    """What Prometheus remembers of alerts that fired."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def since(self, start: float) -> dict[tuple[str, str], tuple[float, float | None]]:
        """By name and severity: when it first fired since then, and when it ended; None while it fires."""
        now = time.time()
        answer = httpx.get(
            self._stack.url("prometheus", "/api/v1/query_range"),
            params={"query": 'ALERTS{alertstate="firing"}', "start": start, "end": now, "step": "1"},
            timeout=10,
        ).raise_for_status()
        found: dict[tuple[str, str], tuple[float, float | None]] = {}
        for row in answer.json()["data"]["result"]:
            moments = [float(at) for at, _ in row["values"]]
            key = row["metric"]["alertname"], row["metric"]["severity"]
            over = moments[-1] + 1.0 if now - moments[-1] > 3.0 else None
            found[key] = moments[0], over
        return found

    def told(self, alert: str) -> dict[str, Any] | None:
        """What Alertmanager does with it."""
        rows = httpx.get(self._stack.url("alertmanager", "/api/v2/alerts"), timeout=10).raise_for_status().json()
        for row in rows:
            if row["labels"]["alertname"] == alert:
                names = [receiver["name"] for receiver in row["receivers"]]
                return {"receivers": names, "inhibited": bool(row["status"]["inhibitedBy"])}
        return None


def play(stack: Stack, step: Step, record: Record, stands: Callable[[], object] = lambda: None) -> list[dict[str, Any]]:
    """Bring the fault about, see what must be seen, take it away, see all of it end.

    Args:
        stands: called when all that must fire has fired.

    Raises:
        AssertionError.
    """
    stack.until(stack.all_well, "all well before it", 300)
    began = time.time()
    step.begin()

    def fired(alert: str) -> float | None:
        severity = "critical" if alert == "ClockSkew" else None
        moments = [at for (name, s), (at, _) in record.since(began).items() if name == alert and severity in (s, None)]
        return min(moments, default=None)

    def all_fired() -> bool:
        return all(fired(alert) is not None for alert in step.waits)

    stack.until(all_fired, f"{sorted(step.waits)} to fire", 240)
    rows = []
    for alert, waits in step.waits.items():
        after = round((fired(alert) or 0.0) - began, 1)
        told = stack.until(functools.partial(record.told, alert), f"{alert} in Alertmanager", 90)
        rows.append({"step": step.name, "alert": alert, "waits": waits, "fired_after": after, **told})
    stands()
    ended = time.time()
    step.end()
    stack.until(stack.all_well, "all well after it", 300)
    well = time.time()

    def over() -> bool:
        severity = {"ClockSkew": "critical"}
        return all(
            end is not None
            for (name, s), (_, end) in record.since(began).items()
            if name in step.waits and severity.get(name, s) == s
        )

    stack.until(over, f"{sorted(step.waits)} to end", 240)
    seen = record.since(began)
    for row in rows:
        ends = [end for (name, _), (_, end) in seen.items() if name == row["alert"] and end is not None]
        row["cured_after"] = round(ended - began, 1)
        row["well_after"] = round(well - began, 1)
        row["over_after"] = round(max(ends) - began, 1)
        row["uncalled_for"] = sorted({name for name, _ in seen} - step.waits.keys() - step.beside - ALWAYS - _ANY)
    return rows


def wrong(row: dict[str, Any]) -> str | None:
    """What is not as it should be of one alert. Late is no fault on a machine that has other things to do."""
    if row["fired_after"] < row["waits"]:
        return "it fired before its time"
    if row["over_after"] < min(row["cured_after"], row["well_after"]) - 2 * _STEP:
        return "it ended before its cause"
    if row["uncalled_for"]:
        return f"{', '.join(row['uncalled_for'])} fired as well"
    return None


def main() -> int:
    """Play the day."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    budgets = {"CONTAINER_RESTART_BUDGET": "40/6h", "ENGINE_RESTART_BUDGET": "40/6h"}
    stack = make_stack("alerts", "10.89.7", SIM_SERVER_VERSION="223", **budgets)
    bad = 0
    try:
        up = stack.make("up", "SIM=1")
        if up.returncode:
            print(up.stdout, up.stderr, stack.story(), sep="\n", file=sys.stderr)
            return 1
        record = Record(stack)
        stack.until(lambda: record.told("Watchdog"), "the watchdog in Alertmanager", 180)
        for step in steps(stack):
            for row in play(stack, step, record):
                row["wrong"] = wrong(row)
                bad += row["wrong"] is not None
                print(json.dumps(row), flush=True)
    finally:
        stack.make("purge")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
