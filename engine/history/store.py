"""The catalog on disk: NautilusTrader's own, with what a download that was cut off needs beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet
from nautilus_trader.model.data import Bar, BarType, QuoteTick, TradeTick
from nautilus_trader.persistence.catalog import ParquetDataCatalog

if TYPE_CHECKING:
    from pathlib import Path

    from engine.history.plan import Span

TICKS = {"BID_ASK": QuoteTick, "TRADES": TradeTick}


class Store:
    """What is known of the past. A series is an instrument and `BID`, `ASK`, `LAST` bars or a kind of ticks."""

    def __init__(self, directory: Path) -> None:
        """Open or begin a catalog."""
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.catalog = ParquetDataCatalog(str(directory))

    def mend(self) -> list[Path]:
        """Remove files that a killed download left half written, so that they are asked for again; returns them."""
        broken = []
        for path in sorted(self.directory.rglob("*.parquet")):
            try:
                pyarrow.parquet.read_metadata(path)
            except (pyarrow.ArrowInvalid, OSError):
                broken.append(path)
                path.unlink()
        return broken

    def keep(self, instrument: Any) -> None:
        """Remember an instrument; what the catalog has stays as it is."""
        if not self.catalog.instruments(instrument_ids=[str(instrument.id)]):
            self.catalog.write_data([instrument])

    def known(self, instrument: Any, kind: str, size: str) -> list[tuple[int, int]]:
        """Return the intervals (ns) that the files of a series cover."""
        cls, name = _named(instrument, kind, size)
        return list(self.catalog.get_intervals(cls, name))

    def write(self, span: Span, rows: list[Any], ticks: bool) -> None:
        """Write what a span holds, under the span's own name: it is covered, also where it is silent."""
        begin, end = (int(moment.timestamp()) * 10**9 for moment in (span.begin, span.end))
        rows = sorted(rows, key=lambda row: row.ts_init)
        if ticks:
            self.catalog.write_data(rows, start=begin, end=end - 1)
        else:
            self.catalog.write_data(rows, start=begin + 1, end=end)

    def moments(self, instrument: Any, kind: str, size: str, span: Span) -> list[int]:
        """Return the seconds at which a series has something, in order."""
        return [row.ts_init // 10**9 for row in self.rows(instrument, kind, size, span)]

    def rows(self, instrument: Any, kind: str, size: str, span: Span) -> list[Any]:
        """Read a series."""
        cls, name = _named(instrument, kind, size)
        begin, end = (int(moment.timestamp()) * 10**9 for moment in (span.begin, span.end))
        return list(self.catalog.query(cls, identifiers=[name], start=begin, end=end))


def _named(instrument: Any, kind: str, size: str) -> tuple[type, str]:
    if kind in TICKS:
        return TICKS[kind], instrument.id.value
    return Bar, str(BarType.from_str(f"{instrument.id}-{size}-{kind}-EXTERNAL"))
