"""After a soak: do broker, engine and journal tell the same story, with no order lost, doubled or orphaned? Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from supervisor.drill.report import agree
from supervisor.faults import FAULTS


def client_order_id(order: Mapping[str, Any]) -> str:
    """Nautilus's id of a broker's order: what stands before the broker's own in the reference."""
    return str(order["order_ref"].rsplit(":", 1)[0])


def audit(
    book: Mapping[str, Any], engine: Mapping[str, Any], incidents: Sequence[Mapping[str, Any]], told: Collection[str]
) -> dict[str, list[str]]:
    """What does not fit, by kind; all empty when all is as it should be.

    Args:
        book: the stand-in's record.
        engine: the engine's status.
        incidents: the supervisor's, with their acts.
        told: the client order ids that the engine ever called accepted or filled during the soak.
    """
    orders, executions = book["orders"], book["executions"]
    known = Counter(client_order_id(order) for order in orders)
    sums: Counter[int] = Counter()
    for row in executions:
        sums[row["con_id"]] += row["shares"] if row["side"] == "BOT" else -row["shares"]
    positions = {row["con_id"]: row["quantity"] for row in book["positions"] if row["quantity"]}
    groups = Counter(order["oca_group"] for order in orders if order["oca_group"] and order["filled"])
    by_execution = Counter(row["exec_id"] for row in executions)
    return {
        "books_disagree": [] if agree(book, engine) else ["positions or working orders differ"],
        "positions_are_not_their_executions": [
            f"contract {con_id}: {positions.get(con_id, 0)} held, {sums[con_id]} by executions"
            for con_id in sorted(positions.keys() | sums.keys())
            if positions.get(con_id, 0) != sums[con_id]
        ],
        "lost": sorted(set(told) - known.keys()),
        "doubled": sorted(
            [name for name, count in known.items() if count > 1]
            + [name for name, count in groups.items() if count > 1]
            + [name for name, count in by_execution.items() if count > 1]
        ),
        "orphaned": sorted(str(order["perm_id"]) for order in orders if not order["order_ref"].startswith("O-")),
        "short": sorted(str(con_id) for con_id, quantity in positions.items() if quantity < 0),
        "incidents_open": [
            row["fault"] for row in incidents if row["closed_at"] is None and not FAULTS[row["fault"]].standing
        ],
        "given_up": [row["fault"] for row in incidents if row["outcome"] == "gave_up"],
        "acts_without_an_outcome": [
            act["rung"] for row in incidents for act in row["actions"] if act["outcome"] in ("pending", "unknown")
        ],
    }
