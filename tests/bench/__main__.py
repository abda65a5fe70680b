"""`make bench`: the numbers that need no Docker, as JSON lines on standard output.

Each line is one figure: its name, the unit, how many samples, p50, p95, p99 and max, and the samples themselves in the
order in which they were taken. Nothing is warmed up and nothing is dropped. Detection and recovery are measured by
`make drill`, on real containers. `fuzz` is for itself: `make bench FUZZ=600`, ten minutes of spoilt requests.
`python -m tests.bench ticks` measures the market data alone, `engine` the engine, `kills` kills it again and again, and
`memory` watches it for hours; `make bench DAYS=1000` runs whole days of the supervisor. `fleet` simulates up to 500
tenants at once, and `pages` asks Alertmanager what people are told of it.
"""

import argparse
import asyncio
import json
import platform
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

from preflight.check import Place
from preflight.checks import CHECKS
from preflight.runner import run
from preflight.settings import Settings
from supervisor.drill.report import percentile, spread
from tests.bench import days, engine, fleet, fleet_pages, kills, memory, page, tenants, ticks
from tests.bench.crash import SEED, crashes
from tests.bench.fuzz import fuzz
from tests.bench.orders import acknowledgements
from tests.stand_in import ACCOUNT, StandIn
from tests.unit.simulator.raw import RawClient
from tws.contracts import stock
from tws.errors import TwsError
from tws.handshake import probe
from tws.session import Session

_SPY = 756733


def tell(name: str, unit: str, samples: list[float]) -> None:
    rounded = [round(sample, 6) for sample in samples]
    print(
        json.dumps(
            {
                "name": name,
                "unit": unit,
                "n": len(samples),
                **spread(samples, 6),
                "p99": round(percentile(samples, 0.99), 6),
                "samples": rounded,
            }
        ),
        flush=True,
    )


@contextmanager
def stand_in(**env: str) -> Iterator[StandIn]:
    with tempfile.TemporaryDirectory() as folder, closing(StandIn(Path(folder), **env)) as made:
        yield made


async def first_session(gateway: StandIn) -> None:
    while True:
        try:
            (await Session.open("127.0.0.1", gateway.api_port, 900, timeout=5)).close()
            return
        except TwsError:
            await asyncio.sleep(0.002)


async def start(count: int) -> None:
    samples = []
    for _ in range(count):
        with stand_in() as gateway:
            begun = time.perf_counter()
            gateway.start()
            await first_session(gateway)
            samples.append(time.perf_counter() - begun)
    tell("stand-in, process start to nextValidId, fast profile", "s", samples)


async def timed(count: int, what: Callable[[], Awaitable[object]]) -> list[float]:
    samples = []
    for _ in range(count):
        begun = time.perf_counter()
        await what()
        samples.append(time.perf_counter() - begun)
    return samples


async def answers(count: int) -> None:
    with stand_in() as gateway:
        gateway.start()
        gateway.up()
        tell("handshake", "s", await timed(count, lambda: probe("127.0.0.1", gateway.api_port, timeout=5)))
        async with await Session.open("127.0.0.1", gateway.api_port, 900, timeout=5) as session:
            tell("reqCurrentTimeInMillis", "s", await timed(count, lambda: session.current_time_millis(timeout=5)))
            tell("first two-sided quote", "s", await timed(20, lambda: session.quote(stock("SPY"), timeout=5)))


async def chain(count: int) -> None:
    """Every SPY option that expires today, from the write of the question to the read of its end."""
    with stand_in() as gateway:
        gateway.start()
        gateway.up()
        async with RawClient(gateway.api_port) as client:
            await client.start()
            listed = await client.answer(78, 1, "SPY", "", "STK", _SPY, end="76")
            today = min(day for told in listed if told[0] == "75" for day in told[7 : 7 + int(told[6])])
            question = (9, 8, 1, 0, "SPY", "OPT", today, "", "", "", "SMART", "", "USD", "", "", 0, "", "", "")
            samples, found = [], 0
            for _ in range(count):
                begun = time.perf_counter()
                told = await client.answer(*question, end="52")
                samples.append(time.perf_counter() - begun)
                found = len(told) - 1
            tell(f"SPY 0DTE chain, {found} contracts", "s", samples)


async def idle(seconds: float) -> None:
    """Resident memory with nobody connected, as the system counts it."""
    with stand_in() as gateway:
        gateway.start()
        gateway.up()
        await asyncio.sleep(seconds)
        status = Path(f"/proc/{gateway.pid}/status").read_text()
        tell(f"resident memory after {seconds:g} s idle", "MiB", [int(status.split("VmRSS:")[1].split()[0]) / 1024])


async def orders() -> None:
    with stand_in(SIM_MAX_MESSAGES_PER_SECOND="1000") as gateway:
        gateway.start()
        gateway.up()
        tell("order to its acknowledgement, 100 orders/s", "s", await acknowledgements(gateway))


async def preflights(count: int) -> None:
    with stand_in() as gateway:
        gateway.start()
        gateway.up()
        settings = Settings(gateway_port=gateway.api_port, ib_account=ACCOUNT, mode="sim")
        tell("preflight, fast profile", "s", await timed(count, lambda: run(settings)))


async def slow_preflights(count: int) -> None:
    """As `make preflight` does: what concerns the machine beside what concerns the gateway."""
    with stand_in(SIM_PROFILE="real") as gateway:
        gateway.start()
        gateway.up(120)
        settings = Settings(gateway_port=gateway.api_port, ib_account=ACCOUNT, mode="sim")

        async def both() -> None:
            await asyncio.gather(run(settings), run(settings, place=Place.HOST))

        tell(
            f"preflight, {len(CHECKS)} checks, real profile (answers 150 ms, history 0.5-3 s)",
            "s",
            await timed(count, both),
        )


async def fuzzing(seconds: int, seed: int) -> None:
    """Fails with whatever was neither read nor refused, or noticed by somebody else."""
    found = await fuzz(seconds, seed)
    what = f"{'guided by coverage' if find_spec('atheris') else 'blindly'}, {seconds} s, seed {seed}"
    done = f"{found.read} at the readers {what}; {found.said} at a server on {found.connections} connections"
    tell(f"spoilt requests, {done}, {found.closed} of them closed, no crash: resident memory grew", "MiB", found.memory)
    tell("answers to three clients beside them", "s", found.waits)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "what",
        nargs="?",
        choices=[
            "fuzz",
            "ticks",
            "days",
            "tenants",
            "preflight",
            "engine",
            "kills",
            "memory",
            "page",
            "fleet",
            "pages",
        ],
        help="only this; fuzz and days if asked for",
    )
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--day", action="store_true", help="of memory: a trading day, compressed into --seconds")
    parser.add_argument("--tenants", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--redis", action=argparse.BooleanOptionalAction, default=True, help="of kills")
    parser.add_argument("--jobs", type=int, help="so many processes for the days; one for each core unless given")
    parser.add_argument("--days", type=int, default=100, help="so many whole days, from --seed on; one is shown")
    return parser.parse_args()


async def main() -> None:
    print(json.dumps({"python": platform.python_version(), "machine": platform.platform()}), flush=True)
    asked = arguments()
    if asked.what == "fuzz":
        await fuzzing(asked.seconds, asked.seed)
        return
    if asked.what == "days":
        sys.exit(days.show(asked.seed) if asked.days == 1 else days.measure(asked.seed, asked.days, asked.jobs))
    if asked.what == "fleet":
        fleet.measure(asked.seed)
        return
    if asked.what == "pages":
        await fleet_pages.measure(asked.seed)
        return
    if asked.what == "tenants":
        await tenants.measure(tell, asked.tenants, asked.seconds, asked.seed)
        return
    if asked.what == "kills":
        kills.run(asked.kills, asked.seed, with_redis=asked.redis)
        return
    if asked.what == "memory":
        memory.watch(engine.VERSIONS[-1], asked.seconds, day=asked.day)
        return
    if asked.what == "engine":
        await engine.measure(tell, asked.seconds)
        return
    if asked.what == "page":
        await page.measure(tell, 3)
        return
    if asked.what == "preflight":
        await preflights(10)
        await slow_preflights(20)
        return
    if asked.what == "ticks":
        await ticks.measure(tell)
        return
    await start(10)
    await idle(10)
    await answers(100)
    await chain(20)
    await orders()
    await preflights(10)
    await slow_preflights(20)
    await ticks.measure(tell)
    await engine.measure(tell, asked.seconds)
    told, lives = await crashes(1000)
    tell(f"stand-in killed mid-trade, seed {SEED}: {told} told, none lost, no execution id twice", "s", lives)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
