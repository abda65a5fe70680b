"""Which working orders would close a position, and how much of it.

Pure. The supervisor's audit and the preflight both go by it.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from tws.values import OpenOrder, Position

WORKING = ("ApiPending", "PendingSubmit", "PreSubmitted", "Submitted")


def exits_of(position: Position, orders: Sequence[OpenOrder]) -> list[OpenOrder]:
    """Orders that would make the position smaller as things are now."""
    by_id = {(order.client_id, order.order_id): order for order in orders}
    found = []
    for order in orders:
        if (order.account, order.con_id) != (position.account, position.con_id) or order.status not in WORKING:
            continue
        parent = by_id.get((order.client_id, order.parent_id)) if order.parent_id else None
        asleep = parent is not None and not parent.filled  # it protects what its parent may still open
        if closes(order.action, position.quantity) and not asleep:
            found.append(order)
    return found


def closes(side: str, quantity: Decimal) -> bool:
    """Whether an order of that side would make a position of that size smaller."""
    return side.startswith("B") is (quantity < 0)


def closed_by(exits: Iterable[OpenOrder]) -> Decimal:
    """How much they close together: of one group only one is filled."""
    groups: dict[tuple[object, ...], Decimal] = {}
    for order in exits:
        if order.oca_group:
            key: tuple[object, ...] = (order.oca_group,)
        else:
            key = (order.client_id, order.parent_id) if order.parent_id else (order.client_id, order.perm_id, "alone")
        groups[key] = max(groups.get(key, Decimal(0)), order.remaining)
    return sum(groups.values(), Decimal(0))
