"""The options that are loaded, as plain values; and which of them to have quoted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nautilus_trader.model.enums import OptionKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nautilus_trader.model.identifiers import InstrumentId


@dataclass(frozen=True, slots=True)
class Option:
    """One loaded option. `root` is what the exchange lists it under, and may differ from the underlying (SPXW, SPX)."""

    id: InstrumentId
    underlying: str
    root: str
    strike: float
    call: bool
    expiration_ns: int
    expiry: int  # the date in UTC, YYYYMMDD
    multiplier: float

    @property
    def pair(self) -> tuple[str, int, float]:
        """What a call and the put at its side have in common."""
        return (self.root, self.expiration_ns, self.strike)


def option_symbol(instrument: Any) -> str | None:
    """Return an option's symbol as exchanges write it (`SPY261123C00600000`), or None for anything else.

    The broker pads the root with blanks to six characters.
    """
    if getattr(instrument, "option_kind", None) is None:
        return None
    return str(instrument.raw_symbol.value).replace(" ", "")


def root_of(symbol: str) -> str:
    """Return the root of an option's symbol: what stands before date, right and strike."""
    return symbol[:-15]


def alive(instruments: Iterable[Any], now_ns: int) -> list[Option]:
    """Return the options among some instruments that have not expired."""
    options = map(_read, instruments)
    return [option for option in options if option is not None and option.expiration_ns > now_ns]


def _read(instrument: Any) -> Option | None:
    symbol = option_symbol(instrument)
    if symbol is None:
        return None
    expires = datetime.fromtimestamp(instrument.expiration_ns / 1e9, UTC)
    return Option(
        id=instrument.id,
        underlying=str(instrument.underlying).removeprefix("^"),
        root=root_of(symbol),
        strike=float(instrument.strike_price),
        call=instrument.option_kind == OptionKind.CALL,
        expiration_ns=instrument.expiration_ns,
        expiry=expires.year * 10_000 + expires.month * 100 + expires.day,
        multiplier=float(instrument.multiplier),
    )


def to_quote(options: Iterable[Option], spot: float, strikes: int) -> set[InstrumentId]:
    """Return the options to have quoted: on each side of the spot the nearest strikes of the nearest expiry.

    Only the side without intrinsic value: its price is all volatility, and the other side has the same one. So one
    market-data line serves a call and a put.
    """
    options = list(options)
    nearest = min((option.expiration_ns for option in options), default=0)
    today = [option for option in options if option.expiration_ns == nearest]
    calls = sorted((o for o in today if o.call and o.strike >= spot), key=lambda o: o.strike)
    puts = sorted((o for o in today if not o.call and o.strike < spot), key=lambda o: -o.strike)
    return {option.id for option in (*calls[:strikes], *puts[:strikes])}
