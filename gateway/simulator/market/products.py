"""What the members of a family have in common: a stock is a family of one, an option class has thousands."""

from dataclasses import dataclass

from gateway.simulator.market.calendar import EASTERN

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
FUTURE_ORDER_TYPES = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AVGCOST,BASKET,BENCHPX,COND,CONDORDER,DAY,DEACT,DEACTDIS,DEACTEOD,GAT,GTC,"
    "GTD,GTT,HID,ICE,IOC,LIT,LMT,LTH,MIT,MKT,MTL,NGCOMB,NONALGO,OCA,PEGBENCH,SCALE,SCALERST,SNAPMID,SNAPMKT,SNAPREL,"
    "STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,WHATIF"
)
CASH_ORDER_TYPES = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AVGCOST,BASKET,CASHQTY,COND,CONDORDER,DAY,DEACT,DEACTDIS,DEACTEOD,GAT,GTC,"
    "GTD,GTT,HID,IOC,LIT,LMT,MIT,MKT,NONALGO,OCA,PEGBENCH,SCALE,SCALERST,STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,"
    "WHATIF"
)
CRYPTO_ORDER_TYPES = "CASHQTY,DAY,GTC,IOC,LMT,MKT,NONALGO,WHATIF"
BOND_ORDER_TYPES = (
    "ACTIVETIM,AD,ALERT,ALLOC,COND,CONDORDER,DAY,DEACT,DEACTDIS,DEACTEOD,GAT,GTC,GTD,GTT,LMT,MKT,NONALGO,OCA,WHATIF"
)
INDEX_ORDER_TYPES = "ACTIVETIM,AD,ALERT,CONDORDER"
FUND_ORDER_TYPES = "AD,ALLOC,BASKET,CASHQTY,DAY,FUNDS,LMT,MKT,NONALGO,WHATIF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """What only bonds have."""

    coupon: float
    """Per cent a year."""
    maturity: str
    """`YYYYMMDD`, as the issue date."""
    issued: str
    ratings: str
    kind: str
    """`bondType`."""
    description: str
    """`descAppend`."""
    issuer: str
    """The id that finds all bonds of an issuer."""
    callable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fund:
    """What only mutual funds have."""

    name: str
    family: str
    kind: str
    front_load: str
    back_load: str
    back_load_interval: str
    management_fee: str
    minimum: str
    """In dollars, of the first purchase."""
    following: str
    """And of those after it."""
    policy: str
    """N accumulates, Y pays out."""
    assets: str
    """000 others, 001 money market, 002 fixed income, 003 multi-asset, 004 equity, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One family. Prices are in `currency` a unit; contract ids and names of the well-known ones are IBKR's."""

    symbol: str
    sec_type: str
    long_name: str
    con_id: int = 0
    """0 where every member has its own, computed from what it is."""
    trading_class: str = ""
    local_symbol: str = ""
    """Of a family of one; the symbol where empty."""
    exchanges: str = STOCK_EXCHANGES
    primary_exchange: str = ""
    listing: str = ""
    """The exchange that position rows show; the primary one where empty."""
    currency: str = "USD"
    multiplier: float = 1.0
    multiplier_text: str = ""
    market_rule: int = 26
    min_tick: float = 0.01
    decimals: int = 2
    order_types: str = STOCK_ORDER_TYPES
    size_step: float = 1.0
    min_size: float = 1.0
    suggested_size: float = 1.0
    tradable: bool = True
    settlement: str = ""
    """cash, physical, or empty for what does not expire."""
    american: bool = False
    hours: str = "stock"
    """Which trading hours it keeps: a key of `market.hours.HOURS`."""
    zone: str = EASTERN
    """`timeZoneId`: the zone that its times are told in."""
    aggregate: int = 1
    """`aggGroup`: 1 stocks, 2 options, 2147483647 where contracts are not aggregated."""
    underlying_id: int = 0
    """What all members are on; 0 where nothing, or where each member has its own."""
    underlying_type: str = ""

    isin: str = ""
    cusip: str = ""
    figi: str = ""
    stock_type: str = ""
    bond: Bond | None = None
    fund: Fund | None = None
    industry: str = ""
    category: str = ""
    subcategory: str = ""

    base: float = 0.0
    """The price its path swings around. 0 for options."""
    path: int = 0
    """The path it follows: the con_id of whose it is; its own where 0. Things on one path move together."""
    beta: float = 1.0
    """How strongly it follows its path, in log returns; negative: against it."""
    spread: int = 1
    """Usual distance between bid and ask, in ticks."""
    depth: float = 900.0
    """Largest size at the touch."""
    lot: float = 1.0
    """Sizes at the touch are multiples of this."""
    trade: float = 1.0
    """Trades are up to eight times this; 0 where nobody publishes trades (forex, CFDs, metals)."""
    activity: float = 0.6
    """Share of the market's steps in which somebody trades."""
    volume: float = 120
    """What is traded in a step on average."""
    carry: float = 0.0
    """What a future's price is above its spot, a year, in log returns."""
    quoted: bool = True
    """Whether anybody bids and offers: not for an index."""

    strike_step: float = 0.0
    """Distance of strikes, for option classes."""
    strike_unit: float = 0.0
    """What their strikes are multiples of for ever: ids count it, so it never changes."""
    schedule: str = ""
    """Which expiries are listed: a key of `market.expiries.SCHEDULES`."""
    opening: bool = False
    """Whether options are settled on the opening of the day after their last."""
    volatility: float = 0.18
    """Of its options, at the money and in the middle of the term structure."""

    @property
    def follows(self) -> int:
        """The key of its price path."""
        return self.path or self.con_id
