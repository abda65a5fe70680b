"""The API port: opens and closes it, and keeps the sessions behind it."""

import asyncio
import ipaddress
from collections.abc import Iterable

from gateway.simulator.api.dispatch import handle
from gateway.simulator.api.gateway import Gateway
from gateway.simulator.api.session import Session
from gateway.simulator.configuration import LOCAL_ONLY, SOCKET_PORT
from gateway.simulator.errors import PortTaken


class ApiServer:
    """Listens for clients while it is open."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._server: asyncio.Server | None = None
        self._hung = False

    @property
    def port(self) -> int:
        """The port it listens on, once it has been open."""
        return self._gateway.configuration.listens_on

    @property
    def is_open(self) -> bool:
        return self._server is not None

    async def open(self) -> None:
        """Begin to accept clients.

        Raises:
            PortTaken: the port is not free.
        """
        host = self._gateway.settings.api_host
        try:
            # In two steps: start_server alone, cancelled once it listens, leaves a socket that nobody can close.
            self._server = await asyncio.start_server(self._accept, host, self.port, backlog=128, start_serving=False)
            await self._server.start_serving()
        except OSError as error:
            chosen_by = SOCKET_PORT if SOCKET_PORT in self._gateway.configuration.changed else "SIM_API_PORT"
            raise PortTaken(host, self.port, chosen_by, error) from error
        self._gateway.configuration.listens_on = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop accepting and cut off everybody, as an ending process does."""
        self._hung = False
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for session in list(self._gateway.sessions):
            session.abort()
        if server is not None:
            await server.wait_closed()

    def hang(self) -> None:
        """Go on accepting, but neither read nor write on any session, old or new."""
        self._hung = True
        for session in self._gateway.sessions:
            session.silence()

    def unhang(self) -> None:
        """Read and write again."""
        self._hung = False
        for session in self._gateway.sessions:
            session.speak()

    def half_open(self, sessions: Iterable[Session]) -> None:
        """Leave these sessions without a word; new ones are served."""
        for session in sessions:
            session.silence()

    def end_half_open(self) -> None:
        """The gateway notices that those sessions are dead."""
        for session in list(self._gateway.sessions):
            if session.silent:
                session.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._gateway.configuration[LOCAL_ONLY] and not is_local(writer.get_extra_info("peername")):
            writer.close()
            return
        session = Session(self._gateway, reader, writer, handle)
        if self._hung:
            session.silence()
        if not self._gateway.trouble.accepts(session):
            session.close()
            return
        await session.run()


def is_local(peer: tuple[str, int] | None) -> bool:
    """Whether that is a client on this machine. Others are let in where the setting allows them, trusted or not: IBC
    accepts the dialog that a real gateway shows (assumed)."""
    return peer is None or ipaddress.ip_address(peer[0]).is_loopback
