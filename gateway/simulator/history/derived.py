"""Series that no tick shows: volatilities, lending fees, yields."""

import datetime as dt
import itertools
import math
from collections.abc import Callable

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market, Quote
from gateway.simulator.market.process import STEP_SECONDS, step_at, uniform
from gateway.simulator.market.products import Bond

_DAYS = 30
_TRADING_DAYS = 252
_YIELD_PRICES: dict[str, Callable[[Quote], float]] = {
    "YIELD_BID": lambda quote: quote.bid,
    "YIELD_ASK": lambda quote: quote.ask,
    "YIELD_LAST": lambda quote: quote.mid,
}
"""The price that a yield is of."""
_HAVE = {
    "HISTORICAL_VOLATILITY": ("STK", "IND"),
    "OPTION_IMPLIED_VOLATILITY": ("STK", "IND"),
    "FEE_RATE": ("STK",),
}
"""Which kinds of instruments have them (IBKR's documentation)."""

type Series = Callable[[int], float]
"""A value for every step of the market."""


def series(market: Market, instrument: Instrument, what: str, seed: int) -> Series | None:
    """The series of an instrument, or None where it has none."""
    bond = instrument.product.bond
    if bond is not None and what in _YIELD_PRICES:
        price = _YIELD_PRICES[what]
        return lambda step: bond_yield(bond, price(market.quote(instrument, step)), step)
    if instrument.sec_type not in _HAVE.get(what, ()):
        return None
    if what == "HISTORICAL_VOLATILITY":
        return lambda step: historical_volatility(market, instrument, step)
    if what == "OPTION_IMPLIED_VOLATILITY":
        return lambda step: round(market.implied_volatility(instrument, step), 6)
    return lambda step: fee_rate(instrument, step, seed)


def bond_yield(bond: Bond, price: float, step: int) -> float:
    """The yield to maturity in per cent a year, with two coupons a year, of a price for 100 of the face value."""
    at = dt.datetime.fromtimestamp(step * STEP_SECONDS, dt.UTC).date()
    years = max((dt.datetime.strptime(bond.maturity, "%Y%m%d").date() - at).days / 365.25, 0.5)  # noqa: DTZ007 (a date)
    periods, coupon = 2 * years, bond.coupon / 2

    def worth(rate: float) -> float:
        grown = math.pow(1 + rate / 2, -periods)
        return coupon * (1 - grown) / (rate / 2) + 100 * grown

    low, high = 1e-6, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if worth(middle) > price else (low, middle)
    return round(100 * low, 4)


def historical_volatility(market: Market, instrument: Instrument, step: int) -> float:
    """The yearly standard deviation of the log returns of the last 30 trading days, the one that runs included."""
    calendar = market.instruments.calendar(instrument)
    day = calendar.day_at(dt.datetime.fromtimestamp(step * STEP_SECONDS, dt.UTC))
    prices = [market.mid(instrument.con_id, step)]
    for _ in range(_DAYS):
        day = calendar.day_at(day.begins - dt.timedelta(seconds=1))
        prices.append(market.mid(instrument.con_id, step_at(day.regular_end.timestamp()) - 1))
    returns = [math.log(later / earlier) for later, earlier in itertools.pairwise(prices)]
    mean = sum(returns) / len(returns)
    variance = sum((each - mean) ** 2 for each in returns) / (len(returns) - 1)
    return round(math.sqrt(variance * _TRADING_DAYS), 6)


def fee_rate(instrument: Instrument, step: int, seed: int) -> float:
    """What borrowing a share costs, in per cent a year: another figure each week."""
    week = int(step * STEP_SECONDS) // (7 * 86400)
    return round(0.25 + 2 * uniform(seed, instrument.con_id, week, 95) ** 4, 4)
