"""ibapi's own encoder and decoder on an asyncio socket: what its user says and is told, at any server version."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Self

from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

from gateway.simulator.wire.protobuf import OFFSET, PROTOBUF
from tests.unit.simulator.offline import Encoder
from tws.frames import FrameReader, frame

type Call = tuple[str, tuple[Any, ...]]
"""A callback's name and its values."""


class _Told(EWrapper):  # type: ignore[misc]  # ibapi carries no types
    """Notes what is called, but for the callbacks that hand out a generated message as it came."""

    def __init__(self, calls: list[Call]) -> None:
        self._calls = calls

    def __getattribute__(self, name: str) -> Any:
        if name in EWrapper.__dict__ and not name.startswith("__") and name != "logAnswer":
            if name.endswith("ProtoBuf"):
                return lambda *args: None
            return lambda *args: self._calls.append((name, args))
        return object.__getattribute__(self, name)


class IbapiClient:
    """Use as `async with IbapiClient(port, version) as client`."""

    def __init__(self, port: int, version: int) -> None:
        self._port = port
        self._version = version
        self._asking = Encoder(version)
        self._frames = FrameReader()
        self._calls: list[Call] = []
        self._decoder = Decoder(_Told(self._calls), version)

    async def __aenter__(self) -> Self:
        self.reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def start(self, client_id: int) -> list[Call]:
        """Shake hands and start the API; returns what is told unasked, up to the last farm notice."""
        self._writer.write(b"API\0" + frame(b"v100..%d" % self._version))
        while not (greeting := self._frames.feed(await self.reader.read(65536))):
            pass
        assert greeting[0].startswith(b"%d\0" % self._version)
        self._asking.clientId = client_id
        self.ask("startApi")
        return await self.until(lambda name, values: name == "error" and values[2] == 2158)

    def ask(self, request: str, *values: Any) -> None:
        """Make a request by ibapi's name and values."""
        getattr(self._asking, request)(*values)
        for payload in self._asking.conn.payloads:
            self._writer.write(frame(payload))
        self._asking.conn.payloads.clear()

    async def receive(self, seconds: float = 5.0) -> Call:
        """The next callback.

        Raises:
            TimeoutError: none came.
            EOFError: the server closed.
        """
        async with asyncio.timeout(seconds):
            while not self._calls:
                data = await self.reader.read(65536)
                if not data:
                    raise EOFError
                self.take(data)
        return self._calls.pop(0)

    def take(self, data: bytes) -> None:
        """Decode what was read, as ibapi's message loop does."""
        for payload in self._frames.feed(data):
            if self._version < PROTOBUF:
                number, _, body = payload.partition(b"\0")
                message_id = int(number)
            else:
                message_id, body = int.from_bytes(payload[:4]), payload[4:]
            if message_id > OFFSET:
                self._decoder.processProtoBuf(body, message_id - OFFSET)
            else:
                self._decoder.interpret(tuple(body.split(b"\0")[:-1]), message_id)

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
