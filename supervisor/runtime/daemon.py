"""The Docker daemon's HTTP API: one connection, blocking, and the thread that waits for it.

http.client in place of the SDK: a few kinds of calls need no 5 MiB of modules, nor a session and a pool a tenant. The
request targets are the SDK's, byte for byte, since they are what the proxy lets through.
"""

import asyncio
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, override
from urllib.parse import quote_plus, urlsplit

ROLE = "watchkeeper.role"
TENANT = "watchkeeper.tenant"
FILTERS = quote_plus(json.dumps({"label": [ROLE]}))

_TOO_LONG = 16 << 20


class DaemonTrouble(Exception):
    """The daemon could not be asked."""


class Refused(DaemonTrouble):
    """The daemon answered no."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"status {status}: {text}")
        self.status = status


class _UnixConnection(http.client.HTTPConnection):
    """To a socket in the file system."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Daemon:
    """One connection, kept open between calls. It speaks the daemon's own API version, as old engines want."""

    def __init__(self, url: str, *, timeout: float) -> None:
        """`url` is `tcp://host:port` or `unix:///path`."""
        self._parts = urlsplit(url)
        self._timeout = timeout
        self._version: str | None = None
        self._kept: http.client.HTTPConnection | None = None

    def get(self, target: str) -> Any:
        """The answer's JSON. Raises: DaemonTrouble."""
        return _parsed(self.read(target))

    def read(self, target: str) -> bytes:
        """The answer's bytes. A connection that was closed while it was idle is opened anew.

        Raises:
            DaemonTrouble: no answer; Refused: the answer is no.
        """
        kept = self._kept is not None
        try:
            return self._read(target)
        except (http.client.RemoteDisconnected, ConnectionError) as error:
            if kept:
                return self._again(target)
            raise DaemonTrouble(f"no answer: {error!r}") from error
        except (OSError, http.client.HTTPException) as error:
            raise DaemonTrouble(f"no answer: {error!r}") from error

    def _again(self, target: str) -> bytes:
        try:
            return self._read(target)
        except (OSError, http.client.HTTPException) as error:
            raise DaemonTrouble(f"no answer: {error!r}") from error

    def _read(self, target: str) -> bytes:
        try:
            if self._kept is None:
                self._kept = self._connection(self._timeout)
            self._kept.request("GET", self._versioned(self._kept, target))
            return _body(self._kept.getresponse())
        except Refused:
            raise
        except BaseException:
            self.close()
            raise

    def post(self, target: str, *, patience: float = 0.0) -> None:
        """Have it do something, which may take `patience` seconds more than an answer. It is asked once, never again.

        Raises:
            DaemonTrouble: no answer; Refused: the answer is no.
        """
        connection = self._connection(self._timeout + patience)
        try:
            connection.request("POST", self._versioned(connection, target))
            _body(connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            raise DaemonTrouble(f"no answer: {error!r}") from error
        finally:
            connection.close()

    def stream(self, target: str) -> Iterator[Any]:
        """JSON lines for as long as there are any. The first call of `next` asks; silence is no trouble.

        Raises:
            DaemonTrouble: no answer, or the stream broke; Refused: the answer is no.
        """
        connection = self._connection(self._timeout)
        try:
            connection.request("GET", self._versioned(connection, target))
            sock = connection.sock
            response = connection.getresponse()
            if response.status != http.client.OK:
                _body(response)
            sock.settimeout(None)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            yield None  # it is there
            while line := response.readline():
                yield _parsed(line)
        except (OSError, http.client.HTTPException) as error:
            raise DaemonTrouble(f"no answer: {error!r}") from error
        finally:
            connection.close()

    def close(self) -> None:
        """Let go of the connection; the next call opens another."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if self._parts.scheme == "unix":
            return _UnixConnection(self._parts.path, timeout)
        return http.client.HTTPConnection(self._parts.hostname or "", self._parts.port or 2375, timeout=timeout)

    def _versioned(self, connection: http.client.HTTPConnection, target: str) -> str:
        if self._version is None:
            connection.request("GET", "/version")
            self._version = str(_parsed(_body(connection.getresponse()))["ApiVersion"])
        return f"/v{self._version}{target}"


class Line:
    """A connection with a thread of its own: what hangs there delays nothing else."""

    def __init__(self, url: str, timeout: float, name: str) -> None:
        self._daemon = Daemon(url, timeout=timeout)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._closed = False

    async def run[T](self, call: Callable[[Daemon], T]) -> T:
        """What `call` returns or raises. Raises: DaemonTrouble, once closed."""

        def ask() -> T:
            if self._closed:
                raise DaemonTrouble("expected to be in use, found closed")
            return call(self._daemon)

        return await asyncio.get_running_loop().run_in_executor(self._thread, ask)

    def close(self) -> None:
        """Do nothing more. What is being done is not waited for."""
        if not self._closed:
            self._closed = True
            self._thread.submit(self._daemon.close)
            self._thread.shutdown(wait=False)


def _body(response: http.client.HTTPResponse) -> bytes:
    data = response.read(_TOO_LONG)
    if response.status >= 400:
        try:
            text = str(json.loads(data)["message"])
        except (ValueError, KeyError, TypeError):
            text = response.reason
        raise Refused(response.status, text)
    return data


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise DaemonTrouble(f"expected JSON, found {data[:80]!r}") from error
