"""The supervisor's Docker adapter and the engine under it: which events come, and what a person's act looks like.

What is asserted here was first seen on Docker 20.10: `docker kill` sends kill(9) and die, and no restart policy brings
the container back; `docker stop` sends kill(15), die and stop; a process that ends by itself sends die alone.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import APIClient
from dotenv import dotenv_values

from supervisor.errors import ActRefused, RuntimeTrouble
from supervisor.login import of_container
from supervisor.observation import ContainerEvent, Result, Status, Subject
from supervisor.runtime.docker import DockerRuntime
from supervisor.runtime.roster import Roster
from tws.clock import SystemClock

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
URL = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
TENANT = f"adapter-{os.getpid()}"
PATIENT = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
CLOCK = SystemClock()


@pytest.fixture
def client() -> Iterator[Any]:
    made = APIClient(base_url=URL, version="auto", timeout=20)
    yield made
    made.close()


@pytest.fixture
def run(client: Any) -> Iterator[Callable[..., str]]:
    """Starts a throw-away gateway container of this test's own tenant."""
    names: list[str] = []

    def start(command: str, *, policy: str = "unless-stopped") -> str:
        name = f"watchkeeper-{TENANT}-gateway"
        names.append(name)
        client.create_container(
            dotenv_values(ROOT / "var" / "images.env")["BASE_IMAGE"],
            ["bash", "-c", command],
            name=name,
            labels={"watchkeeper.role": "gateway", "watchkeeper.tenant": TENANT},
            host_config=client.create_host_config(restart_policy={"Name": policy}, network_mode="none"),
        )
        client.start(name)
        return name

    yield start
    for name in names:
        client.remove_container(name, force=True)


@pytest.fixture
async def runtime() -> AsyncIterator[DockerRuntime]:
    made = DockerRuntime(URL, TENANT, CLOCK, timeout=5)
    yield made
    made.close()


@pytest.fixture
async def events() -> list[ContainerEvent]:
    heard: list[ContainerEvent] = []
    listening = asyncio.Event()
    begun = CLOCK.monotonic()  # it asks in whole seconds, and the test before may have ended within this one
    Roster(URL, CLOCK, timeout=5).listen(
        lambda tenant, event: heard.append(event) if tenant == TENANT and event.at >= begun else None,
        lambda deaf: None if deaf else listening.set(),
    )
    async with asyncio.timeout(5):
        await listening.wait()
    return heard


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.02)


def actions(events: list[ContainerEvent]) -> list[tuple[str, int | None]]:
    return [(event.action, event.signal) for event in events if event.action in ("kill", "die", "stop", "start")]


async def gateway(runtime: DockerRuntime) -> Any:
    look, found = await runtime.look()
    assert look.result is Result.OK, look.why
    return found.get(Subject.GATEWAY)


async def test_only_the_tenants_own_containers_are_seen(runtime: DockerRuntime, run: Callable[..., str]) -> None:
    assert await gateway(runtime) is None
    run(PATIENT)
    seen = await gateway(runtime)
    assert seen.status is Status.RUNNING
    assert 0.0 <= CLOCK.monotonic() - seen.up_since < 10.0
    other = DockerRuntime(URL, "somebody-else", CLOCK, timeout=5)
    assert await gateway(other) is None
    other.close()


async def test_docker_kill_is_heard_at_once_and_stays_down(
    runtime: DockerRuntime, run: Callable[..., str], events: list[ContainerEvent], client: Any
) -> None:
    name = run(PATIENT)
    before = await gateway(runtime)
    killed_at = CLOCK.monotonic()
    await asyncio.to_thread(client.kill, name)
    await until(lambda: ("die", None) in actions(events))
    assert CLOCK.monotonic() - killed_at < 0.5
    assert actions(events)[1:] == [("kill", 9), ("die", None)]
    assert abs(events[-1].at - killed_at) < 0.5
    await asyncio.sleep(1.0)  # Docker's own policy would have acted after 0.1 s
    after = await gateway(runtime)
    assert (after.status, after.exit_code) == (Status.EXITED, 137)
    await runtime.start(Subject.GATEWAY)
    again = await gateway(runtime)
    assert again.is_up
    assert again.id == before.id
    assert again.identity != before.identity


async def test_docker_stop_shows_a_persons_wish(
    runtime: DockerRuntime, run: Callable[..., str], events: list[ContainerEvent], client: Any
) -> None:
    name = run(f"trap 'exit 0' TERM; echo up; {PATIENT}")
    await until(lambda: client.logs(name))  # a stop before the trap would end in a KILL
    await asyncio.to_thread(client.stop, name, timeout=5)
    await until(lambda: ("stop", None) in actions(events))
    assert actions(events)[1:] == [("kill", 15), ("die", None), ("stop", None)]


async def test_a_process_that_ends_by_itself_is_brought_back_by_docker(
    runtime: DockerRuntime, run: Callable[..., str], events: list[ContainerEvent]
) -> None:
    run("sleep 0.5; exit 1")
    await until(lambda: actions(events)[1:3] == [("die", None), ("start", None)])


async def test_restart_keeps_the_id_and_changes_the_process(runtime: DockerRuntime, run: Callable[..., str]) -> None:
    run(PATIENT)
    before = await gateway(runtime)
    await runtime.restart(Subject.GATEWAY, 5)
    after = await gateway(runtime)
    assert (after.id, after.status) == (before.id, Status.RUNNING)
    assert after.identity != before.identity


async def test_a_paused_container_is_up_and_paused(
    runtime: DockerRuntime, run: Callable[..., str], client: Any
) -> None:
    name = run(PATIENT)
    client.pause(name)
    assert (await gateway(runtime)).status is Status.PAUSED
    client.unpause(name)


async def test_the_log_is_the_present_process_own(runtime: DockerRuntime, run: Callable[..., str]) -> None:
    run(f"echo I am $RANDOM; {PATIENT}")
    await gateway(runtime)
    (first,) = of_container(await runtime.log_tail(Subject.GATEWAY, 10))
    await asyncio.sleep(1.1)  # Docker's `since` is in whole seconds here
    await runtime.restart(Subject.GATEWAY, 5)
    await gateway(runtime)
    (second,) = of_container(await runtime.log_tail(Subject.GATEWAY, 10))
    assert first.text.startswith("I am")
    assert first.text != second.text
    assert second.at - first.at > 1


async def test_its_memory_is_told_while_it_runs_and_only_then(
    runtime: DockerRuntime, run: Callable[..., str], client: Any
) -> None:
    with pytest.raises(RuntimeTrouble):
        await runtime.memory(Subject.GATEWAY)
    name = run(PATIENT)
    await gateway(runtime)
    used, limit = await runtime.memory(Subject.GATEWAY)
    assert 0 < used < limit
    client.stop(name, timeout=1)
    with pytest.raises(RuntimeTrouble):
        await runtime.memory(Subject.GATEWAY)


async def test_what_is_not_there_cannot_be_acted_on(runtime: DockerRuntime) -> None:
    await runtime.look()
    with pytest.raises(ActRefused):
        await runtime.start(Subject.GATEWAY)


async def test_a_docker_that_does_not_answer_is_our_own_trouble() -> None:
    look, found = await DockerRuntime("tcp://127.0.0.1:1", TENANT, CLOCK, timeout=1).look()
    assert look.result is Result.UNKNOWN
    assert found == {}
