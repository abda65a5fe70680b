"""The past."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.simulator.market.instruments import ContractQuery
from gateway.simulator.wire.contract import read_contract
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.requests.base import Numbered, Reader, Request, numbered


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


READERS: Mapping[int, Reader] = {
    20: _historical_data,
    25: numbered(CancelHistoricalData),
    87: _head_timestamp,
    90: numbered(CancelHeadTimestamp, versioned=False),
    96: _historical_ticks,
}
