"""The supervisor as a process: who may start, how fast it ends in the middle of anything, and a journal that is full.

Beside it a Docker API with a gateway that has died, so that after 5 s an act is due.
"""

import json
import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from supervisor.drill.ports import free_port
from tests.fake_docker import FakeDocker
from tests.stand_in import Process, wait_for

STOPS_WITHIN = 4.0
"""Shorter than any call that hangs here would take, longer than a busy machine needs to see a process end that ends
itself after `service.LAST_SECONDS`. The 2 s that are promised are that timer's, not this test's."""
START = "POST /v1.41/containers/watchkeeper-sim-gateway/start"

type Supervise = Callable[..., Process]


@pytest.fixture
def docker() -> Iterator[FakeDocker]:
    made = FakeDocker("sim")
    yield made
    made.close()


@pytest.fixture
def supervise(tmp_path: Path, docker: FakeDocker) -> Iterator[Supervise]:
    """Starts a supervisor; each has a port and a log of its own, and all have one STATE_DIR."""
    started: list[Process] = []
    for name in ("operator_token", "machine_token"):
        (tmp_path / name).write_text(name)

    def start(**more: str) -> Process:
        port = str(free_port())
        made = Process(
            f"supervisor-{len(started)}",
            "supervisor",
            {
                "TENANT": "sim",
                "MODE": "sim",
                "IB_ACCOUNT": "DUSIM0001",
                "ENGINE": "none",
                "GATEWAY_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(free_port()),
                "DOCKER_HOST": docker.url,
                "MAILBOX_DIR": str(tmp_path),
                "LEDGER_DIR": str(tmp_path),
                "HOLD_DIR": str(tmp_path),
                "STATE_DIR": str(tmp_path),
                "SECRETS_DIR": str(tmp_path),
                "LISTEN_HOST": "127.0.0.1",
                "LISTEN_PORT": port,
                "SUPERVISOR_URL": f"http://127.0.0.1:{port}",
                "ALERTMANAGER_URL": f"http://127.0.0.1:{free_port()}",
                **more,
            },
            tmp_path,
        )
        made.url = f"http://127.0.0.1:{port}"  # type: ignore[attr-defined]
        made.start()
        started.append(made)
        return made

    yield start
    for process in started:
        process.kill()


def healthy(process: Process) -> None:
    def answers() -> bool:
        url: str = process.url  # type: ignore[attr-defined]
        return httpx.get(f"{url}/healthz", trust_env=False).status_code == 200

    wait_for(answers, 30, process.tail)


def ends_quickly(process: Process) -> None:
    code, seconds = process.terminate(10)
    assert code == 0, process.tail()
    assert seconds < STOPS_WITHIN, process.tail()


def lines(process: Process) -> list[dict[str, object]]:
    return [json.loads(line) for line in process.log.read_text().splitlines() if line.startswith("{")]


# -- only one ----------------------------------------------------------------------------------------------------------


def test_a_second_supervisor_of_the_journal_is_refused(supervise: Supervise) -> None:
    first = supervise()
    healthy(first)
    second = supervise()
    assert second.wait(30) == 2
    assert "second-supervisor" in second.tail()
    assert "supervisor.lock" in second.tail()
    assert "Traceback" not in second.tail()
    healthy(first)
    ends_quickly(first)
    healthy(supervise())  # what has ended holds nothing


def test_a_killed_supervisor_holds_nothing(supervise: Supervise) -> None:
    first = supervise()
    healthy(first)
    first.kill()
    healthy(supervise())


def test_who_looks_at_the_page_keeps_no_supervisor_from_ending(supervise: Supervise) -> None:
    process = supervise()
    healthy(process)
    url: str = process.url  # type: ignore[attr-defined]
    with httpx.stream("GET", f"{url}/events?tenant=sim", trust_env=False, timeout=30) as stream:
        parts = stream.iter_bytes()
        assert next(parts).startswith(b"event: sections")
        ends_quickly(process)
        assert all(part.startswith(b"event: sections") for part in parts), "it ended, and was not cut off"
    assert "Cancel" not in process.log.read_text()


def test_a_supervisor_that_answers_under_our_name_is_not_joined(supervise: Supervise, tmp_path: Path) -> None:
    first = supervise()
    healthy(first)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    named = str(first.url)  # type: ignore[attr-defined]
    second = supervise(STATE_DIR=str(elsewhere), SUPERVISOR_URL=named)
    assert second.wait(30) == 2
    assert "second-supervisor" in second.tail()
    healthy(supervise(STATE_DIR=str(elsewhere), SUPERVISOR_URL=named, TENANT="other"))


def test_a_state_dir_that_is_not_there_is_said(supervise: Supervise, tmp_path: Path) -> None:
    process = supervise(STATE_DIR=str(tmp_path / "nowhere"))
    assert process.wait(30) == 2
    assert "check the volume" in process.tail()
    assert "Traceback" not in process.tail()


# -- its end -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hangs", [("inspect",), ("act",)])
def test_sigterm_ends_it_while_docker_hangs(supervise: Supervise, docker: FakeDocker, hangs: tuple[str, ...]) -> None:
    docker.hangs.update(hangs)
    process = supervise()
    healthy(process)
    reached = START if hangs == ("act",) else hangs[0]
    wait_for(lambda: reached in docker.asked, 30, process.tail)
    ends_quickly(process)


def test_tenants_of_a_file_are_watched_and_sigterm_ends_it_while_their_list_hangs(
    supervise: Supervise, docker: FakeDocker, tmp_path: Path
) -> None:
    table = f"""mode = "sim"
engine = "none"
gateway_host = "127.0.0.1"
gateway_port = {free_port()}
ledger_dir = "{tmp_path}"
hold_dir = "{tmp_path}"
mailbox_dir = "{tmp_path}"
"""
    (tmp_path / "tenants.toml").write_text(f'[sim]\nib_account = "DUSIM0001"\n{table}')
    process = supervise(TENANTS_FILE=str(tmp_path / "tenants.toml"), TENANT="", MODE="", IB_ACCOUNT="")
    healthy(process)

    def watched() -> list[str]:
        url: str = process.url  # type: ignore[attr-defined]
        found = httpx.get(f"{url}/api/v1/status", trust_env=False).json()
        return [tenant["name"] for tenant in found["tenants"] if tenant["gateway"]["state"] != "UNKNOWN"]

    wait_for(lambda: watched() == ["sim"], 30, process.tail)
    docker.hangs.add("list")
    before = docker.asked.count("list")
    wait_for(lambda: docker.asked.count("list") > before, 30, process.tail)
    ends_quickly(process)


def test_a_file_of_tenants_that_cannot_be_is_said(supervise: Supervise, tmp_path: Path) -> None:
    (tmp_path / "tenants.toml").write_text('[sim]\nmode = "simulated"\n')
    process = supervise(TENANTS_FILE=str(tmp_path / "tenants.toml"))
    assert process.wait(30) == 2
    assert "sim.ib_account: expected a value, found none" in process.tail()
    assert "Traceback" not in process.tail()


def test_sigterm_ends_it_while_a_session_and_alertmanager_hang(supervise: Supervise, docker: FakeDocker) -> None:
    """A listener that takes connections and says nothing: a gateway that is frozen, and an Alertmanager."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        process = supervise(GATEWAY_PORT=str(port), ALERTMANAGER_URL=f"http://127.0.0.1:{port}")
        healthy(process)
        wait_for(lambda: START in docker.asked, 30, process.tail)
        ends_quickly(process)


def test_sigterm_ends_it_while_a_name_is_looked_up(supervise: Supervise, tmp_path: Path) -> None:
    """asyncio itself waits for that thread, and nobody can end it."""
    begun = tmp_path / "looked-up"
    (tmp_path / "sitecustomize.py").write_text(f"""
import pathlib, socket, threading
real = socket.getaddrinfo
def getaddrinfo(host, *rest, **more):
    if host == "hangs.test":
        pathlib.Path({str(begun)!r}).touch()
        threading.Event().wait(60)
    return real(host, *rest, **more)
socket.getaddrinfo = getaddrinfo
""")
    process = supervise(GATEWAY_HOST="hangs.test", PYTHONPATH=str(tmp_path))
    healthy(process)
    wait_for(begun.exists, 30, process.tail)
    ends_quickly(process)


# -- a full disk -------------------------------------------------------------------------------------------------------


def test_a_full_disk_leaves_it_watching_and_paging_but_not_restarting(
    supervise: Supervise, docker: FakeDocker, tmp_path: Path
) -> None:
    docker.add("sim")  # alive, until the disk is full
    process = supervise()
    healthy(process)
    # No file of its may grow beyond what the journal's log has now; what it prints stays far below.
    full = (tmp_path / "journal.sqlite-wal").stat().st_size
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    docker.die("sim")
    ended = wait_for(lambda: [line for line in lines(process) if line["event"] == "act ended"], 30, process.tail)
    assert ended[0]["outcome"] == "refused"
    assert "journal" in str(ended[0]["detail"])
    assert any(line["event"] == "page" and "journal" in str(line["text"]) for line in lines(process))
    assert START not in docker.asked
    healthy(process)
    assert full > process.log.stat().st_size
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_for(lambda: START in docker.asked, 30, process.tail)
    ends_quickly(process)


# -- a gateway that is not ours ----------------------------------------------------------------------------------------


def test_an_external_gateway_needs_no_docker(supervise: Supervise, docker: FakeDocker) -> None:
    process = supervise(GATEWAY="external")

    def sees() -> bool:
        url: str = process.url  # type: ignore[attr-defined]
        return httpx.get(f"{url}/readyz", trust_env=False).status_code == 200

    wait_for(sees, 30, process.tail)
    ends_quickly(process)
    assert docker.asked == []
