"""What the gateway is set to: asked for from 219 on, changed from 221 on. Never text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.simulator.configuration import Setting
from gateway.simulator.wire.requests.base import Numbered, ProtoReader, Reader, Request, numbered_proto


@dataclass(frozen=True, slots=True)
class ReqConfig(Numbered): ...


@dataclass(frozen=True, slots=True)
class UpdateConfig(Numbered):
    wished: Mapping[str, Setting]
    """What is to change, by its path."""
    accepted: tuple[int, ...]
    """Warnings that the client has read."""
    begins_order_ids_anew: bool


def _update(said: Any) -> Request:
    wished = dict(_flat(said, ""))
    for message in said.messages:
        wished |= {f"messages.{message.id}.{name}": value for name, value in _flat(message, "") if name != "id"}
    accepted = tuple(warning.messageId for warning in said.acceptedWarnings)
    return UpdateConfig(said.reqId, wished, accepted, said.resetAPIOrderSequence)


_NO_SETTINGS = ("reqId", "messages", "acceptedWarnings", "resetAPIOrderSequence")


def _flat(said: Any, path: str) -> Iterator[tuple[str, Setting]]:
    """Everything that is said in a message and in those inside it, each with its path."""
    for field, value in said.ListFields():
        if path == "" and field.name in _NO_SETTINGS:
            continue
        if isinstance(value, bool | int | str):
            yield path + field.name, value
        elif field.message_type is not None:
            yield from _flat(value, f"{path}{field.name}.")
        else:
            yield path + field.name, tuple(value)


READERS: Mapping[int, Reader] = {}

PROTOS: Mapping[int, ProtoReader] = {
    108: numbered_proto("ConfigRequest", ReqConfig),
    109: ("UpdateConfigRequest", _update),
}
