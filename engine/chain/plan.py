"""Which day is today, which options are wanted, and which call is nearest. Pure.

"Today" is the exchange's: the session that trades now, or else the next one. An option that expires on any other date
is never taken for today's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.hours import CUT_OFF, FORM, last_close, segments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nautilus_trader.model.identifiers import InstrumentId

# The broker still tells of an option's executions on the day after, and over a weekend.
KEPT = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Listed:
    """One loaded option."""

    instrument_id: InstrumentId
    strike: float
    call: bool
    expires: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One session of an exchange. Its date is the one on which it ends, as exchanges count."""

    date: str
    opens: datetime
    closes: datetime


def session_at(hours: str, zone: str, now: datetime) -> Session | None:
    """Return the session in IBKR's `liquidHours` that is open, or else the next one; None where there is none."""
    found = [(opens, closes) for opens, closes in segments(hours, zone) if closes > now]
    if not found:
        return None
    opens, closes = min(found, key=lambda one: one[1])
    return Session(f"{closes:%Y%m%d}", opens.astimezone(UTC), closes.astimezone(UTC))


def segment(today: Session, zone: str) -> str:
    """Write a session as IBKR's hours do, in an option's own zone. Raises ValueError for a zone that nobody knows."""
    try:
        opens, closes = (at.astimezone(ZoneInfo(zone)) for at in (today.opens, today.closes))
    except ZoneInfoNotFoundError as error:
        raise ValueError(f"no zone {zone}") from error
    return f"{opens.strftime(FORM)}-{closes.strftime(FORM)}"


def around(strikes: Iterable[float], price: float, width: int) -> list[float]:
    """Return the strikes to load, the nearest to the money first: one there, and `width` on either side."""
    return sorted(strikes, key=lambda strike: (abs(strike - price), strike))[: 2 * width + 1]


def near_money_call(listed: Iterable[Listed], price: float, now: datetime) -> Listed | None:
    """Choose the call nearest to the money that lies beyond the cut-off."""
    usable = [option for option in listed if option.call and option.expires - now > CUT_OFF]
    return min(usable, key=lambda option: abs(option.strike - price), default=None)


def expired(instrument: Any, now: datetime) -> bool:
    """Tell whether an instrument expired so long ago that nobody asks for it any more."""
    closed = last_close(instrument)
    return closed is not None and now - closed > KEPT
