"""What each node of a Swarm has, asked of the node itself by a task on it: nobody else knows its Docker socket.

A manager's engine knows its own images and groups, and nothing of those of another machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from supervisor.fleet import asked, swarm, tasks
from supervisor.fleet.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from supervisor.fleet.tasks import Docker, Member
    from tws.clock import Clock


_QUESTION: Final = Path(asked.__file__).read_text()
_STATUS: Final = """import sys, urllib.request
print(urllib.request.urlopen("http://supervisor:9180/api/v1/status", timeout=5).read().decode())
"""


async def ask(
    docker: Docker, wanted: Mapping[str, Sequence[str]], there: Iterable[Member], clock: Clock
) -> dict[str, swarm.Node | str]:
    """Ask each node, all at once; what cannot be asked is a sentence that says why.

    Args:
        docker: asks a manager.
        wanted: the images that each node is to have, by the node's label.
        there: the nodes.
        clock: waits.
    """
    by_label = {one.label: one for one in there}
    errands = {}
    for label, images in wanted.items():
        socket = ("--mount", f"type=bind,source={by_label[label].socket},target={asked.MOUNTED}")
        errands[f"watchkeeper-asks-{label}"] = Task(
            by_label[label], _QUESTION, tuple(images), ("--user", "0:0", *socket)
        )
    heard = await tasks.run(docker, errands, clock)
    return {
        (node := errands[name].node).label: told.trouble or swarm.Node(node.label, node.socket, **json.loads(told.text))
        for name, told in heard.items()
    }


async def status(docker: Docker, node: Member, clock: Clock) -> Mapping[str, Any] | str:
    """The status of a node's supervisor, version 1; or a sentence that says why there is none."""
    return (await statuses(docker, [node], clock))[node.label]


async def statuses(docker: Docker, nodes: Iterable[Member], clock: Clock) -> dict[str, Mapping[str, Any] | str]:
    """The same of several nodes, by their labels, all asked at once."""
    by_label = {node.label: node for node in nodes}
    errands = {label: Task(node, _STATUS, (), _beside_supervisor(label)) for label, node in by_label.items()}
    told = await tasks.run(docker, {f"watchkeeper-status-{label}": one for label, one in errands.items()}, clock)
    return {label: _said(label, told[f"watchkeeper-status-{label}"]) for label in by_label}


def monitoring(label: str) -> str:
    """The network on which a node's supervisor answers."""
    return f"watchkeeper-house-{label}_monitoring"


def _beside_supervisor(label: str) -> tuple[str, ...]:
    return ("--network", monitoring(label), "--user", "1000:1000")


def _said(label: str, told: tasks.Told) -> Mapping[str, Any] | str:
    if told.trouble:
        return f"the supervisor of node {label} does not answer ({told.trouble})"
    found: Mapping[str, Any] = json.loads(told.text)
    return found


def unfit(label: str, told: swarm.Node | str, wanted: Sequence[str]) -> Iterable[str]:
    """Why a node cannot run what is meant for it, and what to do on it."""
    if isinstance(told, str):
        yield (
            f"node {label}: expected it to say what it has, found: {told}; it needs the image {tasks.IMAGE}, and its "
            f"Docker socket at {tasks.USUAL_SOCKET} or where its label {swarm.SOCKET} says"
        )
        return
    if missing := [name for name in wanted if name not in told.images]:
        yield (
            f"node {label}: expected the images of its tenants, found none of {', '.join(missing)}; "
            f"docker save {' '.join(missing)} | ssh NODE docker load"
        )
    if not told.hardened:
        yield (
            f"node {label}: expected an engine that runs with --no-new-privileges, since a stack cannot say so for a "
            'container, found one without; "no-new-privileges": true in its /etc/docker/daemon.json, and restart it'
        )
