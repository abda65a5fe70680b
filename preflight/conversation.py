"""A preflight's talk with a real gateway: asked once for each thing, however many checks want to know."""

from contextlib import AsyncExitStack
from typing import Self

from preflight.check import Word
from preflight.settings import Settings
from tws.clock import Clock
from tws.contracts import stock
from tws.errors import ClientIdInUse, RequestRefused, RequestUnanswered, Unsupported
from tws.handshake import Greeting, probe
from tws.session import Session
from tws.values import Bar

_BAND = 10
"""Client ids 910-919 are the preflight's."""


class Conversation:
    """The gateway that checks ask. Every method raises what `tws` raises."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._exits = AsyncExitStack()
        self._greeting: Greeting | None = None
        self._session: Session | None = None
        self._word: Word | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exits.aclose()

    async def greeting(self) -> Greeting:
        """The handshake's answer, from a connection of its own that uses no client id."""
        if self._greeting is None:
            s = self._settings
            self._greeting = await probe(s.gateway_host, s.gateway_port, timeout=s.preflight_timeout_seconds)
        return self._greeting

    async def accounts(self) -> tuple[str, ...]:
        """The accounts that this login manages."""
        return (await self._open()).accounts

    async def bars(self) -> list[Bar]:
        """A day of SPY in hours, for the form of their times. Every login may ask for it; no line is used up."""
        session = await self._open()
        timeout = self._settings.preflight_timeout_seconds
        return await session.bars(stock("SPY", primary="ARCA"), duration="1 D", bar_size="1 hour", timeout=timeout)

    async def word(self) -> Word:
        """The gateway's own settings: server versions below 219 do not tell them, and later ones may not want to."""
        if self._word is None:
            session = await self._open()
            try:
                self._word = Word(await session.config(timeout=self._settings.preflight_timeout_seconds))
            except (Unsupported, RequestRefused, RequestUnanswered) as error:
                self._word = Word(None, str(error))
        return self._word

    async def is_read_only(self) -> bool:
        """Whether it refuses to list open orders, as a read-only API does."""
        return await (await self._open()).is_read_only(timeout=self._settings.preflight_timeout_seconds)

    async def _open(self) -> Session:
        if self._session is None:
            s = self._settings
            for number in range(s.preflight_client_id, s.preflight_client_id + _BAND):
                try:
                    session = await Session.open(
                        s.gateway_host,
                        s.gateway_port,
                        number,
                        timeout=s.preflight_timeout_seconds,
                        clock=self._clock,
                    )
                except ClientIdInUse:
                    if number == s.preflight_client_id + _BAND - 1:
                        raise
                    continue  # another preflight is asking; it will be gone soon, and the band is ours
                self._session = await self._exits.enter_async_context(session)
                break
        assert self._session is not None
        return self._session
