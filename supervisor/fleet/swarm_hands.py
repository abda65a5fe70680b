"""What a move does to a Swarm: by this machine's Docker, which is a manager's, and by tasks on the nodes."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from supervisor import stack
from supervisor.backup import KEPT, REPLACE
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.fleet import deploy, files, on_node, survey, tasks
from supervisor.fleet.files import HOUSE
from supervisor.fleet.move import Proof, Record, Seen, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from supervisor.fleet.tasks import Member
    from tws.clock import Clock

ENDS_WITHIN: Final = 150.0
"""For the containers of a tenant to end: a gateway is given 60 s, and a task that asks takes some."""
_PAUSE_SECONDS: Final = 900
"""So long the old node's supervisor takes nothing of it for a fault; a move that works takes a minute or two."""
_CARRIES_WITHIN: Final = "1g"
"""Memory: what is carried is held whole, and begun with only when all of it is there."""
_TEXT: Final = Path(on_node.__file__).read_text()
_LOOK_AGAIN: Final = 2.0
_AWAY: Final = "moved away by make tenant-move"
_WITHOUT_LEDGER: Final = "moved by make tenant-move without its ledger; count today's logins, then make resume"


def pinned_to(text: str, node: str) -> str:
    """A tenant's file with another node. Raises: SettingsRefused: it does not say one in a line of its own."""
    changed, times = re.subn(r"""(?m)^(node[ \t]*=[ \t]*)("[^"\n]*"|'[^'\n]*')""", rf'\g<1>"{node}"', text)
    if times != 1:
        raise SettingsRefused(
            f'expected a line node = "…", found {times or "none"}; write node = "{node}" yourself, and call this again'
        )
    return changed


class SwarmHands:
    """Acts for one tenant's move; see `moving.Hands`."""

    def __init__(self, root: Path, tenant: str, target: str, clock: Clock) -> None:
        self._root, self._tenant, self._target, self._clock = root, tenant, target, clock
        self._docker = partial(deploy.docker, root)
        self._path = root / "var" / tenant / "move.json"
        self._project = f"watchkeeper-{tenant}"

    async def see(self, record: Record | None, *, typed: bool) -> Seen:
        there = tasks.members(self._docker)
        pinned = deploy.pinned(self._root).get(self._tenant, "")
        written = files.read(self._root, self._tenant).get("NODE", "")
        source = self._member(record.source if record else pinned, there)
        running: tuple[str, ...] | None = None
        status: Mapping[str, Any] | str = "its node does not answer"
        if source is not None and source.reached:
            told = await self._on(source, "look", [self._tenant], _socket(source))
            running = None if isinstance(told, str) else tuple(told["running"])
            if running:
                status = await self._status(source)
        return Seen(tuple(there), written, pinned, running, status, typed, record)

    async def check(self, record: Record) -> None:
        await deploy.stacks(self._root, self._clock, self._placed(record), moving=self._tenant)

    def confirm(self, word: str, warning: str) -> None:
        stack.confirm(word, warning)

    async def act(self, step: Step, record: Record) -> Record:
        source = self._member(record.source, tasks.members(self._docker))
        if step is Step.QUIET and source is not None:
            return replace(record, quiet_at=await self._quiet(source))
        if step is Step.BACK:
            self._scale("engine", 1)
        elif step is Step.STOP and source is not None:
            await self._tell(source, "hold", [f"{_AWAY} to {record.target}"], *self._hold())
            self._remove()
            await self._until_nothing_runs(source, "")
            return replace(record, proof=Proof.SEEN, carried=False)
        elif step is Step.GIVE_UP:
            self._remove()
            return replace(record, proof=Proof.TYPED)
        elif step is Step.CARRY and source is not None:
            await self._carry(source)
            return replace(record, carried=True)
        elif step is Step.BEGIN_HELD:
            await self._tell(self._goal(), "hold", [_WITHOUT_LEDGER], *self._hold())
            return replace(record, carried=True)
        elif step is Step.PIN:
            path = self._root / files.FOLDER / f"{self._tenant}.toml"
            draft = path.with_suffix(".new")
            draft.write_text(pinned_to(path.read_text(), record.target))
            draft.replace(path)
        elif step is Step.DEPLOY:
            await self._deploy(record)
        return record

    def kept(self) -> Record | None:
        """What an earlier call has kept. Raises: SettingsRefused."""
        try:
            told = json.loads(self._path.read_text())
            return Record(**(told | {"proof": Proof(told["proof"])}))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise SettingsRefused(
                f"expected what an earlier move has kept in {self._path}, found {error}; `make stack-status` tells "
                "where its gateway is, and docs/swarm.md how to go on by hand"
            ) from error

    def keep(self, record: Record | None) -> None:
        if record is None:
            self._path.unlink(missing_ok=True)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(record)) + "\n")
        draft.replace(self._path)

    async def _quiet(self, source: Member) -> float:
        """Stop the engine; when that was, by the clock of the old node's supervisor."""
        await self._pause(source)
        self._scale("engine", 0)
        await self._until_nothing_runs(source, f"{self._project}_engine.")
        status = await self._status(source)
        told = "" if isinstance(status, str) else status["at"]
        return datetime.fromisoformat(told).timestamp() if told else self._clock.now().timestamp()

    async def _until_nothing_runs(self, source: Member, beginning: str) -> None:
        """Wait for containers whose names begin so to end, by the node's own engine."""
        until = self._clock.monotonic() + ENDS_WITHIN
        while True:
            told = await self._tell(source, "look", [self._tenant], *_socket(source))
            left = [name for name in told["running"] if name.startswith(beginning)]
            if not left:
                return
            if self._clock.monotonic() >= until:
                raise RuntimeTrouble(
                    f"expected node {source.label} to end {', '.join(left)} within {ENDS_WITHIN:.0f} s, found that it "
                    "runs; docker stop it there, then the same command goes on"
                )
            await self._clock.sleep(_LOOK_AGAIN)

    async def _carry(self, source: Member) -> None:
        config = stack.composed(self._root, self._tenant)
        volumes = {key: said["name"] for key, said in config["volumes"].items() if key in KEPT}
        network = f"{self._project}-move"
        if network not in self._docker("network", "ls", "--format", "{{.Name}}").split():
            self._docker("network", "create", "--driver", "overlay", "--internal", network)
        here, there = f"{self._project}-move-from", f"{self._project}-move-to"
        # By the task's own address: a service's would want the kernel's IPVS on every node.
        found_at = ("--network", network, "--endpoint-mode", "dnsrr")
        common = ("--user", "0:0", *found_at, "--read-only=false", "--limit-memory", _CARRIES_WITHIN)
        reads = [*common, "--cap-add", "DAC_READ_SEARCH", *_mounts(volumes, ",readonly")]
        writes = [*common, *(f"--cap-add={right}" for right in ("CHOWN", "DAC_OVERRIDE", "FOWNER")), *_mounts(volumes)]
        both = {
            there: tasks.Task(self._goal(), _TEXT, ("receive", REPLACE, _AWAY), tuple(writes)),
            here: tasks.Task(source, _TEXT, ("send", there), tuple(reads)),
        }
        told = await tasks.run(self._docker, both, self._clock)
        sent, received = (_answer(told[name]) for name in (here, there))
        if isinstance(sent, str) or isinstance(received, str):
            why = "; ".join(one for one in (sent, received) if isinstance(one, str))
            raise RuntimeTrouble(f"expected its volumes to be carried over, found: {why}; the same command goes on")
        if not sent["taken"] or sent["sent"] != received["received"]:
            raise RuntimeTrouble(
                f"expected all {sent['bytes']} bytes to arrive, found others; the same command goes on"
            )
        print(f"    {sent['bytes']} bytes of {', '.join(received['volumes'])}", file=sys.stderr, flush=True)

    async def _deploy(self, record: Record) -> None:
        placed = self._placed(record)
        for made in await deploy.stacks(self._root, self._clock, placed, moving=self._tenant):
            # Not the other tenants': what is new in their files is not this command's.
            if made["name"] == self._project or made["name"].startswith(f"watchkeeper-{HOUSE}-"):
                deploy.give(self._root, made)
        if record.source not in deploy.written(self._root).values():
            self._docker("stack", "rm", f"watchkeeper-{HOUSE}-{record.source}")
        elif record.source not in placed.values():
            print(f"    when {record.source} is back: make stack-deploy", file=sys.stderr, flush=True)

    def _placed(self, record: Record) -> dict[str, str]:
        """Who is deployed: it, those of its new node, and those of its old one if that can be asked."""
        placed = deploy.written(self._root) | {self._tenant: record.target}
        source = self._member(record.source, tasks.members(self._docker))
        meant = {record.target} | ({record.source} if source is not None and source.reached else set())
        return {name: node for name, node in placed.items() if node in meant}

    async def _status(self, source: Member) -> Mapping[str, Any] | str:
        try:
            return await survey.status(self._docker, source, self._clock)
        except RuntimeTrouble as error:
            return str(error)

    async def _pause(self, source: Member) -> None:
        """Have the old node's supervisor leave it alone. One that cannot be told finds a fault, and pages."""
        house = f"watchkeeper-{HOUSE}-{source.label}"
        body = {"tenant": self._tenant, "seconds": _PAUSE_SECONDS, "reason": f"make tenant-move to {self._target}"}
        form = "{{json .Spec.TaskTemplate.ContainerSpec.Secrets}}"
        try:
            given = json.loads(self._docker("service", "inspect", "--format", form, f"{house}_supervisor")) or []
            names = [one["SecretName"] for one in given if one["File"]["Name"].endswith("operator_token")]
            secrets = [f"--secret=source={name},target=operator_token,uid=1000,gid=1000,mode=0400" for name in names]
            options = ("--user", "1000:1000", "--network", survey.monitoring(source.label), *secrets)
            told = await self._on(source, "pause", [json.dumps(body)], options)
        except RuntimeTrouble as error:
            told = str(error)
        if isinstance(told, str):
            print(f"    its supervisor was not paused: {told}", file=sys.stderr, flush=True)

    async def _tell(self, node: Member, what: str, words: Sequence[str], *options: str) -> Mapping[str, Any]:
        told = await self._on(node, what, words, options)
        if isinstance(told, str):
            raise RuntimeTrouble(f"expected node {node.label} to {what}, found: {told}; the same command goes on")
        return told

    async def _on(
        self, node: Member, what: str, words: Sequence[str], options: Sequence[str]
    ) -> Mapping[str, Any] | str:
        name = f"{self._project}-move-{what}"
        task = tasks.Task(node, _TEXT, (what, *words), tuple(options))
        return _answer((await tasks.run(self._docker, {name: task}, self._clock))[name])

    def _member(self, label: str, there: Sequence[Member]) -> Member | None:
        return next((one for one in there if label and one.label == label), None)

    def _goal(self) -> Member:
        found = self._member(self._target, tasks.members(self._docker))
        if found is None:
            raise RuntimeTrouble(f"expected node {self._target}, found it gone; the same command goes on")
        return found

    def _hold(self) -> tuple[str, ...]:
        # Where the image has the folder, so that a new volume gets its owner.
        return ("--user", "1000:1000", "--mount", f"type=volume,source={self._project}_hold,target=/var/lib/hold")

    def _services(self) -> list[str]:
        label = f"label=com.docker.stack.namespace={self._project}"
        return self._docker("service", "ls", "--filter", label, "--format", "{{.Name}}").split()

    def _remove(self) -> None:
        """Its services; its network stays, since the old node's supervisor is on it."""
        if found := self._services():
            self._docker("service", "rm", *found)

    def _scale(self, service: str, number: int) -> None:
        if (name := f"{self._project}_{service}") in self._services():
            self._docker("service", "scale", "--detach", f"{name}={number}")


def _answer(told: tasks.Told) -> Mapping[str, Any] | str:
    """What a task says, or why it says nothing."""
    if told.trouble:
        return told.trouble
    answer: dict[str, Any] = json.loads(told.text)
    return str(answer["error"]) if "error" in answer else answer


def _socket(node: Member) -> tuple[str, ...]:
    return ("--user", "0:0", "--mount", f"type=bind,source={node.socket},target={on_node.SOCKET}")


def _mounts(volumes: Mapping[str, str], more: str = "") -> list[str]:
    return [
        word
        for key, name in volumes.items()
        for word in ("--mount", f"type=volume,source={name},target={on_node.VOLUMES / key}{more}")
    ]
