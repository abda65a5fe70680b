"""Own data: a file of quotes or bars whose prices something listed follows instead of its computed path.

CSV or Parquet with a column `time` (ISO 8601, without a zone in UTC; or seconds, milliseconds, microseconds or
nanoseconds since 1970) and either `bid` and `ask`, or `open`, `high`, `low` and `close`; `symbol` where a file has
several, else its name up to the first dot is the symbol (EUR.USD is written EURUSD). Before the first row the first
price holds, after the last row the last one: let the world begin in the data with SIM_START.
"""

import csv
import datetime as dt
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from gateway.simulator.errors import SettingsError
from gateway.simulator.market.listings import LISTED
from gateway.simulator.market.process import STEP_SECONDS

_BAR = ("open", "high", "low", "close")


@dataclass(slots=True)
class Series:
    """Prices by moment (seconds since 1970), in order."""

    times: array[float] = field(default_factory=lambda: array("d"))
    prices: array[float] = field(default_factory=lambda: array("d"))

    def price(self, step: int) -> float:
        """The last price at or before a grid step."""
        return self.prices[max(bisect_right(self.times, step * STEP_SECONDS) - 1, 0)]

    @property
    def first(self) -> float:
        return self.prices[0]

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest price."""
        return min(self.prices), max(self.prices)


def load(paths: Sequence[Path]) -> dict[int, Series]:
    """Series by contract id.

    Raises:
        SettingsError: a file cannot be used; the message says which, what was expected and what was found.
    """
    found: dict[int, Series] = {}
    for path in paths:
        rows = _rows(path)
        for symbol in sorted({_symbol(row, path) for row in rows}):
            con_id = _con_id(symbol, path)
            if con_id in found:
                raise _unusable(path, f"{symbol} in one file only", "it in two")
            found[con_id] = _series([row for row in rows if _symbol(row, path) == symbol], path)
    return found


def _unusable(path: Path, expected: str, found: str) -> SettingsError:
    return SettingsError(f"SIM_DATA: expected {expected} in {path}, found {found}; correct the file or the variable")


def _rows(path: Path) -> list[Mapping[str, Any]]:
    try:
        rows = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unusable(path, "a readable CSV or Parquet file", str(error)) from error
    if not rows:
        raise _unusable(path, "rows", "none")
    columns = set(rows[0])
    if "time" not in columns or not (columns >= {"bid", "ask"} or columns >= set(_BAR)):
        raise _unusable(path, "columns time and bid, ask or open, high, low, close", ", ".join(sorted(columns)))
    return rows


def _csv(path: Path) -> list[Mapping[str, Any]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [{str(key).strip().lower(): value for key, value in row.items()} for row in csv.DictReader(file)]


def _parquet(path: Path) -> list[Mapping[str, Any]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise _unusable(path, "pyarrow, which reads Parquet, to be installed", str(error)) from error
    try:
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    except ArrowException as error:
        raise _unusable(path, "a readable Parquet file", str(error)) from error
    return [{key.strip().lower(): value for key, value in row.items()} for row in rows]


def _symbol(row: Mapping[str, Any], path: Path) -> str:
    return str(row.get("symbol") or path.name.partition(".")[0]).strip().upper()


def _con_id(symbol: str, path: Path) -> int:
    known = {product.local_symbol.replace(".", "") or product.symbol: product.con_id for product in reversed(LISTED)}
    plain = symbol.replace(".", "").replace("/", "")
    if plain not in known:
        raise _unusable(path, f"a symbol that is listed ({', '.join(sorted(known))})", symbol)
    return known[plain]


def _series(rows: Sequence[Mapping[str, Any]], path: Path) -> Series:
    timed = sorted(((_moment(row["time"], path), row) for row in rows), key=lambda pair: pair[0])
    series = Series()
    lasts = min((b[0] - a[0] for a, b in pairwise(timed) if b[0] > a[0]), default=60.0)
    for begins, row in timed:
        for part, price in enumerate(points := _points(row, path)):
            series.times.append(begins + lasts * part / len(points))
            series.prices.append(price)
    return series


def _points(row: Mapping[str, Any], path: Path) -> list[float]:
    """A quote's middle; a bar's four prices in the order in which they probably were."""
    if row.get("bid") not in (None, "") and row.get("ask") not in (None, ""):
        return [sum(_numbers(row, ("bid", "ask"), path)) / 2]
    opened, high, low, close = _numbers(row, _BAR, path)
    if not low <= min(opened, close) <= max(opened, close) <= high:
        raise _unusable(path, "bars whose high and low hold their open and close", f"{opened}, {high}, {low}, {close}")
    return [opened, low, high, close] if close >= opened else [opened, high, low, close]


def _numbers(row: Mapping[str, Any], names: Iterable[str], path: Path) -> list[float]:
    values = []
    for name in names:
        try:
            value = float(row[name])
        except (KeyError, TypeError, ValueError):
            value = 0.0
        if not 0 < value < 1e9:
            raise _unusable(path, f"a price over 0 as {name}", repr(row.get(name)))
        values.append(value)
    return values


def _moment(value: Any, path: Path) -> float:
    """Seconds since 1970."""
    try:
        if isinstance(value, dt.datetime):
            return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).timestamp()
        number = float(value)
        while number > 1e11:
            number /= 1000
        return number
    except (TypeError, ValueError):
        pass
    try:
        read = dt.datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise _unusable(path, "a time in ISO 8601 or since 1970", repr(value)) from None
    return (read if read.tzinfo else read.replace(tzinfo=dt.UTC)).timestamp()
