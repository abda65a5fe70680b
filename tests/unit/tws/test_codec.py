"""What ibapi cannot decode is a broken protocol, whichever way it is encoded."""

import asyncio
from typing import Any

import pytest
from ibapi.protobuf.Contract_pb2 import Contract
from ibapi.protobuf.CurrentTime_pb2 import CurrentTime
from ibapi.protobuf.Position_pb2 import Position
from ibapi.wrapper import EWrapper

from tws.codec import Codec
from tws.errors import ProtocolError
from tws.handshake import Greeting
from tws.times import parse_connection_time

CURRENT_TIME = 49
POSITION = 61
PROTOBUF = 200


class Heard(EWrapper):  # type: ignore[misc]  # ibapi carries no types
    def __init__(self) -> None:
        super().__init__()
        self.times: list[int] = []

    def currentTime(self, time: int) -> None:
        self.times.append(time)


class Sunk(asyncio.WriteTransport):
    """A transport that nobody reads."""


def codec(version: int) -> tuple[Codec, Any]:
    said = "20261122 15:00:00 UTC"
    heard = Heard()
    return Codec(heard, Sunk(), Greeting(version, said, parse_connection_time(said), 0.001), 900), heard


@pytest.mark.parametrize(
    ("version", "payload"),
    [
        (200, b"49\x001\x001760000000\0"),
        (212, CURRENT_TIME.to_bytes(4) + b"1\x001760000000\0"),
        (213, (CURRENT_TIME + PROTOBUF).to_bytes(4) + CurrentTime(currentTime=1760000000).SerializeToString()),
    ],
)
def test_each_version_has_its_own_frame(version: int, payload: bytes) -> None:
    made, heard = codec(version)
    made.deliver(payload)
    assert heard.times == [1760000000]


@pytest.mark.parametrize(
    ("version", "payload"),
    [
        (200, b"49\x001\x00soon\0"),
        (212, CURRENT_TIME.to_bytes(4) + b"1\x00soon\0"),
        (213, (CURRENT_TIME + PROTOBUF).to_bytes(4) + b"\x08"),
        (213, (CURRENT_TIME + PROTOBUF).to_bytes(4) + b"\xff\xff\xff"),
        (223, (POSITION + PROTOBUF).to_bytes(4) + Position(contract=Contract(), position="many").SerializeToString()),
    ],
)
def test_nonsense_is_a_broken_protocol(version: int, payload: bytes) -> None:
    made, heard = codec(version)
    with pytest.raises(ProtocolError):
        made.deliver(payload)
    assert heard.times == []
