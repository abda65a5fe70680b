"""`make down` keeps what must be kept, `make purge` leaves nothing, `make restore` brings back what was lost."""

import pytest

from tests.e2e.stack import ROOT, docker, make_stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def left_of(project: str) -> dict[str, list[str]]:
    """What Docker still holds of a compose project."""
    label = f"label=com.docker.compose.project={project}"
    return {
        "containers": docker("ps", "--all", "--quiet", "--filter", label).split(),
        "networks": docker("network", "ls", "--quiet", "--filter", label).split(),
        "volumes": docker("volume", "ls", "--quiet", "--filter", label).split(),
    }


def attempts(tenant: str) -> list[str]:
    """The login ledger as it stands on the disk."""
    shelf = f"watchkeeper-{tenant}_ledger:/ledger:ro"
    command = ["run", "--rm", "--network=none", "--user=0:0", f"--volume={shelf}", "--entrypoint=cat"]
    return docker(*command, "watchkeeper/supervisor:local", "/ledger/attempts").splitlines()


def containers() -> dict[str, str]:
    """The containers' ids by name: one that is made anew has another."""
    rows = docker("ps", "--format", "{{.Names}} {{.ID}}", "--filter", "name=watchkeeper-life-").splitlines()
    return {name: number for name, _, number in (row.partition(" ") for row in rows)}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before | after if before.get(name) != after.get(name)}


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
        stack.until(lambda: stack.book()["positions"], "an open position")
        traded = {execution["exec_id"] for execution in stack.book()["executions"]}
        docker("kill", stack.container("gateway"))
        stack.until(stack.incidents, "an incident in the journal")
        stack.until(stack.all_well, "all well again")
        incidents = {incident["id"] for incident in stack.incidents()}
        logins = attempts("life")
        kept = stack.make("backup")
        assert kept.returncode == 0, kept.stderr
        file = kept.stdout.strip().splitlines()[-1]

        assert stack.make("down").returncode == 0
        left = left_of("watchkeeper-life")
        assert (left["containers"], left["networks"]) == ([], [])
        assert left["volumes"]
        assert stack.make("status").returncode == 2

        # The disk dies with all but what the broker has.
        docker("volume", "rm", *(f"watchkeeper-life_{name}" for name in ("journal", "ledger", "hold", "redis-data")))
        back = stack.make("restore", f"FROM={file}")
        assert back.returncode == 0, back.stderr
        assert attempts("life") == logins

        assert stack.make("up", "SIM=1").returncode == 0, stack.story()
        assert incidents <= {incident["id"] for incident in stack.incidents()}
        stack.until(stack.books_agree, "engine and broker to hold the same")
        assert traded <= {execution["exec_id"] for execution in stack.book()["executions"]}

        before = containers()
        told = stack.make("upgrade", "SIM=1", PROBE_INTERVAL_SECONDS="6")
        assert "made anew  supervisor" in told.stdout, told.stdout + told.stderr
        assert "The gateway stays: no login." in told.stdout
        assert containers() == before
        assert "='6'" not in (ROOT / "var/life/compose.env").read_text()
        done = stack.make("upgrade", "SIM=1", "GO=1", PROBE_INTERVAL_SECONDS="6")
        assert done.returncode == 0, done.stdout + done.stderr + stack.story()
        assert changed(before, after := containers()) == {"watchkeeper-life-supervisor-1"}
        back = stack.make("upgrade", "SIM=1", "BACK=1")
        assert back.returncode == 0, back.stdout + back.stderr + stack.story()
        assert changed(after, containers()) == {"watchkeeper-life-supervisor-1"}
        assert "PROBE_INTERVAL_SECONDS=6" not in docker("inspect", "watchkeeper-life-supervisor-1")
    finally:
        purge = stack.make("purge")
    assert purge.returncode == 0, purge.stderr
    assert left_of("watchkeeper-life") == {"containers": [], "networks": [], "volumes": []}
