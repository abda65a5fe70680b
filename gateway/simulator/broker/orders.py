"""The words of the order book: a ticket as the client wrote it, the order it became, a fill, and what happened."""

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.simulator.broker.order_types import TYPES, OrderType, Trigger
from gateway.simulator.market import instrument


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


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a stop turns into when the price has come far enough in its favour."""

    order_type: str
    """STP, STP LMT, TRAIL or TRAIL LIMIT."""
    trigger_price: float
    stop_price: float | None
    limit_price: float | None
    trail: float | None
    in_percent: bool
    """Whether `trail` is a percentage."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of a combination."""

    con_id: int
    ratio: int
    action: str
    """BUY or SELL, when the combination is bought."""
    exchange: str

    @property
    def sign(self) -> int:
        return self.ratio if self.action == "BUY" else -self.ratio

    @property
    def part(self) -> instrument.Leg:
        """The same as the market knows it."""
        return instrument.Leg(self.con_id, self.ratio, self.action == "BUY", self.exchange)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A placeOrder as it arrived. `raw` keeps every field under its name, for the echo in openOrder."""

    con_id: int
    action: str
    """BUY or SELL."""
    quantity: float
    order_type: str
    tif: str
    account: str
    limit_price: float | None = None
    stop_price: float | None = None
    """Of stops and of orders that wait to be touched."""
    oca_group: str = ""
    oca_type: int = 0
    order_ref: str = ""
    transmit: bool = True
    parent_id: int = 0
    good_till: dt.datetime | None = None
    what_if: bool = False
    raw: Mapping[str, str] = field(default_factory=dict, repr=False)
    conditions: Sequence[Sequence[str]] = ()
    """Each as its fields, type first; a time in UTC as YYYYMMDD-HH:MM:SS."""
    algo_params: Sequence[Sequence[str]] = ()
    """Tag and value."""
    trigger_method: int = 0
    trail_amount: float | None = None
    trail_percent: float | None = None
    trail_stop: float | None = None
    """Where a trailing stop begins; None: the trail away from the price at the time."""
    limit_offset: float | None = None
    """How far behind its stop a trailing order's limit is."""
    offset: float = 0.0
    """Of pegged and snapped orders, dollars."""
    outside_rth: bool = False
    good_after: dt.datetime | None = None
    all_or_none: bool = False
    min_quantity: float = 0.0
    discretionary: float = 0.0
    """Dollars beyond the limit at which it would trade after all."""
    adjustment: Adjustment | None = None
    conditions_ignore_rth: bool = False
    cancel_on_condition: bool = False
    auto_cancel_parent: bool = False
    legs: Sequence[Leg] = ()
    """Of a combination."""
    combo: Sequence[Sequence[str]] = ()
    """The combination's groups as the client wrote them: legs, leg prices, routing parameters; for the echo."""

    @property
    def buys(self) -> bool:
        return self.action == "BUY"

    @property
    def type(self) -> OrderType:
        return TYPES[self.order_type]

    @property
    def has_trigger(self) -> bool:
        return self.type.trigger is not Trigger.NONE

    @property
    def prices(self) -> list[float]:
        """The prices that have to lie on an increment."""
        written = (self.limit_price, self.stop_price, self.trail_stop)
        return [price for price in written if price is not None]

    @property
    def at_auction(self) -> bool:
        """Whether it trades in the opening or closing auction only."""
        return self.type.at_close or self.tif in ("OPG", "AT_THE_CLOSE")


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
    """Was in the market for at least one quote that did not come up to its limit."""
    expires_at: dt.datetime | None = None
    """When its time in force, or its contract, ends."""
    completed_at: dt.datetime | None = None
    completed_status: str = ""
    stop: float | None = None
    """Where a trailing stop stands."""
    limit: float | None = None
    """The limit it works with where that is not the ticket's: of pegs, snaps, trails and what MTL leaves."""
    conditions_met: bool = False
    auction_at: dt.datetime | None = None
    """When the auction is that it takes part in."""
    cancelled_by: int | None = None
    """The client that asked for the cancellation."""
    bound: bool = True
    """Whether the API has an id for it: not for an order entered by hand, until client 0 binds it."""

    @property
    def key(self) -> tuple[int, int]:
        """Client id and order id: the pair that names it."""
        return self.client_id, self.order_id

    @property
    def entered_by_hand(self) -> bool:
        """Whether it came from the gateway's own screen: those have ids below 0."""
        return self.order_id < 0

    @property
    def shown_id(self) -> int:
        """The order id that clients see: 0 for one that was entered by hand and is not bound."""
        return self.order_id if self.bound else 0

    @property
    def remaining(self) -> float:
        return self.quantity - self.filled

    @property
    def working_limit(self) -> float | None:
        """The limit it trades at now, None without one."""
        return self.limit if self.limit is not None else self.ticket.limit_price

    @property
    def awaits_trigger(self) -> bool:
        return self.ticket.has_trigger and not self.triggered

    @property
    def awaits_conditions(self) -> bool:
        return bool(self.ticket.conditions) and not (self.conditions_met or self.ticket.cancel_on_condition)

    @property
    def can_fill(self) -> bool:
        """Whether it waits for nothing but a price."""
        return (
            self.status in (Status.PRE_SUBMITTED, Status.SUBMITTED)
            and not self.waits_for_parent
            and not self.awaits_conditions
        )

    @property
    def why_held(self) -> str:
        """The gateway's word for what an order waits for."""
        if self.status is not Status.PRE_SUBMITTED:
            return ""
        waits = "trigger" if self.awaits_trigger else ""
        if self.waits_for_parent:
            return f"child,{waits}" if waits else "child"
        return waits


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


class Refused(Exception):
    """An instruction that the gateway answers with an error instead of acting on it."""

    def __init__(self, code: int, text: str, reject_json: str = "") -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.reject_json = reject_json


class Said(enum.Enum):
    """What a step of an order's life makes the gateway send."""

    PAIR = "openOrder, then orderStatus"
    STATUS = "orderStatus alone"
    OPEN = "openOrder alone"
    FILL = "execDetails"
    COMMISSION = "commissionReport"
    ERROR = "an error with the order's id"
    BOUND = "orderBound"


@dataclass(frozen=True, slots=True)
class Event:
    """One message about an order, to the client that owns it (and the one that caused it)."""

    said: Said
    order: Order
    fill: Fill | None = None
    code: int = 0
    text: str = ""
    reject_json: str = ""
    """Of a rejection that could be overridden."""
