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


_PROTOBUF = 2
"""The place of protobuf among a tick's heads."""


@dataclass(slots=True)
class Tick(Answer):
    """An answer to one request that others may get as well."""

    head: ClassVar[tuple[int, ...]] = ()
    """What stands between message id and request id in text: an old version number."""
    heads: ClassVar[tuple[bytes, bytes, bytes]]
    """What stands before the request id: in text, in text behind a binary message id, in protobuf."""
    req_id: int = field(default=0, kw_only=True)
    """0 in a `Burst`, which puts in each subscriber's own."""

    def __init_subclass__(cls) -> None:
        old_version = payload(cls.head) if cls.head else b""
        binary = cls.id.to_bytes(4)
        cls.heads = payload((cls.id,)) + old_version, binary + old_version, (cls.id + OFFSET).to_bytes(4) + _REQ_ID

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
        self._cuts: dict[int, list[bytes]] = {}

    def frames(self, req_id: int, version: int) -> bytes:
        """The ticks as frames for one subscriber."""
        form = (version >= PROTOBUF) + (version >= self._since)
        written = _written(req_id, form == _PROTOBUF)
        encoding = len(written) << 2 | form + (version >= VOLUMES_IN_SHARES)
        cuts = self._cuts.get(encoding)
        if cuts is None:
            cuts = self._cuts[encoding] = self._cut(version, len(written), form)
        return written.join(cuts)

    def _cut(self, version: int, length: int, form: int) -> list[bytes]:
        cuts = []
        behind = b""
        for tick in self.ticks:
            head = tick.heads[form]
            tail = _tail(tick, version) if form == _PROTOBUF else b"\0" + payload(tick.values(version))
            cuts.append(behind + (len(head) + length + len(tail)).to_bytes(4) + head)
            behind = tail
        cuts.append(behind)
        return cuts


NOTHING = Burst()


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
