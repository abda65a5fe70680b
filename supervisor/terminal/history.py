"""`make incidents`: what went wrong, how fast it was seen and cured, and what was done about it."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from supervisor.page.words import epoch, lasting, moment

_STYLES = {"recovered": "green", "open": "yellow", "gave_up": "bold red"}


def history(incidents: Sequence[Mapping[str, Any]], now: float) -> RenderableType:
    """The newest first, as they come."""
    if not incidents:
        return "no incidents"
    several = len({incident["tenant"] for incident in incidents}) > 1
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    for name in ("id", *(["tenant"] if several else []), "fault", "opened", "seen after", "recovered", "outcome"):
        table.add_column(name, no_wrap=True)
    table.add_column("done", ratio=1)
    for incident in incidents:
        recovery = incident["recovery_seconds"]
        table.add_row(
            str(incident["id"]),
            *([incident["tenant"]] if several else []),
            incident["fault"],
            moment(epoch(incident["opened_at"]), now),
            f"{incident['detection_seconds']:.2f} s",
            f"after {recovery:.1f} s" if recovery is not None else f"not for {lasting(_open_for(incident, now))}",
            Text(incident["outcome"].replace("_", " "), _STYLES[incident["outcome"]]),
            ", ".join(f"{act['rung']} ({act['outcome']})" for act in incident["actions"]) or "-",
        )
    return table


def _open_for(incident: Mapping[str, Any], now: float) -> float:
    return now - epoch(incident["opened_at"])
