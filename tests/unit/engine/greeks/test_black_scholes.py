"""Our formulas against QuantLib's, from a week down to the last second, and what no volatility can be read from."""

from __future__ import annotations

import itertools
import math

import pytest
import QuantLib as ql
from hypothesis import given
from hypothesis import strategies as st
from nautilus_trader.core.nautilus_pyo3 import black_scholes_greeks

from engine.greeks.black_scholes import (
    MIN_TIME_VALUE,
    YEAR_SECONDS,
    Market,
    Sensitivities,
    implied_vol,
    intrinsic,
    sensitivities,
    years_until,
)

TOLERANCE = 1e-6
SPOT = 600.0
# From a second before expiry to a week: the last minutes are what the stock calculator cannot see.
SECONDS = (1, 10, 60, 120, 300, 600, 1800, 3600, 3 * 3600, 6.5 * 3600, 24 * 3600, 7 * 24 * 3600)
STRIKES = (540.0, 580.0, 590.0, 595.0, 598.0, 599.0, 599.9, 600.0, 600.1, 601.0, 602.0, 605.0, 610.0, 620.0, 660.0)
VOLS = (0.05, 0.1, 0.2, 0.4, 0.8, 2.0)
RATES = (0.0, 0.0425)
GRID = list(itertools.product(SECONDS, STRIKES, VOLS, RATES, (True, False)))


def market(seconds: float, strike: float = 600.0, rate: float = 0.0425, call: bool = True) -> Market:
    return Market(SPOT, strike, seconds / YEAR_SECONDS, rate, call)


def quantlib(of: Market, vol: float) -> Sensitivities:
    kind = ql.Option.Call if of.call else ql.Option.Put
    forward, discount = of.spot * math.exp(of.rate * of.years), math.exp(-of.rate * of.years)
    payoff = ql.PlainVanillaPayoff(kind, of.strike)
    black = ql.BlackCalculator(payoff, forward, vol * math.sqrt(of.years), discount)
    return Sensitivities(
        price=black.value(),
        delta=black.delta(of.spot),
        gamma=black.gamma(of.spot),
        vega=black.vega(of.years) / 100,
        theta=black.theta(of.spot, of.years) / 365,
        # QuantLib's is that of the call, whatever the payoff.
        itm_probability=black.itmCashProbability() if of.call else 1 - black.itmCashProbability(),
    )


def worst(ours: Sensitivities, theirs: Sensitivities) -> float:
    """The largest difference; theta and gamma reach hundreds in the last second, so relative above 1."""
    pairs = ((getattr(ours, name), getattr(theirs, name)) for name in Sensitivities.__slots__)
    return float(max(abs(a - b) / max(1.0, abs(b)) for a, b in pairs))


def test_the_greeks_agree_with_quantlib_over_the_whole_grid() -> None:
    off = []
    for seconds, strike, vol, rate, call in GRID:
        at = market(seconds, strike, rate, call)
        if worst(sensitivities(at, vol), quantlib(at, vol)) > TOLERANCE:
            off.append((at, vol))
    assert not off


def test_the_volatility_read_from_quantlibs_price_is_the_one_that_made_it() -> None:
    checked = 0
    for seconds, strike, vol, rate, call in GRID:
        at = market(seconds, strike, rate, call)
        price = quantlib(at, vol).price
        if price - intrinsic(at) < 2 * MIN_TIME_VALUE:
            continue
        found = implied_vol(at, price)
        assert found is not None, (seconds, strike, vol, rate, call)
        # What is asked for are greeks: a volatility may be looser where nothing depends on it.
        assert worst(sensitivities(at, found), quantlib(at, vol)) <= TOLERANCE
        checked += 1
    assert checked > len(GRID) / 4


def test_nautilus_own_function_would_not_do() -> None:
    """Its single precision is why the formulas stand in our own file. When this fails, they may go."""
    at = market(6.5 * 3600, 605.0)
    theirs = black_scholes_greeks(at.spot, at.rate, at.rate, 0.2, at.call, at.strike, at.years)
    assert abs(theirs.delta - quantlib(at, 0.2).delta) > TOLERANCE


@pytest.mark.parametrize(
    ("seconds", "strike", "price"),
    [
        (3600, 590.0, 9.9),  # below what exercise is worth
        (3600, 600.0, 0.0),
        (3600, 700.0, 1e-12),
        (0, 600.0, 1.0),  # expired
        (-60, 600.0, 1.0),
        (3600, 600.0, 599.9),  # no volatility is that high
    ],
)
def test_no_volatility_is_read_where_there_is_none(seconds: float, strike: float, price: float) -> None:
    assert implied_vol(market(seconds, strike), price) is None


def test_an_hour_counts_as_an_hour() -> None:
    """The stock calculator gives 10:00 and 15:30 the same greeks."""
    assert years_until(3_600 * 10**9, 0) == pytest.approx(3600 / YEAR_SECONDS)
    assert years_until(0, 1) < 0
    morning, last = (sensitivities(market(seconds, 602.0), 0.2).delta for seconds in (6 * 3600, 300))
    assert morning > 0.25
    assert last < 0.01


@given(
    seconds=st.floats(1, 7 * 86_400),
    strike=st.floats(500, 700),
    vol=st.floats(0.01, 3),
    rate=st.floats(0, 0.1),
)
def test_calls_and_puts_agree_by_parity(seconds: float, strike: float, vol: float, rate: float) -> None:
    call, put = (sensitivities(market(seconds, strike, rate, side), vol) for side in (True, False))
    assert call.delta - put.delta == pytest.approx(1.0, abs=1e-12)
    forward = SPOT - strike * math.exp(-rate * seconds / YEAR_SECONDS)
    assert call.price - put.price == pytest.approx(forward, abs=1e-9)
    assert call.gamma == pytest.approx(put.gamma, abs=1e-12)
    assert 0 <= call.delta <= 1
    assert call.gamma >= 0
    assert call.vega >= 0
