"""A client made of nothing but a socket: it sends what it is told, as text, and shows what comes back."""

import asyncio
from collections.abc import Callable, Sequence

from tests.unit.simulator.connection import Connection
from tws.frames import decode_fields, encode_fields, frame

type Message = list[str]


class RawClient(Connection):
    """Use as `async with RawClient(port) as client`."""

    def __init__(self, port: int, versions: str = "v100..200") -> None:
        super().__init__(port)
        self._versions = versions
        self._ready: list[Message] = []

    async def greet(self) -> Message:
        """Shake hands; returns server version and time."""
        self.send_bytes(b"API\0" + frame(self._versions.encode()))
        return await self.receive()

    async def start(self, client_id: int = 7) -> list[Message]:
        """Greet and start the API; returns what is sent unasked, up to the last farm notice."""
        await self.greet()
        self.send("71", "2", client_id, "")
        return await self.until(lambda message: "2158" in message)

    def send(self, *fields: str | int | float) -> None:
        self.send_bytes(frame(encode_fields(*fields)))

    async def receive(self, seconds: float = 5.0) -> Message:
        """The next message.

        Raises:
            TimeoutError: none came.
            EOFError: the server closed.
        """
        async with asyncio.timeout(seconds):
            while not self._ready:
                self._ready += map(self._fields, await self.payloads())
        return self._ready.pop(0)

    def _fields(self, payload: bytes) -> Message:
        return decode_fields(payload)

    async def until(self, wanted: Callable[[Message], bool], seconds: float = 5.0) -> list[Message]:
        """Messages up to and with the first that is wanted."""
        heard: list[Message] = []
        async with asyncio.timeout(seconds):
            while not heard or not wanted(heard[-1]):
                heard.append(await self.receive(seconds))
        return heard

    async def answer(self, *fields: str | int | float, end: str) -> list[Message]:
        """Ask something; returns messages up to the first with the id `end`."""
        self.send(*fields)
        return await self.until(lambda message: message[0] == end)

    async def caught_up(self) -> list[Message]:
        """Everything that was sent before the answer to a question asked now; by then what was asked before is done."""
        self.send("8", "1", "1")
        heard = await self.until(lambda message: message[0] == "9")
        return heard[:-1]

    async def silence(self, seconds: float = 0.15) -> bool:
        """Whether nothing comes for a while."""
        try:
            self._ready.insert(0, await self.receive(seconds))
        except TimeoutError:
            return True
        return False

    async def closed(self) -> bool:
        """Whether the server closes, whatever it sends before."""
        try:
            while True:
                await self.receive()
        except (EOFError, ConnectionError):
            return True


def of(messages: Sequence[Message], message_id: str) -> list[Message]:
    """The messages of one kind."""
    return [message for message in messages if message[0] == message_id]
