"""HTTP in a thread of its own, so that it answers while Nautilus loads, builds, blocks or dies.

This thread reads the board and nothing else; a POST is handed to the node's loop and awaited.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import socket
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.about import about
from engine.board import Board, Reading, iso
from engine.errors import PortError, ResyncRefused
from engine.greeks import metrics as greeks
from engine.metrics import registry
from engine.state import State

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from pydantic import SecretStr
    from starlette.requests import Request

    from engine.settings import Settings

# How long a halt may take the node's loop before whoever asked is told that it does not answer.
LOOP_SECONDS = 2.0


class HealthServer:
    """The engine's HTTP server. `start` returns once the port is bound; the thread dies with the process."""

    def __init__(self, settings: Settings, board: Board) -> None:
        """Bind the port. Raises PortError if somebody else has it."""
        self._socket = _bind(settings.http_host, settings.http_port)
        self.port: int = self._socket.getsockname()[1]
        app = application(settings, board)
        config = uvicorn.Config(app, loop="asyncio", log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=server.run, kwargs={"sockets": [self._socket]}, name="health", daemon=True
        )

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()


def application(settings: Settings, board: Board) -> Starlette:
    """Build the routes over one board."""
    metrics = registry(board)
    machine, operator = _hash(settings.machine_token), _value(settings.operator_token_hash)
    either = (machine, operator)

    async def healthz(_: Request) -> Response:
        age = board.loop_age()
        alive = age <= board.limits.loop_stuck_after
        body = {"alive": alive, "loop_age_seconds": round(age, 3), "pid": os.getpid()}
        return JSONResponse(body, 200 if alive else 503)

    async def readyz(_: Request) -> Response:
        reading = board.read()
        ready = reading.verdict.state is State.TRADING and not reading.snapshot.seen.chain_missing
        return JSONResponse(
            {"ready": ready, "state": reading.verdict.state, "sentence": reading.verdict.sentence},
            200 if ready else 503,
        )

    async def status(_: Request) -> Response:
        return JSONResponse(status_json(board, board.read()))

    async def made_of(_: Request) -> Response:
        return JSONResponse(await about(settings, board))

    async def scrape(_: Request) -> Response:
        return Response(generate_latest(metrics), media_type=CONTENT_TYPE_LATEST)

    async def resync(request: Request) -> Response:
        if (refusal := _refused(request, *either)) is not None:
            return refusal
        control, loop = board.control, board.loop
        if control is None or loop is None:
            return JSONResponse({"ok": False, "reason": board.read().verdict.sentence}, 409)
        try:
            report = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(control.resync(), loop))
        except ResyncRefused as error:
            return JSONResponse({"ok": False, "reason": str(error)}, 409)
        return JSONResponse(report, 200 if report["ok"] else 503)

    async def hold(request: Request) -> Response:
        if (refusal := _refused(request, *either)) is not None:
            return refusal
        asked = await _word(request, "hold")
        if asked is None:
            return JSONResponse({"error": 'expected {"hold": true|false, "reason": "…"}'}, 400)
        board.gate.hold(*asked)
        return JSONResponse({"entries_held": board.gate.held, "reason": board.gate.reason})

    async def halt(request: Request) -> Response:
        by_operator = _refused(request, operator) is None
        if not by_operator and (refusal := _refused(request, machine)) is not None:
            return refusal
        asked = await _word(request, "halt", otherwise=True)
        if asked is None:
            return JSONResponse({"error": 'expected {"halt": true|false, "reason": "…"}'}, 400)
        wanted, reason = asked
        if not wanted and not by_operator:
            return JSONResponse({"error": "a halt is lifted with the operator's token alone"}, 403)
        if wanted:
            # Set before the loop is asked: a loop that is stuck must find it when it goes on.
            board.gate.halt(True, reason)
        halter, loop = board.halter, board.loop
        if halter is None or loop is None:
            board.gate.halt(wanted, reason)
            sentence = "nothing trades yet; the word holds as long as this process"
            return JSONResponse({"halted": wanted, "reason": reason, "sentence": sentence})
        work = halter.halt(reason, lasting=by_operator) if wanted else halter.lift()
        answer = await _on(loop, work)
        if answer is None:
            sentence = "the node's loop does not answer; what it does later will find the halt"
            return JSONResponse({"halted": board.gate.halted, "reason": reason, "sentence": sentence}, 503)
        return JSONResponse(answer, 200 if answer["halted"] is wanted else 503)

    async def flatten(request: Request) -> Response:
        if (refusal := _refused(request, operator)) is not None:
            return refusal
        asked = await _word(request, "flatten", otherwise=True)
        if asked is None or not asked[0]:
            return JSONResponse({"error": 'expected {"reason": "…"}'}, 400)
        halter, flattener, loop = board.halter, board.flattener, board.loop
        if halter is None or flattener is None or loop is None:
            return JSONResponse({"ok": False, "sentence": "nothing looks after exits yet"}, 409)
        # Or a strategy would open again what is being closed.
        board.gate.halt(True, asked[1])
        halted = await _on(loop, halter.halt(asked[1], lasting=True))
        answer = await _on(loop, flattener.flatten(asked[1]))
        if halted is None or answer is None:
            return JSONResponse({"ok": False, "sentence": "the node's loop does not answer"}, 503)
        return JSONResponse({**answer, "halt": halted}, 200 if answer["ok"] else 503)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", scrape),
            Route("/api/v1/status", status),
            Route("/api/v1/about", made_of),
            Route("/api/v1/resync", resync, methods=["POST"]),
            Route("/api/v1/hold-entries", hold, methods=["POST"]),
            Route("/api/v1/halt", halt, methods=["POST"]),
            Route("/api/v1/flatten", flatten, methods=["POST"]),
        ],
        middleware=[
            Middleware(
                TrustedHostMiddleware,
                allowed_hosts=["localhost", "127.0.0.1", "engine", f"watchkeeper-{settings.tenant}-engine"],
            )
        ],
    )


def status_json(board: Board, reading: Reading) -> dict[str, Any]:
    """Write a reading in the shape of `GET /api/v1/status`, version 1; keys are only ever added."""
    snapshot, seen = reading.snapshot, reading.snapshot.seen
    age = seen.data_age(board.clock.monotonic())
    return {
        "version": 1,
        "at": iso(board.clock.now()),
        "state": reading.verdict.state,
        "phase": reading.verdict.stage,
        "sentence": reading.verdict.sentence,
        "since": iso(reading.since),
        "account": board.account,
        "node_running": seen.node_running,
        "trader_running": seen.trader_running,
        "connection": {
            "ready": seen.ready,
            "attempts": seen.attempts,
            "client_id": seen.client_id,
            "reader_alive": seen.reader_alive,
            "inbound_age_seconds": round(age, 3) if age is not None and seen.data_at is not None else None,
            "queue": seen.queue,
            "subscriptions": seen.subscriptions,
            "farm": "broken" if seen.farm_broken else "well",
        },
        "loop_lag_seconds": round(snapshot.loop_lag, 4),
        "queues": dict(snapshot.queues),
        "exits": {
            "with": sum(1 for position in snapshot.positions if position["exits"]),
            "without": sum(1 for position in snapshot.positions if not position["exits"]),
        },
        "reconciled_at": iso(snapshot.reconciled_at),
        "entries_held": board.gate.held,
        "halted": board.gate.halted,
        "halt_reason": board.gate.halt_reason,
        "data_only": seen.data_only,
        "generation": seen.generation,
        "positions": list(snapshot.positions),
        "orders": list(snapshot.orders),
        "accounts": list(snapshot.accounts),
        "refused_orders": list(snapshot.refused),
        "cache": "down" if snapshot.cache_trouble is not None else "up",
        "write_blocked": snapshot.write_blocked,
        "chain": asdict(snapshot.chain) if snapshot.chain is not None else None,
        "greeks": greeks.status(snapshot.greeks),
    }


def _value(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def _hash(secret: SecretStr | None) -> str | None:
    value = _value(secret)
    return hashlib.sha256(value.encode()).hexdigest() if value else None


def _refused(request: Request, *hashes: str | None) -> Response | None:
    # Without a token file nobody may post: a missing secret must not open the door.
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    shown = hashlib.sha256(given.encode()).hexdigest()
    if any(known and hmac.compare_digest(shown.encode(), known.encode()) for known in hashes):
        return None
    return JSONResponse({"error": "a token of the right kind is needed: Authorization: Bearer …"}, 401)


async def _word(request: Request, name: str, *, otherwise: bool | None = None) -> tuple[bool, str] | None:
    """Read a yes or no and its reason from the body; None where that is not clear."""
    try:
        body = json.loads(await request.body() or b"{}")
        wanted = body.get(name, otherwise)
        return (wanted, str(body.get("reason", ""))) if isinstance(wanted, bool) else None
    except (ValueError, AttributeError):
        return None


async def _on(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any] | None:
    """Have the node's loop do it; None where that does not answer in time. It may do it later all the same."""
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), LOOP_SECONDS)
    except TimeoutError:
        return None


def _bind(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=64)
    except OSError as error:
        raise PortError(
            f"port {port} free on {host}", error.strerror or str(error), "stop what holds it, or set HTTP_PORT"
        ) from None
