"""A stand-in in a test's own process, with its control port and command server at hand."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

from gateway.simulator.api.pulse import Pulse
from gateway.simulator.api.server import ApiServer
from gateway.simulator.control import Control
from gateway.simulator.faults import Faults
from gateway.simulator.lifecycle import Lifecycle
from tests.unit.simulator.rig import SPY, HandClock, make_gateway, ticket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.simulator.api.gateway import Gateway


@asynccontextmanager
async def serving(state: Path, clock: HandClock, **env: str) -> AsyncIterator[tuple[Gateway, ApiServer]]:
    """A gateway whose API is open, on a record in that folder."""
    gateway, store = make_gateway(state, clock, **env)
    server = ApiServer(gateway)
    try:
        await server.open()
        yield gateway, server
    finally:
        await server.close()
        store.close()


class Run:
    """A stand-in in this process, with its control application at hand."""

    def __init__(
        self, gateway: Gateway, lifecycle: Lifecycle, server: ApiServer, faults: Faults, clock: HandClock
    ) -> None:
        self.gateway = gateway
        self.clock = clock
        self.lifecycle = lifecycle
        self.server = server
        self.faults = faults
        self.app = Control(gateway, lifecycle, faults).app()
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://localhost")

    async def begin(self, name: str, **parameters: Any) -> None:
        answer = await self.http.post(f"/api/v1/faults/{name}", json=parameters or None)
        assert answer.json().get("fault") == name, answer.text
        assert answer.json()["effective_at_monotonic_ns"] > 0

    async def end(self, name: str) -> None:
        assert (await self.http.delete(f"/api/v1/faults/{name}")).status_code == 200

    async def status(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get("/api/v1/status")).json()
        return found

    async def command(self, line: str) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.lifecycle.command_port)
        writer.write(f"{line}\n".encode())
        reply = (await reader.readline()).decode().rstrip("\n")
        writer.close()
        return reply

    def place(self, client_id: int, order_id: int, **changes: Any) -> None:
        """Place an order as that client."""
        self.gateway.tell(self.gateway.broker.place(client_id, order_id, ticket(**({"con_id": SPY} | changes))))

    async def beat(self, times: int = 1) -> None:
        """Let the world go on by so many steps."""
        for _ in range(times):
            self.clock.turn(0.25)
            Pulse(self.gateway).beat()
            await asyncio.sleep(0.003)


@asynccontextmanager
async def standing(state: Path, clock: HandClock) -> AsyncIterator[Run]:
    """One that serves, on a record in that folder."""
    gateway, store = make_gateway(state, clock, SIM_SERVER_VERSION="223")
    server = ApiServer(gateway)
    lifecycle = Lifecycle(gateway, server, store)
    faults = Faults(gateway, server, lifecycle)
    await lifecycle.start()
    run = Run(gateway, lifecycle, server, faults, clock)
    try:
        yield run
    finally:
        faults.end_all()
        await run.http.aclose()
        await lifecycle.close()
        store.close()
