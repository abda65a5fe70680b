"""Ports for stacks and processes that run beside others."""

import random
import socket

_LOWEST, _HIGHEST = 20_000, 32_000
"""Below the range from which Linux takes the ports of outgoing connections (32768 up, by default): a port from that
range may be gone again before it is listened on, as seen on a busy machine."""


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now, and that no outgoing connection will take."""
    while True:
        port = random.randrange(_LOWEST, _HIGHEST)  # noqa: S311 (no secret)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
