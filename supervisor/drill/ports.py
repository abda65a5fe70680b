"""Ports for stacks and processes that run beside others."""

import random
import socket
from collections import deque

_LOWEST, _HIGHEST = 20_000, 32_000
"""Below the range from which Linux takes the ports of outgoing connections (32768 up, by default): a port from that
range may be gone again before it is listened on, as seen on a busy machine."""

_given: deque[int] = deque(maxlen=1000)
"""Whoever asks for three takes them before it listens on the first: the same one twice is no rare thing in a suite."""


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now, and that no outgoing connection will take.

    None of the last thousand that this process was given.
    """
    while True:
        port = random.randrange(_LOWEST, _HIGHEST)  # noqa: S311 (no secret)
        if port in _given:
            continue
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.append(port)
            return port
