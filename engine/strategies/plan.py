"""What the reference strategy should do next. Pure: it sees a picture of the books and names one step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The one thing to do now."""

    WAIT = "wait"
    ENTER = "enter"
    ARM_EXITS = "arm exits"
    CANCEL_ORDERS = "cancel orders"
    FLATTEN = "flatten"


@dataclass(frozen=True, slots=True)
class View:
    """The books of one instrument. Seconds; quantities signed; orders counted while sent or resting."""

    quantity: float = 0.0
    expires_in: float | None = None
    exits: int = 0
    entries: int = 0
    flattening: bool = False
    resting: float = 0.0
    may_enter: bool = False
    target_quoted: bool = False
    settled: bool = True


def next_step(view: View, cut_off: float) -> Step:
    """Decide. Before the cut-off a position keeps its exits; from the cut-off on it is closed, exits first.

    Books that were not yet reconciled on the present session may show a position that does not exist: nothing is
    done on them. Exits are cancelled and seen gone before a closing order is sent: two sells for one position
    would go short.
    """
    if not view.settled or view.flattening:
        return Step.WAIT
    if view.quantity:
        if view.expires_in is not None and view.expires_in <= 0:
            return Step.WAIT
        late = view.quantity < 0 or (view.expires_in is not None and view.expires_in <= cut_off)
        if late:
            return Step.CANCEL_ORDERS if view.exits or view.entries else Step.FLATTEN
        return Step.WAIT if view.exits or view.entries else Step.ARM_EXITS
    if view.entries:
        return Step.WAIT
    if view.exits:
        return Step.CANCEL_ORDERS
    return Step.ENTER if view.may_enter and view.target_quoted and view.resting <= 0 else Step.WAIT


def exit_prices(bid: float, ask: float, tick: float) -> tuple[float, float]:
    """Return (take profit, stop) about 5 % of the price away, at least two ticks, both on the tick grid."""
    distance = max(2 * tick, 0.05 * (bid + ask) / 2)
    profit = round((ask + distance) / tick) * tick
    stop = max(tick, round((bid - distance) / tick) * tick)
    return round(profit, 6), round(stop, 6)
