"""Puts the market together as the settings say."""

import datetime as dt

from gateway.simulator.market import data, hours
from gateway.simulator.market.instruments import Instruments
from gateway.simulator.market.market import Market
from gateway.simulator.settings import Settings

_REACH, _CALM = 0.1, 0.6
"""Strikes reach a tenth from the usual price, and farther where prices swing more than 60 % a year."""


def make_market(settings: Settings, now: dt.datetime) -> Market:
    """The market of a world whose time is `now`.

    Raises:
        SettingsError: the exchanges' sessions cannot be had, or own data cannot be used.
    """
    if settings.calendar == "24/7":
        calendars = hours.around_the_clock(settings.day_start)
    elif settings.calendar != "XNYS":
        calendars = hours.every_day(*settings.calendar)
    else:
        from gateway.simulator.market import sessions

        calendars = hours.exchanges(sessions.load(settings.state_dir / "sessions.json", now))
    reach = min(_REACH * max(settings.volatility / _CALM, 1.0), 0.9)
    instruments = Instruments(calendars, reach, data.load(settings.data))
    return Market(instruments, calendars, settings.seed, settings.volatility)
