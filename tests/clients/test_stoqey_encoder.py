"""Every request of @stoqey/ib is read to its last field, and it means by it what ibapi means."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.clients.node_client import VERSIONS
from tests.unit.simulator.asks import IBAPI, said
from tests.unit.simulator.reading import read_whole, sense, unread_allowed

if TYPE_CHECKING:
    from tests.clients.node_client import Node


@pytest.fixture(scope="module")
def stoqey(node: Node) -> dict[int, dict[str, bytes]]:
    """Payloads by version and request. One process writes them all."""
    written = node.run("encode.cjs", None, *(str(version) for version in VERSIONS))
    return {
        int(version): {name: base64.b64decode(text) for name, text in asks.items()} for version, asks in written.items()
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_stoqey_means_what_ibapi_means(stoqey: dict[int, dict[str, bytes]], version: int) -> None:
    theirs = said(IBAPI, version)
    assert set(stoqey[version]) == {name for name in theirs if not name.startswith("verify")}  # it has none of those
    for name, payload in stoqey[version].items():
        request, unread = read_whole(payload, version)
        assert unread <= unread_allowed(name), name
        assert sense(request) == sense(read_whole(theirs[name], version)[0]), name
