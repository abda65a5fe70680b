"""One supervisor a journal. Two would restart the same gateway twice, each inside a budget of its own.

The lock is the kernel's and ends with the process, however that ends. It does not reach across hosts, nor to another
STATE_DIR, so the name under which engines ask for clearance is tried as well: before we listen, nobody answers there.
"""

import fcntl
import http.client
import json
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from supervisor.errors import JournalUnusable, SecondSupervisor

LOCK = "supervisor.lock"
_TIMEOUT = 1.0
_TOO_LONG = 1 << 20


class Lock:
    """Held until `release`, or until the process ends."""

    def __init__(self, directory: Path) -> None:
        """Take it.

        Raises:
            SecondSupervisor: another process holds it.
            JournalUnusable: the directory cannot be written.
        """
        path = directory / LOCK
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalUnusable(f"expected to write {path}, found {error.strerror}; check the volume") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise SecondSupervisor(
                f"second-supervisor: expected to be the only supervisor of this journal, found {path} locked by "
                "another; stop that one, or give this one a STATE_DIR of its own"
            ) from error

    def release(self) -> None:
        """Let another supervisor start."""
        os.close(self._file)


def refuse_second(url: str, tenants: frozenset[str]) -> None:
    """Refuse to watch what a supervisor that answers under our own name watches already. Call it before listening.

    Raises:
        SecondSupervisor: one answers, and it watches one of `tenants`.
    """
    parts = urlsplit(url)
    name, port = parts.hostname or "", parts.port or 80
    try:
        addresses = {row[4][0] for row in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)}
    except OSError:
        return  # nobody has the name
    for address in sorted(map(str, addresses)):
        both = tenants & _watched_at(address, port, name)
        if both:
            raise SecondSupervisor(
                f"second-supervisor: expected nobody to answer as {name}:{port} yet, found a supervisor of "
                f"{', '.join(sorted(both))} at {address}; stop one of the two"
            )


def _watched_at(address: str, port: int, name: str) -> frozenset[str]:
    """The tenants of the supervisor at an address; none where no supervisor answers."""
    connection = http.client.HTTPConnection(address, port, timeout=_TIMEOUT)
    try:
        connection.request("GET", "/api/v1/status", headers={"Host": f"{name}:{port}", "Connection": "close"})
        body = json.loads(connection.getresponse().read(_TOO_LONG))
        return frozenset(str(tenant["name"]) for tenant in body["tenants"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return frozenset()
    finally:
        connection.close()
