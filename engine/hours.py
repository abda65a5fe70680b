"""Is the exchange open, and when must an option be closed? Read from the hours that came with the contract."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Nothing is opened, and everything is closed, this long before the exchange closes on an option's last day.
CUT_OFF = timedelta(minutes=5)

FORM = "%Y%m%d:%H%M"
# Stocks open then, and with them their options, also those that Chicago lists.
_NEW_YORK, _STOCKS_OPEN = ZoneInfo("America/New_York"), time(9, 30)
# Options on indices and funds are quoted this much longer than stocks trade: to 16:15, on half days to 13:15.
_LATE_QUOTES, _LATE_QUOTES_MINUTE = timedelta(minutes=15), 15
_HALF_A_DAY = timedelta(hours=12)


def is_open(trading_hours: str, zone: str, now: datetime) -> bool | None:
    """Tell whether `now` falls into one of the segments; None where the text does not cover today."""
    local = now.astimezone(_place(zone))
    if any(opens <= local < closes for opens, closes in segments(trading_hours, zone)):
        return True
    today = f"{local:%Y%m%d}"
    return False if any(segment.startswith(today) for segment in trading_hours.split(";")) else None


# Read ten times a second and more, of the same few texts all day.
@lru_cache(maxsize=256)
def segments(hours: str, zone: str) -> tuple[tuple[datetime, datetime], ...]:
    """Return when each segment opens and closes, in the exchange's zone; days that are CLOSED are left out.

    The text is IBKR's (contract details): `20261123:0400-20261123:2000;20261124:CLOSED`, in the exchange's zone.
    """
    found = []
    for segment in hours.split(";"):
        begin, _, end = segment.partition("-")
        try:
            opens, closes = (datetime.strptime(text, FORM).replace(tzinfo=_place(zone)) for text in (begin, end))
        except ValueError:
            continue
        found.append((opens, closes))
    return tuple(found)


def _place(zone: str) -> tzinfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def close_on(hours: str, zone: str, date: str) -> datetime | None:
    """Return when trading ends on that date (YYYYMMDD); None where the text has no segment that ends on it.

    Where stocks' own hours are among the segments, their close counts: an evening's session (an index option's, to
    17:00) belongs to the next day, and a close at a quarter past is that of late quotes. Otherwise the last one does.
    """
    found = None
    for opens, closes in segments(hours, zone):
        if f"{closes:%Y%m%d}" != date:
            continue
        if opens.date() == closes.date() and opens.astimezone(_NEW_YORK).time() == _STOCKS_OPEN:
            return (closes - _LATE_QUOTES if closes.minute == _LATE_QUOTES_MINUTE else closes).astimezone(UTC)
        found = max(found, closes) if found is not None else closes
    return found.astimezone(UTC) if found is not None else None


def last_close(instrument: Any) -> datetime | None:
    """Return when an instrument is traded for the last time, in UTC; None for what never expires.

    The adapter's own expiry is the last resort: it takes the closing time of the last day in the text for that of the
    day of expiry, so that it is hours late on a half day, and midnight where that other day is a holiday.
    """
    ns = getattr(instrument, "expiration_ns", 0)
    if not ns:
        return None
    expiry = datetime.fromtimestamp(ns / 1e9, UTC)
    info = getattr(instrument, "info", None) or {}
    date = str((info.get("contract") or {}).get("lastTradeDateOrContractMonth") or "")[:8]
    zone = info.get("timeZoneId") or "UTC"
    for hours in (info.get("liquidHours"), info.get("tradingHours")):
        if date and hours and (close := close_on(hours, zone, date)) is not None:
            # What loads today's chain puts the close of the underlying there, where that is earlier.
            return expiry if close - _HALF_A_DAY < expiry < close else close
    return expiry


def cut_off(instrument: Any) -> datetime | None:
    """Return the moment from which nothing of this instrument may be held; None where it never expires."""
    close = last_close(instrument)
    return close - CUT_OFF if close is not None else None
