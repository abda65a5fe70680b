"""This machine, asked: disk, memory, open files, names, ports. Everything here blocks."""

import json
import os
import socket
from pathlib import Path

from preflight.errors import NotSeen
from preflight.sources.host import OpenFiles, Room

MEMORY = Path("/proc/meminfo")


def disk(path: Path) -> Room:
    """The file system that `path` is on. Raises: NotSeen."""
    try:
        found = os.statvfs(path)
    except OSError as error:
        raise NotSeen(f"the disk of {path} cannot be asked: {error.strerror}") from error
    return Room(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def memory(path: Path = MEMORY) -> Room:
    """What programs may still take without swapping. Raises: NotSeen."""
    try:
        rows = dict(line.split(":", 1) for line in path.read_text().splitlines())
        free, total = (int(rows[name].split()[0]) * 1024 for name in ("MemAvailable", "MemTotal"))
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise NotSeen(f"{path} does not tell this machine's memory") from error
    return Room(free, total)


def open_files(mailbox: Path | None) -> OpenFiles:
    """What the gateway's wrapper wrote into the mailbox. Raises: NotSeen."""
    if mailbox is None:
        raise NotSeen("no mailbox of the gateway's container is here")
    try:
        note = json.loads((mailbox / "resources").read_text())
        return OpenFiles(int(note["open_files"]), int(note["open_files_limit"]), float(note["at"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotSeen("the gateway's container has not counted its open files") from error


def addresses(name: str) -> tuple[str, ...]:
    """The addresses of a name, IPv4 first; none where it has none."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    ordered = sorted(found, key=lambda one: one[0] != socket.AF_INET)
    return tuple(dict.fromkeys(str(one[4][0]) for one in ordered))


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine's loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
