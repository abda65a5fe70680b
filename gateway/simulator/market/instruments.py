"""What can be traded: a few stocks and, on some of them, an option chain that moves with the calendar.

Stocks carry the contract ids they have at IBKR. An option's id is computed from what it is, so that it never changes
and any id can be read back without a list: clients store these ids over days.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.simulator.market.calendar import AroundTheClock

STOCK_EXCHANGES = (
    "SMART,AMEX,NYSE,CBOE,PHLX,ISE,CHX,ARCA,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,FOXRIVER,PEARL,NYSENAT,"
    "LTSE,MEMX,IBEOS,OVERNIGHT,TPLUS0,PSX,T24X"
)
OPTION_EXCHANGES = (
    "SMART,AMEX,CBOE,PHLX,PSE,ISE,BOX,BATS,NASDAQOM,CBOE2,NASDAQBX,MIAX,GEMINI,EDGX,MERCURY,PEARL,EMERALD,MEMX,SAPPHIRE"
)
OPTION_ORDER_TYPES = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AON,AVGCOST,BASKET,COND,CONDORDER,DAY,DEACT,DEACTDIS,DEACTEOD,DIS,FOK,GAT,"
    "GTC,GTD,GTT,HID,IOC,LIT,LMT,MIT,MKT,MTL,NGCOMB,NONALGO,OCA,OPENCLOSE,PEGBENCH,SCALE,SCALERST,SNAPMID,SNAPMKT,"
    "SNAPREL,STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,WHATIF"
)
STOCK_ORDER_TYPES = (
    "ACTIVETIM,AD,ADDONT,ADJUST,ALERT,ALGO,ALLOC,AON,AVGCOST,BASKET,BENCHPX,CASHQTY,COND,CONDORDER,DARKONLY,DARKPOLL,"
    "DAY,DEACT,DEACTDIS,DEACTEOD,DIS,DUR,GAT,GTC,GTD,GTT,HID,IBKRATS,ICE,IMB,IOC,LIT,LMT,LOC,MIDPX,MIT,MKT,MOC,MTL,"
    "NGCOMB,NODARK,NONALGO,OCA,OPG,OPGREROUT,PEGBENCH,PEGMID,POSTATS,POSTONLY,PREOPGRTH,PRICECHK,REL,REL2MID,"
    "RELPCTOFS,RPI,RTH,SCALE,SCALEODD,SCALERST,SIZECHK,SNAPMID,SNAPMKT,SNAPREL,STP,STPLMT,SWEEP,TRAIL,TRAILLIT,"
    "TRAILLMT,TRAILMIT,WHATIF"
)

MARKET_RULES: dict[int, tuple[tuple[float, float], ...]] = {26: ((0.0, 0.01),)}
"""Price increments by rule id: (from this price on, increment)."""

_OPTION_IDS = 1_000_000_000
_EPOCH = dt.date(2020, 1, 1)
_DAYS_AHEAD = 10
_FRIDAYS_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Stock:
    """One stock or fund; `base` is the price its path swings around, in dollars."""

    con_id: int
    symbol: str
    long_name: str
    primary_exchange: str
    trading_class: str
    isin: str
    stock_type: str
    industry: str
    category: str
    subcategory: str
    base: float
    has_options: bool


STOCKS = (
    Stock(
        756733,
        "SPY",
        "SS SPDR S&P 500 ETF TRUST-US",
        "ARCA",
        "SPY",
        "US78462F1030",
        "ETF",
        "",
        "",
        "",
        600.0,
        True,
    ),
    Stock(
        320227571,
        "QQQ",
        "INVESCO QQQ TRUST SERIES 1",
        "NASDAQ",
        "NMS",
        "US46090E1038",
        "ETF",
        "",
        "",
        "",
        500.0,
        True,
    ),
    Stock(
        265598,
        "AAPL",
        "APPLE INC",
        "NASDAQ",
        "NMS",
        "US0378331005",
        "COMMON",
        "Technology",
        "Computers",
        "Computers",
        250.0,
        False,
    ),
)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A stock, or an option on one."""

    con_id: int
    stock: Stock
    expiry: dt.date | None = None
    strike: float = 0.0
    right: str = ""
    """C or P; empty for the stock itself."""

    @property
    def is_option(self) -> bool:
        return self.expiry is not None

    @property
    def symbol(self) -> str:
        return self.stock.symbol

    @property
    def sec_type(self) -> str:
        return "OPT" if self.is_option else "STK"

    @property
    def expiry_text(self) -> str:
        """`YYYYMMDD`, or empty."""
        return f"{self.expiry:%Y%m%d}" if self.expiry else ""

    @property
    def multiplier(self) -> int:
        """Shares a contract stands for."""
        return 100 if self.is_option else 1

    @property
    def multiplier_text(self) -> str:
        return "100" if self.is_option else ""

    @property
    def trading_class(self) -> str:
        return self.stock.symbol if self.is_option else self.stock.trading_class

    @property
    def local_symbol(self) -> str:
        """The OCC's 21 characters for an option."""
        if not self.expiry:
            return self.stock.symbol
        return f"{self.symbol:<6}{self.expiry:%y%m%d}{self.right}{round(self.strike * 1000):08d}"

    @property
    def primary_exchange(self) -> str:
        return "" if self.is_option else self.stock.primary_exchange

    @property
    def exchanges(self) -> str:
        return OPTION_EXCHANGES if self.is_option else STOCK_EXCHANGES

    @property
    def listing(self) -> str:
        """The exchange that position rows show: the primary one, or an option's first."""
        return "AMEX" if self.is_option else self.stock.primary_exchange

    @property
    def min_tick(self) -> float:
        return 0.01


@dataclass(frozen=True, slots=True)
class ContractQuery:
    """What a client says about a contract; empty texts and zeros mean that it did not say."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    expiry: str = ""
    strike: float = 0.0
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    sec_id_type: str = ""
    sec_id: str = ""


class Instruments:
    """The list of everything, some of it computed as the days go by."""

    def __init__(self, calendar: AroundTheClock) -> None:
        self._calendar = calendar
        self._stocks = {stock.con_id: Instrument(stock.con_id, stock) for stock in STOCKS}
        self._by_symbol = {instrument.symbol: instrument for instrument in self._stocks.values()}

    def by_id(self, con_id: int) -> Instrument | None:
        """The instrument of that id, expired ones too, or None."""
        return self._stocks.get(con_id) or self._option_by_id(con_id)

    def expiries(self, now: dt.datetime) -> list[dt.date]:
        """The days options are listed for: today and the next ten, then Fridays."""
        today = self._calendar.day_at(now)
        first = today.date if now < today.closes else today.date + dt.timedelta(days=1)
        days = [first + dt.timedelta(days=n) for n in range(_DAYS_AHEAD + 1)]
        friday = days[-1] + dt.timedelta(days=(4 - days[-1].weekday()) % 7 or 7)
        return days + [friday + dt.timedelta(weeks=n) for n in range(_FRIDAYS_AHEAD)]

    def strikes(self, stock: Stock) -> list[float]:
        """Every whole dollar within ten per cent of the price the stock swings around."""
        return [float(s) for s in range(round(stock.base * 0.9), round(stock.base * 1.1) + 1)]

    def search(self, pattern: str) -> list[Instrument]:
        """Stocks whose symbol starts with the pattern or whose name contains it."""
        sought = pattern.strip().upper()
        return [
            i
            for i in self._stocks.values()
            if sought and (i.symbol.startswith(sought) or sought in i.stock.long_name.upper())
        ]

    def find(self, query: ContractQuery, now: dt.datetime) -> list[Instrument]:
        """Everything the query can mean. Expired options cannot be found, as at the real gateway."""
        if query.con_id > 0:
            found = self.by_id(query.con_id)
            return [found] if found and self._listed(found, now) and _matches(found, query, loose=True) else []
        if query.sec_id_type == "ISIN":
            return [i for i in self._stocks.values() if i.stock.isin == query.sec_id]
        if query.sec_type == "OPT":
            return [i for i in self._options(query, now) if _matches(i, query)]
        if query.sec_type != "STK" or not (query.symbol or query.local_symbol):
            return []
        return [i for i in self._stocks.values() if _matches(i, query)]

    def underlying(self, option: Instrument) -> Instrument:
        """The stock that an option is on."""
        return self._stocks[option.stock.con_id]

    def closes_at(self, instrument: Instrument) -> dt.datetime | None:
        """When an option expires (UTC); None for a stock."""
        return self._calendar.day(instrument.expiry).closes if instrument.expiry else None

    def _listed(self, instrument: Instrument, now: dt.datetime) -> bool:
        closes = self.closes_at(instrument)
        return closes is None or now < closes

    def _options(self, query: ContractQuery, now: dt.datetime) -> Iterator[Instrument]:
        symbol = query.symbol or query.local_symbol[:6].strip() or query.trading_class
        underlying = self._by_symbol.get(symbol)
        if underlying is None or not underlying.stock.has_options:
            return
        stock = underlying.stock
        strikes = self.strikes(stock)
        if query.strike > 0:
            strikes = [strike for strike in strikes if strike == query.strike]
        for expiry in self.expiries(now):
            if query.expiry and not f"{expiry:%Y%m%d}".startswith(query.expiry[:8]):
                continue
            for right in "CP":
                for strike in strikes:
                    yield self._option(stock, expiry, strike, right)

    def _option(self, stock: Stock, expiry: dt.date, strike: float, right: str) -> Instrument:
        number = STOCKS.index(stock)
        number = number << 14 | (expiry - _EPOCH).days
        number = number << 1 | (right == "P")
        number = number << 11 | round(strike)
        return Instrument(_OPTION_IDS + number, stock, expiry, strike, right)

    def _option_by_id(self, con_id: int) -> Instrument | None:
        number = con_id - _OPTION_IDS
        if number < 0:
            return None
        strike, number = float(number & 0x7FF), number >> 11
        right, number = "P" if number & 1 else "C", number >> 1
        days, index = number & 0x3FFF, number >> 14
        if index >= len(STOCKS) or not STOCKS[index].has_options or strike not in self.strikes(STOCKS[index]):
            return None
        return self._option(STOCKS[index], _EPOCH + dt.timedelta(days=days), strike, right)


def _matches(instrument: Instrument, query: ContractQuery, loose: bool = False) -> bool:
    """Whether an instrument is what a query says; `loose` leaves out what a conId settles."""
    exchange = query.exchange
    if exchange and exchange not in instrument.exchanges.split(","):
        return False
    if query.currency and query.currency != "USD":
        return False
    if query.sec_type and query.sec_type != instrument.sec_type:
        return False
    if loose:
        return not query.symbol or query.symbol == instrument.symbol
    return (
        (not query.symbol or query.symbol == instrument.symbol)
        and (not query.local_symbol or query.local_symbol == instrument.local_symbol)
        and (not query.trading_class or query.trading_class == instrument.trading_class)
        and (not query.right or query.right[0] == instrument.right or query.right in ("0", "?"))
        and (not query.multiplier or query.multiplier == instrument.multiplier_text)
        and (
            not query.primary_exchange or instrument.is_option or query.primary_exchange == instrument.primary_exchange
        )
    )
