"""What a backtest came to: trades, figures, and a hash that is the same whenever the same was replayed. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Trade:
    """From flat to flat in one instrument."""

    instrument: str
    opened: int
    closed: int
    quantity: float
    entry: float
    exit: float
    profit: float


def trades(fills: Iterable[dict[str, Any]]) -> list[Trade]:
    """Pair fills into trades, commissions included; what is still open is no trade."""
    running: dict[str, list[dict[str, Any]]] = {}
    found = []
    for fill in fills:
        parts = running.setdefault(fill["instrument"], [])
        parts.append(fill)
        if abs(sum(map(_signed, parts))) < 1e-9:
            found.append(_trade(running.pop(fill["instrument"])))
    return found


def figures(closed: Sequence[Trade], equity: Sequence[tuple[int, float]]) -> dict[str, float | None]:
    """Return the usual figures; None where there is nothing to count."""
    profits = [trade.profit for trade in closed]
    won, lost = sum(p for p in profits if p > 0), -sum(p for p in profits if p < 0)
    highest, drawdown = float("-inf"), 0.0
    for _, worth in equity:
        highest = max(highest, worth)
        drawdown = max(drawdown, highest - worth)
    return {
        "begin": equity[0][1] if equity else None,
        "end": equity[-1][1] if equity else None,
        "profit": round(equity[-1][1] - equity[0][1], 2) if equity else None,
        "largest_drawdown": round(drawdown, 2),
        "trades": len(closed),
        "won": sum(p > 0 for p in profits),
        "profit_factor": round(won / lost, 3) if lost else None,
        "mean_profit": round(sum(profits) / len(profits), 2) if profits else None,
    }


def fingerprint(fills: Sequence[dict[str, Any]], equity: Sequence[tuple[int, float]]) -> str:
    """Return the hash of everything that happened."""
    text = json.dumps({"fills": fills, "equity": equity}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _signed(fill: dict[str, Any]) -> float:
    return float(fill["quantity"]) if fill["side"] == "BUY" else -float(fill["quantity"])


def _trade(parts: list[dict[str, Any]]) -> Trade:
    first = parts[0]
    sides = {side: [part for part in parts if part["side"] == side] for side in ("BUY", "SELL")}
    sums = {side: sum(part["quantity"] for part in found) for side, found in sides.items()}
    means = {
        side: sum(part["price"] * part["quantity"] for part in found) / sums[side] for side, found in sides.items()
    }
    opposite = "SELL" if first["side"] == "BUY" else "BUY"
    cost = sum(part["commission"] for part in parts)
    profit = (means["SELL"] - means["BUY"]) * sums["BUY"] * first["multiplier"] - cost
    quantity = sums[first["side"]]
    return Trade(
        instrument=first["instrument"],
        opened=first["at"],
        closed=parts[-1]["at"],
        quantity=quantity if first["side"] == "BUY" else -quantity,
        entry=round(means[first["side"]], 6),
        exit=round(means[opposite], 6),
        profit=round(profit, 2),
    )
