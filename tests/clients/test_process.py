"""The stand-in as a process: how it starts and how it ends."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from supervisor.drill.ports import free_port
from tests.stand_in import StandIn, wait_for
from tests.unit.simulator.raw import RawClient

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 20.0
"""A bound on waiting; how soon it is ready is measured in tests/bench."""


def post(stand_in: StandIn, fault: str) -> dict[str, object]:
    request = urllib.request.Request(f"http://127.0.0.1:{stand_in.control_port}/api/v1/faults/{fault}", method="POST")
    with urllib.request.urlopen(request, timeout=5) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def test_a_crash_is_answered_and_ends_the_process_with_1(start: Callable[..., StandIn]) -> None:
    stand_in = start()
    before = time.monotonic_ns()
    answer = post(stand_in, "crash")
    assert answer["fault"] == "crash"
    assert before < int(str(answer["effective_at_monotonic_ns"])) < time.monotonic_ns()
    assert stand_in.wait(5) == 1


def test_stop_ends_it_with_0(start: Callable[..., StandIn]) -> None:
    stand_in = start()
    with socket.create_connection(("127.0.0.1", stand_in.command_port)) as line:
        line.sendall(b"STOP\n")
        assert line.recv(100) == b"OK Shutting down: STOP command\n"
    assert stand_in.wait(5) == 0


def test_a_signal_ends_it_as_it_ends_a_jvm(start: Callable[..., StandIn]) -> None:
    stand_in = start()
    code, _ = stand_in.terminate(5)
    assert code == 143


async def test_sessions_go_on_while_the_control_port_loads(tmp_path: Path) -> None:
    port = free_port()
    env = {
        **os.environ,
        "SIM_STATE_DIR": str(tmp_path),
        "SIM_API_PORT": str(port),
        "SIM_CONTROL_PORT": "0",
        "SIM_CONTROL_HOST": "127.0.0.1",
        "SIM_COMMAND_PORT": "0",
    }
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "gateway.simulator"], env=env, cwd=ROOT)  # noqa: ASYNC220
    try:
        while True:
            try:
                async with RawClient(port) as client:
                    await client.start()
                    break
            except ConnectionRefusedError:
                assert time.monotonic() - begun < PATIENCE_SECONDS
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"SIM_CALENDAR": "XMAR"}, "SIM_CALENDAR: expected 24/7"),
        ({"SIM_FAULTS": "/nowhere.toml"}, "SIM_FAULTS: expected a TOML or JSON file of faults in /nowhere.toml"),
        ({"SIM_STATE_DIR": "/proc/nowhere"}, "expected to open the broker's record"),
    ],
)
def test_what_cannot_start_says_why_and_exits_2(tmp_path: Path, env: dict[str, str], says: str) -> None:
    given = {**os.environ, "SIM_STATE_DIR": str(tmp_path), "SIM_API_PORT": "0", **env}
    ended = subprocess.run(
        [sys.executable, "-m", "gateway.simulator"],
        env=given,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 2
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port_says_so(start: Callable[..., StandIn], tmp_path: Path) -> None:
    stand_in = start()
    for variable, port in (
        ("SIM_API_PORT", stand_in.api_port),
        ("SIM_CONTROL_PORT", stand_in.control_port),
        ("SIM_COMMAND_PORT", stand_in.command_port),
    ):
        env = {
            **os.environ,
            "SIM_STATE_DIR": str(tmp_path / "other"),
            "SIM_API_PORT": "0",
            "SIM_CONTROL_PORT": "0",
            "SIM_CONTROL_HOST": "127.0.0.1",
            "SIM_COMMAND_PORT": "0",
            variable: str(port),
        }
        ended = subprocess.run(
            [sys.executable, "-m", "gateway.simulator"],
            env=env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert ended.returncode == 2
        assert f"free the port or set {variable}" in ended.stderr
        assert "Traceback" not in ended.stderr
    wait_for(lambda: stand_in.status()["phase"] == "serving", 30)
