"""However the gateway is, `python -m preflight` ends by itself, says what it came to, and leaves nobody connected.

Each is the program itself, beside a stand-in that is broken before or in the middle of it.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stand_in import ACCOUNT, StandIn, wait_for

CHECKS = "port,login,utc,read-only"
BOUND_SECONDS = 40
"""No claim: the program's own deadline is 6 s here, and a busy machine starts no Python in less than a few."""


@contextlib.contextmanager
def started(tmp_path: Path, **env: str) -> Iterator[StandIn]:
    with contextlib.closing(StandIn(tmp_path, **env)) as gateway:
        gateway.start()
        gateway.up()
        yield gateway


def begin(gateway: StandIn, **settings: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "GATEWAY_PORT": str(gateway.api_port),
        "IB_ACCOUNT": ACCOUNT,
        "MODE": "sim",
        "PREFLIGHT_TIMEOUT_SECONDS": "2",
        "PREFLIGHT_DEADLINE_SECONDS": "6",
        **settings,
    }
    command = [sys.executable, "-m", "preflight", "--json", "--only", CHECKS]
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A suite in a shell's background inherits that interrupts are ignored, and so would this process.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    """Exit code, report, and what was said on stderr."""
    try:
        out, err = process.communicate(timeout=BOUND_SECONDS)
    finally:
        process.kill()
    assert "Traceback" not in err
    return process.returncode, json.loads(out) if out else {}, err


def nobody_is_left(gateway: StandIn) -> bool:
    wait_for(lambda: gateway.status()["clients"] == [], BOUND_SECONDS)
    record = gateway.book()
    return not record["orders"] and not record["executions"]


def in_the_middle(gateway: StandIn, break_it: Callable[[], None], **settings: str) -> subprocess.Popen[str]:
    """A preflight that meets a healthy gateway, which is broken once its session is open."""
    gateway.fault("slow", latency=0.5)  # long enough for somebody to come in between
    process = begin(gateway, **settings)
    wait_for(lambda: gateway.status()["clients"], BOUND_SECONDS)
    break_it()
    return process


def failed(report: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["found"] for check in report["checks"] if check["result"] == "fail"}


def test_a_dead_port(tmp_path: Path) -> None:
    with contextlib.closing(StandIn(tmp_path)) as gateway:
        code, report, _ = ended(begin(gateway))
    assert (code, report["verdict"], list(failed(report))) == (1, "no-go", ["port"])


def test_credentials_that_are_refused(tmp_path: Path) -> None:
    with contextlib.closing(StandIn(tmp_path, SIM_CREDENTIALS="wrong")) as gateway:
        gateway.start()
        wait_for(lambda: "Login failed" in gateway.tail(), BOUND_SECONDS, gateway.tail)
        code, report, _ = ended(begin(gateway))
        assert nobody_is_left(gateway)
    assert (code, report["verdict"], list(failed(report))) == (1, "no-go", ["port"])


@pytest.mark.parametrize(
    ("fault", "check"), [("hang", "port"), ("accept-and-close", "port"), ("handshake-only", "login")]
)
def test_a_gateway_that_is_there_and_dead(tmp_path: Path, fault: str, check: str) -> None:
    with started(tmp_path) as gateway:
        gateway.fault(fault)
        code, report, _ = ended(begin(gateway))
        gateway.cure(fault)
        assert nobody_is_left(gateway)
    assert (code, report["verdict"], list(failed(report))) == (1, "no-go", [check])


def test_a_paused_container(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        os.kill(gateway.pid, signal.SIGSTOP)
        try:
            code, report, _ = ended(begin(gateway))
        finally:
            os.kill(gateway.pid, signal.SIGCONT)
        assert nobody_is_left(gateway)
    assert (code, report["verdict"], list(failed(report))) == (1, "no-go", ["port"])


def test_a_slow_gateway_is_asked_to_the_end(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        gateway.fault("slow", latency=0.3)
        code, report, _ = ended(begin(gateway))
        assert nobody_is_left(gateway)
    assert (code, report["verdict"]) == (0, "go")


def test_one_that_answers_later_than_anybody_waits(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        gateway.fault("slow", latency=5)
        code, report, _ = ended(begin(gateway))
        gateway.cure("slow")
        assert nobody_is_left(gateway)
    assert (code, report["verdict"], list(failed(report))) == (1, "no-go", ["port"])


def test_a_session_that_turns_half_open(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        code, report, _ = ended(in_the_middle(gateway, lambda: gateway.fault("half-open")))
        gateway.cure_all()
        assert nobody_is_left(gateway)
    assert (code, report["verdict"]) == (1, "no-go")
    assert "port" not in failed(report)


@pytest.mark.parametrize(("version", "codes"), [("200", {1}), ("223", {0, 1})])
def test_a_frame_that_nobody_can_read(tmp_path: Path, version: str, codes: set[int]) -> None:
    """As text it ends the session; from 201 on it has a number that nobody knows, and is passed over once open."""
    with started(tmp_path, SIM_SERVER_VERSION=version) as gateway:
        ending, report, _ = ended(in_the_middle(gateway, lambda: gateway.fault("undecodable-frame")))
        gateway.cure_all()
        assert nobody_is_left(gateway)
    assert ending in codes, report
    assert not [found for found in failed(report).values() if "a bug of the check" in found], report


@pytest.mark.parametrize("fault", ["crash", "reset"])
def test_a_gateway_that_goes_away_in_the_middle(tmp_path: Path, fault: str) -> None:
    with started(tmp_path) as gateway:
        code, report, _ = ended(in_the_middle(gateway, lambda: gateway.fault(fault)))
    assert (code, report["verdict"]) == (1, "no-go")


def test_an_interrupt(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        patient = {"PREFLIGHT_TIMEOUT_SECONDS": "30", "PREFLIGHT_DEADLINE_SECONDS": "60"}  # it does not end before that
        process = in_the_middle(gateway, lambda: gateway.fault("half-open"), **patient)
        process.send_signal(signal.SIGINT)
        code, report, err = ended(process)
        gateway.cure_all()
        assert nobody_is_left(gateway)
    assert (code, report) == (2, {})
    assert err == "preflight: interrupted, so nothing is known\n"
