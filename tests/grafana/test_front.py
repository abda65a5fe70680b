"""Who gets through to Grafana, and what Grafana gets through to: the HAProxy of compose/grafana.yaml.

Behind it there is no Grafana, and a real Alertmanager.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml
from dotenv import dotenv_values

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass(frozen=True)
class Front:
    """Its two doors: to Grafana, and from Grafana to Alertmanager."""

    grafana: str
    alertmanager: str


def _image(name: str) -> str:
    found = dotenv_values(ROOT / "var" / "images.env")[name]
    assert found
    return found


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    service = yaml.safe_load((ROOT / "compose/grafana.yaml").read_text())["services"]["grafana-front"]
    [volume] = service["volumes"]
    network = f"watchkeeper-front-{os.getpid()}"
    sandbox = ["--detach", "--rm", "--read-only", "--user", service["user"], "--network", network]
    publish = ["--publish", "127.0.0.1::3000", "--publish", "127.0.0.1::9093"]
    mount = ["--volume", f"{ROOT}/{volume.removeprefix('./')}", "--entrypoint", service["entrypoint"][0]]
    config = ["--volume", f"{ROOT}/alertmanager:/etc/watchkeeper:ro", "--tmpfs", "/alertmanager:mode=1777"]
    words = ["--config.file=/etc/watchkeeper/alertmanager.yml", "--storage.path=/alertmanager"]
    started = []
    _docker("network", "create", network)
    try:
        behind = _image("ALERTMANAGER_IMAGE")
        started.append(_docker("run", *sandbox, "--network-alias", "alertmanager", *config, behind, *words))
        started.append(_docker("run", *sandbox, *publish, *mount, _image("HAPROXY_IMAGE"), *service["command"]))
        ports = [_docker("port", started[-1], port).splitlines()[0].rpartition(":")[2] for port in ("3000", "9093")]
        made = Front(*(f"http://127.0.0.1:{port}" for port in ports))
        deadline = time.monotonic() + 30
        while _answer(f"{made.alertmanager}/api/v2/status", "grafana-front:9093") != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield made
    finally:
        for container in started:
            _docker("rm", "--force", container)
        _docker("network", "rm", network)


def _answer(url: str, host: str) -> int:
    """The status for a request by this name, once something listens."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return httpx.get(url, headers={"Host": host}, timeout=10, trust_env=False).status_code
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:3000"])
def test_a_foreign_name_is_refused(front: Front, host: str) -> None:
    assert _answer(front.grafana, host) == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:3000", "LOCALHOST:21001"])
def test_the_hosts_own_names_get_through(front: Front, host: str) -> None:
    assert _answer(front.grafana, host) == 503, "to where nobody is in this test"


@pytest.mark.parametrize("path", ["status", "alerts", "alerts/groups", "silences", "receivers"])
def test_grafana_reads_what_its_contact_view_shows(front: Front, path: str) -> None:
    found = httpx.get(f"{front.alertmanager}/api/v2/{path}", timeout=10, trust_env=False)
    assert found.status_code == 200
    if path == "receivers":
        assert {one["name"] for one in found.json()} == {"nowhere", "person", "notice", "dead-man"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v2/silences"),
        ("DELETE", "/api/v2/silence/3c2b0b9e-0000-0000-0000-000000000000"),
        ("POST", "/api/v2/alerts"),
        ("POST", "/-/reload"),
        ("GET", "/"),
        ("GET", "/debug/pprof/"),
    ],
)
def test_grafana_changes_nothing_and_reads_nothing_else(front: Front, method: str, path: str) -> None:
    """Whatever it would post: the same with a silence that Alertmanager would take."""
    silence = {
        "matchers": [{"name": "alertname", "value": "GatewayDown", "isRegex": False}],
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2099-01-01T00:00:00Z",
        "createdBy": "grafana",
        "comment": "",
    }
    found = httpx.request(method, f"{front.alertmanager}{path}", json=silence, timeout=10, trust_env=False)
    assert found.status_code == 403
    assert httpx.get(f"{front.alertmanager}/api/v2/silences", timeout=10, trust_env=False).json() == []
