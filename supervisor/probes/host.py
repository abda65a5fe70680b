"""The machine that all of this runs on: did it sleep, is its clock kept right, is there room to write.

Time asleep is what boot time counts and monotonic time does not. A jump of the wall clock is noted and changes nothing:
no duration here is taken from it.
"""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import structlog

from supervisor.observation import HostView, Look, Result
from tws.clock import Clock
from tws.timekeeping import timekeeping

JUMP = 2.0

log = structlog.get_logger("supervisor")


class Kernel(Protocol):
    """What the kernel can be asked; None where it cannot."""

    def boottime(self) -> float | None:
        """Seconds since the machine started, asleep or not."""
        ...

    def synchronised(self) -> bool | None:
        """Whether the wall clock is kept right by somebody."""
        ...

    def disk_free(self) -> float:
        """Share of the state volume's disk that we may still fill. Raises: OSError."""
        ...


class LinuxKernel:
    """This machine's."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def boottime(self) -> float | None:
        try:
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        except (AttributeError, OSError):
            return None

    def synchronised(self) -> bool | None:
        kept = timekeeping()
        return None if kept is None else kept.synchronised

    def disk_free(self) -> float:
        found = os.statvfs(self._state)
        return found.f_bavail / found.f_blocks if found.f_blocks else 0.0


class Host:
    """The host, looked at again and again."""

    def __init__(self, kernel: Kernel, clock: Clock) -> None:
        self._kernel = kernel
        self._clock = clock
        self._before: tuple[float, float | None, float] | None = None
        self._view = HostView()

    def look(self) -> HostView:
        """One look. UNKNOWN when the disk cannot be asked: it is the supervisor's own."""
        now, boot, wall = self._clock.monotonic(), self._kernel.boottime(), self._clock.now().timestamp()
        slept_at, stepped_at = self._view.slept_at, self._view.wall_stepped_at
        if self._before is not None:
            passed = now - self._before[0]
            asleep = boot - self._before[1] - passed if boot is not None and self._before[1] is not None else 0.0
            stepped = wall - self._before[2] - passed - asleep
            if asleep >= JUMP:
                slept_at = now
                log.warning("the host slept", seconds=round(asleep, 1))
            if abs(stepped) >= JUMP:
                stepped_at = now
                log.warning("the wall clock was set, which changes nothing", seconds=round(stepped, 1))
        self._before = (now, boot, wall)
        look, free = Look(Result.OK, now, 0.0, "looked"), None
        try:
            free = self._kernel.disk_free()
        except OSError as error:
            look = replace(look, result=Result.UNKNOWN, why=f"the state volume's disk cannot be asked: {error}")
        self._view = HostView(look, slept_at, self._kernel.synchronised(), free, stepped_at)
        return self._view
