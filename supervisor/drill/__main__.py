"""`make drill`: bring up the drill's own stack, break it N times a fault, take it down; report.

A stack for each server version: by default 200, where all is text, and the latest, where all is protobuf.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys

import httpx

from supervisor.drill.injections import INJECTIONS, Stack
from supervisor.drill.ports import free_port
from supervisor.drill.report import Run, as_table, report
from supervisor.drill.runner import Drill
from tws.clock import SystemClock
from tws.handshake import probe

TENANT = "drill"
PROBE_INTERVAL_SECONDS = 5.0
"""The supervisor's slowest rhythm: injections are spread over one of it."""

_PORTS = ("API", "SUPERVISOR", "ENGINE", "SIMULATOR", "PROMETHEUS", "ALERTMANAGER")


def budgets(runs: int) -> dict[str, str]:
    """Restart budgets that a drill of so many runs cannot spend; the supervisor still checks their arithmetic."""
    count = 2 * runs + 5
    hours = count * 320 // 3600 + 1  # a restart takes at most 20 s to act and 300 s to start
    return {
        "CONTAINER_RESTART_BUDGET": f"{count}/{hours}h",
        "ENGINE_RESTART_BUDGET": f"{count}/{hours}h",
    }


def environment(runs: int, profile: str, version: int) -> dict[str, str]:
    """The drill's stack beside anybody's: own tenant, networks and ports; its gateway announces that version."""
    ports = {f"HOST_PORT_{name}": str(free_port()) for name in _PORTS}
    stand_in = {"SIM_PROFILE": profile, "SIM_SERVER_VERSION": str(version)}
    return {"TENANT": TENANT, "SUBNET_PREFIX": "10.92.0", **stand_in, **budgets(runs), **ports}


def _stack(*arguments: str, env: dict[str, str]) -> int:
    command = [sys.executable, "-m", "supervisor.stack", *arguments]
    # Its progress belongs to the eye; standard output is the report's.
    return subprocess.run(command, env={**os.environ, **env}, stdout=sys.stderr, check=False).returncode  # noqa: S603


async def _drill(stack: Stack, api_port: int, faults: list[str], count: int, seed: int) -> list[Run]:
    runs: list[Run] = []
    spoken = (await probe("127.0.0.1", api_port, timeout=10)).server_version
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        drill = Drill(stack, client, SystemClock(), seed, spoken)
        for number in range(count):
            for fault in faults:
                run = await drill.run(fault, phase=PROBE_INTERVAL_SECONDS)
                runs.append(run)
                print(f"{number + 1}/{count} {run}", file=sys.stderr, flush=True)
    return runs


def _at_version(version: int, faults: list[str], count: int, profile: str, seed: int) -> list[Run] | None:
    """A whole drill on a stack of its own; None if that did not come up."""
    env = environment(count * len(faults), profile, version)
    try:
        if _stack("up", "--mode", "sim", env=env):
            print("drill: expected its stack to come up, found the failure above", file=sys.stderr)
            return None
        base = {name: f"http://127.0.0.1:{env[f'HOST_PORT_{name}']}" for name in _PORTS}
        stack = Stack(base["SUPERVISOR"], base["ENGINE"], base["SIMULATOR"], f"watchkeeper-{TENANT}-gateway")
        return asyncio.run(_drill(stack, int(env["HOST_PORT_API"]), faults, count, seed))
    finally:
        _stack("purge", "--tenant", TENANT, env=env)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("--faults", default=",".join(INJECTIONS), help="comma-separated: " + ", ".join(INJECTIONS))
    parser.add_argument("--count", type=int, default=1, help="injections of each fault")
    parser.add_argument("--versions", default="200,223", help="comma-separated server versions")
    parser.add_argument("--profile", choices=("fast", "real"), default="real", help="how slow the stand-in is")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    faults = arguments.faults.split(",")
    if unknown := [fault for fault in faults if fault not in INJECTIONS]:
        known = ", ".join(INJECTIONS)
        print(f"drill: expected FAULT to name some of {known}; found {', '.join(unknown)}", file=sys.stderr)
        return 2
    if arguments.count < 1:
        print(f"drill: expected N to be at least 1, found {arguments.count}", file=sys.stderr)
        return 2
    if not all(version.isdecimal() for version in arguments.versions.split(",")):
        print(f"drill: expected VERSION to be server versions, found {arguments.versions}", file=sys.stderr)
        return 2

    runs: list[Run] = []
    for version in map(int, arguments.versions.split(",")):
        made = _at_version(version, faults, arguments.count, arguments.profile, arguments.seed)
        if made is None:
            return 2
        runs += made
    told = report(arguments.seed, arguments.profile, runs)
    print(json.dumps(told, indent=2) if arguments.json else as_table(told))
    return 1 if any(run.censored or not run.agrees for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
