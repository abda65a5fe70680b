"""The handshake tells refused, closed, silent and foreign apart; tests/e2e holds a real socat to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from tws.errors import GatewayClosed, GatewayRefused, GatewaySilent, NameUnresolved, ProtocolError
from tws.frames import encode_fields, frame
from tws.handshake import HELLO, probe

type Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    """A server on loopback for one answer; gives its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await handler(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_gateway_answers() -> None:
    async def gateway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(len(HELLO)) == HELLO
        answer = frame(encode_fields(200, "20260405 23:49:26 Central European Standard Time"))
        writer.write(answer[:7])
        await writer.drain()
        writer.write(answer[7:])
        await reader.read()

    async with serving(gateway) as port:
        greeting = await probe("127.0.0.1", port, timeout=5)
    assert greeting.server_version == 200
    assert greeting.time.zone_text == "Central European Standard Time"
    assert 0 < greeting.seconds < 5


async def test_nothing_listens(unused_tcp_port: int) -> None:
    with pytest.raises(GatewayRefused, match="is the gateway running"):
        await probe("127.0.0.1", unused_tcp_port, timeout=5)


async def test_a_name_that_means_nothing_is_our_own_trouble() -> None:
    with pytest.raises(NameUnresolved, match="DNS"):
        await probe("gateway.invalid", 4002, timeout=5)


async def test_closed_without_an_answer() -> None:
    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)

    async with serving(hangs_up) as port:
        with pytest.raises(GatewayClosed):
            await probe("127.0.0.1", port, timeout=5)


async def test_silence() -> None:
    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(hangs) as port:
        with pytest.raises(GatewaySilent, match=r"within 0\.2 s"):
            await probe("127.0.0.1", port, timeout=0.2)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", frame(b"x\0y\0"), frame(b"200\0"), frame(b"200\0never\0")]
)
async def test_something_else_answers(answer: bytes) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await reader.read()

    async with serving(other) as port:
        with pytest.raises(ProtocolError):
            await probe("127.0.0.1", port, timeout=5)
