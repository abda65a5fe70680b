"""Each check of the machine: where it passes, and where not."""

import re
from pathlib import Path

import pytest

from preflight.check import Check
from preflight.checks import clock, disk, docker, memory, names, open_files, ports, published_api
from preflight.report import Result
from preflight.sources.host import DockerVersions, OpenFiles, Room
from tests.unit.preflight.machine import GIB, Machine
from tests.unit.preflight.told import NOW, ask, remedy
from tws.timekeeping import Timekeeping

ROOT = Path(__file__).parents[3]
AT = NOW.timestamp()


WELL = [module.CHECK for module in (clock, disk, docker, memory, names, open_files, ports, published_api)]


@pytest.mark.parametrize("check", WELL, ids=lambda check: check.name)
async def test_a_machine_that_is_well_passes(check: Check) -> None:
    assert (await ask(check, host=Machine())).result is Result.PASS


@pytest.mark.parametrize("room", [Room(5 * GIB, 100 * GIB), Room(GIB, 5 * GIB)])
async def test_a_full_disk_is_a_warning(room: Room) -> None:
    answer = await ask(disk.CHECK, host=Machine(disk_=room))
    assert answer.result is Result.WARN
    assert "docker image prune" in remedy(answer)
    assert "GiB free" in answer.found


@pytest.mark.parametrize("room", [Room(int(0.4 * GIB), 4 * GIB), Room(2 * GIB, 64 * GIB)])
async def test_little_memory_is_a_warning(room: Room) -> None:
    assert (await ask(memory.CHECK, host=Machine(memory_=room))).result is Result.WARN


@pytest.mark.parametrize(
    ("mode", "files", "result", "word"),
    [
        ("paper", OpenFiles(300, 1024, AT), Result.WARN, "ulimits"),
        ("sim", OpenFiles(300, 1024, AT), Result.PASS, ""),
        ("sim", OpenFiles(30, 256, AT), Result.WARN, "ulimits"),
        ("paper", OpenFiles(8001, 10_000, AT), Result.WARN, "leaks"),
        ("paper", OpenFiles(8000, 10_000, AT), Result.PASS, ""),
        ("paper", OpenFiles(9999, 10_000, AT - 181), Result.SKIPPED, ""),
    ],
)
async def test_open_files(mode: str, files: OpenFiles, result: Result, word: str) -> None:
    account = "DU1234567" if mode == "paper" else "DUSIM0001"
    answer = await ask(open_files.CHECK, host=Machine(files=files), mode=mode, ib_account=account)
    assert answer.result is result
    assert word in remedy(answer)


@pytest.mark.parametrize("kept", [Timekeeping(False, 16.0, 16.0), Timekeeping(True, 1.5, 0.2)])
async def test_a_clock_that_nobody_keeps_is_a_warning(kept: Timekeeping) -> None:
    answer = await ask(clock.CHECK, host=Machine(clock=kept))
    assert answer.result is Result.WARN
    assert ("nobody keeps it" in answer.found) is not kept.synchronised


@pytest.mark.parametrize(
    ("addresses", "result"),
    [
        (("127.0.0.1", "::1"), Result.PASS),
        (("fe80::1%eth0",), Result.PASS),
        ((), Result.FAIL),
        (("10.90.0.2", "10.90.0.3"), Result.FAIL),
        (("::1", "fe80::2%eth0"), Result.FAIL),
    ],
)
async def test_the_gateways_name_leads_to_one_machine(addresses: tuple[str, ...], result: Result) -> None:
    assert (await ask(names.CHECK, host=Machine(names=addresses))).result is result


@pytest.mark.parametrize(
    ("versions", "word"),
    [
        (DockerVersions("", "", "2.32.4"), "start Docker"),
        (DockerVersions("19.03.8", "1.40", "2.32.4"), "update Docker"),
        (DockerVersions("20.10.24", "1.41", ""), "Compose plugin"),
        (DockerVersions("20.10.24", "1.41", "1.29.2"), "Compose plugin"),
    ],
)
async def test_docker_that_is_too_old_or_silent_fails(versions: DockerVersions, word: str) -> None:
    answer = await ask(docker.CHECK, host=Machine(versions=versions))
    assert answer.result is Result.FAIL
    assert word in remedy(answer)


async def test_a_compose_version_may_have_a_suffix() -> None:
    versions = DockerVersions("27.5.1", "1.47", "2.32.4-desktop.1")
    assert (await ask(docker.CHECK, host=Machine(versions=versions))).result is Result.PASS


@pytest.mark.parametrize(
    ("engine", "more", "result"),
    [
        ("27.5.1", {}, Result.WARN),
        ("20.10.24+dfsg1", {}, Result.WARN),
        ("28.0.0", {}, Result.PASS),
        ("27.5.1", {"COMPOSE_FILE": "compose.yaml:compose/ibkr.yaml"}, Result.PASS),
        ("27.5.1", {"MODE": "sim"}, Result.SKIPPED),
        ("", {}, Result.SKIPPED),
    ],
)
async def test_an_api_that_neighbours_may_reach_is_warned_of(engine: str, more: dict[str, str], result: Result) -> None:
    host = Machine(versions=DockerVersions(engine, "1.47", "2.32.4"), more=more)
    answer = await ask(published_api.CHECK, host=host)
    assert answer.result is result
    assert (result is Result.WARN) is ("DOCKER-USER" in remedy(answer) if answer.remedies else False)


async def test_a_port_that_somebody_else_has_fails_and_names_him() -> None:
    answer = await ask(ports.CHECK, host=Machine(taken={"HOST_PORT_API": "other-gateway"}))
    assert answer.result is Result.FAIL
    assert answer.found == "HOST_PORT_API: other-gateway listens"


def test_bootstrap_and_the_check_want_the_same_docker() -> None:
    script = (ROOT / "scripts" / "bootstrap").read_text()
    assert re.findall(r"^docker_api_wanted=(\S+)", script, re.MULTILINE) == [f"{docker.API[0]}.{docker.API[1]}"]
    assert re.findall(r"^compose_wanted=(\S+)", script, re.MULTILINE) == [str(docker.COMPOSE)]
