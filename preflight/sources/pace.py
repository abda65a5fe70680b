"""How fast one client may ask."""

import asyncio
from collections import deque

from tws.clock import Clock

PER_SECOND = 40
"""A gateway takes 50 messages a second of a client by default; what is asked besides must fit in as well."""


class Pace:
    """Lets through so many in any second, in the order in which they came."""

    def __init__(self, clock: Clock, per_second: int = PER_SECOND) -> None:
        self._clock = clock
        self._sent: deque[float] = deque(maxlen=per_second)
        self._turn = asyncio.Lock()

    async def __call__(self, messages: int = 1) -> None:
        """Wait until that many messages may be sent."""
        async with self._turn:
            for _ in range(messages):
                if len(self._sent) == self._sent.maxlen:
                    wait = self._sent[0] + 1.0 - self._clock.monotonic()
                    if wait > 0:
                        await self._clock.sleep(wait)
                self._sent.append(self._clock.monotonic())
