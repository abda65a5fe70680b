"""The stand-in as a process of its own, on free ports, for clients that must not notice."""

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parents[2]
DAY_START_AWAY = 12
"""Hours from now to the roll of the exchange day: no test may meet it."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for(done: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What `done` returns once it is true.

    Raises:
        TimeoutError: it was not in time.
    """
    until = time.monotonic() + seconds
    while not (found := done()):
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds:g} s in vain")
        time.sleep(0.02)
    return found


class StandIn:
    """One stand-in with a record in a folder; it can be killed and started again."""

    def __init__(self, state: Path, **env: str) -> None:
        self.port, self.control_port, self.command_port = free_port(), free_port(), free_port()
        roll = dt.datetime.now(ZoneInfo("America/New_York")) + dt.timedelta(hours=DAY_START_AWAY)
        self._env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SIM_STATE_DIR": str(state),
            "SIM_API_PORT": str(self.port),
            "SIM_CONTROL_PORT": str(self.control_port),
            "SIM_CONTROL_HOST": "127.0.0.1",
            "SIM_COMMAND_PORT": str(self.command_port),
            "SIM_DAY_START": f"{roll:%H}:00",
            "SIM_VOLATILITY": "3",
            **env,
        }
        self.start()

    def start(self) -> None:
        """Start the process and wait until it serves."""
        self.process = subprocess.Popen([sys.executable, "-m", "gateway.simulator"], env=self._env, cwd=ROOT)
        wait_for(self._serves)

    def _serves(self) -> bool:
        assert self.process.poll() is None, "the stand-in has ended"
        try:
            return bool(self.status()["phase"] == "serving")
        except (urllib.error.URLError, ConnectionError):
            return False

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control_port}{path}", timeout=5) as answer:
            return json.load(answer)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/api/v1/status")
        return found

    def book(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/api/v1/book")
        return found

    def metric(self, name: str) -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control_port}/metrics", timeout=5) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f"watchkeeper_simulator_{name} "):
                    return float(line.split()[1])
        raise LookupError(name)


def bracket_agrees(book: dict[str, Any], client_id: int) -> None:
    """The book holds one bracket of that client: entry and one exit filled, the other exit cancelled, nothing held."""
    orders = [order for order in book["orders"] if order["client_id"] == client_id]
    entry, *exits = sorted(orders, key=lambda order: order["order_id"])
    assert entry["status"] == "Filled"
    assert sorted(order["status"] for order in exits) == ["Cancelled", "Filled"]
    assert {order["parent_id"] for order in exits} == {entry["order_id"]}
    assert len({order["oca_group"] for order in exits}) == 1
    assert {order["oca_type"] for order in exits} == {1}
    fills = [fill for fill in book["executions"] if fill["client_id"] == client_id]
    assert [fill["side"] for fill in fills] == ["BOT", "SLD"]
    assert all(fill["commission"] > 0 for fill in fills)
    assert not [p for p in book["positions"] if p["con_id"] == entry["con_id"]]
