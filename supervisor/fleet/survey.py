"""What each node of a Swarm has, asked of the node itself by a task on it: nobody else knows its Docker socket.

A manager's engine knows its own images and groups, and nothing of those of another machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from supervisor.fleet import asked, swarm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tws.clock import Clock

    Docker = Callable[..., str]

ASKS_WITH: Final = "watchkeeper/supervisor:local"
"""Has a Python, and every node must have it anyway."""
WITHIN_SECONDS: Final = 60.0
_USUAL_SOCKET: Final = "/var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Member:
    """A node of the Swarm, as its managers know it."""

    id: str
    hostname: str
    label: str
    socket: str
    reached: bool


def members(docker: Docker) -> list[Member]:
    """Every node. Raises: RuntimeTrouble."""
    ids = docker("node", "ls", "--quiet").split()
    found = []
    for row in json.loads(docker("node", "inspect", *ids)):
        labels, manager = row["Spec"].get("Labels") or {}, row.get("ManagerStatus") or {}
        reached = row["Status"]["State"] == "ready" and manager.get("Reachability", "reachable") == "reachable"
        own = labels.get(swarm.SOCKET, _USUAL_SOCKET)
        found.append(Member(row["ID"], row["Description"]["Hostname"], labels.get(swarm.NODE, ""), own, reached))
    return found


async def ask(
    docker: Docker, wanted: Mapping[str, Sequence[str]], there: Iterable[Member], clock: Clock
) -> dict[str, swarm.Node | str]:
    """Ask each node, all at once; what cannot be asked is a sentence that says why.

    Args:
        docker: runs a command against a manager.
        wanted: the images that each node is to have, by the node's label.
        there: the nodes.
        clock: waits.
    """
    found: dict[str, swarm.Node | str] = {}
    by_label = {one.label: one for one in there}
    names = {label: f"watchkeeper-asks-{label}" for label in wanted}
    until = clock.monotonic() + WITHIN_SECONDS
    _remove(docker, names.values())  # of a run that was ended
    try:
        for label, name in names.items():
            _begin(docker, name, by_label[label], wanted[label])
        while len(found) < len(names):
            late = clock.monotonic() >= until
            for label in names.keys() - found.keys():
                if (told := _heard(docker, names[label], by_label[label], late=late)) is not None:
                    found[label] = told
            await clock.sleep(0.3)
    finally:
        _remove(docker, names.values())
    return found


def _begin(docker: Docker, name: str, node: Member, images: Sequence[str]) -> None:
    docker(
        *("service", "create", "--detach", "--quiet", "--no-resolve-image", "--mode", "replicated-job"),
        *("--name", name, "--constraint", f"node.id=={node.id}", "--restart-condition", "none"),
        *("--mount", f"type=bind,source={node.socket},target={asked.MOUNTED}"),
        *("--user", "0:0", "--cap-drop", "ALL", "--read-only", "--limit-memory", "128m"),
        *("--entrypoint", "python", ASKS_WITH, "-c", _script(), *images),
    )


def _script() -> str:
    return Path(asked.__file__).read_text()


def _remove(docker: Docker, names: Iterable[str]) -> None:
    there = docker("service", "ls", "--format", "{{.Name}}").split()
    if old := sorted(set(names) & set(there)):
        docker("service", "rm", *old)


def _heard(docker: Docker, name: str, node: Member, *, late: bool) -> swarm.Node | str | None:
    said = docker("service", "ps", "--no-trunc", "--format", "{{.CurrentState}}|{{.Error}}", name).splitlines()
    state, _, error = (said or ["|"])[0].partition("|")
    if state.startswith("Complete"):
        told = json.loads(docker("service", "logs", "--raw", name))
        return swarm.Node(node.label, node.socket, **told)
    if error or late:
        return error.strip().strip('"') or f"it has not answered within {WITHIN_SECONDS:.0f} s: {state or 'no task'}"
    return None


def unfit(label: str, told: swarm.Node | str, wanted: Sequence[str]) -> Iterable[str]:
    """Why a node cannot run what is meant for it, and what to do on it."""
    if isinstance(told, str):
        yield (
            f"node {label}: expected it to say what it has, found: {told}; it needs the image {ASKS_WITH}, and its "
            f"Docker socket at {_USUAL_SOCKET} or where its label {swarm.SOCKET} says"
        )
        return
    if missing := [name for name in wanted if name not in told.images]:
        yield (
            f"node {label}: expected the images of its tenants, found none of {', '.join(missing)}; "
            f"docker save {' '.join(missing)} | ssh {label.upper()} docker load"
        )
    if not told.hardened:
        yield (
            f"node {label}: expected an engine that runs with --no-new-privileges, since a stack cannot say so for a "
            'container, found one without; "no-new-privileges": true in its /etc/docker/daemon.json, and restart it'
        )
