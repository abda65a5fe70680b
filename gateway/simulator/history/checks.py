"""What a gateway refuses before it asks the historical data service, in its order and words.

The order and the texts are those of a recent gateway's own checks; the letters in front of a cause vary by build.
"""

from dataclasses import dataclass

from gateway.simulator.errors import RequestRefused
from gateway.simulator.history.durations import Duration, read_duration
from gateway.simulator.history.sizes import LEGAL, BarSize, bar_size

PRICES = ("TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST", "AGGTRADES")
YIELDS = ("YIELD_BID", "YIELD_ASK", "YIELD_BID_ASK", "YIELD_LAST")
BARS = (*PRICES, *YIELDS, "HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY", "FEE_RATE")
WITH_VOLUME = ("TRADES", "AGGTRADES", "ADJUSTED_LAST")
_LIVE = ("TRADES", "MIDPOINT", "BID", "ASK")
_TICKS = ("TRADES", "MIDPOINT", "BID_ASK", "AGGTRADES")
_COMBINATIONS = ("BAG",)

USE_OTHER = 10299
"""Code of `Expected what to show is …, please use that instead of …`."""
_NO_END_FOR_CONTFUT = 10339


_ALWAYS_REGULAR = ("OPT", "CASH", "IND")


def regular_only(sec_type: str, asked: bool) -> bool:
    """Whether a query is for regular hours only: for some instruments always, whatever was asked."""
    return asked or sec_type in _ALWAYS_REGULAR


@dataclass(frozen=True, slots=True)
class BarQuery:
    """A request for bars that is one."""

    what: str
    size: BarSize
    duration: Duration
    regular: bool
    """Of regular hours only."""


def check_bars(
    *, sec_type: str, end: str, duration: str, size: str, what: str, date_format: int, live: bool, regular: bool
) -> BarQuery:
    """Read what a request for bars says, its end apart.

    Raises:
        RequestRefused: it cannot be served as it is.
    """
    kind, ends = what.strip().upper(), bool(end.strip())
    if sec_type == "CONTFUT" and ends:
        raise RequestRefused(
            "Setting end date/time for continuous future security type is not allowed", _NO_END_FOR_CONTFUT
        )
    length = read_duration(duration)
    if kind == "ADJUSTED_LAST" and ends:
        raise RequestRefused("End date not supported with adjusted last")
    bars = bar_size(size)
    if bars is None:
        raise RequestRefused(f"Historical data bar size setting is invalid. Legal ones are: {LEGAL}")
    if kind == "ADJUSTED_LAST" and bars.many_days:
        raise RequestRefused("Multi day bar size not supported with adjusted last")
    if kind not in (*BARS, "SCHEDULE"):
        raise RequestRefused(f"What to show value of {what} rejected.")
    if date_format not in (1, 2, 3):
        raise RequestRefused(f"Date formatting selection of {date_format} rejected.")
    if live and ends:
        raise RequestRefused("End date not supported with live updates")
    if live and sec_type in _COMBINATIONS:
        raise RequestRefused("Live updates for combos are not supported")
    if live and kind not in _LIVE:
        raise RequestRefused("Source price not supported with live updates")
    if kind == "SCHEDULE" and bars.period != "day":
        raise RequestRefused("Only daily resolution supported for Schedule requests")
    if sec_type == "CRYPTO" and kind == "TRADES":
        raise RequestRefused("Expected what to show is AGGTRADES, please use that instead of TRADES.", USE_OTHER)
    return BarQuery(kind, bars, length, regular_only(sec_type, regular))


def misnamed(sec_type: str, what: str) -> str | None:
    """The warning where trades are asked for by the name that they have on crypto only; code 10299."""
    if what.strip().upper() == "AGGTRADES" and sec_type != "CRYPTO":
        return "Expected what to show is TRADES, please use that instead of AGGTRADES."
    return None


def check_ticks(*, sec_type: str, count: int, what: str) -> str:
    """The kind of ticks a request is for: TRADES, MIDPOINT or BID_ASK.

    Raises:
        RequestRefused: it cannot be served as it is.
    """
    if sec_type in _COMBINATIONS:
        raise RequestRefused("Combo types are not supported")
    if count <= 0:
        raise RequestRefused("Number of ticks must be > 0")
    if not what.strip():
        raise RequestRefused("Source price must not be empty")
    kind = what.strip().upper()
    if kind not in _TICKS:
        raise RequestRefused("Invalid source price")
    if kind not in ("TRADES", "AGGTRADES"):
        return kind
    return "MIDPOINT" if sec_type == "CASH" else "TRADES"
