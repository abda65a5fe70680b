"""The fields of a message: lists of rows, and the eleven of a contract that most messages carry."""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.text import Value, plain

type Fields = list[Value]


def rows(found: Iterable[Sequence[Value]]) -> Fields:
    """How many rows there are, and all their fields."""
    listed = list(found)
    return [len(listed), *(field for row in listed for field in row)]


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


def contract_proto(instrument: Instrument, exchange: str, *, no_right: str = "", **more: Any) -> Any:
    """The same eleven as a `Contract`, and whatever else a message says of it.

    What is empty as text is left out; a strike that is not there is 0, as text says it.
    """
    said = pb.Contract(
        conId=instrument.con_id,
        symbol=instrument.symbol,
        secType=instrument.sec_type,
        strike=instrument.strike if instrument.is_option else 0.0,
        exchange=exchange,
        currency=instrument.currency,
        localSymbol=instrument.local_symbol,
        tradingClass=instrument.trading_class,
        **more,
    )
    if instrument.expiry_text:
        said.lastTradeDateOrContractMonth = instrument.expiry_text
    if right := instrument.right or no_right:
        said.right = right
    if instrument.multiplier_text:
        said.multiplier = float(instrument.multiplier_text)
    return said
