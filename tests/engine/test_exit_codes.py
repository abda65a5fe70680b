"""Each code that an engine ends itself with, from a whole process that has the illness. 12 is `test_ending.py`'s."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import httpx
import pytest

from engine.ending import ExitCode
from tests.engine.rig import LATEST, Engine, Supervisor
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

STRATEGIES = """
import asyncio
import time

from nautilus_trader.trading.strategy import Strategy


class Raises(Strategy):
    def on_start(self):
        raise RuntimeError("a strategy that cannot start")


class Later(Strategy):
    def on_start(self):
        # A timer of the clock would call from a thread of its own.
        asyncio.get_running_loop().call_later(2, self.later)


class Leaves(Later):
    def later(self):
        self.shutdown_system("enough")


class Cancels(Later):
    def later(self):
        for task in asyncio.all_tasks():
            if "_run_evt_queue" in task.get_coro().__qualname__:
                task.cancel()


class Blocks(Later):
    def later(self):
        time.sleep(3600)
"""
NONE = {"STRATEGY": "none"}
# Nothing of the gateway's is waited for any longer.
HASTY = {"CONNECTION_TIMEOUT_SECONDS": "2", "REQUEST_TIMEOUT_SECONDS": "3", "RESYNC_TIMEOUT_SECONDS": "2"}
KEEN = {"DEAF_AFTER_SECONDS": "2"}

# What makes each. All run at once, each under a client id of its own.
AILMENTS = {
    ExitCode.FAILED: {**NONE, "LOAD_IDS": "NOBODY.XNAS"},
    ExitCode.DATA_NEVER_CONNECTED: {**NONE, **HASTY, "AILS": "data client"},
    ExitCode.EXECUTION_NEVER_CONNECTED: {**NONE, **HASTY},
    ExitCode.TRADER_NEVER_RAN: {"STRATEGY": "ailing_strategies:Raises"},
    ExitCode.TRADER_STOPPED: {"STRATEGY": "ailing_strategies:Leaves"},
    ExitCode.QUEUE_DIED: {"STRATEGY": "ailing_strategies:Cancels"},
    ExitCode.READER_DEAD: {**NONE, **HASTY},
    ExitCode.FEED_SILENT: {**NONE, **HASTY, **KEEN},
    ExitCode.QUEUE_GROWS: {**NONE, **HASTY, **KEEN, "AILS": "handlers"},
    ExitCode.LOOP_STUCK: {"STRATEGY": "ailing_strategies:Blocks"},
}
CLIENTS = {code: client for client, code in enumerate(AILMENTS, start=1)}
# What a gateway tells, and so in another encoding at 200; the others' causes lie in the engine.
TOLD = (
    ExitCode.FAILED,
    ExitCode.EXECUTION_NEVER_CONNECTED,
    ExitCode.READER_DEAD,
    ExitCode.FEED_SILENT,
    ExitCode.QUEUE_GROWS,
)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[ExitCode, Engine]]:
    with _ward(tmp_path_factory.mktemp("ward"), LATEST, AILMENTS) as engines:
        yield engines


@pytest.fixture(scope="module")
def ward_in_text(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[ExitCode, Engine]]:
    with _ward(tmp_path_factory.mktemp("ward"), "200", TOLD) as engines:
        yield engines


@contextlib.contextmanager
def _ward(folder: Path, version: str, codes: Iterable[ExitCode]) -> Iterator[dict[ExitCode, Engine]]:
    """A stand-in, and an engine for each code, all of which have ended."""
    (folder / "ailing_strategies.py").write_text(STRATEGIES)
    with contextlib.ExitStack() as stack:
        supervisor = stack.enter_context(contextlib.closing(Supervisor()))
        gateway = stack.enter_context(contextlib.closing(StandIn(folder, SIM_SERVER_VERSION=version)))
        gateway.start()
        gateway.up()
        engines = {}
        for code in codes:
            own = folder / code.name
            own.mkdir()
            more = {"IB_CLIENT_ID": str(CLIENTS[code]), "STRATEGY_PATH": str(folder), **AILMENTS[code]}
            engine = Engine(own, gateway, supervisor.url, module="tests.engine.ailing", **more)
            engines[code] = stack.enter_context(contextlib.closing(engine))
            engine.start()
        _fall_ill(engines, gateway)
        yield engines


def _fall_ill(engines: dict[ExitCode, Engine], gateway: StandIn) -> None:
    """Break what the gateway breaks, each at its moment, until all have ended."""
    broken: set[ExitCode] = set()
    # Long enough a start to meet another account in the middle of it.
    gateway.fault("slow", client=CLIENTS[ExitCode.EXECUTION_NEVER_CONNECTED], latency=1.0)

    def once(code: ExitCode, key: str, value: str, fault: str, **more: str) -> None:
        with contextlib.suppress(httpx.HTTPError):
            if code in engines and code not in broken and engines[code].status()[key] == value:
                broken.add(code)
                gateway.fault(fault, client=CLIENTS[code], **more)

    def all_ended() -> bool:
        once(ExitCode.EXECUTION_NEVER_CONNECTED, "phase", "loading", "wrong-account")
        once(ExitCode.FEED_SILENT, "state", "TRADING", "feed-silent")
        once(ExitCode.READER_DEAD, "state", "TRADING", "undecodable-frame", kind="half-a-message")
        if ExitCode.READER_DEAD in broken and engines[ExitCode.READER_DEAD].running():
            # Each session that it begins meets the same.
            gateway.fault("undecodable-frame", client=CLIENTS[ExitCode.READER_DEAD], kind="half-a-message")
        return not any(engine.running() for engine in engines.values())

    # Ten engines at once on few cores: long, but bounded.
    wait_for(all_ended, 180, lambda: [code.name for code, engine in engines.items() if engine.running()])


@pytest.mark.timeout(240)
@pytest.mark.parametrize("code", AILMENTS, ids=lambda code: code.name)
def test_the_process_ends_with_the_code_that_says_why(ward: dict[ExitCode, Engine], code: ExitCode) -> None:
    assert ward[code].wait(1) == code, ward[code].tail()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("code", TOLD, ids=lambda code: code.name)
def test_it_does_so_in_text_as_well(ward_in_text: dict[ExitCode, Engine], code: ExitCode) -> None:
    assert ward_in_text[code].wait(1) == code, ward_in_text[code].tail()
