"""The stand-in as a process of its own, on free loopback ports, and how tests wait for what processes say."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx

from supervisor.drill.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACCOUNT = "DUSIM0001"


def wait_for[T](what: Callable[[], T | None], timeout: float, told: Callable[[], object] = lambda: "") -> T:
    """Ask until something true comes back; a test waits for facts, never for time."""
    deadline = time.monotonic() + timeout
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if found := what():
                return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {told()}")
        time.sleep(0.02)


class Process:
    """A child with its output in a file, ended by its own id."""

    def __init__(self, name: str, module: str, environment: dict[str, str], directory: Path) -> None:
        self.name = name
        self.log = directory / f"{name}.log"
        self._module = module
        self._environment = environment
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as out:
            self._child = subprocess.Popen(
                [sys.executable, "-m", self._module],
                env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **self._environment},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def running(self) -> bool:
        assert self._child is not None
        return self._child.poll() is None

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._child is not None
        return self._child.wait(timeout)

    def kill(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.kill()
            self._child.wait(10)

    def terminate(self, timeout: float) -> tuple[int, float]:
        """Send SIGTERM; returns the exit code and the seconds it took."""
        assert self._child is not None
        begun = time.monotonic()
        self._child.send_signal(signal.SIGTERM)
        return self._child.wait(timeout), time.monotonic() - begun

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class StandIn(Process):
    """The stand-in. Its state directory outlives it, as the volume does."""

    def __init__(self, directory: Path, **more: str) -> None:
        self.api_port, self.control_port, self.command_port = free_port(), free_port(), free_port()
        # The exchange's day rolls half a day from now, so that no test meets it at any hour.
        far = (datetime.now(UTC) + timedelta(hours=12)).astimezone(ZoneInfo("America/New_York"))
        environment = {
            "SIM_API_PORT": str(self.api_port),
            "SIM_CONTROL_HOST": "127.0.0.1",
            "SIM_CONTROL_PORT": str(self.control_port),
            "SIM_COMMAND_PORT": str(self.command_port),
            "SIM_STATE_DIR": str(directory / "gateway-state"),
            "SIM_ACCOUNT": ACCOUNT,
            "SIM_DAY_START": f"{far:%H:%M}",
            **more,
        }
        (directory / "gateway-state").mkdir(exist_ok=True)
        super().__init__("gateway", "gateway.simulator", environment, directory)
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{self.control_port}", timeout=10, trust_env=False)

    def close(self) -> None:
        self.kill()
        self._http.close()

    def get(self, path: str) -> Any:
        return self._http.get(path).raise_for_status().json()

    def status(self) -> Any:
        return self.get("/api/v1/status")

    def book(self) -> Any:
        return self.get("/api/v1/book")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._http.post(path, json=body).raise_for_status().json()

    def fault(self, name: str, **parameters: Any) -> None:
        with contextlib.suppress(httpx.RemoteProtocolError):
            self._http.post(f"/api/v1/faults/{name}", json=parameters or None).raise_for_status()

    def cure(self, name: str) -> None:
        self._http.delete(f"/api/v1/faults/{name}").raise_for_status()

    def cure_all(self) -> None:
        self._http.delete("/api/v1/faults").raise_for_status()

    def up(self, timeout: float = 20) -> None:
        """Wait until it serves its API."""
        wait_for(lambda: self.status()["phase"] == "serving", timeout, self.tail)

    def metric(self, name: str) -> float:
        """A counter of the stand-in's own, without its prefix."""
        for line in self._http.get("/metrics").text.splitlines():
            if line.startswith(f"watchkeeper_simulator_{name} "):
                return float(line.split()[1])
        raise LookupError(name)
