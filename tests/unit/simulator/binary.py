"""A socket that speaks as ibapi does from server version 201 on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.simulator.wire.protobuf import OFFSET, pb
from tests.unit.simulator.offline import Encoder
from tests.unit.simulator.raw import Message, RawClient
from tws.frames import decode_fields

if TYPE_CHECKING:
    from collections.abc import Callable


class BinaryClient(RawClient):
    """Shows messages as their id without what protobuf adds to it, then their fields: those of errors as of text, what
    else is protobuf as one."""

    def __init__(self, port: int, version: int = 223) -> None:
        super().__init__(port, f"v100..{version}")
        self._encoder = Encoder(version)
        self._greeted = False

    async def start(self, client_id: int = 7) -> list[Message]:
        await self.greet()
        self._greeted = True
        self._encoder.clientId = client_id
        self.ask(lambda client: client.startApi())
        return await self.until(lambda message: message[0] == "4" and message[2] == "2158")

    def ask(self, question: Callable[[Encoder], None]) -> None:
        """Send what ibapi writes for it."""
        question(self._encoder)
        self.send_bytes(self._encoder.written())

    def _fields(self, payload: bytes) -> Message:
        if not self._greeted:
            return super()._fields(payload)
        number, body = int.from_bytes(payload[:4]), payload[4:]
        if number <= OFFSET:
            return [str(number), *decode_fields(body)]
        if number == OFFSET + 4:
            said = pb.ErrorMessage.FromString(body)
            return ["4", str(said.id), str(said.errorCode), said.errorMsg]
        return [str(number - OFFSET), body.decode("latin-1")]
