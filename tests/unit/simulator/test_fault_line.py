"""Faults of bytes: late, in drops, in an unlucky length, nonsense; and the rate of messages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.api.rate import Rejection, Verdict
from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.run import serving
from tws.frames import FrameReader, decode_fields

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.simulator.rig import HandClock
    from tests.unit.simulator.run import Run


async def test_slow(run: Run) -> None:
    async with RawClient(run.server.port) as client, RawClient(run.server.port) as spared:
        await client.start(1)
        await spared.start(2)
        await run.begin("slow", latency=3.0, jitter=1.0, seed=5, client=1)
        client.send("8", "1", "1")
        assert await client.silence()
        assert (await spared.answer("8", "1", "1", end="9"))[0][0] == "9"
        run.clock.turn(2.9)
        assert await client.silence()
        run.clock.turn(1.2)
        assert (await client.receive())[0] == "9"
        await run.end("slow")
        assert (await client.answer("8", "1", "1", end="9"))[0][0] == "9"


async def test_what_is_slow_keeps_its_order(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("slow", latency=0.0, jitter=5.0)
        for kind in ("8", "17") * 10:
            client.send(kind, "1", "1")
            await asyncio.sleep(0.002)
        run.clock.turn(5)
        heard = [(await client.receive())[0] for _ in range(20)]
        assert heard == ["9", "15"] * 10


async def test_trickle(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("trickle", size=3, pause=1.0)
        before = run.gateway.tally.messages_out
        client.send("8", "1", "1")
        while run.gateway.tally.messages_out == before:
            await asyncio.sleep(0.001)
        reader = client.reader
        pieces: list[bytes] = []
        while sum(map(len, pieces)) < 10:
            run.clock.turn(1.0)
            pieces.append(await asyncio.wait_for(reader.read(100), 5))
        assert [len(piece) for piece in pieces] == [3, 3, 3, 1]
        assert b"".join(pieces) == b"\0\0\0\x069\x001\x001\0"
        await run.end("trickle")
        client.send("8", "1", "1")
        assert len(await asyncio.wait_for(reader.read(100), 5)) == 10


async def test_a_burst_is_a_multiple_of_4096_bytes_and_then_silence(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("burst", pause=2.0)
        client.send("8", "1", "1")
        data = b""
        while len(data) < 4096:
            data += await asyncio.wait_for(client.reader.read(65536), 5)
        assert len(data) == 4096
        heard = [decode_fields(payload) for payload in FrameReader().feed(data)]
        assert [message[0] for message in heard] == ["9", "4"]
        assert heard[1][3].rstrip() == "Sec-def data farm connection is OK:secdefnj"
        client.send("8", "1", "1")
        assert await client.silence()
        run.clock.turn(2.1)
        assert (await client.receive())[0] == "9"
        await client.receive()
        run.clock.turn(2.1)
        await run.end("burst")
        client.send("8", "1", "1")
        assert len(await asyncio.wait_for(client.reader.read(65536), 5)) == 10


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("no-number", b"\0\0\0\x08nonsense"),
        ("unknown-id", b"\0\0\0\x069999\0\0"),
        ("no-fields", b"\0\0\0\0"),
        ("half-a-message", b"\0\0\0\x045\x001\x00"),
        ("not-utf-8", b"\0\0\0\x0f4\x00-1\x002104\x00\xff\xfe\xfd\x00\x00"),
        ("too-long", b"\x01\0\0\0"),
    ],
)
async def test_undecodable_frame(run: Run, kind: str, data: bytes) -> None:
    async with RawClient(run.server.port) as client, RawClient(run.server.port) as spared:
        await client.start(1)
        await spared.start(2)
        await run.begin("undecodable-frame", kind=kind, client=1)
        assert await asyncio.wait_for(client.reader.read(100), 5) == data
        assert int.from_bytes(data[:4]) == len(data) - 4 or kind == "too-long"
        assert await spared.silence()
    assert (await run.status())["faults"] == []


# -- the rate of messages ----------------------------------------------------------------------------------------------


async def test_too_many_messages_are_refused_and_the_third_time_is_the_last(tmp_path: Path, clock: HandClock) -> None:
    async with serving(tmp_path, clock, SIM_REJECT_OVER_RATE="yes") as (_, server), RawClient(server.port) as client:
        await client.start()
        clock.turn(5)
        for breach in (1, 2, 3):
            for _ in range(60):
                client.send("8", "1", "1")
            heard = [await client.receive() for _ in range(51)]
            warnings = [message[2:4] for message in heard if message[0] == "4"]
            assert warnings == [["0", "Warning: Approaching max rate of 50 messages per second (45)"]]
            assert await client.silence()
            clock.turn(1.1)
            refusal = await client.receive()
            text = f"Max rate of messages per second has been exceeded:max=50 rec=60 ({breach})"
            assert refusal[1:4] == ["-1", "100", text]
        assert await client.closed()


@pytest.mark.parametrize(("versions", "setting"), [("v100..200 +PACEAPI", "yes"), ("v100..200", "no")])
async def test_otherwise_they_are_read_later(tmp_path: Path, clock: HandClock, versions: str, setting: str) -> None:
    async with (
        serving(tmp_path, clock, SIM_REJECT_OVER_RATE=setting) as (_, server),
        RawClient(server.port, versions) as client,
    ):
        await client.start()
        clock.turn(5)
        for _ in range(60):
            client.send("8", "1", "1")
        for _ in range(50):
            assert (await client.receive())[0] == "9"
        assert await client.silence()
        clock.turn(0.21)
        for _ in range(10):
            assert (await client.receive())[0] == "9"


@given(st.lists(st.floats(0, 0.5), max_size=300), st.integers(1, 20))
def test_never_more_than_the_rate_in_a_window_is_taken(gaps: list[float], rate: int) -> None:
    rejection, now = Rejection(), 0.0
    taken: dict[float, int] = {}
    for gap in gaps:
        now += gap
        if rejection.take(now, rate) in (Verdict.TAKEN, Verdict.NEAR):
            taken[rejection.opened] = taken.get(rejection.opened, 0) + 1
    assert all(count <= rate for count in taken.values())


async def test_message_rate(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("message-rate", rate=2)
        for _ in range(4):
            client.send("8", "1", "1")
        heard = [(await client.receive())[0] for _ in range(2)]
        assert heard == ["9", "9"]
        assert await client.silence()
        run.clock.turn(1.0)
        assert [(await client.receive())[0] for _ in range(2)] == ["9", "9"]
        await run.end("message-rate")
        run.clock.turn(1.0)
        for _ in range(40):
            client.send("8", "1", "1")
        assert [(await client.receive())[0] for _ in range(40)] == ["9"] * 40
