"""`make stack-deploy` and `make stack-status`: tenants on the nodes of a Docker Swarm, asked of one of its managers."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from supervisor import answers, stack
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.fleet import files, survey, swarm, tasks, together
from supervisor.fleet.files import HOUSE
from supervisor.fleet.stack import opened, planned
from supervisor.upgrade import Change, Made, compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from supervisor.fleet.tasks import Docker, Member
    from supervisor.plan import Plan
    from tws.clock import Clock

HEARTBEAT_HOURS: Final = 24
"""A node that does not answer for three heartbeats counts as down, and Swarm ends its tasks when it is back."""
NETWORK: Final = "watchkeeper-nodes"
"""What the nodes' Prometheuses are on, and nothing else. It is no stack's: each of them joins it."""
_MET_ON_A_HOST: Final = ("front",)
"""What only publishes, and nothing is published here."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Where Swarm has a tenant's gateway, and what can be said of it from here."""

    tenant: str
    node: str
    state: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that a deployment wants, read and held together; nothing of it has begun.

    Attributes:
        tenants: their plans.
        placed: the label of each one's node.
        composed: what compose makes of each tenant, and of what those of each node share, by the stack's name.
        nodes: the label of the node that each stack is for, by the stack's name.
    """

    tenants: Sequence[Plan]
    placed: Mapping[str, str]
    composed: Mapping[str, dict[str, Any]]
    nodes: Mapping[str, str]

    def wanted(self) -> dict[str, list[str]]:
        """The images that each node needs."""
        found: dict[str, set[str]] = {}
        for name, config in self.composed.items():
            found.setdefault(self.nodes[name], {tasks.IMAGE}).update(swarm.images(config))
        return {node: sorted(images) for node, images in sorted(found.items())}


async def deploy(root: Path, clock: Clock) -> int:
    """Give the Swarm a stack for each tenant and for what the tenants of each node share.

    Raises:
        SettingsRefused: a tenant has no node, or the Swarm or a node is not fit for gateways; nothing has begun.
        RuntimeTrouble: Docker said no.
    """
    ask, later = partial(docker, root), []
    placed = written(root)
    for made in await stacks(root, clock, placed):
        tenants_own = not made["name"].startswith(f"watchkeeper-{HOUSE}-")
        if tenants_own and services(ask, made["name"]) and any(one.touched for one in changed(ask, made)):
            later.append(made["name"].removeprefix("watchkeeper-"))
            continue
        give(root, made)
    if later:
        print(f"{', '.join(later)}: runs with other images or settings than now: make stack-upgrade")
    answers.tell(tenants=placed, later=later)
    return 0


def written(root: Path) -> dict[str, str]:
    """The label of the node that each tenant's file says. Raises: SettingsRefused."""
    return {name: files.read(root, name).get("NODE", "") for name in files.names(root)}


async def stacks(
    root: Path, clock: Clock, placed: Mapping[str, str], *, moving: str | None = None
) -> list[dict[str, Any]]:
    """What Swarm is to be given: the tenants first, whose networks the shared ones join. Raises: as `deploy`.

    Args:
        root: the checkout.
        clock: waits.
        placed: the label of the node of each tenant that is meant.
        moving: the one of them that may be on another node now, since `make tenant-move` sees to that.
    """
    ask = partial(docker, root)
    if faults := [*unfit(ask("info", "--format", "{{json .Swarm}}"))]:
        raise SettingsRefused("\n".join(faults))
    members = tasks.members(ask)
    now = pinned(root)
    still = {name: node for name, node in now.items() if name != moving}
    if faults := [*unwatched(files.names(root), now), *misplaced(placed, members, still)]:
        raise SettingsRefused("\n".join(faults))
    wanted = prepared(root, placed)
    told = await survey.ask(ask, wanted.wanted(), members, clock)
    fit, faults = {}, []
    for label, images in wanted.wanted().items():
        faults += survey.unfit(label, told[label], images)
        if isinstance(node := told[label], swarm.Node):
            own = [one for one in wanted.tenants if placed[one.tenant] == label]
            faults += (
                f"node {label}: {fault}" for fault in together.beyond_memory(own, node.memory_mib, together.NODE_MIB)
            )
            fit[label] = node
    if faults:
        raise SettingsRefused("\n".join([*faults, "Nothing was begun."]))
    volumes = {
        said["name"]: said
        for one in wanted.tenants
        for said in wanted.composed[one.project].get("volumes", {}).values()
    }
    return [
        swarm.stack(config, fit[wanted.nodes[name]], content, volumes=volumes)
        for name, config in wanted.composed.items()
    ]


def prepared(root: Path, placed: Mapping[str, str]) -> Prepared:
    """Read every tenant's file and what compose makes of it. Raises: as `deploy`."""
    # Each node's memory is its own: it is asked.
    tenants = [one for one in planned(root, math.inf) if one.tenant in placed]
    everywhere = {**written(root), **placed}
    composed, nodes = {}, {}
    for one in tenants:
        stack.write_files(root, one)
        composed[one.project], nodes[one.project] = stack.composed(root, one.tenant), placed[one.tenant]
    for node in sorted(set(placed.values())):
        own = [one for one in tenants if placed[one.tenant] == node]
        shared = opened(root, own, f"{HOUSE}-{node}", everywhere)
        stack.write_files(root, shared)
        config = stack.composed(root, shared.tenant)
        config["services"] = {name: said for name, said in config["services"].items() if name not in _MET_ON_A_HOST}
        composed[shared.project], nodes[shared.project] = config, node
    return Prepared(tenants, placed, composed, nodes)


def changed(ask: Docker, made: Mapping[str, Any]) -> list[Change]:
    """What Swarm would make anew of a stack's services."""
    name = f"{made['name']}_"
    running = {
        row["Spec"]["Name"].removeprefix(name): _made(row["Spec"]["Labels"]) for row in services(ask, made["name"])
    }
    return compare({key: _made(said["deploy"]["labels"]) for key, said in made["services"].items()}, running)


def _made(labels: Mapping[str, str]) -> Made:
    return Made(labels.get(swarm.CONFIG, ""), labels.get(swarm.IMAGE, ""))


def services(ask: Docker, stack_name: str) -> list[dict[str, Any]]:
    """What Swarm says of a stack's services; none where there is no such stack. Raises: RuntimeTrouble."""
    own = ask("service", "ls", "--quiet", "--filter", f"label=com.docker.stack.namespace={stack_name}").split()
    found: list[dict[str, Any]] = json.loads(ask("service", "inspect", *own)) if own else []
    return found


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


def misplaced(placed: Mapping[str, str], there: Iterable[Member], now: Mapping[str, str]) -> Iterable[str]:
    """Tenants whose node is not said, not there once, not to be reached, or not the one that they are on.

    Args:
        placed: the label of the node that each tenant's file says.
        there: the nodes of the Swarm.
        now: where Swarm has each tenant's gateway pinned already.
    """
    nodes = list(there)
    for tenant, node in placed.items():
        meant = [one for one in nodes if one.label == node]
        if len(meant) != 1 or not node:
            without = ", ".join(one.hostname for one in nodes if not one.label)
            yield (
                f"tenants/{tenant}.toml: expected node to be the label {swarm.NODE} of exactly one node, found "
                f"{node or 'none'}{f'; without a label are {without}' if without else ''}; set it with "
                f"docker node update --label-add {swarm.NODE}=NAME NODE"
            )
        elif now.get(tenant, node) != node:
            yield (
                f"{tenant}: expected node {now[tenant]}, where its gateway is, found {node}; a gateway that still runs "
                "there and one here would end each other's session (docs/swarm.md, Moving a tenant)"
            )
        elif not meant[0].reached:
            yield (
                f"{tenant}: expected node {node} ({meant[0].hostname}) to be reached by the managers, found that it is "
                "not; nothing is deployed while a node that is meant cannot be asked: see docker node ls"
            )


def unwatched(known: Iterable[str], now: Mapping[str, str]) -> Iterable[str]:
    """Tenants whose gateway is there and whose file is not: what their node shares would not know them any more."""
    for tenant in sorted(now.keys() - set(known)):
        yield (
            f"{tenant}: expected tenants/{tenant}.toml, since its gateway is on node {now[tenant]} and nobody would "
            "watch it without, found none; put it back, or end it once nothing is open: "
            f"docker stack rm watchkeeper-{tenant}"
        )


def status(root: Path) -> tuple[Seen, ...]:
    """Where each tenant's gateway is. Raises: RuntimeTrouble."""
    nodes = docker(root, "node", "ls", "--format", "{{.Hostname}}|{{.Status}}|{{.ManagerStatus}}")
    told = {
        name: docker(
            *(root, "service", "ps", "--filter", "desired-state=running", "--format", "{{.Node}}|{{.CurrentState}}"),
            f"watchkeeper-{name}_ib-gateway",
        )
        for name in sorted(pinned(root))
    }
    return tuple(seen(name, said, nodes) for name, said in told.items())


def seen(tenant: str, tasks: str, nodes: str) -> Seen:
    """What can be said of a tenant: Swarm's word for a node that cannot be seen is an old one."""
    by_name = {line.split("|")[0]: line.split("|")[1:] for line in nodes.splitlines()}
    node, _, state = (tasks.splitlines() or ["|no task"])[0].partition("|")
    ready, manager = by_name.get(node, ["", ""])
    if node and (ready != "Ready" or manager == "Unreachable"):
        return Seen(tenant, node, "unknown")
    return Seen(tenant, node, state.partition(" ")[0].lower() if node else "none")


def give(root: Path, made: Mapping[str, Any]) -> None:
    """Give Swarm a stack, all of it. Raises: RuntimeTrouble."""
    name, files_of_it = made["name"], made["x-files"]
    joined = {said["name"] for said in made["networks"].values()}
    if NETWORK in joined and NETWORK not in docker(root, "network", "ls", "--format", "{{.Name}}").split():
        docker(root, "network", "create", "--driver", "overlay", "--internal", NETWORK)
    folder = root / "var" / "swarm" / name
    (folder / "configs").mkdir(parents=True, exist_ok=True)
    for key, text in files_of_it.items():
        (folder / "configs" / key).write_text(text)
    path = folder / "stack.json"
    said = {key: value for key, value in made.items() if key not in ("name", "x-files")}
    path.write_text(json.dumps(said, indent=1) + "\n")
    # The images are those that the nodes said they have.
    how = ("--detach=true", "--prune", "--resolve-image", "never", "--compose-file", str(path))
    print(docker(root, "stack", "deploy", *how, name), end="", flush=True)


def content(place: str) -> dict[str, bytes]:
    """What is in a file, or in a folder and all folders below it, by the path from there. Raises: OSError."""
    path = Path(place)
    if path.is_dir():
        return {str(one.relative_to(path)): one.read_bytes() for one in path.rglob("*") if one.is_file()}
    return {"": path.read_bytes()}


def pinned(root: Path) -> dict[str, str]:
    """The node that each tenant's gateway is pinned to."""
    names = docker(root, "service", "ls", "--format", "{{.Name}}").split()
    gateways = [name for name in names if name.endswith("_ib-gateway") and not name.startswith(f"watchkeeper-{HOUSE}")]
    found = {}
    for name in gateways:
        told = docker(root, "service", "inspect", "--format", "{{json .Spec.TaskTemplate.Placement}}", name)
        if node := re.search(rf"{re.escape(swarm.NODE)} ?== ?([^\"]+)", told):
            found[name.removeprefix("watchkeeper-").removesuffix("_ib-gateway")] = node[1]
    return found


def docker(root: Path, *words: str) -> str:
    done = stack.run(["docker", *words], root, quiet=True)
    if done.returncode:
        raise RuntimeTrouble(f"expected docker {words[0]} {words[1]} to succeed, found: {done.stderr.strip()[-500:]}")
    return done.stdout
