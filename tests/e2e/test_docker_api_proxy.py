"""The proxy before the Docker socket: what docker-py sends passes, everything else is refused.

A real HAProxy with the stack's own configuration, the real Docker socket, the real SDK; attacks are raw bytes, since no
client library would send them. The same bytes are also sent to the bare socket, to show that they would have worked.
"""

import asyncio
import contextlib
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import docker
import docker.errors
import pytest
from dotenv import dotenv_values

from supervisor.observation import Result, Subject
from supervisor.runtime.docker import DockerRuntime
from supervisor.runtime.roster import Roster
from tws.clock import SystemClock

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
TENANT = f"proxy-{os.getpid()}"
GATEWAY = f"watchkeeper-{TENANT}-gateway"
ENGINE = f"watchkeeper-{TENANT}-engine"
SECOND = f"watchkeeper-{TENANT}-b-gateway"
STRANGER = f"watchkeeper-{TENANT}-redis"
TASK = f"/v1.41/containers/watchkeeper-{TENANT}_ib-gateway.1.{'k' * 25}"
SOCKET = "/var/run/docker.sock"
FILTER = "%7B%22label%22%3A+%5B%22watchkeeper.role%22%5D%7D"


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=60).stdout.strip()


@dataclass(frozen=True)
class Proxy:
    port: int
    api: str
    """The oldest API version that both the proxy and this engine speak."""

    def client(self) -> docker.APIClient:
        return docker.APIClient(f"tcp://127.0.0.1:{self.port}", version=self.api, timeout=30)

    def send(self, raw: bytes) -> int:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            return _status(connection, raw)


def _status(connection: socket.socket, raw: bytes) -> int:
    """The answer's status; 0 for a connection closed without a word."""
    connection.sendall(raw)
    answer = b""
    while b"\r\n" not in answer:
        # A reset is HAProxy's way to say no to something that is not HTTP at all.
        with contextlib.suppress(ConnectionResetError):
            if piece := connection.recv(4096):
                answer += piece
                continue
        break
    if not answer:
        return 0
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    assert found, f"the answer is not HTTP/1: {answer!r}"
    return int(found[1])


def _send_to_socket(raw: bytes) -> int:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(SOCKET)
        return _status(connection, raw)


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    images = dotenv_values(ROOT / "var" / "images.env")
    base, haproxy = images["BASE_IMAGE"], images["HAPROXY_IMAGE"]
    assert base
    assert haproxy
    minimum = json.loads(_docker("version", "--format", "{{json .Server.MinAPIVersion}}"))
    api = max("1.41", minimum, key=lambda text: [int(part) for part in text.split(".")])
    name = f"watchkeeper-{TENANT}-docker-api"
    names = (GATEWAY, ENGINE, SECOND, STRANGER)
    try:
        for container in names:
            role = container.rsplit("-", 1)[1]
            tenant = container.removeprefix("watchkeeper-").removesuffix(f"-{role}")
            labels = ["--label", f"watchkeeper.role={role}", "--label", f"watchkeeper.tenant={tenant}"]
            labels = labels if container != STRANGER else []
            # docker-init passes SIGTERM on, so that stops take no grace.
            _docker("run", "-d", "--init", "--name", container, *labels, base, "sh", "-c", "echo up; sleep 600")
        _docker(
            *("run", "-d", "--init", "--name", name, "--read-only", "--cap-drop", "ALL", "--user", "1000:1000"),
            *(
                "--group-add",
                str(os.stat(SOCKET).st_gid),
                "--env",
                f"TENANTS={TENANT}|{TENANT}-b",
                "-p",
                "127.0.0.1::2375",
            ),
            *("-v", f"{ROOT}/compose/haproxy.cfg:/etc/watchkeeper/haproxy.cfg:ro", "-v", f"{SOCKET}:{SOCKET}"),
            *("--entrypoint", "haproxy", haproxy, "-db", "-f", "/etc/watchkeeper/haproxy.cfg"),
        )
        port = int(_docker("port", name, "2375/tcp").splitlines()[0].rsplit(":", 1)[1])
        found = Proxy(port, api)
        _wait_for(lambda: found.send(_get("/_ping")) == 200)
        yield found
    finally:
        subprocess.run(["docker", "rm", "-f", "-v", name, *names], check=False, capture_output=True, timeout=60)


def _wait_for(condition) -> None:  # type: ignore[no-untyped-def]
    for _ in range(100):
        with contextlib.suppress(OSError):
            if condition():
                return
        time.sleep(0.1)
    raise AssertionError("the proxy did not come up within 10 s")


def _get(target: str, extra: str = "", method: str = "GET") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: docker-api:2375\r\nConnection: close\r\n{extra}\r\n".encode()


def _post(target: str, body: bytes = b"", extra: str = "") -> bytes:
    return _get(target, f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}", "POST") + body


# ---- what the supervisor does ----------------------------------------------------------------------------------------


def test_the_sdk_lists_by_role(proxy: Proxy) -> None:
    found = proxy.client().containers(all=True, filters={"label": ["watchkeeper.role"]})
    names = {row["Names"][0] for row in found}
    assert {f"/{GATEWAY}", f"/{ENGINE}", f"/{SECOND}"} <= names
    assert f"/{STRANGER}" not in names


def test_the_sdk_negotiates_its_version(proxy: Proxy) -> None:
    client = docker.APIClient(f"tcp://127.0.0.1:{proxy.port}", version="auto", timeout=10)
    assert client.ping()
    assert client.version()["ApiVersion"]
    assert client.inspect_container(GATEWAY)["Name"] == f"/{GATEWAY}"


@pytest.mark.parametrize("name", [GATEWAY, ENGINE])
def test_the_sdk_looks_at_and_restarts_each_container(proxy: Proxy, name: str) -> None:
    client = proxy.client()
    before = client.inspect_container(name)
    assert client.stats(name, stream=False)["name"] == f"/{name}"
    assert client.stats(name, stream=False, one_shot=True)["memory_stats"]["usage"] > 0
    client.restart(name, timeout=1)
    client.stop(name, timeout=1)
    assert client.inspect_container(name)["State"]["Status"] == "exited"
    client.start(name)
    after = client.inspect_container(name)
    assert after["State"]["Running"]
    assert after["State"]["StartedAt"] != before["State"]["StartedAt"]


def test_the_sdk_reads_the_gateways_log(proxy: Proxy) -> None:
    client = proxy.client()
    assert b"up" in client.logs(GATEWAY, stdout=True, stderr=True, tail=50)
    assert b"up" in client.logs(GATEWAY, stdout=True, stderr=True, tail=50, timestamps=True, since=1)


def test_an_event_stream_that_was_silent_longer_than_any_request_may_take_is_alive(proxy: Proxy) -> None:
    client = proxy.client()
    events = client.events(filters={"label": ["watchkeeper.role"]}, decode=True)
    try:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(
                lambda: next(e for e in events if e["Action"] == "kill" and e["Actor"]["Attributes"]["name"] == GATEWAY)
            )
            time.sleep(6.5)  # `timeout http-request` is 5 s
            assert not waiting.done()
            _docker("kill", "-s", "USR1", GATEWAY)
            assert waiting.result(timeout=10)["Actor"]["Attributes"]["watchkeeper.role"] == "gateway"
    finally:
        events.close()
        _docker("start", GATEWAY)


async def test_the_supervisor_sees_each_of_its_tenants_and_hears_what_was_before_it_came(proxy: Proxy) -> None:
    clock, url, heard, connected = SystemClock(), f"tcp://127.0.0.1:{proxy.port}", [], asyncio.Event()
    for tenant, expected in ((TENANT, {Subject.GATEWAY, Subject.ENGINE}), (f"{TENANT}-b", {Subject.GATEWAY})):
        runtime = DockerRuntime(url, tenant, clock, timeout=5)
        look, found = await runtime.look()
        assert (look.result, set(found)) == (Result.OK, expected), look.why
        assert (await runtime.memory(Subject.GATEWAY))[0] > 0
        async with asyncio.timeout(10):  # a container that an earlier test has started may not have spoken yet
            while "up" not in await runtime.log_tail(Subject.GATEWAY, 10):
                await asyncio.sleep(0.05)
        runtime.close()
    before = Roster(url, clock, timeout=5)
    past: set[tuple[str, str]] = set()
    async with asyncio.timeout(10):  # it ends with the last whole second
        while not {(TENANT, "start"), (f"{TENANT}-b", "start")} <= past:
            past |= {(tenant, event.action) for tenant, event in await before.past()}
            await asyncio.sleep(0.2)
    before.close()
    stranger = DockerRuntime(url, "other", clock, timeout=5)
    assert (await stranger.look())[0].result is Result.UNKNOWN
    stranger.close()
    begun = clock.now()

    class Earlier(SystemClock):
        def now(self) -> datetime:
            return begun

    roster = Roster(url, Earlier(), timeout=5)
    try:
        assert {TENANT, f"{TENANT}-b"} <= (await roster.tenants() or frozenset())
        await asyncio.to_thread(_docker, "kill", "-s", "USR1", GATEWAY)
        roster.listen(
            lambda tenant, event: heard.append((tenant, event.action, event.signal)),
            lambda deaf: None if deaf else connected.set(),
        )
        async with asyncio.timeout(10):
            await connected.wait()
            await asyncio.to_thread(_docker, "kill", "-s", "USR1", SECOND)
            while (f"{TENANT}-b", "kill", 10) not in heard:
                await asyncio.sleep(0.05)
        assert [told for told in heard if told[1] == "kill"] == [(TENANT, "kill", 10), (f"{TENANT}-b", "kill", 10)]
    finally:
        roster.close()
        _docker("start", GATEWAY, SECOND)


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.containers(all=True),
        lambda c: c.containers(all=True, filters={"label": ["watchkeeper.tenant"]}),
        lambda c: c.inspect_container(STRANGER),
        lambda c: c.logs(ENGINE, tail=5),
        lambda c: c.create_container("debian", "true"),
        lambda c: c.exec_create(GATEWAY, ["true"]),
        lambda c: c.kill(GATEWAY),
        lambda c: c.pause(GATEWAY),
        lambda c: c.remove_container(GATEWAY),
        lambda c: c.update_container(GATEWAY, mem_limit="1g"),
        lambda c: c.get_archive(GATEWAY, "/etc/passwd"),
        lambda c: c.images(),
        lambda c: c.info(),
        lambda c: c.stop(STRANGER, timeout=1),
    ],
)
def test_the_sdk_is_refused_everything_else(proxy: Proxy, call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(docker.errors.APIError) as refused:
        call(proxy.client())
    assert refused.value.response is not None
    assert refused.value.response.status_code == 403


# ---- attacks ---------------------------------------------------------------------------------------------------------

HOST_CONFIG = b'{"Binds":["/:/host"]}'
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(HOST_CONFIG), HOST_CONFIG)
START = f"/v1.41/containers/{GATEWAY}/start"
LIST = f"/v1.41/containers/json?limit=-1&all=1&size=0&trunc_cmd=0&filters={FILTER}"

ATTACKS = {
    "a body on start": _post(START, HOST_CONFIG),
    "a body of one byte": _post(START, b" "),
    "a chunked body on start": _get(START, "Transfer-Encoding: chunked\r\n", "POST") + CHUNKED,
    "chunked, in capitals and odd spelling": _get(START, "transfer-ENCODING:  identity, chunked\r\n", "POST") + CHUNKED,
    "both lengths": _get(START, "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "POST") + CHUNKED,
    "two different lengths": _get(START, "Content-Length: 0\r\nContent-Length: 22\r\n", "POST") + HOST_CONFIG,
    "a list of lengths": _get(START, "Content-Length: 0, 22\r\n", "POST") + HOST_CONFIG,
    "a length with a sign": _get(START, "Content-Length: +22\r\n", "POST") + HOST_CONFIG,
    "a body on a GET": _get(LIST, "Content-Length: 2\r\n") + b"{}",
    "a body on restart": _post(START.replace("/start", "/restart"), HOST_CONFIG),
    "a body on stop, that is waited for": _post(
        START.replace("/start", "/stop"), HOST_CONFIG, "Expect: 100-continue\r\n"
    ),
    "a host configuration as a query": _post(START + "?HostConfig=%7B%22Binds%22%3A%5B%22%2F%3A%2Fhost%22%5D%7D"),
    "a compressed body": _get(START, "Transfer-Encoding: gzip, chunked\r\n", "POST") + CHUNKED,
    "a length in hexadecimal": _get(START, "Content-Length: 0x16\r\n", "POST") + HOST_CONFIG,
    "a length that is negative": _get(START, "Content-Length: -1\r\n", "POST") + HOST_CONFIG,
    "a length that is empty": _get(START, "Content-Length: \r\n", "POST") + HOST_CONFIG,
    "a length behind a zero": _get(START, "Content-Length: 022\r\n", "POST") + HOST_CONFIG,
    "old API, body on start": _post(f"/v1.20/containers/{GATEWAY}/start", HOST_CONFIG),
    "old API, no body": _post(f"/v1.40/containers/{GATEWAY}/start"),
    "old API with more digits": _post(f"/v1.041/containers/{GATEWAY}/start"),
    "no API version": _post(f"/containers/{GATEWAY}/start"),
    "API version with a third number": _post(f"/v1.41.0/containers/{GATEWAY}/start"),
    "API version of three digits": _post(f"/v1.141/containers/{GATEWAY}/start"),
    "API version in a capital": _post(f"/V1.41/containers/{GATEWAY}/start"),
    "API version with an encoded point": _post(f"/v1%2E41/containers/{GATEWAY}/start"),
    "API version 2": _post(f"/v2.41/containers/{GATEWAY}/start"),
    "two API versions": _post(f"/v1.41/v1.20/containers/{GATEWAY}/start"),
    "create": _post("/v1.41/containers/create", b'{"Image":"debian"}'),
    "create without a body": _post("/v1.41/containers/create?name=x"),
    "exec": _post(f"/v1.41/containers/{GATEWAY}/exec", b'{"Cmd":["id"]}'),
    "exec without a body": _post(f"/v1.41/containers/{GATEWAY}/exec"),
    "exec start": _post("/v1.41/exec/0123456789ab/start", b"{}"),
    "attach": _post(f"/v1.41/containers/{GATEWAY}/attach?stream=1&stdin=1"),
    "attach by websocket": _get(
        f"/v1.41/containers/{GATEWAY}/attach/ws?stream=1&stdin=1&stdout=1",
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    ),
    "attach by websocket, without asking for it": _get(f"/v1.41/containers/{GATEWAY}/attach/ws?stream=1"),
    "a builder's session": _post("/v1.41/session", extra="Connection: Upgrade\r\nUpgrade: h2c\r\n"),
    "a builder's calls": _post("/v1.41/grpc"),
    "pull": _post("/v1.41/images/create?fromImage=debian"),
    "make a network": _post("/v1.41/networks/create"),
    "make a volume": _post("/v1.41/volumes/create"),
    "prune": _post("/v1.41/containers/prune"),
    "commit": _post(f"/v1.41/commit?container={GATEWAY}"),
    "processes": _get(f"/v1.41/containers/{GATEWAY}/top?ps_args=-ef"),
    "changes": _get(f"/v1.41/containers/{GATEWAY}/changes"),
    "wait": _post(f"/v1.41/containers/{GATEWAY}/wait"),
    "resize": _post(f"/v1.41/containers/{GATEWAY}/resize?h=1&w=1"),
    "registry login": _post("/v1.41/auth"),
    "disk usage": _get("/v1.41/system/df"),
    "archive out": _get(f"/v1.41/containers/{GATEWAY}/archive?path=/etc"),
    "archive in": _get(f"/v1.41/containers/{GATEWAY}/archive?path=/", "Content-Length: 0\r\n", "PUT"),
    "export": _get(f"/v1.41/containers/{GATEWAY}/export"),
    "delete": _get(f"/v1.41/containers/{GATEWAY}?force=1", method="DELETE"),
    "kill": _post(f"/v1.41/containers/{GATEWAY}/kill"),
    "rename": _post(f"/v1.41/containers/{GATEWAY}/rename?name=x"),
    "build": _post("/v1.41/build?remote=x"),
    "swarm": _get("/v1.41/secrets"),
    "list without the filter": _get("/v1.41/containers/json"),
    "list, all of them": _get("/v1.41/containers/json?limit=-1&all=1&size=0&trunc_cmd=0"),
    "list with another filter": _get(LIST.replace("watchkeeper.role", "com.docker.compose.project")),
    "list with a dot as wildcard": _get(LIST.replace("watchkeeper.role", "watchkeeperXrole")),
    "list with a second filter": _get(LIST + "&filters=%7B%7D"),
    "list with the filter's twin in another case": _get(LIST + "&Filters=%7B%7D"),
    "list with the filter in small hexadecimal": _get(LIST.replace("%7B", "%7b")),
    "list with the filter not encoded": _get(LIST.replace("%22", '"')),
    "list with the filter twice encoded": _get(LIST.replace("%", "%25")),
    "list with a fragment": _get(LIST + "#x"),
    "events without the filter": _get("/v1.41/events"),
    "events with another filter": _get("/v1.41/events?filters=%7B%7D"),
    "events since, and another filter": _get("/v1.41/events?since=1&filters=%7B%7D"),
    "events since, without the filter": _get("/v1.41/events?since=1"),
    "events since a word": _get(f"/v1.41/events?since=now&filters={FILTER}"),
    "events until and since": _get(f"/v1.41/events?until=2&since=1&filters={FILTER}"),
    "events until a word": _get(f"/v1.41/events?since=1&until=now&filters={FILTER}"),
    "events until, twice": _get(f"/v1.41/events?since=1&until=2&until=2&filters={FILTER}"),
    "events since, twice": _get(f"/v1.41/events?since=1&since=1&filters={FILTER}"),
    "log of the engine": _get(f"/v1.41/containers/{ENGINE}/logs?stderr=1&stdout=1&timestamps=0&follow=0&tail=50"),
    "log with another parameter": _get(
        f"/v1.41/containers/{GATEWAY}/logs?stderr=1&stdout=1&timestamps=0&follow=0&tail=50&details=1"
    ),
    "stats as a stream": _get(f"/v1.41/containers/{GATEWAY}/stats"),
    "start with a checkpoint": _post(START + "?checkpoint=x&checkpoint-dir=/tmp"),
    "start with detach keys": _post(START + "?detachKeys=a"),
    "stop with a signal": _post(f"/v1.41/containers/{GATEWAY}/stop?t=1&signal=KILL"),
    "stop for ever": _post(f"/v1.41/containers/{GATEWAY}/stop?t=-1"),
    "an empty query": _post(START + "?"),
    "another container": _post(f"/v1.41/containers/{STRANGER}/start"),
    "a name that goes on": _post(f"/v1.41/containers/{GATEWAY}2/start"),
    "a name that begins earlier": _post(f"/v1.41/containers/x{GATEWAY}/start"),
    "a container by its number": _post("/v1.41/containers/0123456789ab/start"),
    "another tenant": _post("/v1.41/containers/watchkeeper-other-gateway/start"),
    "upgrade": _post(START, extra="Connection: Upgrade\r\nUpgrade: tcp\r\n"),
    "upgrade to HTTP/2": _get("/_ping", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
    "upgrade asked by Connection alone": _get("/_ping", "Connection: Upgrade\r\n"),
    "upgrade to one of two": _get("/_ping", "Upgrade: h2c, tcp\r\n"),
    "encoded slash": _post(START.replace("/start", "%2Fstart")),
    "twice encoded slash": _post(START.replace("/start", "%252Fstart")),
    "overlong slash": _post(START.replace("/start", "%c0%afstart")),
    "encoded end of the text": _post(START + "%00"),
    "encoded end of the line": _post(START + "%0d%0aX:%20y"),
    "encoded letters": _post(START.replace("start", "st%61rt")),
    "encoded name": _post(START.replace("watchkeeper", "%77atchkeeper")),
    "doubled slash first": _post("/" + START),
    "doubled slash inside": _post(START.replace("/containers/", "/containers//")),
    "slash at the end": _post(START + "/"),
    "dot segments": _post(f"/v1.41/containers/{GATEWAY}/../{STRANGER}/start"),
    "encoded dot segments": _post(f"/v1.41/containers/{GATEWAY}/%2e%2e/{STRANGER}/start"),
    "path parameter": _post(START + ";x=y"),
    "backslash": _post(START.replace("/start", "\\start")),
    "capital letters": _post(START.replace("containers", "Containers")),
    "absolute form": _post("http://docker-api:2375" + f"/v1.20/containers/{GATEWAY}/start"),
    "GET where POST is meant": _get(START),
    "POST where GET is meant": _post("/v1.41/version"),
    "a method in small letters": _get("/_ping", method="get"),
    "a method that there is not": _get("/_ping", method="START"),
    "HTTP/0.9": b"GET /_ping\r\n\r\n",
    "a tab between the words": _post("/v1.41/containers/create").replace(b"POST /", b"POST\t/"),
    "a return in the path": _post(START).replace(b"/start", b"/start\rX"),
    "HEAD": _get("/_ping", method="HEAD"),
    "CONNECT": b"CONNECT docker-api:2375 HTTP/1.1\r\nHost: docker-api:2375\r\n\r\n",
    "a foreign Host": _get("/_ping").replace(b"docker-api:2375", b"evil.example"),
    "no Host": _get("/_ping").replace(b"Host: docker-api:2375\r\n", b""),
    "two Hosts": _get("/_ping", "Host: evil.example\r\n"),
    "space before the colon": _get(START, "Transfer-Encoding : chunked\r\n", "POST") + CHUNKED,
    "a NUL in the path": _post(START).replace(b"/start", b"/start\0"),
    "a line feed in the path": _post(START).replace(b"/start", b"/start\nX"),
    "HTTP/2 by prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}
MALFORMED = {0, 400, 422}
"""What is not HTTP, or not one request, is refused by the parser (or by a closed connection) before our list."""


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (_get(f"{TASK}/json"), 404),
        (_post(f"{TASK}/stop?t=9"), 404),
        (_post(f"{TASK}/start"), 403),
        (_post(f"{TASK}/restart?t=9"), 403),
        (_post(f"{TASK.replace('ib-gateway', 'redis')}/stop"), 403),
        (_post(f"{TASK}x/stop"), 403),
    ],
    ids=lambda value: value.decode().split(" HTTP")[0].rpartition("/")[2] if isinstance(value, bytes) else None,
)
def test_a_task_of_a_swarm_may_be_stopped_and_never_started(proxy: Proxy, call: bytes, status: int) -> None:
    assert proxy.send(call) == status  # 404 is Docker's own: it was let through


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(proxy: Proxy, name: str) -> None:
    assert proxy.send(ATTACKS[name]) in {403, *MALFORMED}


@pytest.mark.parametrize(
    "name", [n for n in ATTACKS if not n.startswith(("two", "both", "a list", "a length", "HTTP/0.9"))]
)
def test_a_refused_request_does_not_open_the_way_for_the_next_on_its_connection(proxy: Proxy, name: str) -> None:
    raw = ATTACKS[name].replace(b"Connection: close\r\n", b"")
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as connection:
        assert _status(connection, raw) in {403, *MALFORMED}
        with contextlib.suppress(OSError):
            connection.sendall(_post(f"/v1.41/containers/{STRANGER}/stop?t=0"))
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while connection.recv(4096):
                pass
    assert _docker("inspect", "--format", "{{.State.Running}}", STRANGER) == "true"


def test_a_length_folded_into_another_header_is_no_length(proxy: Proxy) -> None:
    raw = (
        _get(START, "X: y\r\n Transfer-Encoding: chunked\r\n", "POST").replace(b"Connection: close\r\n", b"") + CHUNKED
    )
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as connection:
        connection.sendall(raw)
        answers = b"".join(iter(lambda: connection.recv(4096), b""))
    # The start itself is allowed (304: it runs); what was meant as its body is read as a request, and is none.
    assert re.findall(rb"HTTP/1\.1 (\d{3})", answers) == [b"304", b"400"]


def test_the_same_bytes_would_work_on_the_bare_socket(proxy: Proxy) -> None:
    version = f"/v{proxy.api}"
    for name, expected in {"exec": 201, "list without the filter": 200, "archive out": 200}.items():
        raw = ATTACKS[name].replace(b"/v1.41", version.encode())
        assert _send_to_socket(raw) == expected, name
        assert proxy.send(raw) == 403, name


def test_an_old_api_version_would_give_the_host_away(proxy: Proxy) -> None:
    minimum = json.loads(_docker("version", "--format", "{{json .Server.MinAPIVersion}}"))
    if [int(part) for part in minimum.split(".")] >= [1, 24]:
        pytest.skip(f"this engine speaks nothing older than {minimum}")
    _docker("stop", "-t", "0", GATEWAY)
    try:
        assert proxy.send(ATTACKS["old API, body on start"]) == 403
        assert _binds() == []
        assert _send_to_socket(ATTACKS["old API, body on start"]) == 204
        assert _binds() == ["/:/host"], "root on the host, by a start"
    finally:
        _docker("rm", "-f", GATEWAY)


def _binds() -> list[str]:
    return json.loads(_docker("inspect", "--format", "{{json .HostConfig.Binds}}", GATEWAY)) or []
