"""The Docker daemon's HTTP API, blocking, with threads that wait for it.

By urllib3 alone, which carries Docker's SDK: with the rest of that a call takes three times as long, and a hundred
gateways are too many. What is asked for is written as the SDK writes it, since that is what the proxy lets through.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, override
from urllib.parse import quote_plus, urlsplit

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

ROLE = "watchkeeper.role"
TENANT = "watchkeeper.tenant"
OURS = f"filters={quote_plus(json.dumps({'label': [ROLE]}))}"
"""The one filter that the proxy lets through."""


class Refused(Exception):
    """The daemon answered no."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


LIST = f"/containers/json?limit=-1&all=1&size=0&trunc_cmd=0&{OURS}"
"""Every container of ours, whatever it does."""

TROUBLE = (Refused, HTTPError, OSError, ValueError, KeyError, TypeError)
"""What comes of asking a daemon that is away, hangs, refuses, or answers nonsense."""


class _UnixConnection(HTTPConnection):
    """To a socket in the file system."""

    path = ""

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def _pool(url: str) -> HTTPConnectionPool:
    parts = urlsplit(url)
    pool = HTTPConnectionPool(parts.hostname or "localhost", parts.port or 2375, retries=False)
    if parts.scheme == "unix":
        pool.ConnectionCls = type("_Connection", (_UnixConnection,), {"path": parts.path})
    return pool


class Daemon:
    """The daemon at `tcp://host:port` or `unix:///path`, on a connection that is kept open. Raises one of `TROUBLE`."""

    def __init__(self, url: str, timeout: float) -> None:
        self._pool = _pool(url)
        self._timeout = timeout

    def get(self, target: str) -> Any:
        """The answer's JSON."""
        return json.loads(self.read(target))

    def read(self, target: str) -> bytes:
        """The answer's bytes."""
        return self._ask("GET", f"{self._version}{target}", Timeout(self._timeout)).data

    def post(self, target: str, *, patience: float = 0.0) -> None:
        """Have it do something, which may take `patience` seconds more than an answer. It is asked once."""
        self._ask("POST", f"{self._version}{target}", Timeout(self._timeout + patience))

    def stream(self, target: str) -> Iterator[Any]:
        """JSON lines for as long as there are any, silent ones of any length; None at first, once it is there."""
        patience = Timeout(connect=self._timeout, read=None)
        response = self._ask("GET", f"{self._version}{target}", patience, whole=False)
        yield None
        for line in response:
            yield json.loads(line)

    @cached_property
    def _version(self) -> str:
        """The daemon's own: old ones speak 1.41, new ones refuse that."""
        told = json.loads(self._ask("GET", "/version", Timeout(self._timeout)).data)
        return f"/v{told['ApiVersion']}"

    def _ask(self, method: str, target: str, timeout: Timeout, *, whole: bool = True) -> BaseHTTPResponse:
        response = self._pool.urlopen(method, target, timeout=timeout, preload_content=whole)
        if response.status >= 400:
            raise Refused(response.status, _reason(response.data))
        return response


def _reason(body: bytes) -> str:
    """Docker's sentence; a proxy's page is told as it is."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()


_THREADS = ThreadPoolExecutor(512, thread_name_prefix="docker")
"""For all lines: as many as are needed at a time are made, and kept. One for each line would be three a tenant."""


class Line:
    """A connection on which one call is made at a time, in a thread: what hangs there delays nothing else."""

    def __init__(self, url: str, timeout: float) -> None:
        self._daemon = Daemon(url, timeout)
        self._one_at_a_time = threading.Lock()
        self._closed = False

    async def run[T](self, call: Callable[[Daemon], T]) -> T:
        """What `call` returns or raises, or one of `TROUBLE`."""
        return await asyncio.get_running_loop().run_in_executor(_THREADS, self._made, call)

    def _made[T](self, call: Callable[[Daemon], T]) -> T:
        with self._one_at_a_time:
            if self._closed:
                raise OSError("the line is closed")
            return call(self._daemon)

    def close(self) -> None:
        """Do nothing more. What is being done is not waited for."""
        self._closed = True
