"""The policy of tests/compose/test_policy.py, over several tenants of every mode and what they share."""

from pathlib import Path
from typing import Any

import pytest

from supervisor import plan as planning
from supervisor.fleet import house, together
from tests.compose.test_policy import ACCOUNTS, EXCEPTIONS, HOST, RULES, read_by_compose

OWN_EXCEPTIONS = {
    ("volume-owner", "restart"): "one shot",
    ("volume-owner", "healthcheck"): "one shot",
}
MODES: tuple[planning.Mode, ...] = ("sim", "paper", "live")


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What compose makes of the house and of a tenant of each mode, by name."""
    folder = tmp_path_factory.mktemp("fleet")
    tenants = [_plan(mode, SECRETS_DIR=str(folder / mode)) for mode in MODES]
    return {one.tenant: _read(folder, one) for one in (house.house({}, HOST, tenants), *tenants)}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same of what the tenants of one of two nodes share."""
    folder = tmp_path_factory.mktemp("node")
    tenants = [_plan(mode, SECRETS_DIR=str(folder / mode)) for mode in MODES]
    return _read(folder, house.house({}, HOST, tenants, "house-b", dict.fromkeys(MODES, "b") | {"other": "c"}))


def _read(folder: Path, one: planning.Plan) -> dict[str, Any]:
    override, env_file = folder / f"{one.tenant}.yaml", folder / f"{one.tenant}.env"
    override.write_text(one.files.get(house.OVERRIDE, ""))
    own = str(one.var / house.OVERRIDE)
    env_file.write_text(planning.rendered(one.variables).replace(own, str(override)))
    return read_by_compose(env_file)


def _plan(mode: planning.Mode, **more: str) -> planning.Plan:
    return planning.plan(mode, {"TENANT": mode, "IB_ACCOUNT": ACCOUNTS[mode]} | more, HOST, MODES.index(mode))


def test_what_is_shared_is_there_once(configs: dict[str, dict[str, Any]]) -> None:
    assert {name: set(config["services"]) for name, config in configs.items()} == {
        "house": {"supervisor", "docker-api", "prometheus", "alertmanager", "front", "grafana", "grafana-front"},
        "sim": {"ib-gateway", "engine", "redis", "volume-owner"},
        "paper": {"ib-gateway", "engine", "redis", "volume-owner", "settings-owner"},
        "live": {"ib-gateway", "engine", "redis", "volume-owner", "settings-owner"},
    }


def test_each_service_keeps_each_rule_or_has_a_reason(configs: dict[str, dict[str, Any]], node: dict[str, Any]) -> None:
    for tenant, config in (configs | {"house-b": node}).items():
        mode = "sim" if tenant.startswith("house") else tenant
        for name, service in config["services"].items():
            broken = {rule for rule, holds in RULES.items() if not holds(service)}
            excused = {rule for m, s, rule in EXCEPTIONS if (m, s) == (mode, name)}
            excused |= {rule for s, rule in OWN_EXCEPTIONS if s == name}
            assert (tenant, name, broken) == (tenant, name, excused)


def test_no_network_has_containers_of_two_tenants(configs: dict[str, dict[str, Any]]) -> None:
    joined: dict[str, set[str]] = {}
    for tenant, config in configs.items():
        for service in config["services"].values():
            for network in service.get("networks") or ():
                joined.setdefault(config["networks"][network]["name"], set()).add(tenant)
    assert all(len(who - {"house"}) <= 1 for who in joined.values())
    assert {name for name, who in joined.items() if len(who) > 1} == {f"watchkeeper-{mode}_trading" for mode in MODES}
    # Of the house, only who must be there.
    for mode in MODES:
        there = {name for name, s in configs["house"]["services"].items() if f"{mode}-trading" in s["networks"]}
        assert there == {"supervisor", "prometheus"}


def test_nodes_know_each_other_by_their_prometheuses_alone(node: dict[str, Any]) -> None:
    there = {name for name, service in node["services"].items() if "nodes" in service["networks"]}
    assert there == {"prometheus", "fleet"}
    assert node["networks"]["nodes"].items() >= {"external": True, "name": "watchkeeper-nodes"}.items()
    # What has every node's numbers meets no tenant, and pages nobody.
    assert set(node["services"]["fleet"]["networks"]) == {"nodes", "dashboards"}


def test_subnets_are_explicit_small_and_nobody_elses(configs: dict[str, dict[str, Any]]) -> None:
    own = [
        network["ipam"]["config"][0]["subnet"]
        for config in configs.values()
        for network in config["networks"].values()
        if not network.get("external")
    ]
    assert len(set(own)) == len(own)
    assert all(subnet.endswith("/28") for subnet in own)


def test_a_tenants_secrets_are_its_own(configs: dict[str, dict[str, Any]]) -> None:
    for mode in MODES:
        secrets = configs[mode]["secrets"]
        used = {s["source"] for service in configs[mode]["services"].values() for s in service.get("secrets", ())}
        others = {other for other in MODES if other != mode}
        assert used == {
            *("tws_userid", "tws_password", "operator_token_hash", "machine_token", "redis_password"),
            "unusual_whales_token",
        }
        assert not any(f"/{other}/" in secrets[name]["file"] for name in used for other in others)
    supervisor = configs["house"]["services"]["supervisor"]
    assert {s["target"].rpartition("/")[2] for s in supervisor["secrets"]} == {
        *("operator_token", "webhook_url"),
        *(f"machine_token.{mode}" for mode in MODES),
    }


def test_the_supervisor_reads_ledgers_and_writes_holds(configs: dict[str, dict[str, Any]]) -> None:
    mounted = {v["target"]: v for v in configs["house"]["services"]["supervisor"]["volumes"]}
    for mode in MODES:
        assert mounted[f"/run/tenants/{mode}/ledger"]["read_only"] is True
        assert not mounted[f"/run/tenants/{mode}/hold"].get("read_only")
        assert configs["house"]["volumes"][f"{mode}-ledger"]["name"] == f"watchkeeper-{mode}_ledger"


def test_the_limits_that_are_added_up_are_the_containers(
    configs: dict[str, dict[str, Any]], node: dict[str, Any]
) -> None:
    def limits(config: dict[str, Any]) -> int:
        return sum(int(s["mem_limit"]) for n, s in config["services"].items() if not n.endswith("-owner")) // 2**20

    assert limits(configs["house"]) == together.HOUSE_MIB
    front = {"services": {"front": node["services"]["front"]}}
    assert limits(node) - limits(front) == together.NODE_MIB
    for mode in MODES:
        assert limits(configs[mode]) == together.limits_mib(_plan(mode))
