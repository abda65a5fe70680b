"""One day of the catalog: its instruments and all that happened in them, ready to be replayed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from nautilus_trader.model.data import Bar, IndexPriceUpdate, QuoteTick, TradeTick
from nautilus_trader.model.instruments import IndexInstrument, OptionContract

from engine import hours
from engine.backtest import quotes
from engine.errors import SettingsError
from engine.instruments import UNDERLYINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nautilus_trader.persistence.catalog import ParquetDataCatalog

_NEW_YORK = ZoneInfo("America/New_York")
# Strikes that are modelled beyond those that the underlying touched.
_BEYOND = 2


@dataclass(frozen=True, slots=True)
class Day:
    """What is replayed. `modelled`: its options' prices were worked out and not quoted."""

    date: date
    underlying: Any
    options: list[Any]
    data: list[Any]
    modelled: bool
    # Settled in the morning after, by a price that is in no catalog: left out.
    morning: int = 0

    @property
    def instruments(self) -> list[Any]:
        """The underlying and its options."""
        return [self.underlying, *self.options]

    def last_price(self) -> float | None:
        """Return what the underlying was worth when all ended."""
        spots = quotes.spots([one for one in self.data if getattr(one, "instrument_id", None) == self.underlying.id])
        return spots[-1][1] if spots else None


class Past:
    """A catalog, read by days of the exchange."""

    def __init__(self, catalog: ParquetDataCatalog, symbol: str, where: Path) -> None:
        """Raises SettingsError where the catalog does not have the underlying."""
        self._catalog = catalog
        # The newest word on each: a download writes what it does not know yet, and an id may come twice.
        known = {instrument.id: instrument for instrument in catalog.instruments()}
        # An index has a caret before its name, and so has what its options say that they are on.
        own = [one for one in known.values() if not _is_option(one) and _plain(one.id.symbol.value) == symbol]
        if not own:
            raise SettingsError(
                f"prices of {symbol} in {where}", "none", f"run make catalog SYMBOL={symbol} FROM=… TO=… first"
            )
        self._underlying = own[0]
        options = [one for one in known.values() if _is_option(one) and _plain(str(one.underlying)) == symbol]
        self._options = sorted(options, key=lambda one: one.id.value)
        # The classes that are settled by the close of their last day; the SPX itself is by the next morning's opening.
        self._classes = {one.symbol: one.trading_class for one in UNDERLYINGS.values() if one.is_index}

    def days(self, first: date, last: date, volatility: float | None) -> Iterator[Day]:
        """Yield each day that has quotes of the underlying; `volatility` prices options where none were recorded."""
        day = first
        while day <= last:
            listed = [option for option in self._options if _dies_on(option, day)]
            found = self._day(day, listed, volatility)
            if found is not None:
                yield found
            day += timedelta(days=1)

    def _day(self, day: date, listed: list[Any], volatility: float | None) -> Day | None:
        morning = [option for option in listed if self._is_settled_in_the_morning(option)]
        listed = [_with_its_close(option) for option in listed if option not in morning]
        closes = [close for close in map(hours.last_close, listed) if close is not None]
        begin = datetime.combine(day, time(), _NEW_YORK).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), _NEW_YORK).astimezone(UTC)
        if closes:
            # A world that never closes has days that begin at any hour; they end when their options die.
            begin, end = max(closes) - timedelta(days=1), max(closes)
        of_index = isinstance(self._underlying, IndexInstrument)
        underlying = (self._values if of_index else self._quotes)(self._underlying, begin, end)
        if not underlying:
            return None
        data: list[Any] = [*underlying, *self._others(self._underlying, begin, end)]
        if of_index:
            # What was written as trades of it are its values.
            data = [one for one in data if not isinstance(one, TradeTick)]
        options: list[Any] = []
        for option in listed:
            quoted = self._quotes(option, begin, end)
            if quoted:
                options.append(option)
                data += [*quoted, *self._others(option, begin, end)]
        modelled = not options and volatility is not None
        if modelled:
            assert volatility is not None
            spots = quotes.spots(underlying)
            options = self._modelled(day, spots)
            for option in options:
                data += quotes.modelled(option, spots, volatility)
        # At the very end the simulated exchange would settle what is held, by what it knows.
        ends = max((option.expiration_ns for option in options), default=None)
        data = [one for one in data if ends is None or one.ts_init < ends]
        # The catalog's order must not decide which of two things of one moment comes first.
        data.sort(key=lambda one: (one.ts_init, type(one).__name__, str(getattr(one, "bar_type", one))))
        return Day(day, self._underlying, options, data, modelled, len(morning))

    def _modelled(self, day: date, spots: list[tuple[int, float]]) -> list[Any]:
        prices = [price for _, price in spots]
        # The session ends a price's life after its last one, at a whole minute.
        last = spots[-1][0] / 1e9 + 1
        closes = datetime.fromtimestamp(last + -last % 60, UTC)
        step = quotes.strike_step(self._underlying)
        first, end = (round(edge / step) * step for edge in (min(prices), max(prices)))
        name = self._classes.get(_plain(self._underlying.id.symbol.value))
        return [
            quotes.contract(self._underlying, day, float(strike), call, closes, name)
            for strike in range(first - _BEYOND * step, end + _BEYOND * step + 1, step)
            for call in (True, False)
        ]

    def _is_settled_in_the_morning(self, option: Any) -> bool:
        own = self._classes.get(_plain(self._underlying.id.symbol.value))
        return own is not None and option.info["contract"].get("tradingClass", own) != own

    def _values(self, index: Any, begin: datetime, end: datetime) -> list[IndexPriceUpdate]:
        told = self._query(TradeTick, index.id.value, begin, end)
        if told:
            return [IndexPriceUpdate(index.id, tick.price, tick.ts_event, tick.ts_init) for tick in told]
        return quotes.values_from_bars(index, self._bars(index, "LAST", begin, end))

    def _quotes(self, instrument: Any, begin: datetime, end: datetime) -> list[QuoteTick]:
        ticks = self._query(QuoteTick, instrument.id.value, begin, end)
        if ticks:
            return ticks
        bids, asks = (self._bars(instrument, price, begin, end) for price in ("BID", "ASK"))
        return quotes.from_bars(instrument, bids, asks)

    def _others(self, instrument: Any, begin: datetime, end: datetime) -> list[Any]:
        bars = [bar for price in ("BID", "ASK", "LAST") for bar in self._bars(instrument, price, begin, end)]
        return bars + self._query(TradeTick, instrument.id.value, begin, end)

    def _bars(self, instrument: Any, price: str, begin: datetime, end: datetime) -> list[Any]:
        """The finest bars there are of one kind of price."""
        found = self._query(Bar, instrument.id.value, begin, end)
        kind = [bar for bar in found if str(bar.bar_type).endswith(f"-{price}-EXTERNAL")]
        finest = min((bar.bar_type.spec.timedelta for bar in kind), default=None)
        return [bar for bar in kind if bar.bar_type.spec.timedelta == finest]

    def _query(self, cls: type, name: str, begin: datetime, end: datetime) -> list[Any]:
        first, last = (int(moment.timestamp()) * 10**9 for moment in (begin, end))
        return list(self._catalog.query(cls, identifiers=[name], start=first + 1, end=last))


def _is_option(instrument: Any) -> bool:
    return isinstance(instrument, OptionContract)


def _plain(symbol: str) -> str:
    return symbol.removeprefix("^")


def _dies_on(option: Any, day: date) -> bool:
    return bool(str(option.info["contract"]["lastTradeDateOrContractMonth"])[:8] == f"{day:%Y%m%d}")


def _with_its_close(option: Any) -> Any:
    """Return the option as a live engine has it: the adapter lets it expire with its last quotes, or another day's."""
    close = hours.last_close(option)
    close_ns = int(close.timestamp()) * 10**9 if close is not None else option.expiration_ns
    return (
        option
        if close_ns == option.expiration_ns
        else OptionContract.from_dict({**OptionContract.to_dict(option), "expiration_ns": close_ns})
    )
