"""What the pages, the messages and the README tell people to do can be done: targets exist, links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / ".env.example", *(ROOT / "docs").rglob("*.md")])
SOURCES = sorted(path for room in ("preflight", "supervisor", "engine", "tws") for path in (ROOT / room).rglob("*.py"))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*PAGES, *SOURCES], ids=name)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    # `make up` in prose and code; a line that starts with it in a block.
    named = re.findall(r"(?:`|^)make ([a-z]+)", path.read_text(), re.MULTILINE)
    assert set(named) <= TARGETS


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_link_inside_the_project_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text())
    assert not [link for link in links if not (path.parent / link).exists()]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_file_of_ours_that_a_page_names_exists(path: Path) -> None:
    rooms = "tws|preflight|gateway|supervisor|engine|prometheus|alertmanager|tests|docs|scripts|compose"
    named = re.findall(rf"`((?:{rooms})/[\w./-]+)`", path.read_text())
    assert not [one for one in named if not (ROOT / one).exists()]


def test_this_test_bites() -> None:
    assert {"up", "preflight", "drill"} <= TARGETS
    assert len(PAGES) > 5
