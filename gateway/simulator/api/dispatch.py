"""Which function answers which request."""

from collections.abc import Awaitable

from gateway.simulator.api import (
    accounts,
    contracts,
    depth,
    display_groups,
    histogram,
    history,
    market_data,
    news,
    option_calculations,
    orders,
    past_ticks,
    real_time_bars,
    research,
    schedules,
    system,
    tick_by_tick,
    verification,
)
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.requests.session import StartApi
from tws import codes

_HANDLERS: dict[type[Request], Handler] = {
    **system.HANDLERS,
    **contracts.HANDLERS,
    **market_data.HANDLERS,
    **tick_by_tick.HANDLERS,
    **real_time_bars.HANDLERS,
    **depth.HANDLERS,
    **option_calculations.HANDLERS,
    **history.HANDLERS,
    **past_ticks.HANDLERS,
    **schedules.HANDLERS,
    **histogram.HANDLERS,
    **orders.HANDLERS,
    **accounts.HANDLERS,
    **news.HANDLERS,
    **display_groups.HANDLERS,
    **verification.HANDLERS,
    **research.HANDLERS,
}


def handle(session: Session, request: Request) -> Awaitable[None] | None:
    """Answer a request, or refuse it as the gateway would."""
    if isinstance(request, StartApi):
        system.start_api(session, request)
        return None
    if not session.started:
        session.error(-1, codes.READING_ERROR, "Error reading request:expected startApi first")
        return None
    return _HANDLERS[type(request)](session, request)
