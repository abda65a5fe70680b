"""Fixtures of the stand-in's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from gateway.simulator.api.pulse import Pulse
from gateway.simulator.api.server import ApiServer
from tests.unit.simulator.rig import HandClock, make_gateway
from tests.unit.simulator.run import Run, standing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
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


@pytest_asyncio.fixture
async def server(gateway: Gateway) -> AsyncIterator[ApiServer]:
    made = ApiServer(gateway)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def pulse(gateway: Gateway) -> Pulse:
    return Pulse(gateway)


@pytest_asyncio.fixture
async def run(tmp_path: Path, clock: HandClock) -> AsyncIterator[Run]:
    async with standing(tmp_path, clock) as made:
        yield made
