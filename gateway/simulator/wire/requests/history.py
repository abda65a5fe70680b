"""The past."""

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
class ReqHistoricalData(Numbered):
    contract: ContractQuery
    end: str
    bar_size: str
    duration: str
    regular_only: bool
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
    regular_only: bool
    ignore_size: bool


@dataclass(frozen=True, slots=True)
class CancelHistoricalTicks(Numbered):
    """From 215 on."""


@dataclass(frozen=True, slots=True)
class ReqHeadTimestamp(Numbered):
    contract: ContractQuery
    regular_only: bool
    what: str
    date_format: int


@dataclass(frozen=True, slots=True)
class CancelHeadTimestamp(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqHistogram(Numbered):
    contract: ContractQuery
    regular_only: bool
    period: str
    """`3 days`, `1 week`."""


@dataclass(frozen=True, slots=True)
class CancelHistogram(Numbered): ...


def _contract(cursor: Cursor) -> ContractQuery:
    """The twelve fields, and behind them whether expired ones are wanted too."""
    contract = read_contract(cursor)
    return replace(contract, include_expired=cursor.flag())


def _historical_data(cursor: Cursor, version: int) -> Request:
    req_id, contract = cursor.integer(), _contract(cursor)
    end, bar_size, duration = cursor.text(), cursor.text(), cursor.text()
    regular_only, what, date_format = cursor.flag(), cursor.text(), cursor.integer(1)
    if contract.sec_type == "BAG":
        contract = replace(contract, legs=read_legs(cursor))
    return ReqHistoricalData(req_id, contract, end, bar_size, duration, regular_only, what, date_format, cursor.flag())


def _historical_ticks(cursor: Cursor, version: int) -> Request:
    req_id, contract = cursor.integer(), _contract(cursor)
    start, end, count, what = cursor.text(), cursor.text(), cursor.integer(), cursor.text()
    return ReqHistoricalTicks(req_id, contract, start, end, count, what, cursor.flag(), cursor.flag())


def _head_timestamp(cursor: Cursor, version: int) -> Request:
    req_id, contract = cursor.integer(), _contract(cursor)
    return ReqHeadTimestamp(req_id, contract, cursor.flag(), cursor.text(), cursor.integer(1))


def _histogram(cursor: Cursor, version: int) -> Request:
    return ReqHistogram(cursor.integer(), _contract(cursor), cursor.flag(), cursor.text())


READERS: Mapping[int, Reader] = {
    20: _historical_data,
    25: numbered(CancelHistoricalData),
    87: _head_timestamp,
    88: _histogram,
    89: numbered(CancelHistogram, versioned=False),
    90: numbered(CancelHeadTimestamp, versioned=False),
    96: _historical_ticks,
}


def _date_format(said: Any) -> int:
    return said.formatDate if said.HasField("formatDate") else 1


def _historical_data_proto(said: Any) -> Request:
    return ReqHistoricalData(
        said.reqId,
        read_contract_proto(said.contract),
        said.endDateTime,
        said.barSizeSetting,
        said.duration,
        said.useRTH,
        said.whatToShow,
        _date_format(said),
        said.keepUpToDate,
    )


def _historical_ticks_proto(said: Any) -> Request:
    return ReqHistoricalTicks(
        said.reqId,
        read_contract_proto(said.contract),
        said.startDateTime,
        said.endDateTime,
        said.numberOfTicks,
        said.whatToShow,
        said.useRTH,
        said.ignoreSize,
    )


def _head_timestamp_proto(said: Any) -> Request:
    return ReqHeadTimestamp(
        said.reqId, read_contract_proto(said.contract), said.useRTH, said.whatToShow, _date_format(said)
    )


def _histogram_proto(said: Any) -> Request:
    return ReqHistogram(said.reqId, read_contract_proto(said.contract), said.useRTH, said.timePeriod)


PROTOS: Mapping[int, ProtoReader] = {
    20: ("HistoricalDataRequest", _historical_data_proto),
    25: numbered_proto("CancelHistoricalData", CancelHistoricalData),
    87: ("HeadTimestampRequest", _head_timestamp_proto),
    88: ("HistogramDataRequest", _histogram_proto),
    89: numbered_proto("CancelHistogramData", CancelHistogram),
    90: numbered_proto("CancelHeadTimestamp", CancelHeadTimestamp),
    96: ("HistoricalTicksRequest", _historical_ticks_proto),
    107: numbered_proto("CancelHistoricalTicks", CancelHistoricalTicks),
}
