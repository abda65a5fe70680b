"""Quotes, trades and bars as they happen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.simulator.market.instruments import ContractQuery
from gateway.simulator.wire.contract import read_contract, read_contract_proto, read_legs
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.requests.base import (
    Numbered,
    ProtoReader,
    Reader,
    Request,
    numbered,
    numbered_proto,
)


@dataclass(frozen=True, slots=True)
class ReqMarketDataType(Request):
    kind: int


@dataclass(frozen=True, slots=True)
class ReqMarketData(Numbered):
    contract: ContractQuery
    generic_ticks: str
    snapshot: bool
    regulatory: bool
    """A snapshot of the national best bid and offer, which costs a cent."""


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
    regular_hours: bool


@dataclass(frozen=True, slots=True)
class CancelRealTimeBars(Numbered): ...


def _market_data_type(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return ReqMarketDataType(cursor.integer())


def _market_data(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, contract = cursor.integer(), read_contract(cursor)
    if contract.sec_type == "BAG":
        contract = replace(contract, legs=read_legs(cursor))
    if cursor.flag():
        cursor.skip(3)
    generic = cursor.text()
    snapshot = cursor.flag()
    regulatory = cursor.flag() if cursor.left else False
    cursor.skip(cursor.left)  # options: none is known
    return ReqMarketData(req_id, contract, generic, snapshot, regulatory)


def _tick_by_tick(cursor: Cursor, version: int) -> Request:
    req_id, contract = cursor.integer(), read_contract(cursor)
    return ReqTickByTick(req_id, contract, cursor.text(), cursor.integer(), cursor.flag())


def _real_time_bars(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, contract = cursor.integer(), read_contract(cursor)
    cursor.skip()
    what = cursor.text()
    regular_hours = cursor.flag() if cursor.left else False
    cursor.skip(cursor.left)  # options: none is known
    return ReqRealTimeBars(req_id, contract, what, regular_hours)


READERS: Mapping[int, Reader] = {
    1: _market_data,
    2: numbered(CancelMarketData),
    50: _real_time_bars,
    51: numbered(CancelRealTimeBars),
    59: _market_data_type,
    97: _tick_by_tick,
    98: numbered(CancelTickByTick, versioned=False),
}


def _market_data_proto(said: Any) -> Request:
    return ReqMarketData(
        said.reqId, read_contract_proto(said.contract), said.genericTickList, said.snapshot, said.regulatorySnapshot
    )


def _tick_by_tick_proto(said: Any) -> Request:
    contract = read_contract_proto(said.contract)
    return ReqTickByTick(said.reqId, contract, said.tickType, said.numberOfTicks, said.ignoreSize)


def _real_time_bars_proto(said: Any) -> Request:
    return ReqRealTimeBars(said.reqId, read_contract_proto(said.contract), said.whatToShow, said.useRTH)


PROTOS: Mapping[int, ProtoReader] = {
    1: ("MarketDataRequest", _market_data_proto),
    2: numbered_proto("CancelMarketData", CancelMarketData),
    50: ("RealTimeBarsRequest", _real_time_bars_proto),
    51: numbered_proto("CancelRealTimeBars", CancelRealTimeBars),
    59: ("MarketDataTypeRequest", lambda said: ReqMarketDataType(said.marketDataType)),
    97: ("TickByTickRequest", _tick_by_tick_proto),
    98: numbered_proto("CancelTickByTick", CancelTickByTick),
}
