"""Quotes for a simulated exchange, where the catalog has only bars, or of an option nothing at all. Pure."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any
from zlib import crc32

from nautilus_trader.model.data import IndexPriceUpdate, QuoteTick
from nautilus_trader.model.enums import AssetClass, OptionKind
from nautilus_trader.model.identifiers import InstrumentId, Symbol
from nautilus_trader.model.instruments import IndexInstrument, OptionContract
from nautilus_trader.model.objects import Currency, Price, Quantity

from engine.greeks.black_scholes import Market, sensitivities, years_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

# A bar tells no sizes of quotes; what is traded here is small beside any.
SIZE = 100
# Strategies and exits take a quote of ten seconds ago for none: one that still holds is said again.
HOLDS_NS = 5 * 10**9
RATE = 0.04
# Half of the spread of a modelled option: a tick, or this share of its price.
_HALF_SPREAD = 0.01
# What options are listed and priced by: those on shares, and those on the S&P 500.
_STRIKES, _INDEX_STRIKES = 1, 5
_TICK, _INDEX_TICK = "0.01", "0.05"


def from_bars(instrument: Any, bids: Sequence[Any], asks: Sequence[Any]) -> list[QuoteTick]:
    """Return the quotes that bars of bid and ask stand for.

    Inside a bar a price runs from the open over both ends to the close, first to the end that lies against the bar's
    direction. Which end came first a bar does not say.
    """
    found = []
    others = {bar.ts_init: bar for bar in asks}
    for bid in bids:
        ask = others.get(bid.ts_init)
        if ask is None:
            continue
        rises = float(bid.close) + float(ask.close) >= float(bid.open) + float(ask.open)
        length = bid.ts_init - bid.ts_event
        quarter = length // 4
        for at in range(bid.ts_event, bid.ts_init, min(HOLDS_NS, quarter)):
            part = min((at - bid.ts_event) // quarter, 3)
            low, high = _path(bid, rises)[part], _path(ask, rises)[part]
            found.append(_quote(instrument, low, max(low, high), at))
    return found


def values_from_bars(index: Any, bars: Sequence[Any]) -> list[IndexPriceUpdate]:
    """Return the values of an index that its bars stand for, on the same road as quotes."""
    found = []
    for bar in bars:
        path, quarter = _path(bar, float(bar.close) >= float(bar.open)), (bar.ts_init - bar.ts_event) // 4
        for at in range(bar.ts_event, bar.ts_init, min(HOLDS_NS, quarter)):
            value = index.make_price(path[min((at - bar.ts_event) // quarter, 3)])
            found.append(IndexPriceUpdate(index.id, value, at, at))
    return found


def spots(told: Sequence[Any]) -> list[tuple[int, float]]:
    """Return when an underlying was worth how much: the middle of its quotes, or an index's values."""
    return [
        (one.ts_event, float(one.value))
        if isinstance(one, IndexPriceUpdate)
        else (one.ts_event, (float(one.bid_price) + float(one.ask_price)) / 2)
        for one in told
        if isinstance(one, IndexPriceUpdate | QuoteTick)
    ]


def strike_step(underlying: Any) -> int:
    """Return how far strikes are apart."""
    return _INDEX_STRIKES if isinstance(underlying, IndexInstrument) else _STRIKES


def contract(
    underlying: Any, day: date, strike: float, call: bool, closes: datetime, trading_class: str | None = None
) -> OptionContract:
    """Return an option of that day as the adapter would name it; `trading_class` where it is not the symbol (SPXW)."""
    symbol = underlying.id.symbol.value
    of_index = isinstance(underlying, IndexInstrument)
    root = trading_class or symbol
    local = f"{root:<6}{day:%y%m%d}{'C' if call else 'P'}{round(strike * 1000):08d}"
    closes_ns = int(closes.timestamp()) * 10**9
    hours = f"{closes.astimezone(UTC):%Y%m%d:0000}-{closes.astimezone(UTC):%Y%m%d:%H%M}"
    return OptionContract(
        instrument_id=InstrumentId(Symbol(local), underlying.id.venue),
        raw_symbol=Symbol(local),
        asset_class=AssetClass.INDEX if of_index else AssetClass.EQUITY,
        currency=Currency.from_str("USD"),
        price_precision=2,
        price_increment=Price.from_str(_INDEX_TICK if of_index else _TICK),
        multiplier=Quantity.from_int(100),
        lot_size=Quantity.from_int(1),
        underlying=symbol,
        option_kind=OptionKind.CALL if call else OptionKind.PUT,
        strike_price=Price(strike, 2),
        activation_ns=0,
        expiration_ns=closes_ns,
        ts_event=0,
        ts_init=0,
        info={
            # IBKR never gave it a number; books are kept by numbers.
            "contract": {
                "conId": crc32(local.encode()),
                "lastTradeDateOrContractMonth": f"{closes.astimezone(UTC):%Y%m%d}",
                "tradingClass": root,
            },
            "liquidHours": hours,
            "timeZoneId": "UTC",
        },
    )


def modelled(option: OptionContract, spots: Sequence[tuple[int, float]], volatility: float) -> list[QuoteTick]:
    """Return an option's quotes at one flat volatility: Black and Scholes on what its underlying was worth."""
    found = []
    call, strike, tick = (
        option.option_kind == OptionKind.CALL,
        float(option.strike_price),
        float(option.price_increment),
    )
    for at, spot in spots:
        years = years_until(option.expiration_ns, at)
        if years <= 0:
            break
        price = sensitivities(Market(spot, strike, years, RATE, call), volatility).price
        half = max(tick, price * _HALF_SPREAD)
        bid, ask = (round(value / tick) * tick for value in (max(price - half, 0.0), price + half))
        found.append(_quote(option, bid, ask, at))
    return found


def _path(bar: Any, rises: bool) -> tuple[float, float, float, float]:
    ends = (bar.low, bar.high) if rises else (bar.high, bar.low)
    return float(bar.open), float(ends[0]), float(ends[1]), float(bar.close)


def _quote(instrument: Any, bid: float, ask: float, at: int) -> QuoteTick:
    size = instrument.make_qty(SIZE)
    return QuoteTick(instrument.id, instrument.make_price(bid), instrument.make_price(ask), size, size, at, at)
