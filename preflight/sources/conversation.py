"""A preflight's talk with a real gateway: one session, and each thing asked once, however many checks want to know."""

from contextlib import AsyncExitStack
from typing import Self

from preflight.settings import Settings
from preflight.sources.gateway import Word
from preflight.sources.once import Once
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
        self._once = Once()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._once.aclose()
        await self._exits.aclose()

    async def greeting(self) -> Greeting:
        """The handshake's answer, from a connection of its own that uses no client id."""
        return await self._once("greeting", self._greet)

    async def accounts(self) -> tuple[str, ...]:
        """The accounts that this login manages."""
        return (await self._session()).accounts

    async def bars(self) -> list[Bar]:
        """A day of SPY in hours, for the form of their times. Every login may ask for it; no line is used up."""
        return await self._once("bars", self._ask_bars)

    async def word(self) -> Word:
        """The gateway's own settings: server versions below 219 do not tell them, and later ones may not want to."""
        return await self._once("word", self._ask_word)

    async def is_read_only(self) -> bool:
        """Whether it refuses to list open orders, as a read-only API does."""
        return await self._once("is_read_only", self._ask_read_only)

    @property
    def _timeout(self) -> float:
        return self._settings.preflight_timeout_seconds

    async def _greet(self) -> Greeting:
        return await probe(self._settings.gateway_host, self._settings.gateway_port, timeout=self._timeout)

    async def _ask_bars(self) -> list[Bar]:
        spy = stock("SPY", primary="ARCA")
        return await (await self._session()).bars(spy, duration="1 D", bar_size="1 hour", timeout=self._timeout)

    async def _ask_word(self) -> Word:
        session = await self._session()
        try:
            return Word(await session.config(timeout=self._timeout))
        except (Unsupported, RequestRefused, RequestUnanswered) as error:
            return Word(None, str(error))

    async def _ask_read_only(self) -> bool:
        return await (await self._session()).is_read_only(timeout=self._timeout)

    async def _session(self) -> Session:
        return await self._once("session", self._open)

    async def _open(self) -> Session:
        s = self._settings
        last = s.preflight_client_id + _BAND - 1
        for number in range(s.preflight_client_id, last):
            try:
                return await self._open_as(number)
            except ClientIdInUse:
                continue  # another preflight is asking; it will be gone soon, and the band is ours
        return await self._open_as(last)

    async def _open_as(self, number: int) -> Session:
        s = self._settings
        session = await Session.open(s.gateway_host, s.gateway_port, number, timeout=self._timeout, clock=self._clock)
        return await self._exits.enter_async_context(session)
