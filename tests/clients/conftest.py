"""A stand-in for each test, at the server version it asks for; and Node with its client, installed once."""

from __future__ import annotations

import itertools
import logging
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.drivers import Driver, Ibapi, Stoqey
from tests.clients.node_client import Node, install
from tests.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
CLIENT_IDS = itertools.count(10)
UNDECODABLE = 505
"""What @stoqey/ib says of a message that it cannot read."""


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
            environment = {"SIM_VOLATILITY": "3", "SIM_SERVER_VERSION": "223", **env}
            made = stack.enter_context(closing(StandIn(tmp_path, **environment)))
            made.start()
            made.up()
            return made

        yield started


@pytest.fixture(scope="module")
def stand_in(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """One stand-in for all tests of a file, with the file's ENVIRONMENT. It must not stumble over anything."""
    environment: dict[str, str] = getattr(request.module, "ENVIRONMENT", {})
    folder = tmp_path_factory.mktemp("stand-in")
    with closing(StandIn(folder, **{"SIM_VOLATILITY": "3", "SIM_SERVER_VERSION": "223", **environment})) as made:
        made.start()
        made.up()
        yield made
        assert made.metric("failures_total") == 0, made.tail(60)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each make of client at the newest server version it speaks: 223 and 193. What is about the wire itself says
    IN_BOTH_ENCODINGS, and runs with ibapi as text as well."""
    if "make" in metafunc.fixturenames:
        as_text = ["ibapi at 200"] if getattr(metafunc.module, "IN_BOTH_ENCODINGS", False) else []
        metafunc.parametrize("make", ["ibapi", *as_text, "stoqey"], indirect=True)


@pytest.fixture
def make(request: pytest.FixtureRequest) -> Callable[[], Driver]:
    """A make of client."""
    if request.param == "stoqey":
        return partial(Stoqey, request.getfixturevalue("node"))
    return Ibapi if request.param == "ibapi" else partial(Ibapi, 200)


@pytest.fixture
def stumbling(make: Callable[[], Driver]) -> Iterator[Driver]:
    """A client of each make in turn, which need not understand what it reads."""
    made = make()
    yield made
    made.stop()


@pytest.fixture
def driver(make: Callable[[], Driver], caplog: pytest.LogCaptureFixture) -> Iterator[Driver]:
    """A client of each make in turn, which must read everything without an error of its own."""
    made = make()
    caplog.set_level(logging.WARNING, "ibapi")
    yield made
    made.stop()
    assert made.exceptions == []
    assert [error for error in made.errors() if error[1] == UNDECODABLE] == []
    assert [record.getMessage() for record in caplog.records if record.name.startswith("ibapi")] == []


@pytest.fixture
def client(stand_in: StandIn, driver: Driver) -> Driver:
    """The same, connected to the file's stand-in under a client id of its own."""
    driver.start(stand_in.api_port, next(CLIENT_IDS))
    return driver
