"""docs/faults.md tells what the fault table does: its rows are made from the code's own."""

import re
from pathlib import Path

import pytest

from supervisor.faults import FAULTS, Fault

PAGE = Path(__file__).parents[3] / "docs" / "faults.md"


def row(fault: Fault) -> str:
    seen = fault.when if fault.seen is None else f"{fault.seen:g} s"
    act = "never" if fault.act is None else "at once" if fault.act == 0 else f"{fault.act:g} s"
    return f"| {fault.number} | `{fault.name}` | {fault.evidence} | {seen} | {act} | {fault.answer} |"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_page_has_this_row(fault: Fault) -> None:
    assert row(fault) in PAGE.read_text().splitlines()


def test_the_page_has_no_row_of_its_own() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if re.match(r"\| \d+ \| `", line)]
    assert len(rows) == len(FAULTS)
