"""Historical ticks."""

from functools import partial
from itertools import chain

from gateway.simulator.api import refusals
from gateway.simulator.api.bars import begins, ends
from gateway.simulator.api.history import moment, patience
from gateway.simulator.api.one_contract import one_instrument
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.errors import RequestRefused
from gateway.simulator.history import sessions, ticks
from gateway.simulator.history.checks import USE_OTHER, check_ticks, misnamed, regular_only
from gateway.simulator.history.moments import Moment
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Quote
from gateway.simulator.market.process import step_at
from gateway.simulator.wire.answers import history as answers
from gateway.simulator.wire.requests import history as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_MOST_TICKS = 1000
_PIECE = 200
"""Steps looked at before others get their turn."""
_LONGEST_SEARCH = 400_000
"""Steps after which a search ends with what it has (assumed: the gateway's own depth is not known)."""


def _ticks(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqHistoricalTicks)
    req_id = request.req_id
    instrument = one_instrument(session, req_id, request.contract, no_exchange="Exchange must not be empty")
    if instrument is None:
        return
    try:
        start = moment(session, req_id, request.start, "Start Date/Time")
        end = moment(session, req_id, request.end, "End Date/Time")
        what = check_ticks(sec_type=instrument.sec_type, count=request.count, what=request.what)
    except RequestRefused as refused:
        refusals.refuse(session, req_id, refused)
        return
    warning = misnamed(instrument.sec_type, request.what)
    if warning:
        session.error(req_id, USE_OTHER, warning)
    barred = refusals.not_permitted(session, instrument)
    if not barred and not instrument.quoted and what != "TRADES":
        barred = f"No data for {instrument.local_symbol}"
    if barred:
        session.error(req_id, codes.HISTORICAL_TICKS_FAILED, codes.text(codes.HISTORICAL_TICKS_FAILED, barred))
        return
    session.answer_later(session.past_ticks, req_id, _answer(session, request, instrument, what, start, end))


async def _answer(
    session: Session,
    request: requests.ReqHistoricalTicks,
    instrument: Instrument,
    what: str,
    start: Moment | None,
    end: Moment | None,
) -> None:
    await patience(session, request.req_id)
    now = session.gateway.now()
    oldest = begins(session, instrument)
    first = max(start.at if start else oldest, oldest)
    last = ends(session, instrument, now if start or end is None else min(end.at, now))
    found = await _find(
        session,
        instrument,
        request,
        what,
        (step_at(first.timestamp()), step_at(last.timestamp())),
        forward=end is None or start is not None,
    )
    send(session, request.req_id, instrument, what, found)


def _cancel(session: Session, request: Request) -> None:
    """What is not answered yet never will be. That nothing is said of it, nor of an unknown id, is assumed."""
    assert isinstance(request, requests.CancelHistoricalTicks)
    task = session.past_ticks.pop(request.req_id, None)
    if task is not None:
        task.cancel()


async def _find(
    session: Session,
    instrument: Instrument,
    request: requests.ReqHistoricalTicks,
    what: str,
    span: tuple[int, int],
    *,
    forward: bool,
) -> list[Quote]:
    """So many ticks from the beginning of a span on, or back from its end; oldest first."""
    gateway = session.gateway
    quote = partial(gateway.market.quote, instrument)
    is_tick = ticks.shown(what, ignore_size=request.ignore_size)
    walk = ticks.forward if forward else ticks.backward
    wanted = min(request.count, _MOST_TICKS)
    found: list[Quote] = []
    calendar = gateway.instruments.calendar(instrument)
    regular = regular_only(instrument.sec_type, request.regular_only)
    stretches = sessions.stretches(calendar, *span, forward=forward, regular=regular)
    steps = chain.from_iterable(walk(quote, is_tick, begin, end) for begin, end in stretches)
    for number, tick in enumerate(steps, 1):
        if tick is not None:
            found.append(tick)
        if len(found) == wanted or number == _LONGEST_SEARCH:
            break
        if number % _PIECE == 0:
            await gateway.host.sleep(0)
    return found if forward else found[::-1]


def send(session: Session, req_id: int, instrument: Instrument, what: str, found: list[Quote]) -> None:
    """Send the trades, the best bids and asks, or the midpoints of quotes."""
    digits = instrument.decimals
    if what == "TRADES":
        trades = tuple((int(q.epoch), f"{q.last:.{digits}f}", q.last_size, "IEX") for q in found)
        session.send(answers.HistoricalTicksTrades(req_id, trades, done=True))
    elif what == "BID_ASK":
        tops = tuple(
            (int(q.epoch), f"{max(q.bid, 0.0):.{digits}f}", f"{q.ask:.{digits}f}", q.bid_size, q.ask_size)
            for q in found
        )
        session.send(answers.HistoricalTicksQuotes(req_id, tops, done=True))
    else:
        mids = tuple((int(q.epoch), round(q.mid, digits + 1)) for q in found)
        session.send(answers.HistoricalTicks(req_id, mids, done=True))


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqHistoricalTicks: _ticks,
    requests.CancelHistoricalTicks: _cancel,
}
