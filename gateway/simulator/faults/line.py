"""Faults of the bytes between gateway and client: late, in drops, in an unlucky length, or nonsense."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from gateway.simulator.api.trouble import Due
from gateway.simulator.faults.fault import Fault, number, text, whole
from gateway.simulator.wire.answers.answer import framed
from gateway.simulator.wire.answers.session import Error
from gateway.simulator.wire.protobuf import PROTOBUF
from tws import codes
from tws.frames import MAX_FRAME, frame

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session

_CHUNK = 4096
"""ibapi reads this much at a time, and takes a read that fills it for a sign that there is more."""


@dataclass(kw_only=True, eq=False)
class Slow(Fault):
    """What the gateway writes arrives late."""

    name = "slow"
    scopes = ("client",)

    latency: float = number(0.5, "machine seconds by which everything is late", 0, 600)
    jitter: float = number(0.0, "up to so many more, at random for each write; the order is kept", 0, 600)

    def writes(self, session: "Session", data: bytes, free_at: float) -> list[Due]:
        now = self.site.gateway.host.monotonic()
        return [(max(free_at, now + self.latency + self.jitter * self.site.random.random()), data)]


@dataclass(kw_only=True, eq=False)
class Trickle(Fault):
    """What the gateway writes arrives a few bytes at a time."""

    name = "trickle"
    scopes = ("client",)

    size: int = whole(1, "bytes in a piece", 1, 65536)
    pause: float = number(0.01, "machine seconds between two pieces", 0, 60)

    def writes(self, session: "Session", data: bytes, free_at: float) -> list[Due]:
        pieces = range(0, len(data), self.size)
        return [(free_at + self.pause * n, data[at : at + self.size]) for n, at in enumerate(pieces, 1)]


@dataclass(kw_only=True, eq=False)
class Burst(Fault):
    """Writes are filled up, with a notice padded with blanks, to a multiple of 4096 bytes, and silence follows.

    ibapi of every make waits for more then, and throws away all it has read when nothing comes within a second.
    """

    name = "burst"
    scopes = ("client",)

    pause: float = number(1.2, "machine seconds of silence after each", 0, 600)
    until: WeakKeyDictionary["Session", float] = field(default_factory=WeakKeyDictionary, init=False)

    def writes(self, session: "Session", data: bytes, free_at: float) -> list[Due]:
        if not session.started:
            return [(free_at, data)]
        due = max(free_at, self.until.get(session, free_at))
        self.until[session] = due + self.pause
        blanks = 0  # a length may itself grow by a byte, as a number in protobuf does: then once more
        while short := -(len(data) + len(self._filler(session, blanks))) % _CHUNK:
            blanks += short
        return [(due, data + self._filler(session, blanks))]

    def _filler(self, session: "Session", blanks: int) -> bytes:
        words = codes.text(codes.SECDEF_FARM_OK, "secdefnj" + " " * blanks)
        return Error(-1, codes.SECDEF_FARM_OK, words, self.site.gateway.now()).frame(session.version)


_NONSENSE = {
    "no-number": frame(b"nonsense"),
    "unknown-id": frame(b"9999\x00\x00"),
    "no-fields": frame(b""),
    "half-a-message": frame(b"5\x001\x00"),
    "not-utf-8": frame(b"4\x00-1\x002104\x00\xff\xfe\xfd\x00\x00"),
    "too-long": (MAX_FRAME + 1).to_bytes(4),
}
_BINARY_NONSENSE = _NONSENSE | {
    "unknown-id": framed(9999, b"", protobuf=False),
    "half-a-message": framed(5, b"\x08", protobuf=True),
    "not-utf-8": framed(4, b"\x22\x03\xff\xfe\xfd", protobuf=True),
}
"""The same with binary message ids: in place of fields there are a number without its digits, and a text of no use."""


@dataclass(kw_only=True, eq=False)
class UndecodableFrame(Fault):
    """One frame that no client can read."""

    name = "undecodable-frame"
    scopes = ("client",)
    momentary = True

    kind: str = text("no-number", "what is wrong with it", *_NONSENSE)

    async def begin(self) -> None:
        for session in self.sessions():
            session.put((_NONSENSE if session.version < PROTOBUF else _BINARY_NONSENSE)[self.kind], 1)
