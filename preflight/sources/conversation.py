"""A preflight's talk with a real gateway: one session, and each thing asked once, however many checks want to know."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import Any, Self

from preflight.settings import MARKET_DATA_TYPES, Settings
from preflight.sources.gateway import TOGETHER, Opening, Skew, Word
from preflight.sources.once import Once
from preflight.sources.pace import Pace
from tws import codes
from tws.clock import Clock
from tws.contracts import stock
from tws.errors import ClientIdInUse, RequestRefused, RequestUnanswered, Unsupported
from tws.handshake import Greeting, probe
from tws.session import Session
from tws.values import (
    NO_REQUEST,
    AccountValue,
    Bar,
    Chain,
    Definition,
    Execution,
    Look,
    Notice,
    OpenOrder,
    Position,
    Quote,
)

_BAND = 10
"""Client ids 910-919 are the preflight's."""
_FARMS_WITHIN = 1.0
"""Seconds after the session has begun in which a gateway has told of its farms."""
_LAST_OF_FARMS = (codes.SECDEF_FARM_OK, codes.SECDEF_FARM_BROKEN, codes.UPSTREAM_BROKEN)
"""After one of these nothing more is said of farms at the start."""
_SPY = stock("SPY", primary="ARCA")
"""Every login may ask for its past and its hours."""


class Conversation:
    """The gateway that checks ask. Every method raises what `tws` raises."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._exits = AsyncExitStack()
        self._once = Once()
        self._opening: Opening | None = None
        self._pace = Pace(clock)
        self._lines = asyncio.Semaphore(TOGETHER)
        self._notices: list[Notice] = []
        self._farms_told = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._once.aclose()
        await self._exits.aclose()

    async def greeting(self) -> Greeting:
        """The handshake's answer, from a connection of its own that uses no client id."""
        return await self._once("greeting", self._greet)

    async def opening(self) -> Opening:
        """How the session was opened."""
        await self._session()
        assert self._opening is not None
        return self._opening

    async def accounts(self) -> tuple[str, ...]:
        """The accounts that this login manages."""
        return (await self._session()).accounts

    async def bars(self) -> list[Bar]:
        """A day of SPY in hours, for the form of their times. No line is used up."""
        return await self._once("bars", self._ask_bars)

    async def skew(self) -> Skew:
        """Current time in milliseconds, or the handshake's; taken as written when half of the round trip was over."""
        return await self._once("skew", self._ask_skew)

    async def executions(self) -> list[Execution]:
        """Today's fills of all clients."""
        return await self._once("executions", self._ask_executions)

    async def reference(self) -> Definition:
        """SPY's."""
        return await self._once("reference", self._ask_reference)

    async def word(self) -> Word:
        """The gateway's own settings: server versions below 219 do not tell them, and later ones may not want to."""
        return await self._once("word", self._ask_word)

    async def is_read_only(self) -> bool:
        """Whether it refuses to list open orders, as a read-only API does."""
        return await self._once("is_read_only", self._ask_read_only)

    async def notices(self) -> tuple[Notice, ...]:
        """What it has said unasked, once it has told of all its farms or had the time to."""
        await self._session()
        with suppress(TimeoutError):
            async with asyncio.timeout(_FARMS_WITHIN):
                await self._farms_told.wait()
        return tuple(self._notices)

    async def definitions(self, of: Any) -> list[Definition]:
        """Every contract that fits."""
        return await self._once(f"definitions {of}", lambda: self._ask_definitions(of))

    async def chains(self, underlying: Definition) -> list[Chain]:
        """The options on an instrument."""
        return await self._once(f"chains {underlying.con_id}", lambda: self._ask_chains(underlying))

    async def recent(self, of: Any) -> list[Bar]:
        """A day of an instrument in hours."""
        return await self._once(f"recent {of}", lambda: self._ask_recent(of))

    async def look(self, of: Any, enough: Callable[[Quote], bool]) -> Look:
        """Market data of a contract; three lines at a time."""
        return await self._once(f"look {of}", lambda: self._ask_look(of, enough))

    async def account_values(self) -> list[AccountValue]:
        """The values of the configured account."""
        return await self._once("account values", self._ask_account_values)

    async def positions(self) -> list[Position]:
        """What all accounts of the login hold."""
        return await self._once("positions", self._ask_positions)

    async def open_orders(self) -> list[OpenOrder]:
        """Working orders of all clients."""
        return await self._once("open orders", self._ask_open_orders)

    @property
    def _timeout(self) -> float:
        return self._settings.preflight_timeout_seconds

    async def _greet(self) -> Greeting:
        return await probe(self._settings.gateway_host, self._settings.gateway_port, timeout=self._timeout)

    async def _ask_bars(self) -> list[Bar]:
        return await (await self._session()).bars(_SPY, duration="1 D", bar_size="1 hour", timeout=self._timeout)

    async def _ask_skew(self) -> Skew:
        session = await self._session()
        asked = self._clock.monotonic()
        try:
            millis = await session.current_time_millis(timeout=self._timeout)
        except Unsupported:
            return await self._skew_by_handshake()
        half = (self._clock.monotonic() - asked) / 2
        return Skew(millis / 1000 - (self._clock.now().timestamp() - half), half)

    async def _skew_by_handshake(self) -> Skew:
        greeting = await probe(self._settings.gateway_host, self._settings.gateway_port, timeout=self._timeout)
        half = greeting.seconds / 2
        behind = greeting.time.skew(self._clock.now() - timedelta(seconds=half)).total_seconds()
        return Skew(behind + 0.5, 0.5 + half, exact=False)  # it left out up to a second

    async def _ask_reference(self) -> Definition:
        return (await (await self._session()).definitions(_SPY, timeout=self._timeout))[0]

    async def _ask_word(self) -> Word:
        session = await self._session()
        try:
            return Word(await session.config(timeout=self._timeout))
        except (Unsupported, RequestRefused, RequestUnanswered) as error:
            return Word(None, str(error))

    async def _ask_read_only(self) -> bool:
        return await (await self._session()).is_read_only(timeout=self._timeout)

    async def _ask_definitions(self, of: Any) -> list[Definition]:
        session = await self._session()
        await self._pace()
        return await session.definitions(of, timeout=self._timeout)

    async def _ask_chains(self, underlying: Definition) -> list[Chain]:
        session = await self._session()
        await self._pace()
        return await session.chains(underlying, timeout=self._timeout)

    async def _ask_recent(self, of: Any) -> list[Bar]:
        session = await self._session()
        await self._pace()
        return await session.bars(of, duration="1 D", bar_size="1 hour", timeout=self._timeout)

    async def _ask_look(self, of: Any, enough: Callable[[Quote], bool]) -> Look:
        session = await self._session()
        await self._once("market data type", self._set_market_data_type)
        async with self._lines:
            await self._pace(2)  # the line is given back as well
            return await session.watch(of, enough, timeout=self._timeout)

    async def _set_market_data_type(self) -> None:
        session = await self._session()
        await self._pace()
        session.market_data_type(MARKET_DATA_TYPES.index(self._settings.market_data_type) + 1)

    async def _ask_account_values(self) -> list[AccountValue]:
        session = await self._session()
        await self._pace(2)
        return await session.account_values(self._settings.ib_account, timeout=self._timeout)

    async def _ask_positions(self) -> list[Position]:
        session = await self._session()
        await self._pace(2)
        return await session.positions(timeout=self._timeout)

    async def _ask_open_orders(self) -> list[OpenOrder]:
        session = await self._session()
        await self._pace()
        return await session.open_orders(timeout=self._timeout)

    async def _ask_executions(self) -> list[Execution]:
        session = await self._session()
        await self._pace()
        return await session.executions(timeout=self._timeout)

    def _hear(self, notice: Notice) -> None:
        if notice.request_id != NO_REQUEST:
            return
        self._notices.append(notice)
        if notice.code in _LAST_OF_FARMS:
            self._farms_told.set()

    async def _session(self) -> Session:
        return await self._once("session", self._open)

    async def _open(self) -> Session:
        first = self._settings.preflight_client_id
        for number in range(first, first + _BAND - 1):
            try:
                return await self._open_as(number)
            except ClientIdInUse:
                continue  # another preflight is asking; it will be gone soon, and the band is ours
        return await self._open_as(first + _BAND - 1)

    async def _open_as(self, number: int) -> Session:
        s = self._settings
        dialled = self._clock.monotonic()
        session = await Session.open(
            s.gateway_host, s.gateway_port, number, timeout=self._timeout, on_notice=self._hear, clock=self._clock
        )
        taken = tuple(range(s.preflight_client_id, number))
        self._opening = Opening(number, taken, session.next_order_id, self._clock.monotonic() - dialled)
        return await self._exits.enter_async_context(session)
