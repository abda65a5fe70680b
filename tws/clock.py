"""The only place that asks the machine what time it is, or waits for it to pass."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time as the house sees it; tests hand in one that they turn by hand."""

    def monotonic(self) -> float:
        """Seconds that never jump, for durations and deadlines."""
        ...

    def now(self) -> datetime:
        """Aware UTC wall-clock time, for what people and journals read."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        ...


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
