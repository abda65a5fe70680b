"""Money, positions and profit."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.requests.base import Numbered, Reader, Request, bare, numbered


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
class ReqFamilyCodes(Request): ...


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


READERS: Mapping[int, Reader] = {
    6: _account_updates,
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
