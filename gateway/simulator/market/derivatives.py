"""What expires: option classes and futures, and how a member's id is made of what it is."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.simulator.market.calendar import Calendar
from gateway.simulator.market.expiries import at_or_before, days_before, months_from, third_friday
from gateway.simulator.market.instrument import Instrument
from gateway.simulator.market.listings import AAPL, QQQ, SPY, STOCKS
from gateway.simulator.market.products import FUTURE_ORDER_TYPES, OPTION_EXCHANGES, OPTION_ORDER_TYPES, Product

_EPOCH = dt.date(2020, 1, 1)
_BASE = 900_000_000
_SLOT = 26
"""Bits of a slot: 13 for the day, 1 for the right, 12 for the strike. Slots 0-15 are option classes."""
_BAGS, _FUTURES = 16, 17
_MONTH_LETTERS = "FGHJKMNQUVXZ"


def _options(symbol: str, underlying: int, step: float, schedule: str, volatility: float) -> Product:
    return Product(
        symbol=symbol,
        sec_type="OPT",
        long_name=next(stock.long_name for stock in STOCKS if stock.con_id == underlying),
        trading_class=symbol,
        exchanges=OPTION_EXCHANGES,
        listing="AMEX",
        multiplier=100.0,
        multiplier_text="100",
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


OPTION_CLASSES: tuple[Product, ...] = (
    replace(_options("SPY", SPY, 1.0, "daily", 0.18), hours="fund option"),
    replace(_options("QQQ", QQQ, 1.0, "daily", 0.22), hours="fund option"),
    _options("AAPL", AAPL, 2.5, "weekly", 0.28),
)
"""In the order of their slots, which is part of every id: new ones go to the end."""


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
        aggregate=2147483647,
        base=base,
        path=path,
        carry=carry,
        depth=60,
        trade=1,
        volume=6,
    )


FAMILIES: tuple[Family, ...] = (
    Family(_future("ES", "E-mini S&P 500", "CME", 50, 0.25, 67, 6000.0, SPY, 0.028), (3, 6, 9, 12), 5, "quarter"),
)
"""In the order of their ids: new ones go to the end."""


def option(number: int, expiry: dt.date, strike: float, right: str) -> Instrument:
    """One member of the option class of that slot."""
    product = OPTION_CLASSES[number]
    days = (expiry - _EPOCH).days
    con_id = _BASE + (number << _SLOT | days << 13 | (right == "P") << 12 | round(strike / product.strike_unit))
    return Instrument(
        con_id,
        product,
        expiry,
        strike,
        right,
        f"{product.trading_class:<6}{expiry:%y%m%d}{right}{round(strike * 1000):08d}",
        product.trading_class,
        f"{expiry:%Y%m}",
        expiry,
        product.underlying_id,
    )


def future(number: int, calendar: Calendar, year: int, month: int) -> Instrument:
    """One month of the family of that number."""
    family = FAMILIES[number]
    product = family.product
    last = family.last_day(calendar, year, month)
    return Instrument(
        _BASE + (_FUTURES << _SLOT | number << 9 | (year - 2020) * 12 + month - 1),
        product,
        last,
        local_symbol=f"{product.symbol}{_MONTH_LETTERS[month - 1]}{year % 10}",
        trading_class=product.trading_class,
        contract_month=f"{year}{month:02d}",
        settles=last,
        on=product.underlying_id,
    )


def futures(number: int, calendar: Calendar, now: dt.datetime) -> list[Instrument]:
    """The months that are listed, soonest first."""
    family, found = FAMILIES[number], []
    today = calendar.day_at(now)
    for year, month in months_from(today.date, 40):
        if month not in family.cycle:
            continue
        made = future(number, calendar, year, month)
        assert made.expiry is not None
        if made.expiry > today.date or (made.expiry == today.date and now < today.closes):
            found.append(made)
        if len(found) == family.count:
            break
    return found


def by_id(con_id: int, calendars: Mapping[str, Calendar]) -> Instrument | None:
    """Read an id back; None if it is none of ours."""
    number = con_id - _BASE
    slot, rest = number >> _SLOT, number & ((1 << _SLOT) - 1)
    if 0 <= slot < len(OPTION_CLASSES):
        days, put, units = rest >> 13, rest >> 12 & 1, rest & 0xFFF
        strike = units * OPTION_CLASSES[slot].strike_unit
        return option(slot, _EPOCH + dt.timedelta(days=days), strike, "P" if put else "C") if strike else None
    family, months = rest >> 9, rest & 0x1FF
    if slot != _FUTURES or family >= len(FAMILIES) or months % 12 + 1 not in FAMILIES[family].cycle:
        return None
    calendar = calendars[FAMILIES[family].product.hours]
    return future(family, calendar, 2020 + months // 12, months % 12 + 1)
