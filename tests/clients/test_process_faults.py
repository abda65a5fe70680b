"""Faults of the whole process, on a process."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

_HELLO = b"API\0" + (9).to_bytes(4) + b"v100..200"


def state(stand_in: StandIn) -> str:
    """Its state as the kernel has it: S sleeps, T is stopped."""
    return Path(f"/proc/{stand_in.pid}/stat").read_text().rsplit(") ", 1)[1][0]


def resident(stand_in: StandIn) -> float:
    """MiB of memory it takes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{stand_in.pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def call(stand_in: StandIn, method: str, fault: str, **parameters: float) -> None:
    url = f"http://127.0.0.1:{stand_in.control_port}/api/v1/faults/{fault}"
    answer = httpx.request(method, url, json=parameters or None, timeout=10)
    assert answer.status_code == 200, answer.text


def test_a_frozen_process_accepts_and_answers_nothing_until_it_is_woken(start: Callable[..., StandIn]) -> None:
    stand_in = start()
    call(stand_in, "POST", "freeze", duration=2.0)
    wait_for(lambda: state(stand_in) == "T", 5)
    with socket.create_connection(("127.0.0.1", stand_in.api_port), timeout=10) as line:
        line.sendall(_HELLO)
        line.setblocking(False)
        try:
            said = line.recv(100)
        except BlockingIOError:
            said = b""
        assert (state(stand_in), said) == ("T", b"")
        line.settimeout(10)
        assert b"200\0" in line.recv(100)
    assert state(stand_in) != "T"


def test_a_heap_grows_as_far_as_it_is_told_and_is_given_back(start: Callable[..., StandIn]) -> None:
    stand_in = start()
    before = resident(stand_in)
    call(stand_in, "POST", "heap-growth", mib_per_second=1000.0, most_mib=60.0)
    wait_for(lambda: resident(stand_in) > before + 55, 10)
    assert stand_in.status()["faults"] == ["heap-growth"]
    assert resident(stand_in) < before + 75
    call(stand_in, "DELETE", "heap-growth")
    wait_for(lambda: resident(stand_in) < before + 20, 10)


def test_faults_from_a_file_are_on_from_the_start(start: Callable[..., StandIn], tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text('[[fault]]\nname = "read-only"\n[[fault]]\nname = "feed-silent"\nstart = 3600\n')
    stand_in = start(SIM_FAULTS=str(file))
    assert stand_in.status()["faults"] == ["read-only"]
    told = httpx.get(f"http://127.0.0.1:{stand_in.control_port}/api/v1/faults", timeout=10).json()
    assert [case["name"] for case in told["cases"]] == ["read-only", "feed-silent"]
