"""The engine's HTTP, against a real server on loopback."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from supervisor.errors import ActRefused
from supervisor.observation import EngineOrder, EnginePosition, EngineRefusal, EngineWord, Look, Result
from supervisor.probes.engine import EngineLink, view
from tws.clock import SystemClock

STATUS = {
    "version": 1,
    "state": "TRADING",
    "sentence": "all is well",
    "account": "DUSIM0001",
    "connection": {"ready": True, "attempts": 2, "reader_alive": True, "inbound_age_seconds": 0.4, "queue": 0},
    "reconciled_at": "2026-01-01T00:00:00Z",
    "entries_held": True,
    "halted": True,
    "positions": [{"instrument_id": "SPY", "quantity": 1.0}, {"instrument_id": "QQQ", "quantity": 0.0}],
    "orders": [{"status": "ACCEPTED"}, {"status": "FILLED"}],
}


class Handler(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, Any]] = {}  # noqa: RUF012 (set by each test)
    asked: list[tuple[str, str | None, Any]] = []  # noqa: RUF012

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.asked.append((self.path, self.headers.get("Authorization"), body))
        code, answer = self.answers.get(self.path, (404, {}))
        payload = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def link() -> Iterator[EngineLink]:
    Handler.answers, Handler.asked = {}, []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with ThreadPoolExecutor(2) as pool:
        yield EngineLink(f"http://127.0.0.1:{server.server_port}", "secret", SystemClock(), pool, timeout=1.0)
    server.shutdown()
    server.server_close()


async def test_its_status_is_read(link: EngineLink) -> None:
    Handler.answers["/api/v1/status"] = (200, STATUS)
    seen = await link.look()
    assert (seen.look.result, seen.word, seen.attempts) == (Result.OK, EngineWord.TRADING, 2)
    assert (seen.positions, seen.orders, seen.entries_held, seen.halted, seen.reconciled) == (1, 1, True, True, True)
    assert Handler.asked == [("/api/v1/status", None, None)]


async def test_its_books_are_read(link: EngineLink) -> None:
    books = {
        "at": "2026-01-01T10:00:08+00:00",
        "connection": {"client_id": 1},
        "positions": [{"instrument_id": "SPY.ARCX", "con_id": 756733, "quantity": -2.0}],
        "orders": [
            {
                "client_order_id": "O-1",
                "instrument_id": "SPY.ARCX",
                "status": "SUBMITTED",
                "submitted_at": "2026-01-01T10:00:01.500000+00:00",
            },
            {"client_order_id": "O-2", "status": "ACCEPTED", "submitted_at": "2026-01-01T10:00:00+00:00"},
        ],
        "refused_orders": [
            {
                "client_order_id": "O-3",
                "con_id": 756733,
                "side": "BUY",
                "reason": "201",
                "at": "2026-01-01T10:00:06+00:00",
            }
        ],
    }
    Handler.answers["/api/v1/status"] = (200, STATUS | books)
    seen = await link.look()
    assert seen.held == (EnginePosition(756733, "SPY.ARCX", -2.0),)
    assert seen.working == (EngineOrder("O-1", "SPY.ARCX", 6.5), EngineOrder("O-2", "None"))
    assert seen.refused == (EngineRefusal("O-3", 756733, "None", "BUY", "201", 2.0),)
    assert (seen.client_id, seen.client_since) == (1, seen.look.at)
    assert (await link.look()).client_since == seen.look.at
    Handler.answers["/api/v1/status"] = (200, STATUS | books | {"connection": {"client_id": 2}})
    changed = await link.look()
    assert (changed.client_id, changed.client_since) == (2, changed.look.at)


@pytest.mark.parametrize("answer", [(500, {}), (200, b"no json"), (200, {"positions": "three"})])
async def test_nonsense_is_a_failure(link: EngineLink, answer: tuple[int, Any]) -> None:
    Handler.answers["/api/v1/status"] = answer
    assert (await link.look()).look.result is Result.FAIL


async def test_nobody_there_is_a_failure_and_no_name_is_our_own_trouble() -> None:
    with ThreadPoolExecutor(1) as pool:
        there = EngineLink("http://127.0.0.1:1", "t", SystemClock(), pool, timeout=1.0)
        nowhere = EngineLink("http://no-such-host.invalid", "t", SystemClock(), pool, timeout=1.0)
        assert (await there.look()).look.result is Result.FAIL
        assert (await nowhere.look()).look.result is Result.UNKNOWN


async def test_orders_carry_the_token(link: EngineLink) -> None:
    Handler.answers["/api/v1/resync"] = (200, {"ok": True, "seconds": 0.5})
    Handler.answers["/api/v1/hold-entries"] = (200, {"entries_held": True})
    assert "0.5" in await link.resync(2.0)
    await link.hold_entries(True, "jvm-dead")
    assert Handler.asked == [
        ("/api/v1/resync", "Bearer secret", {}),
        ("/api/v1/hold-entries", "Bearer secret", {"hold": True, "reason": "jvm-dead"}),
    ]


@pytest.mark.parametrize("answer", [(409, {}), (200, {"ok": False}), (401, {})])
async def test_a_refused_resync_is_said(link: EngineLink, answer: tuple[int, Any]) -> None:
    Handler.answers["/api/v1/resync"] = answer
    with pytest.raises(ActRefused):
        await link.resync(2.0)


def test_a_word_that_nobody_knows_is_unknown() -> None:
    assert view({"state": "DANCING"}, Look(Result.OK, 1.0)).word is EngineWord.UNKNOWN


async def test_halt_is_said_and_an_engine_that_knows_no_such_word_is_told_of(link: EngineLink) -> None:
    with pytest.raises(ActRefused, match="404"):
        await link.halt("wrong account")
    Handler.answers["/api/v1/halt"] = (200, {})
    assert await link.halt("wrong account") == "halted"
    assert Handler.asked[-1] == ("/api/v1/halt", "Bearer secret", {"reason": "wrong account"})
