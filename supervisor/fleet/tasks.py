"""A text of Python that runs for a moment on nodes of a Swarm, and what it printed.

Nothing of a node is published, and no manager may speak to another machine's engine: a task goes there instead.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from supervisor.fleet import swarm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tws.clock import Clock

    Docker = Callable[..., str]
    """Runs a command against a manager, and returns its output. Raises: RuntimeTrouble."""

IMAGE: Final = "watchkeeper/supervisor:local"
"""Has a Python, and every node must have it anyway."""
WITHIN_SECONDS: Final = 60.0
USUAL_SOCKET: Final = "/var/run/docker.sock"
_LOOK_AGAIN: Final = 0.3


@dataclass(frozen=True, slots=True)
class Member:
    """A node of the Swarm, as its managers know it."""

    id: str
    hostname: str
    label: str
    socket: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Task:
    """What is to run on a node.

    Attributes:
        node: where.
        text: the Python.
        arguments: its own.
        options: of `docker service create`: what it may reach, and as whom.
    """

    node: Member
    text: str
    arguments: tuple[str, ...]
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What a task printed, or why it printed nothing."""

    text: str = ""
    trouble: str = ""


def members(docker: Docker) -> list[Member]:
    """Every node. Raises: RuntimeTrouble."""
    found = []
    for row in json.loads(docker("node", "inspect", *docker("node", "ls", "--quiet").split())):
        labels, manager = row["Spec"].get("Labels") or {}, row.get("ManagerStatus") or {}
        reached = row["Status"]["State"] == "ready" and manager.get("Reachability", "reachable") == "reachable"
        own = labels.get(swarm.SOCKET, USUAL_SOCKET)
        found.append(Member(row["ID"], row["Description"]["Hostname"], labels.get(swarm.NODE, ""), own, reached))
    return found


async def run(docker: Docker, tasks: Mapping[str, Task], clock: Clock) -> dict[str, Told]:
    """Run tasks, all at once, and leave nothing of them behind. What has not ended in time is trouble.

    Args:
        docker: asks a manager.
        tasks: by a name, which their services get.
        clock: waits.

    Raises:
        RuntimeTrouble: the manager said no.
    """
    found: dict[str, Told] = {}
    until = clock.monotonic() + WITHIN_SECONDS
    _remove(docker, tasks)  # of a run that was ended
    try:
        for name, task in tasks.items():
            docker(
                *("service", "create", "--detach", "--quiet", "--no-resolve-image", "--mode", "replicated-job"),
                *("--name", name, "--constraint", f"node.id=={task.node.id}", "--restart-condition", "none"),
                *("--cap-drop", "ALL", "--read-only", "--limit-memory", "128m", *task.options),
                *("--entrypoint", "python", IMAGE, "-c", task.text, *task.arguments),
            )
        while len(found) < len(tasks):
            late = clock.monotonic() >= until
            for name in tasks.keys() - found.keys():
                if (told := _heard(docker, name, late=late)) is not None:
                    found[name] = told
            await clock.sleep(_LOOK_AGAIN)
    finally:
        _remove(docker, tasks)
    return found


def _remove(docker: Docker, names: Iterable[str]) -> None:
    there = docker("service", "ls", "--format", "{{.Name}}").split()
    if old := sorted(set(names) & set(there)):
        docker("service", "rm", *old)


def _heard(docker: Docker, name: str, *, late: bool) -> Told | None:
    said = docker("service", "ps", "--no-trunc", "--format", "{{.CurrentState}}|{{.Error}}", name).splitlines()
    state, _, error = (said or ["|"])[0].partition("|")
    if state.startswith("Complete") and (text := docker("service", "logs", "--raw", name)).strip():
        return Told(text)
    if error or late:
        late_by = f"it has not answered within {WITHIN_SECONDS:.0f} s: {state or 'no task'}"
        return Told(trouble=error.strip().strip('"') or late_by)
    return None
