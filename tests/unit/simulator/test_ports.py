"""The ports that clients and IBC's users come to, and that none is left open."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from gateway.simulator.api.server import ApiServer
from gateway.simulator.command_server import CommandServer, Reply
from tests.unit.simulator.rig import HandClock, make_gateway

if TYPE_CHECKING:
    from pathlib import Path


async def cut_short(server: ApiServer | CommandServer, turns: int) -> bool:
    """Open it, cancel that after so many turns of the event loop and close; whether it was open by then."""
    opening = asyncio.create_task(server.open())
    for _ in range(turns):
        await asyncio.sleep(0)
    opened = opening.done()
    opening.cancel()
    await asyncio.wait([opening])
    await server.close()
    return opened


@pytest.mark.parametrize("which", ["api", "command"])
async def test_cancelled_at_any_moment_of_its_opening_it_can_be_closed(
    which: str, tmp_path: Path, clock: HandClock, unused_tcp_port: int
) -> None:
    gateway, store = make_gateway(tmp_path, clock, SIM_API_PORT=str(unused_tcp_port))
    turns, opened = 0, False
    with contextlib.closing(store):
        while not opened:
            server = ApiServer(gateway) if which == "api" else CommandServer(unused_tcp_port, lambda line: Reply(()))
            opened = await cut_short(server, turns)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", unused_tcp_port)
            turns += 1
    assert turns > 1
