"""One day of the catalog: its instruments and all that happened in them, ready to be replayed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from nautilus_trader.model.data import Bar, QuoteTick, TradeTick
from nautilus_trader.model.instruments import OptionContract

from engine import hours
from engine.backtest import quotes
from engine.errors import SettingsError

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

    @property
    def instruments(self) -> list[Any]:
        """The underlying and its options."""
        return [self.underlying, *self.options]


class Past:
    """A catalog, read by days of the exchange."""

    def __init__(self, catalog: ParquetDataCatalog, symbol: str, where: Path) -> None:
        """Raises SettingsError where the catalog does not have the underlying."""
        self._catalog = catalog
        # The newest word on each: a download writes what it does not know yet, and an id may come twice.
        known = {instrument.id: instrument for instrument in catalog.instruments()}
        own = [one for one in known.values() if one.id.symbol.value == symbol]
        if not own:
            raise SettingsError(
                f"quotes of {symbol} in {where}", "none", f"run make catalog SYMBOL={symbol} FROM=… TO=… first"
            )
        self._underlying = own[0]
        options = [one for one in known.values() if isinstance(one, OptionContract) and one.underlying == symbol]
        self._options = sorted(options, key=lambda one: one.id.value)

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
        closes = [close for close in map(hours.last_close, listed) if close is not None]
        begin = datetime.combine(day, time(), _NEW_YORK).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), _NEW_YORK).astimezone(UTC)
        if closes:
            # A world that never closes has days that begin at any hour; they end when their options die.
            begin, end = max(closes) - timedelta(days=1), max(closes)
        underlying = self._quotes(self._underlying, begin, end)
        if not underlying:
            return None
        data: list[Any] = [*underlying, *self._others(self._underlying, begin, end)]
        options: list[Any] = []
        for option in listed:
            quoted = self._quotes(option, begin, end)
            if quoted:
                options.append(option)
                data += [*quoted, *self._others(option, begin, end)]
        modelled = not options and volatility is not None
        if modelled:
            assert volatility is not None
            options = self._modelled(day, underlying)
            for option in options:
                data += quotes.modelled(option, underlying, volatility)
        # The catalog's order must not decide which of two things of one moment comes first.
        data.sort(key=lambda one: (one.ts_init, type(one).__name__, str(getattr(one, "bar_type", one))))
        return Day(day, self._underlying, options, data, modelled)

    def _modelled(self, day: date, underlying: list[QuoteTick]) -> list[Any]:
        middles = [(float(quote.bid_price) + float(quote.ask_price)) / 2 for quote in underlying]
        # The session ends a quote's life after its last one, at a whole minute.
        last = underlying[-1].ts_event / 1e9 + 1
        closes = datetime.fromtimestamp(last + -last % 60, UTC)
        strikes = range(round(min(middles)) - _BEYOND, round(max(middles)) + _BEYOND + 1)
        return [
            quotes.contract(self._underlying, day, float(strike), call, closes)
            for strike in strikes
            for call in (True, False)
        ]

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


def _dies_on(option: Any, day: date) -> bool:
    return bool(str(option.info["contract"]["lastTradeDateOrContractMonth"])[:8] == f"{day:%Y%m%d}")
