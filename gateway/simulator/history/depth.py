"""How far back the past goes."""

import datetime as dt

from gateway.simulator.market.calendar import Calendar
from gateway.simulator.market.instruments import Instrument

_FIRST_DAY = dt.date(2020, 1, 2)
"""Prices go on before it, but nobody is told."""

_LISTED_BEFORE = {"OPT": dt.timedelta(days=180), "FOP": dt.timedelta(days=180), "FUT": dt.timedelta(days=730)}
"""How long before its expiry what expires was first traded (assumed)."""


def begins(calendar: Calendar, instrument: Instrument, own_data: float | None = None) -> dt.datetime:
    """The opening of the first day that is known of an instrument; where it follows own data, its first moment
    (seconds since 1970)."""
    if own_data is not None:
        return dt.datetime.fromtimestamp(own_data, dt.UTC)
    date = _FIRST_DAY
    if instrument.expiry is not None:
        date = max(instrument.expiry - _LISTED_BEFORE.get(instrument.sec_type, dt.timedelta()), date)
    return calendar.day(date).opens
