"""Trading sessions of the past, and when the past begins."""

import datetime as dt

from gateway.simulator.api import bars, refusals
from gateway.simulator.api.one_contract import one_instrument
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.history import sessions
from gateway.simulator.history.checks import BARS, BarQuery
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers import history as answers
from gateway.simulator.wire.requests import history as requests
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.times import dashed, in_utc
from tws import codes

_SCHEDULES_FROM = 165


def send(session: Session, req_id: int, instrument: Instrument, end: dt.datetime, query: BarQuery) -> None:
    """Answer a query for the sessions that begin in a span which ends at `end`; times are the exchange's."""
    if session.version < _SCHEDULES_FROM:
        refusals.no_history(session, req_id, "Schedule is not available for this client version")
        return
    calendar, zone = session.gateway.instruments.calendar(instrument), instrument.zone
    start = sessions.start_of(calendar, end, query.duration, regular=query.regular)
    found: list[tuple[str, str, str]] = []
    for day in sessions.days(calendar, start, end):
        parts = sessions.of_day(day, regular=query.regular)
        if start <= parts[0].opens < end:
            found.append((dashed(parts[0].opens, zone), dashed(parts[-1].closes, zone), f"{day.date:%Y%m%d}"))
    if not found:
        refusals.no_history(session, req_id, f"HMDS query returned no data: {instrument.local_symbol}@SMART Schedule")
        return
    session.send(answers.HistoricalSchedule(req_id, found[0][0], found[-1][1], zone, tuple(found)))


def _head_timestamp(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqHeadTimestamp)
    req_id, kind = request.req_id, request.what.strip().upper()
    instrument = one_instrument(session, req_id, request.contract)
    if instrument is None:
        return
    if kind not in BARS:
        refusals.invalid(session, req_id, f"What to show value of {request.what} rejected.")
        return
    if refusals.not_permitted(session, instrument) is not None:
        session.refuse(req_id, codes.NOT_SUBSCRIBED)  # a user's log of 2017 is all that is known
        return
    if kind in ("TRADES", "ADJUSTED_LAST") and instrument.quoted and not instrument.trades:
        refusals.no_history(session, req_id, "No head time stamp")
        return
    begins = bars.begins(session, instrument)
    match request.date_format:
        case 2:
            text = str(int(begins.timestamp()))
        case 3:
            text = f"{begins:%m%d %H:%M:%S}"
        case _:
            text = in_utc(begins, session.version)
    session.send(answers.HeadTimestamp(req_id, text))


def _nothing(session: Session, request: Request) -> None:
    """Head timestamps are answered at once: there is nothing left to cancel."""


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqHeadTimestamp: _head_timestamp,
    requests.CancelHeadTimestamp: _nothing,
}
