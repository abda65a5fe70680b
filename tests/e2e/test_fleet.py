"""Paper and live side by side, from files under tenants/, on two stand-ins: what is shared, and who comes and goes.

In a copy of the checkout, since a user's own may have files there.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from supervisor.errors import SettingsRefused
from supervisor.fleet.stack import check_house
from tests.e2e.several import Several
from tests.e2e.stack import docker, no_window_now
from tests.stand_in import wait_for

pytestmark = pytest.mark.e2e

WAIT = 120.0


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Several]:
    made = Several(tmp_path_factory.mktemp("fleet"), "10.97")
    windows = no_window_now(tmp_path_factory.mktemp("windows"))
    both = {"gateway_image": "watchkeeper/simulator:local", "login_budget": "10/1h", "windows_file": windows}
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


def test_paper_and_live_stand_side_by_side(fleet: Several) -> None:
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


def test_another_checkout_does_not_take_over(fleet: Several, tmp_path: Path) -> None:
    check_house(fleet.root)
    with pytest.raises(SettingsRefused, match=f"found {fleet.root}'s; go on there"):
        check_house(tmp_path)


def test_a_token_of_one_tenant_opens_nothing_of_another(fleet: Several) -> None:
    token = (fleet.root / "secrets/paper/machine_token").read_text().strip()
    url = f"http://127.0.0.1:{fleet.ports['SUPERVISOR']}/api/v1/clearance"

    def ask(tenant: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.post(url, json={"tenant": tenant}, headers=headers, timeout=15, trust_env=False).status_code

    assert (ask("paper"), ask("live")) == (200, 401)


def test_no_container_of_one_reaches_a_container_of_another(fleet: Several) -> None:
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


def test_who_comes_and_goes_touches_nobody_else(fleet: Several) -> None:
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


def test_an_end_of_one_is_no_fault_of_the_other(fleet: Several) -> None:
    docker("kill", "watchkeeper-live-gateway")
    wait_for(
        lambda: "container-exit" in {row["fault"] for row in fleet.get("/api/v1/incidents?tenant=live")}, WAIT, str
    )
    wait_for(lambda: fleet.states() == {"paper": ("READY", "TRADING"), "live": ("READY", "ABSENT")}, WAIT, str)
    assert {row["fault"] for row in fleet.get("/api/v1/incidents?tenant=paper")} <= {"clock-skew"}  # the host's


def test_one_is_stopped_and_the_other_goes_on(fleet: Several) -> None:
    before = fleet.ids("paper")
    # Not before the broker has said, since its end above, that nothing is open there.
    wait_for(lambda: fleet.run("down", TENANT="live").returncode == 0, WAIT, str)
    assert (fleet.ids("live"), fleet.ids("paper")) == ([], before)
    wait_for(lambda: fleet.states() == {"paper": ("READY", "TRADING")}, WAIT, str)
    all_of_them = fleet.run("down")
    assert all_of_them.returncode == 0, all_of_them.stderr
    assert (fleet.ids("paper"), fleet.ids("house")) == ([], [])
