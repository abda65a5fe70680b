"""A download into a real catalog, from a source that can be broken."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from nautilus_trader.model.data import Bar, BarType, QuoteTick
from nautilus_trader.test_kit.providers import TestInstrumentProvider

from engine.errors import RequestRefused
from engine.history.download import Download, Report, Wanted
from engine.history.plan import Session, Span
from engine.history.store import Store

if TYPE_CHECKING:
    from pathlib import Path

SPY = TestInstrumentProvider.equity("SPY", "ARCX")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
DAYS = [
    Session(date(2026, 11, day), Span(datetime(2026, 11, day, 14, tzinfo=UTC), datetime(2026, 11, day, 15, tzinfo=UTC)))
    for day in (19, 20)
]
BARS = Wanted(date(2026, 11, 19), date(2026, 11, 20), "bars", "1-MINUTE", None)
QUOTES = Wanted(date(2026, 11, 19), date(2026, 11, 20), "quotes", "1-MINUTE", None)


class Clock:
    def __init__(self) -> None:
        self.slept = 0.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.slept

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds


class Quiet:
    def __init__(self) -> None:
        self.notes: list[str] = []

    def more(self, count: int, what: str) -> None: ...

    def step(self) -> None: ...

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


class Source:
    """Sixty bars an hour, or a quote every ten seconds; `trouble` is raised once for each of its entries."""

    def __init__(self, *trouble: Exception | None) -> None:
        self.trouble = list(trouble)
        self.asked: list[tuple[str, Span]] = []
        self.silent: list[Span] = []

    async def sessions(self, first: date, last: date) -> list[Session]:
        return DAYS

    async def underlying(self) -> Any:
        return SPY

    async def options(self, day: date) -> list[Any]:
        return []

    async def bars(self, instrument: Any, size: str, price: str, span: Span) -> list[Any]:
        self._note(price, span)
        kind = BarType.from_str(f"{instrument.id}-{size}-{price}-EXTERNAL")
        one, many = instrument.make_price(100), instrument.make_qty(1)
        return [Bar(kind, one, one, one, one, many, n, n) for n in self._moments(span, 60)]

    async def ticks(self, instrument: Any, kind: str, span: Span) -> list[Any]:
        self._note(kind, span)
        price, size = instrument.make_price(100), instrument.make_qty(1)
        return [QuoteTick(instrument.id, price, price, size, size, n, n) for n in self._moments(span, 10)]

    def _note(self, kind: str, span: Span) -> None:
        self.asked.append((kind, span))
        if self.trouble and (trouble := self.trouble.pop(0)) is not None:
            raise trouble

    def _moments(self, span: Span, step: int) -> list[int]:
        first, last = int(span.begin.timestamp()), int(span.end.timestamp())
        moments = range(first + (step == 60) * step, last + (step == 60), step)
        quiet = [(int(one.begin.timestamp()), int(one.end.timestamp())) for one in self.silent]
        return [n * 10**9 for n in moments if not any(begin < n < end for begin, end in quiet)]


async def run(path: Path, source: Source, wanted: Wanted = BARS) -> Report:
    return await Download(source, Store(path), wanted, Clock(), Quiet()).run()


@pytest.mark.parametrize(("wanted", "rows", "spans"), [(BARS, 360, 6), (QUOTES, 720, 4)])
async def test_a_second_run_asks_for_nothing(tmp_path: Path, wanted: Wanted, rows: int, spans: int) -> None:
    first, again = Source(), Source()
    report = await run(tmp_path, first, wanted)
    assert (report.rows, report.asked, len(first.asked)) == (rows, spans, spans)
    assert (report.gaps, report.failures) == ([], [])
    report = await run(tmp_path, again, wanted)
    assert (again.asked, report.there, report.asked) == ([], spans, 0)


async def test_a_download_that_was_cut_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    cut = Source(None, None, None, KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        await run(tmp_path, cut)
    again = Source()
    report = await run(tmp_path, again)
    assert again.asked == [("ASK", DAYS[1].span), ("LAST", DAYS[0].span), ("LAST", DAYS[1].span)]
    assert (report.rows, report.there) == (180, 3)


async def test_a_file_that_a_kill_left_half_written_is_asked_for_again(tmp_path: Path) -> None:
    await run(tmp_path, Source())
    half = next(tmp_path.rglob("*BID*/*.parquet"))
    half.write_bytes(half.read_bytes()[:200])
    again = Source()
    report = await run(tmp_path, again)
    assert (report.mended, [kind for kind, _ in again.asked]) == (1, ["BID"])
    assert len(Store(tmp_path).rows(SPY, "BID", "1-MINUTE", Span(DAYS[0].span.begin, DAYS[1].span.end))) == 120


async def test_holes_are_told_but_not_where_nobody_traded(tmp_path: Path) -> None:
    source = Source()
    begin = DAYS[0].span.begin + timedelta(minutes=20)
    source.silent = [Span(begin, begin + timedelta(minutes=10))]
    report = await run(tmp_path, source)
    assert report.gaps == [
        {"series": f"SPY.ARCX {kind}", "gap": "2026-11-19 14:20:00 to 14:30:00 UTC"} for kind in ("BID", "ASK")
    ]


async def test_what_passes_is_asked_again_and_what_does_not_is_told(tmp_path: Path) -> None:
    pacing = RequestRefused(162, "Historical data request pacing violation")
    source = Source(pacing, TimeoutError("no answer within 60 s"))
    report = await run(tmp_path, source)
    assert (len(source.asked), report.rows, report.failures) == (8, 360, [])
    denied = RequestRefused(162, "No market data permissions for ARCA STK")
    report = await run(tmp_path / "other", Source(denied))
    # One word is enough for a series; the others are asked for.
    assert [failure["what"] for failure in report.failures] == [f"SPY.ARCX BID {DAYS[0].span}"]
    assert report.rows == 240


async def test_what_stays_unanswered_is_told_and_had_the_next_time(tmp_path: Path) -> None:
    silent = [TimeoutError("no answer within 60 s")] * 3
    report = await run(tmp_path, Source(*silent))
    assert (report.rows, len(report.failures)) == (300, 1)
    report = await run(tmp_path, again := Source())
    assert (again.asked, report.failures) == ([("BID", DAYS[0].span)], [])
