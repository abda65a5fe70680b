"""What becomes of contracts that expire, are exercised or are assigned. Pure.

An option in the money by a cent at its expiry is exercised by the clearing house unless its holder says otherwise;
whoever is short is assigned. Options on stocks and on futures deliver what they are on, index options pay cash, futures
pay their last price. The premium of an option that delivers becomes part of the price of what it delivers, so that
nothing is realised by the exercise itself (US tax rules; assumed to be what the gateway shows).
"""

import datetime as dt
import math
from dataclasses import dataclass

from gateway.simulator.broker.bookings import Booking, Why
from gateway.simulator.broker.positions import Position
from gateway.simulator.market.instruments import Instrument

AT_LEAST = 0.01
"""In the money by this much a unit is exercised at expiry (OCC's published threshold)."""

NO_TIME_VALUE = 0.05
"""Options with no more time value than this a unit are the ones that are assigned early (assumed)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the holder of an option asked for: to exercise so many contracts, or to let them lapse."""

    account: str
    con_id: int
    quantity: float
    lapse: bool
    client_id: int = 0
    order_id: int = 0
    perm_id: int = 0
    placed_at: dt.datetime | None = None


def at_expiry(
    instrument: Instrument, position: Position, worth: float, now: dt.datetime, wish: Wish | None
) -> list[Booking]:
    """`worth` is the exercise value of a unit, or the settlement price of a future."""
    quantity = position.quantity
    if not instrument.is_option:
        return [Booking(position.account, position.con_id, -quantity, worth, now, Why.SETTLEMENT)]
    exercised = quantity if worth >= AT_LEAST else 0.0
    if wish is not None and quantity > 0:
        exercised = (
            max(quantity - wish.quantity, 0.0) * (worth >= AT_LEAST)
            if wish.lapse
            else max(exercised, min(wish.quantity, quantity))
        )
    booked = exercise(instrument, position, exercised, worth, now) if exercised else []
    if quantity != exercised:
        booked.append(Booking(position.account, position.con_id, exercised - quantity, 0.0, now, Why.EXPIRY))
    return booked


def exercise(
    instrument: Instrument, position: Position, quantity: float, worth: float, now: dt.datetime
) -> list[Booking]:
    """Exercise `quantity` contracts, or have them assigned where it is negative."""
    if instrument.settlement == "cash":
        return [Booking(position.account, position.con_id, -quantity, worth, now, Why.SETTLEMENT)]
    why = Why.EXERCISE if quantity > 0 else Why.ASSIGNMENT
    premium = position.average_cost / instrument.multiplier
    call = instrument.right == "C"
    price = instrument.strike + premium if call else instrument.strike - premium
    # One future for each option on it; as many shares as the multiplier says.
    units = quantity if instrument.sec_type == "FOP" else quantity * instrument.multiplier
    return [
        Booking(position.account, position.con_id, -quantity, premium, now, why),
        Booking(position.account, instrument.underlying_id, units if call else -units, price, now, Why.DELIVERY),
    ]


def assigned_early(short: float, time_value: float, in_the_money: float, chance: float, draw: float) -> float:
    """How many of `short` contracts (a positive number) are assigned tonight.

    `draw` is a number from 0 to 1; below `chance` something happens, and the lower the more.
    """
    if in_the_money < AT_LEAST or time_value > NO_TIME_VALUE or draw >= chance:
        return 0.0
    return float(math.ceil(short * (1 - draw / chance)))
