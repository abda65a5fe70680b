"""What every container of the house may do, held against compose's own reading of the files, for each mode."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from preflight import secret_files, variables
from supervisor import plan as planning
from supervisor import stack
from supervisor.policy import Budget, Policy
from supervisor.tenants import Tenant

ROOT = Path(__file__).resolve().parents[2]
IMAGES = {
    f"{name}_IMAGE": f"example/{name.lower()}:1.0"
    for name in ("BASE", "HAPROXY", "REDIS", "PROMETHEUS", "ALERTMANAGER", "GRAFANA")
}
HOST = planning.Host("/var/run/docker.sock", 998, IMAGES, cpus=4)
ACCOUNTS = {"sim": "", "paper": "DU1234567", "live": "U1234567"}
SERVICES = {
    *("ib-gateway", "supervisor", "engine", "docker-api", "redis", "prometheus", "alertmanager", "front"),
    *("grafana", "grafana-front"),
}
ONLY_OF_IBKR = {"settings-owner"}

EXCEPTIONS = {
    (
        "paper",
        "ib-gateway",
        "read_only",
    ): "the image writes config.ini, jts.ini and its program's settings into its home",
    ("live", "ib-gateway", "read_only"): "as in paper",
    ("sim", "engine", "restart"): "comes back only with the supervisor's clearance, inside a budget",
    ("paper", "engine", "restart"): "as in sim",
    ("live", "engine", "restart"): "as in sim",
    ("sim", "docker-api", "healthcheck"): "a dead proxy makes the supervisor blind, which is seen and told at once",
    ("paper", "docker-api", "healthcheck"): "as in sim",
    ("live", "docker-api", "healthcheck"): "as in sim",
    ("sim", "front", "healthcheck"): "only a person meets it, and sees at once when it is gone",
    ("paper", "front", "healthcheck"): "as in sim",
    ("live", "front", "healthcheck"): "as in sim",
    ("sim", "grafana-front", "healthcheck"): "as of front",
    ("paper", "grafana-front", "healthcheck"): "as of front",
    ("live", "grafana-front", "healthcheck"): "as of front",
    ("paper", "settings-owner", "user"): "gives a volume to another user, and ends",
    ("live", "settings-owner", "user"): "as in paper",
    ("paper", "settings-owner", "cap_drop"): "CHOWN, and reading folders that are closed to it",
    ("live", "settings-owner", "cap_drop"): "as in paper",
    ("paper", "settings-owner", "privileges"): "network_mode none: less than any network of ours",
    ("live", "settings-owner", "privileges"): "as in paper",
    ("paper", "settings-owner", "restart"): "one shot",
    ("live", "settings-owner", "restart"): "as in paper",
    ("paper", "settings-owner", "healthcheck"): "one shot",
    ("live", "settings-owner", "healthcheck"): "as in paper",
}
"""(mode, service, rule) and the reason. An exception that is no longer needed fails the suite."""


def _config(directory: Path, mode: planning.Mode, **more: str) -> dict[str, Any]:
    secrets = directory / "secrets"
    given = {"IB_ACCOUNT": ACCOUNTS[mode], "SECRETS_DIR": str(secrets), "STRATEGY": "none", "TENANT": f"policy-{mode}"}
    given["SIM_FILES"] = given["ENGINE_FILES"] = str(directory)
    given |= {
        "WINDOWS_FILE": str(directory / "windows.toml"),
        "AUTO_RESTART_TIME": "11:45 PM",
        "REAUTH_AT": "17:00 UTC",
    }
    plan = planning.plan(mode, given | more, HOST)
    secrets.mkdir()
    for name in (*secret_files.CREDENTIALS, *secret_files.TOKENS):
        (secrets / name).write_text(f"the-secret-{name}")
    env_file = directory / "compose.env"
    env_file.write_text(planning.rendered(plan.variables))
    return read_by_compose(env_file)


def read_by_compose(env_file: Path) -> dict[str, Any]:
    """What compose makes of a stack's variables, without a word of warning."""
    done = subprocess.run(
        ["docker", "compose", "--env-file", str(env_file), "config", "--format", "json"],
        cwd=ROOT,
        env=stack.docker_environment(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "compose warned"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return {mode: _config(tmp_path_factory.mktemp(mode), mode) for mode in get_args(planning.Mode)}


def _user(service: dict[str, Any]) -> bool:
    return re.fullmatch(r"[1-9]\d*:\d+", service.get("user", "")) is not None


PRIVILEGES = (
    *(
        "privileged",
        "devices",
        "device_cgroup_rules",
        "gpus",
        "sysctls",
        "extra_hosts",
        "volumes_from",
        "cgroup_parent",
    ),
    *("pid", "ipc", "uts", "cgroup", "network_mode", "userns_mode"),
)
"""What would give a container a piece of the host, or another container's."""

RULES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "read_only": lambda s: s.get("read_only") is True,
    "cap_drop": lambda s: s.get("cap_drop") == ["ALL"] and not s.get("cap_add"),
    "security_opt": lambda s: s.get("security_opt") == ["no-new-privileges:true"],
    "privileges": lambda s: not any(s.get(name) for name in PRIVILEGES),
    "user": _user,
    "memory": lambda s: int(s.get("mem_limit", 0)) > 0,
    "cpus": lambda s: float(s.get("cpus", 0)) > 0,
    "pids": lambda s: int(s.get("pids_limit", 0)) > 0,
    "init": lambda s: s.get("init") is True,
    "tmpfs": lambda s: bool(s.get("tmpfs")),
    "log rotation": lambda s: {"max-size", "max-file"} <= s["logging"]["options"].keys(),
    "loopback": lambda s: all(p.get("host_ip") == "127.0.0.1" for p in s.get("ports", [])),
    "restart": lambda s: s.get("restart") == "unless-stopped",
    # A check costs processor time for ever: never more often than each 30 s.
    "healthcheck": lambda s: "healthcheck" in s and s["healthcheck"]["interval"] in {"30s", "1m0s"},
    "pinned": lambda s: re.search(r":(?!latest$)[\w.-]+$", s["image"]) is not None,
    "binds": lambda s: all(
        v.get("read_only") or v["source"] == HOST.docker_socket for v in s.get("volumes", []) if v["type"] == "bind"
    ),
}


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_the_house_is_complete(configs: dict[str, dict[str, Any]], mode: str) -> None:
    assert set(configs[mode]["services"]) == SERVICES | (set() if mode == "sim" else ONLY_OF_IBKR)


@pytest.mark.parametrize("mode", get_args(planning.Mode))
@pytest.mark.parametrize("service", sorted(SERVICES | ONLY_OF_IBKR))
def test_each_service_keeps_each_rule_or_has_a_reason(
    configs: dict[str, dict[str, Any]], mode: str, service: str
) -> None:
    definition = configs[mode]["services"].get(service)
    if definition is None:
        assert (mode, service in ONLY_OF_IBKR) == ("sim", True)
        return
    broken = {rule for rule, holds in RULES.items() if not holds(definition)}
    excused = {rule for m, s, rule in EXCEPTIONS if (m, s) == (mode, service)}
    assert broken == excused


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_no_secret_is_in_what_docker_shows(configs: dict[str, dict[str, Any]], mode: str) -> None:
    assert "the-secret-" not in json.dumps(configs[mode])
    for name, service in configs[mode]["services"].items():
        for variable in service.get("environment", {}):
            assert variable.endswith("_FILE") or not re.search(r"PASSWORD|TOKEN|SECRET|USERID", variable), (
                name,
                variable,
            )


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_each_secret_goes_only_where_it_is_used(configs: dict[str, dict[str, Any]], mode: str) -> None:
    found = {
        name: {s["source"] for s in service.get("secrets", [])} for name, service in configs[mode]["services"].items()
    }
    assert {name: secrets for name, secrets in found.items() if secrets} == {
        "ib-gateway": {"tws_userid", "tws_password"},
        "supervisor": {"operator_token", "machine_token", "webhook_url"},
        "engine": {"operator_token_hash", "machine_token", "redis_password", "unusual_whales_token"},
        "alertmanager": set(secret_files.ALERTMANAGERS),
        "grafana": {"grafana_password", "grafana_secret_key"},
    }


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_only_the_proxy_has_the_docker_socket_and_only_the_supervisor_the_proxy(
    configs: dict[str, dict[str, Any]], mode: str
) -> None:
    services = configs[mode]["services"]
    with_socket = {n for n, s in services.items() for v in s.get("volumes", []) if "docker.sock" in v["source"]}
    assert with_socket == {"docker-api"}
    assert {n for n, s in services.items() if "docker-api" in s.get("networks", ())} == {"docker-api", "supervisor"}
    assert set(services["docker-api"]["networks"]) == {"docker-api"}
    assert configs[mode]["networks"]["docker-api"]["internal"] is True


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_each_service_is_on_the_networks_that_it_needs(configs: dict[str, dict[str, Any]], mode: str) -> None:
    """What follows from them is proven from inside each container: tests/e2e/test_reach.py."""
    expected = {
        "ib-gateway": {"trading"},
        "supervisor": {"trading", "monitoring", "paging", "docker-api"},
        "engine": {"trading", "cache", "monitoring"},
        "docker-api": {"docker-api"},
        "redis": {"cache"},
        # It reads the stand-in's metrics; IBKR's gateway has none.
        "prometheus": {"monitoring", "paging", "dashboards"} | ({"trading"} if mode == "sim" else set()),
        "alertmanager": {"paging"},
        "front": {"paging"},
        "grafana": {"dashboards"},  # it reaches Prometheus; by its front itself, and to read Alertmanager
        "grafana-front": {"dashboards", "paging"},
        "settings-owner": set(),
    }
    found = {name: set(service.get("networks") or ()) for name, service in configs[mode]["services"].items()}
    assert found == {name: expected[name] for name in found}
    internal = {name for name, network in configs[mode]["networks"].items() if network.get("internal")}
    assert internal == {"cache", "docker-api", "monitoring", "dashboards"}


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_only_the_proxy_is_in_a_group_of_the_host(configs: dict[str, dict[str, Any]], mode: str) -> None:
    services = configs[mode]["services"]
    assert {n: s["group_add"] for n, s in services.items() if s.get("group_add")} == {
        "docker-api": [str(HOST.docker_gid)]
    }


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_each_of_the_two_volumes_of_the_login_has_one_writer(configs: dict[str, dict[str, Any]], mode: str) -> None:
    """What logs in cannot lift the hold; what plans restarts cannot forget a login. Nobody else sees either."""
    found = {
        (volume["source"], name): "reads" if volume.get("read_only") else "writes"
        for name, service in configs[mode]["services"].items()
        for volume in service.get("volumes", [])
        if volume["source"] in ("ledger", "hold")
    }
    assert found == {
        ("ledger", "ib-gateway"): "writes",
        ("ledger", "supervisor"): "reads",
        ("hold", "ib-gateway"): "reads",
        ("hold", "supervisor"): "writes",
    }
    # On a disk, since a power cut is what they are for.
    assert not any(configs[mode]["volumes"][name].get("driver_opts") for name in ("ledger", "hold"))
    places = [configs[mode]["services"][name]["environment"] for name in ("ib-gateway", "supervisor")]
    assert all((place["LEDGER_DIR"], place["HOLD_DIR"]) == ("/var/lib/ledger", "/var/lib/hold") for place in places)
    # A new volume takes the owner of the folder in the supervisor's image.
    made = (ROOT / "supervisor/Dockerfile").read_text()
    assert re.search(r"install -d -o 1000 -g 1000 .*/var/lib/ledger /var/lib/hold", made)


def test_logins_are_counted_against_the_same_budget_on_both_sides(configs: dict[str, dict[str, Any]]) -> None:
    found = {
        mode: {config["services"][name]["environment"]["LOGIN_BUDGET"] for name in ("ib-gateway", "supervisor")}
        for mode, config in configs.items()
    }
    assert found == {"sim": {planning.SIM_LOGIN_BUDGET}, "paper": {None}, "live": {None}}
    default = re.search(r"DEFAULT_BUDGET=(\S+)", (ROOT / "gateway/ibkr/ledger.sh").read_text())
    assert default is not None
    assert default[1] == Tenant.model_fields["login_budget"].default
    assert Budget.parse(default[1]) == Policy().login_budget


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_redis_is_the_engines_alone(configs: dict[str, dict[str, Any]], mode: str) -> None:
    services = configs[mode]["services"]
    assert {n for n, s in services.items() if "cache" in s.get("networks", ())} == {"engine", "redis"}
    assert set(services["redis"]["networks"]) == {"cache"}
    assert not services["redis"].get("ports")


def test_what_is_published_in_each_mode(configs: dict[str, dict[str, Any]]) -> None:
    found = {
        mode: {port["target"] for service in config["services"].values() for port in service.get("ports", [])}
        for mode, config in configs.items()
    }
    everywhere = {9180, 9190, 9090, 9093, 3000}
    assert found == {"sim": everywhere | {4004, 9170}, "paper": everywhere | {4004}, "live": everywhere}


def test_the_gateway_of_each_mode(configs: dict[str, dict[str, Any]]) -> None:
    found = {mode: config["services"]["ib-gateway"] for mode, config in configs.items()}
    assert {mode: service["image"] for mode, service in found.items()} == {
        "sim": planning.STAND_IN_IMAGE,
        "paper": planning.GATEWAY_IMAGE,
        "live": planning.GATEWAY_IMAGE,
    }
    assert found["live"]["environment"]["READ_ONLY_API"] == "yes"
    for mode in ("paper", "live"):
        image = found[mode]
        told = {name: image["environment"][name] for name in ("TWOFA_TIMEOUT_ACTION", "RELOGIN_AFTER_TWOFA_TIMEOUT")}
        assert told == {"TWOFA_TIMEOUT_ACTION": "exit", "RELOGIN_AFTER_TWOFA_TIMEOUT": "no"}
        assert image["environment"]["EXISTING_SESSION_DETECTED_ACTION"] == "primary"
        assert image["environment"]["SAVE_TWS_SETTINGS"] == "Every 30 mins"
        assert int(image["mem_limit"]) > int(image["environment"]["JAVA_HEAP_SIZE"]) * 2**20
        assert image["ulimits"]["nofile"] == {"soft": 10000, "hard": 10000}
        assert image["stop_grace_period"] == "1m0s"
    # The stand-in never sees real credentials.
    assert "/var/policy-sim/credentials/" in configs["sim"]["secrets"]["tws_password"]["file"]


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_names_labels_and_grace_that_the_supervisor_relies_on(configs: dict[str, dict[str, Any]], mode: str) -> None:
    services = configs[mode]["services"]
    for service, role in (("ib-gateway", "gateway"), ("engine", "engine")):
        assert services[service]["container_name"] == f"watchkeeper-policy-{mode}-{role}"
        assert services[service]["labels"] == {"watchkeeper.role": role, "watchkeeper.tenant": f"policy-{mode}"}
    assert services["engine"]["stop_grace_period"] == "30s"


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_subnets_are_explicit_and_small(configs: dict[str, dict[str, Any]], mode: str) -> None:
    subnets = [n["ipam"]["config"][0]["subnet"] for n in configs[mode]["networks"].values()]
    assert len(set(subnets)) == 6
    assert all(subnet.endswith("/28") for subnet in subnets)


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_the_users_files_reach_the_engine_and_it_cannot_change_them(
    configs: dict[str, dict[str, Any]], mode: str
) -> None:
    [mount] = configs[mode]["services"]["engine"]["volumes"]
    assert (mount["target"], mount["read_only"]) == ("/files", True)


def test_the_engine_learns_whether_the_gateway_takes_orders(configs: dict[str, dict[str, Any]]) -> None:
    found = {mode: config["services"]["engine"]["environment"]["READ_ONLY_API"] for mode, config in configs.items()}
    assert found == {"sim": "no", "paper": "no", "live": "yes"}


def test_a_variable_that_is_not_set_does_not_reach_a_container(configs: dict[str, dict[str, Any]]) -> None:
    engine = configs["sim"]["services"]["engine"]["environment"]
    assert engine["STRATEGY"] == "none"
    assert engine["TRADER_ID"] is None


@pytest.mark.parametrize("mode", get_args(planning.Mode))
def test_the_supervisor_learns_of_the_hours_that_the_gateway_keeps(
    configs: dict[str, dict[str, Any]], mode: str
) -> None:
    gateway, supervisor = (configs[mode]["services"][name]["environment"] for name in ("ib-gateway", "supervisor"))
    for name in ("AUTO_RESTART_TIME", "TIME_ZONE"):
        assert supervisor[name] == gateway[name]
    assert supervisor["REAUTH_AT"] == "17:00 UTC"
    assert supervisor["WINDOWS_FILE"] == "/etc/watchkeeper/windows.toml"
    mounts = {volume["target"]: volume for volume in configs[mode]["services"]["supervisor"]["volumes"]}
    assert mounts["/etc/watchkeeper/windows.toml"]["read_only"]


def test_every_setting_of_the_stand_in_reaches_it(configs: dict[str, dict[str, Any]]) -> None:
    assert set(variables.STAND_IN) <= configs["sim"]["services"]["ib-gateway"]["environment"].keys()
    assert not [name for name in configs["paper"]["services"]["ib-gateway"]["environment"] if name.startswith("SIM_")]


def test_the_other_image_keeps_what_it_can_of_the_rules(tmp_path: Path) -> None:
    """extrange's runs as root, writes all over root's home, and reads what belongs to user 1000."""
    found = _config(tmp_path, "live", GATEWAY_IMAGE="ghcr.io/extrange/ibkr:10.45.1j")
    gateway = found["services"]["ib-gateway"]
    assert {name for name, holds in RULES.items() if not holds(gateway)} == {"read_only", "user", "cap_drop"}
    assert (gateway["cap_drop"], gateway["cap_add"]) == (["ALL"], ["DAC_OVERRIDE"])
    assert gateway["environment"]["IBC_ReadOnlyApi"] == "yes"
    # What it would pass on as arguments, which `ps` shows, it never gets.
    assert not {"USERNAME", "PASSWORD"} & gateway["environment"].keys()
    assert found["services"]["engine"]["environment"]["IB_PORT"] == "8888"
    assert found["services"]["supervisor"]["environment"]["GATEWAY_PORT"] == "8888"
    assert {"ib-gateway", "redis", "supervisor"} <= found["services"]["engine"]["depends_on"].keys(), "it ends first"
