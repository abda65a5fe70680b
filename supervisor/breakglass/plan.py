"""What is left to do until an account is flat and nothing works in it. Pure: the broker's books in, acts out.

A position is closed by a market order in the OCA group of its exits, so that at each moment one of them can fill and no
two; the exits stay until that has happened. Cancelling them first would leave the position bare, and one that was about
to fill could still do so beside ours and open the opposite position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tws.exits import WORKING, exits_of
from tws.values import OpenOrder, Position

REFERENCE = "watchkeeper-break-glass"
OVER = ("Cancelled", "ApiCancelled", "Filled", "Inactive")
"""An order in one of these is no more."""


@dataclass(frozen=True, slots=True)
class Close:
    """Send a market order that closes this much of a position."""

    position: Position
    quantity: Decimal
    oca_group: str = ""
    oca_type: int = 0

    @property
    def action(self) -> str:
        return "SELL" if self.position.quantity > 0 else "BUY"


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ask for the end of an order, by the client id that placed it."""

    order: OpenOrder


def next_acts(account: str, positions: Sequence[Position], orders: Sequence[OpenOrder]) -> list[Close | Cancel]:
    """What to do now; empty when nothing is left, or when what was sent must end first."""
    held = [row for row in positions if row.account == account and row.quantity]
    working = [row for row in orders if row.account == account and row.status in WORKING]
    closing = {id(row) for position in held for row in exits_of(position, working)}
    by_id = {(row.client_id, row.order_id) for row in working}
    acts: list[Close | Cancel] = [
        Cancel(row)
        for row in working
        # With its parent a child goes by itself.
        if id(row) not in closing and (row.client_id, row.parent_id) not in by_id
    ]
    for position in held:
        exits = exits_of(position, working)
        ours = sum((row.remaining for row in exits if row.order_ref == REFERENCE), Decimal(0))
        missing = abs(position.quantity) - ours
        if missing > 0:
            group = next(((row.oca_group, row.oca_type) for row in exits if row.oca_group), ("", 0))
            acts.append(Close(position, missing, *group))
    return acts


def left(account: str, positions: Sequence[Position], orders: Sequence[OpenOrder]) -> list[str]:
    """What is still open, in words; empty is the proof."""
    held = [f"{row.quantity:+f} {row.local_symbol}" for row in positions if row.account == account and row.quantity]
    working = [
        f"{row.action} {row.remaining:f} {row.local_symbol} {row.order_type} ({row.status})"
        for row in orders
        if row.account == account and row.status not in OVER
    ]
    return [*held, *working]
