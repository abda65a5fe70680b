"""Quotes and trades: subscriptions and snapshots, and what a login may see of them."""

from functools import partial

from gateway.simulator.api import lines, news
from gateway.simulator.api.cancels import cancels
from gateway.simulator.api.generic_tape import GenericTape
from gateway.simulator.api.one_contract import one_instrument
from gateway.simulator.api.quote_tape import QuoteTape
from gateway.simulator.api.refusals import invalid
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.api.subscriptions import Line
from gateway.simulator.api.tape import Subscription
from gateway.simulator.entitlements import DELAYED, DELAYED_FROZEN, FROZEN, LIVE, Level
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire import generic_ticks
from gateway.simulator.wire.answers import market_data as answers
from gateway.simulator.wire.answers import news as told
from gateway.simulator.wire.generic_ticks import GenericTicks
from gateway.simulator.wire.requests import market_data as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes


def _set_kind(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMarketDataType)
    if request.kind not in (LIVE, FROZEN, DELAYED, DELAYED_FROZEN):
        invalid(session, -1, f"Invalid market data type {request.kind}")
        return
    session.market_data_kind = request.kind


def _market_data(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMarketData)
    req_id = request.req_id
    if req_id in session.market:
        lines.duplicate(session, req_id)
        return
    instrument = one_instrument(session, req_id, request.contract, live=True)
    if instrument is None:
        return
    asked = _generic_ticks(session, request, instrument)
    if asked is None or lines.full(session, req_id):
        return
    late = _admit(session, req_id, instrument, session.market_data_kind)
    if late is None:
        return
    line = _make_line(session, req_id, instrument, asked, late=late)
    if session.gateway.flows(instrument):
        _begin(session, line)
    if request.snapshot or request.regulatory:
        session.send(answers.SnapshotEnd(req_id))
    else:
        session.market[req_id] = line


def _generic_ticks(session: Session, request: requests.ReqMarketData, instrument: Instrument) -> GenericTicks | None:
    """The generic ticks asked for; says what is wrong with them."""
    found = generic_ticks.read(request.generic_ticks, instrument.sec_type)
    refusal = ""
    if found is None:
        refusal = generic_ticks.refusal(request.generic_ticks, instrument.sec_type)
    elif found.codes and request.snapshot:
        refusal = (
            "Error validating request.-'bO' : cause - Snapshot market data subscription is not applicable to "
            "generic ticks"
        )
    if refusal:
        session.error(request.req_id, codes.VALIDATION_ERROR, refusal)
        return None
    return found


def _admit(session: Session, req_id: int, instrument: Instrument, asked: int) -> bool | None:
    """Whether delayed data is what the login gets of an instrument; None, and the refusal is said, if nothing is."""
    gateway, entitlements = session.gateway, session.gateway.settings.market_data
    verdict = entitlements.admit(instrument.sec_type, asked)
    if verdict.kind is None and verdict.code is not None:
        late = verdict.code != codes.DELAYED_DATA_OFF and entitlements.late_data(instrument.sec_type)
        session.error(req_id, verdict.code, codes.text(verdict.code, _instead(instrument) if late else ""))
        return None
    if verdict.code is not None:
        session.refuse(req_id, verdict.code)
    elif not _greeks(session, instrument):
        text = codes.text(codes.DATA_PARTLY_SUBSCRIBED, _instead(gateway.instruments.underlying(instrument)))
        session.error(req_id, codes.DATA_PARTLY_SUBSCRIBED, text)
    return verdict.kind == DELAYED


def _instead(instrument: Instrument) -> str:
    """What a refusal says of delayed data (from users' logs)."""
    return f"Delayed market data is available.{instrument.symbol} {instrument.market_name}/TOP/ALL"


def _greeks(session: Session, instrument: Instrument) -> bool:
    """Whether an option's volatility can be told: it takes the underlying's prices, of the same freshness."""
    if not instrument.is_option:
        return True
    entitlements = session.gateway.settings.market_data
    on = session.gateway.instruments.underlying(instrument)
    return entitlements.level(on.sec_type) is Level.LIVE or entitlements.level(instrument.sec_type) is not Level.LIVE


def _make_line(session: Session, req_id: int, instrument: Instrument, asked: GenericTicks, *, late: bool) -> Line:
    gateway = session.gateway
    frozen = session.market_data_kind in (FROZEN, DELAYED_FROZEN)
    greeks = _greeks(session, instrument)
    parts = []
    if asked.quotes:
        quotes = gateway.tapes.get(
            QuoteTape,
            (instrument.con_id, late, frozen, greeks),
            partial(QuoteTape, gateway.market, instrument, late=late, frozen=frozen, greeks=greeks),
        )
        parts.append(Subscription(req_id, quotes))
    for code in asked.codes:
        generic = gateway.tapes.get(
            GenericTape, (instrument.con_id, code), partial(GenericTape, gateway.market, instrument, code)
        )
        parts.append(Subscription(req_id, generic))
    line = Line(req_id, instrument, parts)
    if generic_ticks.NEWS in asked.codes:
        line.providers = tuple(name for name in asked.news.split("+") if name)
        line.news_until = gateway.now()
    return line


def _begin(session: Session, line: Line) -> None:
    """Introduce a line, then say all there is to say."""
    step = session.gateway.step()
    for part in line.parts:
        if isinstance(part.tape, QuoteTape):
            lines.send(session, part, part.tape.opening(step))
        lines.tell(session, part, step)
    line.begun = True


def publish(session: Session, step: int) -> None:
    """Send what is new on every line of a session."""
    for line in session.market.values():
        if not line.begun:
            if session.gateway.flows(line.instrument):
                _begin(session, line)
            continue
        for part in line.parts:
            lines.tell(session, part, step)


def publish_news(session: Session) -> None:
    """Send the headlines that have come for lines that want them."""
    now = session.gateway.now()
    for line in session.market.values():
        if line.news_until is not None:
            for found in news.arrivals(session, line.instrument, list(line.providers), line.news_until, now):
                session.send(told.TickNews(line.req_id, found.at, found.provider, found.article_id, found.headline))
            line.news_until = now


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqMarketDataType: _set_kind,
    requests.ReqMarketData: _market_data,
    requests.CancelMarketData: cancels(lambda session: session.market, codes.UNKNOWN_TICKER),
}
