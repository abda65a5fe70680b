"""Display groups of the desktop program."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.requests.base import Numbered, ProtoReader, Reader, Request, numbered, numbered_proto


@dataclass(frozen=True, slots=True)
class QueryDisplayGroups(Numbered): ...


@dataclass(frozen=True, slots=True)
class SubscribeToGroupEvents(Numbered):
    group: int


@dataclass(frozen=True, slots=True)
class UpdateDisplayGroup(Numbered):
    contract: str
    """`<contract id>@<exchange>`, "none", or "combo"."""


@dataclass(frozen=True, slots=True)
class UnsubscribeFromGroupEvents(Numbered): ...


def _subscribe(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return SubscribeToGroupEvents(cursor.integer(), cursor.integer())


def _update(cursor: Cursor, version: int) -> Request:
    cursor.skip()
    return UpdateDisplayGroup(cursor.integer(), cursor.text())


READERS: Mapping[int, Reader] = {
    67: numbered(QueryDisplayGroups),
    68: _subscribe,
    69: _update,
    70: numbered(UnsubscribeFromGroupEvents),
}

PROTOS: Mapping[int, ProtoReader] = {
    67: numbered_proto("QueryDisplayGroupsRequest", QueryDisplayGroups),
    68: ("SubscribeToGroupEventsRequest", lambda said: SubscribeToGroupEvents(said.reqId, said.groupId)),
    69: ("UpdateDisplayGroupRequest", lambda said: UpdateDisplayGroup(said.reqId, said.contractInfo)),
    70: numbered_proto("UnsubscribeFromGroupEventsRequest", UnsubscribeFromGroupEvents),
}
