"""`scripts/watchkeeper preflight --json | python -m tests.bench.picture`: draws a report as the README shows it."""

import json
import re
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console

from preflight.report import Report
from preflight.table import render

PICTURE = Path(__file__).parents[2] / "docs" / "preflight.svg"


def drawn(report: Report) -> str:
    """The table as SVG, in whatever monospaced font the reader has: nothing is fetched from anywhere."""
    console = Console(record=True, file=StringIO(), width=130, force_terminal=True, highlight=False)
    render(report, console)
    svg = console.export_svg(title="make preflight", clear=False)
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    PICTURE.write_text(drawn(Report.from_json(json.load(sys.stdin))))
