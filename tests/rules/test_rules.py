"""Rules and routes as Prometheus' and Alertmanager's own tools judge them, and a runbook for every alert."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

from supervisor.notify import ALERTS

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "prometheus" / "rules" / "watchkeeper.yml"
TESTS = ROOT / "tests" / "rules" / "watchkeeper.test.yml"
CHAPTERS = ("## Meaning", "## Impact", "## Diagnosis", "## Mitigation")


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
    done = subprocess.run(
        ["docker", "run", "--rm", "--network", "none", *volumes, "--entrypoint", tool, name, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _alerts() -> list[str]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule]


def test_prometheus_accepts_the_rules() -> None:
    _tool("PROMETHEUS_IMAGE", "promtool", "check", "rules", "--lint-fatal", "/rules/watchkeeper.yml")


def test_prometheus_accepts_the_configuration() -> None:
    # Syntax only: the rules are looked for where the stack mounts them.
    _tool(
        "PROMETHEUS_IMAGE", "promtool", "check", "config", "--syntax-only", "/etc/prometheus-under-test/prometheus.yml"
    )


def test_each_alert_fires_and_stays_silent_as_written() -> None:
    _tool("PROMETHEUS_IMAGE", "promtool", "test", "rules", "/tests/watchkeeper.test.yml")


def test_alertmanager_accepts_the_routes() -> None:
    _tool("ALERTMANAGER_IMAGE", "amtool", "check-config", "/etc/alertmanager-under-test/alertmanager.yml")


@pytest.mark.parametrize("alert", _alerts())
def test_each_alert_has_a_firing_and_a_silent_case(alert: str) -> None:
    cases = [case for test in yaml.safe_load(TESTS.read_text())["tests"] for case in test["alert_rule_test"]]
    own = [case for case in cases if case["alertname"] == alert]
    assert any(case["exp_alerts"] for case in own)
    assert any(not case["exp_alerts"] for case in own)


@pytest.mark.parametrize("alert", _alerts())
def test_each_alert_is_annotated_for_a_person(alert: str) -> None:
    """The summary is one static sentence, for grouping; the description is templated; the runbook is linked."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    [annotations] = [rule["annotations"] for group in groups for rule in group["rules"] if rule.get("alert") == alert]
    assert re.fullmatch(r"[A-Z][^{}]+\.", annotations["summary"])
    assert "{{" in annotations["description"]
    assert annotations["runbook_url"] == f"docs/runbooks/{alert}.md"


@pytest.mark.parametrize("alert", [*_alerts(), *ALERTS])
def test_each_alert_has_a_runbook(alert: str) -> None:
    text = (ROOT / "docs" / "runbooks" / f"{alert}.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == list(CHAPTERS)


@pytest.mark.parametrize("alert", [*_alerts(), *ALERTS])
def test_each_make_target_that_a_runbook_names_exists(alert: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"`make ([a-z]+)", (ROOT / "docs" / "runbooks" / f"{alert}.md").read_text())
    assert named
    assert set(named) <= targets


@pytest.mark.parametrize("alert", ALERTS)
@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_what_the_supervisor_posts_goes_to_a_person(alert: str, severity: str) -> None:
    assert _receiver(f"alertname={alert}", f"severity={severity}") == "person"


def test_critical_rules_go_to_a_person_and_others_do_not() -> None:
    assert _receiver("alertname=GatewayDown", "severity=critical") == "person"
    assert _receiver("alertname=Anything", "severity=warning") == "nowhere"


def _receiver(*labels: str) -> str:
    file = "/etc/alertmanager-under-test/alertmanager.yml"
    return _tool("ALERTMANAGER_IMAGE", "amtool", "config", "routes", "test", f"--config.file={file}", *labels).strip()


def test_no_runbook_is_without_its_alert() -> None:
    assert {page.stem for page in (ROOT / "docs" / "runbooks").glob("*.md")} == {*_alerts(), *ALERTS}
