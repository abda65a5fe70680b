"""From a frame to the request it says, in text or in protobuf."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from gateway.simulator.errors import RequestMalformed
from gateway.simulator.wire.cursor import Cursor
from gateway.simulator.wire.protobuf import OFFSET, PROTOBUF, generated, requests_since
from gateway.simulator.wire.requests import session
from gateway.simulator.wire.requests.base import ProtoReader, Reader, Request
from tws.frames import decode_fields

_MODULES = (
    "contracts",
    "market_data",
    "depth",
    "option_calculations",
    "history",
    "orders",
    "accounts",
    "config",
    "news",
    "display_groups",
    "verification",
    "research",
)
"""Modules here with READERS and PROTOS of their own. They are loaded when first needed: making their classes takes
30 ms of a start, and the first thing a client says is always about the session."""


@cache
def readers() -> Mapping[int, Reader]:
    """What reads which message id as text."""
    found: dict[int, Reader] = dict(session.READERS)
    for name in _MODULES:
        found |= import_module(f"gateway.simulator.wire.requests.{name}").READERS
    return found


@cache
def protos() -> Mapping[int, ProtoReader]:
    """What reads which message id as protobuf."""
    found: dict[int, ProtoReader] = dict(session.PROTOS)
    for name in _MODULES:
        found |= import_module(f"gateway.simulator.wire.requests.{name}").PROTOS
    return found


def read(payload: bytes, version: int) -> Request:
    """Make the request that a frame's payload says.

    Raises:
        RequestMalformed: unknown id, not in the form of that version, too short, or a field that cannot be read.
    """
    if version < PROTOBUF:
        return _read_text(payload, version)
    if len(payload) < 4:
        raise RequestMalformed("message without an id")
    message_id = int.from_bytes(payload[:4])
    protobuf = message_id > OFFSET
    if protobuf:
        message_id -= OFFSET
    if protobuf is not (version >= requests_since(message_id)):
        raise RequestMalformed(
            f"message id {message_id} is {'not yet' if protobuf else 'always'} protobuf at {version}"
        )
    if protobuf:
        return _read_proto(message_id, payload[4:])
    reader = readers().get(message_id)
    if reader is None:
        raise RequestMalformed(f"unknown message id {message_id}")
    return reader(Cursor(decode_fields(payload[4:])), version)


def _read_text(payload: bytes, version: int) -> Request:
    fields = decode_fields(payload)
    if not fields:
        raise RequestMalformed("message without an id")
    try:
        message_id = int(fields[0])
    except ValueError:
        raise RequestMalformed(f"expected a message id, found '{fields[0][:40]}'") from None
    reader = session.READERS.get(message_id) or readers().get(message_id)
    if reader is None:
        raise RequestMalformed(f"unknown message id {message_id}")
    return reader(Cursor(fields, 1), version)


def _read_proto(message_id: int, body: bytes) -> Request:
    from google.protobuf.message import DecodeError  # at hand only where somebody speaks it

    found = session.PROTOS.get(message_id) or protos().get(message_id)
    if found is None:
        raise RequestMalformed(f"unknown message id {message_id}")
    name, make = found
    said: Any = generated(name)()
    try:
        said.ParseFromString(body)
    except DecodeError as error:
        raise RequestMalformed(f"expected a {name}, found: {error}") from None
    return make(said)
