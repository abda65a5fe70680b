"""Quotes and trades, now and at any moment before: the price paths with a book around them."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.simulator.market import bars, options, rules
from gateway.simulator.market.bars import Bar
from gateway.simulator.market.calendar import Calendar, Phase
from gateway.simulator.market.families import FAMILIES
from gateway.simulator.market.instruments import Instrument, Instruments, Leg
from gateway.simulator.market.process import STEP_SECONDS, PriceProcess, bits, step_at
from gateway.simulator.market.surface import Surface

_LOOK_BACK = 40
"""Steps to look back for the last trade before settling for the mid."""

_REMEMBERED_STEPS = 8
"""Steps whose quotes are kept: the newest, and those that delayed data looks at."""

_MONTH_IN_YEARS = 30 / 365.25

_REMEMBERED_LEVELS = 4096

_UNVALUED = options.Valuation(0, 0, 0, 0, 0, 0)


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
        """Halfway between bid and ask; the last price where nobody offers."""
        if self.ask_size <= 0:
            return self.last
        return ((self.bid if self.bid_size > 0 else 0.0) + self.ask) / 2

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
        self._valued: dict[int, tuple[int, options.Valuation]] = {}
        self._spans: dict[str, tuple[int, int, int]] = {}
        self._surfaces: dict[int, Surface] = {}
        self._bases: dict[int, float] = {}
        self._ends: dict[int, float] = {}

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
        held, valued = self._valued.get(instrument.con_id, (-1, _UNVALUED))
        if held == at:
            return valued
        if len(self._valued) >= _REMEMBERED_LEVELS:
            self._valued.clear()
        valued = self._value(instrument, at)
        self._valued[instrument.con_id] = at, valued
        return valued

    def implied_volatility(self, instrument: Instrument, step: int) -> float:
        """What options on it that expire in 30 days say at the money; of an option, its own underlying's."""
        spot = self.mid(instrument.underlying_id, step)
        return self.surface(instrument).at_the_money(spot, _MONTH_IN_YEARS)

    def surface(self, instrument: Instrument) -> Surface:
        """The implied volatilities of an option's underlying; of anything else, of options there are or could be."""
        key = instrument.product.underlying_id if instrument.is_option else instrument.con_id
        surface = self._surfaces.get(key)
        if surface is None:
            listed = self.instruments.by_id(key)
            product = listed.product if listed else FAMILIES[0].product
            base = self.instruments.base(product)
            surface = self._surfaces[key] = Surface(self._seed, key, instrument.product.volatility, base)
        return surface

    def carry(self, instrument: Instrument) -> float:
        """What holding an option's underlying costs a year: interest, but nothing for a future."""
        return 0.0 if instrument.sec_type == "FOP" else options.RATE

    def seconds_left(self, instrument: Instrument, step: int) -> float:
        """Until it is settled, not less than 0."""
        return self._seconds_left(instrument, self._open_step(instrument, step))

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

    def _value(self, instrument: Instrument, step: int) -> options.Valuation:
        """An option on its surface; one that may be exercised is worth at least that."""
        spot = self.mid(instrument.underlying_id, step)
        seconds = self._seconds_left(instrument, step)
        strike, calls = instrument.strike, instrument.right == "C"
        sigma = self.surface(instrument).volatility(spot, strike, seconds / options.YEAR_SECONDS)
        valued = options.value(calls, spot, strike, seconds, sigma, self.carry(instrument))
        exercised = max(spot - strike if calls else strike - spot, 0.0) if instrument.american else 0.0
        return valued if valued.price >= exercised else replace(valued, price=exercised)

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

    def _seconds_left(self, instrument: Instrument, step: int) -> float:
        ends = self._ends.get(instrument.con_id)
        if ends is None:
            settles = self.instruments.settles_at(instrument)
            ends = self._ends[instrument.con_id] = settles.timestamp() if settles else 0.0
        return max(ends - step * STEP_SECONDS, 0.0)

    def _level(self, path: int, step: int) -> float:
        """How far a path is from where it usually is, in log returns."""
        key = (path, step)
        level = self._levels.get(key)
        if level is None:
            if len(self._levels) >= _REMEMBERED_LEVELS:
                self._levels.clear()
            level = self._levels[key] = self._make_level(path, step)
        return level

    def _make_level(self, path: int, step: int) -> float:
        series = self.instruments.data.get(path)
        if series is not None:
            return math.log(series.price(step) / series.first)
        process = self._paths.get(path)
        if process is None:
            process = self._paths[path] = PriceProcess(self._seed * 1009 + path, 1.0, self._volatility)
        return process.level(step)

    def _spot(self, instrument: Instrument, step: int) -> float:
        step = self._open_step(instrument, step)
        product = instrument.product
        if product.con_id in self.instruments.data:
            return self.instruments.data[product.con_id].price(step)
        base = self._bases.get(instrument.con_id)
        if base is None:
            base = self._bases[instrument.con_id] = self.instruments.base(product)
        log = product.beta * self._level(product.follows, step)
        if product.carry:
            log += product.carry * self._seconds_left(instrument, step) / options.YEAR_SECONDS
        return base * math.exp(log)

    def _model(self, instrument: Instrument, step: int) -> float:
        if instrument.legs:
            return sum(
                (leg.ratio if leg.buys else -leg.ratio) * self._model(part, step)
                for leg, part in self._parts(instrument)
            )
        return self.valuation(instrument, step).price if instrument.is_option else self._spot(instrument, step)

    def _parts(self, bag: Instrument) -> list[tuple[Leg, Instrument]]:
        found = [(leg, self.instruments.by_id(leg.con_id)) for leg in bag.legs]
        return [(leg, part) for leg, part in found if part is not None]

    def _make_bag(self, bag: Instrument, step: int) -> Quote:
        """A combination costs what its legs cost; what can be had of it is what can be had of the scarcest leg."""
        bid = ask = 0.0
        sizes: list[tuple[float, float]] = []
        for leg, part in self._parts(bag):
            quote = self.quote(part, step)
            lower, upper = max(quote.bid, 0.0) * leg.ratio, quote.ask * leg.ratio
            bid, ask = (bid + lower, ask + upper) if leg.buys else (bid - upper, ask - lower)
            pair = (quote.bid_size, quote.ask_size) if leg.buys else (quote.ask_size, quote.bid_size)
            sizes.append((pair[0] // leg.ratio, pair[1] // leg.ratio))
        bid, ask = round(bid, bag.decimals), round(ask, bag.decimals)
        return Quote(
            step=step,
            bid=bid,
            ask=ask,
            bid_size=min(size for size, _ in sizes),
            ask_size=min(size for _, size in sizes),
            last=round((bid + ask) / 2, bag.decimals),
            last_size=0,
            traded=False,
            volume=0,
            underlying=(bid + ask) / 2,
            traded_at=step,
        )

    def _make(self, instrument: Instrument, step: int) -> Quote:
        if instrument.legs:
            return self._make_bag(instrument, step)
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
            if product.trade and product.quoted
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
