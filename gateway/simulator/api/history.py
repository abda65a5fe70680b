"""Queries for the past: what all of them go through. Bars, ticks and schedules have files of their own."""

import datetime as dt

from gateway.simulator.api import bars, refusals, schedules
from gateway.simulator.api.one_contract import one_instrument
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.errors import RequestRefused
from gateway.simulator.history import pacing
from gateway.simulator.history.checks import BarQuery, check_bars
from gateway.simulator.history.moments import NO_ZONE, Moment, read_moment
from gateway.simulator.history.pacing import Asked
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.process import uniform
from gateway.simulator.wire.requests import history as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes


def moment(session: Session, req_id: int, text: str, label: str) -> Moment | None:
    """Read a date-time of a request, and warn if it names no zone.

    Raises:
        RequestRefused: it cannot be read.
    """
    gateway = session.gateway
    read = read_moment(text, label, gateway.writer.zone, gateway.now())
    if read is not None and not read.zoned:
        session.error(req_id, codes.TIME_ZONE_MISSING, NO_ZONE)
    return read


async def patience(session: Session, req_id: int) -> None:
    """Wait as long as the historical data service takes for an answer."""
    gateway = session.gateway
    shortest, longest = gateway.profile.history
    if longest:
        share = uniform(gateway.settings.seed, req_id, gateway.step())
        await gateway.host.sleep(shortest + (longest - shortest) * share)


def _data(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqHistoricalData)
    gateway, req_id = session.gateway, request.req_id
    if req_id in session.history or req_id in session.live_bars:
        refusals.failed(session, req_id, "Duplicate ticker ID for API historical data query")
        return
    if sum(len(other.history) + len(other.live_bars) for other in gateway.sessions) >= pacing.SIMULTANEOUS:
        refusals.failed(
            session, req_id, f"Only {pacing.SIMULTANEOUS} simultaneous API historical data requests allowed."
        )
        return
    instrument = one_instrument(session, req_id, request.contract)
    if instrument is None:
        return
    try:
        ends = moment(session, req_id, request.end, "End Date/Time")
        query = check_bars(
            sec_type=instrument.sec_type,
            end=request.end,
            duration=request.duration,
            size=request.bar_size,
            what=request.what,
            date_format=request.date_format,
            live=request.keep_up_to_date,
            regular=request.regular_only,
        )
    except RequestRefused as refused:
        refusals.refuse(session, req_id, refused)
        return
    if _too_fast(session, request, instrument, query):
        refusals.no_history(session, req_id, pacing.VIOLATION)
        return
    session.answer_later(session.history, req_id, _answer(session, request, instrument, query, ends))


def _too_fast(session: Session, request: requests.ReqHistoricalData, instrument: Instrument, query: BarQuery) -> bool:
    """Whether the service is asked too often for small bars; all clients of a login are counted together."""
    gateway = session.gateway
    if not 0 < query.size.seconds <= pacing.SMALL_BAR_SECONDS:
        return False
    asked = Asked(
        gateway.host.monotonic(),
        (instrument.con_id, request.contract.exchange, query.what),
        (request.end, request.duration, request.bar_size, str(query.regular)),
    )
    past = gateway.small_bars = pacing.still_counts(gateway.small_bars, asked.at)
    if pacing.violates(past, asked):
        return True
    past.append(asked)
    return False


async def _answer(
    session: Session,
    request: requests.ReqHistoricalData,
    instrument: Instrument,
    query: BarQuery,
    ends: Moment | None,
) -> None:
    await patience(session, request.req_id)
    now = session.gateway.now()
    end = min(ends.at, now) if ends else now
    written_in = ends.at.tzinfo if ends else dt.UTC
    if query.what == "SCHEDULE":
        schedules.send(session, request.req_id, instrument, end, query)
    else:
        await bars.send(session, request, instrument, query, end.astimezone(written_in))


def _cancel(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelHistoricalData)
    req_id = request.req_id
    task = session.history.pop(req_id, None)
    if task is not None:
        task.cancel()
        refusals.no_history(session, req_id, f"API historical data query cancelled: {req_id}")
    elif session.live_bars.pop(req_id, None) is None:
        session.error(req_id, codes.NO_HISTORICAL_QUERY, codes.text(codes.NO_HISTORICAL_QUERY, str(req_id)))


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqHistoricalData: _data,
    requests.CancelHistoricalData: _cancel,
}
