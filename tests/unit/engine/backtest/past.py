"""A small past: one underlying, half an hour of bars, the same each time."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.test_kit.providers import TestInstrumentProvider

from engine.history.plan import Span
from engine.history.store import Store

if TYPE_CHECKING:
    from pathlib import Path

SPY = TestInstrumentProvider.equity("SPY", "ARCX")
DAY = date(2026, 11, 18)
OPENS = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)


def bar(price: str, begin: datetime, *ohlc: float) -> Bar:
    """A minute's bar."""
    first = int(begin.timestamp()) * 10**9
    kind = BarType.from_str(f"{SPY.id}-1-MINUTE-{price}-EXTERNAL")
    return Bar(kind, *map(SPY.make_price, ohlc), SPY.make_qty(100), first, first + 60 * 10**9)


def wave(minute: int) -> float:
    """A price that swings enough for both exits of a bracket to be met."""
    return round(600 + 1.2 * math.sin(minute / 4) + 0.3 * math.sin(minute * 1.7), 2)


def write(path: Path, days: int = 1, minutes: int = 30, shift: float = 0.0) -> None:
    """Write a catalog of so many days, half an hour each."""
    store = Store(path)
    store.keep(SPY)
    for day in range(days):
        opens = OPENS + timedelta(days=day)
        span = Span(opens, opens + timedelta(minutes=minutes))
        for price, away in (("BID", -0.01), ("ASK", 0.01)):
            rows: list[Any] = []
            for minute in range(minutes):
                first, last = (wave(minute + day * 7 + n) + away + shift for n in (0, 1))
                low, high = min(first, last) - 0.05, max(first, last) + 0.05
                rows.append(bar(price, opens + timedelta(minutes=minute), first, high, low, last))
            store.write(span, rows, ticks=False)
