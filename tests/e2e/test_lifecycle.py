"""`make down` keeps what must be kept, `make purge` leaves nothing."""

import pytest

from tests.e2e.stack import docker, make_stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def left_of(project: str) -> dict[str, list[str]]:
    """What Docker still holds of a compose project."""
    label = f"label=com.docker.compose.project={project}"
    return {
        "containers": docker("ps", "--all", "--quiet", "--filter", label).split(),
        "networks": docker("network", "ls", "--quiet", "--filter", label).split(),
        "volumes": docker("volume", "ls", "--quiet", "--filter", label).split(),
    }


def test_up_down_up_purge() -> None:
    stack = make_stack("life", "10.91.1")
    try:
        up = stack.make("up", "SIM=1")
        assert up.returncode == 0, up.stdout + up.stderr + stack.story()
        for name in (
            "supervisor",
            "engine",
            "ib-gateway",
            "docker-api",
            "redis",
            "prometheus",
            "alertmanager",
            "front",
        ):
            assert name in up.stdout
        assert stack.url("supervisor", "/api/v1/status") in up.stdout
        stack.until(lambda: stack.book()["executions"], "a first fill")
        traded = {execution["exec_id"] for execution in stack.book()["executions"]}

        assert stack.make("down").returncode == 0
        left = left_of("watchkeeper-life")
        assert (left["containers"], left["networks"]) == ([], [])
        assert left["volumes"]
        assert stack.make("status").returncode == 2

        assert stack.make("up", "SIM=1").returncode == 0, stack.story()
        assert traded <= {execution["exec_id"] for execution in stack.book()["executions"]}
    finally:
        purge = stack.make("purge")
    assert purge.returncode == 0, purge.stderr
    assert left_of("watchkeeper-life") == {"containers": [], "networks": [], "volumes": []}
