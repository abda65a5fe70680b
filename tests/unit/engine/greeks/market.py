"""A small 0DTE market for Nautilus' backtest engine: SPY, its options at the money, and quotes every second."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import IndexPriceUpdate, QuoteTick
from nautilus_trader.model.enums import AccountType, AssetClass, OmsType, OptionKind
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity, IndexInstrument, OptionContract
from nautilus_trader.model.objects import Money, Price, Quantity

from engine.greeks.black_scholes import Market, sensitivities, years_until

SECOND = 10**9
# 2026-11-23, a Monday: the options expire at 16:00 in New York.
EXPIRY = 1795467600 * SECOND
SPOT = 600.2
RATE = 0.04
VOL = 0.2
STRIKES = tuple(range(596, 606))
SPY = InstrumentId.from_str("SPY.ARCX")
INDEX = InstrumentId.from_str("^SPX.ARCX")


def option_id(strike: int, call: bool, venue: str = "ARCX") -> InstrumentId:
    return InstrumentId(Symbol(f"SPY   261123{'C' if call else 'P'}{strike * 1000:08d}"), Venue(venue))


def stock(venue: str = "ARCX") -> Equity:
    return Equity(
        instrument_id=InstrumentId(Symbol("SPY"), Venue(venue)),
        raw_symbol=Symbol("SPY"),
        currency=USD,
        price_precision=2,
        price_increment=Price.from_str("0.01"),
        lot_size=Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
    )


def index() -> IndexInstrument:
    return IndexInstrument(
        instrument_id=INDEX,
        raw_symbol=Symbol("SPX"),
        currency=USD,
        price_precision=2,
        size_precision=0,
        price_increment=Price.from_str("0.01"),
        size_increment=Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
    )


def option(strike: int, call: bool, venue: str = "ARCX", underlying: str = "SPY") -> OptionContract:
    found = option_id(strike, call, venue)
    return OptionContract(
        instrument_id=found,
        raw_symbol=found.symbol,
        asset_class=AssetClass.EQUITY,
        currency=USD,
        price_precision=4,
        price_increment=Price.from_str("0.0001"),
        multiplier=Quantity.from_int(100),
        lot_size=Quantity.from_int(1),
        underlying=underlying,
        option_kind=OptionKind.CALL if call else OptionKind.PUT,
        strike_price=Price.from_str(f"{strike}.00"),
        activation_ns=0,
        expiration_ns=EXPIRY,
        ts_event=0,
        ts_init=0,
    )


def quote(instrument_id: InstrumentId, middle: float, at_ns: int, precision: int, half_spread: float) -> QuoteTick:
    size = Quantity.from_int(10)
    bid, ask = Price(max(0.0, middle - half_spread), precision), Price(middle + half_spread, precision)
    return QuoteTick(instrument_id, bid, ask, size, size, at_ns, at_ns)


def fair(strike: int, call: bool, at_ns: int, vol: float = VOL) -> Any:
    """What the option's greeks are at this moment."""
    return sensitivities(Market(SPOT, float(strike), years_until(EXPIRY, at_ns), RATE, call), vol)


def quotes(begin_ns: int, seconds: int, venue: str = "ARCX") -> list[QuoteTick]:
    """Everything is quoted every second, one side exactly, the one in the money wide and off the mark."""
    found = []
    for at_ns in range(begin_ns, begin_ns + seconds * SECOND, SECOND):
        found.append(quote(InstrumentId(Symbol("SPY"), Venue(venue)), SPOT, at_ns, 2, 0.01))
        for strike in STRIKES:
            for call in (True, False):
                inside = (strike < SPOT) == call
                middle = fair(strike, call, at_ns).price + (0.25 if inside else 0.0)
                if math.floor(middle * 1e4):
                    spread = 0.25 if inside else 0.0001
                    found.append(quote(option_id(strike, call, venue), middle, at_ns, 4, spread))
    return found


def of_an_index(begin_ns: int, seconds: int) -> list[Any]:
    """The same, of options on an index, whose value takes the place of the stock's quotes."""
    found = []
    for one in quotes(begin_ns, seconds):
        if one.instrument_id == SPY:
            found.append(IndexPriceUpdate(INDEX, Price(SPOT, 2), one.ts_event, one.ts_event))
        else:
            found.append(one)
    return found


def engine(option_venue: str = "ARCX", on_an_index: bool = False) -> BacktestEngine:
    """An engine with the instruments, the stock or index at ARCX."""
    made = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    for venue in sorted({"ARCX", option_venue}):
        made.add_venue(
            Venue(venue), OmsType.NETTING, AccountType.MARGIN, [Money(100_000, USD)], USD, default_leverage=Decimal(1)
        )
    made.add_instrument(index() if on_an_index else stock())
    for strike in STRIKES:
        for call in (True, False):
            made.add_instrument(option(strike, call, option_venue, "SPX" if on_an_index else "SPY"))
    return made
