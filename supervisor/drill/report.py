"""What a drill measured, and its summary. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """One injection; seconds from the fault's effect, None for what was not seen within the drill's patience.

    server_version: what the gateway announced, and so in which encoding everybody spoke. detect_s: the supervisor's API
    shows the incident. act_s: its first act. ready_s: the gateway is READY again. trading_s: the engine is TRADING and
    the incident closed. agrees: afterwards, engine and broker held the same positions and working orders.
    """

    fault: str
    server_version: int
    detect_s: float | None
    act_s: float | None
    ready_s: float | None
    trading_s: float | None
    censored: bool
    agrees: bool


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile of at least one value; `share` in (0, 1]."""
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 1)  # ceiling
    return ordered[int(rank) - 1]


def spread(values: Sequence[float | None], digits: int = 3) -> dict[str, float | None]:
    """p50, p95 and max of what was seen, rounded to that many digits."""
    seen = [value for value in values if value is not None]
    if not seen:
        return {"p50": None, "p95": None, "max": None}
    return {
        "p50": round(percentile(seen, 0.50), digits),
        "p95": round(percentile(seen, 0.95), digits),
        "max": round(max(seen), digits),
    }


def report(seed: int, profile: str, runs: Sequence[Run]) -> dict[str, Any]:
    """The drill's documented JSON, version 2. The top figures of a row are those of `trading_s`."""
    summary = []
    for fault, version in dict.fromkeys((run.fault, run.server_version) for run in runs):
        own = [run for run in runs if (run.fault, run.server_version) == (fault, version)]
        row = {
            "fault": fault,
            "server_version": version,
            "n": len(own),
            "censored": sum(run.censored for run in own),
            "disagreed": sum(not run.agrees for run in own),
            **spread([run.trading_s for run in own]),
            "detect_s": spread([run.detect_s for run in own]),
            "act_s": spread([run.act_s for run in own]),
            "ready_s": spread([run.ready_s for run in own]),
        }
        summary.append(row)
    return {"version": 2, "seed": seed, "profile": profile, "runs": [asdict(run) for run in runs], "summary": summary}


_TERMINAL = {"Filled", "Cancelled", "ApiCancelled", "Inactive"}
_ENGINE_TERMINAL = {"FILLED", "CANCELED", "REJECTED", "EXPIRED", "DENIED"}


def agree(book: Mapping[str, Any], engine: Mapping[str, Any]) -> bool:
    """Whether the broker's book and the engine's status tell of the same positions and the same working orders."""
    broker_positions = {row["con_id"]: row["quantity"] for row in book["positions"] if row["quantity"]}
    engine_positions = {row["con_id"]: row["quantity"] for row in engine["positions"] if row["quantity"]}
    broker_orders = {row["order_ref"].rsplit(":", 1)[0] for row in book["orders"] if row["status"] not in _TERMINAL}
    engine_orders = {row["client_order_id"] for row in engine["orders"] if row["status"] not in _ENGINE_TERMINAL}
    return broker_positions == engine_positions and broker_orders == engine_orders


def as_table(made: Mapping[str, Any]) -> str:
    """The summary for a person: seconds, p50 / p95 / max."""
    lines = [f"profile {made['profile']}, seed {made['seed']}; seconds from the fault's effect, p50 / p95 / max", ""]
    columns = ("detect_s", "act_s", "ready_s", "trading_s")
    lines.append(
        f"{'fault':<16}{'version':>7}{'n':>4}  " + "".join(f"{name:<24}" for name in columns) + "censored  disagreed"
    )
    for row in made["summary"]:
        cells = [row["detect_s"], row["act_s"], row["ready_s"], row]
        texts = [" / ".join("-" if c[k] is None else f"{c[k]:.1f}" for k in ("p50", "p95", "max")) for c in cells]
        figures = "".join(f"{text:<24}" for text in texts)
        begins = f"{row['fault']:<16}{row['server_version']:>7}{row['n']:>4}"
        lines.append(f"{begins}  {figures}{row['censored']:>8}  {row['disagreed']:>9}")
    return "\n".join(lines)
