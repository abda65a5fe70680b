"""What the tests' asyncio clients have in common: a socket, and payloads cut out of what it brings."""

import asyncio
import contextlib
from typing import Self

from tws.frames import FrameReader


class Connection:
    """Use as `async with Connection(port) as connection`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._frames = FrameReader()

    async def __aenter__(self) -> Self:
        self.reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._writer.close()
        # Left to the garbage collector, an open transport warns in whichever test happens to run by then.
        with contextlib.suppress(ConnectionError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), 5)

    def send_bytes(self, data: bytes) -> None:
        self._writer.write(data)

    async def payloads(self) -> list[bytes]:
        """Whatever comes next; nothing, where it is less than a frame.

        Raises:
            EOFError: the server closed.
        """
        data = await self.reader.read(65536)
        if not data:
            raise EOFError
        return self._frames.feed(data)
