"""Bars and ticks of the past."""

from collections.abc import Iterable, Sequence

from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.text import Value, cents, plain


def historical_data(version: int, req_id: int, start: str, end: str, bars: Sequence[tuple[Value, ...]]) -> Fields:
    """Bars as (date, open, high, low, close, volume, average, count); before 196 with the ends of the stretch."""
    fields: Fields = [17, req_id]
    if version < 196:
        fields += [start, end]
    fields.append(len(bars))
    for bar in bars:
        fields += bar
    return fields


def historical_data_end(req_id: int, start: str, end: str) -> Fields:
    """From 196 on."""
    return [108, req_id, start, end]


def historical_update(
    req_id: int,
    date: str,
    bar: tuple[float, float, float, float],
    volume: float,
    average: float,
    count: int,
) -> Fields:
    """A live bar of a keepUpToDate query; open, close, high, low in this order."""
    opened, high, low, close = bar
    return [
        90,
        req_id,
        count,
        date,
        cents(opened),
        cents(close),
        cents(high),
        cents(low),
        plain(average),
        volume,
    ]


def head_timestamp(req_id: int, at: str) -> Fields:
    return [88, req_id, at]


def historical_ticks(req_id: int, rows: Iterable[tuple[int, float, float]], done: bool) -> Fields:
    """Midpoints: (epoch, price, size)."""
    flat: Fields = []
    count = 0
    for epoch, price, size in rows:
        flat += [epoch, 0, plain(round(price, 4)), size]
        count += 1
    return [96, req_id, count, *flat, int(done)]


def historical_ticks_quotes(req_id: int, rows: Iterable[tuple[int, float, float, float, float]], done: bool) -> Fields:
    """Quotes: (epoch, bid, ask, bid size, ask size)."""
    flat: Fields = []
    count = 0
    for epoch, bid, ask, bid_size, ask_size in rows:
        flat += [epoch, 0, cents(bid), cents(ask), bid_size, ask_size]
        count += 1
    return [97, req_id, count, *flat, int(done)]


def historical_ticks_trades(req_id: int, rows: Iterable[tuple[int, float, float, str]], done: bool) -> Fields:
    """Trades: (epoch, price, size, exchange)."""
    flat: Fields = []
    count = 0
    for epoch, price, size, exchange in rows:
        flat += [epoch, 0, cents(price), size, exchange, ""]
        count += 1
    return [98, req_id, count, *flat, int(done)]


def historical_schedule(
    req_id: int, start: str, end: str, zone: str, sessions: Sequence[tuple[str, str, str]]
) -> Fields:
    """Sessions as (start, end, date), local to the zone. From 165 on."""
    flat: Fields = []
    for session in sessions:
        flat += session
    return [106, req_id, start, end, zone, len(sessions), *flat]
