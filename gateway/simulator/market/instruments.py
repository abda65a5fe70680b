"""Everything that can be traded, and how it is found.

Everything listed carries the contract id it has at IBKR. The id of what expires is computed from what it is, so that
it never changes and any id can be read back without a list: clients store these ids over days.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gateway.simulator.market import expiries
from gateway.simulator.market.calendar import Calendar
from gateway.simulator.market.data import Series
from gateway.simulator.market.derivatives import Derivatives, bag_id, trading_class
from gateway.simulator.market.families import FAMILIES, OPTION_CLASSES
from gateway.simulator.market.instrument import ContractQuery, Instrument, Leg
from gateway.simulator.market.listings import LISTED
from gateway.simulator.market.matching import has_id, is_issued_by, matches, read_local_symbol
from gateway.simulator.market.products import Product

__all__ = ["ContractQuery", "Instrument", "Instruments", "Leg"]

_MOST_FOUND = 16
"""What a symbol search answers at most (IBKR's documentation)."""

_REMEMBERED = dt.timedelta(days=730)
"""How long expired futures are found (IBKR's documentation: two years)."""


class Instruments:
    """The list of everything, most of it computed as the days go by."""

    def __init__(
        self, calendars: Mapping[str, Calendar], reach: float = 0.1, data: Mapping[int, Series] | None = None
    ) -> None:
        """`reach`: how far from its usual price strikes are listed, as a share of it. `data`: own prices by con_id."""
        self._calendars = calendars
        self._derivatives = Derivatives(calendars)
        self._reach = reach
        self.data = data or {}
        self._listed = {product.con_id: _listed(product) for product in LISTED}
        self._bags: dict[int, Instrument] = {}

    # -- by id -----------------------------------------------------------------------------------------------------

    def by_id(self, con_id: int) -> Instrument | None:
        """The instrument of that id, expired ones too, or None. Combinations only once somebody named them."""
        return self._listed.get(con_id) or self._derivatives.by_id(con_id) or self._bags.get(con_id)

    def bag(self, symbol: str, currency: str, legs: Sequence[Leg]) -> Instrument | None:
        """The combination of those legs, the same whenever asked for; None if there is no such leg."""
        parts = [self.by_id(leg.con_id) for leg in legs]
        first = parts[0] if parts else None
        if first is None or not all(part is not None and part.tradable for part in parts):
            return None
        con_id = bag_id(legs)
        product = replace(
            first.product,
            symbol=symbol or first.symbol,
            sec_type="BAG",
            currency=currency or first.currency,
            long_name="",
            trading_class="COMB",
            exchanges=first.exchanges,
            multiplier=max(part.multiplier for part in parts if part is not None),
            primary_exchange="",
            multiplier_text="",
            market_rule=26,
            min_tick=0.01,
            settlement="",
            american=False,
            isin="",
            cusip="",
            figi="",
            trade=0,
            size_step=1.0,
        )
        made = Instrument(con_id, product, local_symbol=str(con_id), trading_class="COMB", legs=tuple(legs))
        self._bags[con_id] = made
        return made

    # -- what there is ---------------------------------------------------------------------------------------------

    def calendar(self, instrument: Instrument) -> Calendar:
        """The days of an instrument."""
        return self._calendars[instrument.hours]

    def listed(self) -> list[Instrument]:
        """Everything that does not expire."""
        return list(self._listed.values())

    def underlying(self, instrument: Instrument) -> Instrument:
        """What an instrument is on; itself where it is on nothing."""
        found = self.by_id(instrument.underlying_id)
        return found or instrument

    def option_classes(self, underlying: Instrument) -> list[Product]:
        """The classes of options on something."""
        if underlying.sec_type == "FUT":
            return [c for c in OPTION_CLASSES if c.sec_type == "FOP" and c.symbol == underlying.symbol]
        return [c for c in OPTION_CLASSES if c.underlying_id == underlying.con_id]

    def derived_types(self, instrument: Instrument) -> list[str]:
        """The kinds of things there are on it, as a symbol search tells them."""
        kinds = {product.sec_type for product in LISTED if product.underlying_id == instrument.con_id}
        kinds |= {product.sec_type for product in self.option_classes(instrument)}
        return sorted(kinds) + (["BAG"] if "OPT" in kinds else [])

    def expiries(self, option_class: Product, now: dt.datetime) -> list[dt.date]:
        """The days that options of a class are listed for, soonest first."""
        return expiries.listed(self._ending(option_class), option_class.schedule, now)

    def chains(self, underlying: Instrument, now: dt.datetime) -> Iterator[tuple[Product, str, list[dt.date]]]:
        """The option classes on something, with their trading classes and the expiries of each."""
        for option_class in self.option_classes(underlying):
            by_name: dict[str, list[dt.date]] = {}
            for day in self.expiries(option_class, now):
                if option_class.sec_type != "FOP" or self._derivatives.future_after(0, day) == underlying:
                    by_name.setdefault(trading_class(option_class, day), []).append(day)
            for name, days in sorted(by_name.items()):
                yield option_class, name, days

    def strikes(self, option_class: Product) -> list[float]:
        """The strikes around the prices that the underlying is found at."""
        listed = self._listed.get(option_class.underlying_id)
        product, step = listed.product if listed else FAMILIES[0].product, option_class.strike_step
        series = self.data.get(product.con_id) or self.data.get(product.follows)
        reach = self._reach * max(abs(product.beta), 1.0)
        low, high = 1 - reach, 1 + reach
        if series is not None and product.beta > 0:
            low, high = low * series.span[0] / series.first, high * series.span[1] / series.first
        base = self.base(product)
        last = min(round(base * high / step), int(0xFFF * option_class.strike_unit / step))
        return [number * step for number in range(max(round(base * low / step), 1), last + 1)]

    def base(self, product: Product) -> float:
        """The price that a product's path swings around: its usual one, or where the data it follows begin."""
        series = self.data.get(product.con_id)
        if series is not None:
            return series.first
        series, leader = self.data.get(product.follows), self._listed.get(product.follows)
        if series is None or leader is None or product.beta <= 0:
            return product.base
        return product.base * series.first / leader.product.base

    def closes_at(self, instrument: Instrument) -> dt.datetime | None:
        """When what expires stops trading (UTC); None for what does not expire."""
        return self._ending(instrument.product).day(instrument.expiry).closes if instrument.expiry else None

    def settles_at(self, instrument: Instrument) -> dt.datetime | None:
        """The moment whose price settles it: its close, or the opening after it."""
        if instrument.settles is None or instrument.settles == instrument.expiry:
            return self.closes_at(instrument)
        return self.calendar(instrument).day(instrument.settles).opens

    # -- search ----------------------------------------------------------------------------------------------------

    def search(self, pattern: str) -> list[Instrument]:
        """Stocks, indices, funds and bonds whose symbol starts with the pattern or whose name contains it."""
        sought = pattern.strip().upper()
        return [
            found
            for found in self._listed.values()
            if sought
            and found.sec_type in ("STK", "IND", "FUND", "BOND")
            and (found.symbol.startswith(sought) or sought in found.product.long_name.upper())
        ][:_MOST_FOUND]

    def find(self, query: ContractQuery, now: dt.datetime) -> list[Instrument]:
        """Everything the query can mean. Expired options cannot be found, as at the real gateway."""
        if query.sec_type == "BAG":
            bag = self.bag(query.symbol, query.currency, query.legs)
            return [bag] if bag and all(self._trading(leg, now) for leg in map(self.by_id, _ids(bag))) else []
        if query.con_id > 0:
            found = self.by_id(query.con_id)
            return [found] if found and self._trading(found, now) and matches(found, query, loose=True) else []
        if query.issuer_id:
            return [found for found in self._listed.values() if is_issued_by(found.product, query.issuer_id)]
        if query.sec_id_type:
            return [found for found in self._listed.values() if has_id(found.product, query)]
        if query.sec_type in ("OPT", "FOP"):
            return [found for found in self._options(query, now) if matches(found, query)]
        if query.sec_type in ("FUT", "CONTFUT", "FUT+CONTFUT"):
            return [found for found in self._futures(query, now) if matches(found, query)]
        if not query.sec_type or not (query.symbol or query.local_symbol):
            return []
        return [found for found in self._listed.values() if matches(found, query)]

    def _ending(self, product: Product) -> Calendar:
        """The days whose closing is a product's last moment. Index options that are settled on a closing stop trading
        with it on their last day, a quarter of an hour before they do on others (Cboe)."""
        on_closing = product.underlying_type == "IND" and not product.opening
        return self._calendars["index" if on_closing else product.hours]

    def _trading(self, instrument: Instrument | None, now: dt.datetime) -> bool:
        closes = self.closes_at(instrument) if instrument else None
        return instrument is not None and (closes is None or now < closes)

    def _options(self, query: ContractQuery, now: dt.datetime) -> Iterator[Instrument]:
        query = read_local_symbol(query)
        for number, product in enumerate(OPTION_CLASSES):
            if query.sec_type != product.sec_type or not (
                query.symbol == product.symbol
                if query.symbol
                else query.local_symbol.startswith(product.trading_class)
                or query.trading_class.startswith(product.trading_class)
            ):
                continue
            strikes = self.strikes(product)
            if query.strike > 0:
                strikes = [strike for strike in strikes if strike == query.strike]
            rights = [right for right in "CP" if not query.right or query.right[0] in (right, "0", "?")]
            for expiry in self.expiries(product, now):
                if query.expiry and not f"{expiry:%Y%m%d}".startswith(query.expiry[:8]):
                    continue
                for right in rights:
                    for strike in strikes:
                        yield self._derivatives.option(number, expiry, strike, right)

    def _futures(self, query: ContractQuery, now: dt.datetime) -> Iterator[Instrument]:
        for number, family in enumerate(FAMILIES):
            if query.symbol and query.symbol != family.product.symbol:
                continue
            first = now.date() - (_REMEMBERED if query.include_expired else dt.timedelta())
            months = list(self._derivatives.months(number, first))
            trading = [month for month in months if self._trading(month, now)][: family.count]
            if "CONTFUT" in query.sec_type:
                continuous = replace(family.product, sec_type="CONTFUT", tradable=False)
                yield replace(trading[0], product=continuous)
            if query.sec_type == "CONTFUT":
                continue
            expired = [month for month in months if query.include_expired and not self._trading(month, now)]
            for month in (*expired, *trading):
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


def _ids(bag: Instrument) -> list[int]:
    return [leg.con_id for leg in bag.legs]
