"""ibapi's socket, with a real pair of sockets: as it is, and as we have it read."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from ibapi.connection import Connection

from engine.private.reader import PIECE, read_in_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Connection, socket.socket]]:
    monkeypatch.setattr(Connection, "_recvAllMsg", Connection._recvAllMsg)
    ours, theirs = socket.socketpair()
    ours.settimeout(0.2)
    connection = Connection("127.0.0.1", 1)
    connection.socket = ours
    with ours, theirs:
        yield connection, theirs


def test_as_it_is_a_full_piece_before_a_silence_is_lost(pair: tuple[Connection, socket.socket]) -> None:
    connection, gateway = pair
    gateway.sendall(b"x" * PIECE)
    assert connection.recvMsg() == b""


def test_in_pieces_nothing_is_lost_and_no_burst_is_gathered(pair: tuple[Connection, socket.socket]) -> None:
    read_in_pieces()
    connection, gateway = pair
    gateway.sendall(b"x" * PIECE)
    assert connection.recvMsg() == b"x" * PIECE
    assert connection.recvMsg() == b"", "silence is no end"
    assert connection.isConnected()
    gateway.sendall(b"y" * 3 * PIECE)
    assert [len(connection.recvMsg()) for _ in range(3)] == [PIECE] * 3
    gateway.close()
    assert connection.recvMsg() == b""
    assert not connection.isConnected()
