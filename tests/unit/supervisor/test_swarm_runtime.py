"""A tenant's tasks on a node of a Swarm: found by their labels, and only ever stopped."""

from collections.abc import Iterator

import pytest

from supervisor.observation import Result, Status, Subject
from supervisor.runtime.swarm import SwarmRuntime
from tests.fake_docker import FakeDocker
from tws.clock import SystemClock

OLD, NEW = (f"watchkeeper-a_ib-gateway.1.{letter * 25}" for letter in "xy")


@pytest.fixture
def docker() -> Iterator[FakeDocker]:
    made = FakeDocker("b")
    yield made
    made.close()


@pytest.fixture
def runtime(docker: FakeDocker) -> Iterator[SwarmRuntime]:
    made = SwarmRuntime(docker.url, "a", SystemClock(), timeout=5)
    yield made
    made.close()


async def test_the_newest_task_is_the_tenants(docker: FakeDocker, runtime: SwarmRuntime) -> None:
    docker.add("a", running=False, name=OLD)
    docker.add("a", running=False, name=NEW)
    assert (await runtime.look())[1][Subject.GATEWAY].name == NEW


async def test_one_that_runs_counts_before_a_newer_one_that_does_not(docker: FakeDocker, runtime: SwarmRuntime) -> None:
    docker.add("a", name=OLD)
    docker.add("a", running=False, name=NEW)
    found = (await runtime.look())[1][Subject.GATEWAY]
    assert (found.name, found.status) == (OLD, Status.RUNNING)


async def test_another_nodes_tenant_is_not_here(runtime: SwarmRuntime) -> None:
    look, found = await runtime.look()
    assert (look.result, found) == (Result.OK, {})


async def test_it_is_stopped_where_another_would_be_restarted_and_never_started(
    docker: FakeDocker, runtime: SwarmRuntime
) -> None:
    docker.add("a", name=NEW)
    await runtime.look()
    await runtime.start(Subject.GATEWAY)
    await runtime.restart(Subject.GATEWAY, 7)
    assert [path.rpartition("containers/")[2] for path, _ in docker.acted] == [f"{NEW}/stop"]
