"""What expires, by family: option classes and futures.

Trading classes, multipliers, ticks and cycles are the exchanges'. Left out: the E-mini's options of Mondays to
Thursdays and of months' ends.
"""

import datetime as dt
from dataclasses import dataclass, replace

from gateway.simulator.market import rules
from gateway.simulator.market.calendar import CENTRAL, EASTERN, Calendar
from gateway.simulator.market.expiries import at_or_before, days_before, third_friday
from gateway.simulator.market.listings import AAPL, INDICES, QQQ, SPY, STOCKS, XAUUSD
from gateway.simulator.market.products import FUTURE_ORDER_TYPES, OPTION_EXCHANGES, OPTION_ORDER_TYPES, Product

_NO_GROUP = 2147483647


def _options(symbol: str, underlying: int, step: float, schedule: str, volatility: float) -> Product:
    """American options on a stock or a fund, for delivery."""
    return Product(
        symbol=symbol,
        sec_type="OPT",
        long_name=next(stock.long_name for stock in STOCKS if stock.con_id == underlying),
        trading_class=symbol,
        exchanges=OPTION_EXCHANGES,
        listing="AMEX",
        multiplier=100.0,
        multiplier_text="100",
        market_rule=32,
        order_types=OPTION_ORDER_TYPES,
        settlement="physical",
        american=True,
        hours="option",
        aggregate=2,
        underlying_id=underlying,
        underlying_type="STK",
        depth=60,
        trade=1,
        activity=0.15,
        volume=2,
        strike_step=step,
        strike_unit=0.5,
        schedule=schedule,
        volatility=volatility,
    )


def _penny(option_class: Product) -> Product:
    """The most traded funds: every price in cents, open until 16:15."""
    return replace(option_class, market_rule=26, hours="fund option")


def _index_options(
    index: Product, trading_class: str, step: float, unit: float, schedule: str, market_rule: int
) -> Product:
    """European options on an index, for cash, on Cboe alone."""
    return replace(
        _options("SPY", SPY, step, schedule, index.volatility),
        symbol=index.symbol,
        long_name=index.long_name,
        trading_class=trading_class,
        exchanges="SMART,CBOE,IBUSOPT",
        listing="CBOE",
        market_rule=market_rule,
        min_tick=rules.MARKET_RULES[market_rule][0][1],
        settlement="cash",
        american=False,
        hours="index option",
        zone=CENTRAL,
        underlying_id=index.con_id,
        underlying_type="IND",
        strike_unit=unit,
        opening=schedule in ("opening", "volatility"),
    )


def _future_options(trading_class: str, schedule: str) -> Product:
    """American options on the E-mini S&P 500, for delivery of the future."""
    return replace(
        _options("SPY", SPY, 5.0, schedule, 0.16),
        symbol="ES",
        sec_type="FOP",
        long_name="E-mini S&P 500",
        trading_class=trading_class,
        exchanges="CME",
        listing="CME",
        multiplier=50.0,
        multiplier_text="50",
        market_rule=1175,
        min_tick=0.05,
        hours="future",
        zone=CENTRAL,
        aggregate=_NO_GROUP,
        underlying_id=0,
        underlying_type="FUT",
        strike_unit=5.0,
    )


_SPX, _XSP, _NDX, _VIX = INDICES

OPTION_CLASSES: tuple[Product, ...] = (
    _penny(_options("SPY", SPY, 1.0, "daily", 0.18)),
    _penny(_options("QQQ", QQQ, 1.0, "daily", 0.22)),
    _options("AAPL", AAPL, 2.5, "weekly", 0.28),
    _options("MSFT", 272093, 5.0, "weekly", 0.26),
    _options("NVDA", 4815747, 2.5, "weekly", 0.45),
    _options("TSLA", 76792991, 5.0, "weekly", 0.55),
    _options("AMZN", 3691937, 2.5, "weekly", 0.32),
    _penny(_options("IWM", 9579970, 1.0, "daily", 0.22)),
    _index_options(_SPX, "SPX", 5.0, 5.0, "opening", 110),
    _index_options(_SPX, "SPXW", 5.0, 5.0, "daily", 110),
    _index_options(_XSP, "XSP", 1.0, 0.5, "daily", 26),
    _index_options(_VIX, "VIX", 0.5, 0.5, "volatility", 109),
    _index_options(_NDX, "NDXP", 25.0, 25.0, "daily", 110),
    _future_options("ES", "quarterly"),
    _future_options("EW", "fridays"),
)
"""In the order of their slots, which is part of every id: new ones go to the end; there is room for one more."""


@dataclass(frozen=True, slots=True)
class Family:
    """One future and its continuous sister."""

    product: Product
    cycle: tuple[int, ...]
    """Delivery months."""
    count: int
    """How many are listed at once."""
    rule: str
    """`quarter`: the third Friday; `oil`: three days before the 25th of the month before; `gold`: the third last."""

    def last_day(self, calendar: Calendar, year: int, month: int) -> dt.date:
        """The last day that month's contract trades."""
        match self.rule:
            case "oil":
                before = dt.date(year - (month == 1), (month - 2) % 12 + 1, 25)
                while before.weekday() > 4 or not calendar.is_day(before):
                    before -= dt.timedelta(days=1)
                return days_before(calendar, before, 3)
            case "gold":
                return days_before(calendar, dt.date(year + month // 12, month % 12 + 1, 1), 3)
            case _:
                return at_or_before(calendar, third_friday(year, month))


def _future(
    symbol: str,
    name: str,
    exchange: str,
    multiplier: float,
    tick: float,
    market_rule: int,
    base: float,
    path: int,
    carry: float = 0.0,
) -> Product:
    return Product(
        symbol=symbol,
        sec_type="FUT",
        long_name=name,
        trading_class=symbol,
        exchanges=exchange,
        listing=exchange,
        multiplier=multiplier,
        multiplier_text=f"{multiplier:g}",
        market_rule=market_rule,
        min_tick=tick,
        order_types=FUTURE_ORDER_TYPES,
        settlement="cash",
        hours="future",
        zone=CENTRAL if exchange == "CME" else EASTERN,
        aggregate=_NO_GROUP,
        base=base,
        path=path,
        carry=carry,
        depth=60,
        trade=1,
        volume=6,
    )


_QUARTERS, _MONTHS = (3, 6, 9, 12), tuple(range(1, 13))

FAMILIES: tuple[Family, ...] = (
    Family(_future("ES", "E-mini S&P 500", "CME", 50, 0.25, 67, 6000.0, SPY, 0.028), _QUARTERS, 5, "quarter"),
    Family(_future("MES", "Micro E-Mini S&P 500 Stock Price Index", "CME", 5, 0.25, 67, 6000.0, SPY, 0.028), _QUARTERS,
           5, "quarter"),
    Family(_future("NQ", "E-mini NASDAQ 100", "CME", 20, 0.25, 67, 20500.0, QQQ, 0.03), _QUARTERS, 5, "quarter"),
    Family(replace(_future("CL", "Light Sweet Crude Oil", "NYMEX", 1000, 0.01, 26, 70.0, 17340718, -0.02),
                   settlement="physical", beta=0.6), _MONTHS, 12, "oil"),
    Family(replace(_future("GC", "Gold", "COMEX", 100, 0.1, 28, 2700.0, XAUUSD, 0.04), settlement="physical", beta=0.3),
           (2, 4, 6, 8, 10, 12), 6, "gold"),
)  # fmt: skip
"""In the order of their ids: new ones go to the end."""
