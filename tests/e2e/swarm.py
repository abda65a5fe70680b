"""`python -m tests.e2e.swarm`: what Docker Swarm does to a container that must run once and not end for nothing.

Three Docker engines, each in a container, form a Swarm of three managers; their network can be cut and their power go.
Prints a JSON line for each fact of docs/swarm.md; exits 1 if one is not as that page tells it. Wants root on Linux,
some 2 GB, and the images that `make up SIM=1` has built.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from supervisor.fleet import swarm as swarm_of
from supervisor.stack import given, look_at_host
from tests.e2e.powercut import DOCKERFILE, RIGHTS
from tests.e2e.stack import ROOT

NODES = ("a", "b", "c")
_INNER = "10.93"
_USUAL, _LONG = "5s", "720h"
_BOUND_SECONDS = 90.0
_SETTLED_SECONDS = 20.0
"""A node learns of another period when it next says that it lives; until then it is counted by the old one."""
_DARK_SECONDS = 40.0
"""Longer than three heartbeats of the usual length, after which a node counts as down."""


class Swarm:
    """Three managers named a, b and c, each labelled `watchkeeper.node` with its name, and a Docker socket of its own.

    Sockets are at paths of their own and of groups of their own, as on machines that were set up by several people.
    """

    def __init__(self, folder: Path, name: str = "watchkeeper-swarm", subnet: str = "10.95.5") -> None:
        self._folder = folder
        self._name = name
        self._subnet = subnet
        self.image = look_at_host(ROOT, given(ROOT, os.environ), os.environ).images["BASE_IMAGE"]

    def form(self) -> None:
        """Start three engines and join them."""
        folder = self._folder
        outer("build", "--quiet", "--tag", self._name, "-", given=DOCKERFILE.format(base=self.image))
        outer("network", "create", "--subnet", f"{self._subnet}.0/28", self._name)
        for node in NODES:
            (folder / node).mkdir()
            outer("volume", "create", f"{self._name}-{node}")
            outer(
                *("run", "--detach", "--name", f"{self._name}-{node}", "--hostname", node, *RIGHTS),
                *("--network", self._name, "--ip", self._address(node)),
                *("--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--volume", f"{self._name}-{node}:/var/lib/docker"),
                *("--tmpfs", "/run:exec", "--volume", f"{folder / node}:{folder / node}", self._name),
                *("dockerd", "--host", self.socket(node), "--no-new-privileges", "--group", self.group(node)),
                *("--default-address-pool", f"base={_INNER}.0.0/17,size=24"),
            )
        until(lambda: all(self.answers(node) for node in NODES), "three engines")
        pool = ("--default-addr-pool", f"{_INNER}.128.0/17", "--default-addr-pool-mask-length", "24")
        self.docker("a", "swarm", "init", "--advertise-addr", self._address("a"), *pool)
        token = self.docker("a", "swarm", "join-token", "--quiet", "manager").strip()
        for node in NODES[1:]:
            self.docker(node, "swarm", "join", "--token", token, f"{self._address('a')}:2377")
        for node in NODES:
            own = ("--label-add", f"{swarm_of.SOCKET}={self.socket(node).removeprefix('unix://')}")
            self.docker("a", "node", "update", "--label-add", f"{swarm_of.NODE}={node}", *own, node)
            self.load(node, self.image)

    def docker(self, node: str, *arguments: str, given: str | None = None) -> str:
        """Run a command against a node's engine. Raises: RuntimeError."""
        return outer("--host", self.socket(node), *arguments, given=given)

    def answers(self, node: str) -> bool:
        """Whether its engine does."""
        with suppress(RuntimeError):
            return bool(self.docker(node, "version", "--format", "{{.Server.Version}}"))
        return False

    def load(self, node: str, *images: str) -> None:
        """Give a node images of this machine's engine."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saving:
            command = ["docker", "--host", self.socket(node), "load", "--quiet"]
            subprocess.run(command, stdin=saving.stdout, stdout=subprocess.DEVNULL, check=True)

    def kill(self, node: str) -> None:
        """Its power goes: everything in it ends at once."""
        outer("kill", f"{self._name}-{node}")

    def start(self, node: str) -> None:
        """Its power comes back."""
        outer("start", f"{self._name}-{node}")
        until(lambda: self.answers(node), f"{node} to answer")

    def partition(self, node: str) -> None:
        """Nobody of the others reaches it, and it reaches nobody; what runs in it goes on."""
        outer("network", "disconnect", self._name, f"{self._name}-{node}")

    def heal(self, node: str) -> None:
        """End a partition."""
        outer("network", "connect", "--ip", self._address(node), self._name, f"{self._name}-{node}")

    def heartbeat(self, period: str) -> None:
        """How often a node must answer: three times that without an answer, and it counts as down."""
        self.docker("a", "swarm", "update", "--dispatcher-heartbeat", period)
        time.sleep(_SETTLED_SECONDS)

    def nodes(self, asked: str = "a") -> dict[str, str]:
        """What a manager says of each node."""
        told = self.docker(asked, "node", "ls", "--format", "{{.Hostname}} {{.Status}} {{.ManagerStatus}}")
        return {line.split()[0]: line.partition(" ")[2] for line in told.splitlines()}

    def serve(self, name: str, node: str, restart: str, *more: str) -> str:
        """A service that sleeps, pinned to a node; returns the container."""
        self.docker(
            *("a", "service", "create", "--detach", "--quiet", "--name", name, "--endpoint-mode", "dnsrr"),
            *("--constraint", f"node.labels.watchkeeper.node=={node}", "--restart-condition", restart),
            *("--stop-grace-period", "2s", "--container-label", f"of={name}", *more, self.image, "sleep", "infinity"),
        )
        found = until(lambda: self.running(node, name), f"{name} to run")
        return str(found[0])

    def running(self, node: str, name: str) -> list[str]:
        """Containers of a service that run on a node."""
        return self.docker(node, "ps", "--quiet", "--no-trunc", "--filter", f"label=of={name}").split()

    def state(self, name: str) -> str:
        """What Swarm says of a service's latest task."""
        told = self.docker("a", "service", "ps", "--format", "{{.DesiredState}} {{.CurrentState}}", name)
        return " ".join(told.splitlines()[0].split()[:2])

    def remove(self, *names: str) -> None:
        """Remove services, and wait for their containers to end."""
        self.docker("a", "service", "rm", *names)
        until(lambda: not any(self.running(node, name) for node in NODES for name in names), "services to go")

    def close(self) -> None:
        """Leave nothing of it behind."""
        for node in NODES:
            with suppress(RuntimeError):
                outer("rm", "--force", "--volumes", f"{self._name}-{node}")
            with suppress(RuntimeError):
                outer("volume", "rm", f"{self._name}-{node}")
        for command in (("network", "rm", self._name), ("rmi", self._name)):
            with suppress(RuntimeError):
                outer(*command)

    def socket(self, node: str) -> str:
        """Where its engine is met."""
        return f"unix://{self._folder / node}/docker.sock"

    @staticmethod
    def group(node: str) -> str:
        """The number of the group that may use its engine."""
        return str(2400 + NODES.index(node))

    def _address(self, node: str) -> str:
        return f"{self._subnet}.{NODES.index(node) + 2}"


def outer(*arguments: str, given: str | None = None) -> str:
    """Run docker, by default with this machine's engine. Raises: RuntimeError."""
    done = subprocess.run(["docker", *arguments], input=given, text=True, capture_output=True, check=False, timeout=180)
    if done.returncode:
        raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def until[T](condition: Callable[[], T], what: str, seconds: float = _BOUND_SECONDS) -> T:
    """Wait until `condition` gives something true, and return it; managers that elect a leader are waited for.

    Raises:
        TimeoutError: it gave nothing.
    """
    deadline = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except RuntimeError as error:
            last = error
        time.sleep(0.2)
    raise TimeoutError(f"expected {what} within {seconds:g} s; last: {last}")


@contextmanager
def swarm(name: str = "watchkeeper-swarm") -> Iterator[Swarm]:
    """A Swarm that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="swarm") as folder:
        made = Swarm(Path(folder), name)
        try:
            made.form()
            yield made
        finally:
            made.close()


def restarted_behind_its_back(it: Swarm) -> dict[str, Any]:
    """`docker restart` of a task's container, and then an update of its service."""
    it.docker("a", "network", "create", "--driver", "overlay", "restarted")
    first = it.serve("restarted", "b", "none", "--network", "restarted")
    it.serve("peer", "c", "none", "--network", "restarted")
    (peer,) = it.running("c", "peer")
    resolves = ("c", "exec", peer, "getent", "hosts", "restarted")
    until(lambda: _works(it, *resolves), "the peer to know its name")
    it.docker("b", "restart", "--time", "1", first)
    until(lambda: it.state("restarted").endswith("Failed"), "Swarm to see the end")
    told = {"swarm_says": it.state("restarted"), "runs": it.running("b", "restarted") == [first]}
    told["name_known"] = _works(it, *resolves)
    it.docker("a", "service", "update", "--detach", "--force", "restarted")
    until(lambda: len(it.running("b", "restarted")) > 1, "a second container")
    told["running_after_update"] = len(it.running("b", "restarted"))
    it.remove("restarted", "peer")
    expected = {"swarm_says": "Shutdown Failed", "runs": True, "name_known": False, "running_after_update": 2}
    return {**told, "as_told": told == expected}


def stopped(it: Swarm) -> dict[str, Any]:
    """`docker stop` of a task's container, as a supervisor may do it, by restart condition."""
    first = {restart: it.serve(f"stopped-{restart}", "b", restart) for restart in ("none", "any")}
    for container in first.values():
        it.docker("b", "stop", "--time", "1", container)
    begun = time.monotonic()
    most = 0

    def replaced() -> bool:
        nonlocal most
        most = max(most, len(running := it.running("b", "stopped-any")))
        return bool(running)

    until(replaced, "another container")
    told = {"any_back_s": round(time.monotonic() - begun, 1), "any_most_at_once": most}
    told["none_running"] = len(it.running("b", "stopped-none"))
    it.remove("stopped-none", "stopped-any")
    return {**told, "as_told": (most, told["none_running"]) == (1, 0)}


def partitioned(it: Swarm, period: str) -> dict[str, Any]:
    """A node is cut off for longer than three usual heartbeats, and comes back."""
    it.heartbeat(period)
    first = {restart: it.serve(f"cut-{restart}", "b", restart) for restart in ("none", "any")}
    it.partition("b")
    time.sleep(_DARK_SECONDS)
    said = it.nodes()["b"]
    ran_on = all(it.running("b", f"cut-{restart}") for restart in first)
    it.heal("b")
    until(lambda: it.nodes()["b"] in ("Ready Reachable", "Ready Leader"), "b to be back", 180)
    time.sleep(_DARK_SECONDS)
    same = {restart: it.running("b", f"cut-{restart}") == [one] for restart, one in first.items()}
    told: dict[str, Any] = {"heartbeat": period, "node_said": said, "ran_on_meanwhile": ran_on, "same_container": same}
    if not same["any"]:
        old = it.docker("b", "inspect", "--format", "{{.State.FinishedAt}}", first["any"])
        new = it.docker("b", "inspect", "--format", "{{.State.StartedAt}}", it.running("b", "cut-any")[0])
        told["any_two_at_once_s"] = round((_stamp(old) - _stamp(new)).total_seconds(), 1)
    told["none_running"] = len(it.running("b", "cut-none"))
    it.remove("cut-none", "cut-any")
    kept = period == _LONG
    return {**told, "as_told": ran_on and same == {"none": kept, "any": kept}}


def power_cut(it: Swarm) -> dict[str, Any]:
    """A node's power goes and comes back; the heartbeat is long."""
    for restart in ("none", "any"):
        it.serve(f"dark-{restart}", "b", restart)
    it.kill("b")
    time.sleep(_DARK_SECONDS)
    told: dict[str, Any] = {"node_said": it.nodes()["b"], "task_said": it.state("dark-any")}
    it.start("b")
    until(lambda: it.running("b", "dark-any"), "a container again", 180)
    time.sleep(10)
    told |= {f"{restart}_running": len(it.running("b", f"dark-{restart}")) for restart in ("none", "any")}
    it.remove("dark-none", "dark-any")
    return {**told, "as_told": (told["none_running"], told["any_running"]) == (0, 1)}


def manager_lost(it: Swarm) -> dict[str, Any]:
    """The leader's power goes: what runs elsewhere goes on."""
    leader = next(node for node, said in it.nodes().items() if said.endswith("Leader"))
    node, asked = [one for one in NODES if one != leader]
    first = it.serve("led", node, "any")
    begun = time.monotonic()
    it.kill(leader)
    until(lambda: _works(it, asked, "node", "ls"), "a leader", 180)
    told = {"leader": leader, "another_after_s": round(time.monotonic() - begun, 1)}
    time.sleep(_DARK_SECONDS)
    same = it.running(node, "led") == [first]
    it.start(leader)
    until(lambda: _works(it, "a", "node", "ls"), "a to answer again", 180)
    same = same and it.running(node, "led") == [first]
    it.remove("led")
    return {**told, "same_container": same, "as_told": same}


def hardening(it: Swarm) -> dict[str, Any]:
    """What a task's container has of the rights that compose.yaml takes away."""
    taken = ("--cap-drop", "ALL", "--read-only", "--user", "1000:1000", "--limit-pids", "20", "--init")
    one = it.serve("hard", "b", "none", *taken, "--mount", "type=tmpfs,target=/tmp,tmpfs-size=65536")
    status = it.docker("b", "exec", one, "cat", "/proc/1/status")
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    told: dict[str, Any] = {
        "capabilities": lines["CapBnd"].strip(),
        "no_new_privileges_by_the_engine": lines["NoNewPrivs"].strip() == "1",
        "read_only": not _works(it, "b", "exec", one, "touch", "/x"),
        "tmpfs": _works(it, "b", "exec", one, "touch", "/tmp/x"),
        "init": "docker-init" in it.docker("b", "exec", one, "cat", "/proc/1/cmdline"),
        "pids_limit": int(it.docker("b", "inspect", "--format", "{{.HostConfig.PidsLimit}}", one)),
    }
    it.remove("hard")
    good = not int(told["capabilities"], 16) and all(told[name] for name in told if name != "capabilities")
    return {**told, "as_told": good}


def own_node(it: Swarm) -> dict[str, Any]:
    """A socket in a local volume: two services of a node share it, and no other node's can be meant."""
    for node in ("b", "c"):
        volume = "type=volume,source=docker-api,target=/run/docker-api"
        one = it.serve(f"left-{node}", node, "any", "--mount", volume)
        other = it.serve(f"right-{node}", node, "any", "--mount", volume)
        it.docker(node, "exec", one, "sh", "-c", f"echo {node} >/run/docker-api/whose")
        found = it.docker(node, "exec", other, "cat", "/run/docker-api/whose").strip()
        if found != node:
            return {"asked": node, "found": found, "as_told": False}
    it.remove(*(f"{side}-{node}" for side in ("left", "right") for node in ("b", "c")))
    return {"each_its_own": True, "as_told": True}


def _works(it: Swarm, *command: str) -> bool:
    try:
        return bool(it.docker(*command) or True)
    except RuntimeError:
        return False


def _stamp(text: str) -> datetime:
    return datetime.fromisoformat(text.strip()[:23] + "+00:00")


def main() -> int:
    """Measure each fact once, or those that are named."""
    named, good = sys.argv[1:], True
    with swarm() as it:
        version = it.docker("a", "version", "--format", "{{.Server.Version}}").strip()
        facts: tuple[tuple[str, Callable[[], dict[str, Any]]], ...] = (
            ("hardening", lambda: hardening(it)),
            ("own-node", lambda: own_node(it)),
            ("restarted-behind-its-back", lambda: restarted_behind_its_back(it)),
            ("stopped", lambda: stopped(it)),
            ("partitioned", lambda: partitioned(it, _USUAL)),
            ("partitioned", lambda: partitioned(it, _LONG)),
            ("power-cut", lambda: power_cut(it)),
            ("manager-lost", lambda: manager_lost(it)),
        )
        for name, measure in facts:
            if named and name not in named:
                continue
            told = {"fact": name, "docker": version, **measure()}
            print(json.dumps(told), flush=True)
            good = good and told["as_told"]
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
