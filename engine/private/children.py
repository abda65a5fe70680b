"""A bracket's child that is sent by itself, as the emulator sends it once its price is reached.

The adapter knows a parent's number only within a list. Alone, the child carries its parent's name where the wire has a
number: such an order never leaves (as protobuf), or the gateway cannot read it (as text), and the position it was to
close stays open.
"""

from __future__ import annotations

from typing import Any

from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient
from nautilus_trader.model.identifiers import ClientOrderId

ON_CLIENT = ("place_order",)


def send_children_alone() -> None:
    """Make the adapter send such a child as the plain order that it is by now. Called once in a process."""
    place = InteractiveBrokersClient.place_order

    def placed(client: InteractiveBrokersClient, order: Any) -> None:
        part_from_parent(order, client._cache)
        place(client, order)

    InteractiveBrokersClient.place_order = placed


def part_from_parent(order: Any, cache: Any) -> None:
    """Forget a parent that has filled. Raises ValueError, which the adapter turns into a rejection, for one that has
    not: without it the child would close what is not held."""
    if not isinstance(order.parentId, str):
        return
    parent = cache.order(ClientOrderId(order.parentId))
    if parent is not None and not parent.filled_qty:
        raise ValueError(f"its parent {order.parentId} has not filled")
    order.parentId = 0
