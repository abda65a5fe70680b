"""The gateway's process of the moment: how far it is, how it is to end, and the bell that wakes whoever runs it."""

import asyncio
import math

from gateway.simulator.login_state import Exit, Phase
from tws.clock import Clock


class Jvm:
    """One after another of a container's processes; `begin` makes it the next one."""

    def __init__(self, host: Clock) -> None:
        """`host` is the machine's clock."""
        self._host = host
        self._changed = asyncio.Event()
        self.phase = Phase.BOOTING
        self.exit: Exit | None = None
        """How it is to end at once, when something outside the login says so."""
        self.restart_at = math.inf
        """When it is to end with a token for the next one, by the machine's monotonic clock."""
        self.pausing = False
        """Whether no other process is to follow on that."""
        self.stopping = False
        """Whether IBC's STOP was given."""
        self.competing = False
        """Another session takes the login, and nobody has dealt with it yet."""

    def begin(self) -> None:
        """The next process, of which nobody has wished anything yet."""
        self.phase = Phase.BOOTING
        self.exit = None
        self.restart_at = math.inf
        self.pausing = self.stopping = False

    def end(self, how: Exit) -> None:
        """End at once."""
        self.exit = how
        self.wake()

    def restart(self, at: float, pausing: bool = False) -> None:
        """End at that moment of the machine's monotonic clock, with a token for the next process."""
        self.restart_at = at
        self.pausing = self.pausing or pausing
        self.wake()

    def compete(self) -> None:
        """Another session takes the login."""
        self.competing = True
        self.wake()

    def wake(self) -> None:
        """Something has changed."""
        self._changed.set()

    async def rest(self, seconds: float) -> None:
        """Until so much machine time has passed, or something has changed."""
        loop = asyncio.get_running_loop()
        changed = loop.create_task(self._changed.wait())
        waits: list[asyncio.Task[object]] = [changed]
        if seconds < math.inf:
            waits.append(loop.create_task(self._host.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        self._changed.clear()
