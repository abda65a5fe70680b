"""Quotes out of bars, and of options that nobody recorded."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from engine import hours
from engine.backtest.quotes import contract, from_bars, modelled, spots, values_from_bars
from engine.greeks.black_scholes import Market, sensitivities
from tests.unit.engine.backtest.past import OPENS, SPX, SPY, bar


def test_a_bar_becomes_its_path_and_what_holds_is_said_again() -> None:
    bids, asks = [bar("BID", OPENS, 100, 103, 99, 102)], [bar("ASK", OPENS, 100.1, 103.2, 99.1, 102.1)]
    found = from_bars(SPY, bids, asks)
    begin = int(OPENS.timestamp()) * 10**9
    assert [quote.ts_event - begin for quote in found] == [n * 5 * 10**9 for n in range(12)]
    assert [float(quote.bid_price) for quote in found] == [100.0] * 3 + [99.0] * 3 + [103.0] * 3 + [102.0] * 3
    assert [float(quote.ask_price) for quote in found[::3]] == [100.1, 99.1, 103.2, 102.1]


def test_a_falling_bar_meets_its_high_first() -> None:
    bids, asks = [bar("BID", OPENS, 102, 103, 99, 100)], [bar("ASK", OPENS, 102.1, 103.1, 99.1, 100.1)]
    assert [float(quote.bid_price) for quote in from_bars(SPY, bids, asks)[::3]] == [102.0, 103.0, 99.0, 100.0]


def test_a_bar_of_one_side_alone_quotes_nothing() -> None:
    other = [bar("ASK", OPENS + timedelta(minutes=1), 100, 101, 99, 100)]
    assert from_bars(SPY, [bar("BID", OPENS, 100, 101, 99, 100)], other) == []


def test_an_ask_below_its_bid_is_lifted() -> None:
    [first, *_] = from_bars(SPY, [bar("BID", OPENS, 100, 100, 100, 100)], [bar("ASK", OPENS, 99, 99, 99, 99)])
    assert (float(first.bid_price), float(first.ask_price)) == (100.0, 100.0)


def test_a_modelled_option_is_the_one_of_the_formula() -> None:
    closes = datetime(2026, 11, 18, 21, tzinfo=UTC)
    option = contract(SPY, date(2026, 11, 18), 600.0, True, closes)
    assert str(option.id) == "SPY   261118C00600000.ARCX"
    assert hours.last_close(option) == closes
    assert hours.cut_off(option) == closes - timedelta(minutes=5)
    underlying = from_bars(SPY, [bar("BID", OPENS, *[599.99] * 4)], [bar("ASK", OPENS, *[600.01] * 4)])
    [first, *rest] = modelled(option, spots(underlying), 0.2)
    years = (closes - OPENS).total_seconds() / (365 * 86_400)
    price = sensitivities(Market(600.0, 600.0, years, 0.04, True), 0.2).price
    assert float(first.bid_price) <= price <= float(first.ask_price)
    assert float(first.ask_price) - float(first.bid_price) == pytest.approx(2 * max(0.01, price * 0.01), abs=0.011)
    assert len(rest) == 11


def test_nothing_is_quoted_once_it_has_expired() -> None:
    option = contract(SPY, date(2026, 11, 18), 600.0, False, OPENS)
    underlying = from_bars(SPY, [bar("BID", OPENS, *[600.0] * 4)], [bar("ASK", OPENS, *[600.0] * 4)])
    assert modelled(option, spots(underlying), 0.2) == []


def test_an_index_has_values_on_the_same_road() -> None:
    found = values_from_bars(SPX, [bar("LAST", OPENS, 6000, 6003, 5999, 6002, of=SPX)])
    assert [value for _, value in spots(found)] == [6000.0] * 3 + [5999.0] * 3 + [6003.0] * 3 + [6002.0] * 3
    assert [at for at, _ in spots(found)] == [int(OPENS.timestamp() + n * 5) * 10**9 for n in range(12)]


def test_a_modelled_option_on_an_index_is_of_the_class_that_the_close_settles() -> None:
    closes = OPENS + timedelta(minutes=30)
    option = contract(SPX, date(2026, 11, 18), 6000.0, True, closes, "SPXW")
    assert (str(option.id), option.underlying) == ("SPXW  261118C06000000.XCBO", "^SPX")
    values = values_from_bars(SPX, [bar("LAST", OPENS, *[6001.0] * 4, of=SPX)])
    for quote in modelled(option, spots(values), 0.2):
        # On the grid of its prices: five cents.
        assert all(round(float(price) * 100) % 5 == 0 for price in (quote.bid_price, quote.ask_price))
