"""ib_async's Watchdog: 20 s of silence, then a probe, then the whole gateway is started anew.

Its controller is IBC in a terminal; here it starts and stops the gateway's container, which is the same for those who
keep it in one. All its settings are its defaults, but for the client id, the probe's contract (SPY, whose history is
there at any hour) and what the user must give: "ample time" for the start, where the default of 30 s is less than a
login takes.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from supervisor.drill.stack import Stack, docker
from tws.clock import Clock

CLIENT_ID = 50
START_SECONDS = {"fast": 5.0, "real": 60.0}


class Container:
    """The two methods of IBC's controller that Watchdog calls."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def startAsync(self) -> None:
        await self._docker("start", self._name)

    async def terminateAsync(self) -> None:
        await self._docker("stop", "--time", "10", self._name)

    async def _docker(self, *words: str) -> None:
        # A container that Docker's own policy is just starting refuses; Watchdog tries again by itself.
        try:
            await asyncio.to_thread(docker, *words)
        except subprocess.CalledProcessError as error:
            print(f"watchdog: docker {' '.join(words)}: {error.stderr.strip()}")


class Ticks:
    """When the session was opened, and when it ticked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.opened = self.first = self.last = self.resumed = float("-inf")

    def open(self, *_: Any) -> None:
        self.opened = self.last = self._clock.monotonic()

    def tick(self, *_: Any) -> None:
        now = self._clock.monotonic()
        if now - self.last > _SILENCE:
            self.resumed = now
        if self.first < self.opened:
            self.first = now
        self.last = now


_CONNECT_SECONDS = 180.0
_SILENCE = 5.0
"""SPY ticks several times a second: nothing for this long is an outage."""


@asynccontextmanager
async def keeping(stack: Stack, profile: str, clock: Clock) -> AsyncIterator[Callable[[float], Awaitable[bool]]]:
    """A client with a Watchdog and one line of SPY. Raises TimeoutError when it does not connect to begin with."""
    from ib_async import IB, Stock, Watchdog

    ib, ticks = IB(), Ticks(clock)
    spy = Stock("SPY", "SMART", "USD", primaryExchange="ARCA", conId=756733)

    def subscribe(*_: Any) -> None:
        ticks.open()
        ib.reqMktData(spy)

    ib.pendingTickersEvent += ticks.tick
    controller: Any = Container(stack.container("gateway"))
    watchdog = Watchdog(
        controller,
        ib,
        port=stack.api_port,
        clientId=CLIENT_ID,
        appStartupTime=START_SECONDS[profile],
        probeContract=spy,
    )
    watchdog.startedEvent += subscribe
    runner = watchdog.start()
    try:
        deadline = clock.monotonic() + _CONNECT_SECONDS
        while ticks.first < ticks.opened or ticks.opened == float("-inf"):
            if clock.monotonic() > deadline:
                raise TimeoutError(f"expected Watchdog to connect and tick, found it has not in {_CONNECT_SECONDS:g} s")
            await clock.sleep(0.1)

        async def traded(since: float) -> bool:
            ticking = clock.monotonic() - ticks.last < _SILENCE
            return ticking and (max(ticks.resumed, ticks.first) > since)

        yield traded
    finally:
        watchdog.stop()
        runner.cancel()
        await asyncio.gather(runner, return_exceptions=True)
        ib.disconnect()
        await controller.startAsync()  # its last act was to stop the gateway, which our supervisor takes for a person's
