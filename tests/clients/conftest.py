"""A stand-in for each test, at the server version it asks for; and Node with its client, installed once."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.node_client import Node, install
from tests.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def node() -> Node:
    """Node with @stoqey/ib."""
    folder = ROOT / "var" / "node"
    install(folder)
    return Node(folder)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., StandIn]]:
    """Start a stand-in with these environment variables."""
    with ExitStack() as stack:

        def started(**env: str) -> StandIn:
            # Volatile, so that a bracket's exit is reached while a test waits.
            made = stack.enter_context(closing(StandIn(tmp_path, **{"SIM_VOLATILITY": "3", **env})))
            made.start()
            made.up()
            return made

        yield started
