"""One drill: wait until all is well, break something at a random moment, and watch from outside."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from supervisor.drill.injections import INJECTIONS, Stack
from supervisor.drill.report import Run, agree
from tws.clock import Clock

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 400.0
"""Longer than a start deadline (300 s) and the ladder's waits before it."""

_AGREEMENT_SECONDS = 10.0


class Drill:
    """One drill on one stack."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient, clock: Clock, seed: int, server_version: int) -> None:
        self._stack = stack
        self._client = client
        self._clock = clock
        self._server_version = server_version
        self._random = random.Random(seed)  # noqa: S311 (a phase, not a secret)

    async def run(self, fault: str, *, phase: float) -> Run:
        """Inject `fault` once, at a random moment within `phase` seconds, and watch the recovery to its end."""
        await self._until(self._all_well, PATIENCE_SECONDS)
        known = {incident["id"] for incident in await self._incidents()}
        await self._clock.sleep(self._random.uniform(0, phase))
        await INJECTIONS[fault](self._stack, self._client)
        start = self._clock.monotonic()

        detected = acted = ready = trading = None
        while trading is None and self._clock.monotonic() - start < PATIENCE_SECONDS:
            told = [incident for incident in await self._incidents() if incident["id"] not in known]
            new = [incident for incident in told if not incident["standing"]]
            tenant = await self._tenant()
            now = self._clock.monotonic() - start  # after the answers: never earlier than they could be known
            if detected is None and new:
                detected = now
            if acted is None and any(incident["actions"] for incident in new):
                acted = now
            if ready is None and detected is not None and tenant["gateway"]["state"] == "READY":
                ready = now
            closed = all(incident["outcome"] != "open" for incident in new)
            if ready is not None and closed and tenant["engine"]["state"] == "TRADING":
                trading = now
            await self._clock.sleep(POLL_SECONDS)
        agrees = trading is not None and await self._until(self._books_agree, _AGREEMENT_SECONDS)
        return Run(
            fault, self._server_version, detected, acted, ready, trading, censored=trading is None, agrees=agrees
        )

    async def _until(self, condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
        deadline = self._clock.monotonic() + seconds
        while not await condition():
            if self._clock.monotonic() > deadline:
                return False
            await self._clock.sleep(0.2)
        return True

    async def _all_well(self) -> bool:
        tenant = await self._tenant()
        return (
            tenant["gateway"]["state"] == "READY"
            and tenant["engine"]["state"] == "TRADING"
            and tenant["incident"] is None
        )

    async def _tenant(self) -> dict[str, Any]:
        answer = await self._client.get(f"{self._stack.supervisor}/api/v1/status")
        tenant: dict[str, Any] = answer.json()["tenants"][0]
        return tenant

    async def _incidents(self) -> list[dict[str, Any]]:
        answer = await self._client.get(f"{self._stack.supervisor}/api/v1/incidents")
        incidents: list[dict[str, Any]] = answer.json()
        return incidents

    async def _books_agree(self) -> bool:
        book = (await self._client.get(f"{self._stack.simulator}/api/v1/book")).json()
        engine = (await self._client.get(f"{self._stack.engine}/api/v1/status")).json()
        return agree(book, engine)
