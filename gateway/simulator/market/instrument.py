"""One thing that can be traded or at least looked at, and what a client says to mean one."""

import datetime as dt
from dataclasses import dataclass, field

from gateway.simulator.market.products import Product


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of a combination."""

    con_id: int
    ratio: int
    buys: bool
    exchange: str = "SMART"


@dataclass(frozen=True, slots=True)
class Instrument:
    """Something that can be traded or at least looked at. Two are the same if their ids are."""

    con_id: int
    product: Product = field(compare=False, repr=False)
    expiry: dt.date | None = field(default=None, compare=False)
    """The last day it trades; None for what does not expire."""
    strike: float = field(default=0.0, compare=False)
    right: str = field(default="", compare=False)
    """C or P; empty for what is not an option."""
    local_symbol: str = field(default="", compare=False)
    trading_class: str = field(default="", compare=False)
    contract_month: str = field(default="", compare=False)
    """`YYYYMM`: of delivery for a future, of the expiry for an option."""
    settles: dt.date | None = field(default=None, compare=False)
    """The day whose prices settle it: the expiry, or the morning after it where it is settled on the opening."""
    on: int = field(default=0, compare=False)
    legs: tuple[Leg, ...] = field(default=(), compare=False)
    """Of a BAG."""

    @property
    def underlying_id(self) -> int:
        """The con_id of what it is on; its own where it is on nothing."""
        return self.on or self.con_id

    @property
    def is_option(self) -> bool:
        """OPT or FOP."""
        return self.right != ""

    @property
    def symbol(self) -> str:
        return self.product.symbol

    @property
    def sec_type(self) -> str:
        return self.product.sec_type

    @property
    def currency(self) -> str:
        return self.product.currency

    @property
    def expiry_text(self) -> str:
        """`YYYYMMDD`, or empty."""
        return f"{self.expiry:%Y%m%d}" if self.expiry else ""

    @property
    def multiplier(self) -> float:
        """Units of the price that one contract stands for; 1 for stocks."""
        return self.product.multiplier

    @property
    def multiplier_text(self) -> str:
        return self.product.multiplier_text

    @property
    def primary_exchange(self) -> str:
        return self.product.primary_exchange

    @property
    def exchanges(self) -> str:
        """Comma text."""
        return self.product.exchanges

    @property
    def listing(self) -> str:
        """The exchange that position rows show: the primary one, or an option's first."""
        return self.product.listing or self.product.primary_exchange

    @property
    def market_name(self) -> str:
        """That exchange in the gateway's sentences: `NASDAQ.NMS` with its segment (captured), the others plain."""
        return f"{self.listing}.{self.trading_class}" if self.listing == "NASDAQ" else self.listing

    @property
    def smart(self) -> bool:
        """Whether SMART routes it."""
        return self.product.exchanges.startswith("SMART")

    @property
    def min_tick(self) -> float:
        return self.product.min_tick

    @property
    def decimals(self) -> int:
        """Decimals that its prices are written with."""
        return self.product.decimals

    @property
    def market_rule(self) -> int:
        """Key of `rules.MARKET_RULES`."""
        return self.product.market_rule

    @property
    def order_types(self) -> str:
        """Comma text."""
        return self.product.order_types

    @property
    def size_step(self) -> float:
        """Sizes of orders are multiples of this."""
        return self.product.size_step

    @property
    def tradable(self) -> bool:
        """Whether orders are taken: not for an index or a continuous future."""
        return self.product.tradable

    @property
    def trades(self) -> bool:
        """Whether trades are published: not for forex, metals and CFDs, which are quoted only."""
        return self.product.trade > 0

    @property
    def quoted(self) -> bool:
        """Whether there are bids and offers: not for an index."""
        return self.product.quoted

    @property
    def settlement(self) -> str:
        """cash, physical, or empty for what does not expire."""
        return self.product.settlement

    @property
    def american(self) -> bool:
        """Whether an option may be exercised before it expires."""
        return self.product.american

    @property
    def hours(self) -> str:
        """Key of its trading hours."""
        return self.product.hours

    @property
    def zone(self) -> str:
        """`timeZoneId`: the zone that its times are told in."""
        return self.product.zone


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
    issuer_id: str = ""
    legs: tuple[Leg, ...] = ()
    """Of a BAG."""
    include_expired: bool = False
    """Honoured for futures, as at the real gateway."""
