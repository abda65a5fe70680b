"""The actor between the sources and the strategies. Thin: it collects, asks the pure parts, and publishes.

Once a second every option that can be valued gets a `Greeks` on the message bus, and a `GreeksData` in Nautilus' own
cache, where `cache.greeks(…)` and `portfolio_greeks(use_cached_greeks=True)` find it. It runs live and in a backtest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from nautilus_trader.common.actor import Actor
from nautilus_trader.common.config import ActorConfig
from nautilus_trader.model.data import DataType
from nautilus_trader.model.enums import InstrumentClass
from nautilus_trader.model.greeks_data import GreeksData

from engine.greeks.black_scholes import Market, sensitivities, years_until
from engine.greeks.data import FEED, SOURCES, FeedState, Greeks, SourceChanged, TradeGreeks, greeks_of
from engine.greeks.local import Mid, work_out
from engine.greeks.options import Option, alive, to_quote
from engine.greeks.switch import Change, Switch
from engine.greeks.unusual_whales.client import CLIENT_ID, STATE_TYPE, trades_of
from engine.timers import every

if TYPE_CHECKING:
    from nautilus_trader.model.identifiers import InstrumentId

YEAR_DAYS = 365


class GreeksServiceConfig(ActorConfig, frozen=True, kw_only=True):  # type: ignore[misc, call-arg]
    """`feed`: whether the node has a client for Unusual Whales. `strikes`: how many to have quoted on either side."""

    interval_seconds: float = 1.0
    stale_after_seconds: float = 15.0
    rate: float = 0.04
    strikes: int = 0
    feed: bool = False


@dataclass(frozen=True, slots=True)
class GreeksSeen:
    """What others may know: the source, how many options each one values, and how the feed is."""

    source: str
    reason: str
    switches: tuple[tuple[str, int], ...]
    options: tuple[tuple[str, int], ...]
    feed_age: float | None
    feed: FeedState | None


class GreeksService(Actor):  # type: ignore[misc]
    """The one interface: whatever the source, strategies hear of the same type."""

    def __init__(self, config: GreeksServiceConfig | None = None) -> None:
        config = config or GreeksServiceConfig()
        super().__init__(config)
        self._rate = config.rate
        self._strikes = config.strikes
        self._interval = config.interval_seconds
        self._stale_ns = int(config.stale_after_seconds * 1e9)
        self._has_feed = config.feed
        self._switch = Switch(config.stale_after_seconds)
        self._reason = "" if config.feed else "no feed is configured"
        self._trades: dict[InstrumentId, TradeGreeks] = {}
        self._newest_trade_ns: int | None = None
        self._feed: FeedState | None = None
        self._joined: set[str] = set()
        self._quoted: set[InstrumentId] = set()
        self._switches: Counter[str] = Counter(dict.fromkeys(SOURCES, 0))
        self._valued: Counter[str] = Counter()

    def on_start(self) -> None:
        """Look once an interval."""
        if self._has_feed:
            self.subscribe_data(STATE_TYPE, client_id=CLIENT_ID)
        every(self.clock, "greeks", timedelta(seconds=self._interval), self._look)

    def on_stop(self) -> None:
        """Stop looking."""
        self.clock.cancel_timers()

    def on_data(self, data: Any) -> None:
        """Keep the newest trade of each option, and the feed's state."""
        if isinstance(data, TradeGreeks):
            known = self._trades.get(data.instrument_id)
            if known is None or data.ts_event >= known.ts_event:
                self._trades[data.instrument_id] = data
            self._newest_trade_ns = max(self._newest_trade_ns or 0, data.ts_event)
        elif isinstance(data, FeedState):
            self._feed = data

    def seen(self) -> GreeksSeen:
        """Return what others may know."""
        return GreeksSeen(
            source=self._switch.source,
            reason=self._reason,
            switches=tuple(sorted(self._switches.items())),
            options=tuple((source, self._valued[source]) for source in SOURCES),
            feed_age=self._feed_age(self.clock.timestamp_ns()),
            feed=self._feed,
        )

    def _feed_age(self, now_ns: int) -> float | None:
        return None if self._newest_trade_ns is None else max(0.0, (now_ns - self._newest_trade_ns) / 1e9)

    def _look(self) -> None:
        now_ns = self.clock.timestamp_ns()
        instruments = self.cache.instruments()
        options = alive(instruments, now_ns)
        spots = self._spots({option.underlying for option in options}, instruments, now_ns)
        self._join_roots({option.root for option in options})
        self._have_quoted(options, spots)
        if (change := self._switch.update(now_ns / 1e9, self._feed_age(now_ns))) is not None:
            self._tell(change, now_ns)
        quoted = self._mids(options, now_ns)
        self._valued.clear()
        for option in options:
            spot = spots.get(option.underlying)
            value = self._from_feed(option, now_ns) if self._switch.source == FEED else None
            if value is None and spot is not None:
                # Also while the feed is the source: an option that has not traded for a while has only our numbers.
                value = work_out(option, spot, quoted[option.pair], self._rate, now_ns)
            if value is not None:
                self._valued[value.source] += 1
                self.publish_data(DataType(Greeks), value)
                self.cache.add_greeks(self._for_nautilus(option, value, now_ns))
        living = {option.id for option in options}
        self._trades = {i: trade for i, trade in self._trades.items() if i in living}

    def _from_feed(self, option: Option, now_ns: int) -> Greeks | None:
        trade = self._trades.get(option.id)
        if trade is None or now_ns - trade.ts_event > self._stale_ns:
            return None
        years = years_until(option.expiration_ns, now_ns)
        market = Market(trade.underlying_price, option.strike, years, self._rate, option.call)
        return greeks_of(
            option,
            FEED,
            trade,
            spot=trade.underlying_price,
            vol=trade.vol,
            itm_probability=sensitivities(market, trade.vol).itm_probability,
            at_ns=trade.ts_event,
            now_ns=now_ns,
        )

    def _tell(self, change: Change, now_ns: int) -> None:
        self._switches[change.source] += 1
        self._reason = change.reason
        self.log.warning(f"greeks come from {change.source} now: {change.reason}")
        event = SourceChanged(ts_event=now_ns, ts_init=now_ns, source=change.source, reason=change.reason)
        self.publish_data(DataType(SourceChanged), event)

    def _spots(self, symbols: set[str], instruments: list[Any], now_ns: int) -> dict[str, Mid]:
        # By symbol alone: an option and its underlying may be listed at different venues. An index has a caret.
        found: dict[str, Mid] = {}
        for instrument in instruments:
            symbol = instrument.id.symbol.value.removeprefix("^")
            if symbol not in symbols or instrument.instrument_class in (InstrumentClass.OPTION, InstrumentClass.FUTURE):
                continue
            spot = self._mid(instrument.id) or self._value(instrument.id)
            if spot is not None and now_ns - spot.at_ns <= self._stale_ns:
                found[symbol] = max(spot, found.get(symbol, spot), key=lambda mid: mid.at_ns)
        return found

    def _mids(self, options: list[Option], now_ns: int) -> dict[tuple[str, int, float], dict[bool, Mid]]:
        found: dict[tuple[str, int, float], dict[bool, Mid]] = defaultdict(dict)
        for option in options:
            mid = self._mid(option.id)
            if mid is not None and now_ns - mid.at_ns <= self._stale_ns:
                found[option.pair][option.call] = mid
        return found

    def _mid(self, instrument_id: InstrumentId) -> Mid | None:
        quote = self.cache.quote_tick(instrument_id)
        if quote is None:
            return None
        bid, ask = float(quote.bid_price), float(quote.ask_price)
        return Mid((bid + ask) / 2, quote.ts_event) if 0 < bid <= ask else None

    def _value(self, instrument_id: InstrumentId) -> Mid | None:
        # An index has values and no quotes, since nobody trades it.
        update = self.cache.index_price(instrument_id)
        return Mid(float(update.value), update.ts_event) if update is not None else None

    def _join_roots(self, roots: set[str]) -> None:
        if not self._has_feed:
            return
        for root in sorted(roots - self._joined):
            self.subscribe_data(trades_of(root), client_id=CLIENT_ID)
        for root in sorted(self._joined - roots):
            self.unsubscribe_data(trades_of(root), client_id=CLIENT_ID)
        self._joined = roots

    def _have_quoted(self, options: list[Option], spots: dict[str, Mid]) -> None:
        if not self._strikes:
            return
        wanted: set[InstrumentId] = set()
        for symbol, spot in spots.items():
            own = [option for option in options if option.underlying == symbol]
            wanted |= to_quote(own, spot.price, self._strikes)
        if not wanted:
            return
        for instrument_id in self._quoted - wanted:
            self.unsubscribe_quote_ticks(instrument_id)
        for instrument_id in wanted - self._quoted:
            self.subscribe_quote_ticks(instrument_id)
        self._quoted = wanted

    def _for_nautilus(self, option: Option, value: Greeks, now_ns: int) -> GreeksData:
        years = years_until(option.expiration_ns, now_ns)
        return GreeksData(
            ts_event=value.ts_event,
            ts_init=now_ns,
            instrument_id=option.id,
            is_call=option.call,
            strike=option.strike,
            expiry=option.expiry,
            expiry_in_days=int(years * YEAR_DAYS),
            expiry_in_years=years,
            multiplier=option.multiplier,
            quantity=1.0,
            underlying_price=value.underlying_price,
            interest_rate=self._rate,
            cost_of_carry=self._rate,
            vol=value.vol,
            price=value.price,
            delta=value.delta,
            gamma=value.gamma,
            vega=value.vega,
            theta=value.theta,
            itm_prob=value.itm_probability,
        )
