"""Pages in a real Alertmanager with the stack's own configuration."""

import asyncio
import contextlib
import os
import subprocess
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


@pytest.fixture(scope="module")
def alertmanager() -> Iterator[str]:
    image = dotenv_values(ROOT / "var" / "images.env")["ALERTMANAGER_IMAGE"]
    assert image
    name = f"watchkeeper-paging-{os.getpid()}"
    try:
        _docker(
            *(
                "run",
                "-d",
                "--name",
                name,
                "-p",
                "127.0.0.1::9093",
                "--read-only",
                "--tmpfs",
                "/alertmanager:mode=1777",
            ),
            *("--user", "65534:65534", "-v", f"{ROOT}/alertmanager:/etc/watchkeeper:ro", image),
            *("--config.file=/etc/watchkeeper/alertmanager.yml", "--storage.path=/alertmanager"),
            "--cluster.listen-address=",
        )
        url = f"http://{_docker('port', name, '9093/tcp').splitlines()[0]}"
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


async def test_what_it_does_not_understand_it_refuses(alertmanager: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{alertmanager}/api/v2/alerts", json=[{"labels": {}}])
    assert answer.status_code == 400
