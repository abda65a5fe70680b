"""A stack of the drill's own, beside anybody's: brought up for one server version, and taken away with its volumes."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from supervisor.drill.ports import free_port
from supervisor.drill.stack import FAULT_FILE, FAULT_FILES, Stack, begin_with
from supervisor.errors import RuntimeTrouble
from tws.clock import SystemClock

ROOT = Path(__file__).resolve().parents[2]
_PORTS = ("API", "SUPERVISOR", "ENGINE", "SIMULATOR", "PROMETHEUS", "ALERTMANAGER", "GRAFANA")


def budgets(runs: int) -> dict[str, str]:
    """Restart budgets that a drill of so many runs cannot spend; the supervisor still checks their arithmetic."""
    count = 2 * runs + 5
    hours = count * 320 // 3600 + 1  # a restart takes at most 20 s to act and 300 s to start
    return {
        "CONTAINER_RESTART_BUDGET": f"{count}/{hours}h",
        "ENGINE_RESTART_BUDGET": f"{count}/{hours}h",
    }


def environment(runs: int, profile: str, version: int, given: Mapping[str, str], place: int = 0) -> dict[str, str]:
    """Own tenant, networks and ports; the gateway announces that version, and its market is open for twelve hours.

    Stacks side by side differ in their place: `drill` and 10.92.0, then `drill-1` and 10.92.1.
    """
    ports = {f"HOST_PORT_{name}": str(free_port()) for name in _PORTS}
    roll = SystemClock().now().astimezone(ZoneInfo("America/New_York")) + timedelta(hours=12)
    tenant, (first, second, third) = given.get("TENANT") or "drill", _octets(given.get("SUBNET_PREFIX") or "10.92.0")
    tenant = f"{tenant}-{place}" if place else tenant
    return {
        "TENANT": tenant,
        "SUBNET_PREFIX": f"{first}.{second}.{third + place}",
        "SIM_DAY_START": f"{roll:%H}:00",
        "SIM_PROFILE": profile,
        "SIM_SERVER_VERSION": str(version),
        "SIM_FILES": str(FAULT_FILES / tenant),
        "SIM_FAULTS": f"/files/{FAULT_FILE}",
        "SIM_THROTTLE_AFTER": "1000",  # IBC tries a wrong password again and again; a person has the right one
        **budgets(runs),
        **ports,
    }


def _octets(prefix: str) -> list[int]:
    return [int(octet) for octet in prefix.split(".")]


@asynccontextmanager
async def house(runs: int, profile: str, version: int, place: int = 0) -> AsyncIterator[Stack]:
    """Up, and in any case down again.

    Raises:
        RuntimeTrouble: it did not come up; what failed was printed.
    """
    env = environment(runs, profile, version, os.environ, place)
    begin_with(env["TENANT"], ())
    try:
        if await _stack("up", "--mode", "sim", env=env):
            raise RuntimeTrouble("expected the drill's stack to come up, found the failure above")
        url = {name: f"http://127.0.0.1:{env[f'HOST_PORT_{name}']}" for name in _PORTS}
        yield Stack(
            env["TENANT"],
            url["SUPERVISOR"],
            url["ENGINE"],
            url["SIMULATOR"],
            int(env["HOST_PORT_API"]),
            ROOT / (os.environ.get("SECRETS_DIR") or "secrets") / "operator_token",
        )
    finally:
        await _stack("purge", "--tenant", env["TENANT"], env=env)


def commit() -> str:
    """The commit that is measured, with a mark if the tree differs from it by more than what was measured."""
    head = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return f"{head}{'-dirty' if changed else ''}" if head else "unknown"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603, S607
    return done.stdout.strip()


async def _stack(*arguments: str, env: dict[str, str]) -> int:
    command = [sys.executable, "-m", "supervisor.stack", *arguments]
    # Its progress belongs to the eye; standard output is the report's.
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={**os.environ, **env}, stdout=sys.stderr)
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
