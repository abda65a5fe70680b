"""Paper and live side by side, from files under tenants/, on two stand-ins: what is shared, and who comes and goes.

In a copy of the checkout, since a user's own may have files there.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from supervisor.drill.ports import free_port
from tests.e2e.stack import ROOT, docker, no_window_now
from tests.stand_in import wait_for

pytestmark = pytest.mark.e2e

SUBNET = "10.97"
WAIT = 120.0


class Fleet:
    """A copy of the checkout with tenants in it."""

    def __init__(self, root: Path, windows: str) -> None:
        self.root = root
        self.windows = windows
        self.ports = {name: free_port() for name in ("SUPERVISOR", "PROMETHEUS", "ALERTMANAGER")}
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
        for name in filter(None, tracked.stdout.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        (root / ".venv").symlink_to(ROOT / ".venv")
        (root / "var").mkdir()
        shutil.copy2(ROOT / "var/images.env", root / "var/images.env")
        shutil.copytree(ROOT / "var/build", root / "var/build")
        (root / "tenants").mkdir(exist_ok=True)
        ports = "".join(f"HOST_PORT_{name}={port}\n" for name, port in self.ports.items())
        (root / ".env").write_text(f"{ports}SUBNET_PREFIX={SUBNET}.255\n")

    def write(self, name: str, number: int, **settings: Any) -> None:
        usual = {
            "subnet_prefix": f"{SUBNET}.{number}",
            **{f"host_port_{port}": free_port() for port in ("api", "engine", "simulator")},
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in (usual | settings).items()]
        (self.root / f"tenants/{name}.toml").write_text("\n".join(lines))

    def login(self, name: str, user: str) -> None:
        folder = self.root / "secrets" / name
        folder.mkdir(parents=True)
        for secret in ("tws_userid", "tws_password"):
            (folder / secret).write_text(f"{user}\n")
            (folder / secret).chmod(0o600)

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if name != "TENANT"}
        return subprocess.run(
            ["scripts/watchkeeper", *words],
            cwd=self.root,
            env={**inherited, "CONFIRM": "live", **env},
            text=True,
            capture_output=True,
            timeout=300,
        )

    def get(self, path: str) -> Any:
        url = f"http://127.0.0.1:{self.ports['SUPERVISOR']}{path}"
        return httpx.get(url, timeout=5, trust_env=False).raise_for_status().json()

    def states(self) -> dict[str, tuple[str, str]]:
        rows = self.get("/api/v1/status")["tenants"]
        return {row["name"]: (row["gateway"]["state"], row["engine"]["state"]) for row in rows}

    def ids(self, name: str) -> list[str]:
        """Its containers, but for those that make its volumes and end."""
        label = f"label=com.docker.compose.project=watchkeeper-{name}"
        return sorted(docker("ps", "--quiet", "--no-trunc", "--filter", label).split())

    def close(self) -> None:
        for name in ("house", "paper", "live", "third"):
            project = ["docker", "compose", "--project-name", f"watchkeeper-{name}", "down", "--volumes"]
            subprocess.run([*project, "--remove-orphans"], check=False, capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    made = Fleet(tmp_path_factory.mktemp("fleet"), no_window_now(tmp_path_factory.mktemp("windows")))
    both = {"gateway_image": "watchkeeper/simulator:local", "login_budget": "10/1h", "windows_file": made.windows}
    made.write("paper", 0, mode="paper", ib_account="DUSIM0001", **both)
    made.write("live", 1, mode="live", ib_account="USIM0001", twofa=False, engine="none", publish_api="on", **both)
    made.login("paper", "somebody-paper")
    made.login("live", "somebody")
    try:
        result = made.run("up")
        assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
        yield made
    finally:
        made.close()


def test_paper_and_live_stand_side_by_side(fleet: Fleet) -> None:
    assert fleet.states() == {"paper": ("READY", "TRADING"), "live": ("READY", "ABSENT")}
    told = json.loads(fleet.run("status", "--json").stdout)
    assert {row["name"]: row["account"] for row in told["tenants"]} == {"paper": "DUSIM0001", "live": "USIM0001"}
    report = json.loads(fleet.run("preflight", "--json", TENANT="paper").stdout)
    assert report["verdict"] == "go", [check for check in report["checks"] if check["result"] == "fail"]
    halted = fleet.run("halt", "--reason", "a test", TENANT="paper")
    assert halted.returncode == 0, halted.stderr
    assert fleet.run("halt", "--lift", TENANT="paper").returncode == 0
    refused = fleet.run("pause", "--reason", "a test")
    assert (refused.returncode, "one of live, paper" in refused.stderr) == (2, True)


def test_a_token_of_one_tenant_opens_nothing_of_another(fleet: Fleet) -> None:
    token = (fleet.root / "secrets/paper/machine_token").read_text().strip()
    url = f"http://127.0.0.1:{fleet.ports['SUPERVISOR']}/api/v1/clearance"

    def ask(tenant: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.post(url, json={"tenant": tenant}, headers=headers, timeout=15, trust_env=False).status_code

    assert (ask("paper"), ask("live")) == (200, 401)


def test_no_container_of_one_reaches_a_container_of_another(fleet: Fleet) -> None:
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
    own, others = (
        docker("inspect", "--format", form, f"watchkeeper-{name}-gateway").split() for name in ("paper", "live")
    )
    code = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)"

    def reaches(address: str, port: int) -> bool:
        command = ["docker", "exec", "watchkeeper-paper-engine", "python", "-c", code, address, str(port)]
        return subprocess.run(command, capture_output=True, timeout=30).returncode == 0

    assert reaches(own[0], 4004)
    assert not reaches(others[0], 4003)
    assert not reaches("watchkeeper-live-gateway", 4003)


def test_who_comes_and_goes_touches_nobody_else(fleet: Fleet) -> None:
    before = {name: fleet.ids(name) for name in ("paper", "live")}
    fleet.write("third", 2, mode="sim", engine="none")
    came = fleet.run("up", TENANT="third")
    assert came.returncode == 0, came.stderr
    assert {name: fleet.ids(name) for name in before} == before
    wait_for(
        lambda: len(fleet.states()) == 3 and fleet.states()["paper"] == ("READY", "TRADING"), WAIT, came.stdout.__str__
    )

    (fleet.root / "tenants/third.toml").unlink()
    went = fleet.run("up")
    assert went.returncode == 0, went.stderr
    assert {name: fleet.ids(name) for name in before} == before
    assert fleet.ids("third") == []
    assert set(fleet.states()) == {"paper", "live"}
    assert json.loads((fleet.root / "var/house/slots.json").read_text())["third"] == 2


def test_an_end_of_one_is_no_fault_of_the_other(fleet: Fleet) -> None:
    docker("kill", "watchkeeper-live-gateway")
    wait_for(
        lambda: "container-exit" in {row["fault"] for row in fleet.get("/api/v1/incidents?tenant=live")}, WAIT, str
    )
    wait_for(lambda: fleet.states() == {"paper": ("READY", "TRADING"), "live": ("READY", "ABSENT")}, WAIT, str)
    assert {row["fault"] for row in fleet.get("/api/v1/incidents?tenant=paper")} <= {"clock-skew"}  # the host's


def test_one_is_stopped_and_the_other_goes_on(fleet: Fleet) -> None:
    before = fleet.ids("paper")
    # Not before the broker has said, since its end above, that nothing is open there.
    wait_for(lambda: fleet.run("down", TENANT="live").returncode == 0, WAIT, str)
    assert (fleet.ids("live"), fleet.ids("paper")) == ([], before)
    wait_for(lambda: fleet.states() == {"paper": ("READY", "TRADING")}, WAIT, str)
    all_of_them = fleet.run("down")
    assert all_of_them.returncode == 0, all_of_them.stderr
    assert (fleet.ids("paper"), fleet.ids("house")) == ([], [])
