"""Bars and ticks of the past."""

from collections.abc import Iterable, Sequence

from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.text import Value, plain

ENDS_APART = 196
"""From this server version on the ends of the stretch come in a message of their own."""


def historical_data(version: int, req_id: int, start: str, end: str, bars: Sequence[tuple[Value, ...]]) -> Fields:
    """Bars as (date, open, high, low, close, volume, average, count); before 196 with the ends of the stretch."""
    fields: Fields = [17, req_id]
    if version < ENDS_APART:
        fields += [start, end]
    fields.append(len(bars))
    for bar in bars:
        fields += bar
    return fields


def historical_data_end(req_id: int, start: str, end: str) -> Fields:
    """From 196 on."""
    return [108, req_id, start, end]


def historical_update(
    req_id: int, date: str, prices: tuple[str, str, str, str], volume: float, average: float, count: int
) -> Fields:
    """A live bar of a keepUpToDate query; open, close, high, low in this order."""
    opened, high, low, close = prices
    return [90, req_id, count, date, opened, close, high, low, plain(average), volume]


def head_timestamp(req_id: int, at: str) -> Fields:
    return [88, req_id, at]


def histogram(req_id: int, rows: Sequence[tuple[float, int]]) -> Fields:
    """Sizes by price."""
    return [89, req_id, len(rows), *(field for row in rows for field in row)]


def _rows(rows: Iterable[Sequence[Value]]) -> Fields:
    """How many rows there are, and all their fields."""
    listed = list(rows)
    return [len(listed), *(field for row in listed for field in row)]


def historical_ticks(req_id: int, rows: Iterable[tuple[int, float]], done: bool) -> Fields:
    """Midpoints: (epoch, price); they have no size."""
    return [96, req_id, *_rows((epoch, 0, plain(price), 0) for epoch, price in rows), int(done)]


def historical_ticks_quotes(req_id: int, rows: Iterable[tuple[int, str, str, float, float]], done: bool) -> Fields:
    """Quotes: (epoch, bid, ask, bid size, ask size)."""
    return [97, req_id, *_rows((row[0], 0, *row[1:]) for row in rows), int(done)]


def historical_ticks_trades(req_id: int, rows: Iterable[tuple[int, str, float, str]], done: bool) -> Fields:
    """Trades: (epoch, price, size, exchange); no special conditions."""
    return [98, req_id, *_rows((row[0], 0, *row[1:], "") for row in rows), int(done)]


def historical_schedule(
    req_id: int, start: str, end: str, zone: str, sessions: Sequence[tuple[str, str, str]]
) -> Fields:
    """Sessions as (start, end, date), local to the zone. From 165 on."""
    flat: Fields = []
    for session in sessions:
        flat += session
    return [106, req_id, start, end, zone, len(sessions), *flat]
