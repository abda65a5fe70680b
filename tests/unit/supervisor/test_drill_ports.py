"""Ports for what runs beside others."""

import socket

import pytest

from supervisor.drill import ports


def test_a_port_can_be_listened_on_and_is_none_that_outgoing_connections_take() -> None:
    port = ports.free_port()
    assert 20_000 <= port < 32_000
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_port_that_is_listened_on_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", ports.free_port())) as held:
        taken = held.getsockname()[1]
        offered = iter([taken, taken, ports.free_port()])
        ports._given.clear()
        monkeypatch.setattr("random.randrange", lambda *_: next(offered))
        assert ports.free_port() != taken


def test_a_port_is_not_given_twice_before_anybody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    first, other = ports.free_port(), ports.free_port()
    ports._given.remove(other)
    offered = iter([first, first, other])
    monkeypatch.setattr("random.randrange", lambda *_: next(offered))
    assert ports.free_port() == other
