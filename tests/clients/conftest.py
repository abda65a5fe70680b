"""A stand-in for each test, at the server version it asks for."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from tests.clients.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., StandIn]]:
    """Start a stand-in with these environment variables."""
    with ExitStack() as stack:
        yield lambda **env: stack.enter_context(closing(StandIn(tmp_path / "state", **env)))
