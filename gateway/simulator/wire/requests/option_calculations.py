"""What an option would cost at a volatility, and which volatility a price means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.simulator.market.instruments import ContractQuery
from gateway.simulator.wire.contract import read_contract, read_contract_proto
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.protobuf import optional
from gateway.simulator.wire.requests.base import Numbered, ProtoReader, Reader, Request, numbered, numbered_proto


@dataclass(frozen=True, slots=True)
class CalculateImpliedVolatility(Numbered):
    contract: ContractQuery
    price: float | None
    underlying: float | None


@dataclass(frozen=True, slots=True)
class CalculateOptionPrice(Numbered):
    contract: ContractQuery
    volatility: float | None
    underlying: float | None


@dataclass(frozen=True, slots=True)
class CancelCalculation(Numbered): ...


def _implied_volatility(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, contract = cursor.integer(), read_contract(cursor)
    given, underlying = cursor.number(), cursor.number()
    cursor.skip(cursor.left)  # options: none is known
    return CalculateImpliedVolatility(req_id, contract, given, underlying)


def _option_price(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, contract = cursor.integer(), read_contract(cursor)
    given, underlying = cursor.number(), cursor.number()
    cursor.skip(cursor.left)  # options: none is known
    return CalculateOptionPrice(req_id, contract, given, underlying)


def _implied_volatility_proto(said: Any) -> Request:
    return CalculateImpliedVolatility(
        said.reqId, read_contract_proto(said.contract), optional(said, "optionPrice"), optional(said, "underPrice")
    )


def _option_price_proto(said: Any) -> Request:
    return CalculateOptionPrice(
        said.reqId, read_contract_proto(said.contract), optional(said, "volatility"), optional(said, "underPrice")
    )


READERS: Mapping[int, Reader] = {
    54: _implied_volatility,
    55: _option_price,
    56: numbered(CancelCalculation),
    57: numbered(CancelCalculation),
}

PROTOS: Mapping[int, ProtoReader] = {
    54: ("CalculateImpliedVolatilityRequest", _implied_volatility_proto),
    55: ("CalculateOptionPriceRequest", _option_price_proto),
    56: numbered_proto("CancelCalculateImpliedVolatility", CancelCalculation),
    57: numbered_proto("CancelCalculateOptionPrice", CancelCalculation),
}
