"""`make drill`: bring up the drill's own stack, break it N times a fault, take it down; report.

At each server version: by default 200, where all is text, and the latest, where all is protobuf. `JOBS` stacks stand
side by side. Each run is appended to a file at once; asked again with the same file and seed, the drill goes on where
it stopped.
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

from supervisor.drill.crew import MOST_JOBS, Bench, Crew
from supervisor.drill.house import ROOT
from supervisor.drill.injections import INJECTIONS, NOT_DRILLED
from supervisor.drill.page import page
from supervisor.drill.records import WATCHKEEPER, Run, Shard, read
from supervisor.drill.report import as_table
from supervisor.drill.runner import Drill
from supervisor.drill.stack import Hands

type Wanted = tuple[str, int]
"""An injection's name and its number."""


def plan(names: Sequence[str], count: int, done: set[Wanted]) -> list[Wanted]:
    """Round by round, so that a shard that is cut off has about as many of each."""
    return [(name, number) for number in range(count) for name in names if (name, number) not in done]


async def _play(bench: Bench, wanted: Wanted) -> Run:
    hands = Hands(bench.stack, bench.client, bench.clock)
    return await Drill(bench.stack, hands, bench.client, bench.clock, bench.label).run(*wanted)


def _run(arguments: argparse.Namespace) -> int:
    names = list(INJECTIONS) if arguments.faults is None else arguments.faults.split(",")
    if unknown := [name for name in names if name not in INJECTIONS]:
        why = "".join(f"\n  {name}: {NOT_DRILLED[name]}" for name in unknown if name in NOT_DRILLED)
        known = ", ".join(INJECTIONS)
        return _refused(f"expected FAULT to name some of {known}; found {', '.join(unknown)}{why}")
    if arguments.count < 1:
        return _refused(f"expected N to be at least 1, found {arguments.count}")
    if not 1 <= arguments.jobs <= MOST_JOBS:
        return _refused(f"expected JOBS to be 1 to {MOST_JOBS}, found {arguments.jobs}")
    if not all(version.isdecimal() for version in arguments.versions.split(",")):
        return _refused(f"expected VERSION to be server versions, found {arguments.versions}")
    path = arguments.out or ROOT / "var" / "drills" / f"{arguments.profile}-{arguments.seed}.jsonl"
    shard = Shard(path)
    try:
        done = shard.open()
        print(f"==> seed {arguments.seed}, appending to {path}", file=sys.stderr)
        wanted = {
            version: plan(
                names,
                arguments.count,
                {
                    (name, number)
                    for keeper, name, profile, at, seed, number in done
                    if (keeper, profile, at, seed) == (WATCHKEEPER, arguments.profile, version, arguments.seed)
                },
            )
            for version in map(int, arguments.versions.split(","))
        }
        crew = Crew(wanted, _play, arguments.profile, arguments.seed, shard, path.parent / f"{path.stem}-stories")
        asyncio.run(crew.work(arguments.jobs))
    except ExceptionGroup as errors:
        return _refused("; ".join(map(str, errors.exceptions)))
    except (ValueError, OSError) as error:
        return _refused(str(error))
    except KeyboardInterrupt:
        print(f"drill: stopped, what is done is kept; go on with SEED={arguments.seed} OUT={path}", file=sys.stderr)
        return 130
    runs = read([path])
    print("\n".join(json.dumps({"version": 1, **asdict(run)}) for run in runs) if arguments.json else as_table(runs))
    for name, why in NOT_DRILLED.items():
        print(f"not drilled: {name}: {why}", file=sys.stderr)
    return 1 if any(run.went_wrong for run in runs) else 0


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
    run.add_argument("--jobs", type=int, default=1, help="stacks side by side; each takes about 1 GiB of memory")
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
