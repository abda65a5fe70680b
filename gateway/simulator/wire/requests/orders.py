"""Orders and executions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.place_order import WrittenOrder, read_order, read_order_proto
from gateway.simulator.wire.requests.base import Numbered, ProtoReader, Reader, Request, bare, bare_proto


@dataclass(frozen=True, slots=True)
class ReqOpenOrders(Request): ...


@dataclass(frozen=True, slots=True)
class ReqAllOpenOrders(Request): ...


@dataclass(frozen=True, slots=True)
class ReqAutoOpenOrders(Request):
    bind: bool


@dataclass(frozen=True, slots=True)
class ReqCompletedOrders(Request):
    api_only: bool


@dataclass(frozen=True, slots=True)
class ReqExecutions(Numbered):
    client_id: int
    account: str
    time: str
    symbol: str
    sec_type: str
    exchange: str
    side: str
    last_days: int = 0
    """Today and so many days before; 0: not asked."""
    dates: tuple[str, ...] = ()
    """`YYYYMMDD`; none: not asked."""


@dataclass(frozen=True, slots=True)
class PlaceOrder(Request):
    order: WrittenOrder


@dataclass(frozen=True, slots=True)
class CancelOrder(Request):
    order_id: int


@dataclass(frozen=True, slots=True)
class GlobalCancel(Request): ...


def _auto_open_orders(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return ReqAutoOpenOrders(cursor.flag())


def _completed_orders(cursor: Cursor, version: int) -> Request:
    return ReqCompletedOrders(cursor.flag())


def _executions(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    request = ReqExecutions(
        cursor.integer(),
        cursor.integer(),
        cursor.text(),
        cursor.text(),
        cursor.text(),
        cursor.text(),
        cursor.text(),
        cursor.text(),
    )
    if version < 200:
        return request
    last_days = cursor.integer()
    return replace(request, last_days=last_days, dates=tuple(cursor.text() for _ in range(cursor.count())))


def _place_order(cursor: Cursor, version: int) -> Request:
    return PlaceOrder(read_order(cursor, version))


def _cancel_order(cursor: Cursor, version: int) -> Request:
    if version < 192:
        cursor.skip()
    return CancelOrder(cursor.integer())


READERS: Mapping[int, Reader] = {
    3: _place_order,
    4: _cancel_order,
    5: bare(ReqOpenOrders),
    7: _executions,
    15: _auto_open_orders,
    16: bare(ReqAllOpenOrders),
    58: bare(GlobalCancel),
    99: _completed_orders,
}


def _executions_proto(said: Any) -> Request:
    wanted = said.executionFilter
    return ReqExecutions(
        said.reqId,
        wanted.clientId,
        wanted.acctCode,
        wanted.time,
        wanted.symbol,
        wanted.secType,
        wanted.exchange,
        wanted.side,
        wanted.lastNDays,
        tuple(str(date) for date in wanted.specificDates),
    )


PROTOS: Mapping[int, ProtoReader] = {
    3: ("PlaceOrderRequest", lambda said: PlaceOrder(read_order_proto(said))),
    4: ("CancelOrderRequest", lambda said: CancelOrder(said.orderId)),
    5: bare_proto("OpenOrdersRequest", ReqOpenOrders),
    7: ("ExecutionRequest", _executions_proto),
    15: ("AutoOpenOrdersRequest", lambda said: ReqAutoOpenOrders(said.autoBind)),
    16: bare_proto("AllOpenOrdersRequest", ReqAllOpenOrders),
    58: bare_proto("GlobalCancelRequest", GlobalCancel),
    99: ("CompletedOrdersRequest", lambda said: ReqCompletedOrders(said.apiOnly)),
}
