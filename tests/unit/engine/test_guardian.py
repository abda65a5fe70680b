"""The guardian against an adapter that only remembers what was asked of it."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from engine.board import Board
from engine.ending import ExitCode
from engine.errors import ResyncRefused
from engine.guardian import Guardian
from engine.observe import Watch
from engine.settings import Settings
from engine.state import Phase, State

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT = 15.0


class HandClock:
    """Time passes only in `sleep`; whoever wants to be called at a moment says so in `due`."""

    def __init__(self) -> None:
        self.time = 100.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        for moment, work in [entry for entry in self.due if entry[0] <= self.time]:
            self.due.remove((moment, work))
            work()
        await asyncio.sleep(0)


class FakeAdapter:
    def __init__(self) -> None:
        self.ready = True
        self.reader_alive = True
        self.attempts = 0
        self.client_id = 1
        self.queue = 0
        self.wandered = False
        self.condemned = False
        self.connection = object()
        self.log: list[str] = []
        self.sleeping = False
        self.subscriptions = 2
        self.on_reconnect: Callable[[], None] = lambda: None
        self.on_knock: Callable[[], None] = lambda: None
        self.on_resubscribe: Callable[[], None] = lambda: None
        self.resume_looks = 0
        self.client = SimpleNamespace(set_market_data_type=self._set_type)

    async def _set_type(self, number: int) -> None:
        self.log.append(f"type {number}")

    def market_subscriptions(self) -> list[int]:
        return list(range(self.subscriptions))

    async def resubscribe(self) -> int:
        self.log.append("resubscribe")
        self.on_resubscribe()
        return self.subscriptions

    def resuming(self) -> bool:
        self.resume_looks -= 1
        return self.resume_looks >= 0

    def connecting(self) -> bool:
        return self.sleeping

    def skip_back_off(self) -> bool:
        self.log.append("knock")
        self.on_knock()
        return True

    async def retry_refused(self) -> bool:
        self.log.append("retry")
        return True

    async def reconnect(self) -> None:
        self.log.append("reconnect")
        self.ready, self.sleeping, self.condemned = False, True, False
        self.connection = object()
        self.on_reconnect()


class FakeBooks:
    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.good = True
        self.agrees = True

    async def settle_orders(self) -> int:
        self.log.append("orders")
        return 1

    async def reconcile(self) -> bool:
        self.log.append("reconcile")
        return self.good

    async def agree(self) -> None:
        self.log.append("agree")
        if not self.agrees:
            raise ConnectionError("positions differ")


class FakeNode:
    """A node that runs; `trader.is_running` is what a test may change."""

    def __init__(self) -> None:
        def alive() -> SimpleNamespace:
            return SimpleNamespace(done=lambda: False)

        names = ("data_engine", "risk_engine", "exec_engine")
        tasks = {f"get_{kind}_queue_task": alive for kind in ("cmd", "evt", "data")}
        sizes = {f"{kind}_qsize": lambda: 0 for kind in ("cmd", "req", "res", "data", "evt")}
        engines = {name: SimpleNamespace(**tasks, **sizes, check_connected=lambda: False) for name in names}
        self.kernel = SimpleNamespace(clock=SimpleNamespace(timestamp_ns=lambda: 0), **engines)
        self.trader = SimpleNamespace(is_running=True)
        none: list[object] = []
        looks = ("positions_open", "orders_open", "orders_inflight", "orders_closed")
        self.cache = SimpleNamespace(instrument=lambda _: None, **{name: lambda: none for name in looks})

    def is_running(self) -> bool:
        return True


class Rig:
    def __init__(self) -> None:
        self.node = FakeNode()
        self.gave_up: list[tuple[ExitCode, str]] = []
        self.clock = HandClock()
        self.board = Board(Settings(ib_account="DUSIM0001"), self.clock)
        self.watch = Watch(self.board, phase=Phase.STARTED)
        self.adapter = FakeAdapter()
        self.books = FakeBooks(self.adapter.log)
        self.watch.adapter = self.adapter  # type: ignore[assignment]
        self.watch.node = self.node
        self.guardian = Guardian(self.watch, 3, TIMEOUT, lambda code, why: self.gave_up.append((code, why)))
        self.guardian.books = self.books  # type: ignore[assignment]
        self.adapter.on_resubscribe = self.tick

    def tick(self) -> None:
        self.watch.on_data(None)

    def settled(self) -> bool:
        return self.watch.reconciled_generation == self.watch.generation > 0


@pytest.fixture
async def rig() -> Rig:
    return Rig()


async def run_for(rig: Rig, seconds: float) -> None:
    """Let the guardian watch for that long by its own clock, or until it gives up."""
    task = asyncio.get_running_loop().create_task(rig.guardian.watch())
    end = rig.clock.time + seconds
    while rig.clock.time < end and not task.done():
        await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


FULL = ["type 3", "resubscribe", "orders", "reconcile", "agree"]


async def test_a_new_session_is_settled_once_and_in_this_order(rig: Rig) -> None:
    await run_for(rig, 5)
    assert rig.adapter.log == FULL
    assert rig.settled()
    assert rig.watch.resyncs == {"ok": 1}


async def test_each_reconnect_is_settled_anew(rig: Rig) -> None:
    await run_for(rig, 2)
    rig.adapter.ready = False
    await run_for(rig, 1)
    assert rig.adapter.log == FULL
    rig.adapter.ready = True
    await run_for(rig, 2)
    assert rig.adapter.log == FULL * 2
    assert rig.watch.generation == 2
    assert rig.settled()


async def test_a_lonely_1101_is_settled(rig: Rig) -> None:
    await run_for(rig, 2)
    rig.watch.on_code(-1, 1101)
    await run_for(rig, 2)
    assert rig.adapter.log == FULL * 2
    assert not rig.watch.data_lost


async def test_a_1102_asks_for_nothing(rig: Rig) -> None:
    await run_for(rig, 2)
    rig.watch.on_code(-1, 1102)
    await run_for(rig, 2)
    assert rig.adapter.log == FULL


async def test_data_that_another_session_has_is_asked_for_until_it_returns(rig: Rig) -> None:
    """The first tick says nothing of the lines that were refused beside it."""
    await run_for(rig, 2)
    refusals = 3

    def asked() -> None:
        nonlocal refusals
        rig.tick()
        if refusals:
            refusals -= 1
            rig.watch.on_code(10, 10197)

    rig.adapter.on_resubscribe = asked
    rig.watch.on_code(10, 10197)
    await run_for(rig, 2)
    assert rig.adapter.log == [*FULL, "resubscribe"], "at once, and then not each time that it looks"
    await run_for(rig, 10)
    assert rig.adapter.log == [*FULL, *["resubscribe"] * 4], "until nothing is refused"
    assert rig.watch.resyncs == {"ok": 1}
    assert (rig.watch.lines_ended, rig.watch.competed) == (False, False)


async def test_no_data_is_asked_for_on_a_session_that_is_not_settled(rig: Rig) -> None:
    rig.books.good = False
    rig.watch.on_code(10, 10197)
    await run_for(rig, 1)
    assert rig.adapter.log == FULL[:4]


async def test_a_session_gone_and_back_between_two_looks_is_a_new_one(rig: Rig) -> None:
    await run_for(rig, 2)
    rig.adapter.connection = object()
    await run_for(rig, 2)
    assert rig.watch.generation == 2
    assert rig.adapter.log == FULL * 2


async def test_a_condemned_session_is_not_asked(rig: Rig) -> None:
    """After a 1100 and a 1102 it looks well, and the adapter drops it all the same: its answers would be lost."""
    rig.adapter.condemned = True
    await run_for(rig, 5)
    assert rig.adapter.log == []
    rig.adapter.condemned, rig.adapter.connection = False, object()
    await run_for(rig, 2)
    assert rig.adapter.log == FULL


async def test_the_adapters_own_resubscription_is_waited_for(rig: Rig) -> None:
    rig.adapter.resume_looks = 5
    await run_for(rig, 3)
    assert rig.adapter.log == FULL


async def test_nothing_is_done_before_the_node_has_started(rig: Rig) -> None:
    rig.watch.phase = Phase.STARTING
    await run_for(rig, 5)
    assert rig.adapter.log == []


async def test_a_failed_reconciliation_is_not_called_settled_and_is_tried_again(rig: Rig) -> None:
    rig.books.good = False
    await run_for(rig, 1)
    assert not rig.settled()
    assert rig.watch.resyncs == {"failed": 1}
    rig.books.good = True
    await run_for(rig, 4)
    assert rig.settled()


async def test_differing_positions_are_not_called_settled(rig: Rig) -> None:
    rig.books.agrees = False
    await run_for(rig, 1)
    assert not rig.settled()


async def test_no_ok_without_ticks(rig: Rig) -> None:
    rig.watch.look()
    rig.adapter.on_resubscribe = lambda: None
    report = await rig.guardian.resync()
    assert report["ok"] is False
    assert "tick" in report["steps"]["failed"]
    assert report["seconds"] >= TIMEOUT


async def test_a_tick_from_before_proves_nothing(rig: Rig) -> None:
    rig.watch.look()
    rig.tick()
    rig.adapter.on_resubscribe = lambda: None
    assert (await rig.guardian.resync())["ok"] is False


async def test_a_healthy_session_keeps_its_socket(rig: Rig) -> None:
    rig.watch.look()
    rig.tick()
    report = await rig.guardian.resync()
    assert report["ok"] is True
    assert rig.adapter.log == FULL


async def test_a_session_that_has_just_begun_keeps_its_socket_too(rig: Rig) -> None:
    rig.watch.data_at = rig.clock.time - 300
    rig.watch.look()
    assert (await rig.guardian.resync())["ok"] is True
    assert "reconnect" not in rig.adapter.log


@pytest.mark.parametrize("what", ["silent", "reader", "condemned"])
async def test_a_session_that_lies_is_dropped(rig: Rig, what: str) -> None:
    rig.watch.look()
    rig.tick()
    if what == "silent":
        rig.clock.time += 10
    elif what == "reader":
        rig.adapter.reader_alive = False
    else:
        rig.adapter.condemned = True

    def back() -> None:
        rig.adapter.ready = rig.adapter.reader_alive = True

    rig.adapter.on_reconnect = lambda: rig.clock.due.append((rig.clock.time + 1, back))
    report = await rig.guardian.resync()
    assert report["ok"] is True
    assert rig.adapter.log[0] == "reconnect"
    assert rig.watch.generation == 2
    assert rig.settled()


async def test_a_back_off_is_skipped_and_knocks_are_spaced(rig: Rig) -> None:
    rig.adapter.ready, rig.adapter.sleeping = False, True
    rig.clock.due.append((rig.clock.time + 2, lambda: setattr(rig.adapter, "ready", True)))
    report = await rig.guardian.resync()
    assert report["ok"] is True
    assert "reconnect" not in rig.adapter.log
    assert 3 <= rig.adapter.log.count("knock") <= 5
    assert report["seconds"] < 3


async def test_a_gateway_that_stays_away_ends_the_resync(rig: Rig) -> None:
    rig.adapter.ready, rig.adapter.sleeping = False, True
    report = await rig.guardian.resync()
    assert report["ok"] is False
    assert "let nobody in" in report["steps"]["failed"]
    assert TIMEOUT <= report["seconds"] < TIMEOUT + 1


async def test_two_callers_get_one_resync(rig: Rig) -> None:
    rig.watch.look()
    first, second = await asyncio.gather(rig.guardian.resync(), rig.guardian.resync())
    assert first == second
    assert rig.adapter.log == FULL


async def test_a_session_lost_meanwhile_is_no_success(rig: Rig) -> None:
    def lose() -> None:
        rig.tick()
        rig.adapter.ready = False

    rig.watch.look()
    rig.adapter.on_resubscribe = lose
    report = await rig.guardian.resync()
    assert report["ok"] is False
    assert not rig.settled()


async def test_a_session_lost_under_the_questions_is_settled_on_the_next_one(rig: Rig) -> None:
    """After a 1100 the adapter tears down a socket that was well; ibapi then fails with a TypeError (seen)."""
    settle = rig.books.settle_orders

    async def dies_once() -> int:
        rig.books.settle_orders = settle  # type: ignore[method-assign]
        rig.adapter.ready, rig.adapter.sleeping = False, True
        rig.clock.due.append((rig.clock.time + 1, lambda: setattr(rig.adapter, "ready", True)))
        raise TypeError("'<=' not supported between instances of 'int' and 'NoneType'")

    rig.watch.look()
    rig.tick()
    rig.books.settle_orders = dies_once  # type: ignore[method-assign]
    report = await rig.guardian.resync()
    assert report["ok"] is True
    assert "'<=' not supported" in report["steps"]["lost"]
    assert rig.settled()


async def test_a_failure_on_a_session_that_stands_is_not_tried_again(rig: Rig) -> None:
    rig.watch.look()
    rig.tick()
    rig.books.agrees = False
    report = await rig.guardian.resync()
    assert report["ok"] is False
    assert rig.adapter.log.count("orders") == 1


@pytest.mark.parametrize("why", ["no adapter", "stopping"])
async def test_there_is_nothing_to_resync(rig: Rig, why: str) -> None:
    if why == "stopping":
        rig.watch.phase = Phase.STOPPING
    else:
        rig.watch.adapter = None
    with pytest.raises(ResyncRefused):
        await rig.guardian.resync()


async def test_entries_wait_for_trading(rig: Rig) -> None:
    rig.watch.node = None
    rig.watch.look()
    assert not rig.board.gate.open()


async def test_a_refused_client_id_is_tried_again_soon_and_once(rig: Rig) -> None:
    rig.adapter.ready = False
    rig.watch.on_code(-1, 326)
    await run_for(rig, 1)
    assert rig.adapter.log == []
    await run_for(rig, 5)
    assert rig.adapter.log == ["retry"]


async def test_under_a_strange_client_id_the_books_are_asked_for_again_and_again(rig: Rig) -> None:
    rig.adapter.wandered = True
    await run_for(rig, 32)
    assert rig.adapter.log == FULL * 3
    assert not rig.board.gate.open()


# -- what nobody else cures, and what only a new process does ---------------------------------------------------------


def deafen(rig: Rig) -> None:
    """Settled and well, and from now on no resubscription brings a tick."""
    rig.tick()
    rig.adapter.on_resubscribe = lambda: None
    rig.adapter.on_reconnect = lambda: setattr(rig.adapter, "ready", True)


async def test_a_silent_feed_is_resynced_after_the_supervisor_had_its_chance(rig: Rig) -> None:
    await run_for(rig, 1)
    rig.adapter.log.clear()
    rig.adapter.on_reconnect = lambda: setattr(rig.adapter, "ready", True)
    await run_for(rig, 13)
    assert rig.board.read().verdict.state is State.DEAF
    assert rig.adapter.log == []
    await run_for(rig, 3)
    assert rig.adapter.log == ["reconnect", *FULL]
    assert rig.gave_up == []
    assert rig.board.read().verdict.state is State.TRADING


async def test_a_feed_that_stays_silent_ends_the_process_after_two_resyncs(rig: Rig) -> None:
    await run_for(rig, 1)
    deafen(rig)
    await run_for(rig, 300)
    assert [code for code, _ in rig.gave_up] == [ExitCode.FEED_SILENT]
    assert rig.adapter.log.count("reconnect") >= 2


@pytest.mark.parametrize("why", ["never heard", "farm", "competed"])
async def test_a_silence_that_is_not_ours_does_not_end_the_process(rig: Rig, why: str) -> None:
    if why == "never heard":
        rig.adapter.on_resubscribe = lambda: None
        rig.adapter.on_reconnect = lambda: setattr(rig.adapter, "ready", True)
    await run_for(rig, 1)
    deafen(rig) if why != "never heard" else None

    def told() -> None:
        rig.watch.on_code(-1, {"farm": 2103, "competed": 10197}.get(why, 2106))

    rig.adapter.on_resubscribe = told
    await run_for(rig, 900)
    assert rig.gave_up == []
    reconnects = rig.adapter.log.count("reconnect")
    assert 2 <= reconnects <= 8, "neither given up nor hammered"


async def test_a_dead_reader_is_resynced_once_and_then_ends_the_process(rig: Rig) -> None:
    await run_for(rig, 1)
    deafen(rig)
    rig.adapter.reader_alive = False
    await run_for(rig, 120)
    assert [code for code, _ in rig.gave_up] == [ExitCode.READER_DEAD]
    assert rig.adapter.log.count("reconnect") == 1


async def test_messages_that_nobody_handles_are_deafness_and_a_backlog_that_moves_is_not(rig: Rig) -> None:
    await run_for(rig, 1)
    rig.adapter.queue = 500
    ticking = rig.clock.due

    def tick_on() -> None:
        rig.tick()
        ticking.append((rig.clock.time + 1.0, tick_on))

    tick_on()
    await run_for(rig, 8)
    assert rig.board.read().verdict.state is State.TRADING
    ticking.clear()
    await run_for(rig, 7)
    reading = rig.board.read()
    assert reading.verdict.state is State.DEAF
    assert "500 messages" in reading.verdict.sentence


async def test_a_gateway_that_is_away_is_not_given_up(rig: Rig) -> None:
    await run_for(rig, 1)
    rig.adapter.ready = False
    await run_for(rig, 600)
    assert rig.gave_up == []


@pytest.mark.parametrize(
    ("failed_start", "code"),
    [(ExitCode.NEVER_RECONCILED, ExitCode.NEVER_RECONCILED), (None, ExitCode.TRADER_STOPPED)],
)
async def test_a_zombie_is_told_for_a_second_and_given_up(
    rig: Rig, failed_start: ExitCode | None, code: ExitCode
) -> None:
    rig.node.trader.is_running = False
    rig.watch.failed_start = failed_start
    await run_for(rig, 0.5)
    assert rig.board.read().verdict.state is State.ZOMBIE
    assert rig.gave_up == []
    await run_for(rig, 2)
    assert [given for given, _ in rig.gave_up] == [code]


async def test_the_lag_of_the_loop_is_measured(rig: Rig) -> None:
    rig.clock.due.append((100.5, lambda: setattr(rig.clock, "time", rig.clock.time + 2.0)))
    await run_for(rig, 4)
    assert rig.board.read().snapshot.loop_lag == pytest.approx(2.0, abs=0.01)
