"""Bars made of the quotes and trades of a market, so that they agree with its ticks.

A bar of trades opens with the first trade of its span and closes with the last; its high and low are those of the
trades it looked at. Up to 15 seconds it looks at every step. Longer ones look at a share of the steps, on grids of
which each holds the next coarser one: a long bar's range lies within that of the short bars it spans, and theirs
within that of the ticks. Volumes are differences of the day's running volume, so they add up exactly.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.process import STEP_SECONDS

if TYPE_CHECKING:
    from gateway.simulator.market.market import Quote

_GRIDS = ((60, 1), (120, 4), (1200, 40), (7200, 120), (57600, 600), (2419200, 7200), (math.inf, 345600))
"""Spans up to so many steps are looked at every so many steps."""

_LONGEST_SCAN = 2000
"""Steps to search for a first or last trade; nothing that trades at all is silent for so long."""

SIDES = ("MIDPOINT", "BID", "ASK", "BID_ASK")

type Quotes = Callable[[Instrument, int], Quote]
"""The quote of an instrument at a step."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `epoch` is its start in seconds since 1970, prices are in the instrument's currency."""

    epoch: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    """-1 where there is none: bars of quotes."""
    average: float
    """By volume; -1 where there is no volume."""
    count: int
    """Trades; -1 where there is no volume."""


def looks(begin: int, end: int) -> range:
    """The steps of a span that its bar looks at, its first and last apart."""
    grid = next(every for longest, every in _GRIDS if end - begin <= longest)
    return range(-(-begin // grid) * grid, end, grid)


def of_trades(quotes: Quotes, instrument: Instrument, begin: int, end: int) -> Bar | None:
    """The bar of the steps from `begin` to before `end`; None if nothing was traded, or nothing ever is."""
    product = instrument.product
    if product.quoted and not product.trade:
        return None
    first = _first(quotes, instrument, begin, end)
    if first is None:
        return None
    closing = quotes(instrument, end - 1)
    last = closing if traded_since(closing, begin) else _last(quotes, instrument, first.step, end - 40) or first
    seen = [quote.last for step in looks(begin, end) if traded_since(quote := quotes(instrument, step), begin)]
    prices = [first.last, *seen, last.last]
    volume = closing.volume - quotes(instrument, begin).volume + product.volume if product.quoted else 0.0
    return Bar(
        epoch=int(begin * STEP_SECONDS),
        open=first.last,
        high=max(prices),
        low=min(prices),
        close=last.last,
        volume=_tidy(volume),
        average=round(sum(prices) / len(prices), instrument.decimals + 1),
        count=max(round((end - begin) * product.activity), 1),
    )


def of_sides(quotes: Quotes, instrument: Instrument, begin: int, end: int, what: str) -> Bar | None:
    """The bar of midpoints, bids or asks; BID_ASK has the mean bid as its open, the mean ask as its close, the highest
    ask and the lowest bid (IBKR's documentation). None where nobody quotes."""
    if not instrument.product.quoted or end <= begin:
        return None
    seen = [quotes(instrument, step) for step in (begin, *looks(begin, end), end - 1)]
    bids, asks = [max(quote.bid, 0.0) for quote in seen], [quote.ask for quote in seen]
    digits = instrument.decimals
    if what == "BID_ASK":
        return _of_both(begin, bids, asks, digits + 1)
    values = {"BID": bids, "ASK": asks}.get(what) or [round(quote.mid, digits + 1) for quote in seen]
    return _bare(begin, values[0], max(values), min(values), values[-1])


def of_values(value: Callable[[int], float], begin: int, end: int) -> Bar:
    """The bar of anything that can be told for a step: its start, its middle, its end."""
    values = [value(step) for step in (begin, (begin + end) // 2, end - 1)]
    return _bare(begin, values[0], max(values), min(values), values[-1])


def of_both(bid: Callable[[int], float], ask: Callable[[int], float], begin: int, end: int) -> Bar:
    """The same of a bid and an ask: their means, and the farthest of both."""
    steps = (begin, (begin + end) // 2, end - 1)
    return _of_both(begin, [bid(step) for step in steps], [ask(step) for step in steps], 4)


def merged(parts: Iterable[Bar]) -> Bar | None:
    """One bar of several that follow each other; None of none."""
    found = list(parts)
    return reduce(_joined, found) if found else None


def traded_since(quote: "Quote", begin: int) -> bool:
    """Whether a quote's last trade is one, and not older than a step."""
    return quote.traded_at >= begin and (quote.traded or quote.step - quote.traded_at < _LOOK_BACK)


_LOOK_BACK = 40
"""A quote whose last trade is older than this does not say when it was."""


def _first(quotes: Quotes, instrument: Instrument, begin: int, end: int) -> "Quote | None":
    steps: Iterator[int] = iter(range(begin, min(end, begin + _LONGEST_SCAN)))
    return next((quote for step in steps if (quote := quotes(instrument, step)).traded), None)


def _last(quotes: Quotes, instrument: Instrument, begin: int, end: int) -> "Quote | None":
    steps = range(end - 1, max(begin, end - _LONGEST_SCAN) - 1, -1)
    return next((quote for step in steps if (quote := quotes(instrument, step)).traded), None)


def _of_both(begin: int, bids: list[float], asks: list[float], digits: int) -> Bar:
    opened, closed = round(sum(bids) / len(bids), digits), round(sum(asks) / len(asks), digits)
    return _bare(begin, opened, max(*bids, *asks), min(*bids, *asks), closed)


def _bare(begin: int, opened: float, high: float, low: float, closed: float) -> Bar:
    return Bar(int(begin * STEP_SECONDS), opened, high, low, closed, -1, -1, -1)


def _joined(one: Bar, other: Bar) -> Bar:
    counted = one.volume >= 0 and other.volume >= 0
    volume = one.volume + other.volume
    average = (one.average * one.volume + other.average * other.volume) / volume if volume else one.average
    return Bar(
        epoch=one.epoch,
        open=one.open,
        high=max(one.high, other.high),
        low=min(one.low, other.low),
        close=other.close,
        volume=_tidy(volume) if counted else -1,
        average=round(average, 6) if counted else -1,
        count=one.count + other.count if counted else -1,
    )


def _tidy(volume: float) -> float:
    whole = round(volume)
    return whole if abs(volume - whole) < 1e-9 else round(volume, 8)
