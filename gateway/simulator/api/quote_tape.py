"""An instrument's quotes and trades as ticks: everything once, in the captured order, then what changes."""

import datetime as dt
from dataclasses import replace

from gateway.simulator.api.tape import Tape
from gateway.simulator.entitlements import DELAYED, LIVE
from gateway.simulator.market.bars import traded_since
from gateway.simulator.market.calendar import Phase
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market, Quote
from gateway.simulator.market.process import STEP_SECONDS
from gateway.simulator.wire.answers import market_data as answers
from gateway.simulator.wire.splice import NOTHING, Burst, Tick
from gateway.simulator.wire.text import plain

DELAY_STEPS = int(900 / STEP_SECONDS)
_MINUTE_STEPS = int(60 / STEP_SECONDS)

BID, ASK, LAST, HIGH, LOW, CLOSE, OPEN = 1, 2, 4, 6, 7, 9, 14
BID_SIZE, ASK_SIZE, LAST_SIZE, VOLUME = 0, 3, 5, 8
_BID_OPTION, _ASK_OPTION, _LAST_OPTION, _MODEL_OPTION = 10, 11, 12, 13
_BID_EXCHANGE, _ASK_EXCHANGE, _LAST_TIMESTAMP, _HALTED = 32, 33, 45, 49

_DELAYED_TYPES = {
    BID: 66, ASK: 67, LAST: 68, BID_SIZE: 69, ASK_SIZE: 70, LAST_SIZE: 71, HIGH: 72, LOW: 73, VOLUME: 74,
    CLOSE: 75, OPEN: 76, _BID_OPTION: 80, _ASK_OPTION: 81, _LAST_OPTION: 82, _MODEL_OPTION: 83, _LAST_TIMESTAMP: 88,
    _HALTED: 90,
}  # fmt: skip

_HALT_UNKNOWN = -1.0
"""Comes with frozen data. That nothing is halted is not told outside of a watch list (IBKR's documentation)."""
_NOT_COMPUTED = -1.0
_FLAT_VEGA = 1e-6
"""Dollars a volatility point below which a price says nothing of volatility."""


def volume_lot(instrument: Instrument) -> int:
    """In units of how many the volume of a day is told to older clients: US stocks' in hundreds (IBKR's
    documentation)."""
    return 100 if instrument.sec_type == "STK" and instrument.currency == "USD" else 1


def price_text(instrument: Instrument, price: float) -> str:
    """A price as it is quoted: to the instrument's decimals; -1, for none, without."""
    return plain(price) if price < 0 else f"{price:.{instrument.decimals}f}"


class QuoteTape(Tape):
    """The ticks of reqMktData.

    Delayed ones have types of their own and lie a quarter of an hour back. While the market is closed there is no
    bid and no ask; with frozen data, those that stood when it closed.
    """

    def __init__(self, market: Market, instrument: Instrument, *, late: bool, frozen: bool, greeks: bool) -> None:
        super().__init__(instrument)
        self._market = market
        self._back = DELAY_STEPS if late else 0
        self._types = _DELAYED_TYPES if late else {}
        self._lot = volume_lot(instrument)
        self._late = late
        self._frozen = frozen
        self._greeks = greeks and instrument.is_option
        self._quote: Quote | None = None
        self._closed = False
        self._minute = -1
        self._day: tuple[dt.date, bool] | None = None
        self._high = self._low = 0.0

    @property
    def kind(self) -> int:
        """The market data type of what is sent, as message 58 says it."""
        return (DELAYED if self._late else LIVE) + (self._frozen and self._closed)

    def opening(self, step: int) -> Burst:
        """What comes before the first ticks at a step."""
        if self.step != step:
            self.advance(step)
        return Burst([answers.MarketDataType(self.kind), answers.TickParameters(self.instrument)])

    def _look(self, step: int) -> Burst:
        old, quote = self._quote, self._market.quote(self.instrument, step - self._back)
        before = self.kind, self._day
        minute = quote.step // _MINUTE_STEPS
        if minute != self._minute:
            self._minute = minute
            self._look_up_the_day(quote)
        if self._closed and not self._frozen:
            quote = replace(quote, bid=-1.0, ask=-1.0, bid_size=0, ask_size=0)
        self._quote = quote
        if old is None:
            return NOTHING
        ticks: list[Tick] = [] if self.kind == before[0] else [answers.MarketDataType(self.kind)]
        ticks += self._trade(old, quote, fresh_day=self._day != before[1])
        ticks += self._book(old, quote)
        ticks += self._computations(old, quote)
        return Burst(ticks)

    def _look_up_the_day(self, quote: Quote) -> None:
        """Whether it trades, and, where another day's trading or its regular hours have begun, the range so far."""
        at = dt.datetime.fromtimestamp(quote.epoch, dt.UTC)
        day = self._market.instruments.calendar(self.instrument).day_at(at)
        self._closed = day.phase(at) is Phase.CLOSED
        today = day.date, at >= day.opens
        if self._day is None or (self._day != today and not self._closed):
            so_far = self._market.day_so_far(self.instrument, quote.step)
            self._day, self._high, self._low = today, max(so_far.high, quote.last), min(so_far.low, quote.last)

    def state(self) -> Burst:
        """Everything, in the captured order."""
        quote = self._quote
        if quote is None:
            return NOTHING
        ticks = [
            *self._last(quote),
            self._price(HIGH, self._high),
            self._price(LOW, self._low),
            *self._close_and_open(quote),
        ]
        if self.instrument.quoted:
            ticks += [*self._bid(quote), *self._ask(quote)]
        if self.instrument.quoted and not self._late:
            ticks += [answers.TickString(_BID_EXCHANGE, "KPZ"), answers.TickString(_ASK_EXCHANGE, "KPZ")]
        if self._frozen and self._closed:
            ticks.append(answers.TickGeneric(self._types.get(_HALTED, _HALTED), _HALT_UNKNOWN))
        return Burst([*ticks, *self._computations(None, quote)])

    # -- ticks -----------------------------------------------------------------------------------------------------

    def _price(self, kind: int, price: float, size: float = 0, mask: int = 0) -> Tick:
        return answers.TickPrice(self._types.get(kind, kind), price_text(self.instrument, price), size, mask)

    def _size(self, kind: int, size: float) -> Tick:
        return answers.TickSize(self._types.get(kind, kind), size)

    def _last(self, quote: Quote) -> list[Tick]:
        """The last trade and the volume; an index has a level only, and forex and the like neither."""
        if not self.instrument.trades and self.instrument.quoted:
            return []
        traded = str(int(quote.traded_at * STEP_SECONDS))
        stamp = answers.TickString(self._types.get(_LAST_TIMESTAMP, _LAST_TIMESTAMP), traded)
        last = self._price(LAST, quote.last, quote.last_size)
        if not self.instrument.quoted:
            return [stamp, last]
        volume = answers.TickSize(self._types.get(VOLUME, VOLUME), quote.volume, self._lot)
        return [stamp, last, self._size(LAST_SIZE, quote.last_size), volume]

    def _close_and_open(self, quote: Quote) -> list[Tick]:
        day = self._market.day_so_far(self.instrument, quote.step)
        close = self._market.previous_close(self.instrument, quote.step)
        return [self._price(CLOSE, close), self._price(OPEN, day.open)]

    def _bid(self, quote: Quote) -> list[Tick]:
        return [self._price(BID, quote.bid, quote.bid_size, 1), self._size(BID_SIZE, quote.bid_size)]

    def _ask(self, quote: Quote) -> list[Tick]:
        return [self._price(ASK, quote.ask, quote.ask_size, 1), self._size(ASK_SIZE, quote.ask_size)]

    def _trade(self, old: Quote, quote: Quote, *, fresh_day: bool) -> list[Tick]:
        ticks: list[Tick] = []
        if traded_since(quote, old.step + 1):
            ticks += self._last(quote)
            if quote.last > self._high or fresh_day:
                self._high = max(self._high, quote.last)
                ticks.append(self._price(HIGH, self._high))
            if quote.last < self._low or fresh_day:
                self._low = min(self._low, quote.last)
                ticks.append(self._price(LOW, self._low))
        if fresh_day:
            ticks += self._close_and_open(quote)
        return ticks

    def _book(self, old: Quote, quote: Quote) -> list[Tick]:
        ticks: list[Tick] = []
        if quote.bid != old.bid or quote.bid_size != old.bid_size:
            ticks += self._bid(quote)
        if quote.ask != old.ask or quote.ask_size != old.ask_size:
            ticks += self._ask(quote)
        return ticks

    def _computations(self, old: Quote | None, quote: Quote) -> list[Tick]:
        """Volatility and Greeks at the bid, the ask, the last trade and of the model."""
        if not self._greeks or (old is not None and quote.underlying == old.underlying and quote.bid == old.bid):
            return []
        valued = self._market.valuation(self.instrument, quote.step)
        greeks = answers.Greeks(valued, quote.underlying)
        ticks: list[Tick] = []
        for kind, price in (
            (_BID_OPTION, quote.bid),
            (_ASK_OPTION, quote.ask),
            (_LAST_OPTION, quote.last),
            (_MODEL_OPTION, valued.price),
        ):
            if kind == _LAST_OPTION and old is not None and not traded_since(quote, old.step + 1):
                continue
            known = price > 0 and valued.vega > _FLAT_VEGA
            # One step of Newton's from the model: within a spread, volatility is a straight line of the price.
            volatility = valued.volatility + (price - valued.price) / (valued.vega * 100) if known else _NOT_COMPUTED
            if volatility <= 0:
                volatility = _NOT_COMPUTED
            ticks.append(answers.TickOption(self._types.get(kind, kind), price, volatility, greeks))
        return ticks
