"""The engine on another day: its wall clock is ahead of the machine's by the seconds in the file `AHEAD`."""

from __future__ import annotations

import os
import runpy
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from engine import orders
from engine.clock import SystemClock
from engine.exits import keeper

if TYPE_CHECKING:
    from collections.abc import Callable


def _moved[**P](tell: Callable[P, datetime]) -> Callable[P, datetime]:
    file = Path(os.environ["AHEAD"])
    return lambda *args, **kwargs: tell(*args, **kwargs) + timedelta(seconds=float(file.read_text()))


if __name__ == "__main__":
    SystemClock.now = _moved(SystemClock.now)  # type: ignore[method-assign]
    moved = _moved(orders.exits.now)
    for module in (orders.exits, keeper):
        module.now = moved  # type: ignore[attr-defined]
    runpy.run_module("engine", run_name="__main__")
