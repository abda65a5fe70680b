"""The codes that the process ends with, and the page about them."""

from __future__ import annotations

import re
from pathlib import Path

from engine.ending import ExitCode
from engine.state import Stage, State

PAGE = (Path(__file__).parents[3] / "docs" / "engine-health.md").read_text()


def test_the_page_has_every_code_under_its_name_and_no_other() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert {int(number): name for number, name in rows} == {int(code): code.name for code in ExitCode}


def test_the_page_has_every_state_and_every_phase() -> None:
    assert {f"| `{state}` |" for state in State} <= set(re.findall(r"\| `[A-Z]+` \|", PAGE))
    table = PAGE.partition("## What it does")[0]
    assert {stage for stage in Stage if f"`{stage}`" not in table} == set()
