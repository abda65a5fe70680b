"""Real clients without a network: what they would have sent, cut into payloads and fields."""

from ib_async.client import Client
from ibapi.client import EClient
from ibapi.wrapper import EWrapper

from tws.frames import FrameReader, decode_fields, frame


class Line:
    """Takes the place of a socket and keeps what is written."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self._frames = FrameReader()

    def isConnected(self) -> bool:
        return True

    def sendMsg(self, message: bytes) -> None:
        self.payloads += self._frames.feed(message)

    @property
    def sent(self) -> list[list[str]]:
        return [decode_fields(payload) for payload in self.payloads]


class Encoder(EClient):  # type: ignore[misc]  # ibapi carries no types
    """ibapi's client, through its handshake at a server version."""

    def __init__(self, version: int) -> None:
        super().__init__(EWrapper())
        self.conn = Line()
        self.serverVersion_ = version
        self.setConnState(EClient.CONNECTED)

    def written(self) -> bytes:
        """What it has written since this was last asked."""
        payloads, self.conn.payloads = self.conn.payloads, []
        return b"".join(map(frame, payloads))

    @property
    def sent(self) -> list[list[str]]:
        return self.conn.sent


class IbAsyncEncoder(Client):  # type: ignore[misc]  # ib_async's types are not followed
    """ib_async's client, through its handshake at a server version."""

    def __init__(self, version: int) -> None:
        super().__init__(wrapper=None)
        self.conn = Line()
        self._serverVersion = version
        self.connState = Client.CONNECTED

    def sendMsg(self, msg: str) -> None:
        """At once: its own way waits in an event loop so as not to say too much in a second."""
        self.conn.sendMsg(self._prefix(msg.encode()))
