"""Histograms: how much was traded at each price in some days."""

from gateway.simulator.api import refusals
from gateway.simulator.api.bars import maker
from gateway.simulator.api.history import patience
from gateway.simulator.api.one_contract import one_instrument
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.history import series, sessions
from gateway.simulator.history.checks import regular_only
from gateway.simulator.history.histogram import histogram, period
from gateway.simulator.history.sizes import BarSize
from gateway.simulator.wire.answers import history as answers
from gateway.simulator.wire.requests import history as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_BARS = BarSize(1800)
"""What a histogram is made of."""
_PIECE = 20


async def _histogram(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqHistogram)
    gateway, req_id = session.gateway, request.req_id
    instrument = one_instrument(session, req_id, request.contract)
    if instrument is None:
        return
    wanted = period(request.period)
    make = maker(session, instrument, "TRADES")
    barred = refusals.not_permitted(session, instrument)
    if barred or wanted is None or make is None:
        none = f"Invalid period {request.period}" if wanted is None else f"No data for {instrument.local_symbol}"
        session.error(req_id, codes.HISTOGRAM_FAILED, codes.text(codes.HISTOGRAM_FAILED, barred or none))
        return
    await patience(session, req_id)
    calendar, now = gateway.instruments.calendar(instrument), gateway.now()
    regular = regular_only(instrument.sec_type, request.regular_only)
    first = sessions.start_of(calendar, now, wanted, regular=regular)
    bars = []
    found = series.bars(calendar, _BARS, make, first, now, regular=regular)
    for number, dated in enumerate(found, 1):
        if dated is not None:
            bars.append(dated.bar)
        if number % _PIECE == 0:
            await gateway.host.sleep(0)
    rows = histogram(bars, instrument.min_tick, instrument.decimals)
    session.send(answers.Histogram(req_id, tuple(rows)))


def _nothing(session: Session, request: Request) -> None:
    """A histogram is sent once: there is nothing left to cancel."""


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqHistogram: _histogram,
    requests.CancelHistogram: _nothing,
}
