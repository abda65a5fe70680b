"""A whole stack on real containers, driven by the commands that a newcomer types.

Every stack of the suite has a tenant, host ports and networks of its own, so that it runs beside somebody's real one.
The exchange's day in it rolls twelve hours from now, so that the suite passes at any hour of any day.
"""

import json
import os
import subprocess
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from supervisor.drill.ports import free_port
from supervisor.drill.report import agree

ROOT = Path(__file__).parents[2]
PORTS = ("API", "SUPERVISOR", "ENGINE", "SIMULATOR", "PROMETHEUS", "ALERTMANAGER", "GRAFANA")
ALL_WELL_SECONDS = 180.0
"""A bound on waiting, not a claim: what a recovery takes is measured by `make drill`."""


@dataclass(frozen=True)
class Stack:
    """One tenant's stack: its commands, its APIs, and waiting for what they say."""

    tenant: str
    environment: dict[str, str]

    def commands(self) -> dict[str, str]:
        """What its commands are run with."""
        return {**os.environ, **self.environment}

    def make(self, target: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a Makefile target as a user would; never raises."""
        return subprocess.run(
            ["make", "--no-print-directory", target, *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment, **env},
            text=True,
            capture_output=True,
            timeout=600,
        )

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command behind the Makefile: make would turn every exit code but 0 into 2."""
        return subprocess.run(
            ["scripts/watchkeeper", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment, **env},
            text=True,
            capture_output=True,
            timeout=60,
        )

    def container(self, role: str) -> str:
        return f"watchkeeper-{self.tenant}-{role}"

    def url(self, service: str, path: str) -> str:
        return f"http://127.0.0.1:{self.environment[f'HOST_PORT_{service.upper()}']}{path}"

    def get(self, service: str, path: str) -> Any:
        return httpx.get(self.url(service, path), timeout=5).raise_for_status().json()

    def status(self) -> dict[str, Any]:
        tenant: dict[str, Any] = self.get("supervisor", "/api/v1/status")["tenants"][0]
        return tenant

    def incidents(self) -> list[dict[str, Any]]:
        incidents: list[dict[str, Any]] = self.get("supervisor", "/api/v1/incidents")
        return incidents

    def book(self) -> dict[str, Any]:
        book: dict[str, Any] = self.get("simulator", "/api/v1/book")
        return book

    def engine(self) -> dict[str, Any]:
        status: dict[str, Any] = self.get("engine", "/api/v1/status")
        return status

    def inject(self, fault: str, **parameters: float) -> None:
        url = self.url("simulator", f"/api/v1/faults/{fault}")
        httpx.post(url, json=parameters, timeout=10).raise_for_status()

    def all_well(self) -> bool:
        """Gateway READY, engine TRADING, no open incident."""
        tenant = self.status()
        return (tenant["gateway"]["state"], tenant["engine"]["state"], tenant["incident"]) == ("READY", "TRADING", None)

    def books_agree(self) -> bool:
        """Whether the stand-in's record and Nautilus's tell of the same positions and working orders."""
        return agree(self.book(), self.engine())

    def recovered(self, known: set[int]) -> list[dict[str, Any]]:
        """Incidents that are new since `known`, once all is well again and none is open."""
        if not self.all_well():
            return []
        new = [incident for incident in self.incidents() if incident["id"] not in known]
        return [incident for incident in new if not incident["standing"]]

    def until(self, condition: Callable[[], Any], what: str, seconds: float = ALL_WELL_SECONDS) -> Any:
        """Wait until `condition` gives something true, and return it; services that do not answer are waited for."""
        deadline = time.monotonic() + seconds
        last: object = None
        while time.monotonic() < deadline:
            try:
                if last := condition():
                    return last
            except (httpx.HTTPError, KeyError, IndexError) as error:
                last = error
            time.sleep(0.1)
        pytest.fail(f"expected {what} within {seconds:g} s; last look: {last!r}\n{self.story()}")

    def story(self) -> str:
        """What a person would look at first."""
        parts = [self.make("status").stdout]
        parts += [
            docker("logs", "--tail", "40", self.container(role), check=False)
            for role in ("gateway", "engine", "supervisor")
        ]
        parts.append(docker("logs", "--tail", "60", f"watchkeeper-{self.tenant}-supervisor-1", check=False))
        return "\n".join(parts)


def docker(*arguments: str, check: bool = True) -> str:
    result = subprocess.run(["docker", *arguments], text=True, capture_output=True, timeout=120)
    if check and result.returncode:
        pytest.fail(f"docker {' '.join(arguments)}: {result.stderr}")
    return result.stdout + result.stderr


def make_stack(tenant: str, subnet: str, **more: str) -> Stack:
    roll = datetime.now(ZoneInfo("America/New_York")) + timedelta(hours=12)
    environment = {
        "TENANT": tenant,
        "SUBNET_PREFIX": subnet,
        "SIM_DAY_START": f"{roll:%H}:00",
        **{f"HOST_PORT_{name}": str(free_port()) for name in PORTS},
        **more,
    }
    return Stack(tenant, environment)


def no_window_now(folder: Path) -> str:
    """A WINDOWS_FILE: each of IBKR's windows is a minute that is six hours away, so that tests pass at any hour."""
    opens = datetime.now(UTC) + timedelta(hours=6)
    windows = tomllib.loads((ROOT / "supervisor/windows.toml").read_text())["window"]
    path = folder / "windows.toml"
    path.write_text(
        "".join(
            f"""
[[window]]
name = "{one["name"]}"
regions = {json.dumps(one["regions"])}
zone = "Etc/UTC"
days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
from = "{opens:%H:%M}"
to = "{opens + timedelta(minutes=1):%H:%M}"
valid_from = 2024-12-17
source = "a test"
read_on = 2026-11-23
"""
            for one in windows
        )
    )
    path.chmod(0o644)
    return str(path)
