"""Tick by tick: every trade, or every change of the best bid and ask, of a few instruments."""

from functools import partial

from gateway.simulator.api import lines, past_ticks
from gateway.simulator.api.cancels import cancels
from gateway.simulator.api.one_contract import one_instrument
from gateway.simulator.api.quote_tape import price_text
from gateway.simulator.api.refusals import not_permitted_at_all
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.api.tape import Subscription, Tape
from gateway.simulator.history.ticks import top
from gateway.simulator.market.bars import traded_since
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market, Quote
from gateway.simulator.market.process import STEP_SECONDS
from gateway.simulator.wire.answers import market_data as answers
from gateway.simulator.wire.requests import market_data as requests
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.splice import NOTHING, Burst
from tws import codes

KINDS = {"Last": 1, "AllLast": 2, "BidAsk": 3, "MidPoint": 4}
_LAST, _ALL_LAST, _BID_ASK, _MIDPOINT = KINDS.values()

_PAST = {_LAST: "TRADES", _ALL_LAST: "TRADES", _BID_ASK: "BID_ASK", _MIDPOINT: "MIDPOINT"}

MOST = 5
"""Users measured five or six at a time with the default hundred lines."""
_MOST_PAST = 1000
_SEARCHED = 20_000
"""Steps looked back for past ticks."""

_EXCHANGE = "IEX"
_NOT_FOR = ("BAG",)


class TickTape(Tape):
    """One kind of ticks of one instrument."""

    def __init__(self, market: Market, instrument: Instrument, kind: int, *, ignore_size: bool) -> None:
        super().__init__(instrument)
        self._market = market
        self._kind = kind
        self._ignore_size = ignore_size
        self._quote: Quote | None = None
        self._day = (-1, 0.0, 0.0)

    def _look(self, step: int) -> Burst:
        old, quote = self._quote, self._market.quote(self.instrument, step)
        self._quote = quote
        if self._kind in (_LAST, _ALL_LAST):
            return self._trade(quote) if old is not None and traded_since(quote, old.step + 1) else NOTHING
        if old is None or self._shown(quote) == self._shown(old):
            return NOTHING
        return self.state()

    def _shown(self, quote: Quote) -> tuple[float, ...]:
        if self._kind == _MIDPOINT:
            return (quote.mid,)
        return (quote.bid, quote.ask) if self._ignore_size else top(quote)

    def state(self) -> Burst:
        """The tick of the newest step; of trades only if there was one."""
        quote = self._quote
        if quote is None:
            return NOTHING
        epoch = int(quote.epoch)
        if self._kind in (_LAST, _ALL_LAST):
            return self._trade(quote) if quote.traded else NOTHING
        if self._kind == _MIDPOINT:
            return Burst([answers.TickByTickMid(epoch, quote.mid)])
        bid, ask = (price_text(self.instrument, max(price, 0.0)) for price in (quote.bid, quote.ask))
        mask = self._beyond(quote)
        return Burst([answers.TickByTickQuote(epoch, bid, ask, quote.bid_size, quote.ask_size, mask)])

    def _trade(self, quote: Quote) -> Burst:
        epoch, price = int(quote.traded_at * STEP_SECONDS), price_text(self.instrument, quote.last)
        return Burst([answers.TickByTickLast(self._kind, epoch, price, quote.last_size, _EXCHANGE)])

    def _beyond(self, quote: Quote) -> int:
        """Whether the bid is below the day's low, the ask above its high."""
        minute = int(quote.epoch // 60)
        if self._day[0] != minute:
            day = self._market.day_so_far(self.instrument, quote.step)
            self._day = minute, day.low, day.high
        return (0 < quote.bid < self._day[1]) | (quote.ask > self._day[2]) << 1


def _request(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqTickByTick)
    req_id, gateway = request.req_id, session.gateway
    if request.kind not in KINDS:
        _refuse(session, req_id, f"Unknown tick type '{request.kind}'")
        return
    if req_id in session.tick_by_tick:
        lines.duplicate(session, req_id)
        return
    instrument = one_instrument(session, req_id, request.contract, live=True)
    if instrument is None or lines.full(session, req_id):
        return
    if instrument.sec_type in _NOT_FOR:
        _refuse(session, req_id, f"{request.kind} tick-by-tick requests are not supported for {instrument.symbol}")
        return
    barred = not_permitted_at_all(session, instrument)
    if barred:
        _refuse(session, req_id, barred)
        return
    if sum(len(each.tick_by_tick) for each in gateway.sessions) >= MOST:
        session.refuse(req_id, codes.MAX_TICK_BY_TICK)
        return
    kind = KINDS[request.kind]
    if request.count > 0:
        _send_past(session, req_id, instrument, kind, min(request.count, _MOST_PAST))
    tape = gateway.tapes.get(
        TickTape,
        (instrument.con_id, kind, request.ignore_size),
        partial(TickTape, gateway.market, instrument, kind, ignore_size=request.ignore_size),
    )
    session.tick_by_tick[req_id] = Subscription(req_id, tape)


def _refuse(session: Session, req_id: int, why: str) -> None:
    session.error(req_id, codes.TICK_BY_TICK_FAILED, codes.text(codes.TICK_BY_TICK_FAILED, f".{why}"))


def _send_past(session: Session, req_id: int, instrument: Instrument, kind: int, count: int) -> None:
    """The last ticks before now, as a historical answer; numberOfTicks asks for them (IBKR's documentation)."""
    now = session.gateway.step()
    quotes: list[Quote] = []
    for step in range(now - 1, now - _SEARCHED, -1):
        quote = session.gateway.market.quote(instrument, step)
        if quote.traded or kind in (_BID_ASK, _MIDPOINT):
            quotes.append(quote)
        if len(quotes) == count:
            break
    past_ticks.send(session, req_id, instrument, _PAST[kind], quotes[::-1])


def publish(session: Session, step: int) -> None:
    """Send the ticks of a step."""
    for subscription in session.tick_by_tick.values():
        lines.tell(session, subscription, step)


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqTickByTick: _request,
    requests.CancelTickByTick: cancels(lambda session: session.tick_by_tick, codes.UNKNOWN_TICKER),
}
