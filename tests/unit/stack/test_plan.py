"""What `make up` works out before it touches anything."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from gateway.simulator import settings
from preflight import variables
from preflight.secret_files import secret_faults
from supervisor import plan as planning
from supervisor import stack
from supervisor.errors import SettingsRefused
from supervisor.fleet import house

HOST = planning.Host("/var/run/docker.sock", 998, {"BASE_IMAGE": "base:1"}, cpus=4)


def test_sim_needs_nothing_from_the_user() -> None:
    plan = planning.plan("sim", {}, HOST)
    assert (plan.tenant, plan.project) == ("sim", "watchkeeper-sim")
    assert plan.variables["IB_ACCOUNT"] == "DUSIM0001"
    assert plan.variables["TRADING_MODE"] == "paper"
    assert plan.variables["CREDENTIALS_DIR"] == "./var/sim/credentials"
    assert plan.variables["BASE_IMAGE"] == "base:1"


def test_sim_never_uses_the_real_account_of_a_shared_env_file() -> None:
    assert planning.plan("sim", {"IB_ACCOUNT": "U1234567"}, HOST).variables["IB_ACCOUNT"] == "DUSIM0001"


@pytest.mark.parametrize(
    ("set_to", "accounts", "traded"),
    [
        ("DUSIM0002", "DUSIM0001,DUSIM0002", "DUSIM0002"),
        ("", "DUSIM0007, DUSIM0002", "DUSIM0007"),
        ("DUSIM0009", "DUSIM0001,DUSIM0002", "DUSIM0001"),
        ("", "DFSIM0001,DUSIM0002", "DUSIM0002"),
        ("DUSIM0009", "", "DUSIM0009"),
    ],
)
def test_the_account_that_is_traded_is_one_of_the_stand_ins(set_to: str, accounts: str, traded: str) -> None:
    variables = planning.plan("sim", {"IB_ACCOUNT": set_to, "SIM_ACCOUNTS": accounts}, HOST).variables
    assert variables["IB_ACCOUNT"] == traded


@pytest.mark.parametrize("accounts", ["U1234567", "DU1234567", "DUSIM0001,DF1"])
def test_no_real_account_can_be_the_stand_ins(accounts: str) -> None:
    with pytest.raises(SettingsRefused, match="SIM_ACCOUNTS: expected names"):
        planning.plan("sim", {"SIM_ACCOUNTS": accounts}, HOST)


def test_own_files_are_mounted_where_they_are_set() -> None:
    plan = planning.plan("sim", {"SIM_FILES": "own", "SIM_DATA": "/files/SPY.csv,/files/QQQ.csv"}, HOST)
    assert plan.variables["SIM_FILES"] == "./own"
    assert plan.variables["COMPOSE_FILE"].endswith("compose/sim-files.yaml")
    assert "sim-files" not in planning.plan("sim", {}, HOST).variables["COMPOSE_FILE"]
    paper = planning.plan("paper", {"IB_ACCOUNT": "DU1", "SIM_FILES": "own"}, HOST)
    assert "sim-files" not in paper.variables["COMPOSE_FILE"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SIM_DATA": "/files/SPY.csv"}, "SIM_FILES: expected the directory that SIM_DATA is in"),
        ({"SIM_FAULTS": "/files/day.toml"}, "SIM_FILES: expected the directory that SIM_FAULTS is in"),
        ({"SIM_FILES": "own", "SIM_DATA": "own/SPY.csv"}, "SIM_DATA: expected paths such as /files/name"),
        ({"ENGINE_SETTINGS": "/files/e.toml"}, "ENGINE_FILES: expected the directory that ENGINE_SETTINGS is in"),
        ({"ENGINE_FILES": "own", "STRATEGY_CONFIG": "own/s.toml"}, "STRATEGY_CONFIG: expected paths such as /files/"),
    ],
)
def test_files_that_the_container_could_not_see_are_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsRefused, match=said):
        planning.plan("sim", given, HOST)


def test_own_windows_are_mounted_where_they_are_set() -> None:
    plan = planning.plan("sim", {"WINDOWS_FILE": "own.toml", "REGION": "EU"}, HOST)
    assert (plan.variables["WINDOWS_FILE"], plan.variables["REGION"]) == ("./own.toml", "eu")
    assert plan.variables["COMPOSE_FILE"].endswith("compose/windows-file.yaml")
    assert "windows-file" not in planning.plan("sim", {}, HOST).variables["COMPOSE_FILE"]
    with pytest.raises(SettingsRefused, match="REGION: expected na or eu or apac, found 'mars'"):
        planning.plan("sim", {"REGION": "mars"}, HOST)


def test_every_setting_of_the_stand_in_can_be_set_but_the_containers_own() -> None:
    source = Path(settings.__file__).read_text()
    own = {"SIM_STATE_DIR", "SIM_ACCOUNT", "SIM_LAUNCHER_LOG"}
    own |= {f"SIM_{what}" for what in ("API_HOST", "API_PORT", "CONTROL_HOST", "CONTROL_HOSTS", "CONTROL_PORT")}
    own |= {"SIM_COMMAND_PORT"}
    assert set(re.findall(r'"(SIM_\w+)"', source)) - own == set(variables.STAND_IN)


@pytest.mark.parametrize(
    ("mode", "account", "good"),
    [
        ("paper", "DU1234567", True),
        ("paper", "DF1234567", True),
        ("paper", "U1234567", False),
        ("paper", "", False),
        ("paper", "<your account>", False),
        ("live", "U1234567", True),
        ("live", "F1234567", True),
        ("live", "DU1234567", False),
        ("live", "", False),
    ],
)
def test_the_account_must_fit_the_mode(mode: planning.Mode, account: str, good: bool) -> None:
    if good:
        assert planning.plan(mode, {"IB_ACCOUNT": account}, HOST).variables["IB_ACCOUNT"] == account
    else:
        with pytest.raises(SettingsRefused, match="IB_ACCOUNT: expected"):
            planning.plan(mode, {"IB_ACCOUNT": account}, HOST)


def test_a_gateway_of_somebody_elses_needs_a_host_and_a_port_and_is_no_container() -> None:
    given = {"IB_ACCOUNT": "DU1", "GATEWAY": "external", "GATEWAY_HOST": "localhost", "GATEWAY_PORT": "7497"}
    found = planning.plan("paper", given, HOST)
    assert (found.external, found.logs_in) == (True, False)
    assert found.variables["COMPOSE_FILE"] == "compose.yaml:compose/external.yaml"
    assert (found.variables["GATEWAY_HOST"], found.variables["GATEWAY_PORT"]) == (planning.THIS_MACHINE, "7497")
    assert planning.plan("paper", {**given, "GATEWAY_HOST": "192.0.2.7"}, HOST).variables["GATEWAY_HOST"] == "192.0.2.7"
    ours = planning.plan("paper", {"IB_ACCOUNT": "DU1", "GATEWAY_HOST": "desk"}, HOST)
    assert (ours.external, ours.logs_in, ours.variables["GATEWAY_HOST"]) == (False, True, "ib-gateway")


@pytest.mark.parametrize(
    ("mode", "wrong", "said"),
    [
        ("paper", {"GATEWAY_HOST": ""}, "GATEWAY_HOST: expected the machine"),
        ("paper", {"GATEWAY_HOST": "http://desk"}, "GATEWAY_HOST: expected the machine"),
        ("paper", {"GATEWAY_PORT": ""}, "GATEWAY_PORT: expected its API port, usually 7497"),
        ("live", {"GATEWAY_PORT": "0"}, "GATEWAY_PORT: expected its API port, usually 7496"),
        ("sim", {}, "GATEWAY: expected container in SIM"),
        ("paper", {"GATEWAY": "elsewhere"}, "GATEWAY: expected container or external"),
    ],
)
def test_an_external_gateway_that_cannot_be_found_is_refused(
    mode: planning.Mode, wrong: dict[str, str], said: str
) -> None:
    given = {"IB_ACCOUNT": {"sim": "", "paper": "DU1", "live": "U1"}[mode], "GATEWAY": "external"}
    given |= {"GATEWAY_HOST": "desk", "GATEWAY_PORT": "7497"}
    with pytest.raises(SettingsRefused, match=said):
        planning.plan(mode, {**given, **wrong}, HOST)


def test_live_is_careful_by_default() -> None:
    variables = planning.plan("live", {"IB_ACCOUNT": "U1234567"}, HOST).variables
    assert variables["READ_ONLY_API"] == "yes"
    assert "publish-api" not in variables["COMPOSE_FILE"]
    assert (variables["GATEWAY_PORT"], variables["HOST_PORT_API"]) == ("4003", "4001")


@pytest.mark.parametrize(
    ("given", "restart"),
    [
        ({}, "03:45 AM"),
        ({"REGION": "eu"}, "09:45 PM"),
        ({"REGION": "apac"}, "03:45 PM"),
        ({"TIME_ZONE": "America/New_York"}, "11:45 PM"),
        ({"AUTO_RESTART_TIME": "12:30 AM"}, "12:30 AM"),
    ],
)
def test_the_gateway_restarts_itself_at_a_quarter_to_midnight_of_its_region(
    given: dict[str, str], restart: str
) -> None:
    variables = planning.plan("paper", {"IB_ACCOUNT": "DU1", **given}, HOST).variables
    assert variables["AUTO_RESTART_TIME"] == restart
    assert "AUTO_RESTART_TIME" not in planning.plan("sim", {}, HOST).variables


def test_the_heap_and_the_memory_are_held_against_each_other() -> None:
    variables = planning.plan("paper", {"IB_ACCOUNT": "DU1"}, HOST).variables
    assert (variables["JAVA_HEAP_SIZE"], variables["GATEWAY_MEMORY_MB"]) == ("768", "2048")
    larger = {"IB_ACCOUNT": "DU1", "JAVA_HEAP_SIZE": "1536"}
    with pytest.raises(
        SettingsRefused, match=r"expected at least 2304, for a heap of 1536 .* and 768 beside it, found 2048"
    ):
        planning.plan("paper", larger, HOST)
    assert planning.plan("paper", {**larger, "GATEWAY_MEMORY_MB": "2304"}, HOST).variables["JAVA_HEAP_SIZE"] == "1536"


def test_a_machine_with_one_processor_is_not_asked_for_two() -> None:
    """Docker refuses a container whose limit is above what there is."""
    small = replace(HOST, cpus=1)
    usual = [planning.plan("sim", {}, HOST), planning.plan("paper", {"IB_ACCOUNT": "DU1"}, HOST)]
    found = [(one.variables["GATEWAY_CPUS"], one.variables["ENGINE_CPUS"]) for one in usual]
    assert found == [("1", "1.5"), ("2", "1.5")]
    variables = planning.plan("paper", {"IB_ACCOUNT": "DU1"}, small).variables
    assert (variables["GATEWAY_CPUS"], variables["ENGINE_CPUS"]) == ("1", "1")
    own = planning.plan("paper", {"IB_ACCOUNT": "DU1", "GATEWAY_CPUS": "0.5", "ENGINE_CPUS": "4"}, HOST).variables
    assert (own["GATEWAY_CPUS"], own["ENGINE_CPUS"]) == ("0.5", "4")
    with pytest.raises(SettingsRefused, match=r"ENGINE_CPUS: expected a number from 0.1 to 1, .* found '1.5'"):
        planning.plan("paper", {"IB_ACCOUNT": "DU1", "ENGINE_CPUS": "1.5"}, small)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"GATEWAY_CPUS": "two"}, "GATEWAY_CPUS"),
        ({"GATEWAY_CPUS": "0"}, "GATEWAY_CPUS"),
        ({"ENGINE_CPUS": "4.5"}, "ENGINE_CPUS"),
        ({"JAVA_HEAP_SIZE": "2g"}, "JAVA_HEAP_SIZE"),
        ({"GATEWAY_MEMORY_MB": "4"}, "GATEWAY_MEMORY_MB"),
        ({"EXISTING_SESSION_DETECTED_ACTION": "fight"}, "EXISTING_SESSION_DETECTED_ACTION"),
        ({"TIME_ZONE": "Nowhere/Land"}, "TIME_ZONE"),
    ],
)
def test_what_the_image_could_not_use_is_refused(given: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsRefused, match=f"^{named}: expected [^\n]*found [^\n]*$"):
        planning.plan("paper", {"IB_ACCOUNT": "DU1", **given}, HOST)


def test_the_three_modes_fit_beside_each_other() -> None:
    accounts = {"sim": "", "paper": "DU1", "live": "U1"}
    plans = [planning.plan(mode, {"IB_ACCOUNT": accounts[mode]}, HOST) for mode in get_args(planning.Mode)]
    assert len({plan.variables["SUBNET_PREFIX"] for plan in plans}) == 3
    assert len({plan.project for plan in plans}) == 3


def test_every_fault_is_told_at_once() -> None:
    given = {
        "TENANT": "Not Good",
        "SUBNET_PREFIX": "10.90",
        "ENGINE": "maybe",
        "HOST_PORT_ENGINE": "0",
        "HOST_PORT_PROMETHEUS": "9180",
    }
    with pytest.raises(SettingsRefused) as refused:
        planning.plan("paper", given, HOST)
    told = [line.split(":")[0] for line in str(refused.value).splitlines()]
    assert told == ["TENANT", "IB_ACCOUNT", "SUBNET_PREFIX", "ENGINE", "HOST_PORT_ENGINE", "HOST_PORT_PROMETHEUS"]
    assert all(", found " in line for line in str(refused.value).splitlines())


def test_only_known_variables_travel_and_only_when_set() -> None:
    variables = planning.plan("sim", {"SIM_PROFILE": "real", "SIM_SEED": "", "EVIL": "1"}, HOST).variables
    assert variables["SIM_PROFILE"] == "real"
    assert "SIM_SEED" not in variables
    assert "EVIL" not in variables


def test_no_engine_means_no_profile() -> None:
    assert planning.plan("sim", {"ENGINE": "none"}, HOST).variables["COMPOSE_PROFILES"] == ""


def test_redis_learns_a_hash_and_never_the_password() -> None:
    acl = planning.redis_acl("p4ssw0rd")
    assert "p4ssw0rd" not in acl
    assert f"#{hashlib.sha256(b'p4ssw0rd').hexdigest()}" in acl
    assert "user default on nopass resetkeys resetchannels -@all +ping\n" in acl


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "found no file"),
        (("  \n", 0o600), "found nothing"),
        (("changeme", 0o600), "found the placeholder"),
        (("<password>", 0o600), "found the placeholder"),
        (("hunter2", 0o644), "chmod 600"),
        (("hunter2", 0o640), "chmod 600"),
        (("hunter2\r\n", 0o600), "expected one line"),
        (("hunter2 \n", 0o600), "expected one line"),
        (("hunter2\nhunter3\n", 0o600), "expected one line"),
        (("hunter2\n\n", 0o600), "expected one line"),
        (("\ufeffhunter2\n", 0o600), "expected one line"),
    ],
)
def test_a_secret_that_cannot_be_used(content: tuple[str, int] | None, said: str) -> None:
    (fault,) = secret_faults({"secrets/tws_password": content})
    assert fault.startswith("secrets/tws_password: expected ")
    assert said in fault
    assert "hunter2" not in fault


@pytest.mark.parametrize("mode", [0o600, 0o400])
@pytest.mark.parametrize("text", ["hunter2\n", "hunter2", "p w: é$'\"\n"])
def test_a_secret_that_can_be_used(mode: int, text: str) -> None:
    assert secret_faults({"x": (text, mode)}) == []


def _status(gateway: str, engine: str) -> dict[str, object]:
    return {"version": 1, "tenants": [{"name": "sim", "gateway": {"state": gateway}, "engine": {"state": engine}}]}


def test_waiting_says_for_what() -> None:
    assert stack.waiting_for({}, "sim", engine=True) == "the supervisor to know tenant sim"
    assert stack.waiting_for(_status("STARTING", "WAITING"), "sim", engine=True) == "gateway to be READY (now STARTING)"
    held = {"state": "STARTING", "login": {"waiting": True, "sentence": "logins are on hold: x"}}
    answer = stack.waiting_for({"tenants": [{"name": "sim", "gateway": held}]}, "sim", engine=True)
    assert answer == "gateway to be READY (now STARTING; logins are on hold: x)"
    assert stack.waiting_for(_status("READY", "WAITING"), "sim", engine=True) == "engine to be TRADING (now WAITING)"
    assert stack.waiting_for(_status("READY", "ABSENT"), "sim", engine=False) is None
    assert stack.waiting_for(_status("READY", "TRADING"), "sim", engine=True) is None


def test_an_env_file_keeps_dollars_as_they_are() -> None:
    assert "A='a$b'\n" in planning.rendered({"A": "a$b"})


def test_grafana_comes_with_its_image_and_is_no_tenants_own() -> None:
    host = replace(HOST, images={**HOST.images, "GRAFANA_IMAGE": "grafana:1"})
    without, alone = planning.plan("sim", {}, HOST), planning.plan("sim", {"HOST_PORT_GRAFANA": "3001"}, host)
    one_of_several = planning.plan("sim", {"TENANT": "one"}, host, 1)
    for plan, there in ((without, False), (alone, True), (one_of_several, False)):
        assert ("compose/grafana.yaml" in plan.variables["COMPOSE_FILE"]) is there
        assert ("HOST_PORT_GRAFANA" in variables.published(plan.variables)) is there
    assert "Grafana was left out of this stack." in stack.addresses(without)
    told = stack.addresses(alone)
    assert "http://127.0.0.1:3001" in told
    assert "secrets/grafana_password" in told
    shared = house.house({}, host, [one_of_several])
    assert "compose/grafana.yaml" in shared.variables["COMPOSE_FILE"]
    assert variables.published(shared.variables)["HOST_PORT_GRAFANA"] == 3000
