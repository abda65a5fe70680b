"""What can be traded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.simulator.market.instruments import ContractQuery
from gateway.simulator.wire.contract import read_contract, read_contract_proto
from gateway.simulator.wire.cursor import Cursor
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
class ReqContractDetails(Numbered):
    contract: ContractQuery


@dataclass(frozen=True, slots=True)
class CancelContractDetails(Numbered):
    """From 215 on."""


@dataclass(frozen=True, slots=True)
class ReqMatchingSymbols(Numbered):
    pattern: str


@dataclass(frozen=True, slots=True)
class ReqSecDefOptParams(Numbered):
    symbol: str
    exchange: str
    """Only this exchange's; all where empty."""
    sec_type: str
    con_id: int


@dataclass(frozen=True, slots=True)
class ReqMarketRule(Request):
    rule_id: int


@dataclass(frozen=True, slots=True)
class ReqSmartComponents(Numbered):
    bbo_exchange: str


@dataclass(frozen=True, slots=True)
class ReqDepthExchanges(Request):
    """Where depth can be had."""


def _contract_details(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, contract = cursor.integer(), read_contract(cursor)
    contract = replace(
        contract,
        include_expired=cursor.flag(),
        sec_id_type=cursor.text(),
        sec_id=cursor.text(),
        issuer_id=cursor.text() if version >= 176 else "",
    )
    return ReqContractDetails(req_id, contract)


def _matching_symbols(cursor: Cursor, version: int) -> Request:
    return ReqMatchingSymbols(cursor.integer(), cursor.text())


def _opt_params(cursor: Cursor, version: int) -> Request:
    return ReqSecDefOptParams(cursor.integer(), cursor.text(), cursor.text(), cursor.text(), cursor.integer())


def _smart_components(cursor: Cursor, version: int) -> Request:
    return ReqSmartComponents(cursor.integer(), cursor.text())


READERS: Mapping[int, Reader] = {
    9: _contract_details,
    78: _opt_params,
    81: _matching_symbols,
    82: bare(ReqDepthExchanges),
    83: _smart_components,
    91: numbered(ReqMarketRule, versioned=False),
}

PROTOS: Mapping[int, ProtoReader] = {
    9: ("ContractDataRequest", lambda said: ReqContractDetails(said.reqId, read_contract_proto(said.contract))),
    78: (
        "SecDefOptParamsRequest",
        lambda said: ReqSecDefOptParams(
            said.reqId, said.underlyingSymbol, said.futFopExchange, said.underlyingSecType, said.underlyingConId
        ),
    ),
    81: ("MatchingSymbolsRequest", lambda said: ReqMatchingSymbols(said.reqId, said.pattern)),
    82: bare_proto("MarketDepthExchangesRequest", ReqDepthExchanges),
    83: ("SmartComponentsRequest", lambda said: ReqSmartComponents(said.reqId, said.bboExchange)),
    91: ("MarketRuleRequest", lambda said: ReqMarketRule(said.marketRuleId)),
    106: numbered_proto("CancelContractData", CancelContractDetails),
}
