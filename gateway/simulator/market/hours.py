"""Who trades when: one calendar for each kind of instrument.

Sources: the exchanges' published hours; sessions, holidays and half days from `exchange_calendars`. Assumed: bonds
trade from 8 to 17 on stock days, metals and index CFDs keep the futures' hours without their holidays.
"""

import datetime as dt
from collections.abc import Mapping

from gateway.simulator.market.calendar import NEW_YORK, AroundTheClock, Calendar, Span
from gateway.simulator.market.exchange import EveryDay, ExchangeDays, Sessions

HOURS = ("stock", "fund option", "option", "index option", "index", "future", "forex", "crypto", "bond", "metal")
"""Every kind; `stock` is also the world's own day."""

type _Spans = tuple[Span, Span, tuple[Span, ...]]

_MORNING = dt.time(9, 30)
_QUARTER = dt.timedelta(minutes=15)


def around_the_clock(day_start: dt.time) -> Mapping[str, Calendar]:
    """A world that never closes."""
    calendar = AroundTheClock(day_start)
    return dict.fromkeys(HOURS, calendar)


def every_day(opens: dt.time, closes: dt.time) -> Mapping[str, Calendar]:
    """A world whose every day is one session: a whole day from its open to its expiry takes as long as that."""
    return dict.fromkeys(HOURS, EveryDay(opens, closes))


def exchanges(sessions: Mapping[str, Sessions]) -> Mapping[str, Calendar]:
    """The exchanges of the United States, and what trades around them."""
    stocks, cboe, globex = sessions["XNYS"], sessions["XCBF"], sessions["CMES"]
    day, evening = (_MORNING, dt.time(16, 0)), (dt.time(18, 0), dt.time(17, 0))
    metal = ExchangeDays({}, _future, evening)
    return {
        "stock": ExchangeDays(stocks, _stock, day),
        "option": ExchangeDays(stocks, _option, day),
        "fund option": ExchangeDays(stocks, _fund_option, day),
        "index": ExchangeDays(stocks, _option, day),
        "index option": ExchangeDays(cboe, _index_option, (_MORNING, dt.time(16, 15))),
        "future": ExchangeDays(globex, _future, evening),
        "forex": ExchangeDays({}, _forex, (dt.time(17, 15), dt.time(17, 0))),
        "crypto": AroundTheClock(dt.time(0, 0)),
        "bond": ExchangeDays(stocks, _bond, day),
        "metal": metal,
    }


def _at(date: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(hour, minute), NEW_YORK)


def _evening_before(date: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return _at(date - dt.timedelta(days=1), hour, minute)


def _alike(*spans: Span) -> _Spans:
    """Regular and liquid hours are one span, and the first of all."""
    return spans[0], spans[0], spans


def _stock(date: dt.date, opens: dt.datetime, closes: dt.datetime) -> _Spans:
    """From 4 to 20; a half day ends at 17."""
    last = _at(date, 20) if closes.hour >= 16 else _at(date, 17)
    return (opens, closes), (opens, closes), ((_at(date, 4), last),)


def _option(date: dt.date, opens: dt.datetime, closes: dt.datetime) -> _Spans:
    return _alike((opens, closes))


def _fund_option(date: dt.date, opens: dt.datetime, closes: dt.datetime) -> _Spans:
    """Options on broad funds close a quarter of an hour after the stocks."""
    return _alike((opens, closes + _QUARTER))


def _index_option(date: dt.date, opens: dt.datetime, closes: dt.datetime) -> _Spans:
    """Cboe's global hours from the evening before, and the curb session, which half days do not have."""
    regular = (opens, closes)
    night = (_evening_before(date, 20, 15), _at(date, 9, 25))
    curb = ((closes, _at(date, 17)),) if closes.hour >= 16 else ()
    return regular, regular, (night, regular, *curb)


def _future(date: dt.date, opens: dt.datetime, closes: dt.datetime) -> _Spans:
    """From 18 of the evening before to 17. All of it is regular to an order; the liquid hours are the stocks'."""
    session = (_evening_before(date, 18), min(closes, _at(date, 17)))
    return session, (_at(date, 9, 30), min(session[1], _at(date, 16))), (session,)


def _forex(date: dt.date, opens: dt.datetime, closes: dt.datetime) -> _Spans:
    """From 17:15 of the evening before to 17:00, from Sunday evening to Friday."""
    return _alike((_evening_before(date, 17, 15), closes))


def _bond(date: dt.date, opens: dt.datetime, closes: dt.datetime) -> _Spans:
    return _alike((_at(date, 8), closes + dt.timedelta(hours=1)))
