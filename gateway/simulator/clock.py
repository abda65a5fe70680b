"""The world's clock: as fast as the machine's, faster, or standing until it is stepped.

The market, orders, bars and everything else that people trade by live on it. What belongs to the program (pacing,
latency, how long a start takes) stays on the machine's clock.
"""

import asyncio
import datetime as dt

from tws.clock import Clock

_HAIR = 1e-6
"""Seconds by which a sleeper may wake too soon: moments have no finer grain."""
_TURNS = 4
"""Turns of the event loop that it takes to get something small done."""


class WorldClock:
    """A clock on another clock. At speed 1, never stepped, the two tell the same time."""

    def __init__(self, host: Clock, speed: float = 1.0, start: dt.datetime | None = None) -> None:
        """`speed` is world seconds a machine second, 0 for a world that stands; `start` the world's first moment,
        the machine's if there is none."""
        self._host = host
        self._speed = speed
        self._sleepers: dict[asyncio.Future[None], float] = {}
        """When each is due, by `monotonic`."""
        self._advancing = 0
        self._jumped = 0.0
        """World seconds that were stepped over since the last change of speed."""
        self._host_now = host.now()
        self._host_monotonic = host.monotonic()
        self._now = start or self._host_now
        self._monotonic = self._host_monotonic

    @property
    def speed(self) -> float:
        """World seconds a machine second."""
        return self._speed

    @property
    def is_the_machines(self) -> bool:
        """Whether it tells the machine's own time."""
        return self._speed == 1.0 and not self._jumped and self._now == self._host_now

    @property
    def hurries(self) -> bool:
        """Whether whoever wakes had better be done before anybody else gets a turn."""
        return self._advancing > 0 or self._speed != 1.0

    def monotonic(self) -> float:
        """World seconds that never jump back."""
        return self._monotonic + self._jumped + (self._host.monotonic() - self._host_monotonic) * self._speed

    def now(self) -> dt.datetime:
        """The world's moment, in UTC."""
        return self._now + dt.timedelta(seconds=self._jumped) + (self._host.now() - self._host_now) * self._speed

    async def sleep(self, seconds: float) -> None:
        """Wait that many world seconds, whatever becomes of the speed meanwhile."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > _HAIR:
            await self._wait(until, left)

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on; 0 stops the world."""
        self._now, self._monotonic, self._jumped = self.now(), self.monotonic(), 0.0
        self._host_now, self._host_monotonic = self._host.now(), self._host.monotonic()
        self._speed = speed
        self._wake(float("inf"))

    async def advance(self, seconds: float) -> None:
        """Let world time pass at once, through every moment that somebody waits for."""
        target = self.monotonic() + seconds
        self._advancing += 1
        try:
            await self._go_to(target)
        finally:
            self._advancing -= 1
        self._wake(float("inf"))

    async def _go_to(self, target: float) -> None:
        await self._settle()
        while True:
            due = min(min(self._sleepers.values(), default=target), target)
            self._jumped += max(due - self.monotonic(), 0.0)
            self._wake(due + _HAIR)
            await self._settle()
            if due >= target:
                return

    async def _settle(self) -> None:
        """Let whoever was woken do what it woke for, and sleep again."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def _wait(self, until: float, left: float) -> None:
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        alarm = loop.create_task(self._alarm(left / self._speed, woken)) if self._speed else None
        self._sleepers[woken] = until
        try:
            await woken
        finally:
            self._sleepers.pop(woken, None)
            if alarm is not None:
                alarm.cancel()

    async def _alarm(self, seconds: float, woken: asyncio.Future[None]) -> None:
        await self._host.sleep(seconds)
        if not woken.done():
            woken.set_result(None)

    def _wake(self, until: float) -> None:
        """Wake whoever is due by then; who is not yet due goes on waiting by the new reckoning."""
        for woken in [one for one, due in self._sleepers.items() if due <= until]:
            del self._sleepers[woken]
            if not woken.done():
                woken.set_result(None)
