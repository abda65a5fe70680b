"""What the pages, the messages and the README tell people to do can be done: targets exist, links lead somewhere, and
the stand-in's pages name all that it has."""

import re
from pathlib import Path

import pytest

from gateway.simulator.faults.catalogue import FAULTS
from gateway.simulator.faults.fault import parameters
from gateway.simulator.faults.reading import common_parameters
from gateway.simulator.openapi import DESCRIPTION
from preflight.variables import OWN
from supervisor.notify import ALERTS
from supervisor.windows import DAYS, OURS, parse
from tests.metrics_page import exported, page

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / ".env.example", *(ROOT / "docs").rglob("*.md")])
SOURCES = sorted(path for room in ("preflight", "supervisor", "engine", "tws") for path in (ROOT / room).rglob("*.py"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

EXPORTED = exported()


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*PAGES, *SOURCES], ids=name)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    # `make up` in prose and code; a line that starts with it in a block.
    named = re.findall(r"(?:`|^)make ([a-z]+(?:-[a-z]+)*)", path.read_text(), re.MULTILINE)
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


# -- the stand-in's pages: every setting, fault and route, and none that there is not ----------------------------------


def table(path: Path, first: str) -> list[list[str]]:
    """The rows of every table of a page whose head begins with that word, as cells."""
    rows: list[list[str]] = []
    inside = False
    for line in path.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[0] == first:
            inside = True
        elif inside and set(cells[0]) != {"-"}:
            rows.append(cells)
    return rows


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


STAND_IN = ROOT / "docs/simulator.md"
FAULT_PAGE = ROOT / "docs/simulator/faults.md"


def test_the_stand_ins_settings_are_those_it_reads() -> None:
    read = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', (ROOT / "gateway/simulator/settings.py").read_text()))
    told = [name for row in table(STAND_IN, "name") for name in re.findall(r"`([^`]+)`", row[0])]
    assert len(told) == len(set(told))
    assert set(told) == read


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=name)
def test_no_page_names_a_setting_of_the_stand_in_that_there_is_not(path: Path) -> None:
    known = {setting for row in table(STAND_IN, "name") for setting in quoted(row[0])} | set(OWN)
    assert set(re.findall(r"\bSIM_[A-Z_]+", path.read_text())) <= known


def test_the_stand_ins_faults_are_told_with_their_parameters_and_scopes() -> None:
    told = {quoted(row[0]).pop(): row for row in table(FAULT_PAGE, "name")}
    assert list(told) == list(FAULTS)
    for fault, row in told.items():
        kind = FAULTS[fault]
        assert set(re.findall(r"`(\w+)` \(", row[2])) == {one.name for one in parameters(kind)}, fault
        assert quoted(row[3]) == set(kind.scopes), fault
        assert ("DELETE" in row[4]) == (kind.curable and not kind.momentary), fault
        assert ("soft restart" in row[4]) == kind.lives_in_jvm, fault


def test_the_keys_that_every_fault_takes_are_told() -> None:
    common = {key for kind in FAULTS.values() for key in common_parameters(kind)}
    assert {quoted(row[0]).pop() for row in table(FAULT_PAGE, "key")} == common


def test_the_stand_ins_routes_are_those_it_describes() -> None:
    told = {route for row in table(FAULT_PAGE, "route") for route in quoted(row[0])}
    assert told == {
        f"{method.upper()} {path}"
        for path, methods in DESCRIPTION["paths"].items()
        for method in methods
        if method != "parameters"
    }


# -- windows, and how people are told ----------------------------------------------------------------------------------


def test_the_windows_are_told_with_their_regions_and_hours() -> None:
    told = {quoted(row[0]).pop(): row[1:] for row in table(ROOT / "docs/windows.md", "window")}
    cities = {"America/New_York": "New York", "Europe/Zurich": "Zurich", "Asia/Hong_Kong": "Hong Kong"}
    days = {frozenset({0, 1, 2, 3, 4, 6}): "Sunday to Friday", frozenset({DAYS.index("fri")}): "Friday"}
    assert told == {
        one.name: [
            ", ".join(region for region in ("na", "eu", "apac") if region in one.regions),
            days[one.days],
            f"{one.opens:%H:%M}–{one.closes:%H:%M} {cities[one.zone.key]}",
        ]
        for one in parse(OURS.read_text(), "ours")
    }


def test_every_alert_that_is_posted_is_told() -> None:
    assert {quoted(row[0]).pop() for row in table(ROOT / "docs/paging.md", "alert")} == set(ALERTS)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_metric_that_a_page_names_exists(path: Path) -> None:
    known = {name for family in EXPORTED for name in (family.name, *family.series)}
    named = set(re.findall(r"`(watchkeeper_[a-z_]+)`", path.read_text()))
    assert named <= known


def test_the_page_of_metrics_is_what_is_exported() -> None:
    written = (ROOT / "docs/metrics.md").read_text()
    assert written == page(), "python -m tests.metrics_page >docs/metrics.md"


def test_every_metric_is_exported_once_and_says_what_it_means() -> None:
    names = [(family.who, family.name) for family in EXPORTED]
    assert len(names) == len(set(names)) > 100
    assert all(family.text.strip() for family in EXPORTED)
