"""Messages that many subscribers get, encoded once: all but the request id, which is put in for each of them.

A tick is what stands before the request id and what stands behind it. Frames carry their length in front, which
depends on the id only by its number of digits: ids of equal length share everything.
"""

from collections.abc import Sequence
from functools import lru_cache

from gateway.simulator.wire.text import Value, payload

type Tick = tuple[bytes, bytes]
"""A message cut where its request id goes; both pieces keep the NUL next to the cut."""


def tick(head: tuple[int, ...], *tail: Value) -> Tick:
    """A message: its id (and old version number), and the fields behind the request id."""
    return _head(head), b"\0" + payload(tail)


@lru_cache(maxsize=64)
def _head(fields: tuple[int, ...]) -> bytes:
    return payload(fields)


class Burst:
    """Ticks that go out together."""

    __slots__ = ("_cuts", "_ticks", "count")

    def __init__(self, ticks: Sequence[Tick] = ()) -> None:
        self._ticks = ticks
        self._cuts: dict[int, list[bytes]] = {}
        self.count = len(ticks)
        """How many messages it is."""

    def frames(self, req_id: bytes) -> bytes:
        """The ticks as frames for one subscriber."""
        length = len(req_id)
        cuts = self._cuts.get(length)
        if cuts is None:
            cuts = self._cuts[length] = self._cut(length)
        return req_id.join(cuts)

    def _cut(self, length: int) -> list[bytes]:
        cuts = []
        behind = b""
        for head, tail in self._ticks:
            cuts.append(behind + (len(head) + length + len(tail)).to_bytes(4) + head)
            behind = tail
        cuts.append(behind)
        return cuts


NOTHING = Burst()
