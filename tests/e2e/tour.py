"""A scripted day on a real stack, watched through every surface: writes docs/tour.md, its pictures and its data.

    python -m tests.e2e.tour

Containers, stand-in, supervisor, engine, Prometheus, Alertmanager and Chromium are the real ones; a fault of each
family is injected, and each command is run as it is printed. Nothing of the output is edited. Exits 1 when an alert
fired or ended at a moment that the scenario does not imply, or when the page did not lead to a remedy.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, FloatRect

from tests.e2e.causes import STANDING, timing
from tests.e2e.day import Remedy, Step, steps
from tests.e2e.stack import ROOT, Stack, make_stack
from tests.e2e.told import table, timed
from tests.e2e.witness import fired, witness
from tests.page.browser import Visitor, chromium

_PATIENCE: Final = 300.0
_SOON: Final = 150.0
"""Longer than any rule of the day waits, and any fault of it is seen."""
_PICTURE: Final[FloatRect] = {"x": 0, "y": 0, "width": 1280, "height": 720}
_HEAD: Final = """\
<!-- Written by `python -m tests.e2e.tour`; change that instead. -->
# What do I see, when something breaks?

A scripted day on a real stack ({day} UTC, commit {commit}, load average {load}): one fault of each family after the
other. Each command was run as it stands here, through a pipe, and nothing of its output is edited; on a terminal there
are colours, and `make watch` redraws one screen. The stand-in is the gateway. A slow machine makes slow answers: what
it takes when there is time is in [numbers](numbers.md).

In each place the first glance answers: can I trade, since when, and if not, who is doing what about it? The same is on
the page at <http://127.0.0.1:9180>, in what you are [paged](paging.md) with, and for scripts as [JSON](json.md).
Targets and their variables are completed after `source scripts/completion.bash` or `source scripts/completion.zsh`.
"""


class Tour:
    """Goes through the day and writes down what it sees."""

    def __init__(self, stack: Stack, browser: Browser, docs: Path) -> None:
        self._stack = stack
        self._browser = browser
        self._docs = docs
        self.parts: list[str] = []
        self.lost: list[str] = []
        self.began: list[tuple[float, Step]] = []

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

    def well(self) -> None:
        self._stack.until(self._stack.all_well, "gateway READY and engine TRADING", _PATIENCE)

    def picture(self, name: str, of: str) -> None:
        """The page as it is now."""
        visitor = Visitor(self._browser)
        visitor.goes_to(self._stack.url("supervisor", "/")).screenshot(path=self._docs / name, clip=_PICTURE)
        visitor.close()
        self.say(f"![The status page: {of}]({name})")

    def follow(self, remedy: Remedy) -> None:
        """From the page to what to do, or a word of it in `lost`."""
        visitor = Visitor(self._browser)
        page = visitor.goes_to(self._stack.url("supervisor", "/"))
        text = read_remedy(page, remedy)
        if remedy.words not in text:
            self.lost.append(f"expected {remedy.words!r} behind {remedy.links}, found {text[:300]!r}")
        at = page.url.partition("/docs/")[2]
        visitor.close()
        links = ", then ".join(f"“{link}”" for link in remedy.links)
        self.say(f"From the page by {len(remedy.links)} link ({links}) to [{at}]({at}): “{remedy.words}”.")

    def take(self, step: Step) -> None:
        """Break it, look at every surface, mend it. What is waited for in vain is told in `lost`."""
        self.well()
        try:
            self._break(step)
        except pytest.fail.Exception as error:
            self.lost.append(f"{step.title}: {str(error).splitlines()[0]}")
        step.end()
        for words in step.after:
            self.show(*words)
        self.well()
        self._stack.until(lambda: not _firing_now(self._stack, self.began[-1][0], step.fires), "its alerts to end", 120)

    def _break(self, step: Step) -> None:
        self.say(f"## {step.title}", step.words)
        print(f"==> {step.title}", file=sys.stderr)
        began = time.time()
        self.began.append((began, step))
        for words in step.before:
            self.show(*words)
        step.begin()
        if step.opens is not None:
            self._stack.until(lambda: step.opens in _open(self._stack), f"an incident {step.opens}", _SOON)
        for words in step.shows:
            self.show(*words)
        if step.picture is not None:
            self.picture(step.picture, step.title[0].lower() + step.title[1:])
        if step.remedy is not None:
            self.follow(step.remedy)
        wanted = set(step.fires)
        self._stack.until(lambda: wanted <= _fired(self._stack, began), f"{sorted(wanted)} to fire", _SOON)


def read_remedy(page: Any, remedy: Remedy) -> str:
    """What stands behind these links, the first of each name."""
    for link in remedy.links:
        page.get_by_role("link", name=link).first.click()
    return str(page.locator("main").inner_text())


def _open(stack: Stack) -> set[str]:
    return {one["fault"] for one in stack.status()["open"]}


def _fired(stack: Stack, since: float) -> set[str]:
    return {key[0] for key in fired(stack, since) if key != STANDING}


def _firing_now(stack: Stack, since: float, names: tuple[str, ...]) -> list[str]:
    """Those of them that have not ended."""
    return [
        key[0]
        for key, times in fired(stack, since).items()
        if key[0] in names and key != STANDING and times[-1].over is None
    ]


def day(tour: Tour, stack: Stack) -> None:
    """From a good morning to a bundle for a bug report."""
    tour.well()
    tour.say("## All is well")
    tour.show("status")
    for step in steps(stack):
        tour.take(step)
    tour.say("## The evening")
    tour.show("incidents", "SINCE=2h")
    tour.show("logs", "SERVICE=gateway", tail=8)
    tour.say("For scripts:")
    told = json.loads(stack.make("status", "JSON=1").stdout)
    first = {"verdict": told["verdict"], "next": told["tenants"][0]["next"]}
    tour.block("make status JSON=1 | jq '{verdict, next: .tenants[0].next}'", json.dumps(first, indent=2))
    tour.say("For a bug report:")
    tour.show("doctor")


def _quoted(word: str) -> str:
    name, sign, value = word.partition("=")
    return f'{name}{sign}"{value}"' if " " in value else word


def _watched(stack: Stack, tour: Tour) -> str:
    """What `make watch` prints through a pipe while the day goes on."""
    with tempfile.TemporaryFile("w+") as out:
        command = ["scripts/watchkeeper", "watch"]
        watch = subprocess.Popen(command, cwd=ROOT, env=stack.commands(), stdout=out)
        try:
            day(tour, stack)
        finally:
            watch.send_signal(signal.SIGINT)
            watch.wait(30)
        out.seek(0)
        return out.read().rstrip()


_ABOUT_ALERTS: Final = """\
When each alert fired, beside when the scenario says that it should. Another program asked the supervisor, the engine
and the stand-in twice a second what was wrong; the interval is worked out of that, the rule's `for`, and the scrape and
the evaluation of `prometheus/prometheus.yml` (an alert cannot know before, and must know by then). Fired and ended are
Prometheus' own record; for what the supervisor posts itself, Alertmanager's. UTC.
"""


def main() -> int:
    docs = ROOT / "docs"
    # IBC tries a wrong password again and again; and many faults follow each other within minutes.
    more = {"SIM_SERVER_VERSION": "223", "SIM_THROTTLE_AFTER": "1000"}
    more |= {"CONTAINER_RESTART_BUDGET": "40/6h", "ENGINE_RESTART_BUDGET": "40/6h"}
    stack = make_stack("tour", "10.96.9", **more)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True, capture_output=True).stdout
    load = Path("/proc/loadavg").read_text().split()[0] if Path("/proc/loadavg").exists() else "unknown"
    try:
        up = stack.make("up", "SIM=1")
        if up.returncode:
            print(up.stdout, up.stderr, sep="\n", file=sys.stderr)
            return 1
        with chromium() as browser, witness(stack) as seen:
            tour = Tour(stack, browser, docs)
            watched = _watched(stack, tour)
            time.sleep(timing().late)  # what fires or ends last is in the record
            rows = timed(stack, seen, [(began, step.title) for began, step in tour.began])
    finally:
        stack.make("purge", "SIM=1")
    now = datetime.now(UTC)
    tour.say("## When it was told", _ABOUT_ALERTS)
    tour.parts += [*table(rows), ""]
    data = docs / "data" / f"tour-{now:%Y%m%d}.jsonl"
    tour.say(f"Raw: [data](data/{data.name}).")
    tour.say("## The whole day in one window", "`make watch`, a line a change, as it is without a terminal:")
    tour.block("make watch", watched)
    head = _HEAD.format(day=f"{now:%Y-%m-%d}", commit=commit.strip(), load=load)
    (docs / "tour.md").write_text("\n".join([head, *tour.parts]).rstrip() + "\n")
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    wrong = [*(json.dumps(row) for row in rows if row["wrong"]), *tour.lost]
    print(*wrong, sep="\n", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
