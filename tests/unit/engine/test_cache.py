"""Asking Redis before Nautilus does."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from engine import cache, run
from engine.settings import Settings
from supervisor.faults import CACHE_DOWN
from supervisor.policy import Policy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@asynccontextmanager
async def redis(answer: Callable[[bytes], bytes]) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(answer(data))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def settings(port: int, **more: str) -> Settings:
    return Settings(ib_account="DUSIM0001", redis_host="127.0.0.1", redis_port=port, **more)  # type: ignore[arg-type]


async def test_a_pong_is_enough() -> None:
    async with redis(lambda _: b"+PONG\r\n") as port:
        assert await cache.answers(settings(port)) is None


async def test_the_password_is_sent_for_the_user() -> None:
    heard: list[bytes] = []

    def answer(data: bytes) -> bytes:
        heard.append(data)
        return b"+OK\r\n" if b"AUTH" in data else b"+PONG\r\n"

    async with redis(answer) as port:
        assert await cache.answers(settings(port, redis_username="engine", redis_password="p w")) is None
    assert heard[0] == b"*3\r\n$4\r\nAUTH\r\n$6\r\nengine\r\n$3\r\np w\r\n"


async def test_a_refused_password_names_the_user_and_not_the_password() -> None:
    async with redis(lambda _: b"-WRONGPASS no\r\n") as port:
        said = await cache.answers(settings(port, redis_username="engine", redis_password="hush"))
    assert said is not None
    assert "engine" in said
    assert "hush" not in said


async def test_redis_that_loads_its_data_is_not_there_yet() -> None:
    async with redis(lambda _: b"-LOADING Redis is loading the dataset in memory\r\n") as port:
        said = await cache.answers(settings(port))
    assert said is not None
    assert "LOADING" in said


async def test_nobody_there_and_nobody_answering_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        assert "within 0.1 s" in (await cache.answers(settings(port), timeout=0.1) or "")
    assert "cannot be reached" in (await cache.answers(settings(port)) or "")


async def test_an_answer_in_pieces_is_put_together() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        for piece in (b"$11\r\nwait, ", b"there\r", b"\n"):
            writer.write(piece)
            await asyncio.sleep(0.01)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        assert await cache.ask(settings(server.sockets[0].getsockname()[1]), "GET", "why") == ("wait, there", None)


async def test_what_is_not_there_is_an_empty_answer_and_no_trouble() -> None:
    async with redis(lambda _: b"$-1\r\n") as port:
        assert await cache.ask(settings(port), "GET", "why") == ("", None)


async def test_a_web_server_on_its_port_is_no_redis() -> None:
    async with redis(lambda _: b"HTTP/1.1 400 Bad Request\r\n") as port:
        assert "no Redis" in (await cache.answers(settings(port)) or "")


async def test_a_connection_that_it_closes_is_told() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        said = await cache.answers(settings(server.sockets[0].getsockname()[1]))
    assert said is not None
    assert "closed the connection" in said


async def test_expired_instruments_are_deleted_under_nautilus_own_keys() -> None:
    heard: list[bytes] = []

    def answer(data: bytes) -> bytes:
        heard.append(data)
        return b":2\r\n"

    async with redis(answer) as port:
        await cache.forget_instruments(settings(port), ["A.X", "B.X"])
    assert b"DEL" in heard[0]
    assert b"trader-WATCHKEEPER-001:instruments:A.X\r\n" in heard[0]
    assert b"trader-WATCHKEEPER-001:instruments:B.X\r\n" in heard[0]


async def test_without_redis_nothing_is_deleted() -> None:
    await cache.forget_instruments(Settings(ib_account="DUSIM0001"), ["A.X"])


def test_its_silence_is_told_within_the_bound_of_its_fault() -> None:
    told = run.CACHE_CHECK_SECONDS + run.CACHE_ANSWER_SECONDS
    assert told + Policy().heart_interval + CACHE_DOWN.patience < (CACHE_DOWN.seen or 0.0)
