"""A wall clock that jumps makes nothing older, younger, longer or shorter: durations are the monotonic clock's."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, override

import pytest

from supervisor.journal import Journal
from supervisor.login import of_container, read
from supervisor.memory import Incident
from supervisor.observation import Ending, LoginPhase, Look, Result, Status, Subject
from supervisor.probes.mailbox import Mailbox
from supervisor.runtime.docker import DockerRuntime, parse_stamp
from supervisor.runtime.line import Daemon, Refused
from supervisor.status import incident_row

JUMPS = (3600.0, -3600.0)


class Clock:
    """Both clocks, turned by hand; `jump` turns the wall's alone."""

    def __init__(self) -> None:
        self._monotonic = 1000.0
        self._wall = datetime(2026, 7, 1, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return self._monotonic

    def now(self) -> datetime:
        return self._wall

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self._monotonic += seconds
        self._wall += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        self._wall += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def wrapper_says(directory: Path, clock: Clock) -> None:
    at = clock.now().timestamp()
    (directory / "jvm").write_text(json.dumps({"asked_at": at, "at": at, "result": "ok"}))


@pytest.mark.parametrize("seconds", JUMPS)
def test_a_living_mailbox_stays_fresh(clock: Clock, tmp_path: Path, seconds: float) -> None:
    mailbox = Mailbox(tmp_path, clock, stale=10.0, deadline=1.0)
    wrapper_says(tmp_path, clock)
    mailbox.look()
    clock.jump(seconds)
    clock.advance(1.0)
    assert mailbox.look().ending is Ending.ANSWERED
    assert mailbox.look().at == 1000.0
    wrapper_says(tmp_path, clock)
    clock.advance(1.0)
    look = mailbox.look()
    assert look.ending is Ending.ANSWERED
    assert 1001.0 <= look.at <= 1002.0


@pytest.mark.parametrize("seconds", JUMPS)
@pytest.mark.parametrize("written_between", [False, True])
def test_a_mailbox_that_stops_is_stale_as_soon_as_ever(
    clock: Clock, tmp_path: Path, seconds: float, written_between: bool
) -> None:
    mailbox = Mailbox(tmp_path, clock, stale=10.0, deadline=1.0)
    wrapper_says(tmp_path, clock)
    mailbox.look()
    if written_between:
        clock.advance(2.0)
        wrapper_says(tmp_path, clock)
    clock.jump(seconds)
    clock.advance(1.0)
    assert mailbox.look().ending is Ending.ANSWERED
    clock.advance(10.5)
    assert mailbox.look().ending is Ending.STALE


def inspected(started: str) -> dict[str, Any]:
    labels = {"watchkeeper.role": "gateway", "watchkeeper.tenant": "sim"}
    state = {"Status": "running", "StartedAt": started}
    return {"Id": "c0ffee", "Name": "/gateway", "State": state, "Config": {"Labels": labels}}


@pytest.mark.parametrize("seconds", JUMPS)
def test_a_container_stays_as_old_as_it_is(clock: Clock, seconds: float) -> None:
    runtime = DockerRuntime("tcp://127.0.0.1:1", "sim", clock, timeout=1)
    clock.advance(100.0)
    answers = [inspected("2026-07-01T12:01:00.000000000Z")] * 2

    class Answers(Daemon):
        @override
        def get(self, target: str) -> Any:
            if "engine" in target:
                raise Refused(404, "no such container")
            return answers.pop()

    daemon = Answers("tcp://127.0.0.1:1", timeout=1)
    before = runtime._look(daemon)[Subject.GATEWAY]
    clock.jump(seconds)
    clock.advance(5.0)
    after = runtime._look(daemon)[Subject.GATEWAY]
    runtime.close()
    assert before.status is Status.RUNNING
    assert before.up_since == after.up_since == 1060.0


def test_no_event_comes_from_the_future(clock: Clock) -> None:
    runtime = DockerRuntime("tcp://127.0.0.1:1", "sim", clock, timeout=1)
    stamp = clock.now().timestamp()
    clock.jump(-3600.0)
    assert runtime.at(stamp) == clock.monotonic()
    runtime.close()


@pytest.mark.parametrize("seconds", JUMPS)
def test_a_recovery_took_as_long_as_it_took(clock: Clock, tmp_path: Path, seconds: float) -> None:
    journal = Journal(tmp_path / "journal.sqlite")

    def wall(at: float) -> float:
        return clock.now().timestamp() - (clock.monotonic() - at)

    incident = Incident(1, "jvm-dead", Subject.GATEWAY, 998.0, 999.0, 1000.0)
    journal.put_incident("sim", incident, wall)
    clock.jump(seconds)
    clock.advance(28.0)
    journal.close_incident("sim", incident, clock.monotonic())
    [row] = journal.incidents("sim")
    journal.close()
    told = incident_row(row)
    assert (told["detection_seconds"], told["recovery_seconds"]) == (2.0, 30.0)


class Logging:
    """A gateway that began at 12:01, and the log of its container, of which Docker shows what `since` lets through."""

    log: tuple[str, ...] = ()

    def get(self, target: str) -> Any:
        if "engine" in target:
            raise Refused(404, "no such container")
        return inspected("2026-07-01T12:01:00.000000000Z")

    def read(self, target: str) -> bytes:
        since = int(target.rpartition("since=")[2])
        lines = [f"{line}\n".encode() for line in self.log if parse_stamp(line.split()[0]) >= since]
        return b"".join(b"\x01\0\0\0" + len(line).to_bytes(4) + line for line in lines)

    async def run(self, work: Any) -> Any:
        """In this thread."""
        return work(self)

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("seconds", [0.0, *JUMPS])
async def test_what_the_present_process_logs_is_read_however_it_is_stamped(clock: Clock, seconds: float) -> None:
    runtime = DockerRuntime("tcp://127.0.0.1:1", "sim", clock, timeout=1)
    docker: Any = Logging()
    runtime._looking.close()
    runtime._looking = docker
    clock.advance(300.0)
    docker.log = (
        "2026-07-01T11:30:00.000000000Z IBC: Login failed",
        "2026-07-01T12:00:59.000000000Z IBC: Login failed",
        "2026-07-01T12:01:02.000000000Z full authentication will be required",
        "2026-07-01T12:01:30.000000000Z Login has completed",
    )
    runtime._look(docker)
    clock.jump(seconds)
    stamp = f"{clock.now():%Y-%m-%dT%H:%M:%S}.000000000Z"
    docker.log += (f"{stamp} Second Factor Authentication initiated",)
    lines = list(of_container(await runtime.log_tail(Subject.GATEWAY, 200)))
    runtime.close()
    assert [line.text for line in lines] == [line.partition(" ")[2] for line in docker.log[2:]]
    told = read(lines, Look(Result.OK, clock.monotonic()), lambda wall: wall)
    assert told.phase is LoginPhase.TWOFA
