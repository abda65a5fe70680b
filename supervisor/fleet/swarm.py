"""A compose project as a stack of Docker Swarm, pinned to one node. Pure.

Each tenant is a stack, and what the tenants of a node share is one more for each node: so no supervisor but its own
node's shares a network with a gateway, or with a Docker proxy. docs/swarm.md tells what was measured.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from supervisor.errors import SettingsRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Read = Callable[[str], Mapping[str, bytes]]
    """The files of a folder by name, or of a file, whose name is then empty."""

NODE: Final = "watchkeeper.node"
"""The label that says which node one is: a tenant stays with its volumes when a machine gets another host name."""
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


def stack(
    config: Mapping[str, Any], node: str, read: Read, *, name: str, volumes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What `docker stack deploy` is given.

    Args:
        config: what `docker compose config --format json` makes of the project.
        node: the value of the label of the one node that it may run on.
        read: what the project's files say; a stack carries them to the node.
        name: the stack's name, which its networks get.
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
    project = str(config["name"])
    return {
        "version": "3.9",
        "name": name,
        "services": {one: _service(one, said, node, read, carried, empty) for one, said in config["services"].items()},
        "networks": _networks(config, project, name),
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
    called: str, said: Mapping[str, Any], node: str, read: Read, carried: dict[str, bytes], empty: set[str]
) -> dict[str, Any]:
    service = {key: value for key, value in said.items() if key in _KEPT and value is not None}
    service["environment"] = {key: value for key, value in said.get("environment", {}).items() if value is not None}
    if called == "supervisor":
        service["environment"]["SWARM"] = "yes"
    if _ROLE in said.get("labels", {}):
        # Swarm ends what is unhealthy, and a gateway that waits for a second factor is.
        service["healthcheck"] = {"disable": True}
    if groups := said.get("group_add"):
        service["user"] = f"{said['user'].partition(':')[0]}:{groups[0]}"
    binds = [one for one in said.get("volumes", []) if one["type"] == "bind" and one.get("read_only")]
    kept = [one for one in said.get("volumes", []) if one not in binds]
    service["volumes"] = [
        *({key: value for key, value in one.items() if key != "bind"} for one in kept),
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
    service["deploy"] = _deploy(said, node)
    return service


def _deploy(said: Mapping[str, Any], node: str) -> dict[str, Any]:
    restart: dict[str, Any] = {"condition": "any", "delay": "5s"}
    if said.get("labels", {}).get(_ROLE) == "engine":
        restart |= {"max_attempts": 3, "window": "10m"}
    elif said.get("restart") == "no":
        restart = {"condition": "none"}
    return {
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


def _networks(config: Mapping[str, Any], project: str, name: str) -> dict[str, Any]:
    # Without the subnet: those of overlays come from the Swarm's own pool.
    found: dict[str, Any] = {}
    for key, said in config.get("networks", {}).items():
        if said.get("external"):
            found[key] = {"external": True, "name": said["name"]}
        else:
            own = said["name"].replace(f"{project}_", f"{name}_", 1)
            found[key] = {"driver": "overlay", "name": own, "internal": bool(said.get("internal"))}
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
