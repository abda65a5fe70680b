"""What an outgoing message is about: its request, and the contract behind that."""

from typing import TYPE_CHECKING

from gateway.simulator.api.trouble import Message

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session

FEED = {
    "1": 2, "2": 2, "12": 2, "13": 2, "21": 1, "45": 2, "46": 2, "47": 2, "50": 2, "84": 1, "90": 1, "99": 1,
}  # fmt: skip
"""Messages that a subscription to market data is fed with, and where each has its request id."""

HERALDS = {"57": 2, "58": 2, "81": 1}
"""What is said around a feed: end of a snapshot, kind of data, its parameters."""

_REQUEST_ID = FEED | HERALDS


def request_of(fields: Message) -> int | None:
    """The request id of a market data message, None for any other message."""
    place = _REQUEST_ID.get(fields[0])
    try:
        return None if place is None else int(fields[place])
    except (IndexError, ValueError):
        return None


def contract_of(session: "Session", fields: Message) -> int | None:
    """The id of the contract that a message is about, None where it is about none."""
    try:
        match fields[0]:
            case "5":
                return int(fields[2])
            case "11":
                return int(fields[3])
            case "3":
                return _of_order(session, int(fields[6]))
            case "59":
                return _of_execution(session, fields[2])
    except (IndexError, ValueError):
        return None
    req_id = request_of(fields)
    return None if req_id is None else session.contract_id(req_id)


def _of_order(session: "Session", perm_id: int) -> int | None:
    orders = session.gateway.broker.book.orders.values()
    return next((order.ticket.con_id for order in orders if order.perm_id == perm_id), None)


def _of_execution(session: "Session", exec_id: str) -> int | None:
    fills = reversed(session.gateway.broker.fills)
    return next((fill.con_id for fill in fills if fill.exec_id == exec_id), None)
