"""Market depth: the rows of a book, then what changes in them, by position.

A row that appears is inserted behind the last, one that changes is updated where it stands, and the last ones are
deleted. Some clients shift their rows on an insert or a delete and others (ib_async, NautilusTrader) do not; told
this way, all of them hold the same book. How a real gateway chooses its positions is not known.
"""

from functools import partial

from gateway.simulator.api import lines
from gateway.simulator.api.cancels import cancels
from gateway.simulator.api.one_contract import one_instrument
from gateway.simulator.api.quote_tape import price_text
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.api.tape import Subscription, Tape
from gateway.simulator.entitlements import Level
from gateway.simulator.market import depth
from gateway.simulator.market.depth import Row
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market
from gateway.simulator.wire.answers import market_data as answers
from gateway.simulator.wire.requests import depth as requests
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.splice import Burst, Tick
from tws import codes

_INSERT, _UPDATE, _DELETE = 0, 1, 2
_ASK, _BID = 0, 1
_MOST_ROWS = 50
_FEWEST_BOOKS = 3
_LINES_A_BOOK = 100
_NOT_FOR = ("IND", "BAG", "CONTFUT")


class BookTape(Tape):
    """One book of so many rows a side."""

    def __init__(self, market: Market, instrument: Instrument, rows: int, *, smart: bool) -> None:
        super().__init__(instrument)
        self._market = market
        self._rows = rows
        self._smart = smart
        self._sides: dict[int, list[Row]] = {_ASK: [], _BID: []}

    def _look(self, step: int) -> Burst:
        quote = self._market.quote(self.instrument, step)
        ticks: list[Tick] = []
        for side in (_ASK, _BID):
            new = depth.side(self.instrument, quote, self._rows, bids=side == _BID, smart=self._smart)
            old, self._sides[side] = self._sides[side], new
            ticks += self._changes(side, old, new)
        return Burst(ticks)

    def state(self) -> Burst:
        """The whole book, as rows that are written over whatever the client has."""
        return Burst([tick for side in (_ASK, _BID) for tick in self._changes(side, [], self._sides[side])])

    def _changes(self, side: int, old: list[Row], new: list[Row]) -> list[Tick]:
        shared = min(len(old), len(new))
        ticks = [self._tick(n, _UPDATE, side, new[n]) for n in range(shared) if new[n] != old[n]]
        ticks += [self._tick(n, _INSERT, side, new[n]) for n in range(shared, len(new))]
        ticks += [self._tick(n, _DELETE, side, old[n]) for n in range(len(old) - 1, shared - 1, -1)]
        return ticks

    def _tick(self, position: int, operation: int, side: int, row: Row) -> Tick:
        price, size = (price_text(self.instrument, row.price), row.size) if operation != _DELETE else ("0", 0)
        if self._smart:
            return answers.MarketDepthL2(position, operation, side, price, size, row.exchange, smart=True)
        return answers.MarketDepth(position, operation, side, price, size)


def _request(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMarketDepth)
    req_id, gateway = request.req_id, session.gateway
    if req_id in session.depth:
        lines.duplicate(session, req_id, "bR")
        return
    instrument = one_instrument(session, req_id, request.contract, live=True)
    if instrument is None:
        return
    most = max(_FEWEST_BOOKS, gateway.settings.market_data_lines // _LINES_A_BOOK)
    books = {book.tape.instrument.con_id for each in gateway.sessions for book in each.depth.values()}
    if instrument.con_id not in books and len(books) >= most:
        session.error(
            req_id, codes.MAX_DEPTH_REQUESTS, f"Max number ({most}) of market depth requests has been reached"
        )
        return
    if instrument.sec_type in _NOT_FOR or (request.contract.exchange == "SMART" and not request.smart):
        session.refuse(req_id, codes.NO_DEPTH)
        return
    if gateway.settings.market_data.level(instrument.sec_type) is not Level.LIVE:
        session.refuse(req_id, codes.NOT_SUBSCRIBED)
        return
    rows = min(max(request.rows, 1), _MOST_ROWS)
    tape = gateway.tapes.get(
        BookTape,
        (instrument.con_id, rows, request.smart),
        partial(BookTape, gateway.market, instrument, rows, smart=request.smart),
    )
    session.depth[req_id] = Subscription(req_id, tape)


def publish(session: Session, step: int) -> None:
    """Send what changed; a client that has missed something is told to empty its book first (317)."""
    for subscription in session.depth.values():
        if session.gateway.flows(subscription.instrument) and subscription.missed(step):
            session.refuse(subscription.req_id, codes.DEPTH_RESET)
            subscription.forget()
        lines.tell(session, subscription, step)


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqMarketDepth: _request,
    requests.CancelMarketDepth: cancels(lambda session: session.depth, codes.NO_SUCH_DEPTH),
}
