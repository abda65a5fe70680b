"""Five-second bars as they end."""

import datetime as dt
from functools import partial

from gateway.simulator.api import lines
from gateway.simulator.api.cancels import cancels
from gateway.simulator.api.one_contract import one_instrument
from gateway.simulator.api.quote_tape import price_text
from gateway.simulator.api.refusals import invalid, not_permitted_at_all
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.api.tape import Subscription, Tape
from gateway.simulator.market import bars
from gateway.simulator.market.calendar import Phase
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.market import Market
from gateway.simulator.market.process import step_at
from gateway.simulator.wire.answers import market_data as answers
from gateway.simulator.wire.requests import market_data as requests
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.splice import NOTHING, Burst
from tws import codes

SECONDS = 5
_KINDS = ("TRADES", "MIDPOINT", "BID", "ASK")


class BarTape(Tape):
    """The bars of one instrument; its steps are the moments at which they end. There are none while it is closed."""

    def __init__(self, market: Market, instrument: Instrument, what: str, *, regular_hours: bool) -> None:
        super().__init__(instrument)
        self._market = market
        self._what = what
        self._regular_hours = regular_hours
        self._bar = NOTHING

    def _look(self, step: int) -> Burst:
        phase = self._market.phase(self.instrument, dt.datetime.fromtimestamp(step - SECONDS, dt.UTC))
        if phase is Phase.CLOSED or (self._regular_hours and phase is not Phase.REGULAR):
            self._bar = NOTHING
            return NOTHING
        bar = self._make(step - SECONDS)
        if bar is None:
            self._bar = NOTHING
            return NOTHING
        first, second, third, fourth = (
            price_text(self.instrument, price) for price in (bar.open, bar.high, bar.low, bar.close)
        )
        prices = (first, second, third, fourth)
        self._bar = Burst([answers.RealTimeBar(bar.epoch, prices, bar.volume, bar.average, bar.count)])
        return self._bar

    def _make(self, start: int) -> bars.Bar | None:
        if self._what == "TRADES":
            return self._market.bar(self.instrument, start, SECONDS)
        begin, end = step_at(start), step_at(start + SECONDS)
        return bars.of_sides(self._market.quote, self.instrument, begin, end, self._what)

    def state(self) -> Burst:
        """The newest bar."""
        return self._bar


def _request(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqRealTimeBars)
    req_id, gateway, what = request.req_id, session.gateway, request.what.upper()
    if what not in _KINDS:
        invalid(session, req_id, "What to show field is missing or incorrect.", "bS")
        return
    if req_id in session.real_time_bars:
        lines.duplicate(session, req_id)
        return
    instrument = one_instrument(session, req_id, request.contract, live=True)
    if instrument is None:
        return
    if gateway.lines() >= gateway.settings.market_data_lines:
        session.refuse(req_id, codes.MAX_REAL_TIME)
        return
    barred = not_permitted_at_all(session, instrument)
    if barred:
        session.error(req_id, codes.INVALID_REAL_TIME, codes.text(codes.INVALID_REAL_TIME, f":{barred}"))
        return
    regular = request.regular_hours
    tape = gateway.tapes.get(
        BarTape,
        (instrument.con_id, what, regular),
        partial(BarTape, gateway.market, instrument, what, regular_hours=regular),
    )
    session.real_time_bars[req_id] = Subscription(req_id, tape)


def publish(session: Session, ended: int) -> None:
    """Send the bar of the five seconds that ended at that epoch."""
    for subscription in session.real_time_bars.values():
        lines.tell(session, subscription, ended)


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqRealTimeBars: _request,
    requests.CancelRealTimeBars: cancels(lambda session: session.real_time_bars, codes.UNKNOWN_TICKER),
}
