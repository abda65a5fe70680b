"""A drill's stack from outside: where it listens, what is done to it, and when that took effect.

All stamps are seconds of this machine's monotonic clock. The stand-in's containers and the drill run on one kernel, so
its own stamp of a fault is on that clock already; Docker's and the journal's wall-clock stamps are brought onto it.
"""

import asyncio
import contextlib
import json
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from supervisor.drill.injections import (
    Ask,
    AtStart,
    CancelExits,
    CancelOf,
    Docker,
    Enter,
    Held,
    Hit,
    Lift,
    Push,
    Said,
    StandIn,
    Step,
    Wait,
    Who,
)
from tws.clock import Clock

OVER = {"Filled", "Cancelled", "ApiCancelled", "Inactive"}
"""The broker's words for an order that does not work any more."""

FAULT_FILES = Path(__file__).resolve().parents[2] / "var" / "drills" / "files"
"""A directory a tenant, which its stand-in reads at each start."""
FAULT_FILE = "faults.json"

_LAUNCHER_LOG = "/home/ibgateway/state/launcher.log"
_SPY = 756733
"""Shares of SPY, which the stand-in trades at any hour."""
_ENGINES_BAND = range(1, 6)
"""The client ids that its adapter may come with."""
_PATIENCE_SECONDS = 120.0
"""Longer than the reference strategy's rest and a trade of its."""
_LOOK_SECONDS = 0.1
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
            effective = await self._take(step, effective)
        return effective

    async def _take(self, step: Step, before: float) -> float:
        if isinstance(step, StandIn):
            return await self._begin(step)
        if isinstance(step, Lift):
            url = f"{self._stack.simulator}/api/v1/faults/{step.fault}"
            (await self._client.delete(url)).raise_for_status()
        elif isinstance(step, AtStart):
            begin_with(self._stack.tenant, step.faults)
        elif isinstance(step, Push):
            answer = await self._client.post(f"{self._stack.simulator}/api/v1/push", json={"answer": "approve"})
            if answer.status_code != httpx.codes.CONFLICT:  # nobody waits for it any more
                answer.raise_for_status()
        elif isinstance(step, Wait):
            await self._clock.sleep(step.seconds)
        elif isinstance(step, Ask):
            await self._post(f"{self._stack.supervisor}/api/v1/{step.path}", dict(step.body))
        elif isinstance(step, Said):
            return await self._said(step.words, before)
        elif isinstance(step, Hit):
            return await self._hit(step.fault)
        elif isinstance(step, Held):
            await self._until(self._holds)
        elif isinstance(step, Enter):
            await self._enter(step)
        elif isinstance(step, CancelExits | CancelOf):
            await self._cancel(step)
        else:
            await self._docker(step)
            if step.words == ("kill",):
                return await asyncio.to_thread(_died_at, self._stack.container(step.role), self._clock)
        return self._clock.monotonic()

    async def _begin(self, step: StandIn) -> float:
        effective = self._clock.monotonic()
        for only in await self._only(step.who):
            answer = await self._post(
                f"{self._stack.simulator}/api/v1/faults/{step.fault}", {**step.parameters, **only}
            )
            stamp = answer.json().get("effective_at_monotonic_ns")
            effective = stamp / 1e9 if stamp else self._clock.monotonic()
        return effective

    async def _only(self, who: Who) -> list[dict[str, int]]:
        """Whom a fault hits, as the stand-in takes it: once for each."""
        if who is Who.EVERYBODY:
            return [{}]
        ids = _ENGINES_BAND if who is Who.ENGINE_ANEW else [await self._client_id(who)]
        return [{"client": one} for one in ids]

    async def _hit(self, fault: str) -> float:
        async def hit() -> float | None:
            answer = await self._client.get(f"{self._stack.simulator}/api/v1/faults")
            stamps = [case["hit_at_monotonic_ns"] for case in answer.json()["cases"] if case["name"] == fault]
            return min((stamp / 1e9 for stamp in stamps if stamp is not None), default=None)

        return await self._until(hit)

    async def _said(self, words: str, since: float) -> float:
        async def said() -> float | None:
            with contextlib.suppress(subprocess.CalledProcessError):  # it does not run just now
                asked = ("exec", self._stack.container("gateway"), "tail", "-n", "100", _LAUNCHER_LOG)
                lines = (await asyncio.to_thread(docker, *asked)).splitlines()
                # The drill's gateway keeps UTC.
                stamps = [epoch(f"{line[:10]}T{line[11:23]}Z") for line in lines if words in line]
                told = monotonic_of(stamps[-1], self._clock) if stamps else since
                return told if told > since else None
            return None

        return await self._until(said)

    async def _holds(self) -> bool | None:
        return bool((await self._client.get(f"{self._stack.engine}/api/v1/status")).json()["positions"]) or None

    async def _until[Found](self, look: Callable[[], Awaitable[Found | None]]) -> Found:
        """What is looked for, once it is there. Raises: TimeoutError."""
        deadline = self._clock.monotonic() + _PATIENCE_SECONDS
        while (found := await look()) is None:
            if self._clock.monotonic() > deadline:
                what = "the engine to trade, or the gateway's log to say so"
                raise TimeoutError(f"expected {what}, found that it has not in {_PATIENCE_SECONDS:g} s")
            await self._clock.sleep(_LOOK_SECONDS)
        return found

    async def _enter(self, step: Enter) -> None:
        body = {"con_id": _SPY, "action": step.action, "quantity": 1, "client_id": step.client_id}
        if step.limit_price is not None:
            body["limit_price"] = step.limit_price
        await self._post(f"{self._stack.simulator}/api/v1/orders", body)

    async def _cancel(self, step: CancelExits | CancelOf) -> None:
        book = (await self._client.get(f"{self._stack.simulator}/api/v1/book")).json()
        for order in book["orders"]:
            if order["status"] not in OVER and _is_meant(order, step, book["positions"]):
                url = f"{self._stack.simulator}/api/v1/orders/{order['perm_id']}"
                answer = await self._client.delete(url)
                if answer.status_code != httpx.codes.CONFLICT:  # one of its group went before it
                    answer.raise_for_status()

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


def _is_meant(order: dict[str, Any], step: CancelExits | CancelOf, positions: Sequence[dict[str, Any]]) -> bool:
    if isinstance(step, CancelOf):
        return bool(order["client_id"] == step.client_id)
    closing = {(row["con_id"], "SELL" if row["quantity"] > 0 else "BUY") for row in positions}
    return (order["con_id"], order["action"]) in closing


def begin_with(tenant: str, faults: Sequence[StandIn]) -> None:
    """Write the file of faults that the tenant's stand-in begins with."""
    directory = FAULT_FILES / tenant
    directory.mkdir(parents=True, exist_ok=True)
    rows = [{"name": fault.fault, **fault.parameters} for fault in faults]
    (directory / FAULT_FILE).write_text(json.dumps({"fault": rows}) + "\n")


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
