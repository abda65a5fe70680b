"""The engine with its long waits made short, and ill in a way that no gateway and no strategy can make it: `AILS`."""

from __future__ import annotations

import asyncio
import os
import runpy
from typing import Any

from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient
from nautilus_trader.adapters.interactive_brokers.data import InteractiveBrokersDataClient

from engine import ending, watchdog


async def _never(*_: Any, **__: Any) -> None:
    await asyncio.Event().wait()


def _hasten() -> None:
    ending.DEAF_BORNE = ending.FIRST_RETRY_SECONDS = 1.0
    watchdog.BEATS = 3


def _ail(what: str) -> None:
    if what == "data client":
        InteractiveBrokersDataClient._connect = _never
    elif what == "handlers":
        InteractiveBrokersClient.process_tick_price = _never


if __name__ == "__main__":
    _hasten()
    _ail(os.environ.get("AILS", ""))
    runpy.run_module("engine", run_name="__main__")
