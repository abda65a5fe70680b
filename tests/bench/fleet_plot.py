"""`python -m tests.bench.fleet_plot`: until all trade again, and what people are told, by the number of tenants."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.bench import fleet, fleet_pages

FILE = Path("docs/data/fleet.png")
_LINES = {
    ("fleet", 1): ("#1f4e9c", "one at a time"),
    ("fleet", 2): ("#0b6e4f", "two at a time"),
    ("fleet", 3): ("#b5651d", "three at a time"),
    ("fleet", 4): ("#7b2d8b", "four at a time"),
    ("fleet", 0): ("#c0392b", "all at once"),
    ("node", 1): ("#7fa7e0", "one on each node of 20"),
    ("node", 2): ("#66c2a4", "two on each node of 20"),
}


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _again(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    """A line for each way to take turns, through the mean over the seeds; a dot for each run."""
    for (shared, at_once), (colour, name) in _LINES.items():
        own = [row for row in rows if (row["shared"], row["at_once"]) == (shared, at_once) and not row["never"]]
        sizes = sorted({row["tenants"] for row in own})
        runs = {n: [row["trading_again_s"]["max"] / 60 for row in own if row["tenants"] == n] for n in sizes}
        axes.plot(sizes, [sum(runs[n]) / len(runs[n]) for n in sizes], "-", color=colour, label=name)
        axes.plot(
            [n for n in sizes for _ in runs[n]], [m for n in sizes for m in runs[n]], ".", color=colour, alpha=0.5
        )
    axes.set(xscale="log", yscale="log", xlabel="tenants that log in anew, one person with the phone")
    axes.set_ylabel("minutes until all trade again")
    axes.set_title("The knee is at two at a time")
    axes.legend(fontsize=7)


def _told(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    """Messages at a person after IBKR has lost a region."""
    for routes, colour in (("before", "#c0392b"), ("now", "#0b6e4f")):
        own = [r for r in rows if r["case"]["scene"] == "reset" and r.get("routes", "now") == routes]
        own.sort(key=lambda row: int(row["case"]["tenants"]))
        axes.plot([r["case"]["tenants"] for r in own], [r["person"] for r in own], "o-", color=colour, label=routes)
    axes.set(xscale="log", yscale="log", xlabel="tenants of the region")
    axes.set_ylabel("messages to a person, those that it is over too")
    axes.set_title("IBKR loses a region for some minutes")
    axes.legend(fontsize=7)


def draw(path: Path) -> None:
    """Write a PNG from what is on record."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    _again(left, [row for row in _rows(fleet.FILE) if row["scene"] == "relogin"])
    _told(right, _rows(fleet_pages.FILE))
    for axes in (left, right):
        axes.grid(which="both", alpha=0.2)
        axes.set_xticks([1, 5, 20, 100, 500], ["1", "5", "20", "100", "500"], minor=False)
    left.set_yticks([1, 5, 20, 60, 240, 600], ["1", "5", "20", "60", "240", "600"])
    right.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    draw(FILE)
