"""The WebSocket to the feed: connected, joined and joined again, whatever happens.

Back-pressure: the service drops what a slow reader does not take, so frames are taken at once, and only the newest
trade of each wanted option is kept until somebody collects it. Memory is bounded by the number of options.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential_jitter
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from engine.greeks.unusual_whales.frames import Joined, Print, join, leave, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tenacity import RetryCallState

    from engine.clock import Clock

MAX_RETRY_SECONDS = 60.0
PAUSE_SECONDS = 1.0
# While the market trades, a channel of an index fund is never silent for so long; then the join may have been lost.
SILENT_SECONDS = 60.0
# The token is part of the address, and the library writes addresses into its log: it gets one that is switched off.
_SWITCHED_OFF = logging.getLogger("engine.greeks.socket")
_SWITCHED_OFF.disabled = True


class FeedDownError(Exception):
    """A session that did not come about, or ended before it told of a trade. Its text never holds the address."""


@dataclass(slots=True)
class Counts:
    """Since the start."""

    sessions: int = 0
    prints: int = 0
    conflated: int = 0
    unknown: int = 0
    implausible: int = 0
    undecodable: int = 0


@dataclass(slots=True)
class Feed:
    """One connection for all channels. `wanted` says whether a trade of this option symbol interests anybody."""

    url: str
    token_file: Path
    clock: Clock
    wanted: Callable[[str], bool]
    counts: Counts = field(default_factory=Counts)
    trouble: str = ""
    channels: set[str] = field(default_factory=set)
    joined: set[str] = field(default_factory=set)
    _socket: ClientConnection | None = None
    _pending: dict[str, Print] = field(default_factory=dict)
    _heard_at: float = 0.0

    @property
    def connected(self) -> bool:
        """Whether a session stands."""
        return self._socket is not None

    def take(self) -> list[Print]:
        """Return the newest trade of each option since the last call."""
        taken = list(self._pending.values())
        self._pending.clear()
        return taken

    async def join(self, channel: str) -> None:
        """Join now, if there is a session, and again in each later one."""
        if channel not in self.channels:
            self.channels.add(channel)
            await self._send(join(channel))

    async def leave(self, channel: str) -> None:
        """Leave, and do not come back."""
        if channel in self.channels:
            self.channels.discard(channel)
            self.joined.discard(channel)
            await self._send(leave(channel))

    async def hang_up_if_silent(self) -> None:
        """End a session that says nothing; the next one joins anew. Called from time to time."""
        if self._socket is not None and self.clock.monotonic() - self._heard_at > SILENT_SECONDS:
            await self._socket.close()

    async def run(self) -> None:
        """Keep a session for ever. After one that carried trades the next follows at once, after others ever later."""
        while True:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(FeedDownError),
                wait=wait_exponential_jitter(max=MAX_RETRY_SECONDS),
                sleep=self.clock.sleep,
                before_sleep=self._tell,
            ):
                with attempt:
                    await self._session()
            await self.clock.sleep(PAUSE_SECONDS)

    def _tell(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.trouble = str(error)

    async def _session(self) -> None:
        before = self.counts.prints
        try:
            async with connect(self._address(), logger=_SWITCHED_OFF, proxy=None) as socket:
                self._socket = socket
                self._heard_at = self.clock.monotonic()
                self.counts.sessions += 1
                self.trouble = ""
                for channel in sorted(self.channels):
                    await socket.send(join(channel))
                async for raw in socket:
                    self._hear(raw)
            why = "the feed ended the session"
        except InvalidStatus as error:
            why = f"the feed answered HTTP {error.response.status_code}"
            if error.response.status_code in (401, 403):
                why += ": the token in the secret file unusual_whales_token is not accepted"
        except (OSError, WebSocketException, TimeoutError) as error:
            # Only the kind: the text of some of these holds the address, and the address holds the token.
            why = f"the session failed ({type(error).__name__})"
        finally:
            self._socket = None
            self.joined.clear()
        if self.counts.prints == before:
            raise FeedDownError(why) from None
        self.trouble = why

    def _address(self) -> str:
        try:
            token = self.token_file.read_text().strip()
        except OSError as error:
            raise FeedDownError(f"the secret file {self.token_file.name} cannot be read: {error.strerror}") from None
        if not token:
            raise FeedDownError(f"the secret file {self.token_file.name} is empty")
        return f"{self.url}?token={quote(token, safe='')}"

    def _hear(self, raw: str | bytes) -> None:
        self._heard_at = self.clock.monotonic()
        try:
            heard = read(raw)
        except ValueError:
            self.counts.undecodable += 1
            return
        if isinstance(heard, Joined):
            if heard.trouble:
                self.trouble = f"the feed refused to join {heard.channel}: {heard.trouble}"
            else:
                self.joined.add(heard.channel)
        elif heard is not None:
            self._keep(heard)

    def _keep(self, heard: Print) -> None:
        self.counts.prints += 1
        if not self.wanted(heard.symbol):
            self.counts.unknown += 1
            return
        if not heard.plausible():
            self.counts.implausible += 1
            return
        known = self._pending.get(heard.symbol)
        if known is not None:
            self.counts.conflated += 1
            if known.executed_ns > heard.executed_ns:
                return
        self._pending[heard.symbol] = heard

    async def _send(self, text: str) -> None:
        if self._socket is not None:
            # One that has just closed: the next session joins what is wanted then.
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(text)
