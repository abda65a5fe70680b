"""What a drill measured, and its summary. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from supervisor.drill.records import Run
from supervisor.drill.stack import OVER


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


# What was never transmitted (ApiPending) rests in the gateway's memory alone: no question is answered with it, and it
# cannot fill. An engine that is killed halfway through a bracket leaves that behind.
_NOT_WORKING = OVER | {"ApiPending"}
_ENGINE_TERMINAL = {"FILLED", "CANCELED", "REJECTED", "EXPIRED", "DENIED"}


def agree(book: Mapping[str, Any], engine: Mapping[str, Any]) -> bool:
    """Whether the broker's book and the engine's status tell of the same positions and the same working orders."""
    broker_positions = {row["con_id"]: row["quantity"] for row in book["positions"] if row["quantity"]}
    engine_positions = {row["con_id"]: row["quantity"] for row in engine["positions"] if row["quantity"]}
    broker_orders = {row["order_ref"].rsplit(":", 1)[0] for row in book["orders"] if row["status"] not in _NOT_WORKING}
    engine_orders = {row["client_order_id"] for row in engine["orders"] if row["status"] not in _ENGINE_TERMINAL}
    return broker_positions == engine_positions and broker_orders == engine_orders


def figures(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """A row for each keeper, injection, profile and server version, in the order in which they first appear."""
    rows = []
    for kind in dict.fromkeys(map(_kind, runs)):
        own = [run for run in runs if _kind(run) == kind]
        keeper, injection, profile, version = kind
        rows.append(
            {
                "keeper": keeper,
                "injection": injection,
                "fault": own[0].fault,
                "profile": profile,
                "server_version": version,
                "n": len(own),
                "censored": sum(run.censored for run in own),
                "disagreed": sum(not run.agrees for run in own if not run.censored),
                "wrong": sum(len(run.wrong) for run in own),
                "beside": max(run.beside for run in own),
                "load": max((run.load for run in own if run.load is not None), default=None),
                "detect_s": spread([run.detect_s for run in own]),
                "decide_s": spread([run.decide_s for run in own]),
                "act_s": spread([run.act_s for run in own]),
                "hand_s": spread([_less(run.act_s, run.decide_s) for run in own]),
                "ready_s": spread([_less(run.ready_s, run.lifted_s) for run in own]),
                "trading_s": spread([_less(run.trading_s, run.lifted_s) for run in own]),
                "follow_s": spread([_less(run.trading_s, run.ready_s) for run in own]),
            }
        )
    return rows


def _kind(run: Run) -> tuple[str, str, str, int]:
    return (run.keeper, run.injection, run.profile, run.server_version)


def _less(moment: float | None, begin: float | None) -> float | None:
    """Seconds since `begin`, or since the effect where there is none."""
    return moment if moment is None or begin is None else moment - begin


def cell(spread: Mapping[str, float | None]) -> str:
    """p50 / p95 / max; what happened before the stamp of the effect was taken is 0."""
    texts = ["–" if value is None else f"{max(value, 0.0):.{2 if value < 1 else 1}f}" for value in spread.values()]
    return "–" if set(texts) == {"–"} else " / ".join(texts)


def as_table(runs: Sequence[Run]) -> str:
    """The figures for a person at a terminal."""
    columns = ("detect_s", "decide_s", "ready_s", "trading_s")
    lines = ["seconds from the fault's effect, or from its end where nobody should cure it: p50 / p95 / max", ""]
    lines.append(
        f"{'injection':<20}{'profile':<8}{'version':>7}{'n':>4}  "
        + "".join(f"{name:<24}" for name in columns)
        + "censored  disagreed  wrong"
    )
    for row in figures(runs):
        begins = f"{row['injection']:<20}{row['profile']:<8}{row['server_version']:>7}{row['n']:>4}"
        cells = "".join(f"{cell(row[name]):<24}" for name in columns)
        lines.append(f"{begins}  {cells}{row['censored']:>8}  {row['disagreed']:>9}  {row['wrong']:>5}")
    return "\n".join(lines)
