"""Puts the stand-in together and runs it until it is told to end."""

import asyncio
import datetime as dt
import importlib
import signal
from contextlib import closing
from typing import TYPE_CHECKING, Any

from gateway.simulator.api.dispatch import handlers
from gateway.simulator.api.gateway import Gateway
from gateway.simulator.api.server import ApiServer
from gateway.simulator.broker.broker import Broker
from gateway.simulator.broker.store import Store
from gateway.simulator.clock import WorldClock
from gateway.simulator.configuration import Configuration
from gateway.simulator.lifecycle import Lifecycle
from gateway.simulator.market.world import make_market
from gateway.simulator.settings import Settings
from gateway.simulator.tally import Tally
from tws.clock import Clock

if TYPE_CHECKING:
    from gateway.simulator.faults import Faults

_TERMINATED = 128 + signal.SIGTERM
_WORLD_SEEN = "world_seen"
_NOTED_EVERY = 1.0
"""Machine seconds between two notes of how far the world has come, where its clock is not the machine's."""


def build(settings: Settings, host: Clock, store: Store) -> Gateway:
    """A gateway on its record, not yet open to anybody. `host` is the machine's clock."""
    world = WorldClock(host, settings.speed, began(store, host, settings.start))
    market = make_market(settings, world.now())
    broker = Broker(
        market,
        store,
        settings.accounts,
        settings.cash,
        world.now,
        kind=settings.account_type,
        seed=settings.seed,
        assignment=settings.assignment,
    )
    return Gateway(settings, host, world, market, broker, Tally(), Configuration(settings, store))


def began(store: Store, host: Clock, wished: dt.datetime | None) -> dt.datetime:
    """The world's first moment: as wished, else the machine's, but never before what it has seen already."""
    seen = store.get(_WORLD_SEEN)
    first = wished or host.now()
    return max(first, dt.datetime.fromisoformat(seen)) if seen else first


async def run(settings: Settings, host: Clock) -> int:
    """Run the stand-in; returns the exit code.

    Raises:
        SettingsError: the file of faults, own data, or the exchanges' sessions cannot be used.
        StateError: the record cannot be used.
        PortTaken: a port is not free.
    """
    wishes = _wishes(settings)
    with closing(Store(settings.state_dir / "broker.sqlite3")) as store:
        return await _run(build(settings, host, store), store, wishes)


def _wishes(settings: Settings) -> list[Any]:
    """The faults of the file; what reads it is loaded only where there is one."""
    if settings.faults_file is None:
        return []
    reading: Any = importlib.import_module("gateway.simulator.faults.reading")
    found: list[Any] = reading.from_file(settings.faults_file)
    return found


async def _run(gateway: Gateway, store: Store, wishes: list[Any]) -> int:
    server = ApiServer(gateway)
    lifecycle = Lifecycle(gateway, server, store)
    faults = None
    if wishes:
        faults = _faults(gateway, server, lifecycle)
        for wish in wishes:
            await faults.take(wish)
    loop = asyncio.get_running_loop()
    for number, code in ((signal.SIGTERM, _TERMINATED), (signal.SIGINT, _TERMINATED)):
        loop.add_signal_handler(number, lifecycle.finish, code)
    work: list[asyncio.Task[Any]] = [
        loop.create_task(_note_time(gateway, store)),
        loop.create_task(_start(gateway, server, lifecycle, faults)),
    ]
    try:
        ends: list[asyncio.Future[Any]] = [lifecycle.finished, *work]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in work:
            if task.done():
                task.result()
        return await lifecycle.finished
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await lifecycle.close()


async def _note_time(gateway: Gateway, store: Store) -> None:
    """Keep on record how far the world has come, so that it does not go back when the process starts again."""
    while True:
        if not gateway.clock.is_the_machines:
            store.set(_WORLD_SEEN, gateway.now().isoformat())
        await gateway.host.sleep(_NOTED_EVERY)


def _faults(gateway: Gateway, server: ApiServer, lifecycle: Lifecycle) -> "Faults":
    package: Any = importlib.import_module("gateway.simulator.faults")
    made: Faults = package.Faults(gateway, server, lifecycle)
    return made


async def _start(gateway: Gateway, server: ApiServer, lifecycle: Lifecycle, faults: "Faults | None") -> None:
    """Open the API, and the rest as soon as its modules are there. A login that takes its time is watched, so the API
    goes first only where it is open at once."""
    if lifecycle.at_once:
        await lifecycle.start()
        await asyncio.gather(_beat(gateway), _control(gateway, server, lifecycle, faults))
    else:
        await asyncio.gather(lifecycle.start(), _beat(gateway), _control(gateway, server, lifecycle, faults))


async def _beat(gateway: Gateway) -> None:
    """The world's beat, and all that answers clients."""
    await asyncio.to_thread(handlers)
    pulse: Any = await asyncio.to_thread(importlib.import_module, "gateway.simulator.api.pulse")
    await pulse.Pulse(gateway).run()


async def _control(gateway: Gateway, server: ApiServer, lifecycle: Lifecycle, faults: "Faults | None") -> None:
    control: Any = await asyncio.to_thread(importlib.import_module, "gateway.simulator.control")
    listener = control.bind(gateway.settings.control_host, gateway.settings.control_port)
    faults = faults or _faults(gateway, server, lifecycle)
    await control.serve(control.Control(gateway, lifecycle, faults).app(), listener)
