"""Quotes and trades, now and at any moment before: the price paths with a book around them."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.simulator.market import bars, options, rules
from gateway.simulator.market.bars import Bar
from gateway.simulator.market.calendar import Calendar, Phase
from gateway.simulator.market.instruments import Instrument, Instruments
from gateway.simulator.market.process import STEP_SECONDS, PriceProcess, bits, step_at

_LOOK_BACK = 40
"""Steps to look back for the last trade before settling for the mid."""

_REMEMBERED_STEPS = 8
"""Steps whose quotes are kept: the newest, and those that delayed data looks at."""

_REMEMBERED_LEVELS = 4096


@dataclass(frozen=True, slots=True)
class Quote:
    """The book's top and the last trade at one grid step. Prices in the instrument's currency; sizes in shares or
    contracts, fractions of one for crypto."""

    step: int
    bid: float
    """-1 where nobody bids, as the gateway writes it; its size is then 0."""
    ask: float
    """-1 where nobody offers: on an index."""
    bid_size: float
    ask_size: float
    last: float
    """The last trade; the level of an index; the middle where trades are not published."""
    last_size: float
    traded: bool
    """Whether `last` happened in this very step."""
    volume: float
    """Traded since the day began."""
    underlying: float
    """Mid of the underlying; of the instrument itself where it is on nothing."""
    traded_at: int
    """The step of the last trade."""

    @property
    def mid(self) -> float:
        return (max(self.bid, 0.0) + self.ask) / 2 if self.ask > 0 else self.last

    @property
    def epoch(self) -> float:
        """When the step began, seconds since 1970."""
        return self.step * STEP_SECONDS


class Market:
    """Everything that has a price."""

    def __init__(
        self, instruments: Instruments, calendars: Mapping[str, Calendar], seed: int, volatility: float
    ) -> None:
        self.instruments = instruments
        self.calendar = calendars["stock"]
        """The world's own days."""
        self._seed = seed
        self._volatility = volatility
        self._paths: dict[int, PriceProcess] = {}
        self._levels: dict[tuple[int, int], float] = {}
        self._known: dict[int, Instrument] = {}
        self._quotes: dict[int, dict[int, Quote]] = {}
        self._days: dict[tuple[int, int], Bar] = {}
        self._spans: dict[str, tuple[int, int, int]] = {}

    # -- hours -----------------------------------------------------------------------------------------------------

    def phase(self, instrument: Instrument, at: dt.datetime) -> Phase:
        """Whether an instrument trades at a moment, and in which hours."""
        return self.instruments.calendar(instrument).day_at(at).phase(at)

    def next_open(self, instrument: Instrument, at: dt.datetime) -> dt.datetime:
        """The start of the next regular session; `at` itself when in one."""
        calendar = self.instruments.calendar(instrument)
        day = calendar.day_at(at)
        if at < day.opens:
            return day.opens
        return at if at < day.regular_end else calendar.day_at(day.ends).opens

    def closes(self, instrument: Instrument, at: dt.datetime) -> dt.datetime:
        """The end of the regular session that `at` is in, or of the next one."""
        calendar = self.instruments.calendar(instrument)
        day = calendar.day_at(at)
        return day.regular_end if at < day.regular_end else calendar.day_at(day.ends).regular_end

    def conforms(self, instrument: Instrument, price: float) -> bool:
        """Whether an order may have that price."""
        return rules.conforms(instrument, price)

    # -- prices ----------------------------------------------------------------------------------------------------

    def quote(self, instrument: Instrument, step: int) -> Quote:
        """The book at a step; the steps asked for last are remembered."""
        quotes = self._quotes.get(step)
        if quotes is None:
            if len(self._quotes) >= _REMEMBERED_STEPS:
                del self._quotes[next(iter(self._quotes))]
            quotes = self._quotes[step] = {}
        quote = quotes.get(instrument.con_id)
        if quote is None:
            quote = quotes[instrument.con_id] = self._make(instrument, step)
        return quote

    def valuation(self, instrument: Instrument, step: int) -> options.Valuation:
        """Model value and Greeks of an option."""
        at = self._open_step(instrument, step)
        settles = self.instruments.settles_at(instrument)
        seconds = settles.timestamp() - at * STEP_SECONDS if settles else 0.0
        return options.value(
            instrument.right == "C", self.mid(instrument.underlying_id, at), instrument.strike, seconds
        )

    def settlement(self, instrument: Instrument) -> float:
        """What it is worth when it expires: an option's exercise value, a future's price.

        Raises:
            ValueError: it does not expire.
        """
        settles = self.instruments.settles_at(instrument)
        if settles is None:
            raise ValueError(f"{instrument.local_symbol} does not expire")
        step = step_at(settles.timestamp())
        if not instrument.is_option:
            return round(self.mid(instrument.con_id, step), instrument.decimals)
        spot = self.mid(instrument.underlying_id, step)
        worth = spot - instrument.strike if instrument.right == "C" else instrument.strike - spot
        return round(max(worth, 0.0), 2)

    def mid(self, con_id: int, step: int) -> float:
        """The price of what is not an option, as its path has it, not on any grid of prices."""
        instrument = self._known.get(con_id)
        if instrument is None:
            found = self.instruments.by_id(con_id)
            if found is None:
                raise LookupError(f"no instrument {con_id}")
            instrument = self._known[con_id] = found
        return self._spot(instrument, step)

    def bar(self, instrument: Instrument, start: int, seconds: int, until: float | None = None) -> Bar:
        """One bar, cut off at epoch `until`: of trades, or of midpoints where there were none."""
        begin = step_at(start)
        end = max(step_at(min(start + seconds, until or math.inf)), begin + 1)
        made = bars.of_trades(self.quote, instrument, begin, end) or self._still(instrument, begin, end)
        return replace(made, epoch=start)

    def day_so_far(self, instrument: Instrument, step: int) -> Bar:
        """The bar of the current exchange day's regular hours as of the last full minute; before they begin, of what
        was traded before them."""
        now = step * STEP_SECONDS
        key = (instrument.con_id, int(now // 60))
        bar = self._days.get(key)
        if bar is None:
            if len(self._days) > 1000:
                self._days.clear()
            day = self.instruments.calendar(instrument).day_at(dt.datetime.fromtimestamp(now, dt.UTC))
            opens, ends = day.opens, day.regular_end
            if now < opens.timestamp():
                opens, ends = min(day.trading[0][0], opens), opens
            opened = int(opens.timestamp())
            until = max(min(now, ends.timestamp()), opened + 1)
            bar = self._days[key] = self.bar(instrument, opened, int((ends - opens).total_seconds()), until)
        return bar

    def previous_close(self, instrument: Instrument, step: int) -> float:
        """Where the regular hours of the day before ended."""
        calendar = self.instruments.calendar(instrument)
        today = calendar.day_at(dt.datetime.fromtimestamp(step * STEP_SECONDS, dt.UTC))
        before = calendar.day_at(today.begins - dt.timedelta(seconds=1))
        return round(self._model(instrument, step_at(before.regular_end.timestamp()) - 1), instrument.decimals)

    def _still(self, instrument: Instrument, begin: int, end: int) -> Bar:
        """The bar of what has a price but no trades."""
        made = bars.of_values(lambda step: round(self._model(instrument, step), instrument.decimals), begin, end)
        return replace(made, volume=0, average=made.close, count=0)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _open_step(self, instrument: Instrument, step: int) -> int:
        """The step whose price stands: this one, or the last one before the market closed."""
        lowest, beyond, stands = self._spans.get(instrument.hours, (0, 0, 0))
        if not lowest <= step < beyond:
            lowest, beyond, stands = self._spans[instrument.hours] = self._span(instrument, step)
        return min(step, stands)

    def _span(self, instrument: Instrument, step: int) -> tuple[int, int, int]:
        """The stretch of steps around one in which a market is open, or closed, and the last step that counts."""
        calendar = self.instruments.calendar(instrument)
        at = dt.datetime.fromtimestamp(step * STEP_SECONDS, dt.UTC)
        day = calendar.day_at(at)
        closed = calendar.day_at(day.begins - dt.timedelta(seconds=1)).trading[-1][1]
        for start, stop in day.trading:
            if at < start:
                return step_at(closed.timestamp()), step_at(start.timestamp()), step_at(closed.timestamp()) - 1
            if at < stop:
                return step_at(start.timestamp()), step_at(stop.timestamp()), step_at(stop.timestamp()) - 1
            closed = stop
        return step_at(closed.timestamp()), step_at(day.ends.timestamp()), step_at(closed.timestamp()) - 1

    def _level(self, path: int, step: int) -> float:
        key = (path, step)
        level = self._levels.get(key)
        if level is None:
            process = self._paths.get(path)
            if process is None:
                process = self._paths[path] = PriceProcess(self._seed * 1009 + path, 1.0, self._volatility)
            if len(self._levels) >= _REMEMBERED_LEVELS:
                self._levels.clear()
            level = self._levels[key] = process.level(step)
        return level

    def _spot(self, instrument: Instrument, step: int) -> float:
        step = self._open_step(instrument, step)
        product = instrument.product
        log = product.beta * self._level(product.follows, step)
        if product.carry and instrument.settles is not None:
            settles = self.instruments.settles_at(instrument)
            if settles is not None:
                log += product.carry * max(settles.timestamp() - step * STEP_SECONDS, 0.0) / options.YEAR_SECONDS
        return product.base * math.exp(log)

    def _model(self, instrument: Instrument, step: int) -> float:
        return self.valuation(instrument, step).price if instrument.is_option else self._spot(instrument, step)

    def _make(self, instrument: Instrument, step: int) -> Quote:
        product = instrument.product
        still = self._open_step(instrument, step)
        luck = bits(self._seed, instrument.con_id, still)
        bid, ask = self._book(instrument, still, luck)
        spread = product.depth / product.lot / 0x10000
        bid_size = _sized((1 + int((luck & 0xFFFF) * spread)) * product.lot, product.lot) if bid > 0 else 0
        ask_size = _sized((1 + int((luck >> 16 & 0xFFFF) * spread)) * product.lot, product.lot) if ask > 0 else 0
        last, last_size, traded_at = self._last(instrument, still, bid, ask, luck)
        now = dt.datetime.fromtimestamp(still * STEP_SECONDS, dt.UTC)
        begun = step_at(self.instruments.calendar(instrument).day_at(now).begins.timestamp())
        underlying = instrument.underlying_id
        return Quote(
            step=step,
            bid=bid,
            ask=ask,
            bid_size=bid_size,
            ask_size=ask_size,
            last=last,
            last_size=last_size,
            traded=traded_at == step,
            volume=_sized((still - begun) * product.volume, product.lot if product.lot < 1 else 1)
            if product.trade
            else 0,
            underlying=self.mid(underlying, step) if instrument.is_option else self._spot(instrument, step),
            traded_at=traded_at,
        )

    def _book(self, instrument: Instrument, step: int, luck: int) -> tuple[float, float]:
        """Best bid and ask around the model price, on the grid of allowed prices."""
        product = instrument.product
        if not product.quoted:
            return -1.0, -1.0
        price, rule, digits = self._model(instrument, step), product.market_rule, product.decimals
        if instrument.is_option:
            half = max(product.min_tick / 2, price * 0.004)
            bid, ask = rules.below(rule, price - half), rules.above(rule, price + half)
            return (bid if bid > 0 else -1.0), max(ask, rules.above(rule, product.min_tick))
        tick = rules.increment(rule, price)
        ticks = math.floor(price / tick + 1e-9)
        wide = luck >> 32 & 0xFF < 51
        return round(ticks * tick, digits), round((ticks + product.spread * (2 if wide else 1)) * tick, digits)

    def _last(self, instrument: Instrument, step: int, bid: float, ask: float, luck: int) -> tuple[float, float, int]:
        """Price, size and step of the last trade."""
        product = instrument.product
        if not product.quoted:
            published = step - step % 4
            return round(self._spot(instrument, published), product.decimals), 0, published
        if not product.trade:
            return round((bid + ask) / 2, product.decimals), 0, 0
        chance, con_id = product.activity * 1024, instrument.con_id
        for at in range(step, step - _LOOK_BACK, -1):
            if at != step:
                known = self._quotes.get(at, {}).get(con_id)
                if known is not None and known.traded_at > step - _LOOK_BACK:
                    return known.last, known.last_size, known.traded_at
                luck = bits(self._seed, con_id, at)
            if luck >> 40 & 0x3FF < chance:
                if at != step:
                    bid, ask = self._book(instrument, self._open_step(instrument, at), luck)
                bought = bid <= 0 or bool(luck >> 50 & 1)
                size = _sized((1 + (luck >> 51 & 7)) * product.trade, min(product.trade, 1))
                return (ask if bought else bid), size, at
        return ask, product.trade, step - _LOOK_BACK


def _sized(size: float, step: float) -> float:
    """A size on its grid; whole numbers stay whole, however they came about."""
    return max(int(size), 1) if step >= 1 else round(size, 8)
