"""Docker's SDK, which is blocking, with a thread that waits for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from docker import APIClient
from docker.errors import DockerException
from requests.exceptions import RequestException

ROLE = "watchkeeper.role"
TENANT = "watchkeeper.tenant"
OURS = {"label": [ROLE]}
"""The one filter that the proxy lets through."""
TROUBLE = (DockerException, RequestException, OSError, ValueError, KeyError, TypeError)
"""What comes of asking a daemon that is away, hangs, refuses, or answers nonsense."""


def connect(url: str, timeout: int) -> APIClient:
    """Greet the daemon at `tcp://host:port` or `unix:///path`. Raises one of `TROUBLE`.

    It is spoken to in its own API version: old daemons speak 1.41, new ones refuse that.
    """
    return APIClient(base_url=url, version="auto", timeout=timeout)


class Line:
    """A client with a thread of its own: what hangs there delays nothing else."""

    def __init__(self, url: str, timeout: int, name: str) -> None:
        self._client = cache(lambda: connect(url, timeout))  # greeted at the first call that goes through
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run[T](self, call: Callable[[APIClient], T]) -> T:
        """What `call` returns or raises, or one of `TROUBLE`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: call(self._client()))

    def close(self) -> None:
        """Do nothing more. What is being done is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)
