"""Money, positions and profit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

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
    ledger_only: bool
    """Balances and net liquidation alone."""


@dataclass(frozen=True, slots=True)
class CancelAccountUpdatesMulti(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqPnl(Numbered):
    account: str
    model: str


@dataclass(frozen=True, slots=True)
class CancelPnl(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqPnlSingle(Numbered):
    account: str
    model: str
    con_id: int


@dataclass(frozen=True, slots=True)
class CancelPnlSingle(Numbered): ...


@dataclass(frozen=True, slots=True)
class ReqFamilyCodes(Request): ...


@dataclass(frozen=True, slots=True)
class RequestFa(Request):
    kind: int
    """1 groups, 2 profiles, 3 aliases."""


@dataclass(frozen=True, slots=True)
class ReplaceFa(Numbered):
    kind: int
    xml: str


@dataclass(frozen=True, slots=True)
class ExerciseOptions(Numbered):
    contract: ContractQuery
    action: int
    """1 exercise, 2 lapse."""
    quantity: int
    account: str
    override: bool


def _account_updates(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return ReqAccountUpdates(cursor.flag(), cursor.text() if cursor.left else "")


def _account_summary(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, group = cursor.integer(), cursor.text()
    return ReqAccountSummary(req_id, group, _tags(cursor.text()))


def _tags(text: str) -> tuple[str, ...]:
    return tuple(tag.strip() for tag in text.split(",") if tag.strip())


def _positions_multi(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return ReqPositionsMulti(cursor.integer(), cursor.text(), cursor.text())


def _updates_multi(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    req_id, account, model = cursor.integer(), cursor.text(), cursor.text()
    return ReqAccountUpdatesMulti(req_id, account, model, cursor.flag() if cursor.left else False)


def _exercise(cursor: Cursor, version: int) -> Request:
    """Its contract has no primary exchange. Behind `override` come a time, an account and a flag of no meaning here."""
    cursor.skip()
    req_id, contract = cursor.integer(), read_contract(cursor, primary=False)
    request = ExerciseOptions(req_id, contract, cursor.integer(), cursor.integer(), cursor.text(), cursor.flag())
    cursor.skip(min(cursor.left, (version >= 180) + (version >= 183) + (version >= 184)))
    return request


def _pnl(cursor: Cursor, version: int) -> Request:
    return ReqPnl(cursor.integer(), cursor.text(), cursor.text() if cursor.left else "")


def _pnl_single(cursor: Cursor, version: int) -> Request:
    return ReqPnlSingle(cursor.integer(), cursor.text(), cursor.text(), cursor.integer())


def _request_fa(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return RequestFa(cursor.integer())


def _replace_fa(cursor: Cursor, version: int) -> Request:
    """The id stands at the end, since 157."""
    cursor.skip()
    kind, xml = cursor.integer(), cursor.text()
    return ReplaceFa(cursor.integer(-1) if cursor.left else -1, kind, xml)


def _exercise_proto(said: Any) -> Request:
    """A real gateway may look at the primary exchange here; text has never said it, so it is not looked at."""
    contract = replace(read_contract_proto(said.contract), primary_exchange="")
    return ExerciseOptions(
        said.orderId, contract, said.exerciseAction, said.exerciseQuantity, said.account, said.override
    )


READERS: Mapping[int, Reader] = {
    6: _account_updates,
    18: _request_fa,
    19: _replace_fa,
    21: _exercise,
    61: bare(ReqPositions),
    62: _account_summary,
    63: numbered(CancelAccountSummary),
    64: bare(CancelPositions),
    74: _positions_multi,
    75: numbered(CancelPositionsMulti),
    76: _updates_multi,
    77: numbered(CancelAccountUpdatesMulti),
    80: bare(ReqFamilyCodes),
    92: _pnl,
    93: numbered(CancelPnl, versioned=False),
    94: _pnl_single,
    95: numbered(CancelPnlSingle, versioned=False),
}

PROTOS: Mapping[int, ProtoReader] = {
    6: ("AccountDataRequest", lambda said: ReqAccountUpdates(said.subscribe, said.acctCode)),
    18: ("FARequest", lambda said: RequestFa(said.faDataType)),
    19: ("FAReplace", lambda said: ReplaceFa(said.reqId, said.faDataType, said.xml)),
    21: ("ExerciseOptionsRequest", _exercise_proto),
    61: bare_proto("PositionsRequest", ReqPositions),
    62: ("AccountSummaryRequest", lambda said: ReqAccountSummary(said.reqId, said.group, _tags(said.tags))),
    63: numbered_proto("CancelAccountSummary", CancelAccountSummary),
    64: bare_proto("CancelPositions", CancelPositions),
    74: ("PositionsMultiRequest", lambda said: ReqPositionsMulti(said.reqId, said.account, said.modelCode)),
    75: numbered_proto("CancelPositionsMulti", CancelPositionsMulti),
    76: (
        "AccountUpdatesMultiRequest",
        lambda said: ReqAccountUpdatesMulti(said.reqId, said.account, said.modelCode, said.ledgerAndNLV),
    ),
    77: numbered_proto("CancelAccountUpdatesMulti", CancelAccountUpdatesMulti),
    80: bare_proto("FamilyCodesRequest", ReqFamilyCodes),
    92: ("PnLRequest", lambda said: ReqPnl(said.reqId, said.account, said.modelCode)),
    93: numbered_proto("CancelPnL", CancelPnl),
    94: ("PnLSingleRequest", lambda said: ReqPnlSingle(said.reqId, said.account, said.modelCode, said.conId)),
    95: numbered_proto("CancelPnLSingle", CancelPnlSingle),
}
