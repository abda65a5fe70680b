"""What every client's bracket must have come to in the stand-in's own book."""

from typing import Any


def bracket_agrees(book: dict[str, Any], client_id: int) -> None:
    """The book holds one bracket of that client: entry and one exit filled, the other exit cancelled, nothing held."""
    orders = [order for order in book["orders"] if order["client_id"] == client_id]
    entry, *exits = sorted(orders, key=lambda order: order["order_id"])
    assert entry["status"] == "Filled"
    assert sorted(order["status"] for order in exits) == ["Cancelled", "Filled"]
    assert {order["parent_id"] for order in exits} == {entry["order_id"]}
    assert len({order["oca_group"] for order in exits}) == 1
    assert {order["oca_type"] for order in exits} == {1}
    fills = [fill for fill in book["executions"] if fill["client_id"] == client_id]
    assert [fill["side"] for fill in fills] == ["BOT", "SLD"]
    assert all(fill["commission"] > 0 for fill in fills)
    assert not [p for p in book["positions"] if p["con_id"] == entry["con_id"]]
