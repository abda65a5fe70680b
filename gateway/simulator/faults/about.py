"""What an answer is about: its request, and the contract behind that."""

from typing import TYPE_CHECKING

from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.history import HistoricalUpdate
from gateway.simulator.wire.answers.market_data import MarketDataType, SnapshotEnd, TickParameters
from gateway.simulator.wire.answers.news import TickNews
from gateway.simulator.wire.answers.orders import CommissionReport, Execution, OrderStatus
from gateway.simulator.wire.open_order import OpenOrder
from gateway.simulator.wire.splice import Tick

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session


def heralds(answer: Answer) -> bool:
    """Whether it is said around a feed: end of a snapshot, kind of data, its parameters."""
    return isinstance(answer, SnapshotEnd | MarketDataType | TickParameters)


def feeds(answer: Answer) -> bool:
    """Whether a subscription to market data is fed with it."""
    return isinstance(answer, Tick | HistoricalUpdate | TickNews) and not heralds(answer)


def request_of(answer: Answer) -> int | None:
    """The request id of a market data message, None for any other message."""
    return answer.req_id if isinstance(answer, Tick | HistoricalUpdate | TickNews | SnapshotEnd) else None


def contract_of(session: "Session", answer: Answer) -> int | None:
    """The id of the contract that an answer is about, None where it is about none."""
    match answer:
        case OpenOrder() | Execution():
            return answer.instrument.con_id
        case OrderStatus():
            return answer.order.ticket.con_id
        case CommissionReport():
            return answer.fill.con_id
    req_id = request_of(answer)
    return None if req_id is None else session.contract_id(req_id)
