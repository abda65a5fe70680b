"""`make status`: can I trade, since when, and if not, who is doing what about it? In one screen."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from supervisor.page.view import facts, headline, trouble
from supervisor.page.words import epoch, lasting, moment
from supervisor.terminal.screen import COLOURS, WHOSE

_MOST_ROWS: Final = 40


def overview(answer: Mapping[str, Any]) -> RenderableType:
    """Of the status, version 1. One tenant in full; of several a line each, the worst first."""
    now = epoch(answer["at"])
    rows: Sequence[Mapping[str, Any]] = answer["tenants"]
    if not rows:
        return Group(*_verdict(answer["verdict"], answer["sentence"], "", now))
    if len(rows) == 1:
        return one(rows[0], now)
    return Group(
        *_verdict(answer["verdict"], f"{answer['verdict'].capitalize()}: the worst of {len(rows)} tenants.", "", now),
        "",
        fleet(rows, now),
    )


def one(row: Mapping[str, Any], now: float) -> RenderableType:
    """A tenant's screen."""
    return Group(top(row, now), "", _facts(row, now), *open_incidents(row, now))


def top(row: Mapping[str, Any], now: float) -> RenderableType:
    """The first glance."""
    head = headline(row, now)
    return Group(
        *_verdict(row["verdict"], head.title, f"{row['name']}  {row['account'] or '-'}", now), head.since, next_(row)
    )


def _verdict(verdict: str, title: str, whose: str, now: float) -> Iterable[RenderableType]:
    yield Text.assemble((title, f"bold {COLOURS[verdict]}"), f"  {whose}".rstrip(), (f"  {moment(now, now)}", "dim"))


def next_(row: Mapping[str, Any]) -> Text:
    """Who does something next, and where more of it is told."""
    step = row["next"]
    who = {"nobody": "Next", "supervisor": "Next, the supervisor", "you": "Next, you"}[step["who"]]
    text = Text.assemble((f"{who}: ", WHOSE[step["who"]]), step["sentence"])
    return text.append(f" Read docs/{step['page']}", "dim") if step["page"] is not None else text


def fleet(rows: Sequence[Mapping[str, Any]], now: float) -> Table:
    """A line each, the worst first."""
    table = _table("tenant", "stands", "account", "gateway", "engine", "at the broker", "open", "next")
    worst_first = list(COLOURS)
    ordered = sorted(rows, key=lambda row: (worst_first.index(row["verdict"]), row["name"]))
    for row in ordered[:_MOST_ROWS]:
        table.add_row(
            row["name"],
            Text(row["verdict"], COLOURS[row["verdict"]]),
            row["account"] or "-",
            _state(row["gateway"], now),
            _state(row["engine"], now),
            exposure(row["exposure"]),
            ", ".join(incident["fault"] for incident in row["open"]) or "-",
            Text(f"{row['next']['who']}: {row['next']['sentence']}", no_wrap=True, overflow="ellipsis"),
        )
    if more := ordered[_MOST_ROWS:]:
        table.caption = f"and {len(more)} more; TENANT=name shows one"
    return table


def exposure(told: Mapping[str, Any]) -> str:
    """What the broker holds."""
    if told["positions"] is None:
        return "unknown"
    return f"{told['positions']} positions, {told['orders']} orders" + ("" if told["known"] else " (old)")


def _state(part: Mapping[str, Any], now: float) -> str:
    state: str = part["state"]
    return state + (f" {lasting(now - epoch(part['since']))}" if part["since"] is not None else "")


def _facts(row: Mapping[str, Any], now: float) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    for name, words in facts(row, now):
        grid.add_row(name, words)
    for name, rows in (("Holds", row["exposure"]["held"]), ("Orders", row["exposure"]["working"])):
        if rows:
            grid.add_row(name, "\n".join(rows))
    if preflight := row["preflight"]:
        amiss = "; ".join(
            f"{word}: {', '.join(preflight[result])}"
            for word, result in (("fails", "fail"), ("warns", "warn"))
            if preflight[result]
        )
        ago = lasting(now - epoch(preflight["at"]))
        grid.add_row("Preflight", f"{preflight['verdict']}, {ago} ago" + (f"; {amiss}" if amiss else ""))
    else:
        grid.add_row("Preflight", "not run yet")
    if row["pause"] is not None:
        grid.add_row("Paused", row["pause"]["reason"])
    if row["withheld"] is not None:
        grid.add_row("Not done", f"{row['withheld']['rung']} is due and not done: {row['withheld']['why']}")
    if row["engine"]["halted"]:
        grid.add_row("Halted", "the engine opens nothing; `make halt LIFT=1` ends that")
    return grid


def open_incidents(row: Mapping[str, Any], now: float) -> Iterable[RenderableType]:
    """What is wrong now, if anything is, and what was done about it."""
    if not row["open"]:
        return
    table = _table("open", "since", "done so far", "read")
    for incident in row["open"]:
        told = trouble(incident, now)
        table.add_row(told.fault, told.since, "\n".join(told.acts) or "nothing yet", f"docs/{told.remedy}")
    yield Padding(table, (1, 0, 0, 0))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim", caption_justify="left")
    for name in columns:
        table.add_column(name, no_wrap=name in ("tenant", "stands", "open", "since", "account", "gateway", "engine"))
    return table
