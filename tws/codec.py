"""The one file that knows ibapi's insides.

ibapi's encoders and decoder do the wire work; its sockets, threads and blocking queue do not suit a watcher. Here
its EClient is given an asyncio transport, and payloads are handed to its decoder as they arrive. The names used
below were read in nautilus-ibapi 10.45.1, whose EClient announces server versions 100 to 223; at 201 and above the
message id is binary and payloads with an id over 200 are protobuf.
"""

import asyncio
import logging
from decimal import InvalidOperation

from google.protobuf.message import DecodeError
from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.server_versions import MAX_CLIENT_VER, MIN_CLIENT_VER, MIN_SERVER_VER_PROTOBUF
from ibapi.utils import BadMessage
from ibapi.wrapper import EWrapper

from tws.errors import ProtocolError
from tws.handshake import MAX_CLIENT_VERSION, MIN_CLIENT_VERSION, Greeting

if (MIN_CLIENT_VER, MAX_CLIENT_VER) != (MIN_CLIENT_VERSION, MAX_CLIENT_VERSION):
    raise ImportError(
        f"expected ibapi of nautilus-ibapi 10.45.1 (server versions {MIN_CLIENT_VERSION}..{MAX_CLIENT_VERSION}), "
        f"found one that speaks {MIN_CLIENT_VER}..{MAX_CLIENT_VER}; another ibapi package has overwritten it: "
        "reinstall from uv.lock"
    )

_PROTOBUF_OFFSET = 200
_UNREADABLE = (BadMessage, DecodeError, InvalidOperation, ValueError, IndexError, TypeError, StopIteration)

# ibapi logs every message at INFO, with its arguments.
logging.getLogger("ibapi").setLevel(logging.ERROR)


class _Connection:
    """What EClient takes for its socket."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport

    def sendMsg(self, message: bytes) -> None:
        self._transport.write(message)

    def isConnected(self) -> bool:
        return not self._transport.is_closing()

    def disconnect(self) -> None:
        self._transport.close()


class Codec(EClient):  # type: ignore[misc]  # ibapi carries no types
    """Encodes requests onto a transport and decodes payloads into the calls of a wrapper."""

    def __init__(
        self, wrapper: EWrapper, transport: asyncio.WriteTransport, greeting: Greeting, client_id: int
    ) -> None:
        super().__init__(wrapper)
        self.conn = _Connection(transport)
        self.serverVersion_ = greeting.server_version
        self.connTime = greeting.connection_time
        self.clientId = client_id
        self.decoder = Decoder(wrapper, greeting.server_version)
        self.setConnState(EClient.CONNECTED)

    def deliver(self, payload: bytes) -> None:
        """Hand one payload to ibapi's decoder, which calls the wrapper.

        Raises:
            ProtocolError: ibapi could not make sense of it.
        """
        try:
            if self.serverVersion_ < MIN_SERVER_VER_PROTOBUF:
                head, _, body = payload.partition(b"\0")
                number = int(head)
            else:
                number, body = int.from_bytes(payload[:4]), payload[4:]
            if number > _PROTOBUF_OFFSET:
                self.decoder.processProtoBuf(body, number - _PROTOBUF_OFFSET)
            else:
                self.decoder.interpret(tuple(body.split(b"\0")[:-1]), number)
        except _UNREADABLE as error:
            raise ProtocolError(f"expected a message that ibapi can decode, found {payload[:80]!r}") from error
