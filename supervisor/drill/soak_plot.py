"""A soak as a picture: what was injected when, and from when to when each incident was open."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

_COLOURS = {"recovered": "#0b6e4f", "open": "#c0392b", "gave_up": "#c0392b"}
_INJECTED, _NOISE, _STANDING = "#c0392b", "#b5651d", "#8a8a8a"
_SHORTEST = 0.004
"""Of the whole width, so that a second can be seen."""


def draw(report: Mapping[str, Any], path: Path) -> None:
    """Write a PNG. Above what was done to it, below what the supervisor called it, by minutes from the beginning."""
    injected = list(dict.fromkeys(one["name"] for one in report["course"]))
    injected.sort(key=lambda name: (name.startswith("noise: "), name))
    told = sorted(dict.fromkeys(row["fault"] for row in report["told"]))
    rows = [*injected, *told]
    shortest = report["minutes"] * _SHORTEST
    figure = Figure(figsize=(10, 1.5 + 0.24 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for one in report["course"]:
        colour = _NOISE if one["name"].startswith("noise: ") else _INJECTED
        axes.plot([one["at_s"] / 60], [rows.index(one["name"])], "v", color=colour, markersize=5)
    for row in report["told"]:
        lasted = row["recovery_seconds"]
        until = report["minutes"] if lasted is None else (row["at_s"] + lasted) / 60
        colour = _STANDING if row["standing"] else _COLOURS[row["outcome"]]
        width = max(shortest, until - row["at_s"] / 60)
        axes.barh(len(injected) + told.index(row["fault"]), width, 0.7, row["at_s"] / 60, color=colour)
    axes.axhline(len(injected) - 0.5, color="black", linewidth=0.8)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel(
        "minutes; ▼ injected (brown: noise); incidents: green recovered, red not, grey only stood beside them"
    )
    axes.tick_params(axis="y", labelsize=7)
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(path, dpi=110, metadata={"Software": None})
