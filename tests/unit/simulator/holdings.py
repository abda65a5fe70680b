"""Instruments and holdings by hand: what margin, commissions and expiry are worked out on."""

import datetime as dt
from typing import Any

from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.positions import Position
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.products import Product

DAY = dt.date(2026, 12, 18)
_SPY = 756733


def made(
    con_id: int = 1,
    *,
    symbol: str = "X",
    sec_type: str = "STK",
    currency: str = "USD",
    multiplier: float = 1.0,
    **more: Any,
) -> Instrument:
    """An instrument of a family of its own; `more` goes to the family, or to the instrument where it has the field."""
    own = {name: more.pop(name) for name in ("expiry", "strike", "right", "on") if name in more}
    product = Product(
        symbol=symbol, sec_type=sec_type, long_name=symbol, currency=currency, multiplier=multiplier, **more
    )
    return Instrument(con_id, product, local_symbol=symbol, **own)


def share(con_id: int = _SPY) -> Instrument:
    return made(con_id, symbol="SPY")


def option(
    strike: float = 600.0, right: str = "C", *, con_id: int = 0, expiry: dt.date = DAY, **more: Any
) -> Instrument:
    """An option on a stock at 600, 100 shares a contract, American and physical."""
    family: dict[str, Any] = {"settlement": "physical", "american": True, "on": _SPY} | more
    number = con_id or round(strike * 10) + (right == "P") + expiry.toordinal() * 100_000
    return made(
        number, symbol="SPY", sec_type="OPT", multiplier=100.0, expiry=expiry, strike=strike, right=right, **family
    )


def index_option(strike: float = 6000.0, right: str = "C", **more: Any) -> Instrument:
    return option(strike, right, settlement="cash", american=False, on=416904, **more)


def future() -> Instrument:
    return made(9, symbol="ES", sec_type="FUT", multiplier=50.0, expiry=DAY, settlement="cash")


def held(
    instrument: Instrument, quantity: float, price: float, *, cost: float = 0.0, spot: float = 600.0, **more: Any
) -> Holding:
    """A holding a month before expiry, at 18 % volatility; `spot` is the underlying's price."""
    position = Position(instrument.con_id, quantity, cost, account="DU1")
    seconds, volatility = (30 * 86400.0, 0.18) if instrument.is_option else (0.0, 0.0)
    return Holding(position, instrument, price, spot, volatility, seconds, **more)
