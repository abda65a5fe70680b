"""Generic ticks: what a gateway tells of an instrument besides its quotes, for who asks.

Which tick type answers which number of the list is IBKR's documentation. The values are of this world: statistics
of the path where it has them, otherwise numbers that stay the same all day.
"""

from collections.abc import Callable, Mapping

from gateway.simulator.api.quote_tape import price_text, volume_lot
from gateway.simulator.api.tape import Tape
from gateway.simulator.history.derived import historical_volatility
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market, Quote
from gateway.simulator.market.process import STEP_SECONDS, uniform
from gateway.simulator.wire.answers import market_data as answers
from gateway.simulator.wire.generic_ticks import HISTORICAL_VOLATILITY
from gateway.simulator.wire.splice import NOTHING, Burst, Tick

_SECOND, _MINUTE, _HOUR = int(1 / STEP_SECONDS), int(60 / STEP_SECONDS), int(3600 / STEP_SECONDS)
_DAY = 86400
_DAY_STEPS = int(_DAY / STEP_SECONDS)
_EASY_TO_BORROW = 3.0
"""Above 2.5 at least 1,000 shares can be sold short (IBKR's documentation)."""


class GenericTape(Tape):
    """One number of the list for one instrument."""

    def __init__(self, market: Market, instrument: Instrument, code: int) -> None:
        super().__init__(instrument)
        self._view = View(market, instrument)
        self._make, self._every = _MAKERS.get(code, (_nothing, _MINUTE))
        self._turn = -1
        self._ticks: list[Tick] = []

    def _look(self, step: int) -> Burst:
        turn = step // self._every
        if turn == self._turn:
            return NOTHING
        first, self._turn = self._turn < 0, turn
        old, self._ticks = self._ticks, self._make(self._view, step)
        return NOTHING if first else Burst([tick for tick in self._ticks if tick not in old])

    def state(self) -> Burst:
        return Burst(self._ticks)


class View:
    """What the makers of ticks see."""

    def __init__(self, market: Market, instrument: Instrument) -> None:
        self.market = market
        self.instrument = instrument

    def quote(self, step: int) -> Quote:
        return self.market.quote(self.instrument, step)

    def price(self, kind: int, price: float) -> Tick:
        return answers.TickPrice(kind, price_text(self.instrument, price), 0, 0)

    def daily(self, step: int, key: int, most: int) -> int:
        """A number from 1 to `most` that stays the same all day."""
        day = int(step * STEP_SECONDS) // _DAY
        return 1 + int(most * uniform(self.instrument.con_id, day, key))

    def closes(self, step: int, days: int) -> list[float]:
        """Where the last so many days ended, the newest first; a day without trading repeats the one before it."""
        return [self.market.previous_close(self.instrument, step - day * _DAY_STEPS) for day in range(days)]

    def traded(self, step: int, seconds: int) -> float:
        """Volume of the last so many seconds."""
        now = int(step * STEP_SECONDS)
        return self.market.bar(self.instrument, now - seconds, seconds).volume


type Maker = Callable[[View, int], list[Tick]]


def _nothing(view: View, step: int) -> list[Tick]:
    """Legal to ask for, but nothing is ever told of this instrument."""
    return []


def _sides(call: int, put: int, most: int) -> Maker:
    """A figure for calls and one for puts; of an option, only its own."""

    def make(view: View, step: int) -> list[Tick]:
        right = view.instrument.right
        return [
            answers.TickSize(kind, view.daily(step, kind, most) if right in ("", own) else 0)
            for kind, own in ((call, "C"), (put, "P"))
        ]

    return make


def _average_option_volume(view: View, step: int) -> list[Tick]:
    return [answers.TickSize(87, view.daily(step, 87, 200_000))] if not view.instrument.is_option else []


def _implied_volatility(view: View, step: int) -> list[Tick]:
    return [answers.TickGeneric(24, round(view.market.implied_volatility(view.instrument, step), 6))]


def _realised(kind: int) -> Maker:
    """Volatility of the last 30 trading days, as historical bars of it say."""

    def make(view: View, step: int) -> list[Tick]:
        if view.instrument.is_option or view.instrument.legs:
            return []
        return [answers.TickGeneric(kind, historical_volatility(view.market, view.instrument, step))]

    return make


def _statistics(view: View, step: int) -> list[Tick]:
    """Lowest and highest close of 13, 26 and 52 weeks, and the average volume of a day."""
    closes = view.closes(step, 52 * 7)
    ticks: list[Tick] = []
    for low, high, weeks in ((15, 16, 13), (17, 18, 26), (19, 20, 52)):
        ticks += [view.price(low, min(closes[: weeks * 7])), view.price(high, max(closes[: weeks * 7]))]
    return [*ticks, answers.TickSize(21, view.traded(step, _DAY), volume_lot(view.instrument))]


def _mark(kind: int) -> Maker:
    return lambda view, step: [view.price(kind, view.quote(step).mid)]


def _auction(view: View, step: int) -> list[Tick]:
    return [
        answers.TickSize(34, view.daily(step, 34, 100_000)),
        view.price(35, view.quote(step).mid),
        answers.TickSize(36, view.daily(step, 36, 10_000)),
        answers.TickSize(61, view.daily(step, 61, 10_000)),
    ]


def _time_and_sales(kind: int) -> Maker:
    """price;size;milliseconds;day's volume;day's average price;whether one market maker filled it."""

    def make(view: View, step: int) -> list[Tick]:
        quote = view.quote(step)
        average = view.market.day_so_far(view.instrument, step).average
        price = price_text(view.instrument, quote.last)
        when = int(quote.epoch * 1000)
        return (
            [answers.TickString(kind, f"{price};{quote.last_size:g};{when};{quote.volume:g};{average:.8f};true")]
            if quote.traded
            else []
        )

    return make


def _shortable(view: View, step: int) -> list[Tick]:
    if view.instrument.sec_type != "STK":
        return []
    return [answers.TickGeneric(46, _EASY_TO_BORROW), answers.TickSize(89, view.daily(step, 89, 9_000) * 1000)]


def _fundamentals(view: View, step: int) -> list[Tick]:
    if view.instrument.sec_type != "STK":
        return []
    closes = view.closes(step, 52 * 7)
    price, high, low = view.quote(step).last, max(closes), min(closes)
    return [answers.TickString(47, f"NPRICE={price:.2f};NHIG={high:.2f};NLOW={low:.2f}")]


def _trade_count(view: View, step: int) -> list[Tick]:
    return [answers.TickGeneric(54, view.market.day_so_far(view.instrument, step).count)]


def _trade_rate(view: View, step: int) -> list[Tick]:
    return [answers.TickGeneric(55, view.market.bar(view.instrument, int(step * STEP_SECONDS) - 60, 60).count)]


def _volume_rate(view: View, step: int) -> list[Tick]:
    return [answers.TickGeneric(56, view.traded(step, 60))]


def _last_regular_trade(view: View, step: int) -> list[Tick]:
    return [view.price(57, view.quote(step).last)]


def _dividends(view: View, step: int) -> list[Tick]:
    """Past and next twelve months, next date and amount: nothing pays any in this world."""
    return [answers.TickString(59, ",,,")]


def _bond_factor(view: View, step: int) -> list[Tick]:
    return [answers.TickGeneric(60, 1.0)] if view.instrument.sec_type == "BOND" else []


def _asset_value(*kinds: int) -> Maker:
    """What a fund's share is worth: its price, in a world in which nobody overpays."""

    def make(view: View, step: int) -> list[Tick]:
        if view.instrument.product.stock_type != "ETF":
            return []
        return [view.price(kind, view.quote(step).mid) for kind in kinds]

    return make


def _asset_value_range(view: View, step: int) -> list[Tick]:
    if view.instrument.product.stock_type != "ETF":
        return []
    day = view.market.day_so_far(view.instrument, step)
    return [view.price(98, day.high), view.price(99, day.low)]


def _open_interest(view: View, step: int) -> list[Tick]:
    return [answers.TickSize(86, view.daily(step, 86, 900_000))] if view.instrument.sec_type == "FUT" else []


def _short_term_volume(view: View, step: int) -> list[Tick]:
    return [answers.TickSize(kind, view.traded(step, 60 * minutes)) for kind, minutes in ((63, 3), (64, 5), (65, 10))]


_MAKERS: Mapping[int, tuple[Maker, int]] = {
    100: (_sides(29, 30, 500_000), _MINUTE),
    101: (_sides(27, 28, 900_000), _MINUTE),
    HISTORICAL_VOLATILITY: (_realised(23), _HOUR),
    105: (_average_option_volume, _MINUTE),
    106: (_implied_volatility, _MINUTE),
    165: (_statistics, _HOUR),
    221: (_mark(78), 1),
    225: (_auction, _MINUTE),
    232: (_mark(37), 1),
    233: (_time_and_sales(48), 1),
    236: (_shortable, _MINUTE),
    258: (_fundamentals, _HOUR),
    293: (_trade_count, _MINUTE),
    294: (_trade_rate, _MINUTE),
    295: (_volume_rate, _MINUTE),
    318: (_last_regular_trade, _SECOND),
    375: (_time_and_sales(77), 1),
    411: (_realised(58), _HOUR),
    456: (_dividends, _MINUTE),
    460: (_bond_factor, _MINUTE),
    577: (_asset_value(96), _SECOND),
    588: (_open_interest, _MINUTE),
    595: (_short_term_volume, _MINUTE),
    614: (_asset_value_range, _MINUTE),
    619: (_mark(79), _SECOND),
    623: (_asset_value(97), _MINUTE),
}
"""How a number's ticks are made, and every how many steps. 162, 586 and 587 have nothing to tell here."""
