"""How ibapi reads its socket: a piece at a time, instead of all that comes without a pause.

ibapi reads on while each read of 4096 bytes comes back full. What it holds by then is lost if a second of silence
follows a full read (seen), and a burst grows into megabytes, of which the adapter writes out all that is left for each
message that it takes from them, on the node's loop: a second's flood of ticks stops the engine for minutes (seen).
"""

from __future__ import annotations

from typing import Any

from ibapi.connection import Connection

ON_CLASS = ("_recvAllMsg", "recvMsg")
PIECE = 4096


def read_in_pieces() -> None:
    """Let every connection hand on what one read brings. What is cut in two is put together by whoever reads."""
    Connection._recvAllMsg = _piece


def _piece(connection: Any) -> bytes:
    return bytes(connection.socket.recv(PIECE))
