"""Quotes and trades, now and at any moment before: the price paths with a book around them."""

import datetime as dt
import math
from dataclasses import dataclass

from gateway.simulator.market import options
from gateway.simulator.market.calendar import AroundTheClock
from gateway.simulator.market.instruments import STOCKS, Instrument, Instruments
from gateway.simulator.market.process import STEP_SECONDS, PriceProcess, step_at, uniform

_TRADE_CHANCE = {"STK": 0.6, "OPT": 0.15}
"""Share of grid steps in which somebody else trades."""

_LOOK_BACK = 40
"""Steps to look back for the last trade before settling for the mid."""

_LOOKS_A_BAR = 12
"""How often a bar looks at the path: its high and low are those of what it saw."""

_VOLUME_A_STEP = {"STK": 120, "OPT": 2}


@dataclass(frozen=True, slots=True)
class Quote:
    """The book's top and the last trade at one grid step. Prices in dollars a share; sizes in shares or contracts."""

    step: int
    bid: float
    """-1 where nobody bids, as the gateway writes it; its size is then 0."""
    ask: float
    bid_size: int
    ask_size: int
    last: float
    last_size: int
    traded: bool
    """Whether `last` happened in this very step."""
    volume: int
    """Traded since the day began."""
    underlying: float
    """Mid of the underlying; of the instrument itself where it is a stock."""

    @property
    def mid(self) -> float:
        return (max(self.bid, 0.0) + self.ask) / 2

    @property
    def epoch(self) -> float:
        """When the step began, seconds since 1970."""
        return self.step * STEP_SECONDS


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of midpoints; `epoch` is its start in seconds since 1970."""

    epoch: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    average: float
    count: int


class Market:
    """Everything that has a price."""

    def __init__(self, instruments: Instruments, calendar: AroundTheClock, seed: int, volatility: float) -> None:
        self.instruments = instruments
        self.calendar = calendar
        self._seed = seed
        self._processes = {
            stock.con_id: PriceProcess(seed * 1009 + stock.con_id, stock.base, volatility) for stock in STOCKS
        }
        self._now = -1
        self._cache: dict[int, Quote] = {}
        self._mids: dict[int, float] = {}
        self._days: dict[tuple[int, int], Bar] = {}

    def quote(self, instrument: Instrument, step: int) -> Quote:
        """The book at a step; the newest step asked for is remembered."""
        if step != self._now:
            if step < self._now:
                return self._make(instrument, step)
            self._now = step
            self._cache.clear()
            self._mids.clear()
        quote = self._cache.get(instrument.con_id)
        if quote is None:
            quote = self._cache[instrument.con_id] = self._make(instrument, step)
        return quote

    def valuation(self, instrument: Instrument, step: int) -> options.Valuation:
        """Model value and Greeks of an option."""
        closes = self.instruments.closes_at(instrument)
        seconds = closes.timestamp() - step * STEP_SECONDS if closes else 0.0
        return options.value(
            instrument.right == "C", self.mid(instrument.stock.con_id, step), instrument.strike, seconds
        )

    def settlement(self, instrument: Instrument) -> float:
        """What an expired option pays for each share: its exercise value at the close."""
        closes = self.instruments.closes_at(instrument)
        if closes is None:
            raise ValueError(f"{instrument.local_symbol} does not expire")
        spot = self.mid(instrument.stock.con_id, step_at(closes.timestamp()))
        worth = spot - instrument.strike if instrument.right == "C" else instrument.strike - spot
        return round(max(worth, 0.0), 2)

    def mid(self, stock_id: int, step: int) -> float:
        """The underlying's mid."""
        if step != self._now:
            return self._processes[stock_id].price(step)
        mid = self._mids.get(stock_id)
        if mid is None:
            mid = self._mids[stock_id] = self._processes[stock_id].price(step)
        return mid

    def bar(self, instrument: Instrument, start: int, seconds: int, until: float | None = None) -> Bar:
        """One bar, cut off at epoch `until`."""
        begin = step_at(start)
        end = max(step_at(min(start + seconds, until or math.inf)), begin + 1)
        stride = max(int(seconds / STEP_SECONDS) // _LOOKS_A_BAR, 1)
        prices = [self._model(instrument, step) for step in (*range(begin, end - 1, stride), end - 1)]
        rate = _VOLUME_A_STEP[instrument.sec_type]
        activity = 0.5 + uniform(self._seed, instrument.con_id, start)
        volume = max(int((end - begin) * rate * activity), 1)
        return Bar(
            epoch=start,
            open=round(prices[0], 2),
            high=round(max(prices), 2),
            low=round(min(prices), 2),
            close=round(prices[-1], 2),
            volume=volume,
            average=round(sum(prices) / len(prices), 3),
            count=max(volume // max(rate, 1), 1),
        )

    def day_so_far(self, instrument: Instrument, step: int) -> Bar:
        """The current exchange day's bar, as of the last full minute."""
        now = step * STEP_SECONDS
        day = self.calendar.day_at(dt.datetime.fromtimestamp(now, dt.UTC))
        opened = int(day.opens.timestamp())
        key = (instrument.con_id, int(now // 60))
        bar = self._days.get(key)
        if bar is None:
            if len(self._days) > 1000:
                self._days.clear()
            length = int((day.ends - day.opens).total_seconds())
            bar = self._days[key] = self.bar(instrument, opened, length, max(now, opened + 1))
        return bar

    def previous_close(self, instrument: Instrument, step: int) -> float:
        """Where the day before ended."""
        now = dt.datetime.fromtimestamp(step * STEP_SECONDS, dt.UTC)
        before = step_at(self.calendar.day_at(now).opens.timestamp()) - 1
        return round(self._model(instrument, before), 2)

    def _model(self, instrument: Instrument, step: int) -> float:
        if not instrument.is_option:
            return self.mid(instrument.con_id, step)
        return self.valuation(instrument, step).price

    def _make(self, instrument: Instrument, step: int) -> Quote:
        seed, con_id = self._seed, instrument.con_id
        bid, ask = self._book(instrument, step)
        scale = 9 if not instrument.is_option else 60
        lot = 100 if not instrument.is_option else 1
        bid_size = int(1 + scale * uniform(seed, con_id, step, 1)) * lot if bid > 0 else 0
        ask_size = int(1 + scale * uniform(seed, con_id, step, 2)) * lot
        last, last_size, traded = self._last(instrument, step)
        now = dt.datetime.fromtimestamp(step * STEP_SECONDS, dt.UTC)
        opened = step_at(self.calendar.day_at(now).opens.timestamp())
        return Quote(
            step=step,
            bid=bid,
            ask=ask,
            bid_size=bid_size,
            ask_size=ask_size,
            last=last,
            last_size=last_size,
            traded=traded,
            volume=(step - opened) * _VOLUME_A_STEP[instrument.sec_type],
            underlying=self.mid(instrument.stock.con_id, step),
        )

    def _book(self, instrument: Instrument, step: int) -> tuple[float, float]:
        """Best bid and ask around the model price, on the cent."""
        price = self._model(instrument, step)
        cents = price * 100
        if not instrument.is_option:
            bid = math.floor(cents)
            wide = uniform(self._seed, instrument.con_id, step, 3) < 0.2
            return bid / 100, (bid + (2 if wide else 1)) / 100
        half = max(0.5, cents * 0.004)
        bid, ask = math.floor(cents - half), math.ceil(cents + half)
        return (bid / 100 if bid > 0 else -1.0), max(ask, 1) / 100

    def _last(self, instrument: Instrument, step: int) -> tuple[float, int, bool]:
        seed, con_id = self._seed, instrument.con_id
        chance = _TRADE_CHANCE[instrument.sec_type]
        for back in range(_LOOK_BACK):
            at = step - back
            if uniform(seed, con_id, at, 4) < chance:
                bid, ask = self._book(instrument, at)
                bought = bid <= 0 or uniform(seed, con_id, at, 5) < 0.5
                lot = 1 + int(8 * uniform(seed, con_id, at, 6))
                return (ask if bought else bid), lot * (25 if not instrument.is_option else 1), back == 0
        bid, ask = self._book(instrument, step)
        return ask, 1, False
