"""A local server that speaks as the feed does: token in the address, joins, and whatever frames it is told to send."""

from __future__ import annotations

import asyncio
import http
import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.http11 import Request, Response

TOKEN = "a-token-that-must-not-be-seen"
_LINES = Path(__file__).with_name("option_trades.jsonl").read_text().splitlines()


def samples() -> list[Any]:
    """The frames of a short stretch of trading, one of each kind."""
    return [json.loads(line) for line in _LINES]


def trade(symbol: str, executed_ns: int, **more: Any) -> list[Any]:
    """A frame of one trade, after the sample's shape."""
    channel, payload = next(frame for frame in samples() if frame[1].get("option_symbol") == "SPY261123C00600000")
    return [channel, payload | {"option_symbol": symbol, "executed_at": executed_ns // 1_000_000} | more]


class Whales:
    """What has been asked of it, and the sessions that stand."""

    def __init__(self) -> None:
        self.url = ""
        self.said: list[Any] = []
        self.binary = 0
        self.accepted = 0
        self.refuse = False
        self.sessions: list[ServerConnection] = []

    async def send(self, *frames: Any) -> None:
        for session in self.sessions:
            for frame in frames:
                await session.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def hang_up(self) -> None:
        for session in self.sessions:
            await session.close()

    async def cut(self) -> None:
        """End the connections without a word, as a network does."""
        for session in self.sessions:
            session.transport.abort()

    def _let_in(self, connection: ServerConnection, request: Request) -> Response | None:
        token = parse_qs(urlsplit(request.path).query).get("token", [""])[0]
        if token != TOKEN or self.refuse:
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "no\n")
        return None

    async def _serve(self, session: ServerConnection) -> None:
        self.accepted += 1
        self.sessions.append(session)
        try:
            async for raw in session:
                if isinstance(raw, bytes):
                    self.binary += 1
                    continue  # the real one ignores them
                said = json.loads(raw)
                self.said.append(said)
                if said["msg_type"] == "join":
                    await session.send(json.dumps([said["channel"], {"response": {}, "status": "ok"}]))
        finally:
            self.sessions.remove(session)


@asynccontextmanager
async def serving() -> AsyncIterator[Whales]:
    """Serve on a free port of loopback."""
    whales = Whales()
    async with serve(whales._serve, "127.0.0.1", 0, process_request=whales._let_in) as server:
        whales.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/socket"
        yield whales


async def until(condition: Any, seconds: float = 10.0) -> None:
    """Wait for a condition, with a bound."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
