"""Is the exchange open? Read from the `tradingHours` that came with the contract."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_FORM = "%Y%m%d:%H%M"


def is_open(trading_hours: str, zone: str, now: datetime) -> bool | None:
    """Tell whether `now` falls into one of the segments; None where the text does not cover today.

    The text is IBKR's (contract details): `20261123:0400-20261123:2000;20261124:CLOSED`, in the exchange's zone.
    """
    try:
        local = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        local = now.astimezone(UTC)
    covered = False
    for segment in filter(None, trading_hours.split(";")):
        covered = covered or segment.startswith(local.strftime("%Y%m%d"))
        begin, _, end = segment.partition("-")
        try:
            opens = datetime.strptime(begin, _FORM).replace(tzinfo=local.tzinfo)
            closes = datetime.strptime(end, _FORM).replace(tzinfo=local.tzinfo)
        except ValueError:
            continue
        if opens <= local < closes:
            return True
    return False if covered else None
