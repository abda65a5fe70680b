"""A compose project as a stack of Docker Swarm, pinned to one node. Pure.

Each tenant is a stack, and what the tenants of a node share is one more for each node: so no supervisor but its own
node's shares a network with a gateway, or with a Docker proxy. docs/swarm.md tells what was measured.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from supervisor.errors import SettingsRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Read = Callable[[str], Mapping[str, bytes]]
    """The files of a folder and of those below it by their paths there, or of a file, whose path is then empty."""

NODE: Final = "watchkeeper.node"
"""The label that says which node one is: a tenant stays with its volumes when a machine gets another host name."""
SOCKET: Final = "watchkeeper.socket"
"""The label that says where a node's Docker socket is, where that is not the usual place."""
CONFIG: Final = "watchkeeper.config"
"""The label of a service that marks what it was made from: another mark is another container."""
IMAGE: Final = "watchkeeper.image"
"""The label that says which image a tag was on its node: Swarm itself sees no other image behind the same tag."""
_IN_CONTAINER: Final = "/var/run/docker.sock"
_ROLE: Final = "watchkeeper.role"
_KEPT: Final = frozenset(
    (
        *("image", "command", "entrypoint", "user", "read_only", "cap_drop", "cap_add", "init", "labels"),
        *("logging", "stop_grace_period", "healthcheck", "extra_hosts", "ulimits"),
    )
)
_TURNED: Final = frozenset(
    (
        *("container_name", "networks", "network_mode", "secrets", "volumes", "tmpfs", "environment"),
        *("cpus", "mem_limit", "pids_limit", "restart", "group_add"),
    )
)
_LEFT_OUT: Final = {
    "build": "a node has the image already, or pulls it",
    "depends_on": "Swarm starts everything at once; each of ours waits for what it needs",
    "ports": "Swarm publishes on every address of a node, and not on loopback alone",
    "profiles": "compose has chosen already",
    "security_opt": "not in a stack: the node's engine is to run with --no-new-privileges",
}
"""What a stack has no word for, and why it may go."""
_EMPTY: Final = "empty"
"""Swarm takes no empty secret. One that says nothing is this config, a single end of line, in its place."""
_SIZES: Final = {"k": 2**10, "m": 2**20, "g": 2**30}


@dataclass(frozen=True, slots=True)
class Node:
    """One node, by its own word.

    Attributes:
        name: the value of its label.
        socket: where its Docker socket is.
        gid: the number of the socket's group there.
        memory_mib: what the machine has.
        hardened: whether its engine gives no container new privileges.
        images: the id of each image that it has of those it was asked for, by the name that compose uses.
    """

    name: str
    socket: str
    gid: int
    memory_mib: int
    hardened: bool
    images: Mapping[str, str]


def images(config: Mapping[str, Any]) -> set[str]:
    """What a node must have to run a project."""
    return {said["image"] for said in config["services"].values()}


def stack(
    config: Mapping[str, Any], node: Node, read: Read, *, volumes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What `docker stack deploy` is given.

    Args:
        config: what `docker compose config --format json` makes of the project; the stack gets its name.
        node: the one that it may run on, which has its images.
        read: what the project's files say; a stack carries them to the node.
        volumes: definitions of volumes that are another project's, by name.

    Raises:
        SettingsRefused: a service has a key that would be lost without a word.
    """
    faults = [
        f"{service}: expected only what a stack of Swarm knows, found {key}; see supervisor/fleet/swarm.py"
        for service, said in config["services"].items()
        for key in sorted(said.keys() - _KEPT - _TURNED - _LEFT_OUT.keys())
    ]
    if faults:
        raise SettingsRefused("\n".join(faults))
    secrets = {key: read(said["file"])[""] for key, said in config.get("secrets", {}).items()}
    empty = {key for key, text in secrets.items() if not text.strip()}
    carried = {_EMPTY: b"\n"} if empty else {}
    name = str(config["name"])
    return {
        "version": "3.9",
        "name": name,
        "services": {one: _service(one, said, node, read, carried, empty) for one, said in config["services"].items()},
        "networks": _networks(config),
        "volumes": {key: _volume(said, volumes or {}) for key, said in config.get("volumes", {}).items()},
        "secrets": {
            key: {"file": config["secrets"][key]["file"], "name": _marked(f"{name}_{key}", text)}
            for key, text in secrets.items()
            if key not in empty
        },
        "configs": {key: {"name": f"{name}_{key}", "file": f"configs/{key}"} for key in carried},
        "x-files": {key: text.decode() for key, text in carried.items()},
    }


def _service(
    called: str, said: Mapping[str, Any], node: Node, read: Read, carried: dict[str, bytes], empty: set[str]
) -> dict[str, Any]:
    service = {key: value for key, value in said.items() if key in _KEPT and value is not None}
    service["environment"] = {key: value for key, value in said.get("environment", {}).items() if value is not None}
    if called == "supervisor":
        service["environment"]["SWARM"] = "yes"
    if _ROLE in said.get("labels", {}):
        # Swarm ends what is unhealthy, and a gateway that waits for a second factor is.
        service["healthcheck"] = {"disable": True}
    if said.get("group_add"):  # the socket's group, of which each node has its own number
        service["user"] = f"{said['user'].partition(':')[0]}:{node.gid}"
    binds = [one for one in said.get("volumes", []) if one["type"] == "bind" and one.get("read_only")]
    kept = [one for one in said.get("volumes", []) if one not in binds]
    service["volumes"] = [
        *(_mount(one, node) for one in kept),
        *(_tmpfs(one) for one in said.get("tmpfs", [])),
    ]
    service["configs"] = [mount for one in binds for mount in _configs(one, read, carried)]
    owner = said.get("user", "0:0").split(":")
    service["secrets"] = [
        {"source": one["source"], "target": one["target"], "uid": owner[0], "gid": owner[-1], "mode": 0o400}
        for one in said.get("secrets", [])
        if one["source"] not in empty
    ]
    service["configs"] += [
        {"source": _EMPTY, "target": str(PurePosixPath("/run/secrets") / one["target"]), "mode": 0o444}
        for one in said.get("secrets", [])
        if one["source"] in empty
    ]
    if said.get("network_mode") == "none":
        service["networks"] = ["nothing"]
    else:
        alias = {"aliases": [said["container_name"]]} if "container_name" in said else {}
        service["networks"] = {key: alias | (own or {}) for key, own in said.get("networks", {}).items()}
    service["deploy"] = _deploy(said, node.name)
    mark = hashlib.sha256(json.dumps(service, sort_keys=True).encode()).hexdigest()[:16]
    # On the service, to be read, and on its container, so that Swarm makes it anew when one of them is another.
    marks = {CONFIG: mark, IMAGE: node.images[said["image"]]}
    service["labels"] = (said.get("labels") or {}) | marks
    service["deploy"]["labels"] = marks
    return service


def _mount(said: Mapping[str, Any], node: Node) -> dict[str, Any]:
    own = {"source": node.socket} if said["target"] == _IN_CONTAINER else {}
    return {key: value for key, value in said.items() if key != "bind"} | own


def _deploy(said: Mapping[str, Any], node: str) -> dict[str, Any]:
    restart: dict[str, Any] = {"condition": "any", "delay": "5s"}
    if said.get("labels", {}).get(_ROLE) == "engine":
        restart |= {"max_attempts": 3, "window": "10m"}
    elif said.get("restart") == "no":
        restart = {"condition": "none"}
    return {
        "replicas": 1,
        "endpoint_mode": "dnsrr",
        "placement": {"constraints": [f"node.labels.{NODE} == {node}"]},
        "restart_policy": restart,
        "update_config": {"order": "stop-first"},
        "resources": {
            "limits": {
                "cpus": str(said["cpus"]),
                "memory": str(said["mem_limit"]),
                "pids": int(said["pids_limit"]),
            }
        },
    }


def _networks(config: Mapping[str, Any]) -> dict[str, Any]:
    # Without the subnet: those of overlays come from the Swarm's own pool.
    found: dict[str, Any] = {}
    for key, said in config.get("networks", {}).items():
        if said.get("external"):
            found[key] = {"external": True, "name": said["name"]}
        else:
            found[key] = {"driver": "overlay", "name": said["name"], "internal": bool(said.get("internal"))}
    if any(service.get("network_mode") == "none" for service in config["services"].values()):
        found["nothing"] = {"external": True, "name": "none"}
    return found


def _volume(said: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """A local volume: a node makes it when a container first wants it, wherever that is told from."""
    known = others.get(said["name"], said) if said.get("external") else said
    return {key: value for key, value in known.items() if key != "external"}


def _tmpfs(text: str) -> dict[str, Any]:
    target, _, options = text.partition(":")
    size = next(word.removeprefix("size=") for word in options.split(",") if word.startswith("size="))
    return {"type": "tmpfs", "target": target, "tmpfs": {"size": int(size[:-1]) * _SIZES[size[-1]]}}


def _configs(bind: Mapping[str, Any], read: Read, carried: dict[str, bytes]) -> Iterable[dict[str, Any]]:
    for own, text in sorted(read(bind["source"]).items()):
        target = str(PurePosixPath(bind["target"]) / own)
        key = _marked(PurePosixPath(target).name, text)
        carried[key] = text
        yield {"source": key, "target": target, "mode": 0o444}


def _marked(name: str, text: bytes) -> str:
    """A name of what is in it: configs and secrets of a Swarm never change, so another text is another one."""
    return f"{name}.{hashlib.sha256(text).hexdigest()[:12]}"
