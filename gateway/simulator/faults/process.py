"""Faults of the process itself: it dies, stands still, or grows."""

import asyncio
import itertools
import math
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field

from gateway.simulator.faults.fault import Fault, number

_LAST_WORDS = 0.05
"""Seconds in which a process that is about to die or freeze still answers the request that made it so."""

_WAKER = "import os, signal, sys, time; time.sleep(float(sys.argv[1])); os.kill(int(sys.argv[2]), signal.SIGCONT)"

_LOOK = 0.05
"""Seconds between two looks for an end of standing still."""

_MIB = 1 << 20


@dataclass(kw_only=True, eq=False)
class Crash(Fault):
    """The process exits with 1, and the container with it: everybody is cut off, the ports are closed."""

    name = "crash"
    curable = False

    async def begin(self) -> None:
        await self.site.server.close()
        asyncio.get_running_loop().call_later(_LAST_WORDS, os._exit, 1)


@dataclass(kw_only=True, eq=False)
class JvmDead(Fault):
    """API and command server are gone for good; socat and the container stay."""

    name = "jvm-dead"
    curable = False

    async def begin(self) -> None:
        await self.site.lifecycle.die()


@dataclass(kw_only=True, eq=False)
class Freeze(Fault):
    """The process stops itself (SIGSTOP): ports accept, and nothing at all is answered, here neither.

    The first process of a container cannot be stopped from inside; it blocks itself instead, which looks the same.
    """

    name = "freeze"
    momentary = True

    duration: float | None = number(None, "machine seconds until a helper sends SIGCONT; without it nobody does", 0.1)

    async def begin(self) -> None:
        loop = asyncio.get_running_loop()
        if os.getpid() == 1:
            loop.call_later(_LAST_WORDS, stand_still, self.duration)
            return
        if self.duration is not None:
            _wake_after(self.duration + _LAST_WORDS)
        loop.call_later(_LAST_WORDS, os.kill, os.getpid(), signal.SIGSTOP)


def _wake_after(seconds: float) -> None:
    """Have another process end the standstill."""
    subprocess.Popen(  # noqa: S603 (this Python, these words)
        [sys.executable, "-I", "-S", "-c", _WAKER, str(seconds), str(os.getpid())], start_new_session=True
    )


def stand_still(seconds: float | None) -> None:
    """Block the whole process until SIGCONT, or for so many of the machine's seconds."""
    woken = threading.Event()
    before = signal.signal(signal.SIGCONT, lambda number, frame: woken.set())
    looks = itertools.count() if seconds is None else range(math.ceil(seconds / _LOOK))
    for _ in looks:
        if woken.wait(_LOOK):  # a signal may reach another thread, so it is looked for
            break
    signal.signal(signal.SIGCONT, before)


@dataclass(kw_only=True, eq=False)
class HeapGrowth(Fault):
    """The process takes more and more memory and keeps it until the fault ends."""

    name = "heap-growth"
    lives_in_jvm = True

    mib_per_second: float = number(10.0, "MiB taken each machine second", 0.1, 10_000)
    most_mib: float = number(200.0, "MiB at which it stops growing", 1, 100_000)
    held: list[bytearray] = field(default_factory=list, init=False)
    task: asyncio.Task[None] | None = field(default=None, init=False)

    async def begin(self) -> None:
        self.task = asyncio.get_running_loop().create_task(self._grow())

    def end(self) -> None:
        if self.task is not None:
            self.task.cancel()
        self.held.clear()

    async def _grow(self) -> None:
        while len(self.held) < self.most_mib:
            piece = bytearray(_MIB)
            piece[::4096] = b"\1" * (_MIB // 4096)  # a page that nobody wrote to takes no memory
            self.held.append(piece)
            await self.site.gateway.host.sleep(1 / self.mib_per_second)
