"""The drills as a picture: a dot for each injection, a bar at the median, a cross where it was given up waiting."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from supervisor.drill.records import WATCHKEEPER, Run
from supervisor.drill.report import percentile

_COLOURS = {
    WATCHKEEPER: "#0b6e4f",
    "docker-policy": "#b5651d",
    "tcp-check-and-autoheal": "#7b2d8b",
    "nautilus-alone": "#1f4e9c",
    "ib-async-watchdog": "#c0392b",
}
_LOWEST = 0.05
"""Seconds at which the logarithmic axis begins."""


def draw(runs: Sequence[Run], path: Path) -> None:
    """Write a PNG: seconds until it traded again, for each fault that somebody should cure, keeper by keeper."""
    cured = [run for run in runs if run.lifted_s is None]
    rows = list(dict.fromkeys((run.injection, run.profile, run.keeper) for run in cured))
    rows.sort(key=lambda row: ([run.injection for run in cured].index(row[0]), row[1], list(_COLOURS).index(row[2])))
    figure = Figure(figsize=(10, 1.5 + 0.3 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for height, (injection, profile, keeper) in enumerate(rows):
        own = [run for run in cured if (run.injection, run.profile, run.keeper) == (injection, profile, keeper)]
        seen = [max(run.trading_s, _LOWEST) for run in own if run.trading_s is not None]
        axes.plot(seen, [height] * len(seen), "o", color=_COLOURS[keeper], alpha=0.5, markersize=5)
        if seen:
            axes.plot([percentile(seen, 0.5)], [height], "|", color=_COLOURS[keeper], markersize=16)
        if lost := [run for run in own if run.censored]:
            axes.plot([900], [height], "x", color=_COLOURS[keeper], markersize=7)
            axes.text(1000, height, f"{len(lost)} of {len(own)} never", va="center", fontsize=7)
    axes.set_yticks(range(len(rows)), [f"{injection} ({profile}): {keeper}" for injection, profile, keeper in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(_LOWEST / 1.5, 5000)
    axes.set_xticks([0.1, 1, 10, 60, 300], ["0.1 s", "1 s", "10 s", "1 min", "5 min"])
    axes.set_xlabel("from the fault's effect until it trades again; × is: not within the bound")
    axes.tick_params(axis="y", labelsize=7)
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(path, dpi=110, metadata={"Software": None})
