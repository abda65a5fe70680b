"""What the preflight says of this very machine, beside the stand-in, and of a `docker` that tests put in its place."""

import contextlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from preflight.check import Place
from preflight.report import Finding, Report, Result
from preflight.runner import run
from preflight.secret_files import CREDENTIALS, TOKENS
from preflight.settings import Settings
from preflight.sources.local import LocalHost
from preflight.sources.project import Project
from supervisor.drill.ports import free_port
from tests.stand_in import ACCOUNT, StandIn, wait_for
from tws.clock import SystemClock


def settings(**changes: Any) -> Settings:
    return Settings(**{"ib_account": ACCOUNT, "mode": "sim", "preflight_timeout_seconds": 1, **changes})


def variables(**changes: str) -> dict[str, str]:
    ports = {f"HOST_PORT_{name}": str(free_port()) for name in ("API", "SUPERVISOR", "ENGINE", "SIMULATOR")}
    more = {f"HOST_PORT_{name}": str(free_port()) for name in ("PROMETHEUS", "ALERTMANAGER", "GRAFANA")}
    files = "compose.yaml:compose/sim.yaml:compose/publish-api.yaml"
    return {"TENANT": "t", "MODE": "sim", "ENGINE": "on", "COMPOSE_FILE": files, **ports, **more, **changes}


async def asked(name: str, project: Project | None = None, **changes: Any) -> Finding:
    given = settings(**changes)
    place = Place.STACK if project is None else Place.HOST
    report = await run(given, place=place, only=[name], host=LocalHost(given, project))
    return report.checks[0]


def well(report: Report) -> bool:
    return all(check.result is not Result.FAIL for check in report.checks)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that prints what lies in files named after its first word, and fails where there is none."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec cat "{tmp_path}/bin/$1.out"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    (program.parent / "version.out").write_text("27.5.1 1.47\n")
    (program.parent / "compose.out").write_text("v2.32.4\n")
    (program.parent / "ps.out").write_text("")
    return program.parent


async def test_this_machine_beside_a_gateway_keeps_nobody_from_trading(tmp_path: Path) -> None:
    with contextlib.closing(StandIn(tmp_path)) as gateway:
        gateway.start()
        gateway.up()
        now = SystemClock().now().timestamp()
        note = {"at": now, "open_files": 20, "open_files_limit": 4096}
        (tmp_path / "resources").write_text(json.dumps(note))
        report = await run(settings(gateway_port=gateway.api_port, mailbox_dir=tmp_path), only=["host"])
        wait_for(lambda: gateway.status()["clients"] == [], 5)
    assert well(report)
    by_name = {check.name: check for check in report.checks}
    assert by_name["names"].found == "127.0.0.1 is 127.0.0.1"
    assert by_name["open-files"].found == "20 open, 4096 allowed"
    assert by_name["open-files"].result is Result.PASS
    assert "GiB free" in by_name["disk"].found


async def test_a_gateway_that_leaks_files_is_a_warning(tmp_path: Path) -> None:
    note = {"at": SystemClock().now().timestamp(), "open_files": 3900, "open_files_limit": 4096}
    (tmp_path / "resources").write_text(json.dumps(note))
    assert (await asked("open-files", mailbox_dir=tmp_path)).result is Result.WARN


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"at": "x", "open_files": 1, "open_files_limit": 1}'])
async def test_a_note_that_cannot_be_read_is_a_check_that_could_not_be_asked(tmp_path: Path, text: str) -> None:
    (tmp_path / "resources").write_text(text)
    found = await asked("open-files", mailbox_dir=tmp_path)
    assert (found.result, found.found) == (Result.SKIPPED, "the gateway's container has not counted its open files")


async def test_without_a_mailbox_open_files_are_not_asked() -> None:
    assert (await asked("open-files")).result is Result.SKIPPED


async def test_a_name_without_an_address_fails() -> None:
    assert (await asked("names", gateway_host="ib-gateway.invalid")).result is Result.FAIL


@pytest.mark.parametrize("name", ["docker", "ports"])
async def test_the_machine_itself_is_asked_only_where_the_project_is(name: str, docker: Path) -> None:
    found = await asked(name, Project(docker, variables()))
    assert found.result is Result.PASS, found
    assert name == "docker" or "stack's" in found.found


@pytest.mark.parametrize(
    ("file", "text", "word"),
    [
        ("version.out", None, "start Docker"),
        ("version.out", "19.03.8 1.40", "update Docker"),
        ("compose.out", None, "Compose plugin"),
        ("compose.out", "1.29.2", "Compose plugin"),
    ],
)
async def test_a_docker_that_will_not_do(docker: Path, file: str, text: str | None, word: str) -> None:
    (docker / file).unlink()
    if text is not None:
        (docker / file).write_text(text)
    found = await asked("docker", Project(docker, variables()))
    assert found.result is Result.FAIL
    assert word in found.remedy


async def test_no_docker_at_all_is_a_check_that_could_not_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = await asked("docker", Project(tmp_path, variables()))
    assert found.result is Result.SKIPPED
    assert "no `docker` command" in found.found


async def test_a_port_that_a_program_has_is_taken(docker: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        found = await asked("ports", Project(docker, variables(HOST_PORT_API=port)))
        unpublished = variables(HOST_PORT_API=port, COMPOSE_FILE="compose.yaml:compose/sim.yaml")
        assert (await asked("ports", Project(docker, unpublished))).result is Result.PASS
    assert (found.result, found.found) == (Result.FAIL, "HOST_PORT_API: a program outside Docker listens")


@pytest.mark.parametrize(
    ("container", "result"), [("watchkeeper-t-gateway", Result.PASS), ("watchkeeper-tt-gateway", Result.FAIL)]
)
async def test_only_another_stacks_container_takes_a_port(docker: Path, container: str, result: Result) -> None:
    row = {"Names": container, "Ports": "4003-4004/tcp, 127.0.0.1:4002->4004/tcp, :::9090-9091->9090-9091/tcp"}
    (docker / "ps.out").write_text(json.dumps(row) + "\n")
    found = await asked("ports", Project(docker, variables(HOST_PORT_API="4002", HOST_PORT_PROMETHEUS="9091")))
    assert found.result is result
    assert ("HOST_PORT_API" in found.found and "HOST_PORT_PROMETHEUS" in found.found) is (result is Result.FAIL)


# -- the configuration -------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, docker: Path) -> Project:
    """A project directory in which all is well, beside a `docker` that knows its gateway and its volume."""
    for directory in ("secrets", "credentials"):
        (tmp_path / directory).mkdir()
    for name in (*TOKENS, *CREDENTIALS):
        path = tmp_path / ("credentials" if name in CREDENTIALS else "secrets") / name
        path.write_text("a value\n")
        path.chmod(0o600)
    (tmp_path / ".env").write_text("# a comment\nTIME_ZONE=Etc/UTC\nIB_ACCOUNT=\n")
    (docker / "inspect.out").write_text('["TWS_PASSWORD_FILE=/run/secrets/tws_password","TWS_PASSWORD="]\n')
    (docker / "volume.out").write_text("[]\n")
    (docker / "run.out").write_text("1000\nEtc/UTC\n")
    more = {"CREDENTIALS_DIR": "./credentials", "TOKENS_DIR": "./secrets", "TIME_ZONE": "Etc/UTC"}
    images = {"GATEWAY_IMAGE": "watchkeeper/simulator:local", "REDIS_IMAGE": "redis@sha256:" + "0" * 64}
    restart = {"AUTO_RESTART_TIME": "11:45 PM", "GATEWAY_PORT": "4004"}
    return Project(tmp_path, variables(**more, **images, **restart))


async def configured(project: Project) -> dict[str, Result]:
    given = settings()
    report = await run(given, place=Place.HOST, only=["configuration"], host=LocalHost(given, project))
    return {check.name: check.result for check in report.checks}


async def test_a_project_that_is_well_set_passes_every_check(project: Project) -> None:
    found = await configured(project)
    assert set(found.values()) == {Result.PASS}
    assert len(found) == 10


def spoilt(project: Project, **changes: str) -> Project:
    return Project(project.root, {**project.variables, **changes})


SPOILT: dict[str, tuple[Result, Callable[[Project], Any]]] = {
    "placeholders": (Result.FAIL, lambda p: (p.root / ".env").write_text("REGION=<your region>\n") and p),
    "unknown-variables": (Result.WARN, lambda p: (p.root / ".env").write_text("TIMEZONE=Etc/UTC\n") and p),
    "said-twice": (Result.FAIL, lambda p: (p.root / "bin/inspect.out").write_text('["A=1","A_FILE=/a"]') and p),
    "secrets": (Result.FAIL, lambda p: (p.root / "secrets/machine_token").write_text("\n") and p),
    "auto-restart": (Result.FAIL, lambda p: spoilt(p, AUTO_RESTART_TIME="23:58 ET")),
    "time-zone": (Result.FAIL, lambda p: (p.root / "bin/run.out").write_text("1000\nAmerica/New_York\n") and p),
    "settings-owner": (Result.FAIL, lambda p: (p.root / "bin/run.out").write_text("0\nEtc/UTC\n") and p),
    "client-ids": (Result.FAIL, lambda p: spoilt(p, IB_CLIENT_ID="897")),
    "image-port": (Result.FAIL, lambda p: spoilt(p, GATEWAY_IMAGE="extrange/ibkr@sha256:" + "0" * 64)),
    "image-digests": (Result.WARN, lambda p: spoilt(p, REDIS_IMAGE="redis:8.0-alpine")),
}
"""What is done to a project, and the one check that has something to say of it."""


@pytest.mark.parametrize("name", SPOILT)
async def test_one_thing_that_is_wrong_is_told_by_its_own_check_alone(project: Project, name: str) -> None:
    result, spoil = SPOILT[name]
    found = await configured(spoil(project))
    assert found.pop(name) is result
    assert set(found.values()) == {Result.PASS}


@pytest.mark.parametrize(
    ("file", "names"),
    [("volume.out", {"time-zone", "settings-owner"}), ("run.out", {"time-zone", "settings-owner"})],
)
async def test_a_volume_that_cannot_be_looked_at_is_no_fault(project: Project, file: str, names: set[str]) -> None:
    (project.root / "bin" / file).unlink()
    found = await configured(project)
    assert {name for name, result in found.items() if result is Result.SKIPPED} == names
    assert set(found.values()) == {Result.PASS, Result.SKIPPED}


async def test_a_gateway_that_never_started_has_no_zone_yet(project: Project) -> None:
    (project.root / "bin" / "run.out").write_text("1000\n")
    found = await configured(project)
    assert (found["time-zone"], found["settings-owner"]) == (Result.SKIPPED, Result.PASS)


async def test_without_env_file_and_container_nothing_is_wrong(project: Project) -> None:
    (project.root / ".env").unlink()
    (project.root / "bin" / "inspect.out").unlink()
    assert set((await configured(project)).values()) == {Result.PASS}
