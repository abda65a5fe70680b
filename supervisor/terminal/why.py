"""`make explain`: why is it in this state? The last sentences, what each probe found, and what comes next."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from supervisor.faults import FAULTS
from supervisor.next_step import sentence
from supervisor.page.words import epoch, lasting, moment
from supervisor.terminal.overview import top
from supervisor.terminal.screen import COLOURS, RESULTS


def why(answer: Mapping[str, Any]) -> RenderableType:
    """Of `/api/v1/explain`, version 1: a tenant after the other."""
    now = epoch(answer["at"])
    if not answer["tenants"]:
        return Text(answer["sentence"])
    return Group(*(Padding(_one(row, now), (0, 0, 1, 0)) for row in answer["tenants"]))


def _one(row: Mapping[str, Any], now: float) -> RenderableType:
    return Group(
        top(row, now),
        *_troubles(row),
        *_under("What each probe found last", probes(row)),
        *_under("How it stood", stood(row, now)),
        *_under("What the supervisor said last", said(row, now, 12)),
    )


def _under(title: str, drawn: RenderableType) -> Iterable[RenderableType]:
    yield Padding(Text(title, "bold"), (1, 0, 0, 0))
    yield drawn


def _troubles(row: Mapping[str, Any]) -> Iterable[RenderableType]:
    """Each open incident: how it is known, what the right answer is, and what was done."""
    for incident in row["open"]:
        fault = FAULTS[incident["fault"]]
        yield Padding(Text(f"{fault.name}, incident {incident['id']}", "bold"), (1, 0, 0, 0))
        grid = _grid()
        grid.add_row("known by", sentence(fault.evidence))
        grid.add_row("the answer", sentence(fault.answer))
        for act in incident["actions"]:
            grid.add_row("done", f"{act['rung']} at {act['at']}: {act['outcome']}")
        if fault.break_glass:
            grid.add_row("at once", fault.break_glass.format(tenant=row["name"]))
        yield grid


def probes(row: Mapping[str, Any]) -> Table:
    """A line a probe."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), show_header=False)
    for _ in range(4):
        table.add_column()
    for probe in row["probes"]:
        age = f"{probe['age_seconds']:.1f} s ago" if probe["age_seconds"] is not None else "never"
        table.add_row(probe["name"], Text(probe["result"], RESULTS[probe["result"]]), age, probe["why"])
    return table


def stood(row: Mapping[str, Any], now: float) -> Table:
    """The verdicts since this supervisor began, the newest last."""
    grid = _grid()
    ends = [*(epoch(turn["at"]) for turn in row["stood"][1:]), now]
    for turn, end in list(zip(row["stood"], ends, strict=True))[-6:]:
        at = epoch(turn["at"])
        grid.add_row(moment(at, now), Text.assemble((turn["text"], COLOURS[turn["text"]]), f" for {lasting(end - at)}"))
    return grid


def said(row: Mapping[str, Any], now: float, most: int) -> Table:
    """The newest sentences, the newest last."""
    grid = _grid()
    for one in row["said"][-most:]:
        grid.add_row(moment(epoch(one["at"]), now), one["text"])
    return grid


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    return grid
