"""What is held of a contract, what it cost, and what closing it gained. Pure."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Position:
    """What an account holds of one contract, in the contract's currency."""

    con_id: int
    quantity: float = 0.0
    average_cost: float = 0.0
    """Per contract: price times multiplier, commission in."""
    realized: float = 0.0
    """Profit of this exchange day's closings."""
    day_basis: float = 0.0
    """What it was worth when the day began, plus what was paid since: the day's profit is the value less this."""
    account: str = ""
    model: str = ""
    """The model code it was traded under; empty for the account's whole position."""
    traded: bool = False
    """Whether anything was booked on this exchange day: what is closed then shows with quantity 0 until it ends."""

    @property
    def key(self) -> tuple[str, str, int]:
        """Account, model and contract: what names it in the record."""
        return self.account, self.model, self.con_id


def trade(
    position: Position, shares: float, price: float, multiplier: float, fee: float
) -> tuple[Position, float | None]:
    """Book `shares` (negative: sold) at `price`. Returns the position and what was gained, None if it only opened."""
    held = position.quantity
    closing = min(abs(held), abs(shares)) if held * shares < 0 else 0.0
    opening = abs(shares) - closing
    side = 1.0 if shares > 0 else -1.0
    fee_closing = fee * closing / abs(shares)
    fee_opening = fee - fee_closing
    realized: float | None = None
    cost = position.average_cost
    if closing:
        proceeds = -side * closing * (price * multiplier - cost)
        realized = round(proceeds - fee_closing, 6)
    quantity = held + shares
    if opening:
        kept = abs(held) if not closing else 0.0
        cost = (kept * cost + opening * price * multiplier + side * fee_opening) / (kept + opening)
    elif abs(quantity) < 1e-9:
        quantity, cost = 0.0, 0.0
    booked = replace(
        position,
        quantity=quantity,
        average_cost=cost,
        realized=position.realized + (realized or 0.0),
        day_basis=position.day_basis + shares * price * multiplier + fee,
        traded=True,
    )
    return booked, realized
