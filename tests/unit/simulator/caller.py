"""A client that says what it likes, and finds out whether it is still answered."""

import asyncio
import contextlib
from typing import Self

from gateway.simulator.wire.protobuf import ANSWERS_SINCE
from tests.unit.simulator.offline import Encoder
from tests.unit.simulator.spoil import varint
from tws.frames import FrameReader, frame

_PATIENCE = 60.0
"""Seconds until it is sure that it is not cut off: beside a fuzzer the server may be busy."""


class Caller:
    """A socket that speaks as ibapi does at a version; use as `async with Caller(port, version) as caller`."""

    def __init__(self, port: int, version: int) -> None:
        self._port = port
        self._version = version
        self._asking = Encoder(version)
        self._frames = FrameReader()

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self.say(b"API\0")
        return self

    async def __aexit__(self, *error: object) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def start(self, client_id: int) -> None:
        """Shake hands and start the API."""
        self.say(frame(b"v100..%d" % self._version))
        self._asking.clientId = client_id
        self._asking.startApi()
        await self.asks_and_is_answered()

    def say(self, data: bytes) -> None:
        self._writer.write(data)

    async def asks_and_is_answered(self) -> None:
        """By the number of a question that nobody else asks.

        Raises:
            EOFError: the server closed instead.
        """
        self._asking.queryDisplayGroups(777001) if self._version < 201 else self._asking.reqUserInfo(777001)
        for payload in self._asking.conn.payloads:
            self.say(frame(payload))
        self._asking.conn.payloads.clear()
        number = b"777001\0" if self._version < ANSWERS_SINCE[107] else b"\x08" + varint(777001)
        async with asyncio.timeout(30):
            while not any(number in payload for payload in self._frames.feed(await self._reader.read(65536))):
                if self._reader.at_eof():
                    raise EOFError

    async def is_cut_off(self) -> bool:
        """Whether the server closes, whatever it sends before.

        Raises:
            TimeoutError: it does not.
        """
        async with asyncio.timeout(_PATIENCE):
            with contextlib.suppress(ConnectionError):
                while await self._reader.read(65536):
                    pass
        return True
