"""A wall clock that jumps makes nothing older, younger, longer or shorter: durations are the monotonic clock's."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from docker.errors import NotFound

from supervisor.journal import Journal
from supervisor.memory import Incident
from supervisor.observation import Ending, Status, Subject
from supervisor.probes.mailbox import Mailbox
from supervisor.runtime.docker import DockerRuntime
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

    class Client:
        def inspect_container(self, name: str) -> Any:
            if "engine" in name:
                raise NotFound("no such container")
            return answers.pop()

    client: Any = Client()
    before = runtime._look(client)[Subject.GATEWAY]
    clock.jump(seconds)
    clock.advance(5.0)
    after = runtime._look(client)[Subject.GATEWAY]
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
