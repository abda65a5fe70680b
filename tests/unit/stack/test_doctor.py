"""The bundle for a bug report: nothing secret in it, whatever says it, and made also where nothing works."""

import base64
import json
import os
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from preflight.secret_files import CREDENTIALS, HASH, OPTIONAL, TOKENS
from preflight.variables import PORTS
from supervisor import doctor, stack
from supervisor.errors import SettingsRefused
from supervisor.redaction import Redactor
from tests.unit.test_docs import quoted, table
from tws.clock import SystemClock

CLOCK = SystemClock()
MARKER = "M4rker-of-"
NAMES = [*CREDENTIALS, *TOKENS, HASH, *OPTIONAL]
SETTING = "a-setting-that-is-secret"


def opened(path: Path) -> dict[str, str]:
    with tarfile.open(path) as tar:
        files = {entry.name.partition("/")[2]: tar.extractfile(entry) for entry in tar}
        return {name: file.read().decode() for name, file in files.items() if file is not None}


class Gossip(BaseHTTPRequestHandler):
    """Tells every secret to everybody."""

    said = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.said.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout whose every secret is a marker, and a Docker and services that say all of them in many ways."""
    folders = {"secrets": [*TOKENS, HASH, *OPTIONAL], "var/sim/credentials": list(CREDENTIALS)}
    for folder, names in folders.items():
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            (tmp_path / folder / name).write_text(f"{MARKER}{name}\n")
    secrets = [f"{MARKER}{name}" for name in NAMES] + [SETTING]
    everything = [f"{one} {base64.b64encode(f'user:{one}'.encode()).decode()} {one.encode().hex()}" for one in secrets]
    gossip = "\n".join(["a line that stays", *everything, json.dumps({"password": secrets})])
    Gossip.said = gossip
    server = HTTPServer(("127.0.0.1", 0), Gossip)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = "".join(f"{name}={server.server_port}\n" for name in PORTS)
    written = "CREDENTIALS_DIR=./var/sim/credentials\nTOKENS_DIR=./secrets\n"
    (tmp_path / "var/sim/compose.env").write_text(f"{ports}{written}SOME_TOKEN={SETTING}\n")
    (tmp_path / "var/images.env").write_text("IMAGES_FROM=stand-in\n")
    (tmp_path / "said").write_text(gossip)
    (tmp_path / "bin").mkdir()
    rows = "engine watchkeeper-sim-engine\nib-gateway watchkeeper-sim-gateway"
    fake = tmp_path / "bin" / "docker"
    state = json.dumps([{"Name": "/watchkeeper-sim-engine", "State": {"Error": gossip}, "Config": {"Env": [SETTING]}}])
    (tmp_path / "inspected").write_text(state)
    fake.write_text(
        f"#!/bin/sh\ncase \"$*\" in *' ps '*) echo '{rows}' ;; inspect*) cat {tmp_path}/inspected ;;"
        f" *redis*) cat {tmp_path}/said >&2; exit 1 ;; *) cat {tmp_path}/said ;; esac\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    yield tmp_path
    server.shutdown()
    server.server_close()


def test_no_secret_is_in_the_bundle_though_everything_tells_them(root: Path) -> None:
    path, files, _ = doctor.doctor("sim", root, CLOCK, {})
    inside = opened(path)
    assert set(inside) == set(files)
    assert {"supervisor/explain.json", "engine/metrics.txt", "logs/engine.txt", "logs/ib-gateway.txt"} <= set(inside)
    assert {"settings/compose.env", "settings/compose.yaml", "docker/containers.json", "manifest.json"} <= set(inside)
    for name, text in inside.items():
        assert MARKER not in text, name
        assert SETTING not in text, name
        for secret in (f"{MARKER}{one}" for one in NAMES):
            assert secret.encode().hex() not in text, name
            assert base64.b64encode(f"user:{secret}".encode()).decode() not in text, name
    assert "a line that stays" in inside["logs/engine.txt"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_this_test_bites(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redaction that takes nothing out is found, and nothing is written."""
    monkeypatch.setattr(Redactor, "clean", lambda self, text: text)
    with pytest.raises(doctor.Leak, match=r"found one in .*logs/engine\.txt.*nothing was written"):
        doctor.doctor("sim", root, CLOCK, {})
    assert not list(root.glob("var/doctor/*"))


def test_what_cannot_be_had_is_named_and_the_rest_is_there(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "bin" / "docker").write_text("#!/bin/sh\ncat said >&2\nexit 1\n")
    (root / "var/sim/compose.env").write_text("".join(f"{name}=1\n" for name in PORTS))
    path, files, missing = doctor.doctor("sim", root, CLOCK, {})
    assert {"host.json", "settings/compose.env"} <= set(files)
    assert {"supervisor/explain.json", "docker/version.txt", "settings/compose.yaml"} <= set(missing)
    assert "ConnectError" in missing["supervisor/explain.json"]
    manifest = json.loads(opened(path)["manifest.json"])
    assert manifest["missing"] == missing
    assert MARKER not in json.dumps(missing)


def test_the_command_tells_what_is_in_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stack, "ROOT", root)
    assert doctor.main(["--tenant", "sim", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["version"], told["tenant"]) == (1, "sim")
    page = Path(__file__).parents[3] / "docs" / "json.md"
    assert set(told) == {quoted(row[0]).pop() for row in table(page, "doctor")}
    assert (root / told["file"]).stat().st_size == told["bytes"]
    assert "logs/engine.txt" in told["files"]
    assert doctor.main(["--tenant", "sim"]) == 0
    said = capsys.readouterr().out
    assert "KiB  logs/engine.txt" in said
    assert "look before you send it" in said
    assert MARKER not in said


def test_a_log_line_as_json() -> None:
    services = {"watchkeeper-sim-engine": {"service": "engine", "name": "watchkeeper-sim-engine"}}
    at = "2026-11-23T04:03:05.9Z"
    plain = stack.log_line(f"watchkeeper-sim-engine  | {at} started | anew", services)
    assert plain == {
        "version": 1,
        "service": "engine",
        "container": "watchkeeper-sim-engine",
        "at": at,
        "line": "started | anew",
        "record": None,
    }
    record = {"level": "info", "event": "x"}
    assert stack.log_line(f"watchkeeper-sim-engine | {at} {json.dumps(record)}", services)["record"] == record
    assert stack.log_line(f"watchkeeper-sim-engine | {at} 12", services)["record"] is None


def test_the_logs_of_a_service_are_asked_for_by_name(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingsRefused, match="expected some of engine, ib-gateway, found motor"):
        stack.logs("sim", ["motor", "gateway"], root=root)
    (root / "said").write_text("watchkeeper-sim-gateway  | t one\nengine-1  | t two\n")
    fake = root / "bin" / "docker"
    fake.write_text(fake.read_text().replace("engine watchkeeper-sim-engine", "engine watchkeeper-sim-engine-1"))
    capsys.readouterr()
    assert stack.logs("sim", ["gateway", "engine"], as_json=True, root=root) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["service"], line["container"], line["line"]) for line in told] == [
        ("ib-gateway", "watchkeeper-sim-gateway", "one"),
        ("engine", "watchkeeper-sim-engine-1", "two"),
    ]
