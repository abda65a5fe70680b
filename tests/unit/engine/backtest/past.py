"""A small past: one underlying, half an hour of bars, the same each time."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AssetClass, OptionKind
from nautilus_trader.model.identifiers import InstrumentId, Symbol
from nautilus_trader.model.instruments import IndexInstrument, OptionContract
from nautilus_trader.model.objects import Currency, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider

from engine.history.plan import Span
from engine.history.store import Store

if TYPE_CHECKING:
    from pathlib import Path

SPY = TestInstrumentProvider.equity("SPY", "ARCX")
DAY = date(2026, 11, 18)
OPENS = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
SPX = IndexInstrument(
    instrument_id=InstrumentId.from_str("^SPX.XCBO"),
    raw_symbol=Symbol("SPX"),
    currency=Currency.from_str("USD"),
    price_precision=2,
    price_increment=Price.from_str("0.01"),
    size_precision=0,
    size_increment=Quantity.from_int(1),
    ts_event=0,
    ts_init=0,
)


def bar(price: str, begin: datetime, *ohlc: float, of: Any = SPY) -> Bar:
    """A minute's bar."""
    first = int(begin.timestamp()) * 10**9
    kind = BarType.from_str(f"{of.id}-1-MINUTE-{price}-EXTERNAL")
    return Bar(kind, *map(of.make_price, ohlc), of.make_qty(100), first, first + 60 * 10**9)


def wave(minute: int) -> float:
    """A price that swings enough for both exits of a bracket to be met."""
    return round(600 + 1.2 * math.sin(minute / 4) + 0.3 * math.sin(minute * 1.7), 2)


def write(path: Path, days: int = 1, minutes: int = 30, shift: float = 0.0, opens: datetime = OPENS) -> None:
    """Write a catalog of so many days, half an hour each."""
    store = Store(path)
    store.keep(SPY)
    for day in range(days):
        begin = opens + timedelta(days=day)
        span = Span(begin, begin + timedelta(minutes=minutes))
        for price, away in (("BID", -0.01), ("ASK", 0.01)):
            rows: list[Any] = []
            for minute in range(minutes):
                first, last = (wave(minute + day * 7 + n) + away + shift for n in (0, 1))
                low, high = min(first, last) - 0.05, max(first, last) + 0.05
                rows.append(bar(price, begin + timedelta(minutes=minute), first, high, low, last))
            store.write(span, rows, ticks=False)


def option(root: str, underlying: Any, strike: float, call: bool, date: str, hours: str, zone: str, late: int) -> Any:
    """An option as the adapter writes it into a catalog; `late` is when the adapter lets it expire."""
    symbol = Symbol(f"{root:<6}{date[2:]}{'C' if call else 'P'}{round(strike * 1000):08d}")
    return OptionContract(
        instrument_id=InstrumentId(symbol, underlying.id.venue),
        raw_symbol=symbol,
        asset_class=AssetClass.INDEX,
        currency=Currency.from_str("USD"),
        price_precision=2,
        price_increment=Price.from_str("0.05"),
        multiplier=Quantity.from_int(100),
        lot_size=Quantity.from_int(1),
        underlying=underlying.id.symbol.value,
        option_kind=OptionKind.CALL if call else OptionKind.PUT,
        strike_price=Price(strike, 2),
        activation_ns=0,
        expiration_ns=late,
        ts_event=0,
        ts_init=0,
        info={
            "contract": {
                "conId": round(strike) * 10 + call,
                "lastTradeDateOrContractMonth": date,
                "tradingClass": root,
            },
            "liquidHours": hours,
            "timeZoneId": zone,
        },
    )


def write_series(path: Path, of: Any, prices: dict[str, list[float]], opens: datetime) -> None:
    """Write minutes of an instrument of which each kind of price (`BID`, `LAST`) begins at one value of the list."""
    store = Store(path)
    store.keep(of)
    for price, values in prices.items():
        rows: list[Any] = [
            bar(price, opens + timedelta(minutes=n), first, max(first, last), min(first, last), last, of=of)
            for n, (first, last) in enumerate(itertools.pairwise(values))
        ]
        store.write(Span(opens, opens + timedelta(minutes=len(rows))), rows, ticks=False)
