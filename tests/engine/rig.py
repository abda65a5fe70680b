"""A real engine process against the real stand-in process, on free loopback ports."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKEN = "tests-machine-token"
ACCOUNT = "DUSIM0001"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


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


class Gateway(Process):
    """The stand-in. Its state directory outlives it, as the volume does."""

    def __init__(self, directory: Path, **more: str) -> None:
        self.api_port, self.control_port, command_port = free_port(), free_port(), free_port()
        # The exchange's day rolls half a day from now, so that no test meets it at any hour.
        far = (datetime.now(UTC) + timedelta(hours=12)).astimezone(ZoneInfo("America/New_York"))
        environment = {
            "SIM_API_PORT": str(self.api_port),
            "SIM_CONTROL_HOST": "127.0.0.1",
            "SIM_CONTROL_PORT": str(self.control_port),
            "SIM_COMMAND_PORT": str(command_port),
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

    def fault(self, name: str) -> None:
        with contextlib.suppress(httpx.RemoteProtocolError):
            self._http.post(f"/api/v1/faults/{name}").raise_for_status()

    def cure(self, name: str) -> None:
        self._http.delete(f"/api/v1/faults/{name}").raise_for_status()

    def up(self, timeout: float = 20) -> None:
        """Wait until it serves its API."""
        wait_for(lambda: self.status()["phase"] == "serving", timeout, self.tail)


class Engine(Process):
    """`python -m engine`, seen over its HTTP side."""

    def __init__(self, directory: Path, gateway: Gateway, supervisor_url: str, **more: str) -> None:
        self.port = free_port()
        secrets = directory / "secrets"
        secrets.mkdir(exist_ok=True)
        (secrets / "machine_token").write_text(TOKEN)
        environment = {
            "IB_HOST": "127.0.0.1",
            "IB_PORT": str(gateway.api_port),
            "IB_ACCOUNT": ACCOUNT,
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": str(self.port),
            "SUPERVISOR_URL": supervisor_url,
            "SECRETS_DIR": str(secrets),
            "TRADE_PAUSE_SECONDS": "1",
            **more,
        }
        super().__init__("engine", "engine", environment, directory)
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30, trust_env=False)

    def close(self) -> None:
        self.kill()
        self._http.close()

    def get(self, path: str) -> httpx.Response:
        return self._http.get(path)

    def post(self, path: str, body: Any = None) -> httpx.Response:
        return self._http.post(path, json=body, headers={"authorization": f"Bearer {TOKEN}"})

    def status(self) -> Any:
        return self.get("/api/v1/status").raise_for_status().json()

    def reach(self, state: str, timeout: float = 30) -> float:
        """Wait for a state; returns the seconds it took."""
        begun = time.monotonic()
        wait_for(lambda: self.status()["state"] == state, timeout, lambda: (self.status(), self.tail()))
        return time.monotonic() - begun

    def metric(self, name: str) -> float:
        lines = self.get("/metrics").text.splitlines()
        return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{name} ")), 0.0)


class Supervisor:
    """Grants or refuses, as it is told."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {"granted": True, "reason": "", "retry_after_seconds": 0.2}
        self.asked: list[Any] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                raw = json.dumps(outer.answer).encode()
                self.send_response(200 if self.headers["authorization"] == f"Bearer {TOKEN}" else 401)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
