"""Pages in a real Alertmanager with the stack's own configuration."""

import asyncio
import contextlib
import http.server
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from dotenv import dotenv_values
from prometheus_client import CollectorRegistry

from supervisor.memory import Incident
from supervisor.metrics import Metrics
from supervisor.notify import Alertmanager, Notifier
from supervisor.observation import Subject
from tws.clock import SystemClock

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
INCIDENT = Incident(1, "wrong-account", Subject.GATEWAY, 1.0, 1.0, 2.0)


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=60).stdout.strip()


@contextlib.contextmanager
def _running(folder: Path, name: str, network: tuple[str, ...], *more: str) -> Iterator[str]:
    """An Alertmanager with the configuration in `folder`."""
    image = dotenv_values(ROOT / "var" / "images.env")["ALERTMANAGER_IMAGE"]
    assert image
    try:
        _docker(
            *("run", "-d", "--name", name, *network, "--read-only", "--tmpfs", "/alertmanager:mode=1777"),
            *("--user", "65534:65534", "-v", f"{folder}:/etc/watchkeeper:ro", image),
            *("--config.file=/etc/watchkeeper/alertmanager.yml", "--storage.path=/alertmanager"),
            *("--cluster.listen-address=", *more),
        )
        at = more[0].partition("=")[2] if more else _docker("port", name, "9093/tcp").splitlines()[0]
        url = f"http://{at}"
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200:
                    break
            assert time.monotonic() < deadline, _docker("logs", name)
            time.sleep(0.1)
        yield url
    finally:
        subprocess.run(["docker", "rm", "-f", "-v", name], check=False, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def alertmanager() -> Iterator[str]:
    with _running(ROOT / "alertmanager", f"watchkeeper-paging-{os.getpid()}", ("-p", "127.0.0.1::9093")) as url:
        yield url


async def _alerts(url: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(trust_env=False) as client:
        found: list[dict[str, Any]] = (await client.get(f"{url}/api/v2/alerts")).raise_for_status().json()
    return found


async def test_a_page_is_an_alert_for_a_person_until_its_incident_is_over(alertmanager: str) -> None:
    clock = SystemClock()
    began = clock.now().timestamp() - 5.0
    async with httpx.AsyncClient(trust_env=False) as client:
        channel = Alertmanager(client, alertmanager, "http://127.0.0.1:9180/api/v1/incidents")
        notifier = Notifier("sim", channel, None, Metrics(CollectorRegistry(), "sim"), clock)
        notifier.tell(INCIDENT, "live where paper was asked for", began)
        await notifier.settle()
        [alert] = await _alerts(alertmanager)
        assert alert["labels"]["alertname"] == "WrongAccount"
        assert [receiver["name"] for receiver in alert["receivers"]] == ["person"]
        assert alert["status"]["state"] in ("active", "unprocessed")
        assert alert["generatorURL"] == "http://127.0.0.1:9180/api/v1/incidents"
        assert notifier.oldest_unsent() == 0.0

        notifier.tell(INCIDENT, "live where paper was asked for, still", began)
        await notifier.settle()
        [again] = await _alerts(alertmanager)
        assert again["fingerprint"] == alert["fingerprint"], "told anew it is the same alert"
        assert again["annotations"]["description"].endswith("still")

        notifier.close(INCIDENT, clock.now().timestamp())
        await notifier.settle()
        async with asyncio.timeout(20):
            while await _alerts(alertmanager):
                await asyncio.sleep(0.1)


class _Person(http.server.ThreadingHTTPServer):
    """Whoever is called: a webhook of Alertmanager's."""

    def __init__(self) -> None:
        self.called: list[dict[str, Any]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler) -> None:
                self.called.append(json.loads(handler.rfile.read(int(handler.headers["Content-Length"]))))
                handler.send_response(200)
                handler.end_headers()

            def log_message(handler, *words: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def heard(self) -> list[str]:
        """What of each alert that was firing when it was told."""
        return [
            alert["annotations"]["description"]
            for call in self.called
            for alert in call["alerts"]
            if alert["status"] == "firing"
        ]


async def test_each_reminder_reaches_the_person(tmp_path: Path) -> None:
    """Under the stack's own routes, where the same labels would be one alert, told once an hour."""
    with _Person() as person:
        threading.Thread(target=person.serve_forever, daemon=True).start()
        try:
            await _remind(person, tmp_path)
        finally:
            person.shutdown()
    assert person.heard() == [f"the token ends in {n} h" for n in (24, 8, 1)], "each, and each once"


async def _remind(person: _Person, tmp_path: Path) -> None:
    config = (ROOT / "alertmanager" / "alertmanager.yml").read_text()
    hook = f"  - name: person\n    webhook_configs: [{{url: 'http://127.0.0.1:{person.server_port}/'}}]\n"
    assert "  - name: person\n" in config
    (tmp_path / "alertmanager.yml").write_text(config.replace("  - name: person\n", hook))
    tmp_path.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    name, clock = f"watchkeeper-reminders-{os.getpid()}", SystemClock()
    began = clock.now().timestamp()
    incident = Incident(2, "weekly-token", Subject.GATEWAY, 1.0, 1.0, 2.0)
    listen = f"--web.listen-address=127.0.0.1:{port}"
    with _running(tmp_path, name, ("--network", "host"), listen) as url:
        async with httpx.AsyncClient(trust_env=False) as client:
            channel = Alertmanager(client, url, "http://127.0.0.1:9180/api/v1/incidents")
            notifier = Notifier("sim", channel, None, Metrics(CollectorRegistry(), "sim"), clock)
            for about in ("24 h", "8 h", "1 h"):
                notifier.tell(incident, f"the token ends in {about}", began, about)
                await notifier.settle()
                async with asyncio.timeout(30):
                    while f"the token ends in {about}" not in person.heard():
                        await asyncio.sleep(0.1)


async def test_what_it_does_not_understand_it_refuses(alertmanager: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{alertmanager}/api/v2/alerts", json=[{"labels": {}}])
    assert answer.status_code == 400
