"""Bars show nothing that the ticks of their span do not."""

from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.simulator.history import ticks
from gateway.simulator.market import bars
from gateway.simulator.market.bars import Bar
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market, Quote
from gateway.simulator.market.process import STEP_SECONDS, step_at
from tests.unit.simulator.rig import CALENDARS, INSTRUMENTS, NOON, spy_call, stock

MARKET = Market(INSTRUMENTS, CALENDARS, 1, 0.6)
DAY = int(86400 / STEP_SECONDS)
MIDNIGHT = step_at(NOON.timestamp()) - 12 * DAY // 24

instruments = st.sampled_from([stock(), spy_call(), *(i for i in INSTRUMENTS.listed() if i.symbol in ("SPX", "BTC"))])
quoted = st.sampled_from([stock(), *(i for i in INSTRUMENTS.listed() if i.sec_type == "CASH")][:3])
begins = st.integers(MIDNIGHT, MIDNIGHT + DAY // 2)
lengths = st.sampled_from([4, 20, 40, 60, 120, 240, 1200])


def trades(instrument: Instrument, begin: int, end: int) -> list[Quote]:
    quote = partial(MARKET.quote, instrument)
    found = ticks.forward(quote, ticks.shown("TRADES", ignore_size=False), begin, end)
    return [tick for tick in found if tick is not None]


def made(instrument: Instrument, begin: int, end: int) -> Bar | None:
    return bars.of_trades(MARKET.quote, instrument, begin, end)


@given(instruments, begins, lengths)
@settings(max_examples=60, deadline=None)
def test_trades_bars_lie_within_the_trades(instrument: Instrument, begin: int, length: int) -> None:
    shown, bar = trades(instrument, begin, begin + length), made(instrument, begin, begin + length)
    assert (bar is None) == (not shown)
    if bar is None:
        return
    prices = [tick.last for tick in shown]
    assert (bar.open, bar.close) == (prices[0], prices[-1])
    assert min(prices) <= bar.low <= min(bar.open, bar.close)
    assert max(bar.open, bar.close) <= bar.high <= max(prices)
    assert bar.low - 1e-9 <= bar.average <= bar.high + 1e-9
    if length <= 60:
        assert (bar.low, bar.high) == (min(prices), max(prices))


@given(instruments, begins, st.sampled_from([(60, 4), (240, 60), (1200, 240), (14400, 1200)]))
@settings(max_examples=25, deadline=None)
def test_a_long_bar_lies_within_its_short_ones_and_their_volumes_add_up(
    instrument: Instrument, begin: int, sizes: tuple[int, int]
) -> None:
    long, short = sizes
    begin -= begin % long
    whole = made(instrument, begin, begin + long)
    parts = [made(instrument, at, at + short) for at in range(begin, begin + long, short)]
    found = [part for part in parts if part is not None]
    assert (whole is None) == (not found)
    if whole is None:
        return
    assert (whole.open, whole.close) == (found[0].open, found[-1].close)
    assert min(part.low for part in found) <= whole.low
    assert whole.high <= max(part.high for part in found)
    if len(found) == len(parts) and begin > MIDNIGHT:
        assert abs(sum(part.volume for part in found) - whole.volume) < 1e-6


@given(quoted, begins, lengths, st.sampled_from(bars.SIDES))
@settings(max_examples=60, deadline=None)
def test_bars_of_quotes_lie_within_the_quotes(instrument: Instrument, begin: int, length: int, what: str) -> None:
    bar = bars.of_sides(MARKET.quote, instrument, begin, begin + length, what)
    assert bar is not None
    quotes = [MARKET.quote(instrument, step) for step in range(begin, begin + length)]
    side = {
        "BID": [q.bid for q in quotes],
        "ASK": [q.ask for q in quotes],
        "MIDPOINT": [round(q.mid, instrument.decimals + 1) for q in quotes],
        "BID_ASK": [price for q in quotes for price in (q.bid, q.ask)],
    }[what]
    assert min(side) <= bar.low <= bar.high <= max(side)
    assert bar.low <= min(bar.open, bar.close)
    assert max(bar.open, bar.close) <= bar.high
    assert (bar.volume, bar.count) == (-1, -1)
    if what != "BID_ASK":
        assert (bar.open, bar.close) == (side[0], side[-1])


@given(instruments, begins, st.integers(1, 200), st.sampled_from(["TRADES", "MIDPOINT", "BID_ASK"]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_ticks_are_the_same_from_either_end(
    instrument: Instrument, begin: int, length: int, what: str, ignore_size: bool
) -> None:
    quote, is_tick = partial(MARKET.quote, instrument), ticks.shown(what, ignore_size=ignore_size)
    onward = [tick for tick in ticks.forward(quote, is_tick, begin, begin + length) if tick]
    back = [tick for tick in ticks.backward(quote, is_tick, begin, begin + length) if tick]
    assert onward == back[::-1]
