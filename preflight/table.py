"""What a person reads: a line a check, group by group, what to do next, and the verdict.

Apart from `report`, since the supervisor, which lives long and in little memory, needs no terminal.
"""

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from preflight.report import Finding, Report, Result, Verdict

_STYLE = {Result.PASS: "green", Result.WARN: "yellow", Result.FAIL: "bold red", Result.SKIPPED: "dim"}
_VERDICT = {Verdict.GO: "bold green", Verdict.NO_GO: "bold red", Verdict.UNKNOWN: "bold yellow"}
_WIDE = 160
"""Columns where nobody's terminal sets them: a file or a pipe."""


def show(report: Report) -> None:
    """Print the report: as wide as the terminal is, and in colour only there."""
    here = Console(highlight=False)
    if not here.is_terminal:
        here = Console(highlight=False, width=_WIDE, no_color=True)
    with here.capture() as drawn:
        render(report, here)
    # Cells are filled up to their column's width, which nobody wants to find in a file.
    print("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def render(report: Report, to: Console) -> None:
    """The table, then the verdict."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    table.add_column("group", style="bold", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("check", no_wrap=True)
    table.add_column("found", ratio=1)
    group = ""
    for check in report.checks:
        if group and check.group != group:
            table.add_row()
        title, group = ("" if check.group == group else check.group), check.group
        result = Text(check.result, _STYLE[check.result])
        table.add_row(title, result, check.name, Text(check.found, "dim" if check.result is Result.SKIPPED else ""))
        for line in _below(check):
            table.add_row("", "", "", line)
    to.print(table)
    to.print(Padding(_verdict(report), (1, 0, 0, 0)))


def _below(check: Finding) -> Iterator[Text]:
    """What was expected and what is to be done, where something is."""
    if check.result in (Result.WARN, Result.FAIL):
        yield Text.assemble(("expected: ", "dim"), (check.expected, "dim"))
    if check.remedy:
        yield Text.assemble(("do next:  ", "bold"), check.remedy)
    if check.remedy and check.docs:
        yield Text("see:      " + ", ".join(check.docs), "dim")


def _verdict(report: Report) -> Text:
    counts = Counter(check.result for check in report.checks)
    told = ", ".join(f"{counts[result]} {result}" for result in Result if counts[result])
    line = Text.assemble(
        (report.verdict.upper(), _VERDICT[report.verdict]), f" in {report.seconds:.1f} s: {told or 'nothing was asked'}"
    )
    if report.left_out:
        line.append(f"; {len(report.left_out)} left out, of which this says nothing", "yellow")
    return line
