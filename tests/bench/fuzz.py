"""Spoilt requests at the readers, and at a live server with clients beside it that must not notice.

The readers are fuzzed in a process of their own. The server is a stand-in like any other; vandals greet it at every
server version, or not at all, and say what they like, while clients that behave ask and are answered all the time.
"""

import asyncio
import contextlib
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.clients.drivers import Ibapi
from tests.stand_in import StandIn
from tests.unit.simulator.caller import Caller
from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.spoil import VERSIONS, spoilt
from tws.frames import MAX_FRAME, encode_fields, frame

PATIENCE = 10.0
"""Seconds within which everybody is answered or cut off."""
_VANDALS = 4
_PACE = 0.2
"""Seconds between two questions of one of them."""


@dataclass
class Found:
    """What came of it."""

    read: int = 0
    """Inputs that the readers were given."""
    said: int = 0
    """Frames that the server was sent."""
    connections: int = 0
    closed: int = 0
    """Connections that the server ended."""
    waits: list[float] = field(default_factory=list)
    """Seconds until a client that behaves was answered."""
    memory: list[float] = field(default_factory=list)
    """MiB that the server has more than at first, each second."""


async def fuzz(seconds: int, seed: int) -> Found:
    """Do all of it for so long.

    Raises:
        AssertionError: something was neither read nor refused, the server stumbled, or a client noticed.
    """
    found = Found()
    with tempfile.TemporaryDirectory() as folder:
        environment = {"SIM_MAX_MESSAGES_PER_SECOND": "1000", "SIM_SERVER_VERSION": "223"}
        with contextlib.closing(StandIn(Path(folder), **environment)) as gateway:
            gateway.start()
            gateway.up()
            end = time.monotonic() + seconds
            async with asyncio.TaskGroup() as group:
                group.create_task(_readers(seconds, seed, Path(folder), found))
                group.create_task(_memory(gateway, end, found))
                for client_id, spared in enumerate((_raw, _ibapi, _ibapi), 1):
                    group.create_task(spared(gateway.api_port, client_id, end, found))
                for number in range(_VANDALS):
                    group.create_task(_vandal(gateway.api_port, 10 + number, Random(f"{seed} {number}"), end, found))
            assert gateway.metric("failures_total") == 0, _stumbles(gateway)
    return found


def _stumbles(gateway: StandIn) -> str:
    """Each traceback once."""
    _, *told = gateway.log.read_text(errors="replace").split("Traceback (most recent call last):\n")
    return "\n".join({re.sub(r"\d+$", "", one.rstrip()): one for one in told}.values())


async def _readers(seconds: int, seed: int, folder: Path, found: Found) -> None:
    command = (sys.executable, "-m", "tests.bench.fuzz_readers", str(seconds), str(seed), str(folder))
    with (folder / "readers.log").open("wb") as log:
        child = await asyncio.create_subprocess_exec("nice", *command, stdout=log, stderr=log)
        try:
            ended = await child.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
    text = (folder / "readers.log").read_text(errors="replace")
    crashes = [f"{path.name}: {path.read_bytes().hex()}" for path in folder.glob("*-*") if path.is_file()]
    assert ended == 0, "\n".join([text[-4000:], *crashes])
    found.read = int(text.split("number_of_executed_units:")[1].split()[0])


async def _memory(gateway: StandIn, end: float, found: Found) -> None:
    status = Path(f"/proc/{gateway.pid}/status")
    first = None
    while time.monotonic() < end:
        now = int(status.read_text().split("VmRSS:")[1].split()[0]) / 1024
        first = now if first is None else first
        found.memory.append(now - first)
        await asyncio.sleep(1)


# -- those that behave -------------------------------------------------------------------------------------------------


async def _raw(port: int, client_id: int, end: float, found: Found) -> None:
    """Text, at server version 200."""
    async with RawClient(port) as client:
        await client.start(client_id)
        while time.monotonic() < end:
            begun = time.perf_counter()
            client.send(9, 8, 9, 756733, *[""] * 6, "SMART", *[""] * 4, 0, "", "", "")
            heard = await client.until(lambda message: message[0] == "52", PATIENCE)
            assert [message[0] for message in heard] == ["10", "52"], heard
            found.waits.append(time.perf_counter() - begun)
            await asyncio.sleep(_PACE)


async def _ibapi(port: int, client_id: int, end: float, found: Found) -> None:
    """The real client, at the newest server version that it speaks."""
    driver = Ibapi()
    await asyncio.to_thread(driver.start, port, client_id)
    try:
        while time.monotonic() < end:
            begun = time.perf_counter()
            driver.events.clear()
            driver.ask("reqContractDetails", 9, driver.contract(conId=756733))
            await asyncio.to_thread(driver.wait, "contractDetailsEnd", 9)
            assert len(driver.heard("contractDetails", 9)) == 1
            found.waits.append(time.perf_counter() - begun)
            await asyncio.sleep(_PACE)
        assert driver.exceptions == []
        assert driver.errors() == []
    finally:
        await asyncio.to_thread(driver.stop)


# -- those that do not -------------------------------------------------------------------------------------------------


async def _vandal(port: int, client_id: int, random: Random, end: float, found: Found) -> None:
    """One connection after the other: much that is spoilt, and then a question that is not."""
    while time.monotonic() < end:
        found.connections += 1
        version = random.choice(VERSIONS)
        async with Caller(port, version) as caller:
            try:
                if random.random() < 0.15:
                    await random.choice(_RUDE)(random, caller)
                    continue
                await caller.start(client_id)
                for _ in range(random.randrange(1, 60)):
                    caller.send_bytes(frame(spoilt(random, version)))
                    found.said += 1
                await caller.asks_and_is_answered()
            except (EOFError, ConnectionError):
                found.closed += 1


async def _no_greeting(random: Random, caller: Caller) -> None:
    caller.send_bytes(random.randbytes(random.randrange(1, 200)))


async def _not_started(random: Random, caller: Caller) -> None:
    """Says what it likes before it has said who it is."""
    caller.send_bytes(frame(b"v100..223"))
    for _ in range(20):
        caller.send_bytes(frame(spoilt(random, 223)))


async def _far_too_long(random: Random, caller: Caller) -> None:
    caller.send_bytes(frame(b"v100..223") + random.randrange(MAX_FRAME + 1, 2**32).to_bytes(4) + random.randbytes(1000))
    assert await caller.is_cut_off()


async def _half_a_frame(random: Random, caller: Caller) -> None:
    """Up to as long as frames may be, and gone before it is whole."""
    caller.send_bytes(frame(b"v100..223") + MAX_FRAME.to_bytes(4) + bytes(random.choice((10, 100_000, MAX_FRAME // 2))))


async def _reads_nothing(random: Random, caller: Caller) -> None:
    """Asks for much and goes."""
    caller.send_bytes(frame(b"v100..200") + frame(encode_fields(71, 2, 999, "")))
    for number in range(200):
        caller.send_bytes(frame(encode_fields(78, number, "SPY", "", "STK", 756733)))


type _Rude = Callable[[Random, Caller], Awaitable[None]]
_RUDE: tuple[_Rude, ...] = (_no_greeting, _not_started, _far_too_long, _half_a_frame, _reads_nothing)
