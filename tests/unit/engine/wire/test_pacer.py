"""The queue in front of the socket, with a clock that jumps to whatever is slept for."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import SnapshotRefused
from engine.wire.history import Asked
from engine.wire.pace import CAPACITY, RESERVE
from engine.wire.pacer import Pacer
from engine.wire.quotes import free_lines, translate_delayed
from engine.wire.requests import pace, pace_bars, refuse_paid_snapshots


class Jumping:
    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 15, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.at += seconds


class Line:
    """A session, and what was written to it with the moment."""

    def __init__(self) -> None:
        self.clock = Jumping()
        self.session = object()
        self.written: list[tuple[float, Any]] = []
        self.pacer = Pacer(asyncio.get_running_loop(), self.clock, lambda: self.session)

    def send(self, what: Any, *, first: bool = False) -> None:
        self.pacer.send(lambda: self.written.append((self.clock.at, what)), first=first)

    async def emptied(self) -> None:
        for _ in range(10_000):
            if not self.pacer.waiting:
                return
            await asyncio.sleep(0)
        raise AssertionError(self.pacer.waiting)


async def test_what_there_is_room_for_leaves_at_once() -> None:
    line = Line()
    line.send("one")
    assert line.written == [(0.0, "one")]
    assert line.pacer.delayed == 0


async def test_too_much_leaves_in_order_and_in_time() -> None:
    line = Line()
    for number in range(100):
        line.send(number)
    assert len(line.written) == CAPACITY - RESERVE
    await line.emptied()
    assert [what for _, what in line.written] == list(range(100))
    assert 2.0 < line.clock.at < 3.5
    assert line.pacer.delayed == 100 - (CAPACITY - RESERVE)


async def test_an_order_overtakes_a_chain_that_is_being_loaded() -> None:
    line = Line()
    for number in range(50):
        line.send(number)
    for number in range(6):
        line.send(f"order {number}", first=True)
    await line.emptied()
    orders = [at for at, what in line.written if str(what).startswith("order")]
    others = [at for at, what in line.written if not str(what).startswith("order")]
    assert orders == sorted(orders)
    assert orders[-1] < 0.1
    assert others[-1] > 1.0


async def test_what_was_meant_for_a_session_that_is_gone_is_not_said_to_the_next() -> None:
    line = Line()
    for number in range(20):
        line.send(("old", number))
    line.session = object()
    line.send("new")
    await line.emptied()
    assert len(line.written) == CAPACITY - RESERVE + 1
    assert line.written[-1][1] == "new"


async def test_other_threads_may_send() -> None:
    line = Line()
    thread = threading.Thread(target=line.send, args=("from a thread",))
    thread.start()
    await asyncio.to_thread(thread.join)
    await asyncio.sleep(0)
    assert [what for _, what in line.written] == ["from a thread"]


async def test_a_broken_socket_does_not_end_the_queue() -> None:
    line = Line()

    def broken() -> None:
        raise BrokenPipeError

    for _ in range(CAPACITY):
        line.pacer.send(broken if line.pacer.waiting else lambda: None, first=False)
    line.send("after")
    await line.emptied()
    assert line.written[-1][1] == "after"


def bars(line: Line, request: int, name: str = "SPY") -> None:
    asked = Asked((name,), ("same",))
    line.pacer.ask_bars(request, asked, lambda: line.written.append((line.clock.at, request)))


async def test_the_same_bars_wait_and_others_do_not() -> None:
    line = Line()
    bars(line, 1)
    bars(line, 2)
    bars(line, 3, "QQQ")
    assert [what for _, what in line.written] == [1, 3]
    await line.emptied()
    assert line.written[-1][1] == 2
    assert line.written[-1][0] >= 15


async def test_bars_that_nobody_wants_any_more_never_leave() -> None:
    line, cancelled = Line(), []
    bars(line, 1)
    bars(line, 2)
    line.pacer.forget_bars(2, lambda: cancelled.append(2))
    line.pacer.forget_bars(1, lambda: cancelled.append(1))
    await line.emptied()
    assert [what for _, what in line.written] == [1]
    assert cancelled == [1]


class EClient:
    """The names of ibapi's client that are replaced, noting what passes."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    def sendMsg(self, *what: Any) -> None:
        self.sent.append(what)

    sendMsgProtoBuf = reqHistoricalData = cancelHistoricalData = reqMktData = reqMarketDataProtoBuf = sendMsg


async def test_what_goes_first_is_known_in_both_encodings() -> None:
    line, eclient = Line(), EClient()
    pace(eclient, line.pacer)
    for number in range(20):
        eclient.sendMsg(9, str(number))
    eclient.sendMsg(3, "placed")
    eclient.sendMsg(7, "executions")
    eclient.sendMsgProtoBuf(204, b"cancelled")
    eclient.sendMsgProtoBuf(209, b"a contract")
    assert eclient.sent[-3:] == [(3, "placed"), (7, "executions"), (204, b"cancelled")]
    await line.emptied()
    assert eclient.sent[-1] == (209, b"a contract")


async def test_small_bars_are_held_and_long_ones_are_not() -> None:
    line, eclient = Line(), EClient()
    pace_bars(eclient, line.pacer)
    spy = SimpleNamespace(
        conId=756733, symbol="SPY", secType="STK", lastTradeDateOrContractMonth="", strike=0, right="", exchange="SMART"
    )
    for request in (1, 2):
        eclient.reqHistoricalData(request, spy, "", "60 S", "5 secs", "TRADES", 1, 2, False, [])
    for request in (3, 4):
        eclient.reqHistoricalData(request, spy, "", "1 D", "1 min", "TRADES", 1, 2, False, [])
    assert [request for request, *_ in eclient.sent] == [1, 3, 4]
    eclient.cancelHistoricalData(2)
    assert line.pacer.waiting == 0
    eclient.cancelHistoricalData(1)
    assert eclient.sent[-1] == (1,)


def test_a_snapshot_that_costs_is_refused_in_both_encodings() -> None:
    eclient = EClient()
    refuse_paid_snapshots(eclient)
    spy = SimpleNamespace(symbol="SPY")
    with pytest.raises(SnapshotRefused, match=r"found regulatorySnapshot=True for SPY.*0\.01 USD"):
        eclient.reqMktData(1, spy, "", False, True, [])
    with pytest.raises(SnapshotRefused):
        eclient.reqMarketDataProtoBuf(SimpleNamespace(regulatorySnapshot=True, contract=spy))
    assert eclient.sent == []
    eclient.reqMktData(1, spy, "", True, False, [])
    eclient.reqMarketDataProtoBuf(SimpleNamespace(regulatorySnapshot=False, contract=spy))
    assert len(eclient.sent) == 2


def test_delayed_ticks_become_live_ones_and_others_stay() -> None:
    told: list[tuple[int, Any]] = []
    counted: list[None] = []
    wrapper = SimpleNamespace(
        tickPrice=lambda req, kind, price, attrib: told.append((kind, price)),
        tickSize=lambda req, kind, size: told.append((kind, size)),
    )
    translate_delayed(wrapper, lambda: counted.append(None))
    for kind in (66, 67, 68, 1, 2, 4, 75, 9):
        wrapper.tickPrice(1, kind, 1.5, None)
    for kind in (69, 70, 71, 0, 3, 74):
        wrapper.tickSize(1, kind, 7)
    assert [kind for kind, _ in told] == [1, 2, 4, 1, 2, 4, 75, 9, 0, 3, 5, 0, 3, 74]
    assert len(counted) == 6


async def test_unsubscribing_from_quotes_frees_both_kinds_of_line() -> None:
    gone: list[tuple[str, ...]] = []

    class Client:
        async def unsubscribe_ticks(self, instrument_id: str, kind: str) -> None:
            gone.append((instrument_id, kind))

        async def unsubscribe_market_data(self, instrument_id: str) -> None:
            gone.append((instrument_id,))

    client = Client()
    free_lines(client)
    await client.unsubscribe_ticks("SPY.ARCX", "BidAsk")
    await client.unsubscribe_ticks("SPY.ARCX", "AllLast")
    assert gone == [("SPY.ARCX", "BidAsk"), ("SPY.ARCX",), ("SPY.ARCX", "AllLast")]
