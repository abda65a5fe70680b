"""Market depth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.simulator.market.instruments import ContractQuery
from gateway.simulator.wire.contract import read_contract, read_contract_proto
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.requests.base import Numbered, ProtoReader, Reader, Request


@dataclass(frozen=True, slots=True)
class ReqMarketDepth(Numbered):
    contract: ContractQuery
    rows: int
    smart: bool


@dataclass(frozen=True, slots=True)
class CancelMarketDepth(Numbered):
    smart: bool


def _market_depth(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, contract = cursor.integer(), read_contract(cursor)
    rows, smart = cursor.integer(), cursor.flag()
    cursor.skip(cursor.left)  # options: none is known
    return ReqMarketDepth(req_id, contract, rows, smart)


def _cancel(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return CancelMarketDepth(cursor.integer(), cursor.flag() if cursor.left else False)


READERS: Mapping[int, Reader] = {
    10: _market_depth,
    11: _cancel,
}


def _market_depth_proto(said: Any) -> Request:
    return ReqMarketDepth(said.reqId, read_contract_proto(said.contract), said.numRows, said.isSmartDepth)


PROTOS: Mapping[int, ProtoReader] = {
    10: ("MarketDepthRequest", _market_depth_proto),
    11: ("CancelMarketDepth", lambda said: CancelMarketDepth(said.reqId, said.isSmartDepth)),
}
