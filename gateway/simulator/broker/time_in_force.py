"""When an order may trade and when it ends. Pure."""

import datetime as dt
from dataclasses import dataclass

from gateway.simulator.broker.order_types import Pricing
from gateway.simulator.broker.orders import Ticket
from gateway.simulator.broker.sight import Hours, Touch


@dataclass(frozen=True, slots=True)
class Timetable:
    """The moments of an order's life that its time in force sets."""

    auction_at: dt.datetime | None
    expires_at: dt.datetime | None


def timetable(ticket: Ticket, hours: Hours) -> Timetable:
    """Plan an order that comes in at these hours.

    OPG takes part in the next opening, MOC, LOC and AT_THE_CLOSE in the closing of the session that is on or comes
    next. A day order ends with that session, or with the day if it may trade outside it.
    """
    auction: dt.datetime | None = None
    if ticket.tif == "OPG":
        auction = hours.next_opens if hours.regular else hours.opens
    elif ticket.at_auction:
        auction = hours.closes
    ends = [hours.expires]
    if auction is None and ticket.tif == "DAY":
        ends.append((hours.day_ends if trades_outside(ticket) else None) or hours.closes)
    if ticket.tif == "GTD":
        ends.append(ticket.good_till)
    return Timetable(auction, min((end for end in ends if end is not None), default=None))


def trades_outside(ticket: Ticket) -> bool:
    """Whether the order trades outside regular hours: if it asks to, and has a limit (IBKR's rule for most types)."""
    return ticket.outside_rth and ticket.type.pricing is Pricing.LIMIT and not ticket.at_auction


def may_trade(ticket: Ticket, at: Hours | Touch) -> bool:
    """Whether the exchange takes the order at this hour."""
    return at.regular or (at.extended and trades_outside(ticket))


def is_early(ticket: Ticket, now: dt.datetime) -> bool:
    """Whether its good-after time is still to come."""
    return ticket.good_after is not None and now < ticket.good_after
