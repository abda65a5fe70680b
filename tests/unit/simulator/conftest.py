"""Fixtures of the stand-in's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.simulator.rig import HandClock, make_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.simulator.api.gateway import Gateway


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def gateway(tmp_path: Path, clock: HandClock) -> Iterator[Gateway]:
    made, store = make_gateway(tmp_path, clock)
    yield made
    store.close()
