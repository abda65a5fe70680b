"""On which thread a timer's calls come: seen on NautilusTrader's own live clock."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

from nautilus_trader.common.component import LiveClock, TestClock

from engine.timers import every

OFTEN = timedelta(milliseconds=5)


async def test_a_live_clocks_calls_come_on_the_loop() -> None:
    clock, threads, enough = LiveClock(), [], asyncio.Event()

    def call() -> None:
        threads.append(threading.current_thread())
        if len(threads) >= 3:
            enough.set()

    every(clock, "test", OFTEN, call)
    await asyncio.wait_for(enough.wait(), 20)
    clock.cancel_timers()
    assert set(threads) == {threading.main_thread()}


async def test_left_to_itself_it_calls_from_another_thread() -> None:
    """Why all this is: should NautilusTrader mend it, this fails, and `engine.timers` may go."""
    clock, threads, called = LiveClock(), [], threading.Event()

    def call(_: object) -> None:
        threads.append(threading.current_thread())
        called.set()

    clock.set_timer("test", OFTEN, callback=call)
    assert await asyncio.to_thread(called.wait, 20)
    clock.cancel_timers()
    assert threading.main_thread() not in threads


def test_a_backtests_clock_calls_as_it_is_moved() -> None:
    clock, calls = TestClock(), []
    every(clock, "test", OFTEN, lambda: calls.append(1))
    for event in clock.advance_time(20_000_000):
        event.handle()
    assert len(calls) == 4
