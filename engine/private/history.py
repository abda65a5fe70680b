"""NautilusTrader's client for the past: what it was refused, and the sessions of the past, which it cannot ask for.

Not imported by the engine itself: only whoever downloads needs it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from engine.errors import RequestRefused
from engine.private.version import verify_client

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from nautilus_trader.adapters.interactive_brokers.historical.client import HistoricInteractiveBrokersClient

ON_INSTANCE = ("_eclient", "_next_req_id", "process_error")


class Historic:
    """The historic client, seen from inside.

    It answers a refused question with an empty list, as it answers one about an hour without a trade.
    """

    def __init__(self, historic: HistoricInteractiveBrokersClient, loop: asyncio.AbstractEventLoop) -> None:
        """Take the client; raises VersionError if it lacks a name that we need."""
        verify_client(historic, ("_client",))
        client = historic._client
        verify_client(client, ON_INSTANCE)
        self._client = client
        self._loop = loop
        self._refusal: asyncio.Future[tuple[int, str]] | None = None
        self._handle = client.process_error
        client.process_error = self._heard

    @property
    def ready(self) -> bool:
        """Whether the session stands."""
        return bool(self._client.is_ready)

    def stop(self) -> None:
        """Close the socket; a task of the client's does it."""
        self._client.stop()

    async def answer[T](self, question: Awaitable[T]) -> T:
        """Await the answer to one question. Raises RequestRefused when the gateway says no; one question at a time."""
        self._refusal = self._loop.create_future()
        asked = asyncio.ensure_future(question)
        try:
            both: set[asyncio.Future[Any]] = {asked, self._refusal}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if self._refusal.done():
                raise RequestRefused(*self._refusal.result())
            return await asked
        finally:
            self._refusal = None
            asked.cancel()

    async def sessions(
        self, contract: Any, end: str, days: int, regular: bool, timeout: float
    ) -> list[tuple[str, str, str]]:
        """Ask which sessions a contract had (opens, closes, both as the gateway writes them, and their zone).

        The adapter asks for no schedule and drops the answer. Raises RequestRefused and TimeoutError.
        """
        request = self._client._next_req_id()
        told: asyncio.Future[list[tuple[str, str, str]]] = self._loop.create_future()

        def schedule(req_id: int, _start: str, _end: str, zone: str, sessions: Any) -> None:
            if req_id == request and not told.done():
                told.set_result([(one.startDateTime, one.endDateTime, zone) for one in sessions])

        self._client._eclient.wrapper.historicalSchedule = schedule
        duration = f"{days} D" if days <= 365 else f"{-(-days // 365)} Y"
        self._client._eclient.reqHistoricalData(
            request, contract, end, duration, "1 day", "SCHEDULE", regular, 1, False, []
        )
        return await self.answer(asyncio.wait_for(told, timeout))

    async def _heard(self, *, req_id: int, error_code: int, error_string: str, **rest: Any) -> None:
        # 2100 to 2199 are warnings; what has no request is about the session.
        refused = req_id > 0 and not 2100 <= error_code < 2200
        if refused and self._refusal is not None and not self._refusal.done():
            self._refusal.set_result((error_code, error_string.replace("\n", " ")))
        await self._handle(req_id=req_id, error_code=error_code, error_string=error_string, **rest)
