"""The same services as stacks of a Docker Swarm, held against the policy and against Docker's own reading."""

import copy
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from supervisor.errors import SettingsRefused
from supervisor.fleet import deploy, house, survey, swarm, tasks
from tests.compose.test_fleet import configs, node
from tests.compose.test_policy import HOST, ROOT
from tws.clock import SystemClock

__all__ = ["configs", "node"]


def _read(place: str) -> dict[str, bytes]:
    return deploy.content(place) if Path(place).exists() else {"": b"x"}


def _node(config: dict[str, Any]) -> swarm.Node:
    marks = {name: f"sha256:{name}" for name in swarm.images(config)}
    return swarm.Node("b", "/own/docker.sock", 77, memory_mib=1, hardened=True, images=marks)


def _stack(config: dict[str, Any], read: Any = _read, **more: Any) -> dict[str, Any]:
    return swarm.stack(config, _node(config), read, **more)


def test_docker_reads_it(configs: dict[str, dict[str, Any]], node: dict[str, Any], tmp_path: Path) -> None:
    for config in (*configs.values(), node):
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


def test_a_nodes_prometheus_has_every_rule(configs: dict[str, dict[str, Any]]) -> None:
    made = _stack(configs["house"])
    carried = {one["target"]: one["source"] for one in made["services"]["prometheus"]["configs"]}
    for file in (ROOT / "prometheus/rules").glob("*.yml"):
        assert made["x-files"][carried[f"/etc/watchkeeper/rules/{file.name}"]] == file.read_text()


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


def test_a_nodes_proxy_has_the_nodes_own_socket_and_group(configs: dict[str, dict[str, Any]]) -> None:
    proxy = _stack(configs["house"])["services"]["docker-api"]
    (socket,) = [one for one in proxy["volumes"] if one["target"] == "/var/run/docker.sock"]
    assert (socket["source"], proxy["user"]) == ("/own/docker.sock", "1000:77")
    others = _stack(configs["house"])["services"].keys() - {"docker-api"}
    assert "/own/docker.sock" not in json.dumps([_stack(configs["house"])["services"][name] for name in others])


def test_a_node_has_files_and_networks_of_its_own(configs: dict[str, dict[str, Any]]) -> None:
    shared = house.house({}, HOST, [], "house-b")
    assert "var/house-b/tenants.yaml" in shared.variables["COMPOSE_FILE"]
    assert shared.project == "watchkeeper-house-b"
    made = _stack(configs["house"])
    own = {one["name"] for one in made["networks"].values() if not one.get("external")}
    assert all(name.startswith(f"{configs['house']['name']}_") for name in own)


def test_another_image_behind_the_same_tag_is_another_service(configs: dict[str, dict[str, Any]]) -> None:
    node = _node(configs["sim"])
    other = replace(node, images={**node.images, "watchkeeper/simulator:local": "sha256:other"})
    before, after = (swarm.stack(configs["sim"], one, _read)["services"] for one in (node, other))
    # In the container's labels, so that Swarm makes it anew.
    assert {name for name in before if before[name]["labels"] != after[name]["labels"]} == {"ib-gateway"}
    assert {name for name in before if before[name]["deploy"] != after[name]["deploy"]} == {"ib-gateway"}


def test_another_text_is_another_config(configs: dict[str, dict[str, Any]]) -> None:
    def other(place: str) -> dict[str, bytes]:
        return {name: text + b"#" for name, text in _read(place).items()}

    first = _stack(configs["sim"])
    second = _stack(configs["sim"], other)
    assert not first["configs"].keys() & second["configs"].keys()
    assert all(first["secrets"][key]["name"] != second["secrets"][key]["name"] for key in first["secrets"])


def test_a_secret_that_says_nothing_is_a_config(configs: dict[str, dict[str, Any]]) -> None:
    def without(place: str) -> dict[str, bytes]:
        return {"": b""} if place.endswith("/webhook_url") else _read(place)

    made = _stack(configs["house"], without)
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


def _member(label: str, *, reached: bool = True) -> tasks.Member:
    return tasks.Member(f"id-{label}", f"host-{label or 'bare'}", label, "/var/run/docker.sock", reached)


def test_a_tenant_needs_a_node_that_is_there_and_keeps_it() -> None:
    a, b = _member("a"), _member("b")
    assert not [*deploy.misplaced({"x": "a"}, [a, b], {"x": "a"})]
    assert "found none; without a label are host-bare" in next(iter(deploy.misplaced({"x": ""}, [a, _member("")], {})))
    assert "exactly one node" in next(iter(deploy.misplaced({"x": "a"}, [a, a], {})))
    assert "found a; a gateway that still runs" in next(iter(deploy.misplaced({"x": "a"}, [a, b], {"x": "b"})))
    assert "nobody would watch it without" in next(iter(deploy.unwatched(["y"], {"x": "b", "y": "a"})))
    (told,) = deploy.misplaced({"x": "a", "y": "b"}, [a, _member("b", reached=False)], {})
    assert "y: expected node b (host-b) to be reached" in told


def test_a_node_without_what_its_tenants_need_is_told(configs: dict[str, dict[str, Any]]) -> None:
    wanted = sorted(swarm.images(configs["sim"]))
    node = _node(configs["sim"])
    assert not [*survey.unfit("b", node, wanted)]
    (told,) = survey.unfit("b", replace(node, images=dict.fromkeys(wanted[1:], "x")), wanted)
    assert f"found none of {wanted[0]}; docker save {wanted[0]}" in told
    (told,) = survey.unfit("b", replace(node, hardened=False), wanted)
    assert "--no-new-privileges" in told
    (told,) = survey.unfit("b", "invalid mount config: bind source path does not exist: /own/docker.sock", wanted)
    assert "does not exist: /own/docker.sock; it needs the image watchkeeper/supervisor:local" in told


class _Asked:
    """A Swarm whose tasks are in these states; what it was told to remove."""

    def __init__(self, states: dict[str, list[str]]) -> None:
        self.states = states
        self.removed: set[str] = set()
        self.made: list[str] = []

    def __call__(self, *words: str) -> str:
        match words[:2]:
            case ("service", "create"):
                self.made.append(words[words.index("--name") + 1])
            case ("service", "ls"):
                return "\n".join(set(self.made) - self.removed)
            case ("service", "ps"):
                left = self.states[words[-1]]
                return left.pop(0) if len(left) > 1 else left[0]
            case ("service", "logs"):
                return '{"gid": 9, "memory_mib": 8, "hardened": true, "images": {"i": "sha256:1"}}\n'
            case ("service", "rm"):
                self.removed |= set(words[2:])
        return ""


class _QuickClock(SystemClock):
    """Sleeping takes no time, and time passes."""

    passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


async def test_each_node_is_asked_and_nothing_of_it_stays() -> None:
    docker = _Asked(
        {
            "watchkeeper-asks-a": ["Preparing 1 second ago|", "Complete 1 second ago|"],
            "watchkeeper-asks-b": ['Rejected 1 second ago|"No such image: i"'],
            "watchkeeper-asks-c": ["Pending 2 minutes ago|"],
        }
    )
    there = [_member(label) for label in "abc"]
    told = await survey.ask(docker, {label: ["i"] for label in "abc"}, there, _QuickClock())
    assert told["a"] == swarm.Node("a", "/var/run/docker.sock", 9, 8, hardened=True, images={"i": "sha256:1"})
    assert told["b"] == "No such image: i"
    assert "not answered within 60 s: Pending" in str(told["c"])
    assert docker.removed == {f"watchkeeper-asks-{label}" for label in "abc"}


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
