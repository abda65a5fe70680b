"""The engine's HTTP API: its word for its state, and the few orders that we may give it.

http.client in a worker thread: one short request at a time needs no connection pool, and no 3 MiB to hold one.
"""

import asyncio
import http.client
import json
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from supervisor.errors import ActRefused
from supervisor.observation import EngineOrder, EnginePosition, EngineRefusal, EngineView, EngineWord, Look, Result
from tws.clock import Clock

_TOO_LONG = 1 << 20


class EngineLink:
    """One engine, by URL."""

    def __init__(self, url: str, token: str, clock: Clock, executor: Executor, *, timeout: float) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "engine"
        self._port = parts.port or 80
        self._token = token
        self._clock = clock
        self._executor = executor
        self._timeout = timeout
        self._client_id: int | None = None
        self._client_since = float("inf")

    async def look(self) -> EngineView:
        """Ask for its status. A name that does not resolve is our own trouble."""
        started = self._clock.monotonic()
        result, why = Result.OK, "answered"
        body: Mapping[str, Any] = {}
        try:
            code, body = await self._call("GET", "/api/v1/status", None, self._timeout)
            if code != 200:
                result, why = Result.FAIL, f"status {code}"
        except OSError as error:
            unresolved = type(error).__name__ == "gaierror"
            result, why = (Result.UNKNOWN if unresolved else Result.FAIL), str(error) or type(error).__name__
        except (http.client.HTTPException, ValueError) as error:
            result, why = Result.FAIL, f"no status: {error!r}"
        now = self._clock.monotonic()
        seen = view(body, Look(result, now, now - started, why))
        if seen.client_id != self._client_id or seen.client_id is None:
            self._client_id, self._client_since = seen.client_id, now
        return replace(seen, client_since=self._client_since)

    async def resync(self, timeout: float) -> str:
        """`POST /api/v1/resync`: reconnect, resubscribe and reconcile now.

        Raises:
            ActRefused: the engine said no, or nothing.
        """
        body = await self._order("/api/v1/resync", {}, timeout)
        if body.get("ok") is False:
            raise ActRefused(f"expected the engine to resync, found {body}")
        return f"resynced in {body.get('seconds', '?')} s"

    async def hold_entries(self, hold: bool, reason: str) -> None:
        """`POST /api/v1/hold-entries`.

        Raises:
            ActRefused: the engine said no, or nothing.
        """
        await self._order("/api/v1/hold-entries", {"hold": hold, "reason": reason}, self._timeout)

    async def halt(self, reason: str) -> str:
        """`POST /api/v1/halt`: order nothing any more. Nothing is flattened by it.

        Raises:
            ActRefused: the engine said no, or nothing, or is one that knows no such word (404).
        """
        await self._order("/api/v1/halt", {"reason": reason}, self._timeout)
        return "halted"

    async def _order(self, path: str, body: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        try:
            code, answer = await self._call("POST", path, body, timeout)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ActRefused(f"expected the engine to answer {path}, found {error!r}") from error
        if code not in (200, 202):
            raise ActRefused(f"expected the engine to accept {path}, found {code}: {answer}")
        return answer

    async def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None, timeout: float
    ) -> tuple[int, dict[str, Any]]:
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self._blocking, method, path, body, timeout
        )

    def _blocking(
        self, method: str, path: str, body: Mapping[str, Any] | None, timeout: float
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        headers = {"Connection": "close"}
        payload = None
        if body is not None:
            payload = json.dumps(body)
            headers |= {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        try:
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            answer = json.loads(response.read(_TOO_LONG) or b"{}")
            return response.status, answer if isinstance(answer, dict) else {}
        finally:
            connection.close()


def view(body: Mapping[str, Any], look: Look) -> EngineView:
    """The parts of an engine's status that decisions need; anything missing is taken for the careful value."""
    if look.result is not Result.OK:
        return EngineView(look=look)
    try:
        connection = body.get("connection") or {}
        word = str(body.get("state"))
        positions = [row for row in body.get("positions") or [] if row.get("quantity")]
        orders = [row for row in body.get("orders") or [] if row.get("status") not in _TERMINAL]
        at = _moment(body.get("at"))
        return EngineView(
            look=look,
            word=EngineWord(word) if word in EngineWord.__members__ else EngineWord.UNKNOWN,
            sentence=str(body.get("sentence", "")),
            account=body.get("account"),
            attempts=int(connection.get("attempts") or 0),
            reader_alive=connection.get("reader_alive") is not False,
            inbound_age_seconds=connection.get("inbound_age_seconds"),
            entries_held=body.get("entries_held") is True,
            halted=body.get("halted") is True,
            held=tuple(
                EnginePosition(row.get("con_id"), str(row.get("instrument_id")), float(row["quantity"]), _account(row))
                for row in positions
            ),
            working=tuple(
                EngineOrder(
                    str(row.get("client_order_id")), str(row.get("instrument_id")), _unanswered(row, at), _account(row)
                )
                for row in orders
            ),
            refused=tuple(
                EngineRefusal(
                    str(row.get("client_order_id")),
                    row.get("con_id"),
                    str(row.get("instrument_id")),
                    str(row.get("side")),
                    str(row.get("reason")),
                    _seconds_between(row.get("at"), at) or 0.0,
                    _account(row),
                )
                for row in body.get("refused_orders") or []
            ),
            client_id=connection.get("client_id"),
            reconciled=body.get("reconciled_at") is not None,
            cache_up=body.get("cache") != "down",
            write_blocked=body.get("write_blocked") is True,
        )
    except (AttributeError, TypeError, ValueError) as error:
        return EngineView(look=Look(Result.FAIL, look.at, look.seconds, f"malformed status: {error!r}"))


def _account(row: Mapping[str, Any]) -> str:
    return str(row.get("account") or "")


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _unanswered(row: Mapping[str, Any], at: datetime | None) -> float | None:
    return _seconds_between(row.get("submitted_at"), at) if row.get("status") == "SUBMITTED" else None


def _seconds_between(text: object, at: datetime | None) -> float | None:
    """Both moments are the engine's own, so its clock need not agree with ours."""
    moment = _moment(text)
    return (at - moment).total_seconds() if moment is not None and at is not None else None


_TERMINAL = ("DENIED", "REJECTED", "CANCELED", "EXPIRED", "FILLED")
