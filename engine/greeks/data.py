"""What travels on the message bus. No `from __future__ import annotations`: Nautilus reads the annotations as types."""

from typing import TYPE_CHECKING

from nautilus_trader.core.data import Data
from nautilus_trader.model.custom import customdataclass
from nautilus_trader.model.identifiers import InstrumentId

if TYPE_CHECKING:
    from engine.greeks.black_scholes import Sensitivities
    from engine.greeks.options import Option

FEED = "unusual_whales"
LOCAL = "local"
SOURCES = (FEED, LOCAL)

_NO_INSTRUMENT = InstrumentId.from_str("NONE.NONE")


@customdataclass
class TradeGreeks(Data):  # type: ignore[misc]
    """One trade as the feed told it, with its greeks; `ts_event` is the moment of the trade."""

    instrument_id: InstrumentId = _NO_INSTRUMENT
    underlying_price: float = 0.0
    price: float = 0.0
    vol: float = 0.0
    delta: float = 0.0
    gamma: float = 0.0
    vega: float = 0.0
    theta: float = 0.0


@customdataclass
class FeedState(Data):  # type: ignore[misc]
    """How the feed is, about once a second. Counts are since the start; `trouble` never holds the token."""

    connected: bool = False
    joined: int = 0
    wanted: int = 0
    sessions: int = 0
    prints: int = 0
    conflated: int = 0
    unknown: int = 0
    implausible: int = 0
    undecodable: int = 0
    trouble: str = ""


@customdataclass
class Greeks(Data):  # type: ignore[misc]
    """The greeks of one option now, and where they come from (`source`).

    Per unit of the underlying: vega per point of volatility, theta per calendar day. `ts_event` is the moment that
    the numbers describe: the trade's, or that of the older of the two quotes they were worked out from. `price` is
    the trade's, or the model's. `itm_probability` is always ours, from `vol`.
    """

    instrument_id: InstrumentId = _NO_INSTRUMENT
    source: str = LOCAL
    is_call: bool = True
    strike: float = 0.0
    expiration_ns: int = 0
    underlying_price: float = 0.0
    price: float = 0.0
    vol: float = 0.0
    delta: float = 0.0
    gamma: float = 0.0
    vega: float = 0.0
    theta: float = 0.0
    itm_probability: float = 0.0


def greeks_of(
    option: "Option",
    source: str,
    numbers: "Sensitivities | TradeGreeks",
    *,
    spot: float,
    vol: float,
    itm_probability: float,
    at_ns: int,
    now_ns: int,
) -> Greeks:
    """Return an option's greeks, whoever worked `numbers` out; they describe the moment `at_ns`."""
    return Greeks(
        ts_event=at_ns,
        ts_init=now_ns,
        instrument_id=option.id,
        source=source,
        is_call=option.call,
        strike=option.strike,
        expiration_ns=option.expiration_ns,
        underlying_price=spot,
        price=numbers.price,
        vol=vol,
        delta=numbers.delta,
        gamma=numbers.gamma,
        vega=numbers.vega,
        theta=numbers.theta,
        itm_probability=itm_probability,
    )


@customdataclass
class SourceChanged(Data):  # type: ignore[misc]
    """The source has changed, and why."""

    source: str = LOCAL
    reason: str = ""
