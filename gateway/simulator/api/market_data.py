"""Quotes and trades: subscriptions, and what goes out at each step of the market."""

from collections.abc import Callable

from gateway.simulator.api.session import Handler, Session
from gateway.simulator.api.subscriptions import Line, TickByTick
from gateway.simulator.market.instruments import ContractQuery, Instrument
from gateway.simulator.market.market import Quote
from gateway.simulator.market.process import STEP_SECONDS
from gateway.simulator.wire.answers import market_data as answers
from gateway.simulator.wire.requests import market_data as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_LIVE, _DELAYED = 1, 3
_DELAY_STEPS = int(900 / STEP_SECONDS)
_MAX_TICK_BY_TICK = 5
"""Users measured five or six with the default hundred lines."""

_BID, _ASK, _LAST, _HIGH, _LOW, _CLOSE, _OPEN = 1, 2, 4, 6, 7, 9, 14
_BID_SIZE, _ASK_SIZE, _LAST_SIZE, _VOLUME = 0, 3, 5, 8
_BID_OPTION, _ASK_OPTION, _MODEL_OPTION = 10, 11, 13
_BID_EXCHANGE, _ASK_EXCHANGE, _LAST_TIMESTAMP = 32, 33, 45

_DELAYED_TYPES = {
    _BID: 66, _ASK: 67, _LAST: 68, _BID_SIZE: 69, _ASK_SIZE: 70, _LAST_SIZE: 71, _HIGH: 72, _LOW: 73, _VOLUME: 74,
    _CLOSE: 75, _OPEN: 76, _BID_OPTION: 80, _ASK_OPTION: 81, _MODEL_OPTION: 83, _LAST_TIMESTAMP: 88,
}  # fmt: skip

TICK_BY_TICK_KINDS = {"Last": 1, "AllLast": 2, "BidAsk": 3, "MidPoint": 4}


def _one(session: Session, req_id: int, query: ContractQuery) -> Instrument | None:
    """The one instrument a query means; says 200 if there is none."""
    found = session.gateway.instruments.find(query, session.gateway.now())
    if len(found) != 1:
        session.refuse(req_id, codes.NO_SECURITY_DEFINITION)
        return None
    return found[0]


def _duplicate(session: Session, req_id: int) -> None:
    session.error(req_id, codes.PROCESSING_ERROR, "Error processing request.-'bW' : cause - Duplicate ticker id")


def _full(session: Session, req_id: int) -> bool:
    if session.gateway.lines() < session.gateway.settings.market_data_lines:
        return False
    session.refuse(req_id, codes.MAX_TICKERS)
    return True


def _set_kind(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMarketDataType)
    if request.kind not in (1, 2, 3, 4):
        session.error(
            -1,
            codes.VALIDATION_ERROR,
            f"Error validating request.-'bH' : cause - Invalid market data type {request.kind}",
        )
        return
    session.market_data_kind = request.kind


def _market_data(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMarketData)
    req_id = request.req_id
    if req_id in session.market:
        _duplicate(session, req_id)
        return
    instrument = _one(session, req_id, request.contract)
    if instrument is None or _full(session, req_id):
        return
    kind = _LIVE
    if session.gateway.settings.market_data == "delayed":
        if session.market_data_kind < _DELAYED:
            session.error(
                req_id,
                codes.NOT_SUBSCRIBED,
                codes.CODES[codes.NOT_SUBSCRIBED].text + "Delayed market data is available."
                f"{instrument.symbol} {instrument.primary_exchange or 'AMEX'}/TOP/ALL",
            )
            return
        session.refuse(req_id, codes.DELAYED_DATA)
        kind = _DELAYED
    line = Line(req_id, instrument, kind)
    if request.snapshot:
        if session.gateway.ticking:
            publish(session, line, _quote(session, line))
        session.send(answers.snapshot_end(req_id))
        return
    session.market[req_id] = line
    if session.gateway.ticking:
        publish(session, line, _quote(session, line))


def _quote(session: Session, line: Line) -> Quote:
    step = session.gateway.step()
    return session.gateway.market.quote(line.instrument, step if line.kind == _LIVE else step - _DELAY_STEPS)


def publish_lines(session: Session) -> None:
    """Send what is new on every line of a session."""
    for line in session.market.values():
        publish(session, line, _quote(session, line))


def publish(session: Session, line: Line, quote: Quote) -> None:
    """Send what differs from what was sent last; the first time, everything, in the captured order."""
    req_id, sent, tally = line.req_id, line.sent, session.gateway.tally
    late = line.kind == _DELAYED
    before = tally.messages_out

    def kind(tick: int) -> int:
        return _DELAYED_TYPES.get(tick, tick) if late else tick

    if not line.introduced:
        line.introduced = True
        session.send(answers.market_data_type(req_id, line.kind))
        session.send(answers.tick_parameters(req_id, line.instrument))
    if sent is None or quote.traded:
        stamp = str(int(quote.epoch))
        session.send(answers.tick_string(req_id, kind(_LAST_TIMESTAMP), stamp))
        session.send(answers.tick_price(req_id, kind(_LAST), quote.last, quote.last_size, 0))
        session.send(answers.tick_size(req_id, kind(_LAST_SIZE), quote.last_size))
        session.send(answers.tick_size(req_id, kind(_VOLUME), quote.volume))
    if sent is None:
        _introduce(session, line, quote, kind)
    if sent is None or quote.bid != sent.bid or quote.bid_size != sent.bid_size:
        session.send(answers.tick_price(req_id, kind(_BID), quote.bid, quote.bid_size, 1))
        session.send(answers.tick_size(req_id, kind(_BID_SIZE), quote.bid_size))
    if sent is None or quote.ask != sent.ask or quote.ask_size != sent.ask_size:
        session.send(answers.tick_price(req_id, kind(_ASK), quote.ask, quote.ask_size, 1))
        session.send(answers.tick_size(req_id, kind(_ASK_SIZE), quote.ask_size))
    if sent is None and not late:
        session.send(answers.tick_string(req_id, _BID_EXCHANGE, "KPZ"))
        session.send(answers.tick_string(req_id, _ASK_EXCHANGE, "KPZ"))
    if line.instrument.is_option and (sent is None or quote.underlying != sent.underlying):
        valued = session.gateway.market.valuation(line.instrument, quote.step)
        prices = ((_BID_OPTION, quote.bid), (_ASK_OPTION, quote.ask), (_MODEL_OPTION, valued.price))
        for tick, price in prices:
            session.send(answers.tick_option(req_id, kind(tick), price, valued, quote.underlying))
    line.sent = quote
    tally.ticks += tally.messages_out - before


def _introduce(session: Session, line: Line, quote: Quote, kind: Callable[[int], int]) -> None:
    market = session.gateway.market
    day = market.day_so_far(line.instrument, quote.step)
    for tick, price in (
        (_HIGH, max(day.high, quote.last)),
        (_LOW, min(day.low, quote.last)),
        (_CLOSE, market.previous_close(line.instrument, quote.step)),
        (_OPEN, day.open),
    ):
        session.send(answers.tick_price(line.req_id, kind(tick), price, 0, 0))


def _cancel_market_data(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelMarketData)
    if session.market.pop(request.req_id, None) is None:
        session.error(request.req_id, 300, f"Can't find EId with tickerId:{request.req_id}")


# -- tick by tick ------------------------------------------------------------------------------------------------------


def _tick_by_tick(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqTickByTick)
    req_id = request.req_id
    if request.kind not in TICK_BY_TICK_KINDS:
        session.error(req_id, 10189, f"Failed to request tick-by-tick data:Unknown tick type '{request.kind}'")
        return
    if req_id in session.tick_by_tick:
        _duplicate(session, req_id)
        return
    instrument = _one(session, req_id, request.contract)
    if instrument is None or _full(session, req_id):
        return
    if session.gateway.settings.market_data == "delayed":
        session.error(req_id, 10189, "Failed to request tick-by-tick data:No market data permissions")
        return
    if sum(len(s.tick_by_tick) for s in session.gateway.sessions) >= _MAX_TICK_BY_TICK:
        session.refuse(req_id, codes.MAX_TICK_BY_TICK)
        return
    session.tick_by_tick[req_id] = TickByTick(req_id, instrument, request.kind)


def publish_tick_by_tick(session: Session) -> None:
    """Send quotes that changed and trades that happened in this step."""
    gateway = session.gateway
    step = gateway.step()
    for stream in session.tick_by_tick.values():
        quote = gateway.market.quote(stream.instrument, step)
        sent, stream.sent = stream.sent, quote
        if sent is not None and sent.step == quote.step:
            continue
        number, epoch = TICK_BY_TICK_KINDS[stream.kind], int(quote.epoch)
        if number <= 2:
            if quote.traded:
                session.send(
                    answers.tick_by_tick_last(stream.req_id, number, epoch, quote.last, quote.last_size, "IEX")
                )
                gateway.tally.ticks += 1
            continue
        if number == 3:
            if sent is None or _top(quote) != _top(sent):
                session.send(answers.tick_by_tick_quote(stream.req_id, epoch, *_top(quote)))
                gateway.tally.ticks += 1
        elif sent is None or quote.mid != sent.mid:
            session.send(answers.tick_by_tick_mid(stream.req_id, epoch, quote.mid))
            gateway.tally.ticks += 1


def _top(quote: Quote) -> tuple[float, float, float, float]:
    return quote.bid, quote.ask, quote.bid_size, quote.ask_size


def _cancel_tick_by_tick(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelTickByTick)
    if session.tick_by_tick.pop(request.req_id, None) is None:
        session.error(request.req_id, 300, f"Can't find EId with tickerId:{request.req_id}")


# -- five-second bars --------------------------------------------------------------------------------------------------


def _real_time_bars(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqRealTimeBars)
    req_id = request.req_id
    if req_id in session.real_time_bars:
        _duplicate(session, req_id)
        return
    if request.what.upper() not in ("TRADES", "MIDPOINT", "BID", "ASK"):
        session.error(req_id, 420, f"Invalid Real-time Query:Unknown bar type '{request.what}'")
        return
    instrument = _one(session, req_id, request.contract)
    if instrument is None or _full(session, req_id):
        return
    session.real_time_bars[req_id] = instrument


def publish_real_time_bars(session: Session, ended: int) -> None:
    """Send the bar of the five seconds that ended at that epoch."""
    for req_id, instrument in session.real_time_bars.items():
        bar = session.gateway.market.bar(instrument, ended - 5, 5)
        prices = (bar.open, bar.high, bar.low, bar.close)
        session.send(answers.real_time_bar(req_id, bar.epoch, prices, bar.volume, bar.average, bar.count))


def _cancel_real_time_bars(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelRealTimeBars)
    if session.real_time_bars.pop(request.req_id, None) is None:
        session.error(request.req_id, 300, f"Can't find EId with tickerId:{request.req_id}")


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqMarketDataType: _set_kind,
    requests.ReqMarketData: _market_data,
    requests.CancelMarketData: _cancel_market_data,
    requests.ReqTickByTick: _tick_by_tick,
    requests.CancelTickByTick: _cancel_tick_by_tick,
    requests.ReqRealTimeBars: _real_time_bars,
    requests.CancelRealTimeBars: _cancel_real_time_bars,
}
