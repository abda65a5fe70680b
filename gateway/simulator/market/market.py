"""Quotes, trades and bars, now and at any moment before: the prices with a book around them."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import replace

from gateway.simulator.market import bars, options, rules
from gateway.simulator.market.bars import Bar
from gateway.simulator.market.calendar import Calendar, Phase
from gateway.simulator.market.instruments import Instrument, Instruments
from gateway.simulator.market.prices import Prices
from gateway.simulator.market.process import STEP_SECONDS, bits, step_at
from gateway.simulator.market.quote import Quote

__all__ = ["Bar", "Market", "Quote"]

_LOOK_BACK = 40
"""Steps to look back for the last trade before settling for the mid."""

_THIN_SPREAD = 3
"""How much wider the book is outside regular hours."""

_REMEMBERED_STEPS = 8
"""Steps whose quotes are kept: the newest, and those that delayed data looks at."""


class Market:
    """Everything that has a price."""

    def __init__(
        self, instruments: Instruments, calendars: Mapping[str, Calendar], seed: int, volatility: float
    ) -> None:
        self.instruments = instruments
        self.calendar = calendars["stock"]
        """The world's own days."""
        self.prices = Prices(instruments, seed, volatility)
        self._seed = seed
        self._quotes: dict[int, dict[int, Quote]] = {}
        self._days: dict[tuple[int, int], Bar] = {}

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

    def valuation(self, instrument: Instrument, step: int) -> options.Valuation:
        """Model value and Greeks of an option."""
        return self.prices.valuation(instrument, step)

    def implied_volatility(self, instrument: Instrument, step: int) -> float:
        """What options on it that expire in 30 days say at the money; of an option, its own underlying's."""
        return self.prices.implied_volatility(instrument, step)

    def carry(self, instrument: Instrument) -> float:
        """What holding an option's underlying costs a year: interest, but nothing for a future."""
        return self.prices.carry(instrument)

    def seconds_left(self, instrument: Instrument, step: int) -> float:
        """Until what expires is settled, not less than 0."""
        return self.prices.seconds_left(instrument, step)

    def settlement(self, instrument: Instrument) -> float:
        """What it is worth when it expires: an option's exercise value, a future's price.

        Raises:
            ValueError: it does not expire.
        """
        return self.prices.settlement(instrument)

    def mid(self, con_id: int, step: int) -> float:
        """The price of what is not an option, as its path has it, not on any grid of prices."""
        return self.prices.mid(con_id, step)

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
        return round(self.prices.model(instrument, step_at(before.regular_end.timestamp()) - 1), instrument.decimals)

    def _still(self, instrument: Instrument, begin: int, end: int) -> Bar:
        """The bar of what has a price but no trades."""
        made = bars.of_values(lambda step: round(self.prices.model(instrument, step), instrument.decimals), begin, end)
        return replace(made, volume=0, average=made.close, count=0)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _make(self, instrument: Instrument, step: int) -> Quote:
        if instrument.legs:
            return self._make_bag(instrument, step)
        product, stretch = instrument.product, self.prices.stretch(instrument, step)
        still = min(step, stretch.stands)
        luck = bits(self._seed, instrument.con_id, still)
        bid, ask = self._book(instrument, still, luck)
        spread = product.depth * (stretch.busy + 1) / 2 / product.lot / 0x10000
        bid_size = _sized((1 + int((luck & 0xFFFF) * spread)) * product.lot, product.lot) if bid > 0 else 0
        ask_size = _sized((1 + int((luck >> 16 & 0xFFFF) * spread)) * product.lot, product.lot) if ask > 0 else 0
        last, last_size, traded_at = self._last(instrument, still, bid, ask, luck)
        volume = stretch.busy_steps(step) * product.volume if product.trade and product.quoted else 0
        return Quote(
            step=step,
            bid=bid,
            ask=ask,
            bid_size=bid_size,
            ask_size=ask_size,
            last=last,
            last_size=last_size,
            traded=traded_at == step,
            volume=round(volume, 8) if product.lot < 1 else int(volume),
            underlying=self.prices.mid(instrument.underlying_id if instrument.is_option else instrument.con_id, step),
            traded_at=traded_at,
        )

    def _make_bag(self, bag: Instrument, step: int) -> Quote:
        """A combination costs what its legs cost; what can be had of it is what can be had of the scarcest leg."""
        bid = ask = 0.0
        bid_size = ask_size = math.inf
        for weight, part in self.prices.parts(bag):
            quote = self.quote(part, step)
            lower, upper = weight * max(quote.bid, 0.0), weight * quote.ask
            bid, ask = bid + min(lower, upper), ask + max(lower, upper)
            sizes = (quote.bid_size, quote.ask_size) if weight > 0 else (quote.ask_size, quote.bid_size)
            needed = abs(weight) * bag.multiplier / part.multiplier
            bid_size, ask_size = min(bid_size, sizes[0] // needed), min(ask_size, sizes[1] // needed)
        bid, ask, digits = round(bid, bag.decimals), round(ask, bag.decimals), bag.decimals
        middle = round((bid + ask) / 2, digits)
        return Quote(step, bid, ask, int(bid_size), int(ask_size), middle, 0, False, 0, middle, 0)

    def _book(self, instrument: Instrument, step: int, luck: int) -> tuple[float, float]:
        """Best bid and ask around the model price, on the grid of allowed prices."""
        product = instrument.product
        if not product.quoted:
            return -1.0, -1.0
        price, rule, digits = self.prices.model(instrument, step), product.market_rule, product.decimals
        if instrument.is_option:
            half = max(product.min_tick / 2, price * 0.004)
            bid, ask = rules.below(rule, price - half), rules.above(rule, price + half)
            return (bid if bid > 0 else -1.0), max(ask, rules.above(rule, product.min_tick))
        tick = rules.increment(rule, price)
        ticks = math.floor(price / tick + 1e-9)
        wide = (luck >> 32 & 0xFF < 51) + 1
        if self.prices.stretch(instrument, step).phase is Phase.EXTENDED:
            wide *= _THIN_SPREAD
        return round(ticks * tick, digits), round((ticks + product.spread * wide) * tick, digits)

    def _last(self, instrument: Instrument, step: int, bid: float, ask: float, luck: int) -> tuple[float, float, int]:
        """Price, size and step of the last trade."""
        product = instrument.product
        if not product.quoted:
            published = step - step % 4
            return round(self.prices.model(instrument, published), product.decimals), 0, published
        if not product.trade:
            return round((bid + ask) / 2, product.decimals), 0, 0
        con_id = instrument.con_id
        chance = product.activity * 1024 * self.prices.stretch(instrument, step).busy
        for at in range(step, step - _LOOK_BACK, -1):
            if at != step:
                known = self._quotes.get(at, {}).get(con_id)
                if known is not None and known.traded_at > step - _LOOK_BACK:
                    return known.last, known.last_size, known.traded_at
                luck = bits(self._seed, con_id, at)
            if luck >> 40 & 0x3FF < chance:
                if at != step:
                    bid, ask = self._book(instrument, self.prices.open_step(instrument, at), luck)
                bought = bid <= 0 or bool(luck >> 50 & 1)
                size = _sized((1 + (luck >> 51 & 7)) * product.trade, min(product.trade, 1))
                return (ask if bought else bid), size, at
        return ask, product.trade, step - _LOOK_BACK


def _sized(size: float, step: float) -> float:
    """A size on its grid; whole numbers stay whole, however they came about."""
    return max(int(size), 1) if step >= 1 else round(size, 8)
