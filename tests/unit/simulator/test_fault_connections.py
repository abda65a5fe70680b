"""Faults of connections, each seen from the socket: while it is on, and that it is not when it should not be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.unit.simulator.raw import RawClient

if TYPE_CHECKING:
    from tests.unit.simulator.run import Run


async def test_accept_and_close(run: Run) -> None:
    async with RawClient(run.server.port) as old:
        await old.start(1)
        await run.begin("accept-and-close")
        async with RawClient(run.server.port) as late:
            assert await late.closed()
        assert (await old.answer("8", "1", "1", end="9"))[0][0] == "9"
    await run.end("accept-and-close")
    async with RawClient(run.server.port) as late:
        await late.start()


async def test_accept_and_hang(run: Run) -> None:
    async with RawClient(run.server.port) as old:
        await old.start(1)
        await run.begin("accept-and-hang")
        async with RawClient(run.server.port) as late:
            late.send_bytes(b"API\0\0\0\0\x09v100..200")
            assert await late.silence()
            assert (await old.answer("8", "1", "1", end="9"))[0][0] == "9"
            await run.end("accept-and-hang")
            assert (await late.receive())[0] == "200"


async def test_handshake_only(run: Run) -> None:
    await run.begin("handshake-only")
    async with RawClient(run.server.port) as client:
        assert (await client.greet())[0] == "200"
        client.send("71", "2", 7, "")
        assert await client.silence()
        assert run.gateway.started() == []
    await run.end("handshake-only")
    async with RawClient(run.server.port) as client:
        await client.start()


async def test_no_managed_accounts(run: Run) -> None:
    await run.begin("no-managed-accounts", client=7)
    async with RawClient(run.server.port) as client:
        heard = await client.start(7)
        assert [message[0] for message in heard[:2]] == ["9", "4"]
        client.send("17", "1")
        assert await client.silence()
    async with RawClient(run.server.port) as other:
        assert (await other.start(8))[0][0] == "15"
    await run.end("no-managed-accounts")
    async with RawClient(run.server.port) as client:
        assert (await client.start(9))[0][0] == "15"


async def test_client_id_in_use(run: Run) -> None:
    await run.begin("client-id-in-use", client=1)
    async with RawClient(run.server.port) as client:
        await client.greet()
        client.send("71", "2", 1, "")
        assert (await client.receive())[2:4] == [
            "326",
            "Unable connect as the client id is already in use. Retry with a unique client id.",
        ]
        assert await client.closed()
    async with RawClient(run.server.port) as other:
        await other.start(2)
    await run.end("client-id-in-use")
    async with RawClient(run.server.port) as client:
        await client.start(1)


async def test_clients_full(run: Run) -> None:
    await run.begin("clients-full", room=1)
    async with RawClient(run.server.port) as first:
        await first.start(1)
        async with RawClient(run.server.port) as second:
            await second.greet()
            second.send("71", "2", 2, "")
            with pytest.raises(EOFError):
                await second.receive()
        await run.end("clients-full")
        async with RawClient(run.server.port) as second:
            await second.start(2)


async def test_the_gateway_takes_32_clients(run: Run) -> None:
    clients = [RawClient(run.server.port) for _ in range(33)]
    for number, client in enumerate(clients[:32]):
        await client.__aenter__()
        await client.start(number)
    async with clients[32] as last:
        await last.greet()
        last.send("71", "2", 32, "")
        assert await last.closed()
    for client in clients[:32]:
        await client.__aexit__(None, None, None)


async def test_reset(run: Run) -> None:
    async with RawClient(run.server.port) as hit, RawClient(run.server.port) as spared:
        await hit.start(1)
        await spared.start(2)
        await run.begin("reset", client=1)
        with pytest.raises(ConnectionResetError):
            await hit.receive()
        assert (await spared.answer("8", "1", "1", end="9"))[0][0] == "9"
    assert (await run.status())["faults"] == []


async def test_half_open_of_one_client(run: Run) -> None:
    async with RawClient(run.server.port) as hit, RawClient(run.server.port) as spared:
        await hit.start(1)
        await spared.start(2)
        await run.begin("half-open", client=1)
        hit.send("8", "1", "1")
        assert await hit.silence()
        assert (await spared.answer("8", "1", "1", end="9"))[0][0] == "9"


async def test_what_lives_in_the_jvm_ends_with_it(run: Run) -> None:
    await run.begin("accept-and-close")
    await run.begin("read-only")
    await run.command("RESTART")
    run.clock.turn(0.1)
    while run.server.is_open:
        await asyncio.sleep(0.001)
    run.clock.turn(1.0)
    while not run.server.is_open:
        await asyncio.sleep(0.001)
    assert (await run.status())["faults"] == ["read-only"]
    async with RawClient(run.server.port) as client:
        await client.start()
