"""What clients ask for: one dataclass a request, and the reader that makes it from the fields.

Layouts are those of server versions 157 to 200; where one changed, the reader looks at the version. Every id a client
may send is known: those that are not served read as `Unserved`, so that they can be refused in the gateway's style.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.simulator.errors import RequestMalformed
from gateway.simulator.market.instruments import ContractQuery
from gateway.simulator.wire.contract import read_contract
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.place_order import WrittenOrder, read_order


@dataclass(frozen=True, slots=True)
class Request:
    """Anything a client sends."""


@dataclass(frozen=True, slots=True)
class Numbered(Request):
    """A request with an id of its own."""

    req_id: int


@dataclass(frozen=True, slots=True)
class StartApi(Request):
    client_id: int


@dataclass(frozen=True, slots=True)
class ReqIds(Request): ...


@dataclass(frozen=True, slots=True)
class ReqCurrentTime(Request): ...


@dataclass(frozen=True, slots=True)
class ReqCurrentTimeMillis(Request): ...


@dataclass(frozen=True, slots=True)
class ReqManagedAccounts(Request): ...


@dataclass(frozen=True, slots=True)
class SetServerLogLevel(Request): ...


@dataclass(frozen=True, slots=True)
class ReqAccountUpdates(Request):
    subscribe: bool
    account: str


@dataclass(frozen=True, slots=True)
class ReqAccountSummary(Numbered):
    group: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CancelAccountSummary(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqPositions(Request): ...


@dataclass(frozen=True, slots=True)
class CancelPositions(Request): ...


@dataclass(frozen=True, slots=True)
class ReqPositionsMulti(Numbered):
    account: str
    model: str


@dataclass(frozen=True, slots=True)
class CancelPositionsMulti(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqAccountUpdatesMulti(Numbered):
    account: str
    model: str


@dataclass(frozen=True, slots=True)
class CancelAccountUpdatesMulti(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqPnl(Numbered):
    account: str


@dataclass(frozen=True, slots=True)
class CancelPnl(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqPnlSingle(Numbered):
    account: str
    con_id: int


@dataclass(frozen=True, slots=True)
class CancelPnlSingle(Numbered): ...


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


@dataclass(frozen=True, slots=True)
class PlaceOrder(Request):
    order: WrittenOrder


@dataclass(frozen=True, slots=True)
class CancelOrder(Request):
    order_id: int


@dataclass(frozen=True, slots=True)
class GlobalCancel(Request): ...


@dataclass(frozen=True, slots=True)
class ReqContractDetails(Numbered):
    contract: ContractQuery


@dataclass(frozen=True, slots=True)
class ReqMatchingSymbols(Numbered):
    pattern: str


@dataclass(frozen=True, slots=True)
class ReqSecDefOptParams(Numbered):
    symbol: str
    con_id: int


@dataclass(frozen=True, slots=True)
class ReqMarketRule(Request):
    rule_id: int


@dataclass(frozen=True, slots=True)
class ReqMarketDataType(Request):
    kind: int


@dataclass(frozen=True, slots=True)
class ReqMarketData(Numbered):
    contract: ContractQuery
    generic_ticks: str
    snapshot: bool


@dataclass(frozen=True, slots=True)
class CancelMarketData(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqTickByTick(Numbered):
    contract: ContractQuery
    kind: str
    count: int
    ignore_size: bool


@dataclass(frozen=True, slots=True)
class CancelTickByTick(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqRealTimeBars(Numbered):
    contract: ContractQuery
    what: str


@dataclass(frozen=True, slots=True)
class CancelRealTimeBars(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqHistoricalData(Numbered):
    contract: ContractQuery
    end: str
    bar_size: str
    duration: str
    what: str
    date_format: int
    keep_up_to_date: bool


@dataclass(frozen=True, slots=True)
class CancelHistoricalData(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqHistoricalTicks(Numbered):
    contract: ContractQuery
    start: str
    end: str
    count: int
    what: str


@dataclass(frozen=True, slots=True)
class ReqHeadTimestamp(Numbered):
    contract: ContractQuery
    what: str
    date_format: int


@dataclass(frozen=True, slots=True)
class CancelHeadTimestamp(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqUserInfo(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqFamilyCodes(Request): ...


@dataclass(frozen=True, slots=True)
class ReqNewsProviders(Request): ...


@dataclass(frozen=True, slots=True)
class Unserved(Request):
    """A request that the real gateway knows and this one does not serve."""

    message_id: int
    name: str
    req_id: int
    """-1 where the request carries none."""


type Reader = Callable[[Cursor, int], Request]


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
    cursor = Cursor(fields, 1)
    reader = _READERS.get(message_id)
    if reader is not None:
        return reader(cursor, version)
    known = _UNSERVED.get(message_id)
    if known is None:
        raise RequestMalformed(f"unknown message id {message_id}")
    name, id_field = known
    cursor.skip(min(max(id_field - 1, 0), cursor.left))
    return Unserved(message_id, name, cursor.integer(-1) if id_field and cursor.left else -1)


def _bare(make: Callable[[], Request]) -> Reader:
    return lambda cursor, version: make()


def _numbered(make: Callable[[int], Request], *, versioned: bool = True) -> Reader:
    """A request that is its id, behind an old version field or not."""

    def reader(cursor: Cursor, version: int) -> Request:
        if versioned:
            cursor.skip()
        return make(cursor.integer())

    return reader


def _start_api(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return StartApi(cursor.integer())


def _account_updates(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return ReqAccountUpdates(cursor.flag(), cursor.text() if cursor.left else "")


def _account_summary(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, group = cursor.integer(), cursor.text()
    return ReqAccountSummary(req_id, group, tuple(t.strip() for t in cursor.text().split(",") if t.strip()))


def _positions_multi(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return ReqPositionsMulti(cursor.integer(), cursor.text(), cursor.text())


def _updates_multi(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return ReqAccountUpdatesMulti(cursor.integer(), cursor.text(), cursor.text())


def _pnl(cursor: Cursor, version: int) -> Request:
    return ReqPnl(cursor.integer(), cursor.text())


def _pnl_single(cursor: Cursor, version: int) -> Request:
    req_id, account = cursor.integer(), cursor.text()
    cursor.skip()
    return ReqPnlSingle(req_id, account, cursor.integer())


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
    if version >= 200:
        cursor.skip()
        cursor.skip(cursor.count())
    return request


def _place_order(cursor: Cursor, version: int) -> Request:
    return PlaceOrder(read_order(cursor, version))


def _cancel_order(cursor: Cursor, version: int) -> Request:
    if version < 192:
        cursor.skip()
    return CancelOrder(cursor.integer())


def _contract_details(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, contract = cursor.integer(), read_contract(cursor)
    cursor.skip()
    sec_id_type, sec_id = cursor.text(), cursor.text()
    if version >= 176:
        cursor.skip()
    if sec_id_type:
        contract = ContractQuery(
            symbol=contract.symbol, exchange=contract.exchange, sec_id_type=sec_id_type, sec_id=sec_id
        )
    return ReqContractDetails(req_id, contract)


def _matching_symbols(cursor: Cursor, version: int) -> Request:
    return ReqMatchingSymbols(cursor.integer(), cursor.text())


def _opt_params(cursor: Cursor, version: int) -> Request:
    req_id, symbol = cursor.integer(), cursor.text()
    cursor.skip(2)
    return ReqSecDefOptParams(req_id, symbol, cursor.integer())


def _market_data_type(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return ReqMarketDataType(cursor.integer())


def _market_data(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, contract = cursor.integer(), read_contract(cursor)
    if contract.sec_type == "BAG":
        cursor.skip(4 * cursor.count())
    if cursor.flag():
        cursor.skip(3)
    generic = cursor.text()
    return ReqMarketData(req_id, contract, generic, cursor.flag())


def _tick_by_tick(cursor: Cursor, version: int) -> Request:
    req_id, contract = cursor.integer(), read_contract(cursor)
    return ReqTickByTick(req_id, contract, cursor.text(), cursor.integer(), cursor.flag())


def _real_time_bars(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, contract = cursor.integer(), read_contract(cursor)
    cursor.skip()
    return ReqRealTimeBars(req_id, contract, cursor.text())


def _historical_data(cursor: Cursor, version: int) -> Request:
    req_id, contract = cursor.integer(), read_contract(cursor)
    cursor.skip()
    end, bar_size, duration = cursor.text(), cursor.text(), cursor.text()
    cursor.skip()
    what, date_format = cursor.text(), cursor.integer(1)
    if contract.sec_type == "BAG":
        cursor.skip(4 * cursor.count())
    return ReqHistoricalData(req_id, contract, end, bar_size, duration, what, date_format, cursor.flag())


def _historical_ticks(cursor: Cursor, version: int) -> Request:
    req_id, contract = cursor.integer(), read_contract(cursor)
    cursor.skip()
    return ReqHistoricalTicks(req_id, contract, cursor.text(), cursor.text(), cursor.integer(), cursor.text())


def _head_timestamp(cursor: Cursor, version: int) -> Request:
    req_id, contract = cursor.integer(), read_contract(cursor)
    cursor.skip(2)
    return ReqHeadTimestamp(req_id, contract, cursor.text(), cursor.integer(1))


_READERS: Mapping[int, Reader] = {
    1: _market_data,
    2: _numbered(CancelMarketData),
    3: _place_order,
    4: _cancel_order,
    5: _bare(ReqOpenOrders),
    6: _account_updates,
    7: _executions,
    8: _bare(ReqIds),
    9: _contract_details,
    14: _bare(SetServerLogLevel),
    15: _auto_open_orders,
    16: _bare(ReqAllOpenOrders),
    17: _bare(ReqManagedAccounts),
    20: _historical_data,
    25: _numbered(CancelHistoricalData),
    49: _bare(ReqCurrentTime),
    50: _real_time_bars,
    51: _numbered(CancelRealTimeBars),
    58: _bare(GlobalCancel),
    59: _market_data_type,
    61: _bare(ReqPositions),
    62: _account_summary,
    63: _numbered(CancelAccountSummary),
    64: _bare(CancelPositions),
    71: _start_api,
    74: _positions_multi,
    75: _numbered(CancelPositionsMulti),
    76: _updates_multi,
    77: _numbered(CancelAccountUpdatesMulti),
    78: _opt_params,
    80: _bare(ReqFamilyCodes),
    81: _matching_symbols,
    85: _bare(ReqNewsProviders),
    87: _head_timestamp,
    90: _numbered(CancelHeadTimestamp, versioned=False),
    91: _numbered(ReqMarketRule, versioned=False),
    92: _pnl,
    93: _numbered(CancelPnl, versioned=False),
    94: _pnl_single,
    95: _numbered(CancelPnlSingle, versioned=False),
    96: _historical_ticks,
    97: _tick_by_tick,
    98: _numbered(CancelTickByTick, versioned=False),
    99: _completed_orders,
    104: _numbered(ReqUserInfo, versioned=False),
    105: _bare(ReqCurrentTimeMillis),
}

_UNSERVED: Mapping[int, tuple[str, int]] = {
    10: ("reqMktDepth", 2),
    11: ("cancelMktDepth", 2),
    12: ("reqNewsBulletins", 0),
    13: ("cancelNewsBulletins", 0),
    18: ("requestFA", 0),
    19: ("replaceFA", 0),
    21: ("exerciseOptions", 2),
    22: ("reqScannerSubscription", 1),
    23: ("cancelScannerSubscription", 2),
    24: ("reqScannerParameters", 0),
    52: ("reqFundamentalData", 2),
    53: ("cancelFundamentalData", 2),
    54: ("calculateImpliedVolatility", 2),
    55: ("calculateOptionPrice", 2),
    56: ("cancelCalculateImpliedVolatility", 2),
    57: ("cancelCalculateOptionPrice", 2),
    65: ("verifyRequest", 0),
    66: ("verifyMessage", 0),
    67: ("queryDisplayGroups", 2),
    68: ("subscribeToGroupEvents", 2),
    69: ("updateDisplayGroup", 2),
    70: ("unsubscribeFromGroupEvents", 2),
    72: ("verifyAndAuthRequest", 0),
    73: ("verifyAndAuthMessage", 0),
    79: ("reqSoftDollarTiers", 1),
    82: ("reqMktDepthExchanges", 0),
    83: ("reqSmartComponents", 1),
    84: ("reqNewsArticle", 1),
    86: ("reqHistoricalNews", 1),
    88: ("reqHistogramData", 1),
    89: ("cancelHistogramData", 1),
    100: ("reqWshMetaData", 1),
    101: ("cancelWshMetaData", 1),
    102: ("reqWshEventData", 1),
    103: ("cancelWshEventData", 1),
}
"""Ids that are refused: the request's name, and which field after the id holds its number (0: none)."""
