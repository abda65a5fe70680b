"""The pages tell what the tables of the code do: docs/faults.md row by row, docs/states.md edge by edge."""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import pytest

from supervisor.faults import FAULTS, Fault
from supervisor.states import ENGINE_EDGES, GATEWAY_EDGES

PAGE = Path(__file__).parents[3] / "docs" / "faults.md"
STATES = PAGE.with_name("states.md")


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


def graph(edges: Mapping[StrEnum, Mapping[StrEnum, str]]) -> list[str]:
    """The table as Mermaid draws it."""
    return [
        "stateDiagram-v2",
        *(f"    {before} --> {after}: {why}" for before, to in edges.items() for after, why in to.items()),
    ]


@pytest.mark.parametrize("edges", [GATEWAY_EDGES, ENGINE_EDGES], ids=["gateway", "engine"])
def test_the_page_draws_the_table(edges: Mapping[StrEnum, Mapping[StrEnum, str]]) -> None:
    blocks = re.findall(r"```mermaid\n(.*?)```", STATES.read_text(), re.DOTALL)
    assert graph(edges) in [block.splitlines() for block in blocks]


def test_the_page_tells_of_every_state() -> None:
    told = set(re.findall(r"^\| `(\w+)` \|", STATES.read_text(), re.MULTILINE))
    assert told == {str(state) for state in (*GATEWAY_EDGES, *ENGINE_EDGES)}
