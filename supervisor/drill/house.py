"""A stack of the drill's own, beside anybody's: brought up for one server version, and taken away with its volumes."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from supervisor.drill.ports import free_port
from supervisor.drill.stack import Stack
from supervisor.errors import RuntimeTrouble
from tws.clock import SystemClock

ROOT = Path(__file__).resolve().parents[2]
_PORTS = ("API", "SUPERVISOR", "ENGINE", "SIMULATOR", "PROMETHEUS", "ALERTMANAGER")


def budgets(runs: int) -> dict[str, str]:
    """Restart budgets that a drill of so many runs cannot spend; the supervisor still checks their arithmetic."""
    count = 2 * runs + 5
    hours = count * 320 // 3600 + 1  # a restart takes at most 20 s to act and 300 s to start
    return {
        "CONTAINER_RESTART_BUDGET": f"{count}/{hours}h",
        "ENGINE_RESTART_BUDGET": f"{count}/{hours}h",
    }


def environment(runs: int, profile: str, version: int, given: Mapping[str, str]) -> dict[str, str]:
    """Own tenant, networks and ports; the gateway announces that version, and its market is open for twelve hours."""
    ports = {f"HOST_PORT_{name}": str(free_port()) for name in _PORTS}
    roll = SystemClock().now().astimezone(ZoneInfo("America/New_York")) + timedelta(hours=12)
    return {
        "TENANT": given.get("TENANT") or "drill",
        "SUBNET_PREFIX": given.get("SUBNET_PREFIX") or "10.92.0",
        "SIM_DAY_START": f"{roll:%H}:00",
        "SIM_PROFILE": profile,
        "SIM_SERVER_VERSION": str(version),
        "SIM_THROTTLE_AFTER": "1000",  # IBC tries a wrong password again and again; a person has the right one
        **budgets(runs),
        **ports,
    }


@contextmanager
def house(runs: int, profile: str, version: int) -> Iterator[Stack]:
    """Up, and in any case down again.

    Raises:
        RuntimeTrouble: it did not come up; what failed was printed.
    """
    env = environment(runs, profile, version, os.environ)
    try:
        if _stack("up", "--mode", "sim", env=env):
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
        _stack("purge", "--tenant", env["TENANT"], env=env)


def commit() -> str:
    """The commit that is measured, with a mark if the tree differs from it."""
    asked = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or "unknown"


def _stack(*arguments: str, env: dict[str, str]) -> int:
    command = [sys.executable, "-m", "supervisor.stack", *arguments]
    # Its progress belongs to the eye; standard output is the report's.
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, stdout=sys.stderr, check=False).returncode  # noqa: S603
