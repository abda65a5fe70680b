"""ibapi's own encoder and decoder on an asyncio socket: what its user says and is told, at any server version."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from ibapi.decoder import Decoder

from tests.unit.simulator.connection import Connection
from tests.unit.simulator.offline import Encoder
from tests.unit.simulator.told import Call, Told, interpret
from tws.frames import frame


class IbapiClient(Connection):
    """Use as `async with IbapiClient(port, version) as client`."""

    def __init__(self, port: int, version: int) -> None:
        super().__init__(port)
        self._version = version
        self._asking = Encoder(version)
        self._told = Told()
        self._decoder = Decoder(self._told, version)

    async def start(self, client_id: int) -> list[Call]:
        """Shake hands and start the API; returns what is told unasked, up to the last farm notice."""
        self.send_bytes(b"API\0" + frame(b"v100..%d" % self._version))
        while not (greeting := await self.payloads()):
            pass
        assert greeting[0].startswith(b"%d\0" % self._version)
        self._asking.clientId = client_id
        self.ask("startApi")
        return await self.until(lambda name, values: name == "error" and values[2] == 2158)

    def ask(self, request: str, *values: Any) -> None:
        """Make a request by ibapi's name and values."""
        getattr(self._asking, request)(*values)
        self.send_bytes(self._asking.written())

    async def receive(self, seconds: float = 5.0) -> Call:
        """The next callback.

        Raises:
            TimeoutError: none came.
            EOFError: the server closed.
        """
        async with asyncio.timeout(seconds):
            while not self._told.calls:
                self._interpret(await self.payloads())
        return self._told.calls.pop(0)

    def take(self, data: bytes) -> None:
        """Decode what was read past this client."""
        self._interpret(self._frames.feed(data))

    def _interpret(self, payloads: list[bytes]) -> None:
        for payload in payloads:
            interpret(self._decoder, payload, self._version)

    async def until(self, wanted: Callable[[str, tuple[Any, ...]], bool]) -> list[Call]:
        """Callbacks up to and with the first that is wanted."""
        heard = [await self.receive()]
        while not wanted(*heard[-1]):
            heard.append(await self.receive())
        return heard

    async def told(self, name: str) -> tuple[Any, ...]:
        """The values of the next callback of a name."""
        return (await self.until(lambda heard, values: heard == name))[-1][1]

    async def heard(self) -> list[Call]:
        """Everything that comes until nothing does."""
        heard: list[Call] = []
        with contextlib.suppress(TimeoutError):
            while True:
                heard.append(await self.receive(0.1))
        return heard


def of(calls: list[Call], name: str) -> list[tuple[Any, ...]]:
    """The values of the callbacks of a name."""
    return [values for heard, values in calls if heard == name]
