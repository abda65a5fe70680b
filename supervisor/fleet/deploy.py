"""`make stack-deploy` and `make stack-status`: tenants on the nodes of a Docker Swarm, asked of one of its managers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from supervisor import answers, stack
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.fleet import files, swarm
from supervisor.fleet.files import HOUSE
from supervisor.fleet.stack import opened, planned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


HEARTBEAT_HOURS: Final = 24
"""A node that does not answer for three heartbeats counts as down, and Swarm ends its tasks when it is back."""
_MET_ON_A_HOST: Final = ("front", "grafana")
"""What only publishes, and nothing is published here."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Where Swarm has a tenant's gateway, and what can be said of it from here."""

    tenant: str
    node: str
    state: str


def deploy(root: Path) -> int:
    """Give the Swarm a stack for each tenant and for what the tenants of each node share.

    Raises:
        SettingsRefused: a tenant has no node, or the Swarm is not fit for gateways.
        RuntimeTrouble: Docker said no.
    """
    placed = {name: files.read(root, name).get("NODE", "") for name in files.names(root)}
    there = _labels(root)
    if faults := [*unfit(_docker(root, "info", "--format", "{{json .Swarm}}")), *misplaced(placed, there, _now(root))]:
        raise SettingsRefused("\n".join(faults))
    tenants = planned(root)
    volumes: dict[str, Any] = {}
    for one in tenants:
        stack.write_files(root, one)
        config = stack.composed(root, one.tenant)
        volumes |= {said["name"]: said for said in config["volumes"].values()}
        _give(root, swarm.stack(config, placed[one.tenant], _read, name=one.project))
    for node in sorted(set(placed.values())):
        shared = opened(root, [one for one in tenants if placed[one.tenant] == node])
        stack.write_files(root, shared)
        config = stack.composed(root, shared.tenant)
        config["services"] = {name: said for name, said in config["services"].items() if name not in _MET_ON_A_HOST}
        name = f"{shared.project}-{node}"
        _give(root, swarm.stack(config, node, _read, name=name, volumes=volumes))
    answers.tell(tenants=placed)
    return 0


def unfit(told: str) -> Iterable[str]:
    """Why gateways may not run on this Swarm."""
    found = json.loads(told)
    if not found.get("ControlAvailable"):
        yield f"expected a manager of a Swarm, found {found.get('LocalNodeState', 'none')}; run this on one"
        return
    period = found["Cluster"]["Spec"]["Dispatcher"]["HeartbeatPeriod"] / 3.6e12
    if period < HEARTBEAT_HOURS:
        yield (
            f"expected a heartbeat of {HEARTBEAT_HOURS} h or more, found {period:.3f} h: a node that is cut off for "
            "three of them has its gateways ended when it is back; run docker swarm update --dispatcher-heartbeat 720h"
        )


def misplaced(placed: Mapping[str, str], there: Iterable[str], now: Mapping[str, str]) -> Iterable[str]:
    """Tenants whose node is not said, not there once, or not the one that they are on.

    Args:
        placed: the node that each tenant's file says.
        there: the label of each node of the Swarm.
        now: where Swarm has each tenant's gateway pinned already.
    """
    known = list(there)
    for tenant, node in placed.items():
        if known.count(node) != 1 or not node:
            yield (
                f"tenants/{tenant}.toml: expected node to be the label {swarm.NODE} of exactly one node, found "
                f"{node or 'none'}; set it with docker node update --label-add {swarm.NODE}=NAME NODE"
            )
        elif now.get(tenant, node) != node:
            yield (
                f"{tenant}: expected node {now[tenant]}, where its gateway is, found {node}; a gateway that still runs "
                "there and one here would end each other's session (docs/swarm.md, Moving a tenant)"
            )


def status(root: Path) -> tuple[Seen, ...]:
    """Where each tenant's gateway is. Raises: RuntimeTrouble."""
    nodes = _docker(root, "node", "ls", "--format", "{{.Hostname}}|{{.Status}}|{{.ManagerStatus}}")
    tasks = {
        name: _docker(
            *(root, "service", "ps", "--filter", "desired-state=running", "--format", "{{.Node}}|{{.CurrentState}}"),
            f"watchkeeper-{name}_ib-gateway",
        )
        for name in sorted(_now(root))
    }
    return tuple(seen(name, told, nodes) for name, told in tasks.items())


def seen(tenant: str, tasks: str, nodes: str) -> Seen:
    """What can be said of a tenant: Swarm's word for a node that cannot be seen is an old one."""
    by_name = {line.split("|")[0]: line.split("|")[1:] for line in nodes.splitlines()}
    node, _, state = (tasks.splitlines() or ["|no task"])[0].partition("|")
    ready, manager = by_name.get(node, ["", ""])
    if node and (ready != "Ready" or manager == "Unreachable"):
        return Seen(tenant, node, "unknown")
    return Seen(tenant, node, state.partition(" ")[0].lower() if node else "none")


def _give(root: Path, made: dict[str, Any]) -> None:
    name = made.pop("name")
    folder = root / "var" / "swarm" / name
    (folder / "configs").mkdir(parents=True, exist_ok=True)
    for key, text in made.pop("x-files").items():
        (folder / "configs" / key).write_text(text)
    path = folder / "stack.json"
    path.write_text(json.dumps(made, indent=1) + "\n")
    print(_docker(root, "stack", "deploy", "--detach=true", "--compose-file", str(path), name), end="")


def _read(place: str) -> dict[str, bytes]:
    path = Path(place)
    if path.is_dir():
        return {one.name: one.read_bytes() for one in path.iterdir() if one.is_file()}
    return {"": path.read_bytes()}


def _labels(root: Path) -> list[str]:
    ids = _docker(root, "node", "ls", "--quiet").split()
    told = _docker(root, "node", "inspect", "--format", f'{{{{index .Spec.Labels "{swarm.NODE}"}}}}', *ids)
    return told.split()


def _now(root: Path) -> dict[str, str]:
    """The node that each tenant's gateway is pinned to."""
    names = _docker(root, "service", "ls", "--format", "{{.Name}}").split()
    gateways = [name for name in names if name.endswith("_ib-gateway") and not name.startswith(f"watchkeeper-{HOUSE}")]
    found = {}
    for name in gateways:
        told = _docker(root, "service", "inspect", "--format", "{{json .Spec.TaskTemplate.Placement}}", name)
        if node := re.search(rf"{re.escape(swarm.NODE)} ?== ?([^\"]+)", told):
            found[name.removeprefix("watchkeeper-").removesuffix("_ib-gateway")] = node[1]
    return found


def _docker(root: Path, *words: str) -> str:
    done = stack.run(["docker", *words], root, quiet=True)
    if done.returncode:
        raise RuntimeTrouble(f"expected docker {words[0]} {words[1]} to succeed, found: {done.stderr.strip()[-500:]}")
    return done.stdout
