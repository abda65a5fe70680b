"""Quotes and trades as they happen. What many subscribers get waits for the request id of each (`wire.splice`)."""

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.options import Valuation
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.splice import Tick, tick
from gateway.simulator.wire.text import double, plain

_TYPE, _PARAMETERS = (58, 1), (81,)
_PRICE, _SIZE, _GENERIC, _STRING, _OPTION = (1, 6), (2, 6), (45, 6), (46, 6), (21,)
_TICK_BY_TICK, _BAR, _DEPTH, _DEPTH_L2 = (99,), (50, 3), (12, 1), (13, 1)


def market_data_type(kind: int) -> Tick:
    return tick(_TYPE, kind)


def tick_parameters(instrument: Instrument) -> Tick:
    """Smallest price step, the key of the exchanges behind the best price (captured), and 3: snapshots are allowed."""
    return tick(_PARAMETERS, plain(instrument.min_tick), "9c0001", 3)


def tick_price(kind: int, price: str, size: float, mask: int) -> Tick:
    """Mask: 1 can be executed automatically, 2 beyond the day's limit, 4 before the open."""
    return tick(_PRICE, kind, price, size, mask)


def tick_size(kind: int, size: float) -> Tick:
    return tick(_SIZE, kind, size)


def tick_generic(kind: int, value: float) -> Tick:
    return tick(_GENERIC, kind, double(value))


def tick_string(kind: int, value: str) -> Tick:
    return tick(_STRING, kind, value)


class Greeks:
    """What the computations of one moment have in common, written once for all of them."""

    __slots__ = ("delta", "rest")

    def __init__(self, valued: Valuation, underlying: float) -> None:
        self.delta = plain(valued.delta)
        rest = (0.0, valued.gamma, valued.vega, valued.theta, round(underlying, 2))
        self.rest = "\0".join([plain(number) for number in rest])


def tick_option(kind: int, at_price: float, volatility: float, greeks: Greeks) -> Tick:
    """Volatility and Greeks at a price (bid, ask, last) or of the model; a volatility of -1 is 'not computed'."""
    return tick(_OPTION, kind, 0, volatility, greeks.delta, at_price, greeks.rest)


def snapshot_end(req_id: int) -> Fields:
    return [57, 1, req_id]


def tick_by_tick_last(kind: int, epoch: int, price: str, size: float, exchange: str) -> Tick:
    """Kind 1 Last, 2 AllLast."""
    return tick(_TICK_BY_TICK, kind, epoch, price, size, 0, exchange, "")


def tick_by_tick_quote(epoch: int, bid: str, ask: str, bid_size: float, ask_size: float, mask: int) -> Tick:
    """Mask: 1 the bid is below the day's low, 2 the ask above its high."""
    return tick(_TICK_BY_TICK, 3, epoch, bid, ask, bid_size, ask_size, mask)


def tick_by_tick_mid(epoch: int, price: float) -> Tick:
    return tick(_TICK_BY_TICK, 4, epoch, round(price, 6))


def real_time_bar(epoch: int, prices: tuple[str, str, str, str], volume: float, average: float, count: int) -> Tick:
    """Open, high, low and close; volume, average and count are -1 where it is not trades."""
    return tick(_BAR, epoch, *prices, volume, average, count)


def market_depth(position: int, operation: int, side: int, price: str, size: float) -> Tick:
    """One row of one exchange's book. Operation 0 insert, 1 update, 2 delete; side 0 ask, 1 bid."""
    return tick(_DEPTH, position, operation, side, price, size)


def market_depth_l2(position: int, maker: str, operation: int, side: int, price: str, size: float, smart: bool) -> Tick:
    """One row and whose it is: a market maker's, or an exchange's where the book is put together of several."""
    return tick(_DEPTH_L2, position, maker, operation, side, price, size, smart)
