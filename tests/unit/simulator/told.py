"""What ibapi makes of a message: the callbacks that its user would get."""

from decimal import Decimal
from enum import Enum
from typing import Any

from google.protobuf.message import Message
from ibapi.const import UNSET_DECIMAL, UNSET_INTEGER, UNSET_LONG
from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

from gateway.simulator.wire.protobuf import OFFSET, PROTOBUF

type Call = tuple[str, tuple[Any, ...]]
"""A callback's name and its values."""
_ONLY_PROTOBUF = ("configResponseProtoBuf", "updateConfigResponseProtoBuf")


class Told(EWrapper):  # type: ignore[misc]  # ibapi carries no types
    """Notes what is called, but for the callbacks that hand out a generated message where another says the same."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __getattribute__(self, name: str) -> Any:
        if name not in EWrapper.__dict__ or name.startswith("__"):
            return object.__getattribute__(self, name)
        if name == "logAnswer" or (name.endswith("ProtoBuf") and name not in _ONLY_PROTOBUF):
            return lambda *args: None
        return lambda *args: self.calls.append((name, args))


def interpret(decoder: Decoder, payload: bytes, version: int) -> None:
    """Hand a payload over, as ibapi's message loop does."""
    if version < PROTOBUF:
        number, _, body = payload.partition(b"\0")
        message_id = int(number)
    else:
        message_id, body = int.from_bytes(payload[:4]), payload[4:]
    if message_id > OFFSET:
        decoder.processProtoBuf(body, message_id - OFFSET)
    else:
        decoder.interpret(tuple(body.split(b"\0")[:-1]), message_id)


def plain_sense(value: Any) -> Any:
    """What a client is handed, without the ways in which two decoders write the same: no number and the unset one,
    none and the empty list, 1 and 1.0."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal | float | int):
        return None if value > 1e300 or value in (UNSET_INTEGER, UNSET_LONG, UNSET_DECIMAL) else float(value)
    if isinstance(value, str):
        return value or None
    if isinstance(value, list | tuple | set):
        return [plain_sense(one) for one in value] or None
    if isinstance(value, dict):
        return {key: plain_sense(one) for key, one in value.items()} or None
    if value is None or isinstance(value, Enum | Message):
        return value
    return type(value).__name__, {key: plain_sense(one) for key, one in vars(value).items()}
