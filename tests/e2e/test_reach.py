"""What each container of a running stack can reach and do, asked from inside it, beside what docs/security.md says.

A probe joins a container's own network, as something that broke into it would stand there: it lists what listens, and
tries every listening port of every other container at every address. Rights are read by the container's own shell.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.e2e.stack import ROOT, Stack, docker

pytestmark = pytest.mark.e2e

LISTENERS = """
import json, pathlib
found = {}
for table in ("tcp", "tcp6"):
    for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
        address, state = line.split()[1], line.split()[3]
        host, port = address.split(":")
        if state == "0A":
            found[int(port, 16)] = "inside" if host.endswith("0100007F") or host.endswith("0B00007F") else "network"
print(json.dumps(found))
"""
CONNECT = """
import asyncio, json, sys
async def one(host, port):
    try:
        async with asyncio.timeout(3):
            (await asyncio.open_connection(host, port))[1].close()
        return True
    except OSError:
        return False
async def main():
    targets = json.loads(sys.argv[1])
    print(json.dumps(await asyncio.gather(*(one(*target) for target in targets))))
asyncio.run(main())
"""


def inside(container: str, code: str, argument: str = "") -> Any:
    """Run Python in the network of a container, and give what it prints."""
    rights = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"]
    command = ["run", "--rm", "--network", f"container:{container}", *rights, "--entrypoint", "python"]
    done = subprocess.run(
        ["docker", *command, "watchkeeper/supervisor:local", "-c", code, argument],
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, f"{container}: {done.stderr}"
    return json.loads(done.stdout)


@dataclass(frozen=True)
class Part:
    """One container of the stack."""

    service: str
    container: str
    addresses: tuple[str, ...]
    listens: tuple[int, ...]
    """Ports that are open to a network, not only to the container itself."""


@pytest.fixture(scope="module")
def parts(stack: Stack) -> dict[str, Part]:
    stack.until(stack.all_well, "gateway READY and engine TRADING")
    label = "com.docker.compose.project"
    names = docker("ps", "--format", "{{.Names}}", "--filter", f"label={label}=watchkeeper-{stack.tenant}").split()

    def part(name: str) -> Part:
        [seen] = json.loads(docker("inspect", name))
        networks = seen["NetworkSettings"]["Networks"].values()
        ports = sorted(int(port) for port, where in inside(name, LISTENERS).items() if where == "network")
        service = seen["Config"]["Labels"]["com.docker.compose.service"]
        return Part(service, name, tuple(n["IPAddress"] for n in networks), tuple(ports))

    with ThreadPoolExecutor(8) as pool:
        return {one.service: one for one in pool.map(part, names)}


def rows() -> dict[str, list[set[str]]]:
    """The page's table: service, and in each further cell what stands in backquotes."""
    page = (ROOT / "docs/security.md").read_text()
    table = page.split("| container |", 1)[1].split("\n\n", 1)[0]
    lines = [line.strip("|").split("|") for line in table.splitlines()[2:]]
    return {
        re.findall(r"`([^`]+)`", cells[0])[0]: [set(re.findall(r"`([^`]+)`", cell)) for cell in cells[1:]]
        for cells in lines
    }


def test_each_container_reaches_what_the_page_says_and_nothing_else(stack: Stack, parts: dict[str, Part]) -> None:
    targets = [
        (other, address, port) for other in parts.values() for address in other.addresses for port in other.listens
    ]

    def reached(part: Part) -> set[str]:
        wanted = [target for target in targets if target[0] is not part]
        told = inside(part.container, CONNECT, json.dumps([(address, port) for _, address, port in wanted]))
        return {f"{other.service}:{port}" for (other, _, port), open_ in zip(wanted, told, strict=True) if open_}

    with ThreadPoolExecutor(8) as pool:
        found = dict(zip(parts, pool.map(reached, parts.values()), strict=True))
    assert found == {service: cells[0] for service, cells in rows().items()}


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[str, int]]:
    """An address outside of the house and of Docker: a network namespace behind this machine, as the internet is."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("only root on Linux can make a network namespace")
    name = f"wk{os.getpid()}"
    here, there = "198.51.100.1", "198.51.100.2"  # addresses for documentation: nobody has them
    listen = (
        f"import socket, time; s = socket.create_server(({there!r}, 8443)); print('up', flush=True); time.sleep(120)"
    )
    _ip("netns", "add", name)
    try:
        _ip("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name)
        _ip("addr", "add", f"{here}/30", "dev", f"{name}a")
        _ip("link", "set", f"{name}a", "up")
        _ip("-n", name, "addr", "add", f"{there}/30", "dev", f"{name}b")
        _ip("-n", name, "link", "set", f"{name}b", "up")
        _ip("-n", name, "route", "add", "default", "via", here)
        command = ["ip", "netns", "exec", name, sys.executable, "-c", listen]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listener:
            try:
                assert listener.stdout
                assert listener.stdout.readline() == "up\n"
                yield there, 8443
            finally:
                listener.kill()
    finally:
        _ip("netns", "del", name)


@pytest.fixture
def own() -> Iterator[socket.socket]:
    """What the host serves on its own loopback."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


@pytest.fixture
def open_to_all() -> Iterator[socket.socket]:
    """What the host serves on every address."""
    with socket.create_server(("0.0.0.0", 0)) as one:
        yield one


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)


def test_only_what_must_has_a_way_out_of_the_house(parts: dict[str, Part], world: tuple[str, int]) -> None:
    with ThreadPoolExecutor(8) as pool:
        told = pool.map(lambda part: inside(part.container, CONNECT, json.dumps([world])) == [True], parts.values())
        found = dict(zip(parts, told, strict=True))
    assert {name for name, out in found.items() if not out} == {
        name for name, cells in rows().items() if "none" in cells[1]
    }


def test_what_is_for_one_container_alone_listens_inside_it(parts: dict[str, Part]) -> None:
    gateway = inside(parts["ib-gateway"].container, LISTENERS)
    assert {port: gateway[port] for port in ("4002", "7462")} == {"4002": "inside", "7462": "inside"}


def test_the_ports_on_the_host_are_its_own_loopbacks(stack: Stack, parts: dict[str, Part]) -> None:
    """At the address that the host has on a container's network, nothing of the house answers."""
    ports = [int(port) for name, port in stack.environment.items() if name.startswith("HOST_PORT_")]
    host = f"{stack.environment['SUBNET_PREFIX']}.1"
    assert not any(inside(parts["engine"].container, CONNECT, json.dumps([(host, port) for port in ports])))
    assert httpx.get(stack.url("supervisor", "/healthz"), timeout=5).status_code == 200


def test_a_network_without_a_way_out_meets_what_the_host_serves_to_all(
    stack: Stack, parts: dict[str, Part], own: socket.socket, open_to_all: socket.socket
) -> None:
    """Redis stands on an internal network alone. The page tells this of Docker, and what to do about it."""
    host = f"{stack.environment['SUBNET_PREFIX']}.17"
    asked = [(host, one.getsockname()[1]) for one in (open_to_all, own)]
    assert inside(parts["redis"].container, CONNECT, json.dumps(asked)) == [True, False]


@pytest.mark.parametrize("service", ["supervisor", "engine", "simulator", "prometheus", "alertmanager"])
def test_a_foreign_host_header_is_refused_and_ours_is_not(stack: Stack, service: str) -> None:
    paths = {"prometheus": "/-/healthy", "alertmanager": "/-/healthy", "simulator": "/api/v1/status"}
    url = stack.url(service, paths.get(service, "/healthz"))
    assert httpx.get(url, timeout=5).status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:9180"):
        assert httpx.get(url, headers={"Host": host}, timeout=5).status_code in {400, 403}, host


SHELL = r"""
grep -E '^(Uid|CapPrm|CapBnd|NoNewPrivs|Seccomp):' /proc/1/status
for place in / /etc /usr /bin /opt /var /app /opt/watchkeeper /etc/watchkeeper; do
  if [ -d "$place" ] && touch "$place/.probe" 2>/dev/null; then echo "writes $place"; rm -f "$place/.probe"; fi
done
[ -e /var/run/docker.sock ] && echo "sees docker.sock"
for file in /run/secrets/*; do [ -r "$file" ] && echo "secret ${file##*/}"; done
true
"""


def test_what_each_container_may_do_and_which_secrets_it_reads(parts: dict[str, Part]) -> None:
    for name, cells in rows().items():
        told = docker("exec", parts[name].container, "sh", "-c", SHELL).splitlines()
        status = dict(line.split(":\t", 1) for line in told if ":\t" in line)
        assert set(status["Uid"].split()) != {"0"}, name
        assert "0" not in status["Uid"].split(), name
        assert {int(status["CapPrm"], 16), int(status["CapBnd"], 16)} == {0}, name
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), name
        assert not [line for line in told if line.startswith("writes")], name
        assert ("sees docker.sock" in told) == (name == "docker-api"), name
        assert {line.removeprefix("secret ") for line in told if line.startswith("secret")} == cells[2], name


def test_the_engine_knows_a_person_by_the_hash_that_it_holds(trading: Stack) -> None:
    halted = trading.run("halt", "--reason", "a test")
    assert (halted.returncode, trading.engine()["halted"]) == (0, True), halted.stderr
    lifted = trading.run("halt", "--lift")
    assert (lifted.returncode, trading.engine()["halted"]) == (0, False), lifted.stderr
