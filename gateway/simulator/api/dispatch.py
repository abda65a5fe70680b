"""Which function answers which request."""

from collections.abc import Awaitable, Mapping
from functools import cache
from importlib import import_module

from gateway.simulator.api import system
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.requests.session import StartApi
from tws import codes

_MODULES = (
    "contracts",
    "market_data",
    "tick_by_tick",
    "real_time_bars",
    "depth",
    "option_calculations",
    "history",
    "past_ticks",
    "schedules",
    "histogram",
    "orders",
    "accounts",
    "config",
    "news",
    "display_groups",
    "verification",
    "research",
)
"""Modules here with HANDLERS of their own, loaded when first needed: a client can be let in without them."""


@cache
def handlers() -> Mapping[type[Request], Handler]:
    """What answers which request."""
    found: dict[type[Request], Handler] = dict(system.HANDLERS)
    for name in _MODULES:
        found |= import_module(f"gateway.simulator.api.{name}").HANDLERS
    return found


def handle(session: Session, request: Request) -> Awaitable[None] | None:
    """Answer a request, or refuse it as the gateway would."""
    if isinstance(request, StartApi):
        system.start_api(session, request)
        return None
    if not session.started:
        session.error(-1, codes.READING_ERROR, "Error reading request:expected startApi first")
        return None
    return handlers()[type(request)](session, request)
