"""Messages that many subscribers get, encoded once for each encoding: all but the request id, which is put in for each
of them.

A tick is what stands before the request id and what stands behind it. Frames carry their length in front, which
depends on the id only by how long it is written: ids of equal length share everything.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.protobuf import ANSWERS_SINCE, OFFSET, PROTOBUF
from gateway.simulator.wire.text import payload

VOLUMES_IN_SHARES = 220
"""From this server version on volumes of US stocks are told in shares and no longer in lots of a hundred: the last
version with which what a tick says changes."""

_REQ_ID = b"\x08"
"""In all generated classes of ticks the request id is field 1, an int32: this, then a varint, before all else."""


@dataclass(slots=True)
class Tick(Answer):
    """An answer to one request that others may get as well."""

    head: ClassVar[tuple[int, ...]] = ()
    """What stands between message id and request id in text: an old version number."""
    req_id: int = field(default=0, kw_only=True)
    """0 in a `Burst`, which puts in each subscriber's own."""

    @abstractmethod
    def values(self, version: int) -> Fields:
        """The fields behind the request id."""

    def text(self, version: int) -> Fields:
        return [self.id, *self.head, self.req_id, *self.values(version)]


class Burst:
    """Ticks that go out together, and become protobuf at the same version."""

    __slots__ = ("_cuts", "_since", "count", "ticks")

    def __init__(self, ticks: Sequence[Tick] = ()) -> None:
        self.ticks = ticks
        self.count = len(ticks)
        """How many messages it is."""
        self._since = ANSWERS_SINCE[ticks[0].id] if ticks else PROTOBUF
        self._cuts: dict[tuple[int, int], list[bytes]] = {}

    def frames(self, req_id: int, version: int) -> bytes:
        """The ticks as frames for one subscriber."""
        protobuf = version >= self._since
        written = _written(req_id, protobuf)
        encoding = protobuf + (version >= PROTOBUF) + (version >= VOLUMES_IN_SHARES), len(written)
        cuts = self._cuts.get(encoding)
        if cuts is None:
            cuts = self._cuts[encoding] = self._cut(version, len(written), protobuf=protobuf)
        return written.join(cuts)

    def _cut(self, version: int, length: int, *, protobuf: bool) -> list[bytes]:
        cuts = []
        behind = b""
        for tick in self.ticks:
            if protobuf:
                head, tail = _binary_head(tick.id), _tail(tick, version)
            else:
                head = _binary_text_head(tick.id, tick.head) if version >= PROTOBUF else _text_head(tick.id, tick.head)
                tail = b"\0" + payload(tick.values(version))
            cuts.append(behind + (len(head) + length + len(tail)).to_bytes(4) + head)
            behind = tail
        cuts.append(behind)
        return cuts


NOTHING = Burst()


@lru_cache(maxsize=64)
def _text_head(message_id: int, head: tuple[int, ...]) -> bytes:
    return payload((message_id, *head))


@lru_cache(maxsize=64)
def _binary_text_head(message_id: int, head: tuple[int, ...]) -> bytes:
    return message_id.to_bytes(4) + (payload(head) if head else b"")


@lru_cache(maxsize=64)
def _binary_head(message_id: int) -> bytes:
    return (message_id + OFFSET).to_bytes(4) + _REQ_ID


def _tail(tick: Tick, version: int) -> bytes:
    """The message in protobuf behind its request id, which in a tick of a burst is 0: two bytes."""
    body: bytes = tick.proto(version).SerializeToString()
    return body[2:]


@lru_cache(maxsize=4096)
def _written(req_id: int, protobuf: bool) -> bytes:
    """A request id as it stands in a message."""
    if not protobuf:
        return str(req_id).encode()
    rest = req_id & 0xFFFF_FFFF_FFFF_FFFF
    written = bytearray()
    while rest > 0x7F:
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    written.append(rest)
    return bytes(written)
