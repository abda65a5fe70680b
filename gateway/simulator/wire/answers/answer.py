"""A message to a client: one set of values, and the two ways in which it is written."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.protobuf import ANSWERS_SINCE, OFFSET, PROTOBUF
from gateway.simulator.wire.text import encode, payload


class Answer(ABC):
    """Subclasses are dataclasses of their values."""

    __slots__ = ()

    id: ClassVar[int]
    """The message id, without what protobuf adds to it."""

    @abstractmethod
    def text(self, version: int) -> Fields:
        """Its fields as text, the id first, as they are at a server version."""

    @abstractmethod
    def proto(self, version: int) -> Any:
        """The same as an instance of its generated class."""

    def frame(self, version: int) -> bytes:
        """The whole frame, its length in front."""
        if version < PROTOBUF:
            return encode(self.text(version))
        return framed(self.id, self.body(version), protobuf=version >= ANSWERS_SINCE[self.id])

    def body(self, version: int) -> bytes:
        """What stands behind the binary message id, from server version 201 on."""
        if version >= ANSWERS_SINCE[self.id]:
            return self.proto(version).SerializeToString()  # type: ignore[no-any-return]  # generated classes have no types
        rest = self.text(version)[1:]
        return payload(rest) if rest else b""


def framed(message_id: int, body: bytes, *, protobuf: bool) -> bytes:
    """A frame of server version 201 and later."""
    return (len(body) + 4).to_bytes(4) + (message_id + (OFFSET if protobuf else 0)).to_bytes(4) + body
