"""Scans, company reports, corporate events, soft dollars."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.simulator.market.instruments import ContractQuery
from gateway.simulator.wire.contract import read_contract_proto
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.protobuf import optional
from gateway.simulator.wire.requests.base import (
    Numbered,
    ProtoReader,
    Reader,
    Request,
    bare,
    bare_proto,
    numbered,
    numbered_proto,
)


@dataclass(frozen=True, slots=True)
class ReqScannerParameters(Request): ...


@dataclass(frozen=True, slots=True)
class ReqScannerSubscription(Numbered):
    """Limits that were not given are None."""

    rows: int
    """-1 for as many as there are."""
    instrument: str
    location: str
    scan_code: str
    above_price: float | None = None
    below_price: float | None = None
    above_volume: float | None = None
    stock_type: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    """Any others, as (name, value): `priceAbove`, `changePercBelow`, …"""


@dataclass(frozen=True, slots=True)
class CancelScannerSubscription(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqFundamentalData(Numbered):
    contract: ContractQuery
    report: str


@dataclass(frozen=True, slots=True)
class CancelFundamentalData(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqWshMetaData(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqWshEventData(Numbered): ...


@dataclass(frozen=True, slots=True)
class CancelWshData(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqSoftDollarTiers(Numbered): ...


def _scanner(cursor: Cursor, version: int) -> Request:
    req_id, rows = cursor.integer(), cursor.integer(-1)
    instrument, location, code = cursor.text(), cursor.text(), cursor.text()
    above, below, volume = cursor.number(), cursor.number(), cursor.number()
    cursor.skip(12)  # capitalisation, ratings, maturities, coupons, convertibles, option volume
    cursor.skip()  # setting pairs
    stock_type, filters = cursor.text(), cursor.text()
    pairs = (part.partition("=") for part in filters.split(";") if part)
    return ReqScannerSubscription(
        req_id,
        rows,
        instrument,
        location,
        code,
        above,
        below,
        volume,
        stock_type,
        tuple((name, value) for name, _, value in pairs),
    )


def _fundamentals(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, con_id = cursor.integer(), cursor.integer()
    symbol, sec_type, exchange, primary = cursor.text(), cursor.text(), cursor.text(), cursor.text()
    query = ContractQuery(
        con_id=con_id,
        symbol=symbol,
        sec_type=sec_type,
        exchange=exchange,
        primary_exchange=primary,
        currency=cursor.text(),
        local_symbol=cursor.text(),
    )
    return ReqFundamentalData(req_id, query, cursor.text())


def _events(cursor: Cursor, version: int) -> Request:
    return ReqWshEventData(cursor.integer())


def _scanner_proto(said: Any) -> Request:
    scan = said.scannerSubscription
    return ReqScannerSubscription(
        said.reqId,
        scan.numberOfRows if scan.HasField("numberOfRows") else -1,
        scan.instrument,
        scan.locationCode,
        scan.scanCode,
        optional(scan, "abovePrice"),
        optional(scan, "belowPrice"),
        optional(scan, "aboveVolume"),
        scan.stockTypeFilter,
        tuple(sorted(scan.scannerSubscriptionFilterOptions.items())),
    )


READERS: Mapping[int, Reader] = {
    22: _scanner,
    23: numbered(CancelScannerSubscription),
    24: bare(ReqScannerParameters),
    52: _fundamentals,
    53: numbered(CancelFundamentalData),
    79: numbered(ReqSoftDollarTiers, versioned=False),
    100: numbered(ReqWshMetaData, versioned=False),
    101: numbered(CancelWshData, versioned=False),
    102: _events,
    103: numbered(CancelWshData, versioned=False),
}

PROTOS: Mapping[int, ProtoReader] = {
    22: ("ScannerSubscriptionRequest", _scanner_proto),
    23: numbered_proto("CancelScannerSubscription", CancelScannerSubscription),
    24: bare_proto("ScannerParametersRequest", ReqScannerParameters),
    52: (
        "FundamentalsDataRequest",
        lambda said: ReqFundamentalData(said.reqId, read_contract_proto(said.contract), said.reportType),
    ),
    53: numbered_proto("CancelFundamentalsData", CancelFundamentalData),
    79: numbered_proto("SoftDollarTiersRequest", ReqSoftDollarTiers),
    100: numbered_proto("WshMetaDataRequest", ReqWshMetaData),
    101: numbered_proto("CancelWshMetaData", CancelWshData),
    102: numbered_proto("WshEventDataRequest", ReqWshEventData),
    103: numbered_proto("CancelWshEventData", CancelWshData),
}
