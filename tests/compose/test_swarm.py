"""The same services as stacks of a Docker Swarm, held against the policy and against Docker's own reading."""

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from supervisor.errors import SettingsRefused
from supervisor.fleet import deploy, swarm
from tests.compose.test_fleet import configs

__all__ = ["configs"]


def _read(place: str) -> dict[str, bytes]:
    path = Path(place)
    if path.is_dir():
        return {one.name: one.read_bytes() for one in path.iterdir() if one.is_file()}
    return {"": path.read_bytes() if path.exists() else b"x"}


def _stack(config: dict[str, Any], **more: Any) -> dict[str, Any]:
    return swarm.stack(config, "b", _read, name=config["name"], **more)


def test_docker_reads_it(configs: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    for config in configs.values():
        made = _stack(config)
        del made["name"]
        (tmp_path / "configs").mkdir(exist_ok=True)
        for key, text in made.pop("x-files").items():
            (tmp_path / "configs" / key).write_text(text)
        (tmp_path / "stack.json").write_text(json.dumps(made))
        command = ["docker", "stack", "config", "--compose-file", str(tmp_path / "stack.json")]
        done = subprocess.run(command, text=True, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr


def test_nothing_is_published_and_every_service_stays_on_its_node(configs: dict[str, dict[str, Any]]) -> None:
    for config in configs.values():
        for service in _stack(config)["services"].values():
            assert "ports" not in service
            assert service["deploy"]["placement"] == {"constraints": ["node.labels.watchkeeper.node == b"]}
            assert service["deploy"]["endpoint_mode"] == "dnsrr"


def test_what_hardens_a_container_stays(configs: dict[str, dict[str, Any]]) -> None:
    for config in configs.values():
        for name, service in _stack(config)["services"].items():
            before = config["services"][name]
            for key in ("read_only", "cap_drop", "cap_add", "init"):
                assert service.get(key) == before.get(key), name
            limits = service["deploy"]["resources"]["limits"]
            assert limits == {
                "cpus": str(before["cpus"]),
                "memory": str(before["mem_limit"]),
                "pids": before["pids_limit"],
            }
            tmpfs = [one["target"] for one in service["volumes"] if one["type"] == "tmpfs"]
            assert tmpfs == [text.partition(":")[0] for text in before["tmpfs"]]
            assert all(one["type"] != "bind" or "docker.sock" in one["source"] for one in service["volumes"]), name


def test_a_gateway_is_found_by_its_name_and_ended_by_no_health_check(configs: dict[str, dict[str, Any]]) -> None:
    for mode in ("sim", "paper", "live"):
        gateway = _stack(configs[mode])["services"]["ib-gateway"]
        assert gateway["healthcheck"] == {"disable": True}
        assert gateway["networks"]["trading"]["aliases"] == [f"watchkeeper-{mode}-gateway"]
        assert gateway["deploy"]["restart_policy"]["condition"] == "any"
        assert gateway["deploy"]["update_config"] == {"order": "stop-first"}


def test_one_shots_end_and_engines_come_back_inside_a_budget(configs: dict[str, dict[str, Any]]) -> None:
    services = _stack(configs["paper"])["services"]
    assert services["volume-owner"]["deploy"]["restart_policy"] == {"condition": "none"}
    assert services["settings-owner"]["networks"] == ["nothing"]
    assert services["engine"]["deploy"]["restart_policy"]["max_attempts"] == 3


def test_the_houses_volumes_are_the_tenants(configs: dict[str, dict[str, Any]]) -> None:
    own = {said["name"]: said for said in configs["sim"]["volumes"].values()}
    made = _stack(configs["house"], volumes=own)
    assert made["volumes"]["sim-mailbox"] == configs["sim"]["volumes"]["mailbox"]
    assert made["services"]["supervisor"]["environment"]["SWARM"] == "yes"


def test_a_node_has_networks_of_its_own(configs: dict[str, dict[str, Any]]) -> None:
    names = [
        {one["name"] for one in swarm.stack(configs["house"], node, _read, name=node)["networks"].values()}
        for node in ("house-a", "house-b")
    ]
    assert names[0] & names[1] == {f"watchkeeper-{mode}_trading" for mode in ("sim", "paper", "live")}


def test_another_text_is_another_config(configs: dict[str, dict[str, Any]]) -> None:
    def other(place: str) -> dict[str, bytes]:
        return {name: text + b"#" for name, text in _read(place).items()}

    first = _stack(configs["sim"])
    second = swarm.stack(configs["sim"], "b", other, name=configs["sim"]["name"])
    assert not first["configs"].keys() & second["configs"].keys()
    assert all(first["secrets"][key]["name"] != second["secrets"][key]["name"] for key in first["secrets"])


def test_a_secret_that_says_nothing_is_a_config(configs: dict[str, dict[str, Any]]) -> None:
    def without(place: str) -> dict[str, bytes]:
        return {"": b""} if place.endswith("/webhook_url") else _read(place)

    made = swarm.stack(configs["house"], "b", without, name="x")
    assert "webhook_url" not in made["secrets"]
    mounts = made["services"]["supervisor"]["configs"]
    assert {"source": "empty", "target": "/run/secrets/webhook_url", "mode": 0o444} in mounts
    assert made["x-files"]["empty"] == "\n"


def test_a_key_that_nobody_thought_of_is_refused(configs: dict[str, dict[str, Any]]) -> None:
    config = copy.deepcopy(configs["sim"])
    config["services"]["redis"]["privileged"] = True
    with pytest.raises(SettingsRefused, match="redis: expected only what a stack of Swarm knows, found privileged"):
        _stack(config)


def test_a_swarm_that_ends_gateways_after_a_partition_is_refused() -> None:
    def told(hours: float, manager: bool = True) -> str:
        cluster = {"Spec": {"Dispatcher": {"HeartbeatPeriod": int(hours * 3.6e12)}}}
        return json.dumps({"ControlAvailable": manager, "LocalNodeState": "active", "Cluster": cluster})

    assert not [*deploy.unfit(told(24))]
    assert "--dispatcher-heartbeat" in next(iter(deploy.unfit(told(5 / 3600))))
    assert "a manager" in next(iter(deploy.unfit(told(24, manager=False))))


def test_a_tenant_needs_a_node_and_keeps_it() -> None:
    assert not [*deploy.misplaced({"x": "a"}, ["a", "b"], {"x": "a"})]
    assert "found none" in next(iter(deploy.misplaced({"x": ""}, ["a"], {})))
    assert "exactly one node" in next(iter(deploy.misplaced({"x": "a"}, ["a", "a"], {})))
    assert "found a; a gateway that still runs" in next(iter(deploy.misplaced({"x": "a"}, ["a", "b"], {"x": "b"})))


@pytest.mark.parametrize(
    ("tasks", "nodes", "state"),
    [
        ("b|Running 2 minutes ago\n", "b|Ready|Reachable\n", "running"),
        ("b|Running 2 minutes ago\n", "b|Ready|\n", "running"),  # a worker
        ("b|Running 2 minutes ago\n", "b|Ready|Unreachable\n", "unknown"),
        ("b|Running 2 minutes ago\n", "b|Unknown|Unreachable\n", "unknown"),
        ("b|Running 2 minutes ago\n", "b|Down|\n", "unknown"),
        ("b|Running 2 minutes ago\n", "a|Ready|Leader\n", "unknown"),
        ("b|Starting 3 seconds ago\n", "b|Ready|Leader\n", "starting"),
        ("|Pending 3 seconds ago\n", "b|Ready|Leader\n", "none"),
        ("", "b|Ready|Leader\n", "none"),
    ],
)
def test_what_cannot_be_seen_is_unknown(tasks: str, nodes: str, state: str) -> None:
    assert deploy.seen("x", tasks, nodes).state == state
