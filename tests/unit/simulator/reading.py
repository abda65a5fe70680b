"""What the server makes of a client's frame: the request, how much of the frame it left unread, and its plain sense."""

import dataclasses
import math
from unittest.mock import patch

from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.requests import reader
from gateway.simulator.wire.requests.base import Request

UNREAD = {
    "reqIds": 2,
    "setServerLogLevel": 2,
    "reqCurrentTime": 1,
    "reqManagedAccts": 1,
    "reqPositions": 1,
    "cancelPositions": 1,
    "reqOpenOrders": 1,
    "reqAllOpenOrders": 1,
    "reqAccountUpdatesMulti": 1,
    "reqPnL": 1,
    "reqGlobalCancel": 2,
    "cancelOrder": 4,
    "reqMktData": 2,
    "reqRealTimeBars": 2,
    "reqHistoricalData": 1,
    "verifyRequest": 3,
    "verifyMessage": 2,
    "verifyAndAuthRequest": 4,
    "verifyAndAuthMessage": 3,
    "reqHistoricalTicks": 1,
    "reqNewsArticle": 1,
    "reqHistoricalNews": 1,
    "cancelNewsBulletins": 1,
    "reqScannerParameters": 1,
    "reqScannerSubscription": 1,
    "reqFundamentalData": 2,
    "reqWshEventData": 8,
}
"""Fields at the end of a request that say nothing here: old versions of a message without fields, lists of options;
and whatever is said to prove who one is, which is refused unread."""
OWN_DEFAULTS = ("openClose",)
"""Fields of an order that clients fill in differently when the user says nothing."""


def read_whole(payload: bytes, version: int) -> tuple[Request, int]:
    """The request in a payload, and how many fields behind it were not read: none of what is protobuf."""
    cursors: list[Cursor] = []

    class Watched(Cursor):
        def __init__(self, fields: list[str], start: int = 0) -> None:
            super().__init__(fields, start)
            cursors.append(self)

    with patch.object(reader, "Cursor", Watched):
        request = reader.read(payload, version)
    return request, cursors[0].left if cursors else 0


def unread_allowed(name: str) -> int:
    return UNREAD.get(name.split(" of ")[0], 0)


def sense(value: object) -> object:
    """A request without the clients' ways of writing: 1 and 1.0 are the same, so are nothing, 0, -1 and unset."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = {field.name: sense(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return (type(value).__name__, plain)
    if isinstance(value, dict):
        said = {key: sense(one) for key, one in value.items() if key not in OWN_DEFAULTS}
        return {key: one for key, one in said.items() if one is not None}
    if isinstance(value, list | tuple):
        return [sense(one) for one in value]
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value or None
        return None if number in (0, -1) or 2147483647 <= number < math.inf else number
    return value
