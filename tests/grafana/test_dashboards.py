"""The dashboards as files: they are what is built, Grafana's schema knows them, and its linter would find nothing.

The rules are those of grafana/dashboard-linter, over the JSON. Its rules for a `job` and an `instance` to choose are
not kept: there is one supervisor, and what a person chooses is a tenant.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards import BOARDS, FOLDER, written
from supervisor.fleet.house import PLACED
from supervisor.policy import Policy
from tests.metrics_page import exported

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(FOLDER.glob("*.json"))
UNITS = {value for name, value in vars(units).items() if name[0].isupper() and isinstance(value, str)} | {"none"}
FOREIGN = {"ALERTS", "alertmanager_alerts", "alertmanager_silences"}
FOREIGN |= {f"alertmanager_notifications_{part}" for part in ("total", "failed_total")}
FOREIGN |= {PLACED}
"""Prometheus' own, Alertmanager's, and what a node of a Swarm is given (supervisor/fleet/house.py)."""
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def _board(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def _panels() -> list[Any]:
    return [
        pytest.param(panel, id=f"{file.stem}: {panel['title']}")
        for file in FILES
        for panel in _board(file)["panels"]
        if panel["type"] != "row"
    ]


def _queries(board: dict[str, Any]) -> Iterator[str]:
    for part in (*board["panels"], *board["annotations"].get("list", [])):
        for target in part.get("targets", [part["target"]] if "target" in part else []):
            yield target["expr"]


def _rules() -> list[dict[str, Any]]:
    files = sorted((ROOT / "prometheus" / "rules").glob("*.yml"))
    return [rule for file in files for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


# -- the files ---------------------------------------------------------------------------------------------------------


def test_what_lies_there_is_what_is_built() -> None:
    assert {file.stem for file in FILES} == set(BOARDS)
    for name, board in BOARDS.items():
        assert (FOLDER / f"{name}.json").read_text() == written(board()), "run: python -m grafana"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_grafanas_schema_knows_every_word(file: Path) -> None:
    """What it does not know is dropped while it is read, and would be missing from what is written again."""
    register_default_plugins()
    again = json.loads(JSONEncoder().encode(Dashboard.from_json(_board(file))))
    assert list(_missing(_board(file), again, "")) == []


def _missing(ours: Any, theirs: Any, where: str) -> Iterator[str]:
    if isinstance(ours, dict):
        for key, value in ours.items():
            if not isinstance(theirs, dict) or key not in theirs:
                yield f"{where}.{key}"
            else:
                yield from _missing(value, theirs[key], f"{where}.{key}")
    elif isinstance(ours, list):
        for place, value in enumerate(ours):
            yield from _missing(value, theirs[place], f"{where}[{place}]")
    elif ours != theirs:
        yield f"{where}: {ours} became {theirs}"


def test_the_search_for_what_the_schema_does_not_know_bites() -> None:
    register_default_plugins()
    board = _board(FILES[0])
    panel = next(panel for panel in board["panels"] if panel["type"] == "stat")
    panel["options"]["colourMode"] = "background"
    again = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))
    assert [place.split(".")[-1] for place in _missing(board, again, "")] == ["colourMode"]


def test_grafana_finds_both_and_its_source() -> None:
    [provider] = yaml.safe_load((ROOT / "grafana/provisioning/dashboards/watchkeeper.yaml").read_text())["providers"]
    source = _source("prometheus")
    stack = yaml.safe_load((ROOT / "compose/grafana.yaml").read_text())["services"]["grafana"]
    mounts = dict(volume.split(":")[:2] for volume in stack["volumes"])
    assert mounts["./grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./grafana/provisioning/dashboards"] == "/etc/grafana/provisioning/dashboards"
    assert mounts["./grafana/provisioning/datasources"] == "/etc/grafana/provisioning/datasources"
    assert (provider["allowUiUpdates"], provider["disableDeletion"]) == (False, True)
    home = stack["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/trading-day.json"
    assert (source["type"], source["url"], source["isDefault"]) == ("prometheus", "http://prometheus:9090", True)
    scrape = yaml.safe_load((ROOT / "prometheus/prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scrape


def test_grafana_shows_whom_alertmanager_tells_and_is_no_second_pager() -> None:
    source, stack = _source("alertmanager"), yaml.safe_load((ROOT / "compose/grafana.yaml").read_text())["services"]
    assert (source["type"], source["jsonData"]["implementation"]) == ("alertmanager", "prometheus")
    assert source["jsonData"]["handleGrafanaManagedAlerts"] is False
    host, port = source["url"].removeprefix("http://").split(":")
    assert "dashboards" in stack[host]["networks"]
    assert f"bind :{port}" in (ROOT / "compose/grafana.cfg").read_text()
    told = stack["grafana"]["environment"]
    assert told["GF_UNIFIED_ALERTING_ENABLED"] == "true", "else there is no view of contact points"
    assert told["GF_UNIFIED_ALERTING_EXECUTE_ALERTS"] == "false"


def _source(name: str) -> dict[str, Any]:
    file = ROOT / "grafana/provisioning/datasources" / f"{name}.yaml"
    [found] = yaml.safe_load(file.read_text())["datasources"]
    assert found["editable"] is False
    return found  # type: ignore[no-any-return]


# -- the linter's rules ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dashboard_has_one_source_to_choose_and_nobody_edits_it(file: Path) -> None:
    board = _board(file)
    sources = [one for one in board["templating"]["list"] if one["type"] == "datasource"]
    assert [(one["name"], one["label"], one["query"]) for one in sources] == [
        ("datasource", "Data source", "prometheus")
    ]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            assert (variable["datasource"], variable["refresh"]) == (SOURCE, 2), "asked again for another time"
    assert board["editable"] is False
    assert board["timezone"] == "utc"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert len({panel["title"] for panel in board["panels"]}) == len(board["panels"])


@pytest.mark.parametrize("panel", _panels())
def test_a_panel_says_what_it_is(panel: dict[str, Any]) -> None:
    assert panel["datasource"] == SOURCE
    assert panel["title"]
    assert panel["description"].endswith(".")
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"] in UNITS
    assert defaults["noValue"]
    overridden = [
        p["value"] for one in panel["fieldConfig"]["overrides"] for p in one["properties"] if p["id"] == "unit"
    ]
    assert set(overridden) <= UNITS
    assert panel["targets"]
    assert all(target["datasource"] == SOURCE for target in panel["targets"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_counters_are_increases_and_rates_have_grafanas_interval(file: Path) -> None:
    for expr in _queries(_board(file)):
        for found in re.finditer(r"(\w+\()?(\w+_total)\b", expr):
            assert found[1] in ("increase(", "rate("), expr
        assert not re.search(r"\bi?rate\([^[]*\[(?!\$__rate_interval\])", expr), expr


@pytest.mark.parametrize("panel", _panels())
def test_a_panel_is_wide_enough_and_times_are_in_both_zones(panel: dict[str, Any]) -> None:
    """24 columns of a screen 1920 wide: 80 pixels each. A phone gives each panel a row of its own."""
    place = panel["gridPos"]
    assert place["x"] + place["w"] <= 24
    assert place["w"] * 80 >= 240
    if panel["type"] in ("timeseries", "state-timeline"):
        assert panel["options"]["timezone"] == ["utc", "America/New_York"]


# -- drift -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_metric_that_is_asked_for_is_exported(file: Path) -> None:
    known = {name for family in exported() for name in family.series} | FOREIGN
    known |= {rule["record"] for rule in _rules() if "record" in rule}
    board = _board(file)
    asked = [
        *_queries(board),
        *(one["query"]["query"] for one in board["templating"]["list"] if one["type"] == "query"),
    ]
    found = {name for expr in asked for name in re.findall(r"([a-zA-Z_:][\w:]*)(?=\{)", expr)}
    assert found <= known
    bare = {name for expr in asked for name in re.findall(r"\b(?:watchkeeper_|process_|tenant:)[\w:]+", expr)}
    assert bare <= known


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_label_value_that_is_asked_for_exists(file: Path) -> None:
    series = {(family.who, name): family for family in exported() for name in family.series}
    for expr in _queries(_board(file)):
        for name, matchers in re.findall(r"(watchkeeper_\w+)\{([^}]*)\}", expr):
            wanted = dict(re.findall(r'(\w+)=~?"([^"]*)"', matchers))
            who = wanted.pop("job")
            wanted.pop("tenant", None)
            for label, values in wanted.items():
                assert {*values.split("|")} <= series[who, name].values[label], (name, label)


@pytest.mark.parametrize("panel", _panels())
def test_a_link_to_a_runbook_leads_to_one(panel: dict[str, Any]) -> None:
    for link in panel.get("links", []):
        base, name = link["url"].rsplit("/", 1)
        assert base == "${page}/runbooks"
        assert (ROOT / "docs" / "runbooks" / f"{name}.md").exists(), name


@pytest.mark.parametrize("panel", _panels())
def test_a_limit_is_the_alerts_own(panel: dict[str, Any]) -> None:
    """Where a panel turns red, that alert fires by the same number."""
    said = re.search(r"Red (above|below) ([\d.e+]+), where (\w+) fires", panel["description"])
    if said is None:
        return
    side, shown, alert = said.groups()
    [_, limit] = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert float(shown) == pytest.approx(limit["value"], rel=1e-3)
    if alert == "SlowAnswers":  # by a fault of the supervisor's, which is told by this number
        assert limit["value"] == Policy().probe_timeout / 2
        return
    found = [
        (operator, eval(number))
        for rule in _rules()
        if rule.get("alert") == alert
        for operator, number in re.findall(r"([<>=]=?) ([\d.]+(?: \* [\d.]+)*)", rule["expr"])
    ]
    same = {">": 0, "<": 0, "<=": 1, "==": 1}
    bounds = {number + same[operator] for operator, number in found if operator in same}
    assert any(limit["value"] == pytest.approx(bound) for bound in bounds), f"{side} {found}"
