"""Today's options, loaded around the money first and then outwards, and loaded anew when the day or the price moves.

The adapter's own chain loading cannot do it: its range of days compares today's expiry, a midnight, with now, and so
leaves today out and loads tomorrow; and it loads every strike. Here one question brings the whole chain of today's
date, whatever its width: a question for each contract would take seconds of the gateway's 50 messages a second.
"""

from __future__ import annotations

import contextlib
from itertools import batched
from typing import TYPE_CHECKING, Any

import structlog
from nautilus_trader.model.enums import OptionKind

from engine.chain.plan import Listed, Session, around, expired, near_money_call, segment, session_at
from engine.chain.view import ChainView
from engine.errors import RequestRefused
from engine.hours import last_close

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from nautilus_trader.model.identifiers import InstrumentId

    from engine.clock import Clock
    from engine.instruments import Underlying
    from engine.private import Adapter

CHECK_SECONDS = 0.2
# The hours that came with a contract reach a few days ahead; asked for again, they also know of what was announced.
HOURS_VALID_SECONDS = 3600.0
# After an answer that has no chain of today, and after none at all.
RETRY_SECONDS = 5.0
# Contracts parsed before the loop may do something else: about 1 ms each.
PIECE = 5
CODE_NOT_LISTED = 200

log = structlog.get_logger("chain")


class Chain:
    """Keeps today's options loaded. Lives on the node's loop."""

    def __init__(
        self,
        underlying: Underlying,
        width: int,
        cache: Any,
        provider: Any,
        adapter: Adapter,
        clock: Clock,
        forget: Callable[[list[InstrumentId]], Awaitable[None]],
    ) -> None:
        """`width` is how many strikes on either side of the money are loaded; 0 loads no chain at all.

        `forget` takes instruments that have expired out of whatever outlives the process.
        """
        self._underlying = underlying
        self._width = width
        self._cache = cache
        self._provider = provider
        self._adapter = adapter
        self._clock = clock
        self._forget = forget
        self._session: Session | None = None
        self._hours: tuple[str, str] | None = None
        self._hours_at = 0.0
        self._date: str | None = None
        self._listing: dict[float, list[Any]] = {}
        self._loaded: dict[InstrumentId, Listed] = {}
        self._strikes: set[float] = set()
        self._wanted = 0
        self._begun = 0.0
        self._not_before = 0.0
        self._near_seconds: float | None = None
        self._load_seconds: float | None = None
        self._why = "" if width == 0 else f"today's chain of {underlying.symbol} is not loaded yet"

    async def keep(self) -> None:
        """Check five times a second for ever; a failure is told and tried again."""
        while self._width:
            try:
                await self.ensure()
            except (ConnectionError, TimeoutError, OSError) as error:
                why = str(error) or f"no answer to the question for it ({type(error).__name__})"
                self._fail(f"today's chain of {self._underlying.symbol} could not be loaded: {why}")
            await self._clock.sleep(CHECK_SECONDS)

    async def ensure(self) -> None:
        """Load what is missing around the present price, of the session that is open or comes next."""
        price, now = self.price(), self._clock.monotonic()
        if price is None or not self._adapter.ready or now < self._not_before:
            return
        await self._look_at_hours(now)
        if self._session is None:
            self._fail(f"no session of {self._underlying.symbol} is known; the gateway tells no hours that lie ahead")
            return
        if self._session.date != self._date:
            await self._list(self._session, now)
            await self._clear()
        if self._listing:
            await self._widen(price)

    def price(self) -> float | None:
        """Return the middle of the underlying's last quote, or the index's last value."""
        if self._underlying.is_index:
            value = self._cache.index_price(self._underlying.instrument_id)
            return float(value.value) if value is not None else None
        quote = self._cache.quote_tick(self._underlying.instrument_id)
        return (float(quote.bid_price) + float(quote.ask_price)) / 2 if quote is not None else None

    def call(self) -> InstrumentId | None:
        """Return the call to trade now: of today, before the cut-off, and the one nearest to the money of all."""
        price = self.price()
        session = self._session
        if price is None or session is None or not self._is_today() or self._clock.now() < session.opens:
            return None
        found = near_money_call(self._loaded.values(), price, self._clock.now())
        nearest = around(self._listing, price, width=0)
        return found.instrument_id if found is not None and [found.strike] == nearest else None

    def expires(self, instrument_id: InstrumentId) -> datetime | None:
        """Return when a loaded option expires."""
        instrument = self._cache.instrument(instrument_id)
        return last_close(instrument) if instrument is not None else None

    def view(self) -> ChainView:
        """Return what there is to tell."""
        return ChainView(
            underlying=self._underlying.symbol,
            date=self._date,
            listed=sum(map(len, self._listing.values())),
            wanted=self._wanted,
            loaded=len(self._loaded),
            near_seconds=self._near_seconds,
            load_seconds=self._load_seconds,
            missing=self._why or ("" if self._is_today() or not self._width else self._stale()),
        )

    def _is_today(self) -> bool:
        """Whether the listing is the one of the session that trades now or comes next."""
        now = self._session
        return now is not None and now.date == self._date and self._clock.now() < now.closes

    def _stale(self) -> str:
        return f"the session of {self._date} has ended; the next chain of {self._underlying.symbol} is not loaded yet"

    async def _look_at_hours(self, now: float) -> None:
        if self._hours is None or now - self._hours_at > HOURS_VALID_SECONDS:
            details = await self._adapter.contract_details(self._underlying.contract)
            if not details:
                raise ConnectionError(f"the gateway knows no {self._underlying.symbol}")
            self._hours = (details[0].liquidHours or details[0].tradingHours, details[0].timeZoneId)
            self._hours_at = now
            # Also in the cache: whether the market is open is read from there, for as long as the engine runs.
            self._adapter.add_instruments(self._provider, details, renew=True)
        self._session = session_at(*self._hours, self._clock.now())

    async def _list(self, today: Session, now: float) -> None:
        """Ask which options expire on that day. One question, whose answer has all of them."""
        self._begun, date = now, today.date
        try:
            details = await self._adapter.contract_details(self._underlying.options(date))
        except RequestRefused as refusal:
            if refusal.code != CODE_NOT_LISTED:
                raise
            details = []
        listing: dict[float, list[Any]] = {}
        for detail in details:
            # What the gateway answers is looked at again: it is the date that must not be wrong.
            if detail.contract.lastTradeDateOrContractMonth[:8] == date:
                _close_with(detail, today)
                listing.setdefault(float(detail.contract.strike), []).append(detail)
        self._listing, self._date = listing, date if listing else None
        self._loaded, self._strikes = {}, set()
        self._near_seconds = self._load_seconds = None
        if not listing:
            name = f"{self._underlying.symbol} ({self._underlying.trading_class})"
            self._fail(f"the gateway lists no option of {name} that expires on {date}: today's chain is missing")

    async def _clear(self) -> None:
        """Forget options that expired days ago: hundreds more come every day, and each start would load them all."""
        old = [one.id for one in self._cache.instruments() if expired(one, self._clock.now())]
        for instrument_id in old:
            # Nautilus keeps what still has an order or a position.
            self._cache.purge_instrument(instrument_id)
        gone = [instrument_id for instrument_id in old if self._cache.instrument(instrument_id) is None]
        if gone:
            self._adapter.forget_instruments(self._provider, gone)
            await self._forget(gone)
            log.info("expired options forgotten", instruments=len(gone))

    async def _widen(self, price: float) -> None:
        wanted = around(self._listing, price, self._width)
        self._wanted = sum(len(self._listing[strike]) for strike in wanted)
        missing = [detail for strike in wanted if strike not in self._strikes for detail in self._listing[strike]]
        for piece in batched(missing, PIECE):
            for instrument_id in self._adapter.add_instruments(self._provider, list(piece)):
                option = self._cache.instrument(instrument_id)
                expires, call = last_close(option), option.option_kind == OptionKind.CALL
                if expires is not None:
                    self._loaded[instrument_id] = Listed(instrument_id, float(option.strike_price), call, expires)
            if self._loaded and self._near_seconds is None:
                self._near_seconds = self._clock.monotonic() - self._begun
                self._why = ""
            await self._clock.sleep(0)
        self._strikes.update(wanted)
        if not self._loaded:
            self._fail(f"no option that expires on {self._date} could be read; NautilusTrader's log says why")
        elif missing and self._load_seconds is None:
            self._load_seconds = self._clock.monotonic() - self._begun
            log.info("chain loaded", date=self._date, contracts=len(self._loaded), seconds=round(self._load_seconds, 3))

    def _fail(self, why: str) -> None:
        self._not_before = self._clock.monotonic() + RETRY_SECONDS
        if why != self._why:
            log.warning("no chain", why=why)
        # A chain that is loaded stays good when one more question for it fails.
        self._why = "" if self._loaded and self._is_today() else why


def _close_with(detail: Any, today: Session) -> None:
    """Let an option expire with its underlying's session.

    Its own hours say otherwise: it is quoted for a quarter of an hour longer, or through an evening session, and is
    settled by that close all the same. The adapter reads the last segment's hour of all, whatever day it is of: before
    a half day an option would expire hours late, and before a day that is CLOSED at midnight.
    """
    with contextlib.suppress(ValueError):
        detail.liquidHours = segment(today, detail.timeZoneId)
        detail.tradingHours = f"{detail.tradingHours};{detail.liquidHours}"
