"""`make drill`: bring up the drill's own stack, break it N times a fault, take it down; report.

A stack for each server version: by default 200, where all is text, and the latest, where all is protobuf. Each run is
appended to a file at once; asked again with the same file and seed, the drill goes on where it stopped.
"""

import argparse
import asyncio
import json
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import httpx

from supervisor.drill.house import ROOT, commit, house
from supervisor.drill.injections import INJECTIONS, NOT_DRILLED
from supervisor.drill.page import page
from supervisor.drill.records import WATCHKEEPER, Run, Shard, read
from supervisor.drill.report import as_table
from supervisor.drill.runner import AlreadyStands, Drill, Label
from supervisor.drill.stack import Hands, Stack
from supervisor.errors import RuntimeTrouble
from tws.clock import SystemClock
from tws.handshake import probe

PROBE_INTERVAL_SECONDS = 5.0
"""The supervisor's slowest rhythm: injections are spread over one of it."""

type Wanted = tuple[str, int]
"""An injection's name and its number."""


def plan(names: Sequence[str], count: int, done: set[Wanted]) -> list[Wanted]:
    """Round by round, so that a shard that is cut off has about as many of each."""
    return [(name, number) for number in range(count) for name in names if (name, number) not in done]


async def _drill(stack: Stack, label: Label, wanted: Sequence[Wanted], shard: Shard) -> list[Run]:
    runs = []
    spoken = (await probe("127.0.0.1", stack.api_port, timeout=10)).server_version
    if spoken != label.server_version:
        raise RuntimeTrouble(f"expected a gateway of server version {label.server_version}, found {spoken}")
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        clock = SystemClock()
        drill = Drill(stack, Hands(stack, client, clock), client, clock, label)
        for name, number in wanted:
            try:
                run = await drill.run(name, number, longest_phase=PROBE_INTERVAL_SECONDS)
            except AlreadyStands as error:
                print(f"drill: {error}", file=sys.stderr, flush=True)
                continue
            shard.append(run)
            runs.append(run)
            print(json.dumps(asdict(run)), file=sys.stderr, flush=True)
    return runs


def _run(arguments: argparse.Namespace) -> int:
    names = list(INJECTIONS) if arguments.faults is None else arguments.faults.split(",")
    if unknown := [name for name in names if name not in INJECTIONS]:
        why = "".join(f"\n  {name}: {NOT_DRILLED[name]}" for name in unknown if name in NOT_DRILLED)
        known = ", ".join(INJECTIONS)
        return _refused(f"expected FAULT to name some of {known}; found {', '.join(unknown)}{why}")
    if arguments.count < 1:
        return _refused(f"expected N to be at least 1, found {arguments.count}")
    if not all(version.isdecimal() for version in arguments.versions.split(",")):
        return _refused(f"expected VERSION to be server versions, found {arguments.versions}")
    path = arguments.out or ROOT / "var" / "drills" / f"{arguments.profile}-{arguments.seed}.jsonl"
    shard = Shard(path)
    try:
        done = shard.open()
        print(f"==> seed {arguments.seed}, appending to {path}", file=sys.stderr)
        for version in map(int, arguments.versions.split(",")):
            label = Label(arguments.profile, version, arguments.seed, commit())
            mine = {
                (name, number)
                for keeper, name, profile, at, seed, number in done
                if (keeper, profile, at, seed) == (WATCHKEEPER, arguments.profile, version, arguments.seed)
            }
            if wanted := plan(names, arguments.count, mine):
                with house(len(wanted), arguments.profile, version) as stack:
                    asyncio.run(_drill(stack, label, wanted, shard))
    except (RuntimeTrouble, TimeoutError, ValueError, OSError) as error:
        return _refused(str(error))
    except KeyboardInterrupt:
        print(f"drill: stopped; go on with SEED={arguments.seed} OUT={path}", file=sys.stderr)
        return 130
    runs = read([path])
    print("\n".join(json.dumps(asdict(run)) for run in runs) if arguments.json else as_table(runs))
    for name, why in NOT_DRILLED.items():
        print(f"not drilled: {name}: {why}", file=sys.stderr)
    return 1 if any(run.censored or not run.agrees or run.wrong for run in runs) else 0


def _report(arguments: argparse.Namespace) -> int:
    try:
        from supervisor.drill import plot

        runs = read(arguments.files)
        plot.draw(runs, arguments.plot)
        here = arguments.page.resolve().parent
        files = [os.path.relpath(path, here) for path in arguments.files]
        arguments.page.write_text(page(runs, files, os.path.relpath(arguments.plot, here)))
    except (ValueError, OSError) as error:
        return _refused(str(error))
    except ImportError as error:
        return _refused(f"expected matplotlib for the plot, found: {error}; run: uv sync --group dev --group report")
    return 0


def _refused(why: str) -> int:
    print(f"drill: {why}", file=sys.stderr)
    return 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m supervisor.drill", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="make drill")
    run.add_argument("--faults", help="comma-separated; default all: " + ", ".join(INJECTIONS))
    run.add_argument("--count", type=int, default=1, help="injections of each fault at each version")
    run.add_argument("--versions", default="200,223", help="comma-separated server versions")
    run.add_argument("--profile", choices=("fast", "real"), default="real", help="how slow the stand-in is")
    run.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    run.add_argument("--out", type=Path, help="the file to append to, and to go on with")
    run.add_argument("--json", action="store_true")
    told = commands.add_parser("report", help="write docs/drills.md and its plot")
    told.add_argument("files", nargs="+", type=Path, help="JSONL of drills and baselines")
    told.add_argument("--page", type=Path, default=ROOT / "docs" / "drills.md")
    told.add_argument("--plot", type=Path, default=ROOT / "docs" / "data" / "drills.png")
    arguments = parser.parse_args()
    return _run(arguments) if arguments.command == "run" else _report(arguments)


if __name__ == "__main__":
    sys.exit(main())
