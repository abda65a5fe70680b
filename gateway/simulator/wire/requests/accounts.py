"""Money, positions and profit."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.simulator.market.instruments import ContractQuery
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
    return ReqAccountSummary(req_id, group, tuple(t.strip() for t in cursor.text().split(",") if t.strip()))


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
    req_id, con_id = cursor.integer(), cursor.integer()
    symbol, sec_type, expiry = cursor.text(), cursor.text(), cursor.text()
    strike = cursor.number() or 0.0
    right, multiplier, exchange = cursor.text(), cursor.text(), cursor.text()
    currency, local_symbol, trading_class = cursor.text(), cursor.text(), cursor.text()
    contract = ContractQuery(
        con_id=con_id,
        symbol=symbol,
        sec_type=sec_type,
        expiry=expiry,
        strike=strike,
        right=right,
        multiplier=multiplier,
        exchange=exchange,
        currency=currency,
        local_symbol=local_symbol,
        trading_class=trading_class,
    )
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
