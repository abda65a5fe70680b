"""The HTTP side over a board, as ASGI and once as a real server in its thread."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from engine import health
from engine.board import Board, Snapshot
from engine.errors import PortError, ResyncRefused
from engine.exits.view import ExitsSeen
from engine.health import HealthServer, application
from engine.settings import Settings
from engine.state import Observation, Phase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

TRADING = Observation(
    at=0.0,
    phase=Phase.STARTED,
    node_running=True,
    trader_running=True,
    ready=True,
    client_id=1,
    reader_alive=True,
    subscriptions=2,
    connected_at=-60.0,
    data_at=-0.5,
    reconciled=True,
    generation=3,
)
KEYS = {
    "version",
    "at",
    "state",
    "sentence",
    "since",
    "account",
    "node_running",
    "trader_running",
    "connection",
    "reconciled_at",
    "entries_held",
    "halted",
    "halt_reason",
    "generation",
    "positions",
    "orders",
    "refused_orders",
}


class HandClock:
    def __init__(self) -> None:
        self.time = 0.0

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_800_000_000 + self.time, UTC)

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    return Settings(
        ib_account="DUSIM0001",
        machine_token="tok",
        operator_token_hash=hashlib.sha256(b"op").hexdigest(),
        http_host="127.0.0.1",
        http_port=0,
    )


@pytest.fixture
def board(settings: Settings, clock: HandClock) -> Board:
    return Board(settings, clock)


@pytest.fixture
async def http(settings: Settings, board: Board) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(settings, board))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:9190") as client:
        yield client


def pin(board: Board, **changes: Any) -> None:
    seen = replace(TRADING, at=board.clock.monotonic(), **changes)
    board.pin(Snapshot(seen=seen, taken_at=board.clock.now(), codes=((1101, 2),), ticks=9))


AUTH = {"authorization": "Bearer tok"}
OPERATOR = {"authorization": "Bearer op"}


async def test_before_nautilus_is_loaded_there_is_an_answer(http: httpx.AsyncClient, clock: HandClock) -> None:
    clock.time = 60.0
    assert (await http.get("/healthz")).status_code == 200
    ready = await http.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["sentence"] == "loading NautilusTrader"
    assert (await http.post("/api/v1/resync", headers=AUTH)).status_code == 409


async def test_ready_means_trading_and_nothing_less(http: httpx.AsyncClient, board: Board) -> None:
    pin(board)
    assert (await http.get("/readyz")).status_code == 200
    pin(board, reconciled=False)
    assert (await http.get("/readyz")).status_code == 503
    pin(board, chain_missing="today's chain is missing")
    ready = await http.get("/readyz")
    assert ready.status_code == 503
    assert "today's chain is missing" in ready.json()["sentence"]


async def test_the_status_has_the_agreed_shape(http: httpx.AsyncClient, board: Board) -> None:
    pin(board)
    body = (await http.get("/api/v1/status")).json()
    assert set(body) >= KEYS
    assert set(body["connection"]) >= {
        "ready",
        "attempts",
        "client_id",
        "reader_alive",
        "inbound_age_seconds",
        "queue",
    }
    assert body["state"] == "TRADING"
    assert body["connection"]["inbound_age_seconds"] == 0.5
    assert body["generation"] == 3


async def test_a_blocked_loop_shows_without_the_loop(http: httpx.AsyncClient, board: Board, clock: HandClock) -> None:
    pin(board)
    clock.time += 6
    assert (await http.get("/healthz")).status_code == 503
    body = (await http.get("/api/v1/status")).json()
    assert body["state"] == "DEAF"
    assert "loop" in body["sentence"]


async def test_since_is_kept_within_a_state(board: Board, clock: HandClock) -> None:
    pin(board)
    begun = board.read().since
    clock.time += 2
    pin(board)
    assert board.read().since == begun
    pin(board, ready=False)
    assert board.read().since > begun


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nope"}, {"authorization": "Bearer "}])
@pytest.mark.parametrize("path", ["/api/v1/resync", "/api/v1/hold-entries", "/api/v1/halt", "/api/v1/flatten"])
async def test_a_post_needs_a_token(http: httpx.AsyncClient, board: Board, path: str, headers: dict[str, str]) -> None:
    assert (await http.post(path, headers=headers, json={"hold": True})).status_code == 401
    assert not board.gate.held
    assert not board.gate.halted


async def test_without_a_token_file_nobody_may_post(board: Board) -> None:
    settings = Settings(ib_account="DUSIM0001")
    transport = httpx.ASGITransport(application(settings, board))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.post("/api/v1/hold-entries", headers={"authorization": "Bearer "}, json={"hold": True})
    assert answer.status_code == 401


async def test_entries_are_held_and_let_go(http: httpx.AsyncClient, board: Board) -> None:
    board.gate.trading = True
    held = await http.post("/api/v1/hold-entries", headers=AUTH, json={"hold": True, "reason": "1100"})
    assert held.json() == {"entries_held": True, "reason": "1100"}
    assert not board.gate.open()
    await http.post("/api/v1/hold-entries", headers=AUTH, json={"hold": False})
    assert board.gate.open()
    board.gate.trading = False
    assert not board.gate.open()


@pytest.mark.parametrize("body", [b"", b"[]", b'{"hold": 1}', b'{"hold": "false"}', b"{}"])
async def test_a_hold_that_is_not_clear_is_refused(http: httpx.AsyncClient, board: Board, body: bytes) -> None:
    assert (await http.post("/api/v1/hold-entries", headers=AUTH, content=body)).status_code == 400
    assert not board.gate.held


@pytest.mark.parametrize("host", ["evil.example", "watchkeeper.evil.example", "10.0.0.1"])
async def test_foreign_hosts_are_turned_away(http: httpx.AsyncClient, host: str) -> None:
    assert (await http.get("/healthz", headers={"host": host})).status_code == 400


@pytest.mark.parametrize("host", ["engine:9190", "127.0.0.1:9190", "watchkeeper-sim-engine"])
async def test_our_own_names_are_welcome(http: httpx.AsyncClient, host: str) -> None:
    assert (await http.get("/healthz", headers={"host": host})).status_code == 200


async def test_metrics_tell_state_codes_and_ticks(http: httpx.AsyncClient, board: Board) -> None:
    pin(board)
    text = (await http.get("/metrics")).text
    assert 'watchkeeper_engine_state{state="TRADING"} 1.0' in text
    assert 'watchkeeper_engine_state{state="DEAF"} 0.0' in text
    assert 'watchkeeper_engine_codes_total{code="1101"} 2.0' in text
    assert "watchkeeper_engine_ticks_total 9.0" in text
    assert "process_resident_memory_bytes" in text
    assert 'watchkeeper_engine_phase{phase="trading"} 1.0' in text
    assert 'watchkeeper_engine_phase{phase="zombie"} 0.0' in text
    assert "watchkeeper_engine_client_id 1.0" in text
    assert "watchkeeper_engine_halted 0.0" in text


async def test_what_is_worn_shows_in_metrics_and_status(http: httpx.AsyncClient, board: Board) -> None:
    bare = {"instrument_id": "A", "quantity": 1.0, "exits": []}
    kept = {"instrument_id": "B", "quantity": 1.0, "exits": [{}, {}]}
    seen = replace(TRADING, farm_broken=True, wandered=True, client_id=3)
    now = board.clock.now()
    queues = (("data", 7),)
    board.pin(Snapshot(seen, now, reconciled_at=now, positions=(bare, kept), queues=queues, loop_lag=0.25))
    board.gate.refusals = 4
    text = (await http.get("/metrics")).text
    for line in (
        "farm_broken 1.0",
        "wandered 1.0",
        "client_id 3.0",
        "loop_lag_seconds 0.25",
        'queue_size{queue="data"} 7.0',
        "positions_without_exit 1.0",
        "exits_working 2.0",
        "orders_refused_total 4.0",
        "reconciled_timestamp_seconds 1.8e+09",
    ):
        assert f"watchkeeper_engine_{line}\n" in text
    body = (await http.get("/api/v1/status")).json()
    assert body["phase"] == "degraded"
    assert body["exits"] == {"with": 1, "without": 1}
    assert body["connection"]["farm"] == "broken"
    assert body["queues"] == {"data": 7}


async def test_the_keepers_acts_are_told_before_its_first_and_its_silence_grows_with_the_loops(
    http: httpx.AsyncClient, board: Board, clock: HandClock
) -> None:
    pin(board)
    text = (await http.get("/metrics")).text
    for act in ("sent", "pressed", "resized", "cancelled"):
        assert f'watchkeeper_engine_exit_acts_total{{act="{act}"}} 0.0\n' in text
    assert "exits_look_age_seconds" not in text, "no Keeper, nothing to look"
    seen = replace(TRADING, at=clock.monotonic())
    board.pin(Snapshot(seen, clock.now(), exits=ExitsSeen((("sent", 3),), 0.2), regular_hours=False))
    clock.time += 12
    text = (await http.get("/metrics")).text
    assert 'watchkeeper_engine_exit_acts_total{act="sent"} 3.0\n' in text
    assert "watchkeeper_engine_exits_look_age_seconds 12.2\n" in text
    assert "watchkeeper_engine_regular_hours 0.0\n" in text


class Loop:
    """A second loop in its own thread, as the node's is."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def other() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("report", "status"),
    [({"ok": True, "seconds": 1.0, "steps": {}}, 200), ({"ok": False, "seconds": 15.0, "steps": {}}, 503)],
)
async def test_resync_runs_on_the_nodes_loop(
    http: httpx.AsyncClient, board: Board, other: Loop, report: dict[str, Any], status: int
) -> None:
    ran_on: list[object] = []

    class Control:
        async def resync(self) -> dict[str, Any]:
            ran_on.append(asyncio.get_running_loop())
            return report

    board.control, board.loop = Control(), other.loop
    answer = await http.post("/api/v1/resync", headers=AUTH)
    assert answer.status_code == status
    assert answer.json() == report
    assert ran_on == [other.loop]


async def test_a_resync_that_makes_no_sense_is_409(http: httpx.AsyncClient, board: Board, other: Loop) -> None:
    class Control:
        async def resync(self) -> dict[str, Any]:
            raise ResyncRefused("a session", "clearance", "wait")

    board.control, board.loop = Control(), other.loop
    assert (await http.post("/api/v1/resync", headers=AUTH)).status_code == 409


class Hands:
    """Who halts and flattens, on the node's loop."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.asked: list[Any] = []

    async def halt(self, reason: str, *, lasting: bool) -> dict[str, Any]:
        self.asked.append(("halt", reason, lasting))
        return {"halted": True, "reason": reason}

    async def lift(self) -> dict[str, Any]:
        self.asked.append("lift")
        return {"halted": False}

    async def flatten(self, reason: str) -> dict[str, Any]:
        self.asked.append(("flatten", reason))
        return {"ok": True, "sentence": "2 positions are being closed"}


@pytest.fixture
def hands(board: Board, other: Loop) -> Hands:
    made = Hands(board)
    board.halter, board.flattener, board.loop = made, made, other.loop
    return made


@pytest.mark.parametrize(("headers", "lasting"), [(AUTH, False), (OPERATOR, True)])
async def test_a_halt_is_of_either_token_and_only_the_operators_lasts(
    http: httpx.AsyncClient, board: Board, hands: Hands, headers: dict[str, str], lasting: bool
) -> None:
    answer = await http.post("/api/v1/halt", headers=headers, json={"reason": "wrong account"})
    assert answer.status_code == 200
    assert hands.asked == [("halt", "wrong account", lasting)]
    body = (await http.get("/api/v1/status")).json()
    assert (body["halted"], body["halt_reason"]) == (True, "wrong account")
    assert not board.gate.open()


async def test_the_hash_of_the_operators_token_is_no_token(http: httpx.AsyncClient, settings: Settings) -> None:
    """Or whatever reads the engine's secrets could act as a person."""
    assert settings.operator_token_hash
    shown = {"authorization": f"Bearer {settings.operator_token_hash.get_secret_value()}"}
    assert (await http.post("/api/v1/flatten", headers=shown, json={"reason": "x"})).status_code == 401


async def test_only_the_operator_lifts_a_halt(http: httpx.AsyncClient, hands: Hands) -> None:
    assert (await http.post("/api/v1/halt", headers=AUTH, json={"halt": False})).status_code == 403
    assert (await http.post("/api/v1/halt", headers=OPERATOR, json={"halt": False})).status_code == 200
    assert hands.asked == ["lift"]


async def test_a_halt_before_anything_trades_is_kept_in_mind(http: httpx.AsyncClient, board: Board) -> None:
    assert (await http.post("/api/v1/halt", headers=OPERATOR, json={"reason": "wait"})).status_code == 200
    assert board.gate.closed_because() == "halted: wait"
    assert (await http.post("/api/v1/halt", headers=OPERATOR, json={"halt": False})).status_code == 200
    assert not board.gate.halted


@pytest.mark.parametrize("body", [b"[]", b'{"halt": 1}', b"{"])
async def test_a_halt_that_is_not_clear_is_refused(http: httpx.AsyncClient, board: Board, body: bytes) -> None:
    assert (await http.post("/api/v1/halt", headers=OPERATOR, content=body)).status_code == 400
    assert not board.gate.halted


async def test_a_loop_that_is_stuck_is_told_and_finds_the_halt_later(
    http: httpx.AsyncClient, board: Board, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    monkeypatch.setattr(health, "LOOP_SECONDS", 0.05)
    assert board.loop is not None
    board.loop.call_soon_threadsafe(free.wait)
    answer = await http.post("/api/v1/halt", headers=OPERATOR, json={"reason": "stuck"})
    free.set()
    assert answer.status_code == 503
    assert "does not answer" in answer.json()["sentence"]
    assert board.gate.halted
    async with asyncio.timeout(5):
        while not hands.asked:
            await asyncio.sleep(0.01)


async def test_flatten_is_the_operators_and_halts_first(http: httpx.AsyncClient, board: Board, hands: Hands) -> None:
    assert (await http.post("/api/v1/flatten", headers=AUTH, json={"reason": "x"})).status_code == 401
    assert not board.gate.halted
    answer = await http.post("/api/v1/flatten", headers=OPERATOR, json={"reason": "enough"})
    assert answer.status_code == 200
    assert answer.json()["halt"]["halted"] is True
    assert hands.asked == [("halt", "enough", True), ("flatten", "enough")]


async def test_without_anybody_who_looks_after_exits_there_is_no_flatten(
    http: httpx.AsyncClient, board: Board, hands: Hands
) -> None:
    board.flattener = None
    assert (await http.post("/api/v1/flatten", headers=OPERATOR, json={})).status_code == 409
    assert not board.gate.halted


def test_the_server_answers_from_its_own_thread_and_a_taken_port_is_told(board: Board) -> None:
    settings = Settings(ib_account="DUSIM0001", http_host="127.0.0.1", http_port=0)
    server = HealthServer(settings, board)
    server.start()
    answer = httpx.get(f"http://127.0.0.1:{server.port}/healthz", timeout=5, trust_env=False)
    assert answer.json()["alive"] is True
    with pytest.raises(PortError, match=str(server.port)):
        HealthServer(settings.model_copy(update={"http_port": server.port}), board)
    with socket.create_connection(("127.0.0.1", server.port)):
        pass
