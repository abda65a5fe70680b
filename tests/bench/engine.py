"""`python -m tests.bench engine`: the engine's own numbers, real processes on loopback at server versions 200 and 223.

Start to ready with some 200 contracts, the resync, how long a tick takes to a strategy, how many ticks a second the
adapter takes at most, and the memory over a trading day's number of ticks.
"""

import asyncio
import contextlib
import json
import tempfile
import time
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path

from tests.bench.feed import FIRST, Feed
from tests.engine.rig import Engine, Supervisor
from tests.stand_in import StandIn, wait_for

VERSIONS = ("200", "223")
RATES = (100, 500, 1000, 2000, 3000, 4000)
STEP_SECONDS = 5.0
FLOOD, FLOOD_SECONDS = 16_000, 4.0
"""More than the adapter takes, and for how long."""
CONTRACTS = 200
KEPT = 500
"""Samples written of each rate."""
DAY_RATE = 2000
"""Ticks a second of the memory's day: in ten minutes 1.2 million, 50 a second over six hours and a half."""

type Tell = Callable[[str, str, list[float]], None]


def ready(engine: Engine) -> bool:
    return engine.get("/readyz").status_code == 200


def loaded(engine: Engine) -> bool:
    return engine.status()["chain"]["load_seconds"] is not None


@contextlib.contextmanager
def place(version: str, **world: str) -> Iterator[tuple[Path, StandIn, Supervisor]]:
    """A folder, the stand-in, and somebody who grants clearance."""
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(Supervisor()) as supervisor,
        contextlib.closing(StandIn(Path(folder), SIM_SERVER_VERSION=version, **world)) as gateway,
    ):
        gateway.start()
        gateway.up(120)
        yield Path(folder), gateway, supervisor


def starts(tell: Tell, version: str, count: int, profile: str) -> None:
    """From the process's start to /readyz, and to the whole chain."""
    to_ready, to_chain, chains = [], [], []
    with place(version, SIM_PROFILE=profile) as (folder, gateway, supervisor):
        for _ in range(count):
            with contextlib.closing(Engine(folder, gateway, supervisor.url, STRATEGY="none")) as engine:
                begun = time.monotonic()
                engine.start()
                wait_for(partial(ready, engine), 120, engine.tail)
                to_ready.append(time.monotonic() - begun)
                wait_for(partial(loaded, engine), 60, engine.tail)
                to_chain.append(time.monotonic() - begun)
                chain = engine.status()["chain"]
                assert chain["loaded"] >= CONTRACTS, chain
                chains.append(chain["load_seconds"])
                engine.terminate(20)
    what = f"at {version}, {profile} profile"
    tell(f"engine, process start to ready {what}", "s", to_ready)
    tell(f"engine, process start to {CONTRACTS} contracts and more {what}", "s", to_chain)
    tell(f"engine, from the question to the whole chain {what}", "s", chains)


def resyncs(tell: Tell, version: str, count: int) -> None:
    """A resync of a session that is well, and one of a session whose gateway was away and is back."""
    with (
        place(version) as (folder, gateway, supervisor),
        contextlib.closing(Engine(folder, gateway, supervisor.url)) as engine,
    ):
        engine.start()
        wait_for(lambda: ready(engine), 60, engine.tail)
        well, back = [], []
        for _ in range(count):
            wait_for(lambda: ready(engine), 60, engine.tail)
            well.append(_resync(engine))
        for _ in range(count):
            wait_for(lambda: ready(engine), 60, engine.tail)
            gateway.kill()
            wait_for(lambda: not ready(engine), 60, engine.tail)
            gateway.start()
            gateway.up(60)
            back.append(_resync(engine))
    tell(f"engine, resync of a session that is well at {version}, the call", "s", well)
    tell(f"engine, resync after its gateway was killed and is up again at {version}, the call", "s", back)


def _resync(engine: Engine) -> float:
    begun = time.monotonic()
    answer = engine.post("/api/v1/resync").json()
    assert answer["ok"], answer
    return time.monotonic() - begun


@contextlib.asynccontextmanager
async def fed(version: str, **more: str) -> AsyncIterator[tuple[Feed, Engine]]:
    """An engine behind the wire that adds ticks."""
    with place(version) as (folder, gateway, supervisor):
        feed = Feed(gateway.api_port, int(version))
        await feed.open()
        async with contextlib.aclosing(feed):
            with contextlib.closing(Engine(folder, gateway, supervisor.url, IB_PORT=str(feed.port), **more)) as engine:
                engine.start()
                await asyncio.to_thread(wait_for, lambda: ready(engine) and feed.ready, 60, engine.tail)
                yield feed, engine


async def latencies(tell: Tell, version: str) -> None:
    """From the write of a tick to the strategy's handler, rate by rate, and then more than it can take."""
    with tempfile.TemporaryDirectory() as folder:
        notes, config = Path(folder) / "notes", Path(folder) / "listener.json"
        config.write_text(json.dumps({"path": str(notes)}))
        own = {
            "STRATEGY": "tests.bench.listener:Listener",
            "STRATEGY_PATH": str(Path(__file__).parents[2]),
            "STRATEGY_CONFIG": str(config),
        }
        async with fed(version, **own) as (feed, engine):
            steps = {}
            for rate in RATES:
                steps[rate] = await feed.steady(rate, STEP_SECONDS)
                await _drained(engine)
            flood = await feed.steady(FLOOD, FLOOD_SECONDS)
            waiting = (await asyncio.to_thread(engine.status))["connection"]["queue"]
            await _drained(engine)
            await asyncio.to_thread(engine.terminate, 20)
            sent = feed.sent
        heard = _first_heard(notes)
    for rate, numbers in steps.items():
        took = [(heard[number] - sent[number]) / 1e9 for number in numbers if number in heard]
        lost = len(numbers) - len(took)
        what = f"at {rate}/s at {version}, {lost} of {len(numbers)} not heard, {KEPT} of them at even steps"
        tell(f"engine, tick to strategy {what}", "s", took[:: max(1, len(took) // KEPT)])
    seconds = [0.0] * int(FLOOD_SECONDS)
    for number in flood:
        second = int((heard[number] - sent[flood[0]]) / 1e9) if number in heard else len(seconds)
        if second < len(seconds):
            seconds[second] += 1
    what = f"{waiting} waited in its queue at the end"
    tell(f"engine, ticks a second that reach a strategy of {FLOOD}/s at {version}, {what}", "1/s", seconds)


async def _drained(engine: Engine) -> None:
    """Until nothing of ours is on its way any more: the counter of ticks grows by the stand-in's own alone."""
    before = -1.0
    while True:
        now = await asyncio.to_thread(engine.metric, "watchkeeper_engine_ticks_total")
        if now - before < 100 and await asyncio.to_thread(engine.metric, "watchkeeper_engine_inbound_queue") < 100:
            return
        before = now
        await asyncio.sleep(0.5)


def _first_heard(notes: Path) -> dict[int, int]:
    """A size stays in every quote until the next one; the first with it is the tick."""
    flat = array("q", notes.read_bytes())
    found: dict[int, int] = {}
    for size, at in zip(flat[::2], flat[1::2], strict=True):
        if size >= FIRST:
            found.setdefault(size - FIRST, at)
    return found


async def memory(tell: Tell, version: str, seconds: int) -> None:
    """Resident memory every ten seconds while the reference strategy trades and a day's ticks pass."""
    async with fed(version) as (feed, engine):
        samples = [resident(engine.pid)]
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            await feed.steady(DAY_RATE, 10.0)
            samples.append(resident(engine.pid))
        ticks, status = len(feed.sent), await asyncio.to_thread(engine.status)
    orders = f"{ticks} ticks at {DAY_RATE}/s and {status['chain']['loaded']} contracts"
    tell(f"engine, resident memory every 10 s over {orders} at {version}", "MiB", samples)


def resident(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


async def measure(tell: Tell, seconds: int) -> None:
    """All of it. `seconds` is how long the memory is watched."""
    for version in VERSIONS:
        await asyncio.to_thread(starts, tell, version, 10, "fast")
        await asyncio.to_thread(resyncs, tell, version, 10)
        await latencies(tell, version)
    await asyncio.to_thread(starts, tell, VERSIONS[-1], 5, "real")
    await memory(tell, VERSIONS[-1], seconds)
