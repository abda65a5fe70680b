"""Pages in a real Alertmanager with the stack's own configuration."""

import asyncio
import base64
import contextlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import pytest
import yaml
from dotenv import dotenv_values
from prometheus_client import CollectorRegistry

from preflight.secret_files import ALERTMANAGERS
from supervisor.memory import Incident
from supervisor.metrics import Metrics
from supervisor.notify import Alertmanager, Notifier
from supervisor.observation import Subject
from supervisor.receivers import rendered
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
    nobody = '  - {"name": "person"}\n'
    assert nobody in config
    (tmp_path / "alertmanager.yml").write_text(config.replace(nobody, hook))
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


# -- what is told beside what ------------------------------------------------------------------------------------------


def _alert(name: str, severity: str = "critical", **labels: str) -> dict[str, Any]:
    told = {"alertname": name, "severity": severity, "tenant": "sim", **labels}
    return {
        "labels": {label: value for label, value in told.items() if value},  # as Alertmanager has it
        "annotations": {"description": f"this is {name}", "runbook_url": f"docs/runbooks/{name}.md"},
    }


INHIBITIONS = {
    "a gateway that is down, and its consequences": (
        [_alert("GatewayDown")],
        [_alert("EngineNotTrading"), _alert("TicksStale"), _alert("GatewayHangs", "warning", fault="soft-dead")],
        [_alert("EngineNotTrading", tenant="other"), _alert("PositionNaked"), _alert("TwoFactorWaiting")],
    ),
    "what the supervisor has posted, and the rule over the same fault": (
        [_alert("LoginNeedsPerson", fault="twofa-pending")],
        [_alert("TwoFactorWaiting", fault="twofa-pending"), _alert("LoginHeld")],
        [_alert("TwoFactorWaiting", fault="twofa-timeout"), _alert("DataCompeted", fault="data-competed")],
    ),
    "what the supervisor has posted of a gateway that is gone": (
        [_alert("IncidentNeedsPerson", fault="jvm-dead")],
        [_alert("GatewayDown")],
        [_alert("EngineHalted"), _alert("GatewayDown", tenant="other")],
    ),
    "a reminder, and a post about something else": (
        [_alert("LoginNeedsPerson", "warning", fault="weekly-token"), _alert("GaveUp", fault="restart-storm")],
        [],
        [_alert("GatewayDown"), _alert("PositionNaked")],
    ),
    "what the supervisor has posted of an engine that is gone": (
        [_alert("GaveUp", fault="engine-exit")],
        [_alert("EngineNotTrading")],
        [_alert("GatewayDown", tenant="other"), _alert("CacheDown", fault="cache-down")],
    ),
    "the same, worse": (
        [_alert("DiskLow")],
        [_alert("DiskLow", "warning")],
        [_alert("MemoryGrowth", "warning"), _alert("DiskLow", "warning", tenant="other")],
    ),
    "a tenant that nobody watches": (
        [_alert("SupervisorBlind", instance="here")],
        [_alert("PreflightNotRun", "warning"), _alert("SupervisorLoopLate", tenant="", instance="here")],
        [
            _alert("PreflightNotRun", "warning", tenant="other"),
            _alert("SupervisorLoopLate", tenant="", instance="there"),
        ],
    ),
    "a halt": (
        [_alert("EngineHalted")],
        [_alert("TradeReadyBurn", window="1h"), _alert("ChainMissing")],
        [_alert("PositionNaked"), _alert("LatePosition", fault="late-position"), _alert("Watchdog", "none")],
    ),
}


@pytest.mark.parametrize("case", INHIBITIONS)
async def test_an_alert_silences_its_consequences_and_nothing_else(alertmanager: str, case: str) -> None:
    sources, silenced, told = INHIBITIONS[case]
    mark = {"case": case}  # so that no case meets another's alerts
    posted = [{**one, "labels": one["labels"] | mark} for one in (*sources, *silenced, *told)]
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.post(f"{alertmanager}/api/v2/alerts", json=posted)).raise_for_status()
        try:
            expected = sorted([one["labels"] | mark for one in silenced], key=str)
            quiet = None
            deadline = time.monotonic() + 20
            # It hears of sources and of consequences in any order.
            while quiet != expected and time.monotonic() < deadline:
                await asyncio.sleep(0.1)
                found = [one for one in await _alerts(alertmanager) if one["labels"].get("case") == case]
                if len(found) == len(posted):
                    quiet = sorted([one["labels"] for one in found if one["status"]["inhibitedBy"]], key=str)
            assert quiet == expected
        finally:
            over = [{**one, "endsAt": "2026-01-01T00:00:00Z", "startsAt": "2025-01-01T00:00:00Z"} for one in posted]
            (await client.post(f"{alertmanager}/api/v2/alerts", json=over)).raise_for_status()
            async with asyncio.timeout(20):
                while any(one["labels"].get("case") == case for one in await _alerts(alertmanager)):
                    await asyncio.sleep(0.1)


# -- every way to a person ---------------------------------------------------------------------------------------------


class _Mail(threading.Thread):
    """A mail server: STARTTLS, then a password, then a letter."""

    def __init__(self, certificate: Path, key: Path) -> None:
        super().__init__(daemon=True)
        self.letters: list[str] = []
        self.logins: list[str] = []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain, plain.makefile("rb") as file:
            plain.sendall(b"220 here\r\n")
            while word := file.readline().decode().strip():
                if word == "STARTTLS":
                    plain.sendall(b"220 go on\r\n")
                    with self._tls.wrap_socket(plain, server_side=True) as private, private.makefile("rb") as letters:
                        self._take(private, letters)
                    return
                plain.sendall(b"250-here\r\n250 STARTTLS\r\n")

    def _take(self, private: ssl.SSLSocket, file: BinaryIO) -> None:
        while line := file.readline().decode().strip():
            answer = "250 fine"
            match line.split()[0].upper():
                case "EHLO":
                    answer = "250-here\r\n250 AUTH PLAIN"
                case "AUTH":
                    self.logins.append(base64.b64decode(line.split()[2]).decode())
                    answer = "235 welcome"
                case "DATA":
                    private.sendall(b"354 write\r\n")
                    letter = iter(lambda: file.readline().decode(), ".\r\n")
                    self.letters.append("".join(letter))
                case "QUIT":
                    private.sendall(b"221 bye\r\n")
                    return
            private.sendall(f"{answer}\r\n".encode())

    def close(self) -> None:
        self._listener.close()


class _Services(http.server.ThreadingHTTPServer):
    """Everybody else: what was posted, by its path."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler) -> None:
                body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
                self.posted.append((handler.path, body))
                answer = b'{"ok": true, "result": {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}}}'
                handler.send_response(202 if handler.path == "/pagerduty" else 200)
                handler.send_header("Content-Type", "application/json")
                handler.send_header("Content-Length", str(len(answer)))
                handler.end_headers()
                handler.wfile.write(answer)

            def log_message(handler, *words: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def of(self, path: str) -> list[str]:
        return [json.dumps(body) for where, body in list(self.posted) if where == path]


@dataclass(frozen=True)
class Ways:
    """A real Alertmanager with every way on, and who listens at the ends."""

    url: str
    mail: _Mail
    services: _Services


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    folder = tmp_path_factory.mktemp("ways")
    folder.chmod(0o755)
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mail"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    mail, services = _Mail(certificate, key), _Services()
    mail.start()
    threading.Thread(target=services.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{services.server_port}"
    secrets = folder / "secrets"
    secrets.mkdir()
    for name, text in {
        "email_password": "the-password",
        "slack_url": f"{here}/slack",
        "telegram_token": "123:the-token",
        "pagerduty_key": "the-key",
        "alert_webhook_url": f"{here}/webhook",
        "dead_man_url": f"{here}/dead-man",
    }.items():
        (secrets / name).write_text(f"{text}\n")
        (secrets / name).chmod(0o644)  # this container's user is not the stack's
    settings = {
        "EMAIL_TO": "me@example.com",
        "EMAIL_FROM": "it@example.com",
        "EMAIL_SERVER": f"127.0.0.1:{mail.port}",
        "TELEGRAM_CHAT_ID": "7",
    }
    routes = (ROOT / "alertmanager" / "alertmanager.yml").read_text()
    made = yaml.safe_load(rendered(routes, ALERTMANAGERS, settings))
    for receiver in made["receivers"]:  # these two services are found by their own addresses
        for one in receiver.get("telegram_configs", ()):
            one["api_url"] = here
        for one in receiver.get("pagerduty_configs", ()):
            one["url"] = f"{here}/pagerduty"
    for route in made["route"]["routes"]:
        route["group_wait"] = "0s"  # a test does not wait for what may follow
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(made))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    trust = ("-e", "SSL_CERT_FILE=/etc/watchkeeper/certificate.pem", "-v", f"{secrets}:/run/secrets:ro")
    name = f"watchkeeper-ways-{os.getpid()}"
    try:
        with _running(folder, name, ("--network", "host", *trust), f"--web.listen-address=127.0.0.1:{port}") as url:
            yield Ways(url, mail, services)
    finally:
        services.shutdown()
        services.server_close()
        mail.close()


async def _told(ways: Ways, alert: dict[str, Any], done: Callable[[], bool]) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.post(f"{ways.url}/api/v2/alerts", json=[alert])).raise_for_status()
    async with asyncio.timeout(30):
        while not done():
            await asyncio.sleep(0.1)


async def test_a_critical_alert_reaches_a_person_in_every_way(ways: Ways) -> None:
    said, services = "this is GatewayDown", ways.services
    paths = ("/slack", "/webhook", "/pagerduty", "/bot123:the-token/sendMessage")

    def done() -> bool:
        return all(said in "".join(services.of(path)) for path in paths) and said in "".join(ways.mail.letters)

    await _told(ways, _alert("GatewayDown"), done)
    [letter] = ways.mail.letters
    assert "Subject: FIRING GatewayDown sim" in letter
    assert "docs/runbooks/GatewayDown.md" in letter
    assert ways.mail.logins == ["\0it@example.com\0the-password"]
    [page] = services.of("/pagerduty")
    assert json.loads(page)["routing_key"] == "the-key"
    assert json.loads(page)["payload"]["severity"] == "critical"
    [message] = services.of("/bot123:the-token/sendMessage")
    assert json.loads(message)["chat_id"] in (7, "7")
    assert json.loads(message).get("disable_notification") != "true"
    assert services.of("/dead-man") == []


async def test_a_warning_gets_nobody_up(ways: Ways) -> None:
    said, services = "this is PacingNearLimit", ways.services
    paths = ("/slack", "/webhook", "/bot123:the-token/sendMessage")

    def done() -> bool:
        return all(said in "".join(services.of(path)) for path in paths) and said in "".join(ways.mail.letters)

    await _told(ways, _alert("PacingNearLimit", "warning"), done)
    assert said not in "".join(services.of("/pagerduty"))
    [message] = [one for one in services.of("/bot123:the-token/sendMessage") if said in one]
    assert json.loads(message)["disable_notification"] == "true"


async def test_the_watchdog_goes_to_the_dead_mans_switch_alone(ways: Ways) -> None:
    await _told(ways, _alert("Watchdog", "none"), lambda: bool(ways.services.of("/dead-man")))
    assert "this is Watchdog" in ways.services.of("/dead-man")[0]
    others = [path for path, body in ways.services.posted if "Watchdog" in json.dumps(body) and path != "/dead-man"]
    assert others == []


async def test_what_it_does_not_understand_it_refuses(alertmanager: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{alertmanager}/api/v2/alerts", json=[{"labels": {}}])
    assert answer.status_code == 400
