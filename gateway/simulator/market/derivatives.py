"""The members of what expires, and how a member's id is made of what it is."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from gateway.simulator.market.calendar import Calendar
from gateway.simulator.market.expiries import months_from
from gateway.simulator.market.families import FAMILIES, OPTION_CLASSES
from gateway.simulator.market.instrument import Instrument, Leg
from gateway.simulator.market.products import Product

_EPOCH = dt.date(2020, 1, 1)
_BASE = 900_000_000
"""Above nearly everything that IBKR has given out; 18 slots from here stay below 2^31."""
_SLOT = 26
"""Bits of a slot: 13 for the day, 1 for the right, 12 for the strike. Slots 0 to 15 are option classes."""
_BAGS, _FUTURES = 16, 17
_MONTH_LETTERS = "FGHJKMNQUVXZ"
_ONE_DAY = dt.timedelta(days=1)


class Derivatives:
    """Options, futures, and their ids."""

    def __init__(self, calendars: Mapping[str, Calendar]) -> None:
        self._calendars = calendars
        self._last_day = lru_cache(maxsize=2048)(self._make_last_day)
        self._on = lru_cache(maxsize=512)(self._future_after)
        self._morning = lru_cache(maxsize=512)(self._morning_after)

    def option(self, number: int, expiry: dt.date, strike: float, right: str) -> Instrument:
        """One member of the option class of that slot."""
        product = OPTION_CLASSES[number]
        days = (expiry - _EPOCH).days
        con_id = _BASE + (number << _SLOT | days << 13 | (right == "P") << 12 | round(strike / product.strike_unit))
        name = trading_class(product, expiry)
        settles = self._morning(product.hours, expiry) if product.opening else expiry
        if product.sec_type == "FOP":
            on = self.future_after(0, expiry).con_id
            month = f"{_MONTH_LETTERS[expiry.month - 1]}{expiry.year % 10}"
            local = f"{name}{month} {right}{strike:g}"
        else:
            on = product.underlying_id
            local = f"{name:<6}{expiry:%y%m%d}{right}{round(strike * 1000):08d}"
        month = f"{settles.year}{settles.month:02d}"
        return Instrument(con_id, product, expiry, strike, right, local, name, month, settles, on)

    def future(self, number: int, year: int, month: int) -> Instrument:
        """One month of the family of that number."""
        product = FAMILIES[number].product
        last = self._last_day(number, year, month)
        return Instrument(
            _BASE + (_FUTURES << _SLOT | number << 9 | (year - _EPOCH.year) * 12 + month - 1),
            product,
            last,
            local_symbol=f"{product.symbol}{_MONTH_LETTERS[month - 1]}{year % 10}",
            trading_class=product.trading_class,
            contract_month=f"{year}{month:02d}",
            settles=last,
        )

    def future_after(self, number: int, date: dt.date) -> Instrument:
        """The first month of a family that trades at least until a date."""
        return self._on(number, date)

    def months(self, number: int, first: dt.date, count: int = 60) -> Iterator[Instrument]:
        """Contracts of a family from a date's month on, soonest first; the soonest may have expired in that month."""
        for year, month in months_from(first, count):
            if month in FAMILIES[number].cycle:
                yield self.future(number, year, month)

    def by_id(self, con_id: int) -> Instrument | None:
        """Read an id back; None if it is none of ours."""
        number = con_id - _BASE
        slot, rest = number >> _SLOT, number & ((1 << _SLOT) - 1)
        if 0 <= slot < len(OPTION_CLASSES):
            days, put, units = rest >> 13, rest >> 12 & 1, rest & 0xFFF
            expiry, strike = _EPOCH + dt.timedelta(days=days), units * OPTION_CLASSES[slot].strike_unit
            return self.option(slot, expiry, strike, "P" if put else "C") if strike else None
        family, month = rest >> 9, rest & 0x1FF
        if slot != _FUTURES or family >= len(FAMILIES) or month % 12 + 1 not in FAMILIES[family].cycle:
            return None
        return self.future(family, _EPOCH.year + month // 12, month % 12 + 1)

    def _make_last_day(self, number: int, year: int, month: int) -> dt.date:
        family = FAMILIES[number]
        return family.last_day(self._calendars[family.product.hours], year, month)

    def _future_after(self, number: int, date: dt.date) -> Instrument:
        return next(month for month in self.months(number, date) if month.expiry and month.expiry >= date)

    def _morning_after(self, hours: str, expiry: dt.date) -> dt.date:
        return self._calendars[hours].day(expiry + _ONE_DAY).date


def trading_class(product: Product, expiry: dt.date) -> str:
    """The name that an option class trades under: the E-mini's weekly ones are numbered within their month."""
    return f"EW{(expiry.day - 1) // 7 + 1}" if product.trading_class == "EW" else product.trading_class


def bag_id(legs: Sequence[Leg]) -> int:
    """The id of a combination: 26 bits of a digest of its legs."""
    said = repr([(leg.con_id, leg.ratio, leg.buys) for leg in legs]).encode()
    number = int.from_bytes(hashlib.blake2b(said, digest_size=4).digest()) & ((1 << _SLOT) - 1)
    return _BASE + (_BAGS << _SLOT | number)
