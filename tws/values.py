"""What a session hands to its owner: plain values, one a thing the gateway can say."""

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from tws.errors import RequestRefused
from tws.times import TimeMode

NO_REQUEST = -1
"""The request id of a message that answers nobody."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message 4 that belongs to no request of this session: connectivity, farms, system texts."""

    code: int
    text: str
    at: datetime
    request_id: int = NO_REQUEST


@dataclass(frozen=True, slots=True)
class Position:
    """One row of the gateway's positions; `average_cost` includes the multiplier, as the wire has it."""

    account: str
    con_id: int
    symbol: str
    sec_type: str
    local_symbol: str
    quantity: Decimal
    average_cost: float


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """One working order of any client. Prices are None where the order type has none."""

    order_id: int
    client_id: int
    perm_id: int
    parent_id: int
    account: str
    con_id: int
    local_symbol: str
    action: str
    order_type: str
    quantity: Decimal
    limit_price: float | None
    stop_price: float | None
    oca_group: str
    order_ref: str
    status: str
    filled: Decimal = Decimal(0)
    time_in_force: str = ""
    """DAY, GTC, GTD, IOC and others."""
    good_till: str = ""
    """Until when, for GTD: `20261231 22:00:00 …`."""
    oca_type: int = 0
    """What a fill does to the others of its group: 1 cancels, 2 and 3 make them smaller; 0 without a group."""

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled


@dataclass(frozen=True, slots=True)
class Bar:
    """One historical bar; `time` as the gateway wrote it (see `tws.times.bar_time_form`)."""

    time: str
    open: float
    high: float
    low: float
    close: float
    volume: Decimal


@dataclass(slots=True)
class Quote:
    """The latest of one market data line. None until the gateway has sent it."""

    bid: float | None = None
    ask: float | None = None
    last: float | None = None
    data_type: int = 1
    """1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""
    ticks: int = 0
    """Prices received so far."""
    traded_at: datetime | None = None
    """When it last traded."""
    halted: bool = False

    @property
    def two_sided(self) -> bool:
        return self.bid is not None and self.ask is not None


@dataclass(frozen=True, slots=True)
class Look:
    """What a market data line came to while it was watched."""

    quote: Quote
    refusal: RequestRefused | None
    """Why there is no data, where the gateway has said so."""
    notices: tuple[Notice, ...]
    """What else was said of it: that data is delayed, or that a part is missing."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One contract by the gateway's own definition."""

    con_id: int
    symbol: str
    sec_type: str
    local_symbol: str
    currency: str
    exchange: str
    primary_exchange: str
    last_trade_date: str
    """YYYYMMDD; empty where it does not expire."""
    strike: float
    right: str
    multiplier: str
    trading_class: str
    order_types: tuple[str, ...]
    """What may be ordered on `exchange`."""
    exchanges: tuple[str, ...]
    time_zone: str
    """IANA id of the zone of the hours."""
    trading_hours: str
    liquid_hours: str
    """The regular sessions of the next days (see `tws.times.sessions`)."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The options of one trading class on one exchange."""

    exchange: str
    trading_class: str
    multiplier: str
    expiries: frozenset[str]
    """YYYYMMDD."""
    strikes: frozenset[float]


@dataclass(frozen=True, slots=True)
class AccountValue:
    """One value of an account, such as NetLiquidation."""

    key: str
    value: str
    currency: str


@dataclass(frozen=True, slots=True)
class Profit:
    """What an account has made, in its base currency. None where the gateway has not worked it out."""

    daily: float | None
    """Since the last session, open and closed positions together."""
    unrealized: float | None
    """Of open positions, against their cost."""
    realized: float | None
    """Of what was closed today."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill of the day. A correction has the id of what it corrects, with a higher number behind the last dot."""

    exec_id: str
    account: str
    con_id: int
    local_symbol: str
    side: str
    """BOT or SLD."""
    quantity: Decimal
    price: float
    time: str
    """As the gateway wrote it (see `tws.times.bar_time_form`)."""
    client_id: int


@dataclass(frozen=True, slots=True)
class Config:
    """The gateway's own settings, as it tells them. None where it leaves one out, or where it has none."""

    time_mode: TimeMode | None
    """How it writes times."""
    read_only: bool | None
    """Whether it refuses orders."""
    port: int | None
    """The API's port as set; what a client dials may be forwarded to it."""
    master_client_id: int | None
    localhost_only: bool | None
    trusted_addresses: tuple[str, ...]
    auto_restart_time: time | None
    """When it restarts itself each day, by the wall of its own zone."""
    auto_logoff_time: time | None
    """When it logs off for good each day."""


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """What became of a wish for other settings, in the gateway's own words."""

    status: str
    """`success`, `error`, or another that stands for a warning which is to be accepted first."""
    words: str
    changed: tuple[str, ...]
    """The paths of the settings that have changed."""
    errors: tuple[str, ...]
    """The paths of those that cannot be."""
    warnings: tuple[str, ...]
