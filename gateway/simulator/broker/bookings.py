"""Changes of positions that are no executions: exercise, assignment, expiry and what they deliver."""

import datetime as dt
import enum
from dataclasses import dataclass


class Why(enum.StrEnum):
    """What moved the position."""

    EXERCISE = "exercise"
    ASSIGNMENT = "assignment"
    EXPIRY = "expiry"
    SETTLEMENT = "settlement"
    """Paid out in cash."""
    DELIVERY = "delivery"
    """The underlying of an exercised or assigned contract."""


@dataclass(frozen=True, slots=True)
class Booking:
    """One change, at a price; negative shares were taken away. A position is the sum of its fills and bookings."""

    account: str
    con_id: int
    shares: float
    price: float
    at: dt.datetime
    why: Why
    realized: float | None = None
