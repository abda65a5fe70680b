"""The words of the order book: a ticket as the client wrote it, the order it became, a fill, and what happened."""

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


class Status(enum.StrEnum):
    """Order states, spelled as the gateway sends them."""

    UNTRANSMITTED = "ApiPending"
    """Held in the gateway with transmit off; nothing is ever sent about it."""
    PENDING_SUBMIT = "PendingSubmit"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    CANCELLED = "Cancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"

    @property
    def is_over(self) -> bool:
        return self in (Status.CANCELLED, Status.FILLED, Status.INACTIVE)


SERVED_TYPES = frozenset({"MKT", "LMT", "STP", "STP LMT"})
SERVED_TIFS = frozenset({"DAY", "GTC", "IOC", "FOK", "GTD"})


@dataclass(frozen=True, slots=True)
class Ticket:
    """A placeOrder as it arrived. `raw` keeps every field under its name, for the echo in openOrder."""

    con_id: int
    action: str
    """BUY or SELL."""
    quantity: float
    order_type: str
    limit_price: float | None
    stop_price: float | None
    tif: str
    oca_group: str
    oca_type: int
    account: str
    order_ref: str
    transmit: bool
    parent_id: int
    good_till: dt.datetime | None
    what_if: bool
    raw: Mapping[str, str] = field(default_factory=dict, repr=False)
    conditions: Sequence[Sequence[str]] = ()
    """Each as its fields, type first."""
    algo_params: Sequence[Sequence[str]] = ()
    """Tag and value."""

    @property
    def buys(self) -> bool:
        return self.action == "BUY"

    @property
    def has_stop(self) -> bool:
        return self.order_type in ("STP", "STP LMT")


@dataclass(frozen=True, slots=True)
class Order:
    """One order of one client."""

    client_id: int
    order_id: int
    perm_id: int
    ticket: Ticket
    status: Status
    placed_at: dt.datetime
    oca_group: str = ""
    """The ticket's, or for children of a parent without one the text of the parent's permId (captured)."""
    oca_type: int = 3
    parent_perm_id: int = 0
    quantity: float = 0.0
    """Of the ticket, less what OCA fills took off."""
    filled: float = 0.0
    average_price: float = 0.0
    last_price: float = 0.0
    commission: float = 0.0
    triggered: bool = False
    """A stop whose price was reached."""
    trigger_hits: int = 0
    """Quotes in a row that reached it; options need two."""
    waits_for_parent: bool = False
    rested: bool = False
    """Was in the market for at least one quote without being filled."""
    expires_at: dt.datetime | None = None
    """When its time in force, or its option, ends."""
    completed_at: dt.datetime | None = None
    completed_status: str = ""

    @property
    def key(self) -> tuple[int, int]:
        """Client id and order id: the pair that names it."""
        return self.client_id, self.order_id

    @property
    def remaining(self) -> float:
        return self.quantity - self.filled

    @property
    def why_held(self) -> str:
        """The gateway's word for what an order waits for."""
        if self.status is not Status.PRE_SUBMITTED:
            return ""
        waits = "trigger" if self.ticket.has_stop and not self.triggered else ""
        if self.waits_for_parent:
            return f"child,{waits}" if waits else "child"
        return waits

    @property
    def can_fill(self) -> bool:
        """Whether the exchange would match it now."""
        return self.status in (Status.PRE_SUBMITTED, Status.SUBMITTED) and not self.waits_for_parent


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution and its commission."""

    exec_id: str
    client_id: int
    order_id: int
    perm_id: int
    con_id: int
    account: str
    buys: bool
    shares: float
    price: float
    exchange: str
    at: dt.datetime
    cumulative: float
    average_price: float
    commission: float
    realized: float | None
    """Profit in dollars where it closed something; None where it opened."""
    liquidity: int
    """1 added, 2 removed."""
    order_ref: str
    model_code: str = ""
    currency: str = "USD"
    """Of the price, the commission and the profit."""


@dataclass(frozen=True, slots=True)
class Touch:
    """The part of a quote that orders are matched against."""

    bid: float
    ask: float
    bid_size: float
    ask_size: float
    last: float
    is_option: bool


class Refused(Exception):
    """An instruction that the gateway answers with an error instead of acting on it."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class Said(enum.Enum):
    """What a step of an order's life makes the gateway send."""

    PAIR = "openOrder, then orderStatus"
    STATUS = "orderStatus alone"
    OPEN = "openOrder alone"
    FILL = "execDetails"
    COMMISSION = "commissionReport"
    ERROR = "an error with the order's id"


@dataclass(frozen=True, slots=True)
class Event:
    """One message about an order, to the client that owns it (and the one that caused it)."""

    said: Said
    order: Order
    fill: Fill | None = None
    code: int = 0
    text: str = ""
