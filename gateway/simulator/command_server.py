"""IBC's command server: words in, one line out, on loopback and without any authentication."""

import asyncio
from collections.abc import Callable

from gateway.simulator.errors import PortTaken

_HOST = "127.0.0.1"
_LONGEST = 1000


class CommandServer:
    """Listens on 127.0.0.1 while it is open."""

    def __init__(self, port: int, command: Callable[[str], str]) -> None:
        """`command` is given an upper-case word and returns the reply line."""
        self.port = port
        self._command = command
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            PortTaken: the port is not free.
        """
        try:
            self._server = await asyncio.start_server(self._serve, _HOST, self.port, limit=_LONGEST)
        except OSError as error:
            raise PortTaken(_HOST, self.port, "SIM_COMMAND_PORT", error) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and cut off whoever is connected."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while line := await reader.readline():
                word = line.decode("ascii", "replace").strip().upper()
                if word == "EXIT":
                    writer.write(b"OK Goodbye\n")
                    break
                writer.write(f"{self._command(word)}\n".encode())
                await writer.drain()
        except (ConnectionError, ValueError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()
