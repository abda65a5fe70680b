"""Looking up a gateway's name, on a thread of its tenant's own.

asyncio's few threads are for all, and a look-up that hangs keeps its thread whatever the caller's patience.
"""

import asyncio
import ipaddress
import socket
from concurrent.futures import Future, ThreadPoolExecutor

from tws.errors import NameUnresolved


class Name:
    """One host's."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="name")
        self._asking: Future[str] | None = None
        try:
            ipaddress.ip_address(host)
        except ValueError:
            self._is_address = False
        else:
            self._is_address = True

    async def address(self, timeout: float) -> str:
        """Its address now. Nothing is kept: a container that is made anew has another.

        Raises:
            NameUnresolved: there is none, or nobody says so in time.
        """
        if self._is_address:
            return self._host
        if self._asking is None or self._asking.done():
            self._asking = self._thread.submit(self._ask)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(asyncio.wrap_future(self._asking))
        except (OSError, TimeoutError) as error:
            found = "no answer" if isinstance(error, TimeoutError) else error
            raise NameUnresolved(f"expected {self._host} to resolve, found {found}; is the container there?") from error

    def _ask(self) -> str:
        return str(socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)[0][4][0])

    def close(self) -> None:
        """Let go of the thread; what it is doing is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)
