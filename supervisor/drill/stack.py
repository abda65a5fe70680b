"""A drill's stack from outside: where it listens, what is done to it, and when that took effect.

All stamps are seconds of this machine's monotonic clock. The stand-in's containers and the drill run on one kernel, so
its own stamp of a fault is on that clock already; Docker's and the journal's wall-clock stamps are brought onto it.
"""

import asyncio
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from supervisor.drill.injections import Ask, Docker, Lift, Push, StandIn, Step, Wait, Who
from tws.clock import Clock

_CONTAINER_EVENTS = ("kill", "die", "start", "stop", "restart")


@dataclass(frozen=True, slots=True)
class Stack:
    """Where a stack listens (base URLs), its tenant, and the file with the operator's token."""

    tenant: str
    supervisor: str
    engine: str
    simulator: str
    api_port: int
    token_file: Path

    def container(self, role: str) -> str:
        """A container's name: the gateway's and the engine's are fixed, the others are compose's."""
        name = f"watchkeeper-{self.tenant}-{role}"
        return name if role in ("gateway", "engine") else f"{name}-1"


class Hands:
    """Takes steps."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient, clock: Clock) -> None:
        self._stack = stack
        self._client = client
        self._clock = clock

    async def take(self, steps: Sequence[Step]) -> float:
        """Take them all; the monotonic second at which the last one took effect.

        Raises:
            httpx.HTTPError: the stand-in or the supervisor refused one.
            subprocess.CalledProcessError: Docker refused one.
        """
        effective = self._clock.monotonic()
        for step in steps:
            effective = await self._take(step)
        return effective

    async def _take(self, step: Step) -> float:
        if isinstance(step, StandIn):
            body = dict(step.parameters)
            if step.who is not Who.EVERYBODY:
                body["client"] = await self._client_id(step.who)
            answer = await self._post(f"{self._stack.simulator}/api/v1/faults/{step.fault}", body)
            stamp = answer.json().get("effective_at_monotonic_ns")
            return stamp / 1e9 if stamp else self._clock.monotonic()
        if isinstance(step, Lift):
            url = f"{self._stack.simulator}/api/v1/faults/{step.fault}"
            (await self._client.delete(url)).raise_for_status()
        elif isinstance(step, Push):
            answer = await self._client.post(f"{self._stack.simulator}/api/v1/push", json={"answer": "approve"})
            if answer.status_code != httpx.codes.CONFLICT:  # nobody waits for it any more
                answer.raise_for_status()
        elif isinstance(step, Wait):
            await self._clock.sleep(step.seconds)
        elif isinstance(step, Ask):
            await self._post(f"{self._stack.supervisor}/api/v1/{step.path}", dict(step.body))
        else:
            await self._docker(step)
            if step.words == ("kill",):
                return await asyncio.to_thread(_died_at, self._stack.container(step.role), self._clock)
        return self._clock.monotonic()

    async def _docker(self, step: Docker) -> None:
        await asyncio.to_thread(docker, *step.words, self._stack.container(step.role), *step.inside)

    async def _post(self, url: str, body: dict[str, Any]) -> httpx.Response:
        """A service that was just restarted, or that says 409 since something is not ready yet, is given a moment."""
        token = self._stack.token_file.read_text().strip()
        for left in range(50, -1, -1):
            try:
                answer = await self._client.post(url, json=body, headers={"Authorization": f"Bearer {token}"})
                if answer.status_code != httpx.codes.CONFLICT or not left:
                    break
            except httpx.TransportError:
                if not left:
                    raise
            await self._clock.sleep(0.2)
        return answer.raise_for_status()

    async def _client_id(self, who: Who) -> int:
        if who is Who.ENGINE:
            answer = await self._client.get(f"{self._stack.engine}/api/v1/status")
            return int(answer.json()["connection"]["client_id"])
        answer = await self._client.get(f"{self._stack.supervisor}/api/v1/status")
        return int(answer.json()["tenants"][0]["gateway"]["client_id"])


def docker(*arguments: str) -> str:
    """What `docker <arguments>` said. Raises: subprocess.CalledProcessError."""
    command = ["docker", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def logs(container: str, lines: int) -> str:
    """The last lines of what a container said, on either stream."""
    command = ["docker", "logs", "--timestamps", "--tail", str(lines), container]
    return subprocess.run(  # noqa: S603
        command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ).stdout


def monotonic_of(wall: float, clock: Clock) -> float:
    """Bring an epoch second onto the monotonic clock, as the two stand to each other now."""
    return wall - clock.now().timestamp() + clock.monotonic()


def epoch(stamp: str) -> float:
    """An ISO 8601 stamp with its zone as an epoch second; Docker's nanoseconds are cut to microseconds."""
    whole, _, rest = stamp.removesuffix("Z").partition(".")
    fraction = rest.split("+")[0][:6]
    zone = "+00:00" if stamp.endswith("Z") else stamp[len(whole) + 1 + len(rest.split("+")[0]) :]
    return datetime.fromisoformat(f"{whole}.{fraction or '0'}{zone or '+00:00'}").timestamp()


def _died_at(container: str, clock: Clock) -> float:
    return monotonic_of(epoch(docker("inspect", "--format", "{{.State.FinishedAt}}", container).strip()), clock)


def container_events(containers: Sequence[str], since: float, clock: Clock) -> list[tuple[float, str, str]]:
    """What Docker did to them since that monotonic second: its own stamp, the container, the word."""
    now = clock.now().timestamp()
    began = now - (clock.monotonic() - since)
    asked = ["events", "--since", f"{began:.3f}", "--until", f"{now:.3f}", "--format", "{{json .}}"]
    for container in containers:
        asked += ["--filter", f"container={container}"]
    rows = [json.loads(line) for line in docker(*asked).splitlines()]
    return [
        (monotonic_of(row["timeNano"] / 1e9, clock), row["Actor"]["Attributes"]["name"], row["Action"])
        for row in rows
        if row["Action"] in _CONTAINER_EVENTS
    ]
