"""Ticks of the past: the same as came tick by tick."""

from collections.abc import Callable, Iterator

from gateway.simulator.market.market import Quote

type Shown = Callable[[Quote, Quote], bool]
"""Whether a quote, after the one of the step before it, is a tick."""


def shown(what: str, *, ignore_size: bool) -> Shown:
    """What counts as a tick: every trade, every change of the book's top (or of its prices only), of the middle."""
    if what == "TRADES":
        return lambda quote, before: quote.traded
    if what == "MIDPOINT":
        return lambda quote, before: quote.mid != before.mid
    if ignore_size:
        return lambda quote, before: (quote.bid, quote.ask) != (before.bid, before.ask)
    return lambda quote, before: top(quote) != top(before)


def forward(quote: Callable[[int], Quote], is_tick: Shown, begin: int, end: int) -> Iterator[Quote | None]:
    """Ticks of the steps from `begin` to before `end`, oldest first; None for every step without one."""
    before = quote(begin - 1)
    for step in range(begin, end):
        now = quote(step)
        yield now if is_tick(now, before) else None
        before = now


def backward(quote: Callable[[int], Quote], is_tick: Shown, begin: int, end: int) -> Iterator[Quote | None]:
    """The same ticks, newest first."""
    now = quote(end - 1)
    for step in range(end - 1, begin - 1, -1):
        before = quote(step - 1)
        yield now if is_tick(now, before) else None
        now = before


def top(quote: Quote) -> tuple[float, float, float, float]:
    """Best prices and their sizes."""
    return quote.bid, quote.ask, quote.bid_size, quote.ask_size
