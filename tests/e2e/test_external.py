"""`make up PAPER=1 GATEWAY=external ENGINE=none`: a gateway that somebody else has started on this machine is watched.

The stand-in as a plain process of the host, which containers reach as host.docker.internal.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack, docker, make_stack, no_window_now
from tests.stand_in import ACCOUNT, StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    made = StandIn(tmp_path_factory.mktemp("gateway"), SIM_API_HOST="0.0.0.0")
    try:
        made.start()
        made.up()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def watched(gateway: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    secrets = tmp_path_factory.mktemp("secrets")
    windows = no_window_now(tmp_path_factory.mktemp("windows"))
    settings = {"SECRETS_DIR": str(secrets), "IB_ACCOUNT": ACCOUNT, "ENGINE": "none", "WINDOWS_FILE": windows}
    made = make_stack("external", "10.96.1", **settings)
    where = {"GATEWAY": "external", "HOST": "localhost", "PORT": str(gateway.api_port)}
    try:
        result = made.make("up", "PAPER=1", **where)
        assert result.returncode == 0, f"{result.stdout}\n{result.stderr}\n{made.story()}"
        yield made
    finally:
        made.run("purge", "--mode", "paper", "--force", CONFIRM=made.tenant)


def test_it_is_ready_without_a_gateway_an_engine_or_credentials_of_ours(watched: Stack) -> None:
    names = docker("ps", "--format", "{{.Names}}", "--filter", "name=watchkeeper-external-").split()
    assert not [name for name in names if name.endswith(("-gateway", "-engine", "-redis-1"))]
    status = watched.status()
    assert (status["gateway"]["state"], status["account"]) == ("READY", ACCOUNT)
    assert not (Path(watched.environment["SECRETS_DIR"]) / "tws_password").exists()


def test_its_preflight_asks_it_and_fails_for_no_container(watched: Stack, gateway: StandIn) -> None:
    where = {"GATEWAY": "external", "GATEWAY_HOST": "localhost", "GATEWAY_PORT": str(gateway.api_port)}
    report = json.loads(watched.run("preflight", "--mode", "paper", "--json", **where).stdout)
    found = {check["name"]: check["result"] for check in report["checks"]}
    assert (found["login"], found["read-only"], found["utc"]) == ("pass", "pass", "pass"), found
    assert report["verdict"] == "go", [check for check in report["checks"] if check["result"] == "fail"]


def test_its_death_is_told_and_nothing_is_done(watched: Stack, gateway: StandIn) -> None:
    gateway.kill()
    told = watched.until(lambda: watched.status()["incident"], "an incident", 60)
    watched.until(lambda: watched.status()["gateway"]["state"] == "GAVE_UP", "a person to be called", 60)
    assert told["fault"]
    gateway.start()
    gateway.up()
    watched.until(lambda: watched.status()["gateway"]["state"] == "READY", "the gateway to be watched again", 60)
    assert not [act for incident in watched.incidents() for act in incident["actions"]]
