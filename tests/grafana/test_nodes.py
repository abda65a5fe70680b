"""The Prometheus of all nodes, as compose/nodes.yaml runs it, over the Prometheuses of two nodes, one of which dies.

What is on the nodes is made of recording rules; what is asked are the Fleet dashboard's own queries.
"""

from __future__ import annotations

import json
import re
import uuid
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml
from dotenv import dotenv_values

from grafana.boards import FOLDER
from grafana.words import UNHEARD
from supervisor import plan as planning
from supervisor.fleet import house
from tests.e2e.swarm import outer
from tests.grafana.day import ROOT
from tests.grafana.test_queries import QUERIES
from tests.metrics_page import exported
from tests.stand_in import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACED = {"one": "a", "two": "b", "three": "b"}
"""Nobody tells of the third."""
SEEN_WITHIN = 90.0
"""Three scrapes are 45 s; the rest is a busy machine's."""


def _fleet() -> dict[str, str]:
    """The files of a node's house that are about all nodes."""
    host = planning.Host("/var/run/docker.sock", 998, {"BASE_IMAGE": "base:1"}, cpus=4)
    made = house.house({}, host, [], "house-a", PLACED).files
    return {name: made[name] for name in ("nodes.yml", "placed.yml")}


def _rules(tenant: str) -> str:
    told = {"watchkeeper_trade_ready": 1, "watchkeeper_incident_open": 0, "watchkeeper_entries_held": 0}
    own = {"job": "supervisor", "tenant": tenant}
    rows = [{"record": name, "expr": f"vector({value})", "labels": own} for name, value in told.items()]
    return json.dumps({"groups": [{"name": "told", "interval": "5s", "rules": rows}]})


class Nodes:
    """Two nodes, and the Prometheus of all of them."""

    def __init__(self, folder: Path, exits: ExitStack) -> None:
        image = dotenv_values(ROOT / "var" / "images.env")["PROMETHEUS_IMAGE"]
        assert image
        self._mark = f"watchkeeper-test-nodes-{uuid.uuid4().hex[:8]}"
        outer("network", "create", self._mark)
        exits.callback(outer, "network", "rm", self._mark)
        self._node = {}
        for tenant, node in (("one", "a"), ("two", "b")):
            own = folder / node
            own.mkdir()
            (own / "rules.yml").write_text(_rules(tenant))
            (own / "prometheus.yml").write_text("rule_files: [/etc/own/rules.yml]\n")
            alias = f"watchkeeper-house-{node}-prometheus"
            self._node[node] = self._run(
                exits, image, ["--network-alias", alias, "--volume", f"{own}:/etc/own:ro"], "/etc/own/prometheus.yml"
            )
        for name, text in _fleet().items():
            (folder / name).write_text(text)
        service = yaml.safe_load((ROOT / "compose/nodes.yaml").read_text())["services"]["fleet"]
        mounts = {
            target: ROOT / source if source.startswith("./prometheus") else folder / source.rpartition("/")[2]
            for source, target, _ in (volume.split(":") for volume in service["volumes"] if volume.count(":") == 2)
        }
        binds = [word for target, source in mounts.items() for word in ("--volume", f"{source}:{target}:ro")]
        flags = [word for word in service["command"] if word.startswith("--query")]
        fleet = self._run(exits, image, ["--publish", "127.0.0.1::9090", *binds], "/etc/watchkeeper/fleet.yml", *flags)
        port = re.findall(r":(\d+)$", outer("port", fleet, "9090"), re.MULTILINE)[0]
        self._asked = exits.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False))

    def _run(self, exits: ExitStack, image: str, options: list[str], config: str, *flags: str) -> str:
        data = ("--volume", "/prometheus", "--network", self._mark)
        command = (f"--config.file={config}", "--storage.tsdb.path=/prometheus", *flags)
        one = outer("run", "--detach", *data, *options, image, *command).strip()
        exits.callback(outer, "rm", "--force", "--volumes", one)
        return one

    def power(self, node: str, *, on: bool) -> None:
        outer("start" if on else "kill", self._node[node])

    def ask(self, panel: str, name: str = "") -> dict[str, float]:
        """What a panel shows, by tenant."""
        answer = self._asked.get("/api/v1/query", params={"query": QUERIES[panel, name]}).json()
        return {row["metric"].get("tenant", ""): float(row["value"][1]) for row in answer["data"]["result"]}

    def verdicts(self) -> dict[str, float]:
        return self.ask("Who needs a look?", "Verdict")

    def become(self, verdicts: dict[str, float]) -> None:
        wait_for(lambda: self.verdicts() == verdicts, SEEN_WITHIN, self.verdicts)


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    tmp_path.chmod(0o755)
    with ExitStack() as exits:
        yield Nodes(tmp_path, exits)


@pytest.mark.e2e
def test_who_is_on_a_node_that_does_not_answer_is_unknown(nodes: Nodes) -> None:
    nodes.become({"one": 0, "two": 0, "three": UNHEARD})
    assert nodes.ask("Tenants") == {"": 3}
    assert nodes.ask("Can trade") == {"": 2}
    assert nodes.ask("Cannot trade") == {"": 0}
    assert nodes.ask("Unknown") == {"": 1}
    nodes.power("b", on=False)
    nodes.become({"one": 0, "two": UNHEARD, "three": UNHEARD})
    assert nodes.ask("Tenants") == {"": 3}
    assert nodes.ask("Can trade") == {"": 1}
    assert nodes.ask("Cannot trade") == {"": 0}
    assert nodes.ask("Unknown") == {"": 2}
    nodes.power("b", on=True)
    nodes.become({"one": 0, "two": 0, "three": UNHEARD})


def test_what_the_dashboards_ask_for_is_what_the_nodes_are_asked_for() -> None:
    [job] = yaml.safe_load((ROOT / "prometheus/fleet.yml").read_text())["scrape_configs"]
    matched = [re.fullmatch(r'\{__name__=~"(.*)"\}', one) for one in job["params"]["match[]"]]
    patterns = [one[1] for one in matched if one]
    assert len(patterns) == len(matched)
    ours = {name for family in exported() for name in family.series}
    foreign = {"ALERTS", "alertmanager_alerts", "alertmanager_silences", "alertmanager_notifications_total"}
    known = ours | foreign | {"alertmanager_notifications_failed_total", "alertmanager_build_info"}
    boards = "".join(file.read_text() for file in FOLDER.glob("*.json"))
    asked = {name for name in known if re.search(rf"(?<![\w:]){name}(?![\w:])", boards)}
    assert {name for name in known if any(re.fullmatch(one, name) for one in patterns)} == asked


def test_every_node_is_asked_and_every_tenant_is_named() -> None:
    files = _fleet()
    assert json.loads(files["nodes.yml"]) == [
        {"targets": [f"watchkeeper-house-{node}-prometheus:9090"], "labels": {"node": node}} for node in ("a", "b")
    ]
    [group] = json.loads(files["placed.yml"])["groups"]
    assert {(one["record"], one["labels"]["tenant"], one["labels"]["node"]) for one in group["rules"]} == {
        (house.PLACED, tenant, node) for tenant, node in PLACED.items()
    }


def test_grafana_of_a_node_has_both_sources() -> None:
    host = planning.Host("/var/run/docker.sock", 998, {"BASE_IMAGE": "base:1", "GRAFANA_IMAGE": "grafana:1"}, cpus=4)
    with_it = json.loads(house.house({}, host, [], "house-a", PLACED).files[house.OVERRIDE])["services"]
    assert with_it["fleet"]["networks"] == ["dashboards"]
    source = yaml.safe_load((ROOT / "grafana/all-nodes.yaml").read_text())["datasources"][0]
    assert with_it["grafana"]["volumes"] == [
        "./grafana/all-nodes.yaml:/etc/grafana/provisioning/datasources/all-nodes.yaml:ro"
    ]
    assert source["url"] == "http://fleet:9090"
    scrape = yaml.safe_load((ROOT / "prometheus/fleet.yml").read_text())["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scrape
    without = replace(host, images={"BASE_IMAGE": "base:1"})
    assert "fleet" not in json.loads(house.house({}, without, [], "house-a", PLACED).files[house.OVERRIDE])["services"]
