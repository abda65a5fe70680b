"""Real requests with a few things wrong in them, for whatever must survive them; the same draws spoil the same."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any

from google.protobuf.message import DecodeError

from gateway.simulator.wire.protobuf import OFFSET, PROTOBUF, generated
from gateway.simulator.wire.requests import reader
from tests.unit.simulator.asks import IB_ASYNC, IBAPI, said
from tws.frames import decode_fields, encode_fields

VERSIONS = range(157, 224)
TEXTS = (
    *("", "0", "1", "-1", "7", "2147483647", "1.7976931348623157E308", "Infinity", "nan"),
    *("SPY", "STK", "OPT", "BAG", "SMART", "USD", "BUY", "MKT", "LMT", "756733", "DUSIM0001", "All"),
    *("1 D", "1 min", "TRADES", "20261118-17:00:00", "20261118 12:00:00 US/Eastern", "\ud7ff\u20ac", "\\u0041", "<a/>"),
)
"""Texts that mean something somewhere."""
_WHOLE = (0, 1, -1, 7, 9, 756733, 2**31 - 1, -(2**31))
_LONG = (*_WHOLE, 2**63 - 1, -(2**63))
_REAL = (0.0, -0.0, 1.0, -1.0, 600.0, 5e-324, 1e300, math.inf, -math.inf, math.nan, 1.7976931348623157e308)


@cache
def recorded(version: int) -> tuple[bytes, ...]:
    """What real clients write at a server version."""
    return (*said(IBAPI, version).values(), *(said(IB_ASYNC, version).values() if version <= 178 else ()))


def spoilt(random: Random, version: int) -> bytes:
    """One of them, spoilt."""
    return spoil(random, version, random.choice(recorded(version)))


def spoil(random: Random, version: int, payload: bytes) -> bytes:
    """A payload of a request with a few things wrong in it."""
    if version < PROTOBUF:
        return _flipped(random, _text(random, payload))
    number, body = int.from_bytes(payload[:4]), payload[4:]
    if number <= OFFSET:
        body = _text(random, body)
    else:
        if random.random() < 0.6:
            body = _values(random, number - OFFSET, body)
        if random.random() < 0.4:
            body = random.choice(_WIRE)(random, body)
    if random.random() < 0.1:
        ids = (*reader.readers(), 0, OFFSET, 2**31, 2**32 - 1 - OFFSET)
        number = random.choice(ids) + random.choice((0, OFFSET))
    return _flipped(random, number.to_bytes(4) + body)


def _flipped(random: Random, payload: bytes) -> bytes:
    """Seldom with a byte or two that are something else."""
    spoiling = bytearray(payload)
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        if spoiling:
            spoiling[random.randrange(len(spoiling))] = random.randrange(256)
    return bytes(spoiling)


def _text(random: Random, payload: bytes) -> bytes:
    fields = decode_fields(payload)
    for _ in range(random.randrange(5)):
        at = random.randrange(max(len(fields), 1))
        match random.choice(("other", "gone", "more", "twice", "end", "swap")):
            case "other":
                fields[at : at + 1] = [_word(random)]
            case "gone":
                del fields[at : at + 1]
            case "more":
                fields.insert(at, _word(random))
            case "twice":
                fields[at:at] = fields[at:]
            case "end":
                del fields[at:]
            case "swap":
                fields = fields[at:] + fields[:at]
    return encode_fields(*fields)


def _word(random: Random) -> str:
    match random.randrange(8):
        case 0:
            return str(random.randint(-(2**70), 2**70))
        case 1:
            return "".join(chr(random.randrange(1, 0xD800)) for _ in range(random.randrange(12)))
        case 2:
            return "x" * random.choice((100, 5000, 60_000))
        case _:
            return random.choice(TEXTS)


# -- protobuf by its fields --------------------------------------------------------------------------------------------


def _values(random: Random, message_id: int, body: bytes) -> bytes:
    """The same message with other values in some fields."""
    known = reader.protos().get(message_id)
    if known is None:
        return body
    said = generated(known[0])()
    try:
        said.ParseFromString(body)
    except DecodeError:
        return body
    for _ in range(random.randrange(1, 4)):
        _revalue(random, said)
    return bytes(said.SerializeToString())


def _revalue(random: Random, said: Any) -> None:
    if not said.DESCRIPTOR.fields:
        return
    field = random.choice(said.DESCRIPTOR.fields)
    if random.random() < 0.2:
        said.ClearField(field.name)
        return
    inside = field.message_type
    if inside is not None and inside.GetOptions().map_entry:
        for _ in range(random.choice((1, 1, 3, 200))):
            value = _one(random, inside.fields_by_name["value"])
            getattr(said, field.name)[_one(random, inside.fields_by_name["key"])] = value
    elif field.label == field.LABEL_REPEATED:
        for _ in range(random.choice((1, 1, 3, 200))):
            if inside is None:
                getattr(said, field.name).append(_one(random, field))
            else:
                _revalue(random, getattr(said, field.name).add())
    elif inside is not None:
        getattr(said, field.name).SetInParent()
        _revalue(random, getattr(said, field.name))
    else:
        setattr(said, field.name, _one(random, field))


def _one(random: Random, field: Any) -> Any:
    """A value for a field that is no message."""
    kinds: dict[int, Callable[[], Any]] = {
        field.CPPTYPE_INT32: lambda: random.choice(_WHOLE),
        field.CPPTYPE_INT64: lambda: random.choice(_LONG),
        field.CPPTYPE_DOUBLE: lambda: random.choice(_REAL),
        field.CPPTYPE_BOOL: lambda: random.random() < 0.5,
        field.CPPTYPE_STRING: lambda: _word(random),
    }
    return kinds[field.cpp_type]()


# -- protobuf by its bytes ---------------------------------------------------------------------------------------------


def varint(value: int) -> bytes:
    """A whole number as protobuf writes it, seven bits a byte."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*written, value))


def _cut(random: Random, body: bytes) -> bytes:
    return body[: random.randrange(len(body) + 1)]


def _noise(random: Random, body: bytes) -> bytes:
    at = random.randrange(len(body) + 1)
    return body[:at] + random.randbytes(random.randrange(1, 40)) + body[at:]


def _again(random: Random, body: bytes) -> bytes:
    at = random.randrange(len(body) + 1)
    return body + body[at:]


def _huge_length(random: Random, body: bytes) -> bytes:
    """A text or message that says that it is far longer than all there is."""
    length = random.choice((100, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1))
    return body + _key(random, 2) + varint(length) + b"x" * random.randrange(20)


def _long(random: Random, body: bytes) -> bytes:
    """A text that is as long as it says."""
    length = random.choice((1000, 70_000))
    return body + _key(random, 2) + varint(length) + b"A" * length


def _endless_number(random: Random, body: bytes) -> bytes:
    return body + _key(random, 0) + b"\xff" * random.choice((9, 10, 11, 500))


def _deep_groups(random: Random, body: bytes) -> bytes:
    """Groups in groups, closed again or not."""
    depth = random.choice((10, 99, 100, 101, 5000))
    number = random.randrange(1, 16)
    return body + bytes([number << 3 | 3]) * depth + bytes([number << 3 | 4]) * random.choice((0, depth))


def _deep_messages(random: Random, body: bytes) -> bytes:
    """Messages in messages, which only a message that holds its own kind has; to others it is a long text."""
    key, made = _key(random, 2), b""
    for _ in range(random.choice((5, 50, 200))):
        made = key + varint(len(made)) + made
    return body + made


def _key(random: Random, wire_type: int) -> bytes:
    return varint(random.choice((random.randrange(1, 30), random.randrange(1, 200), 2**29 - 1)) << 3 | wire_type)


_WIRE: Sequence[Callable[[Random, bytes], bytes]] = (
    _cut,
    _noise,
    _again,
    _huge_length,
    _long,
    _endless_number,
    _deep_groups,
    _deep_messages,
)
