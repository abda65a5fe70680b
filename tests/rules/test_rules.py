"""Rules and routes as Prometheus' and Alertmanager's own tools judge them, and a runbook for every alert."""

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from supervisor.faults import FAULTS
from supervisor.notify import ALERTS
from supervisor.plan import ENGINE_MEMORY_MB
from supervisor.stack import docker_environment
from tests.metrics_page import exported

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
RULES = sorted((ROOT / "prometheus" / "rules").glob("*.yml"))
TESTS = sorted((ROOT / "tests" / "rules").glob("*.test.yml"))
CHAPTERS = ("## Meaning", "## Impact", "## Diagnosis", "## Mitigation")
SEVERITIES = {"critical": "person", "warning": "notice", "none": "dead-man"}
FOREIGN = {
    *("up", "alertmanager_notifications_failed_total", "process_resident_memory_bytes"),
}
"""What rules ask of others' metrics: Prometheus', Alertmanager's, and every process's."""


def _tool(image: str, tool: str, *arguments: str) -> str:
    """Run a tool from the image that the stack itself uses; the repository is mounted where the stack mounts it."""
    name = dotenv_values(ROOT / "var" / "images.env")[image]
    assert name
    mounts = {
        ROOT / "prometheus": "/etc/prometheus-under-test",
        ROOT / "prometheus" / "rules": "/rules",
        ROOT / "prometheus" / "stand-in": "/etc/prometheus/stand-in",
        ROOT / "alertmanager": "/etc/alertmanager-under-test",
        ROOT / "tests" / "rules": "/tests",
    }
    volumes = [word for source, target in mounts.items() for word in ("--volume", f"{source}:{target}:ro")]
    # promtool writes a database for each case.
    sandbox = ["docker", "run", "--rm", "--network", "none", "--tmpfs", "/tmp:mode=1777", *volumes]
    command = [*sandbox, "--entrypoint", tool, name, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def _rules() -> list[dict[str, Any]]:
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


@cache
def _cases() -> list[dict[str, Any]]:
    tests = [test for path in TESTS for test in yaml.safe_load(path.read_text())["tests"]]
    return [case for test in tests for case in test["alert_rule_test"]]


def _alerts() -> list[str]:
    return list(dict.fromkeys(rule["alert"] for rule in _rules() if "alert" in rule))


def test_prometheus_accepts_the_rules() -> None:
    _tool("PROMETHEUS_IMAGE", "promtool", "check", "rules", "--lint-fatal", *(f"/rules/{path.name}" for path in RULES))


def test_prometheus_accepts_the_configuration() -> None:
    # Syntax only: the rules are looked for where the stack mounts them.
    _tool(
        "PROMETHEUS_IMAGE", "promtool", "check", "config", "--syntax-only", "/etc/prometheus-under-test/prometheus.yml"
    )


def test_each_alert_fires_and_stays_silent_as_written() -> None:
    _tool("PROMETHEUS_IMAGE", "promtool", "test", "rules", *(f"/tests/{path.name}" for path in TESTS))


def test_alertmanager_accepts_the_routes() -> None:
    _tool("ALERTMANAGER_IMAGE", "amtool", "check-config", "/etc/alertmanager-under-test/alertmanager.yml")


@pytest.mark.parametrize("alert", _alerts())
def test_each_alert_has_a_firing_and_a_silent_case(alert: str) -> None:
    """With every severity that it has. The one that always fires has no silent case."""
    own = [case for case in _cases() if case["alertname"] == alert]
    severities = {rule["labels"]["severity"] for rule in _rules() if rule.get("alert") == alert}
    assert {fired["exp_labels"]["severity"] for case in own for fired in case["exp_alerts"]} == severities
    assert any(not case["exp_alerts"] for case in own) != (alert == "Watchdog")


@pytest.mark.parametrize("alert", _alerts())
def test_each_alert_is_annotated_for_a_person(alert: str) -> None:
    """The summary is one static sentence, for grouping; the description is templated; the runbook is linked."""
    for rule in [rule for rule in _rules() if rule.get("alert") == alert]:
        annotations = rule["annotations"]
        assert re.fullmatch(r"[A-Z][^{}]+\.", annotations["summary"])
        assert "{{" in annotations["description"]
        assert annotations["runbook_url"] == f"docs/runbooks/{alert}.md"
        assert rule["labels"]["severity"] in SEVERITIES


# -- runbooks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alert", [*_alerts(), *ALERTS])
def test_each_alert_has_a_runbook(alert: str) -> None:
    text = (ROOT / "docs" / "runbooks" / f"{alert}.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == list(CHAPTERS)
    for chapter in text.split("\n## ")[1:]:
        assert len(chapter.partition("\n")[2].split()) >= 5, f"nothing is in {chapter.splitlines()[0]}"


def test_no_runbook_is_without_its_alert() -> None:
    assert {page.stem for page in (ROOT / "docs" / "runbooks").glob("*.md")} == {*_alerts(), *ALERTS}


PROGRAMS = {
    "docker": {"ps", "logs", "start", "stop", "restart", "stats", "image prune", "builder prune", "system df"},
    "df": None,
    "timedatectl": {"status"},
    "uptime": None,
    "grep": None,
}
"""What runbooks may tell a person to type, besides `make`: programs, and their commands where those are checked."""


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names that containers have, by compose's own reading of the files."""
    variables = {
        **{name: "x:1" for name in ("BASE_IMAGE", "GATEWAY_IMAGE", "HAPROXY_IMAGE", "REDIS_IMAGE")},
        **{name: "x:1" for name in ("PROMETHEUS_IMAGE", "ALERTMANAGER_IMAGE", "GRAFANA_IMAGE")},
        **{f"HOST_PORT_{name}": "1" for name in ("SUPERVISOR", "ENGINE", "PROMETHEUS", "ALERTMANAGER", "GRAFANA")},
        **{"TENANT": "tenant", "SUBNET_PREFIX": "10.1.1", "MODE": "sim", "TRADING_MODE": "paper", "IB_ACCOUNT": "X"},
        **{"READ_ONLY_API": "no", "TIME_ZONE": "UTC", "GATEWAY_HOST": "x", "GATEWAY_PORT": "1", "ENGINE": "on"},
        **{"DOCKER_SOCKET": "/x", "DOCKER_GID": "1", "CREDENTIALS_DIR": "./x", "TOKENS_DIR": "./x"},
        **{"COMPOSE_PROFILES": "engine"},
    }
    env_file = tmp_path_factory.mktemp("compose") / "compose.env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    done = subprocess.run(
        ["docker", "compose", "--file", "compose.yaml", "--env-file", str(env_file), "config", "--format", "json"],
        cwd=ROOT,
        env=docker_environment(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    return {one.get("container_name", f"watchkeeper-tenant-{name}-1") for name, one in services.items()}


def commands(text: str) -> list[str]:
    """Everything in backticks that begins with a program's name, each part of a pipe by itself."""
    quoted = [one for one in re.findall(r"`([^`]+)`", text) if one.split()[0] in {"make", *PROGRAMS}]
    return [part.strip() for one in quoted for part in re.split(r" \| (?=grep)", one)]


@pytest.mark.parametrize("alert", [*_alerts(), *ALERTS])
def test_each_command_that_a_runbook_names_exists(alert: str, containers: set[str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = commands((ROOT / "docs" / "runbooks" / f"{alert}.md").read_text())
    assert any(one.startswith("make ") for one in named), "the first look is one of our own"
    for one in named:
        program, *words = one.split()
        if program == "make":
            assert words[0] in targets, one
            settings = set(re.findall(r"\b([A-Z_]+)=", one))
            assert all(f"$({name})" in makefile or f"({name})," in makefile for name in settings), one
        elif (known := PROGRAMS[program]) is not None:
            assert any(f" {' '.join(words)} ".startswith(f" {command} ") for command in known), one
        for name in re.findall(r"watchkeeper-<tenant>-[a-z0-9-]+", one):
            assert name.replace("<tenant>", "tenant") in containers, one


def test_the_search_for_commands_bites() -> None:
    found = commands(
        "`make fly`, `docker eat watchkeeper-<tenant>-nobody`, `docker logs x | grep y`, `secrets/x`, `idle`"
    )
    assert found == ["make fly", "docker eat watchkeeper-<tenant>-nobody", "docker logs x", "grep y"]


@pytest.mark.parametrize("alert", [*_alerts(), *ALERTS])
def test_each_check_that_a_runbook_asks_for_exists(alert: str) -> None:
    from preflight.catalogue import catalogue

    asked = re.findall(r"ONLY=([a-z,-]+)", (ROOT / "docs" / "runbooks" / f"{alert}.md").read_text())
    assert {name for words in asked for name in words.split(",")} <= {check.name for check in catalogue()}


# -- routes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alert", ALERTS)
@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_what_the_supervisor_posts_goes_to_a_person(alert: str, severity: str) -> None:
    assert _receiver(f"alertname={alert}", f"severity={severity}") == "person"


@pytest.mark.parametrize("severity", sorted(SEVERITIES))
def test_each_severity_has_its_receiver(severity: str) -> None:
    told = [rule for rule in _rules() if "alert" in rule and rule["alert"] != "OneOfMany"]
    of_rules = [rule["alert"] for rule in told if rule["labels"]["severity"] == severity]
    assert _receiver(f"alertname={of_rules[0]}", f"severity={severity}") == SEVERITIES[severity]


def test_what_is_of_no_severity_goes_nowhere() -> None:
    assert _receiver("alertname=Anything", "severity=info") == "nowhere"
    assert _receiver("alertname=OneOfMany", "severity=none", "tenant=a", "fault=soft-dead") == "nowhere"


def _receiver(*labels: str) -> str:
    file = "/etc/alertmanager-under-test/alertmanager.yml"
    return _tool("ALERTMANAGER_IMAGE", "amtool", "config", "routes", "test", f"--config.file={file}", *labels).strip()


def test_every_alert_that_a_route_or_an_inhibition_names_exists() -> None:
    text = (ROOT / "alertmanager" / "alertmanager.yml").read_text()
    named = {name for words in re.findall(r'alertname!?=~?"([^"]+)"', text) for name in words.split("|")}
    assert named <= {*_alerts(), *ALERTS}
    faults = {name for words in re.findall(r'fault=~"([^"]+)"', text) for name in words.split("|")}
    assert faults <= set(FAULTS)


def test_what_the_supervisor_posts_is_named_as_a_whole_where_it_is_routed_and_where_it_silences_rules() -> None:
    made = yaml.safe_load((ROOT / "alertmanager" / "alertmanager.yml").read_text())
    whole = "|".join(sorted(ALERTS))
    at_once = [
        route for route in made["route"]["routes"] if (route["receiver"], route.get("group_wait")) == ("person", "0s")
    ]
    together, alone = (re.findall(r"[A-Z]\w+", route["matchers"][0]) for route in at_once)
    assert sorted(together + alone) == sorted(ALERTS)
    # Whoever is asked to do something for a tenant, or may lose money there, is told of that tenant alone.
    assert set(alone) >= {"LoginNeedsPerson", "PositionAtRisk"}
    assert [("tenant" in route["group_by"]) for route in at_once] == [False, True]
    silence = {"source_matchers": [f'alertname=~"{whole}"'], "equal": ["tenant", "fault"]}
    own = [rule for rule in made["inhibit_rules"] if rule["source_matchers"] != ['alertname="OneOfMany"']]
    [rule] = [rule for rule in own if rule.get("equal") == silence["equal"]]
    assert rule["source_matchers"] == silence["source_matchers"]
    assert rule["target_matchers"] == [f'alertname!~"{whole}"', 'fault!=""']


# -- drift -------------------------------------------------------------------------------------------------------------


def test_every_metric_that_a_rule_asks_for_is_exported() -> None:
    """By us, by a rule of ours, or by what is named above."""
    known = {name for family in exported() for name in family.series} | FOREIGN
    recorded = {rule["record"] for rule in _rules() if "record" in rule}
    for rule in _rules():
        asked = set(re.findall(r"(?<![\w:\"])((?:tenant:)?[a-z]+(?:_[a-z0-9]+)+(?::\w+)?)(?=[{\[ )/]|$)", rule["expr"]))
        words = {"count_over_time", "sum_over_time", "clamp_min", "avg_over_time", "predict_linear"}
        assert asked - words <= known | recorded, rule.get("alert", rule.get("record"))


def test_every_label_value_that_a_rule_asks_for_exists() -> None:
    """A misspelt fault, state or check would silence an alert for ever."""
    series = {(family.who, name): family for family in exported() for name in family.series}
    for rule in _rules():
        for name, matchers in re.findall(r"(watchkeeper_\w+)\{([^}]*)\}", rule["expr"]):
            wanted = dict(re.findall(r'(\w+)=~?"([^"]*)"', matchers))
            who = wanted.pop("job", "supervisor")
            for label, values in wanted.items():
                assert {*values.split("|")} <= series[who, name].values[label], (rule.get("alert"), label)


def test_memory_is_measured_against_what_the_containers_may_use() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    [rule] = [rule for rule in _rules() if rule.get("alert") == "MemoryGrowth"]
    found = re.findall(r'job="(\w+)"\}\[6h\], 86400\) > (\d+) \* 1024 \* 1024', rule["expr"])
    assert {job: f"{bound}m" for job, bound in found} == {
        name: services[name]["mem_limit"].replace("${ENGINE_MEMORY_MB:-1536}", str(ENGINE_MEMORY_MB))
        for name in ("supervisor", "engine")
    }
