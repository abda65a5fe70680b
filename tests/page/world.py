"""The page as a browser meets it: the real application and server, over a watch that a test tells what it saw."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from supervisor.api import application
from supervisor.drill.ports import free_port
from supervisor.house import House
from supervisor.memory import Incident, Memory
from supervisor.observation import Observation, Subject
from tests.made_up import CLOCK, made_up_watch

TOKEN = "operator-token-of-the-tests"


class World:
    """A server in a thread of its own; `do` runs there, between its turns."""

    def __init__(self, directory: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self._directory = directory
        self._incidents = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(30)

    async def _run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.over = asyncio.Event()
        self.leaving = asyncio.Event()
        async with made_up_watch(self._directory) as watch:
            self.watch = watch
            self.well = watch.memory
            house = House(lambda name: None, lambda name: None, CLOCK, always=["sim"])  # type: ignore[arg-type, return-value]
            house.watches["sim"] = watch
            app = application(
                house,
                watch._journal,
                watch.registry,  # type: ignore[attr-defined]
                CLOCK,
                operator=TOKEN,
                machines={"sim": "machine"},
                hosts=["127.0.0.1"],
                leaving=self.leaving,
            )
            port = int(self.url.rpartition(":")[2])
            config = uvicorn.Config(app, host="127.0.0.1", port=port, lifespan="off", log_config=None)
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            self._ready.set()
            await self.over.wait()
            self.leaving.set()
            server.should_exit = True
            await serving

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.over.set)
        self._thread.join(30)

    # -- what it sees -----------------------------------------------------------------------------------------------

    def asks[T](self, what: Callable[[], Awaitable[T]]) -> T:
        """Wait for something on the server's own thread: this one's loop is the browser's."""

        async def ask() -> T:
            return await what()

        return asyncio.run_coroutine_threadsafe(ask(), self.loop).result(120)

    def do(self, what: Callable[[], object]) -> None:
        """Run on the server's own thread, between its turns."""

        async def done() -> None:
            what()

        self.asks(done)

    @property
    def memory(self) -> Memory:
        """What the watch remembers now."""
        return self.watch.memory

    def all_is_well(self) -> None:
        """As it was at the beginning, but for what is in the journal."""

        def forget() -> None:
            self.watch.resume()
            self.watch.observation = Observation(sentinel=self.watch.observation.sentinel)
            self.watch._asks.clear()
            self.watch.preflighted = None

        self.do(forget)
        self.sees()

    def sees(self, change: Callable[[Memory], Memory] = lambda memory: memory, sentence: str = "") -> None:
        """From now on this is what the watch remembers, and says."""

        def see() -> None:
            self.watch.memory = change(self.well)
            self.watch.sentence = sentence or "sim: gateway READY; engine TRADING"
            self.watch._tell_story(CLOCK.now().timestamp())

        self.do(see)

    def has(self, fault: str, *, standing: bool = True) -> None:
        """An open incident, on record as the loop would put it there."""
        now = CLOCK.monotonic()
        self._incidents += 1
        incident = Incident(self._incidents, fault, Subject.GATEWAY, now - 2.0, now - 2.0, now)

        def with_it(memory: Memory) -> Memory:
            own: dict[str, Any] = {"gateway_incident": incident}
            if standing:
                own = {"standing": (*memory.standing, incident)}
            return replace(memory, next_incident=incident.id + 1, **own)

        self.do(lambda: self.watch._journal.put_incident("sim", incident, self.watch._wall))
        before = self.memory
        self.sees(lambda _: with_it(before), f"sim: gateway has {fault}")


@contextmanager
def world(directory: Path) -> Iterator[World]:
    made = World(directory)
    made.start()
    try:
        yield made
    finally:
        made.close()
