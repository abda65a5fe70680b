"""What `make up` works out before it touches anything."""

import hashlib
from typing import get_args

import pytest

from supervisor import plan as planning
from supervisor import stack
from supervisor.errors import SettingsRefused

HOST = planning.Host("/var/run/docker.sock", 998, {"BASE_IMAGE": "base:1"})


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


def test_live_is_careful_by_default() -> None:
    variables = planning.plan("live", {"IB_ACCOUNT": "U1234567"}, HOST).variables
    assert variables["READ_ONLY_API"] == "yes"
    assert "publish-api" not in variables["COMPOSE_FILE"]
    assert (variables["GATEWAY_PORT"], variables["HOST_PORT_API"]) == ("4003", "4001")


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
    ],
)
def test_a_secret_that_cannot_be_used(content: tuple[str, int] | None, said: str) -> None:
    (fault,) = planning.secret_faults({"secrets/tws_password": content})
    assert fault.startswith("secrets/tws_password: expected ")
    assert said in fault
    assert "hunter2" not in fault


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_secret_that_can_be_used(mode: int) -> None:
    assert planning.secret_faults({"x": ("hunter2\n", mode)}) == []


def _status(gateway: str, engine: str) -> dict[str, object]:
    return {"version": 1, "tenants": [{"name": "sim", "gateway": {"state": gateway}, "engine": {"state": engine}}]}


def test_waiting_says_for_what() -> None:
    assert stack.waiting_for({}, "sim", engine=True) == "the supervisor to know tenant sim"
    assert stack.waiting_for(_status("STARTING", "WAITING"), "sim", engine=True) == "gateway to be READY (now STARTING)"
    assert stack.waiting_for(_status("READY", "WAITING"), "sim", engine=True) == "engine to be TRADING (now WAITING)"
    assert stack.waiting_for(_status("READY", "ABSENT"), "sim", engine=False) is None
    assert stack.waiting_for(_status("READY", "TRADING"), "sim", engine=True) is None


def test_an_env_file_keeps_dollars_as_they_are() -> None:
    assert "A='a$b'\n" in planning.rendered({"A": "a$b"})
