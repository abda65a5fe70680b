"""`python -m supervisor.drill.baselines`: the same injections, without us; appended to the same kind of file."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

import httpx

from supervisor.drill.baselines import KEEPERS
from supervisor.drill.crew import MOST_JOBS, Bench, Crew
from supervisor.drill.house import ROOT
from supervisor.drill.injections import INJECTIONS
from supervisor.drill.records import Run, Shard
from supervisor.drill.runner import phase
from supervisor.drill.stack import Hands, Stack, docker
from tws.clock import Clock

FAULTS = ("container-exit", "container-crash", "jvm-dead", "soft-dead", "jvm-frozen", "half-open", "data-lost")
BOUND_SECONDS = 300.0
"""Longer than the slowest of them needs to notice: five checks of 30 s, a restart, a login."""

_WELL_SECONDS = 300.0


type Wanted = tuple[str, str, int]
"""A keeper, an injection, and its number."""


async def one(bench: Bench, wanted: Wanted, bound: float) -> Run:
    """Stop the supervisor, let the keeper work, inject, watch; then the supervisor puts everything right again."""
    stack, client, clock, label = bench.stack, bench.client, bench.clock, bench.label
    keeper, name, number = wanted
    injection, hands = INJECTIONS[name], Hands(stack, client, clock)
    supervisor = stack.container("supervisor")
    await _until_well(stack, client, clock)
    await asyncio.to_thread(docker, "stop", "--time", "5", supervisor)
    try:
        async with KEEPERS[keeper](stack, label.profile, clock) as traded:
            waited = phase(label, f"{keeper}/{name}", number)
            await clock.sleep(waited)
            at = clock.now()
            effective = await hands.take(injection.steps)
            again: float | None = None
            while again is None and clock.monotonic() - effective < bound:
                if await traded(effective):
                    again = clock.monotonic() - effective
                await clock.sleep(0.1)
    finally:
        await asyncio.to_thread(docker, "start", supervisor)
    await hands.take(injection.after)
    return Run(
        keeper=keeper,
        injection=name,
        fault=injection.fault,
        profile=label.profile,
        server_version=label.server_version,
        seed=label.seed,
        number=number,
        commit=label.commit,
        at=at.isoformat(timespec="seconds"),
        phase_s=round(waited, 3),
        detect_s=None,
        decide_s=None,
        act_s=None,
        lifted_s=None,
        ready_s=None,
        trading_s=round(again, 3) if again is not None else None,
        censored=again is None,
        agrees=True,
        remark=f"bound {bound:g} s",
    )


async def _until_well(stack: Stack, client: httpx.AsyncClient, clock: Clock) -> None:
    deadline = clock.monotonic() + _WELL_SECONDS
    while clock.monotonic() < deadline:
        try:
            row: Any = (await client.get(f"{stack.supervisor}/api/v1/status")).json()["tenants"][0]
            if (row["gateway"]["state"], row["engine"]["state"], row["incident"]) == ("READY", "TRADING", None):
                return
        except (httpx.HTTPError, KeyError, ValueError):
            pass  # it was only just started
        await clock.sleep(0.5)
    raise TimeoutError(f"expected all to be well before a baseline, found it is not after {_WELL_SECONDS:g} s")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m supervisor.drill.baselines", description=__doc__)
    parser.add_argument("--keepers", default=",".join(KEEPERS))
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--jobs", type=int, choices=range(1, MOST_JOBS + 1), default=1, help="stacks side by side")
    parser.add_argument("--version", type=int, default=223)
    parser.add_argument("--profile", choices=("fast", "real"), default="real")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bound", type=float, default=BOUND_SECONDS, help="seconds after which it has not recovered")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "drills" / "baselines.jsonl")
    options = parser.parse_args()
    keepers, names = options.keepers.split(","), options.faults.split(",")
    if strange := [one for one in keepers if one not in KEEPERS] + [one for one in names if one not in INJECTIONS]:
        print(f"baselines: expected known keepers and faults, found {', '.join(strange)}", file=sys.stderr)
        return 2
    shard = Shard(options.out)
    try:
        done = shard.open()
        wanted = [
            (keeper, name, number)
            for number in range(options.count)
            for keeper in keepers
            for name in names
            if (keeper, name, options.profile, options.version, options.seed, number) not in done
        ]
        crew = Crew(
            {options.version: wanted},
            lambda bench, one_of_them: one(bench, one_of_them, options.bound),
            options.profile,
            options.seed,
            shard,
            options.out.parent / f"{options.out.stem}-stories",
        )
        asyncio.run(crew.work(options.jobs))
    except ExceptionGroup as errors:
        print(f"baselines: {'; '.join(map(str, errors.exceptions))}", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(f"baselines: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            f"baselines: stopped, what is done is kept; go on with --seed {options.seed} --out {options.out}",
            file=sys.stderr,
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
