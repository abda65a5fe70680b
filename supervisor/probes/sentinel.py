"""The sentinel: the one long-lived session to a gateway, which hears what no probe can ask for.

It hears 1100, 1101, 1102 and the farms' codes the moment they are sent, asks reqCurrentTime (and is the only one who
does: a second asker within a second is ignored by the gateway), keeps one canary quote, and audits positions and
working orders. By itself it heals nothing but its own closed session; a silent one is reconnected on the machine's
word.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, Self

import structlog

from supervisor.observation import Ending, Look, Result, SentinelView, SessionPhase
from supervisor.policy import Policy
from supervisor.probes.books import Books
from tws import codes
from tws.clock import Clock
from tws.errors import (
    ClientIdInUse,
    RequestRefused,
    RequestUnanswered,
    SessionClosed,
    TwsError,
    Unsupported,
)
from tws.listener import says_read_only
from tws.times import sessions
from tws.values import Definition, Notice, OpenOrder, Position, Profit, Quote

BAND = range(900, 910)
"""The sentinel's client ids: each session asks for the first, 326 takes the next one."""

_OPEN_TIMEOUT = 4.0
_OPEN_AGAIN = 1.0
_AUDIT_TIMEOUT = 5.0
_TICKS_PATIENCE = 10.0
_HOURS_AGAIN = 6 * 3600.0  # they are listed for days
_HOURS_SOON = 60.0

log = structlog.get_logger("sentinel")


class SessionLike(Protocol):
    """What the sentinel needs of `tws.session.Session`."""

    @property
    def accounts(self) -> tuple[str, ...]: ...
    @property
    def closed(self) -> asyncio.Future[None]: ...
    async def current_time(self, *, timeout: float) -> int: ...
    async def current_time_millis(self, *, timeout: float) -> int: ...
    async def follow_positions(self, on_change: Callable[[Position], None], *, timeout: float) -> list[Position]: ...
    async def open_orders(self, *, timeout: float) -> list[OpenOrder]: ...
    def follow_profit(self, account: str, on_change: Callable[[Profit], None]) -> int: ...
    def leave_profit(self, number: int) -> None: ...
    async def last_trade(self, con_id: int, *, timeout: float) -> datetime | None: ...
    async def definitions(self, of: Any, *, timeout: float) -> list[Definition]: ...
    def subscribe(self, of: Any, on_tick: Callable[[Quote], None] | None = None) -> int: ...
    def unsubscribe(self, number: int) -> None: ...
    def abort(self) -> None: ...


class Opener(Protocol):
    """`tws.session.Session.open`, or a test's."""

    def __call__(
        self, host: str, port: int, client_id: int, *, timeout: float, on_notice: Callable[[Notice], None] | None
    ) -> Awaitable[SessionLike]: ...


class Sentinel:
    """One gateway's sentinel. `view` is what it knows; `wake` is called whenever that changes."""

    def __init__(
        self,
        host: str,
        port: int,
        opener: Opener,
        canary: Any,
        clock: Clock,
        policy: Policy,
        wake: Callable[[], None],
        traded: Callable[[str], bool] = bool,
    ) -> None:
        """`traded` says of which of the gateway's accounts the profit is asked."""
        self.view = SentinelView()
        self._host = host
        self._port = port
        self._opener = opener
        self._canary = canary
        self._clock = clock
        self._policy = policy
        self._wake = wake
        self._client_id = BAND.start
        self._poke = asyncio.Event()
        self._drop = asyncio.Event()
        self._audit_now = asyncio.Event()
        self._audit_pace = policy.audit_interval
        self._asked_all = float("-inf")
        self._line: int | None = None
        self._traded = traded
        self._profits: dict[str, Profit] = {}
        self._profit_requests: list[int] = []
        self._asked_at = float("-inf")
        self._session: SessionLike | None = None
        self._asking_second: asyncio.Task[None] | None = None

    def reconnect(self) -> None:
        """Give the present session up; a new one follows at once."""
        self._drop.set()
        self._poke.set()

    def try_now(self) -> None:
        """Something suggests that the gateway is back: do not wait for the next attempt."""
        if self.view.phase is SessionPhase.AWAY:
            self._poke.set()

    def audit_soon(self) -> None:
        """Something happened: look at positions and orders without waiting for the next turn."""
        self._audit_now.set()

    def audit_every(self, seconds: float) -> None:
        """From now on ask for working orders at this pace."""
        if seconds < self._audit_pace:
            self._audit_now.set()
        self._audit_pace = seconds

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._poke.clear()
            self._drop.clear()
            try:
                session = await self._opener(
                    self._host, self._port, self._client_id, timeout=_OPEN_TIMEOUT, on_notice=self._hear
                )
            except ClientIdInUse:
                self._client_id = BAND[(self._client_id - BAND.start + 1) % len(BAND)]
                log.warning("client id in use, taking the next", client_id=self._client_id)
                await self._pause(_OPEN_AGAIN)
                continue
            except TwsError as error:
                log.debug("no session", error=str(error))
                await self._pause(_OPEN_AGAIN)
                continue
            self._session = session
            try:
                await self._live(session)
            finally:
                session.abort()
                self._session = None
                self._client_id = BAND.start  # whoever had it may be gone: mostly a lost session of our own
                self._line = None
                self._profit_requests.clear()
                self._see(
                    phase=SessionPhase.AWAY,
                    profits=(),
                    upstream_lost_at=None,
                    farms_down=(),
                    other_farms_down=(),
                    competed_at=None,
                    second=Look(),
                )

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._poke.wait()

    def _see(self, **changes: Any) -> None:
        self.view = replace(self.view, **changes)
        self._wake()

    # -- a session's life -------------------------------------------------------------------------------------------

    async def _live(self, session: SessionLike) -> None:
        now = self._clock.monotonic()
        self._see(
            phase=SessionPhase.READY,
            opened_at=now,
            accounts=session.accounts,
            client_id=self._client_id,
            upstream_lost_at=self.view.upstream_lost_at,
            second=Look(),
        )
        with suppress(SessionClosed):
            self._line = session.subscribe(self._canary, self._tick)
        self._follow_profits(session)
        audits = asyncio.create_task(self._audits(session))
        hours = asyncio.create_task(self._hours(session))
        dropped = asyncio.create_task(self._drop.wait())
        try:
            beats = 0
            while not self._drop.is_set() and not session.closed.done():
                asked = self._clock.monotonic()
                good = await self._beat(session)
                if session.closed.done():
                    break
                beats = beats + 1 if good else 0
                # Two quick beats first, since nothing is ready before two; quick ones in trouble as well.
                pace = self._policy.heart_interval if beats >= 2 else self._policy.fast_interval
                rest = max(0.0, asked + pace - self._clock.monotonic())
                self._mind_canary(session)
                ends: set[asyncio.Future[Any]] = {session.closed, dropped}
                await asyncio.wait(ends, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
            if not self._drop.is_set():
                self._lost("the session was closed")
        finally:
            for task in (audits, hours, dropped):
                task.cancel()
            await asyncio.gather(audits, hours, dropped, return_exceptions=True)

    def _lost(self, why: str) -> None:
        now = self._clock.monotonic()
        self._see(phase=SessionPhase.AWAY, heart=Look(Result.FAIL, now, 0.0, why, Ending.CLOSED))

    async def _beat(self, session: SessionLike) -> bool:
        started = self._clock.monotonic()
        try:
            theirs = await session.current_time(timeout=self._policy.probe_timeout)
        except SessionClosed:
            return False
        except TwsError as error:
            now = self._clock.monotonic()
            self._see(heart=Look(Result.FAIL, now, now - started, str(error), Ending.SILENT))
            if self._asking_second is None or self._asking_second.done():
                self._asking_second = asyncio.create_task(self._second_kind(session))
            return False
        now = self._clock.monotonic()
        skew = theirs - self._clock.now().timestamp()
        self._see(
            heart=Look(Result.OK, now, now - started, "answered", Ending.ANSWERED),
            second=Look(),
            clock_skew_seconds=skew,
        )
        return True

    async def _second_kind(self, session: SessionLike) -> None:
        """Another kind of request, so that one ignored question is not taken for a silent session."""
        look = await self._asked_otherwise(session)
        if session is self._session and self.view.heart.result is Result.FAIL:
            self._see(second=look)

    async def _asked_otherwise(self, session: SessionLike) -> Look:
        started = self._clock.monotonic()
        try:
            try:
                await session.current_time_millis(timeout=self._policy.probe_timeout)
            except Unsupported:
                await session.open_orders(timeout=self._policy.probe_timeout)
        except TwsError as error:
            now = self._clock.monotonic()
            return Look(Result.FAIL, now, now - started, str(error), Ending.SILENT)
        now = self._clock.monotonic()
        return Look(Result.OK, now, now - started, "answered", Ending.ANSWERED)

    async def _audits(self, session: SessionLike) -> None:
        """Positions are followed, and asked for anew now and then and in doubt, in case a change was not told. Other
        clients' orders nobody is told of: they are asked for, at the pace that is due."""
        books = Books(self._clock.monotonic)

        def changed(row: Position) -> None:
            if books.put(row):
                self._publish(session, books)
                self._audit_now.set()

        ends = asyncio.create_task(self._ends(session, books))
        try:
            self._asked_all = float("-inf")
            while True:
                started = self._clock.monotonic()
                self._audit_now.clear()
                with suppress(TwsError):
                    doubt = self._audit_pace <= self._policy.fast_interval
                    if doubt or started - self._asked_all >= self._policy.audit_interval:
                        books.put_all(await session.follow_positions(changed, timeout=_AUDIT_TIMEOUT))
                        self._asked_all = started
                    asked_at = self._clock.monotonic()
                    try:
                        books.put_orders(await session.open_orders(timeout=_AUDIT_TIMEOUT), asked_at)
                    except RequestRefused as refusal:
                        if not says_read_only(refusal.code, refusal.text):
                            raise
                        self._see(positions_only=books.positions(asked_at))
                    else:
                        self._publish(session, books)
                with suppress(TimeoutError):
                    async with asyncio.timeout(started + self._audit_pace - self._clock.monotonic()):
                        await self._audit_now.wait()
                gap = started + self._policy.fast_interval - self._clock.monotonic()
                if gap > 0:
                    await self._clock.sleep(gap)
        finally:
            ends.cancel()

    def _publish(self, session: SessionLike, books: Books) -> None:
        audit = books.read()
        if audit is not None and session is self._session:
            self._see(audit=audit, positions_only=None)

    async def _ends(self, session: SessionLike, books: Books) -> None:
        """When what is held stops trading, by the broker's own hours; asked once a contract and session."""
        while True:
            for con_id in books.without_end():
                with suppress(RequestUnanswered, SessionClosed):
                    try:
                        end = await session.last_trade(con_id, timeout=_AUDIT_TIMEOUT)
                    except RequestRefused:
                        end = None
                    books.put_end(con_id, end - self._clock.now() if end is not None else None)
                    self._publish(session, books)
            await self._clock.sleep(self._policy.audit_exposed)

    async def _hours(self, session: SessionLike) -> None:
        """When the market is open, by the canary's own hours. What is known outlives the session."""
        while True:
            again = _HOURS_SOON
            with suppress(TwsError):
                rows = await session.definitions(self._canary, timeout=_AUDIT_TIMEOUT)
                found = sessions(rows[0].liquid_hours, rows[0].time_zone) if rows else []
                if found:
                    self._see(market_hours=tuple(found))
                    again = _HOURS_AGAIN
            await self._clock.sleep(again)

    # -- what it hears ----------------------------------------------------------------------------------------------

    def _audit_anew(self) -> None:
        """What was subscribed may have ended with what was lost."""
        self._asked_all = float("-inf")
        self._audit_now.set()
        if self._session is not None:
            self._follow_profits(self._session)

    def _follow_profits(self, session: SessionLike) -> None:
        """For people to see: nobody is woken by it, and what was told before is not kept for what follows."""
        self._profits.clear()
        self.view = replace(self.view, profits=())

        def follow(account: str) -> int:
            def told(profit: Profit) -> None:
                self._profits[account] = profit
                self.view = replace(self.view, profits=tuple(self._profits.values()))

            return session.follow_profit(account, told)

        with suppress(SessionClosed):
            while self._profit_requests:
                session.leave_profit(self._profit_requests.pop())
            self._profit_requests += [follow(account) for account in session.accounts if self._traded(account)]

    def _tick(self, quote: Quote) -> None:
        self.view = replace(self.view, last_tick_at=self._clock.monotonic(), competed_at=None)

    def _mind_canary(self, session: SessionLike) -> None:
        """A farm that is back owes us ticks; ask again once if they do not come. Competed data is asked for until it
        returns."""
        competed = self.view.competed_at
        if competed is not None and self._clock.monotonic() - max(competed, self._asked_at) > _TICKS_PATIENCE:
            self._subscribe_again(session)
            return
        back, ticked = self.view.farm_back_at, self.view.last_tick_at
        if back is None or (ticked is not None and ticked > back):
            return
        if self._clock.monotonic() - back > _TICKS_PATIENCE:
            self._subscribe_again(session)
            self._see(farm_back_at=None)

    def _subscribe_again(self, session: SessionLike) -> None:
        with suppress(SessionClosed):
            if self._line is not None:
                session.unsubscribe(self._line)
            self._asked_at = self._clock.monotonic()
            self._line = session.subscribe(self._canary, self._tick)

    def _hear(self, notice: Notice) -> None:
        now, view = self._clock.monotonic(), self.view
        code = notice.code
        if code in (codes.UPSTREAM_LOST, codes.UPSTREAM_BROKEN):
            self._see(upstream_lost_at=view.upstream_lost_at if view.upstream_lost_at is not None else now)
        elif code == codes.UPSTREAM_BACK:
            self._see(upstream_lost_at=None)
            self._audit_anew()
        elif code == codes.UPSTREAM_BACK_DATA_LOST:
            if self._session is not None:
                self._subscribe_again(self._session)
            self._see(upstream_lost_at=None, data_lost_at=now, farms_down=())
            self._audit_anew()
        elif code == codes.MARKET_FARM_BROKEN:
            down = dict(view.farms_down)
            down.setdefault(farm(notice.text), now)
            self._see(farms_down=tuple(sorted(down.items())))
        elif code in (codes.MARKET_FARM_OK, codes.MARKET_FARM_IDLE):
            down = dict(view.farms_down)
            if down.pop(farm(notice.text), None) is not None:
                self._see(farms_down=tuple(sorted(down.items())), farm_back_at=now)
        elif code in (codes.HISTORY_FARM_BROKEN, codes.SECDEF_FARM_BROKEN):
            others = dict(view.other_farms_down)
            others.setdefault(farm(notice.text), now)
            self._see(other_farms_down=tuple(sorted(others.items())))
        elif code in (codes.HISTORY_FARM_OK, codes.HISTORY_FARM_IDLE, codes.SECDEF_FARM_OK):
            others = dict(view.other_farms_down)
            if others.pop(farm(notice.text), None) is not None:
                self._see(other_farms_down=tuple(sorted(others.items())))
        elif code == codes.COMPETING_SESSION:
            self._see(competed_at=view.competed_at if view.competed_at is not None else now)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.run(), name="sentinel")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def farm(text: str) -> str:
    """The farm's name, which follows the last colon: `Market data farm connection is broken:usfarm`."""
    return text.rpartition(":")[2].strip()
