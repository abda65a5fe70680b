"""A scripted day on a real stack, and what a person's terminal shows of it: writes docs/tour.md.

    python -m tests.e2e.tour [PAGE]

Containers, stand-in, supervisor and engine are the real ones; a fault of each family is injected, and each command is
run as it is printed. Nothing of the output is edited.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.stack import ROOT, Stack, docker, make_stack

_HEAD = """\
<!-- Written by `python -m tests.e2e.tour`; change that instead. -->
# What do I see, when something breaks?

A scripted day on a real stack ({day} UTC, commit {commit}, load average {load}): {faults}. Each
command was run as it stands here, through a pipe, and nothing of its output is edited; on a terminal there are colours,
and `make watch` redraws one screen. The stand-in is the gateway. A slow machine makes slow answers: what it takes when
there is time is in [numbers](numbers.md).

In each place the first glance answers: can I trade, since when, and if not, who is doing what about it? The same is on
the page at <http://127.0.0.1:9180>, in what you are [paged](paging.md) with, and for scripts as [JSON](json.md).
Targets and their variables are completed after `source scripts/completion.bash` or `source scripts/completion.zsh`.
"""


class Tour:
    """Goes through the day and writes down what it sees."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.faults: list[str] = []
        self.parts: list[str] = []

    def say(self, *paragraphs: str) -> None:
        for paragraph in paragraphs:
            self.parts += [paragraph, ""]

    def show(self, target: str, *arguments: str, tail: int | None = None) -> str:
        """Run a command and write down what it printed."""
        print(f"==> make {target} {' '.join(arguments)}", file=sys.stderr)
        done = self._stack.make(target, *arguments)
        lines = done.stdout.rstrip().splitlines()
        shown = lines if tail is None else ["…", *lines[-tail:]]
        self.block(" ".join(["make", target, *map(_quoted, arguments)]), "\n".join(shown))
        return done.stdout

    def block(self, command: str, output: str) -> None:
        self.parts += ["```console", f"$ {command}", output, "```", ""]

    def inject(self, fault: str, **parameters: float) -> None:
        self.faults.append(fault)
        print(f"==> {fault}", file=sys.stderr)
        self._stack.inject(fault, **parameters)

    def opened(self, *faults: str) -> None:
        """Wait until one of these is open."""

        def look() -> bool:
            return any(one["fault"] in faults for one in self._stack.status()["open"])

        self._stack.until(look, f"an incident, one of {faults}", 300)

    def well(self) -> None:
        self._stack.until(self._stack.all_well, "gateway READY and engine TRADING", 400)


def day(tour: Tour, stack: Stack) -> None:
    """From a good morning to a bundle for a bug report."""
    tour.well()
    tour.say("## All is well")
    tour.show("status")
    tour.say(
        "## The gateway dies behind its port", "Its JVM is gone; socat still accepts, so a port check sees nothing."
    )
    tour.inject("jvm-dead")
    tour.opened("jvm-dead")
    tour.show("status")
    tour.say("Why is it in this state, and what comes next?")
    tour.show("explain")
    tour.well()

    tour.say("## Its container is killed, and a person has asked for no restarts")
    tour.show("pause", "FOR=5m", "REASON=the tour")
    tour.faults.append("container-exit")
    docker("kill", stack.container("gateway"))
    tour.opened("container-exit")
    tour.show("status")
    tour.show("resume")
    tour.well()

    tour.say("## IBKR is away for half a minute", "Nothing is restarted: entries are held, and that is all.")
    tour.inject("upstream-lost", duration=30)
    tour.opened("upstream-lost")
    tour.show("explain")
    tour.well()

    tour.say("## The engine dies")
    tour.faults.append("engine-exit")
    docker("kill", stack.container("engine"))
    tour.opened("engine-exit")
    tour.show("status")
    tour.well()

    tour.say(
        "## The password is refused", "Nobody tries on, since too many attempts lock the account. A person is called."
    )
    tour.inject("bad-password")
    tour.opened("login-refused")
    stack.until(lambda: stack.status()["gateway"]["login"]["hold"], "the hold on logins")
    tour.show("status")
    tour.say("The password is right again, and a person says so:")
    tour.show("login")
    tour.well()

    tour.say("## The evening")
    tour.show("incidents", "SINCE=2h")
    tour.show("logs", "SERVICE=gateway", tail=8)
    tour.say("For scripts:")
    told = json.loads(tour._stack.make("status", "JSON=1").stdout)
    tour.block("make status JSON=1 | jq '{verdict, next: .tenants[0].next}'", json.dumps(_first(told), indent=2))
    tour.say("For a bug report:")
    tour.show("doctor")


def alerts(stack: Stack, began: float) -> str:
    """What fired in Prometheus meanwhile, by its own record: name, from, to."""
    query: dict[str, str | float] = {"query": 'ALERTS{alertstate="firing"}', "start": began, "end": time.time()}
    url = stack.url("prometheus", "/api/v1/query_range")
    answer = httpx.get(url, params=query | {"step": "5s"}, timeout=10).raise_for_status().json()
    rows = []
    for series in answer["data"]["result"]:
        at = [moment for moment, _ in series["values"]]
        rows.append((at[0], at[-1], series["metric"]["alertname"], series["metric"].get("severity", "")))
    lines = [f"{_clock(first)} to {_clock(last)}  {severity:<9} {name}" for first, last, name, severity in sorted(rows)]
    return "\n".join(lines) or "none"


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def _first(told: dict[str, Any]) -> dict[str, Any]:
    return {"verdict": told["verdict"], "next": told["tenants"][0]["next"]}


def _quoted(word: str) -> str:
    name, sign, value = word.partition("=")
    return f'{name}{sign}"{value}"' if " " in value else word


def _watched(stack: Stack, go: Callable[[], None]) -> str:
    """What `make watch` prints through a pipe while `go` goes on."""
    with tempfile.TemporaryFile("w+") as out:
        command = ["scripts/watchkeeper", "watch"]
        watch = subprocess.Popen(command, cwd=ROOT, env=stack.commands(), stdout=out)
        try:
            go()
        finally:
            watch.send_signal(signal.SIGINT)
            watch.wait(30)
        out.seek(0)
        return out.read().rstrip()


def main() -> int:
    page = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "tour.md"
    more = {"SIM_SERVER_VERSION": "223", "SIM_THROTTLE_AFTER": "1000"}  # IBC tries a wrong password again and again
    stack = make_stack("tour", "10.96.0", **more)
    tour = Tour(stack)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True, capture_output=True).stdout
    load = Path("/proc/loadavg").read_text().split()[0] if Path("/proc/loadavg").exists() else "unknown"
    began = time.time()
    try:
        up = stack.make("up", "SIM=1")
        if up.returncode:
            print(up.stdout, up.stderr, sep="\n", file=sys.stderr)
            return 1
        watched = _watched(stack, lambda: day(tour, stack))
        tour.say("## The whole day in one window", "`make watch`, a line a change, as it is without a terminal:")
        tour.block("make watch", watched)
        tour.say("## What fired meanwhile", "By Prometheus' own record, at a look each 5 s, UTC:")
        tour.parts += ["```text", alerts(stack, began), "```", ""]
    finally:
        stack.make("purge", "SIM=1")
    head = _HEAD.format(
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        commit=commit.strip(),
        load=load,
        faults=", ".join(f"`{fault}`" for fault in tour.faults),
    )
    page.write_text("\n".join([head, *tour.parts]).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
