"""What can be traded."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.simulator.market.instruments import ContractQuery
from gateway.simulator.wire.contract import read_contract
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.requests.base import Numbered, Reader, Request, numbered


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


READERS: Mapping[int, Reader] = {
    9: _contract_details,
    78: _opt_params,
    81: _matching_symbols,
    91: numbered(ReqMarketRule, versioned=False),
}
