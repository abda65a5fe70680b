"""The drills' page, written anew from their raw lines. Pure."""

from collections import Counter
from collections.abc import Sequence

from supervisor.drill.injections import INJECTIONS, NOT_DRILLED, Ends
from supervisor.drill.records import WATCHKEEPER, Run
from supervisor.drill.report import cell, figures
from supervisor.faults import FAULTS, Rung

ENOUGH_WITH_A_NUMBER = 30
ENOUGH = 5
"""Injections of a row with a bound on detection, and of the others."""

VERSIONS = (200, 223)

_HEAD = """\
<!-- Written by `python -m supervisor.drill report`; change that instead. -->
# Drills: every fault, broken on purpose and timed

Real containers, the stand-in as the gateway, a stack of the drill's own. Each fault is injected at a random moment of
a probe interval, when all was well. All stamps are on one machine's monotonic clock: the fault's effect by the
stand-in's own stamp or Docker's, the supervisor's by its journal, ready and trading as polled from outside every 50 ms,
after the answer that they rest on. Nothing that took too long is dropped: it is counted as *never* (not within 460 s,
or within the bound that a baseline's line names).

`make drill` measures, and goes on where it stopped with the same `SEED` and `OUT`; this page and its plot are written
by `python -m supervisor.drill report docs/data/drill-*.jsonl`, with the dependency group `report`. The profile `real`
takes its time as people know it (JVM 25 s, login 20 s, soft restart 75 s from the next full minute); `fast` takes none.
Raw lines, each with its seed and commit: {files}.
Most of them were made with `JOBS` stacks side by side on one machine: **beside** is the most that stood beside a run,
**load** the machine's highest load average of the last minute (of two processors; – where it was not written down).

**Bounds are for a machine that has time**: where the load is many times the processors, everybody waits for everybody,
and what is seen late is seen late there. A run is marked, never left out.

**How to read p95**: with fewer than 20 runs it is the slowest. Read it as "all n were below".
"""

_OURS = """
## Watchkeeper

Seconds, p50 / p95 / max. **Seen**: an incident was declared; where one was open already, its next act. **Decided**:
the first act, in the journal. **Hand**: from there to Docker's own stamp, where it is Docker's (of a stop its
beginning, of a start its end). **Trading**: the
engine is TRADING and the incident closed; where nobody should cure it (¹), from its end, and where a person must (²),
from that person's turn. **Follows**: from gateway ready to trading. **Wrong**: acts that the fault's row does not have.
"""

_OTHERS = """
## What people use instead

The same injections on the same kind of stack with our supervisor stopped (`python -m supervisor.drill.baselines`).
*Recovered* is of n; seconds until it trades again, p50 / p95 / max of those that did.

* **docker-policy**: `restart: unless-stopped` on the gateway, our engine behind it with Nautilus's own reconnect.
  Trading: the engine's own word TRADING (session up, data flowing, books reconciled), younger than the fault.
* **tcp-check-and-autoheal**: the same, with a TCP health check (connect, every 30 s, 5 retries) and a restarter of what
  is unhealthy, every 5 s. Trading: the same.
* **nautilus-alone**: our engine alone; nobody starts the gateway again. Trading: the same.
* **ib-async-watchdog**: ib_async's Watchdog with its defaults, a controller that starts and stops the container, and
  one line of SPY. Trading: a tick of it after the fault, on a new session or after a silence of more than 5 s. No
  orders, no books: less is asked of it than of the others.
"""


def page(runs: Sequence[Run], files: Sequence[str], plot: str) -> str:
    """The whole page. `files` and `plot` are paths from where it will lie."""
    ours = [run for run in runs if run.keeper == WATCHKEEPER]
    others = [run for run in runs if run.keeper != WATCHKEEPER]
    named = ", ".join(f"[{path.rsplit('/', 1)[-1]}]({path})" for path in files)
    parts = [_HEAD.format(files=named), _OURS, "\n".join(_ours(ours)), f"\n![Seconds until it trades again]({plot})\n"]
    parts += [_verdict(ours), *_remarks(ours)]
    if others:
        parts += [_OTHERS, "\n".join(_others(others))]
    parts += ["\n## What is still missing\n", *_missing(ours), "\n## What is not drilled\n", *_undrilled()]
    return "\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(str(one) for one in line) + " |" for line in lines]


def _ours(runs: Sequence[Run]) -> list[str]:
    head = ("injection", "profile", "version", "n", "seen", "bound", "decided", "hand", "gateway ready", "trading")
    rows = []
    for row in figures(runs):
        bound = FAULTS[row["fault"]].seen
        mark = {Ends.TRADING: "", Ends.LIFTED: " ¹", Ends.HANDED_OVER: " ²"}[INJECTIONS[row["injection"]].ends]
        cells = [cell(row[name]) for name in ("decide_s", "hand_s", "ready_s", "trading_s", "follow_s")]
        rows.append(
            (
                f"`{row['injection']}`{mark}",
                row["profile"],
                row["server_version"],
                row["n"],
                cell(row["detect_s"]),
                "–" if bound is None else f"{bound:g}",
                *cells,
                row["censored"],
                row["disagreed"],
                row["wrong"],
                row["beside"],
                "–" if row["load"] is None else row["load"],
            )
        )
    return _table((*head, "follows", "never", "books disagree", "wrong", "beside", "load"), rows)


def _verdict(runs: Sequence[Run]) -> str:
    late = [
        run
        for run in runs
        if (bound := FAULTS[run.fault].seen) is not None and (run.detect_s is None or run.detect_s > bound)
    ]
    names = ", ".join(f"`{name}` {n}" for name, n in Counter(run.injection for run in late).items()) or "none"
    wrong = [rung for run in runs for rung in run.wrong]
    own = sum(Rung(rung) is Rung.SENTINEL_RECONNECT for rung in wrong)
    only = f" ({own} of them the sentinel's new session, which touches nothing but itself)" if own else ""
    never = sum(run.censored for run in runs)
    other = Counter(
        f"`{run.injection}` as `{run.named[0]}`" for run in runs if run.named and run.fault not in run.named
    )
    aliases = ", ".join(f"{name} {n}" for name, n in sorted(other.items())) or "none"
    return (
        f"Of {len(runs)} injections: {len(wrong)} wrong acts{only}; {never} not well again in time; "
        f"seen later than the row's bound: {names}. Told of under another name only: {aliases}."
    )


def _remarks(runs: Sequence[Run]) -> list[str]:
    """What was found out of single runs."""
    found = [
        f"* `{run.injection}` at {run.server_version}, number {run.number}: {run.remark}." for run in runs if run.remark
    ]
    return ["", *found] if found else []


def _others(runs: Sequence[Run]) -> list[str]:
    rows = [
        (
            row["keeper"],
            f"`{row['injection']}`",
            row["profile"],
            row["server_version"],
            f"{row['n'] - row['censored']} of {row['n']}",
            cell(row["trading_s"]),
            ", ".join(dict.fromkeys(run.remark for run in runs if _same(run, row))),
        )
        for row in figures(runs)
    ]
    return _table(("keeper", "injection", "profile", "version", "recovered", "trading", ""), rows)


def _same(run: Run, row: dict[str, object]) -> bool:
    return (run.keeper, run.injection, run.profile) == (row["keeper"], row["injection"], row["profile"])


def _missing(runs: Sequence[Run]) -> list[str]:
    """What the goal (30 in the profile `real` for rows with a bound, 5 for the others, at each version) still lacks."""
    made = Counter((run.injection, run.server_version) for run in runs if run.profile == "real")
    rows = []
    for name, injection in INJECTIONS.items():
        wanted = ENOUGH if FAULTS[injection.fault].seen is None else ENOUGH_WITH_A_NUMBER
        lacks = [max(0, wanted - made[name, version]) for version in VERSIONS]
        if any(lacks):
            rows.append((f"`{name}`", wanted, *lacks))
    if not rows:
        return ["Nothing."]
    head = ("injection", "goal at each version", *(f"missing at {version}" for version in VERSIONS))
    return ["In the profile `real`:", "", *_table(head, rows)]


def _undrilled() -> list[str]:
    return [f"* `{name}`: {NOT_DRILLED[name]}." for name in FAULTS if name in NOT_DRILLED]
