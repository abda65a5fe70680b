"""Scans: which instruments lead by some measure now."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

MAX_ROWS = 50


@dataclass(frozen=True, slots=True)
class Seen:
    """What a scan looks at of one instrument. Prices in its currency."""

    con_id: int
    last: float
    volume: float
    """Since the day began."""
    opened: float
    previous_close: float
    high: float
    low: float
    stock_type: str
    """COMMON, ETF, …"""

    @property
    def change(self) -> float:
        """Since the previous close, as a share of it."""
        return self.last / self.previous_close - 1 if self.previous_close else 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client wants left out. None: no limit."""

    above_price: float | None = None
    below_price: float | None = None
    above_volume: float | None = None
    stock_type: str = ""
    """CORP, ETF, …; empty or ALL: any."""
    filters: tuple[tuple[str, float], ...] = ()
    """By the names of `FILTERS`."""

    def admit(self, seen: Seen) -> bool:
        """Whether an instrument is within them."""
        if not all(FILTERS[name](seen, limit) for name, limit in self.filters):
            return False
        wanted = {"CORP": "COMMON", "STOCK": "COMMON"}.get(self.stock_type.upper(), self.stock_type.upper())
        return (
            (self.above_price is None or seen.last >= self.above_price)
            and (self.below_price is None or seen.last <= self.below_price)
            and (self.above_volume is None or seen.volume >= self.above_volume)
            and (wanted in ("", "ALL") or seen.stock_type == wanted)
        )


FILTERS: dict[str, Callable[[Seen, float], bool]] = {
    "priceAbove": lambda seen, limit: seen.last >= limit,
    "priceBelow": lambda seen, limit: seen.last <= limit,
    "volumeAbove": lambda seen, limit: seen.volume >= limit,
    "changePercAbove": lambda seen, limit: seen.change * 100 >= limit,
    "changePercBelow": lambda seen, limit: seen.change * 100 <= limit,
}
"""What else can be asked for, by the names that clients give in the filter options."""


def _gap(seen: Seen) -> float:
    return seen.opened / seen.previous_close - 1 if seen.previous_close else 0.0


_MEASURES: dict[str, tuple[str, Callable[[Seen], float]]] = {
    "TOP_PERC_GAIN": ("Top % Gainers", lambda seen: seen.change),
    "TOP_PERC_LOSE": ("Top % Losers", lambda seen: -seen.change),
    "MOST_ACTIVE": ("Most Active", lambda seen: seen.volume),
    "MOST_ACTIVE_USD": ("Most Active ($)", lambda seen: seen.volume * seen.last),
    "HOT_BY_VOLUME": ("Hot Contracts by Volume", lambda seen: seen.volume),
    "HOT_BY_PRICE": ("Hot Contracts by Price", lambda seen: abs(seen.change)),
    "TOP_TRADE_COUNT": ("Top Trade Count", lambda seen: seen.volume),
    "TOP_PRICE_RANGE": ("Top Price Range", lambda seen: (seen.high - seen.low) / seen.last),
    "HOT_BY_PRICE_RANGE": ("Hot by Price Range", lambda seen: (seen.high - seen.low) / seen.last),
    "HIGH_OPEN_GAP": ("Top Close-to-Open % Gainers", _gap),
    "LOW_OPEN_GAP": ("Top Close-to-Open % Losers", lambda seen: -_gap(seen)),
    "TOP_OPEN_PERC_GAIN": ("Top % Gainers Since Open", lambda seen: seen.last / seen.opened - 1),
    "TOP_OPEN_PERC_LOSE": ("Top % Losers Since Open", lambda seen: 1 - seen.last / seen.opened),
}
SCAN_CODES = tuple(_MEASURES)

LOCATIONS = {
    "STK": (("STK.US", "US Stocks"), ("STK.US.MAJOR", "Listed/NASDAQ"), ("STK.US.MINOR", "OTC Markets"),
            ("STK.NYSE", "NYSE"), ("STK.AMEX", "AMEX"), ("STK.ARCA", "ARCA"), ("STK.NASDAQ", "NASDAQ")),
    "ETF.EQ.US": (("ETF.EQ.US", "US Equity ETFs"), ("ETF.EQ.US.MAJOR", "Listed/NASDAQ"), ("ETF.EQ.ARCA", "ARCA")),
}  # fmt: skip
"""Where can be scanned, by the scanner's kind of instrument: (code, shown name)."""

_EXCHANGES = {"NYSE": ("NYSE",), "AMEX": ("AMEX",), "ARCA": ("ARCA",), "NASDAQ": ("NASDAQ",), "MINOR": ()}


def listed_on(location: str) -> tuple[str, ...] | None:
    """The listing exchanges a location stands for; None for all."""
    return _EXCHANGES.get(location.rpartition(".")[2])


def best(seen: Iterable[Seen], code: str, limits: Limits, rows: int) -> list[int]:
    """Contract ids of the leaders, best first; `rows` under 1 for as many as there are."""
    measure = _MEASURES[code][1]
    ranked = sorted((s for s in seen if limits.admit(s)), key=lambda s: (-measure(s), s.con_id))
    return [s.con_id for s in ranked[: min(rows, MAX_ROWS) if rows > 0 else MAX_ROWS]]


def parameters() -> str:
    """The document of reqScannerParameters: instruments, places and scans, in the gateway's form."""
    instruments = "".join(
        f"<Instrument><name>{name}</name><type>{kind}</type><secType>STK</secType>"
        "<filters>PRICE,VOLUME,CHANGEPERC,STKTYPE</filters><group>STK.GLOBAL</group></Instrument>"
        for kind, name in (("STK", "US Stocks"), ("ETF.EQ.US", "US Equity ETFs"))
    )
    places = "".join(
        f"<Location><displayName>{escape(found[0][1])}</displayName><locationCode>{found[0][0]}</locationCode>"
        f"<instruments>{kind}</instruments><LocationTree>"
        + "".join(
            f"<Location><displayName>{escape(name)}</displayName><locationCode>{code}</locationCode>"
            f"<instruments>{kind}</instruments></Location>"
            for code, name in found[1:]
        )
        + "</LocationTree></Location>"
        for kind, found in LOCATIONS.items()
    )
    scans = "".join(
        f"<ScanType><displayName>{escape(name)}</displayName><scanCode>{code}</scanCode>"
        f"<instruments>{','.join(LOCATIONS)}</instruments></ScanType>"
        for code, (name, _) in _MEASURES.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ScanParameterResponse>'
        f'<InstrumentList varName="instrumentList">{instruments}</InstrumentList>'
        f'<LocationTree varName="locationTree">{places}</LocationTree>'
        f'<ScanTypeList varName="scanTypeList">{scans}</ScanTypeList></ScanParameterResponse>'
    )
