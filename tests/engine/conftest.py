"""The stand-in and the engine, each test with processes and ports of its own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.engine.rig import LATEST, Engine, Supervisor
from tests.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with contextlib.closing(Supervisor()) as made:
        yield made


@pytest.fixture
def version(request: pytest.FixtureRequest) -> str:
    """The stand-in's server version: the latest, but for tests marked `in_both_encodings`."""
    return getattr(request, "param", LATEST)


@pytest.fixture
def gateway(tmp_path: Path, version: str) -> Iterator[StandIn]:
    """The stand-in, not yet started."""
    with contextlib.closing(StandIn(tmp_path, SIM_SERVER_VERSION=version)) as made:
        yield made


@pytest.fixture
def engine(tmp_path: Path, gateway: StandIn, supervisor: Supervisor) -> Iterator[Engine]:
    """The engine with the reference strategy and without Redis, not yet started."""
    with contextlib.closing(Engine(tmp_path, gateway, supervisor.url)) as made:
        yield made


@pytest.fixture
def trading(gateway: StandIn, engine: Engine) -> Engine:
    """Both started, and the engine trading."""
    gateway.start()
    gateway.up()
    engine.start()
    engine.reach("TRADING", 40)
    return engine
