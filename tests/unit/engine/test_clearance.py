"""Clearance against a real HTTP server on loopback; only time is turned by hand."""

from __future__ import annotations

import json
import socket
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from engine.clearance import Answer, Ground, Request, ask, obtain

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = Request("sim", "DUSIM0001", "sim", "i-1")


class HandClock:
    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class Supervisor:
    """Answers from a list, the last one for ever."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.heard: list[tuple[str, str | None, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.heard.append((self.path, self.headers.get("authorization"), body))
                status, said = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                raw = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def supervisors() -> Iterator[list[Supervisor]]:
    made: list[Supervisor] = []
    yield made
    for one in made:
        one.close()


def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return f"http://127.0.0.1:{held.getsockname()[1]}"


async def obtained(url: str, clock: HandClock, said: list[str], grace: float = 60.0) -> Ground:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await obtain(lambda: ask(http, url, "secret", REQUEST), clock, said.append, grace=grace)


async def test_a_yes_is_a_yes_and_the_question_is_complete(supervisors: list[Supervisor]) -> None:
    supervisors.append(one := Supervisor((200, {"granted": True, "reason": "", "retry_after_seconds": 0})))
    clock = HandClock()
    assert await obtained(one.url, clock, []) is Ground.SUPERVISOR
    path, authorization, body = one.heard[0]
    assert path == "/api/v1/clearance"
    assert authorization == "Bearer secret"
    assert body == {
        "tenant": "sim",
        "account": "DUSIM0001",
        "further_accounts": [],
        "mode": "sim",
        "instance": "i-1",
    }
    assert clock.slept == []


async def test_a_no_is_asked_again_after_the_time_it_names(supervisors: list[Supervisor]) -> None:
    no = {"granted": False, "reason": "preflight is red", "retry_after_seconds": 7.5}
    supervisors.append(one := Supervisor((200, no), (200, no), (200, {"granted": True})))
    clock, said = HandClock(), list[str]()
    assert await obtained(one.url, clock, said) is Ground.SUPERVISOR
    assert clock.slept == [7.5, 7.5]
    assert said == ["waiting for clearance: preflight is red"] * 2


@pytest.mark.parametrize(
    "refusal",
    [
        (200, {"granted": False, "retry_after_seconds": 30}),
        (200, {"granted": "yes"}),
        (200, ["granted"]),
        (200, b"<html>"),
        (401, {"error": "token"}),
        (403, {"granted": True}),
        (500, {"granted": True}),
        (503, b""),
    ],
)
async def test_whoever_speaks_without_a_clear_yes_refuses_for_ever(
    supervisors: list[Supervisor], refusal: tuple[int, Any]
) -> None:
    """Ten minutes of refusals, far beyond the grace for silence, and still no start."""
    supervisors.append(one := Supervisor(refusal))
    clock = HandClock()

    class Enough(Exception):
        pass

    def tell(_: str) -> None:
        if clock.time > 600:
            raise Enough

    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(Enough):
            await obtain(lambda: ask(http, one.url, "secret", REQUEST), clock, tell, grace=60.0)


async def test_silence_ends_in_the_own_check_after_the_grace_and_not_before() -> None:
    clock, said = HandClock(), list[str]()
    assert await obtained(nobody(), clock, said) is Ground.OWN_CHECK
    assert 60.0 <= clock.time < 63.0
    assert "own account check in 60 s" in said[0]


async def test_one_word_in_between_begins_the_minute_anew() -> None:
    clock = HandClock()
    refused = [Answer(reachable=False)] * 25 + [Answer(True, reason="no")] + [Answer(reachable=False)] * 40

    async def ask_once() -> Answer:
        return refused.pop(0)

    assert await obtain(ask_once, clock, lambda _: None, grace=60.0) is Ground.OWN_CHECK
    assert clock.time >= 25 * 2 + 2 + 60


async def test_a_supervisor_that_never_answers_counts_as_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        async with httpx.AsyncClient(trust_env=False, transport=httpx.AsyncHTTPTransport(retries=0)) as http:
            answer = await ask(http, url, None, REQUEST, timeout=0.2)
    assert not answer.reachable
    assert not answer.granted


async def test_retry_times_stay_within_reason(supervisors: list[Supervisor]) -> None:
    supervisors.append(one := Supervisor((200, {"granted": False, "retry_after_seconds": 1e9})))
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await ask(http, one.url, None, REQUEST)).retry_after == 60.0
    assert one.heard[0][1] is None
