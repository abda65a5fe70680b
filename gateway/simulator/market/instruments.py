"""Everything that can be traded, and how it is found.

Everything listed carries the contract id it has at IBKR. The id of what expires is computed from what it is, so that
it never changes and any id can be read back without a list: clients store these ids over days.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gateway.simulator.market import derivatives, expiries
from gateway.simulator.market.calendar import Calendar
from gateway.simulator.market.derivatives import FAMILIES, OPTION_CLASSES
from gateway.simulator.market.instrument import ContractQuery, Instrument, Leg
from gateway.simulator.market.listings import LISTED
from gateway.simulator.market.products import Product

__all__ = ["ContractQuery", "Instrument", "Instruments", "Leg"]


class Instruments:
    """The list of everything, most of it computed as the days go by."""

    def __init__(self, calendars: Mapping[str, Calendar], reach: float = 0.1) -> None:
        """`reach`: how far from its usual price strikes are listed, as a share of it."""
        self._calendars = calendars
        self._reach = reach
        self._listed = {product.con_id: _listed(product) for product in LISTED}
        self._bags: dict[int, Instrument] = {}

    def calendar(self, instrument: Instrument) -> Calendar:
        """The days of an instrument."""
        return self._calendars[instrument.hours]

    def listed(self) -> list[Instrument]:
        """Everything that does not expire."""
        return list(self._listed.values())

    def by_id(self, con_id: int) -> Instrument | None:
        """The instrument of that id, expired ones too, or None."""
        return self._listed.get(con_id) or derivatives.by_id(con_id, self._calendars) or self._bags.get(con_id)

    def underlying(self, instrument: Instrument) -> Instrument:
        """What an instrument is on; itself where it is on nothing."""
        found = self.by_id(instrument.underlying_id)
        assert found is not None
        return found

    def option_classes(self, underlying: Instrument) -> list[Product]:
        """The classes of options on something listed."""
        return [product for product in OPTION_CLASSES if product.underlying_id == underlying.con_id]

    def expiries(self, option_class: Product, now: dt.datetime) -> list[dt.date]:
        """The days that options of a class are listed for, soonest first."""
        return expiries.listed(self._calendars[option_class.hours], option_class.schedule, now)

    def strikes(self, option_class: Product) -> list[float]:
        """The strikes around the price that the underlying swings around."""
        base, step = self._listed[option_class.underlying_id].product.base, option_class.strike_step
        lowest, highest = round(base * (1 - self._reach) / step), round(base * (1 + self._reach) / step)
        return [number * step for number in range(max(lowest, 1), highest + 1)]

    def closes_at(self, instrument: Instrument) -> dt.datetime | None:
        """When what expires stops trading (UTC); None for what does not expire."""
        return self.calendar(instrument).day(instrument.expiry).closes if instrument.expiry else None

    def settles_at(self, instrument: Instrument) -> dt.datetime | None:
        """The moment whose price settles it: its close, or the opening after it."""
        if instrument.settles is None or instrument.settles == instrument.expiry:
            return self.closes_at(instrument)
        return self.calendar(instrument).day(instrument.settles).opens

    def search(self, pattern: str) -> list[Instrument]:
        """Stocks and indices whose symbol starts with the pattern or whose name contains it."""
        sought = pattern.strip().upper()
        return [
            found
            for found in self._listed.values()
            if sought
            and found.sec_type in ("STK", "IND")
            and (found.symbol.startswith(sought) or sought in found.product.long_name.upper())
        ]

    def find(self, query: ContractQuery, now: dt.datetime) -> list[Instrument]:
        """Everything the query can mean. Expired options cannot be found, as at the real gateway."""
        if query.con_id > 0:
            found = self.by_id(query.con_id)
            return [found] if found and self._tradable(found, now) and _matches(found, query, loose=True) else []
        if query.sec_id_type:
            return [found for found in self._listed.values() if _has_id(found.product, query)]
        if query.sec_type in ("OPT", "FOP"):
            return [found for found in self._options(query, now) if _matches(found, query)]
        if query.sec_type in ("FUT", "CONTFUT"):
            return [found for found in self._futures(query, now) if _matches(found, query)]
        if not query.sec_type or not (query.symbol or query.local_symbol):
            return []
        return [found for found in self._listed.values() if _matches(found, query)]

    def _tradable(self, instrument: Instrument, now: dt.datetime) -> bool:
        closes = self.closes_at(instrument)
        return closes is None or now < closes

    def _options(self, query: ContractQuery, now: dt.datetime) -> Iterator[Instrument]:
        symbol = query.symbol or query.local_symbol[:6].strip() or query.trading_class
        for number, product in enumerate(OPTION_CLASSES):
            if query.sec_type != product.sec_type or symbol not in (product.symbol, product.trading_class):
                continue
            strikes = self.strikes(product)
            if query.strike > 0:
                strikes = [strike for strike in strikes if strike == query.strike]
            for expiry in self.expiries(product, now):
                if query.expiry and not f"{expiry:%Y%m%d}".startswith(query.expiry[:8]):
                    continue
                for right in "CP":
                    if query.right and query.right[0] not in (right, "0", "?"):
                        continue
                    for strike in strikes:
                        yield derivatives.option(number, expiry, strike, right)

    def _futures(self, query: ContractQuery, now: dt.datetime) -> Iterator[Instrument]:
        for number, family in enumerate(FAMILIES):
            product = family.product
            if query.symbol and query.symbol != product.symbol:
                continue
            months = derivatives.futures(number, self._calendars[product.hours], now)
            if query.sec_type == "CONTFUT":
                yield replace(months[0], product=replace(product, sec_type="CONTFUT", tradable=False))
                continue
            for month in months:
                if not query.expiry or query.expiry in (month.contract_month, month.expiry_text):
                    yield month


def _listed(product: Product) -> Instrument:
    return Instrument(
        product.con_id,
        product,
        local_symbol=product.local_symbol or product.symbol,
        trading_class=product.trading_class,
        on=product.underlying_id,
    )


def _has_id(product: Product, query: ContractQuery) -> bool:
    held = {"ISIN": product.isin, "CUSIP": product.cusip, "FIGI": product.figi}.get(query.sec_id_type)
    return (
        bool(held)
        and held == query.sec_id
        and (not query.currency or query.currency == product.currency)
        and (not query.exchange or query.exchange in product.exchanges.split(","))
    )


def _matches(instrument: Instrument, query: ContractQuery, loose: bool = False) -> bool:
    """Whether an instrument is what a query says; `loose` leaves out what a conId settles."""
    if query.exchange and query.exchange not in instrument.exchanges.split(","):
        return False
    if query.currency and query.currency != instrument.currency:
        return False
    if query.sec_type and query.sec_type != instrument.sec_type:
        return False
    if loose:
        return not query.symbol or query.symbol == instrument.symbol
    return (
        (not query.symbol or query.symbol in (instrument.symbol, instrument.trading_class))
        and (not query.local_symbol or query.local_symbol == instrument.local_symbol)
        and (not query.trading_class or query.trading_class == instrument.trading_class)
        and (not query.right or query.right[0] == instrument.right or query.right in ("0", "?"))
        and (not query.multiplier or query.multiplier == instrument.multiplier_text)
        and (
            not query.primary_exchange
            or not instrument.primary_exchange
            or query.primary_exchange == instrument.primary_exchange
        )
    )
