"""A client that says what it likes, and finds out whether it is still answered."""

import asyncio
import contextlib
from typing import Self

from gateway.simulator.wire.protobuf import ANSWERS_SINCE
from tests.unit.simulator.connection import Connection
from tests.unit.simulator.offline import Encoder
from tests.unit.simulator.spoil import varint
from tws.frames import frame

_PATIENCE = 60.0
"""Seconds until it is sure that it is not cut off: beside a fuzzer the server may be busy."""


class Caller(Connection):
    """A socket that speaks as ibapi does at a version; use as `async with Caller(port, version) as caller`."""

    def __init__(self, port: int, version: int) -> None:
        super().__init__(port)
        self._version = version
        self._asking = Encoder(version)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.send_bytes(b"API\0")
        return self

    async def start(self, client_id: int) -> None:
        """Shake hands and start the API."""
        self.send_bytes(frame(b"v100..%d" % self._version))
        self._asking.clientId = client_id
        self._asking.startApi()
        await self.asks_and_is_answered()

    async def asks_and_is_answered(self) -> None:
        """By the number of a question that nobody else asks.

        Raises:
            EOFError: the server closed instead.
        """
        self._asking.queryDisplayGroups(777001) if self._version < 201 else self._asking.reqUserInfo(777001)
        self.send_bytes(self._asking.written())
        number = b"777001\0" if self._version < ANSWERS_SINCE[107] else b"\x08" + varint(777001)
        async with asyncio.timeout(30):
            while not any(number in payload for payload in await self.payloads()):
                pass

    async def is_cut_off(self) -> bool:
        """Whether the server closes, whatever it sends before.

        Raises:
            TimeoutError: it does not.
        """
        async with asyncio.timeout(_PATIENCE):
            with contextlib.suppress(ConnectionError):
                while await self.reader.read(65536):
                    pass
        return True
