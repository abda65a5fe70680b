"""What a session hands to its owner: plain values, one a thing the gateway can say."""

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

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

    @property
    def two_sided(self) -> bool:
        return self.bid is not None and self.ask is not None


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
