"""Quotes, trades and bars as they happen."""

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.options import Valuation
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.text import cents, double, plain


def market_data_type(req_id: int, kind: int) -> Fields:
    return [58, 1, req_id, kind]


def tick_parameters(req_id: int, instrument: Instrument) -> Fields:
    return [81, req_id, plain(instrument.min_tick), "9c0001", 3]


def tick_price(req_id: int, kind: int, price: float, size: float, mask: int) -> Fields:
    return [1, 6, req_id, kind, plain(price) if price < 0 else cents(price), size, mask]


def tick_size(req_id: int, kind: int, size: float) -> Fields:
    return [2, 6, req_id, kind, size]


def tick_generic(req_id: int, kind: int, value: float) -> Fields:
    return [45, 6, req_id, kind, double(value)]


def tick_string(req_id: int, kind: int, value: str) -> Fields:
    return [46, 6, req_id, kind, value]


def tick_option(req_id: int, kind: int, at_price: float, valued: Valuation, underlying: float) -> Fields:
    """Volatility and Greeks at a price (bid, ask, last) or of the model."""
    return [
        21,
        req_id,
        kind,
        0,
        valued.volatility,
        valued.delta,
        at_price,
        0.0,
        valued.gamma,
        valued.vega,
        valued.theta,
        round(underlying, 2),
    ]


def snapshot_end(req_id: int) -> Fields:
    return [57, 1, req_id]


def tick_by_tick_last(req_id: int, kind: int, epoch: int, price: float, size: float, exchange: str) -> Fields:
    """Kind 1 Last, 2 AllLast."""
    return [99, req_id, kind, epoch, cents(price), size, 0, exchange, ""]


def tick_by_tick_quote(req_id: int, epoch: int, bid: float, ask: float, bid_size: float, ask_size: float) -> Fields:
    return [99, req_id, 3, epoch, cents(max(bid, 0.0)), cents(ask), bid_size, ask_size, 0]


def tick_by_tick_mid(req_id: int, epoch: int, price: float) -> Fields:
    return [99, req_id, 4, epoch, plain(round(price, 4))]


def real_time_bar(
    req_id: int, epoch: int, bar: tuple[float, float, float, float], volume: float, average: float, count: int
) -> Fields:
    return [50, 3, req_id, epoch, *(cents(price) for price in bar), volume, plain(average), count]
