"""What a halt remembers, and of whom."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from engine.clock import SystemClock
from engine.entries import EntryGate
from engine.gate import OrderGate
from engine.halt import Halt
from engine.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Redis:
    """Keeps one value, and speaks just enough of the protocol for it."""

    def __init__(self) -> None:
        self.value: bytes | None = None
        self.well = True
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (line := await reader.readline()).startswith(b"*"):
            words = []
            for _ in range(int(line[1:])):
                words.append(await reader.readexactly(int((await reader.readline())[1:])))
                await reader.readexactly(2)
            writer.write(self.answer(words) if self.well else b"-READONLY no\r\n")
        writer.close()

    def answer(self, words: list[bytes]) -> bytes:
        if words[0] == b"GET":
            return b"$-1\r\n" if self.value is None else b"$%d\r\n%s\r\n" % (len(self.value), self.value)
        if words[0] == b"SET":
            self.value = words[2]
            return b"+OK\r\n"
        self.value = None
        return b":1\r\n"


@asynccontextmanager
async def redis() -> AsyncIterator[Redis]:
    made = Redis()
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


def process(port: int | None) -> tuple[Halt, EntryGate]:
    """What a new process of the engine would begin with."""
    host = {"redis_host": "127.0.0.1", "redis_port": port} if port is not None else {}
    words = EntryGate(trading=True, settled=True)
    return Halt(Settings(ib_account="DUSIM0001", **host), words, SystemClock()), words  # type: ignore[arg-type]


async def test_a_persons_halt_is_found_by_the_next_process_until_a_person_lifts_it() -> None:
    async with redis() as server:
        first, _ = process(server.port)
        answer = await first.halt("I do not like this", lasting=True)
        assert (answer["halted"], answer["outlives_restart"]) == (True, True)
        second, words = process(server.port)
        assert await second.recall() is None
        assert words.closed_because() == "halted: I do not like this"
        assert (await second.lift())["halted"] is False
        assert words.open()
        third, words = process(server.port)
        assert await third.recall() is None
        assert words.open()


async def test_the_supervisors_halt_ends_with_the_process() -> None:
    async with redis() as server:
        first, words = process(server.port)
        assert (await first.halt("wrong account", lasting=False))["outlives_restart"] is False
        assert words.halted
        second, words = process(server.port)
        assert await second.recall() is None
        assert not words.halted


@pytest.mark.parametrize("there", [True, False])
async def test_a_halt_that_cannot_be_remembered_holds_all_the_same_and_says_so(there: bool) -> None:
    async with redis() as server:
        server.well = False
        halt, words = process(server.port if there else None)
        answer = await halt.halt("now", lasting=True)
        assert words.halted
        assert answer["outlives_restart"] is False
        assert "a restart of the engine would lift it" in answer["sentence"]


async def test_a_halt_that_cannot_be_forgotten_stays() -> None:
    async with redis() as server:
        halt, words = process(server.port)
        await halt.halt("now", lasting=True)
        server.well = False
        answer = await halt.lift()
        assert answer["halted"] is True
        assert "READONLY" in answer["sentence"]
        assert words.halted


async def test_a_start_waits_for_a_redis_that_cannot_say() -> None:
    async with redis() as server:
        server.well = False
        halt, _ = process(server.port)
        assert "READONLY" in (await halt.recall() or "")


@pytest.mark.parametrize(("leaves", "on_their_way"), [(True, 0), (False, 2)])
async def test_the_answer_waits_for_what_pacing_holds_back_and_says_what_is_left(
    leaves: bool, on_their_way: int
) -> None:
    waiting = [2]

    def on_wire() -> int:
        waiting[0] -= 1 if leaves and waiting[0] else 0
        return waiting[0]

    engine = SimpleNamespace(execute=lambda _: None, cmd_qsize=lambda: 0)
    bus = SimpleNamespace(deregister=lambda *_: None, register=lambda *_: None)
    none = SimpleNamespace(positions_open=list, orders=list)
    halt, words = process(None)
    halt.orders = OrderGate(SimpleNamespace(exec_engine=engine, msgbus=bus, cache=none), words)
    halt.on_wire = on_wire
    answer = await halt.halt("now", lasting=False)
    assert answer["on_their_way"] == on_their_way
