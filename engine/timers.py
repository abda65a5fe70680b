"""Timers whose calls come where the books change: on the node's loop.

NautilusTrader's live clock calls back on threads of its own (seen), while data, orders and positions are handled on the
loop. A look at the books from there may see half of a change, two looks may act on the same position at once, and
tasks of the loop cannot be made from there.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from nautilus_trader.common.component import TestClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta


def every(clock: Any, name: str, interval: timedelta, call: Callable[[], None]) -> None:
    """Call again and again from now on. For an `on_start`, which runs on the loop; a backtest has none."""
    if isinstance(clock, TestClock):
        clock.set_timer(name, interval, callback=lambda _: call())
        return
    loop = asyncio.get_running_loop()
    clock.set_timer(name, interval, callback=lambda _: loop.call_soon_threadsafe(call))
