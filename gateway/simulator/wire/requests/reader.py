"""From a frame's fields to the request they say."""

from collections.abc import Mapping, Sequence

from gateway.simulator.errors import RequestMalformed
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.requests import (
    accounts,
    contracts,
    depth,
    display_groups,
    history,
    market_data,
    news,
    option_calculations,
    orders,
    research,
    session,
    verification,
)
from gateway.simulator.wire.requests.base import Reader, Request

_READERS: Mapping[int, Reader] = {
    **session.READERS,
    **contracts.READERS,
    **market_data.READERS,
    **depth.READERS,
    **option_calculations.READERS,
    **history.READERS,
    **orders.READERS,
    **accounts.READERS,
    **news.READERS,
    **display_groups.READERS,
    **verification.READERS,
    **research.READERS,
}


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
    reader = _READERS.get(message_id)
    if reader is None:
        raise RequestMalformed(f"unknown message id {message_id}")
    return reader(Cursor(fields, 1), version)
