"""The book behind the touch: rows of price and size on both sides, made from the quote they surround."""

from dataclasses import dataclass

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Quote
from gateway.simulator.market.process import uniform

EXCHANGES = ("NASDAQ", "ARCA", "BATS", "NYSE", "IEX", "EDGEA")
"""Whose books a smart book is put together of."""

_SIZES_CHANGE_EVERY = 8
"""Steps for which a row behind the touch keeps its size; each row at a moment of its own."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a side; the best is the first."""

    price: float
    size: float
    exchange: str
    """Empty in the book of one exchange."""


def side(instrument: Instrument, quote: Quote, rows: int, *, bids: bool, smart: bool) -> list[Row]:
    """One side of the book, at most so many rows.

    The rows at the touch add up to the quote. Behind it prices go tick by tick, and a smart book has a row for each
    exchange at a price. There is nothing at or below zero.
    """
    touch, size = (quote.bid, quote.bid_size) if bids else (quote.ask, quote.ask_size)
    if touch <= 0:
        return []
    found: list[Row] = []
    tick = instrument.min_tick
    level = 0
    while len(found) < rows:
        price = round(touch + (-level if bids else level) * tick, 8)
        if price <= 0:
            break
        whole = size if level == 0 else _size(instrument, quote, price, bids)
        found += _split(instrument, quote, price, whole) if smart else [Row(price, whole, "")]
        level += 1
    return found[:rows]


def _size(instrument: Instrument, quote: Quote, price: float, bids: bool) -> float:
    """A size that stays with its price for a while, so that the book moves and does not flicker."""
    ticks = round(price / instrument.min_tick)
    moment = (quote.step + ticks) // _SIZES_CHANGE_EVERY
    lots = 1 + int(12 * uniform(instrument.con_id, ticks, moment, bids))
    return lots * _lot(instrument)


def _lot(instrument: Instrument) -> float:
    return 100 if instrument.sec_type == "STK" else 1


def _split(instrument: Instrument, quote: Quote, price: float, size: float) -> list[Row]:
    """A price's size shared among one to three exchanges, the largest share first."""
    if size <= 0:
        return [Row(price, size, EXCHANGES[0])]
    ticks = round(price / instrument.min_tick)
    moment = (quote.step + ticks) // _SIZES_CHANGE_EVERY
    first = int(len(EXCHANGES) * uniform(instrument.con_id, ticks, moment, 7))
    lot = min(_lot(instrument), size)
    lots = int(size / lot)
    shares = min(1 + int(3 * uniform(instrument.con_id, ticks, moment, 8)), lots)
    small = lots // (shares + 1) or (1 if shares > 1 else 0)
    sizes = [size - small * lot * (shares - 1)] + [small * lot] * (shares - 1)
    return [Row(price, each, EXCHANGES[(first + n) % len(EXCHANGES)]) for n, each in enumerate(sizes)]
