"""One download: what is missing is asked for, span by span, and written at once, so that it can be cut off anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from nautilus_trader.model.instruments import IndexInstrument

from engine.errors import RequestRefused
from engine.history import plan
from engine.history.store import TICKS

if TYPE_CHECKING:
    from datetime import date, timedelta

    from engine.clock import Clock
    from engine.history.store import Store

TRIES = 3
RETRY_SECONDS = 20.0
KINDS = {"bars": ("BID", "ASK", "LAST"), "quotes": ("BID_ASK",), "trades": ("TRADES",)}
# Nobody bids for an index.
INDEX_KINDS = {"bars": ("LAST",), "quotes": ("TRADES",), "trades": ("TRADES",)}
# Bars of quotes and quotes themselves are there in every open minute; a minute without a trade is no hole.
CONTINUOUS = ("BID", "ASK", "BID_ASK")


class Source(Protocol):
    """Where the past comes from."""

    async def sessions(self, first: date, last: date) -> list[plan.Session]:
        """Return the sessions of these dates."""
        ...

    async def underlying(self) -> Any:
        """Return the underlying's instrument."""
        ...

    async def options(self, day: date) -> list[Any]:
        """Return the options that expire on a date."""
        ...

    async def bars(self, instrument: Any, size: str, price: str, span: plan.Span) -> list[Any]:
        """Return the bars of a span."""
        ...

    async def ticks(self, instrument: Any, kind: str, span: plan.Span) -> list[Any]:
        """Return the ticks of a span."""
        ...


class Progress(Protocol):
    """Who hears how far it has come."""

    def more(self, count: int, what: str) -> None:
        """So many requests more are to be made, now for this series."""
        ...

    def step(self) -> None:
        """One of them is done."""
        ...

    def note(self, sentence: str) -> None:
        """Something a person should read."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. `strikes`: how many beyond the day's range on either side; None for no options."""

    first: date
    last: date
    what: str
    size: str
    strikes: int | None


@dataclass(slots=True)
class Report:
    """What became of it."""

    sessions: int = 0
    series: int = 0
    asked: int = 0
    rows: int = 0
    there: int = 0
    gaps: list[dict[str, str]] = field(default_factory=list)
    failures: list[dict[str, str]] = field(default_factory=list)
    mended: int = 0


class Download:
    """Brings a catalog up to what is wanted."""

    def __init__(self, source: Source, store: Store, wanted: Wanted, clock: Clock, progress: Progress) -> None:
        """Nothing is asked yet."""
        self._source = source
        self._store = store
        self._wanted = wanted
        self._clock = clock
        self._progress = progress
        self._bar: timedelta | None = plan.bar_length(wanted.size) if wanted.what == "bars" else None
        self.report = Report()

    async def run(self) -> Report:
        """Ask for the underlying, then for each day's options around what it did that day."""
        for path in self._store.mend():
            self.report.mended += 1
            self._progress.note(f"{path.name} was half written and is asked for again")
        days = await self._source.sessions(self._wanted.first, self._wanted.last)
        self.report.sessions = len(days)
        underlying = await self._source.underlying()
        await self._instrument(underlying, days)
        if self._wanted.strikes is not None:
            for day in days:
                await self._options(underlying, day, self._wanted.strikes)
        return self.report

    async def _options(self, underlying: Any, day: plan.Session, beyond: int) -> None:
        low, high = self._range(underlying, day)
        if low is None or high is None:
            return
        listed = await self._source.options(day.date)
        if not listed:
            self._failed(f"options of {day.date}", "the gateway lists none; IBKR forgets an option once it has expired")
            return
        strikes = sorted({float(option.strike_price) for option in listed})
        below = [strike for strike in strikes if strike < low][-max(beyond, 1) :]
        above = [strike for strike in strikes if strike > high][: max(beyond, 1)]
        kept = {*below, *above, *(strike for strike in strikes if low <= strike <= high)}
        for option in listed:
            if float(option.strike_price) in kept:
                await self._instrument(option, [day])

    def _range(self, underlying: Any, day: plan.Session) -> tuple[float | None, float | None]:
        kind = self._kinds(underlying)[0]
        rows = self._store.rows(underlying, kind, self._wanted.size, day.span)
        if not rows:
            return None, None
        if self._bar is not None:
            return min(float(row.low) for row in rows), max(float(row.high) for row in rows)
        prices = [float(row.bid_price if kind == "BID_ASK" else row.price) for row in rows]
        return min(prices), max(prices)

    async def _instrument(self, instrument: Any, days: list[plan.Session]) -> None:
        self._store.keep(instrument)
        for kind in self._kinds(instrument):
            await self._series(instrument, kind, days)
            if kind in CONTINUOUS:
                self._look_for_gaps(instrument, kind, days)

    def _kinds(self, instrument: Any) -> tuple[str, ...]:
        return (INDEX_KINDS if isinstance(instrument, IndexInstrument) else KINDS)[self._wanted.what]

    async def _series(self, instrument: Any, kind: str, days: list[plan.Session]) -> None:
        spans = plan.requests(days, self._bar, self._clock.now())
        spans_missing = plan.missing(spans, self._store.known(instrument, kind, self._wanted.size))
        self.report.series += 1
        self.report.there += len(spans) - len(spans_missing)
        self._progress.more(len(spans_missing), f"{instrument.id} {kind}")
        for span in spans_missing:
            try:
                rows = await self._patiently(instrument, kind, span)
            except (RequestRefused, TimeoutError) as error:
                self._failed(f"{instrument.id} {kind} {span}", str(error))
                if isinstance(error, RequestRefused) and not _passing(error):
                    return
                continue
            self.report.asked += 1
            self.report.rows += len(rows)
            if rows:
                self._store.write(span, rows, ticks=kind in TICKS)
            self._progress.step()

    async def _patiently(self, instrument: Any, kind: str, span: plan.Span) -> list[Any]:
        for left in reversed(range(TRIES)):
            try:
                if kind in TICKS:
                    return await self._source.ticks(instrument, kind, span)
                return await self._source.bars(instrument, self._wanted.size, kind, span)
            except (RequestRefused, TimeoutError) as error:
                if not left or (isinstance(error, RequestRefused) and not _passing(error)):
                    raise
                self._progress.note(f"{instrument.id} {kind}: {error}; again in {RETRY_SECONDS:g} s")
                await self._clock.sleep(RETRY_SECONDS)
        raise AssertionError("unreachable")

    def _look_for_gaps(self, instrument: Any, kind: str, days: list[plan.Session]) -> None:
        step = self._bar or plan.QUIET
        for day in days:
            moments = self._store.moments(instrument, kind, self._wanted.size, day.span)
            for gap in plan.gaps([day], moments, step, self._clock.now()):
                self.report.gaps.append({"series": f"{instrument.id} {kind}", "gap": str(gap)})

    def _failed(self, what: str, why: str) -> None:
        self.report.failures.append({"what": what, "why": why})
        self._progress.note(f"{what}: {why}")


def _passing(refusal: RequestRefused) -> bool:
    """Whether the same question may be answered later: pacing, or a service that is away for a moment."""
    text = str(refusal).lower()
    return "pacing" in text or "connect" in text or "query cancelled" in text
