"""Series that no tick shows: volatilities, lending fees, yields."""

import datetime as dt
import itertools
import math
from collections.abc import Callable

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market
from gateway.simulator.market.process import STEP_SECONDS, step_at, uniform

_DAYS = 30
_TRADING_DAYS = 252
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
    if instrument.sec_type not in _HAVE.get(what, ()):
        return None
    if what == "HISTORICAL_VOLATILITY":
        return lambda step: historical_volatility(market, instrument, step)
    if what == "OPTION_IMPLIED_VOLATILITY":
        return lambda step: instrument.product.volatility
    return lambda step: fee_rate(instrument, step, seed)


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
