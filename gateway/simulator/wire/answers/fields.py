"""The fields of a message, and the eleven of a contract that most messages carry."""

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.text import Value, plain

type Fields = list[Value]


def contract(instrument: Instrument, exchange: str, *, strike: str = "0", no_right: str = "") -> Fields:
    """The eleven contract fields most messages carry; how an absent strike and right are written differs."""
    return [
        instrument.con_id,
        instrument.symbol,
        instrument.sec_type,
        instrument.expiry_text,
        plain(instrument.strike) if instrument.is_option else strike,
        instrument.right or no_right,
        instrument.multiplier_text,
        exchange,
        instrument.currency,
        instrument.local_symbol,
        instrument.trading_class,
    ]
