"""From a frame's fields to the request they say."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module

from gateway.simulator.errors import RequestMalformed
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.requests import session
from gateway.simulator.wire.requests.base import Reader, Request

_ROOMS = (
    "contracts",
    "market_data",
    "depth",
    "option_calculations",
    "history",
    "orders",
    "accounts",
    "news",
    "display_groups",
    "verification",
    "research",
)
"""Modules here with READERS of their own. They are loaded when first needed: making their classes takes 30 ms of a
start, and the first thing a client says is always about the session."""


@cache
def readers() -> Mapping[int, Reader]:
    """What reads which message id."""
    found: dict[int, Reader] = dict(session.READERS)
    for room in _ROOMS:
        found |= import_module(f"gateway.simulator.wire.requests.{room}").READERS
    return found


def read(fields: Sequence[str], version: int) -> Request:
    """Make the request that a frame's fields say.

    Raises:
        RequestMalformed: unknown id, too few fields, or a field that cannot be read.
    """
    if not fields:
        raise RequestMalformed("message without an id")
    try:
        message_id = int(fields[0])
    except ValueError:
        raise RequestMalformed(f"expected a message id, found '{fields[0][:40]}'") from None
    reader = session.READERS.get(message_id) or readers().get(message_id)
    if reader is None:
        raise RequestMalformed(f"unknown message id {message_id}")
    return reader(Cursor(fields, 1), version)
