"""IBC's command server: words in, lines out, on loopback and without any authentication.

Replies as IBC 3.24 gives them: `OK …` or `ERROR …`, with no greeting and no prompt, which are off in the image.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from gateway.simulator.errors import PortTaken

_HOST = "127.0.0.1"
_LONGEST = 1000


class Reply(NamedTuple):
    """What a command is answered with; no line at all where IBC's own thread would have died of it."""

    lines: tuple[str, ...]
    closes: bool = False
    """Whether the connection ends with it."""


class CommandServer:
    """Listens on 127.0.0.1 while it is open."""

    def __init__(
        self, port: int, command: Callable[[str], Reply], say: Callable[[str], None] = lambda text: None
    ) -> None:
        """`command` is given a line as it came; `say` writes to IBC's log."""
        self.port = port
        self._command = command
        self._say = say
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            PortTaken: the port is not free.
        """
        self._say(f"CommandServer is starting with port {self.port}")
        try:
            # In two steps, as in `api.server`.
            self._server = await asyncio.start_server(
                self._serve, _HOST, self.port, limit=_LONGEST, start_serving=False
            )
            await self._server.start_serving()
        except OSError as error:
            raise PortTaken(_HOST, self.port, "SIM_COMMAND_PORT", error) from error
        self.port = self._server.sockets[0].getsockname()[1]
        self._say(f"CommandServer listening on address: {_HOST} port: {self.port}")
        self._say("CommandServer started and is ready to accept commands")

    async def close(self) -> None:
        """Stop listening and cut off whoever is connected."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await server.wait_closed()
        self._say("CommandServer is shutdown")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        self._say("CommandServer accepted connection from: /127.0.0.1")
        try:
            while line := await reader.readline():
                command = line.decode("ascii", "replace").rstrip("\r\n")
                if not command.strip():
                    continue
                self._say(f"CommandServer received command: {command}")
                reply = self._command(command)
                writer.writelines(f"{text}\n".encode() for text in reply.lines)
                await writer.drain()
                if reply.closes:
                    break
        except (ConnectionError, ValueError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()
