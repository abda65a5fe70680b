"""The session itself."""

from collections.abc import Mapping
from dataclasses import dataclass

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
class StartApi(Request):
    client_id: int


@dataclass(frozen=True, slots=True)
class ReqIds(Request): ...


@dataclass(frozen=True, slots=True)
class ReqCurrentTime(Request): ...


@dataclass(frozen=True, slots=True)
class ReqCurrentTimeMillis(Request): ...


@dataclass(frozen=True, slots=True)
class ReqManagedAccounts(Request): ...


@dataclass(frozen=True, slots=True)
class SetServerLogLevel(Request): ...


@dataclass(frozen=True, slots=True)
class ReqUserInfo(Numbered): ...


def _start_api(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return StartApi(cursor.integer())


READERS: Mapping[int, Reader] = {
    8: bare(ReqIds),
    14: bare(SetServerLogLevel),
    17: bare(ReqManagedAccounts),
    49: bare(ReqCurrentTime),
    71: _start_api,
    104: numbered(ReqUserInfo, versioned=False),
    105: bare(ReqCurrentTimeMillis),
}

PROTOS: Mapping[int, ProtoReader] = {
    8: bare_proto("IdsRequest", ReqIds),
    14: bare_proto("SetServerLogLevelRequest", SetServerLogLevel),
    17: bare_proto("ManagedAccountsRequest", ReqManagedAccounts),
    49: bare_proto("CurrentTimeRequest", ReqCurrentTime),
    71: ("StartApiRequest", lambda said: StartApi(said.clientId)),
    104: numbered_proto("UserInfoRequest", ReqUserInfo),
    105: bare_proto("CurrentTimeInMillisRequest", ReqCurrentTimeMillis),
}
