"""docs/json.md tells every key of what JSON=1 prints, and none that there is not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from preflight.report import Finding, Report, Result
from supervisor.stack import log_line
from tests.unit.supervisor.answers import explained, happened, stands, well
from tests.unit.test_docs import quoted, table

PAGE = Path(__file__).parents[3] / "docs" / "json.md"
INCIDENTS = ("incident", "open[]", "conditions[]")
"""Where an open incident is told."""


def told(head: str) -> set[str]:
    return {quoted(row[0]).pop() for row in table(PAGE, head)}


def keys(value: Any, at: str = "") -> Iterator[str]:
    """Every key by its path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            path = f"{at}.{name}" if at else name
            yield path
            yield from keys(inner, path)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner, f"{at}[]")


def of_a_tenant(row: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Its own keys, and those of the open incidents in it."""
    found = set(keys(row))
    inner = {key for key in found if any(key.startswith(f"{place}.") for place in INCIDENTS)}
    return found - inner, {key.partition(".")[2] for key in inner}


def test_status() -> None:
    answer = stands()
    assert set(answer) == told("status")
    (row,) = answer["tenants"]
    own, of_incidents = of_a_tenant(row)
    assert own == told("tenant")
    assert of_incidents == told("open incident")


def test_explain_has_more_keys_and_all_of_the_status() -> None:
    (row,) = explained()["tenants"]
    own, _ = of_a_tenant(row)
    assert own == told("tenant") | told("explain")


def test_when_all_is_well_no_key_is_missing() -> None:
    """A script that reads the first levels finds them, whatever the state."""
    (row,) = well()["tenants"]
    assert set(row) == {key for key in told("tenant") if not set(key) & set(".[")}


def test_incidents() -> None:
    assert set(keys(happened())) == told("incidents")


def test_logs() -> None:
    assert set(log_line("c | t text", {"c": {"service": "engine", "name": "c"}})) == told("logs")


def test_preflight() -> None:
    report = Report([Finding("utc", "gateway", Result.PASS, "x", "x", docs=("utc",))], 0.1)
    assert set(keys(report.as_json())) == told("preflight")


@pytest.mark.parametrize("answer", [stands(), explained(), happened()], ids=["status", "explain", "incidents"])
def test_each_has_its_version(answer: dict[str, Any]) -> None:
    assert answer["version"] == 1
    assert json.loads(json.dumps(answer)) == answer
