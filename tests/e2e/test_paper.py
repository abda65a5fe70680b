"""`make up PAPER=1` with the stand-in's image in the real one's place: what compose/ibkr.yaml mounts and waits for.

The stand-in keeps the image's contract (start script, ports, names of the environment), so that everything of PAPER but
IBKR's own program is met here.
"""

import asyncio
import json
import subprocess
from collections.abc import Iterator

import httpx
import pytest
from ib_async import IB, MarketOrder, Stock

from preflight.secret_files import ALERTMANAGERS, CREDENTIALS, OPTIONAL, TOKENS
from supervisor.drill.ports import free_port
from tests.e2e.stack import ROOT, Stack, docker, make_stack, no_window_now

SETTINGS = "/home/ibgateway/tws_settings"
MARK = "the-secret"
ABROAD = {"unusual_whales_token", "telegram_token", "pagerduty_key"}
"""Left out: each would be sent to the server that it is for."""
SECRETS = {name: f"{MARK}-{name}" for name in (*CREDENTIALS, *TOKENS)} | {
    name: f"http://127.0.0.1:9/{MARK}-{name}" if name.endswith("_url") else f"{MARK}-{name}"
    for name in ("webhook_url", *ALERTMANAGERS)
    if name not in ABROAD
}
"""Every secret, each of which a search would find."""


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    secrets = tmp_path_factory.mktemp("secrets")
    for name, text in SECRETS.items():
        (secrets / name).write_text(f"{text}\n")
        (secrets / name).chmod(0o600)
    made = make_stack(
        "paper",
        "10.96.0",
        SECRETS_DIR=str(secrets),
        GATEWAY_IMAGE="watchkeeper/simulator:local",
        IB_ACCOUNT="DUSIM0001",
        MODE="paper",
        LOGIN_BUDGET="10/1h",
        WINDOWS_FILE=no_window_now(tmp_path_factory.mktemp("windows")),
        # Every way to a person is on, and leads nowhere.
        EMAIL_TO="me@example.com",
        EMAIL_FROM="it@example.com",
        EMAIL_SERVER="127.0.0.1:9",
    )
    try:
        result = made.make("up", "PAPER=1")
        assert result.returncode == 0, f"{result.stdout}\n{result.stderr}\n{made.story()}"
        yield made
    finally:
        subprocess.run(
            [
                "docker",
                "compose",
                "--project-name",
                f"watchkeeper-{made.tenant}",
                "down",
                "--volumes",
                "--remove-orphans",
            ],
            check=False,
            capture_output=True,
            timeout=120,
        )
        for left in (ROOT / "var" / made.tenant).glob("*"):
            left.unlink()


def writable(stack: Stack) -> bool:
    tried = subprocess.run(
        ["docker", "exec", stack.container("gateway"), "touch", f"{SETTINGS}/kept"], check=False, capture_output=True
    )
    return tried.returncode == 0


async def trade(stack: Stack, action: str) -> None:
    """One share of SPY by a client that is not ours."""
    client = IB()
    await client.connectAsync("127.0.0.1", int(stack.environment["HOST_PORT_API"]), clientId=42)
    try:
        placed = client.placeOrder(Stock("SPY", "SMART", "USD"), MarketOrder(action, 1))
        async with asyncio.timeout(30):
            while not placed.isDone():
                await asyncio.sleep(0.05)
        assert placed.orderStatus.status == "Filled"
    finally:
        client.disconnect()


def test_it_observes_and_the_preflight_goes(paper: Stack) -> None:
    assert paper.get("engine", "/api/v1/status")["orders"] == []
    report = json.loads(paper.run("preflight", "--mode", "paper", "--json").stdout)
    assert report["verdict"] == "go", [check for check in report["checks"] if check["result"] == "fail"]


def test_no_secret_is_in_anything_that_is_shown(paper: Stack) -> None:
    """Where people and programs look: Docker, Compose, logs, processes, written files, images, and our own answers."""
    assert set(SECRETS) == {*CREDENTIALS, *TOKENS, *OPTIONAL} - ABROAD
    label = f"label=com.docker.compose.project=watchkeeper-{paper.tenant}"
    names = docker("ps", "--all", "--format", "{{.Names}}", "--filter", label).split()
    assert f"watchkeeper-{paper.tenant}-gateway" in names
    names_of_files = ("compose.env", "redis.acl", "alertmanager.yml")
    files = tuple(ROOT / "var" / paper.tenant / name for name in names_of_files)
    shown = {str(file): file.read_text() for file in files}
    for name in names:
        shown[f"inspect {name}"] = docker("inspect", name)
        shown[f"logs {name}"] = docker("logs", name)
        shown[f"top {name}"] = docker("top", name, "-eo", "pid,args", check=False)
    for image in ("supervisor", "engine", "simulator"):
        shown[f"history {image}"] = docker("history", "--no-trunc", f"watchkeeper/{image}:local")
        shown[f"image {image}"] = docker("image", "inspect", f"watchkeeper/{image}:local")
    shown["compose config"] = docker("compose", "--env-file", str(files[0]), "config")
    shown["ps"] = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True, timeout=10).stdout
    for service, path in (
        ("supervisor", "/api/v1/status"),
        ("supervisor", "/api/v1/incidents"),
        ("engine", "/api/v1/status"),
    ):
        shown[f"{service} {path}"] = json.dumps(paper.get(service, path))
    for service in ("supervisor", "engine"):
        shown[f"{service} /metrics"] = httpx.get(paper.url(service, "/metrics"), timeout=5).text
    shown["preflight"] = paper.run("preflight", "--mode", "paper", "--json").stdout
    assert [where for where, text in shown.items() if MARK in text] == []
    assert {where for where, text in shown.items() if not text} <= {f"logs {name}" for name in names}
    look = f"grep -rlsF {MARK} /app /etc /home /opt /tmp /var 2>/dev/null; true"
    assert {name: docker("exec", name, "sh", "-c", look) for name in names if "settings-owner" not in name} == {
        name: "" for name in names if "settings-owner" not in name
    }


def test_that_search_would_find_them(paper: Stack) -> None:
    services = ("supervisor", "alertmanager", "grafana")
    wanted = {*map(paper.container, ("gateway", "engine")), *(paper.container(f"{one}-1") for one in services)}
    there = wanted & set(docker("ps", "--format", "{{.Names}}").split())
    found = "".join(docker("exec", container, "sh", "-c", "cat /run/secrets/*") for container in there)
    # Where no registry is, there is no Grafana to have its own.
    away = set() if paper.container("grafana-1") in there else {"grafana_password", "grafana_secret_key"}
    assert all(text in found for name, text in SECRETS.items() if name not in away)
    # The image hands the user name on in the environment of its processes, which only they and root can read.
    assert SECRETS["tws_userid"] in docker(
        "exec", paper.container("gateway"), "sh", "-c", "cat /proc/*/environ 2>/dev/null; true"
    )


def test_it_is_not_taken_down_while_something_is_open_or_cannot_be_asked_about(paper: Stack) -> None:
    asyncio.run(trade(paper, "BUY"))
    known = paper.until(lambda: paper.status()["exposure"]["held"], "the supervisor to hear of the position")
    assert known == ["+1 SPY"]
    refused = paper.run("down", "--mode", "paper")
    assert (refused.returncode, "open at the broker: +1 SPY" in refused.stderr) == (1, True), refused.stderr
    refused = paper.make("upgrade", "PAPER=1", "GO=1", PROBE_INTERVAL_SECONDS="6")
    assert (refused.returncode, "open at the broker: +1 SPY" in refused.stderr) == (2, True), refused.stderr
    docker("pause", f"watchkeeper-{paper.tenant}-supervisor-1")
    try:
        refused = paper.run("purge", "--mode", "paper")
        assert (refused.returncode, "cannot be asked about" in refused.stderr) == (1, True), refused.stderr
    finally:
        docker("unpause", f"watchkeeper-{paper.tenant}-supervisor-1")
    assert paper.status()["gateway"]["state"] == "READY"
    asyncio.run(trade(paper, "SELL"))
    paper.until(lambda: paper.status()["exposure"]["held"] == [], "the account to be flat again")


def test_everything_is_closed_with_engine_and_supervisor_dead(paper: Stack) -> None:
    asyncio.run(trade(paper, "BUY"))
    docker("kill", f"watchkeeper-{paper.tenant}-supervisor-1")
    try:
        refused = paper.run("break-glass", "--mode", "paper")
        assert (refused.returncode, "CONFIRM=paper" in refused.stderr) == (2, True), refused.stderr
        done = paper.run("break-glass", "--mode", "paper", CONFIRM=paper.tenant)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "SELL 1 SPY at the market" in done.stdout
        assert "the broker said so twice" in done.stdout
        assert "exited" in docker("inspect", "--format", "{{.State.Status}}", paper.container("engine"))
    finally:
        docker("start", f"watchkeeper-{paper.tenant}-supervisor-1", paper.container("engine"))
    paper.until(paper.all_well, "all to be well again")


def test_settings_are_made_by_hand_while_the_screen_is_there_and_the_next_start_is_no_login(paper: Stack) -> None:
    """The stand-in has no screen and is right from the start; the container is the real one's in all else."""
    name = paper.container("gateway")
    port = free_port()
    refused = paper.run("gateway-setup", "--mode", "paper")
    assert (refused.returncode, "CONFIRM=paper" in refused.stderr) == (2, True), refused.stderr
    done = paper.make("gateway-setup", "PAPER=1", CONFIRM=paper.tenant, HOST_PORT_VNC=str(port))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{paper.story()}"
    assert f"127.0.0.1:{port}, password:" in done.stdout
    assert "VNC_SERVER_PASSWORD" not in docker("inspect", name)
    paper.until(paper.all_well, "all to be well again")
    assert "a start with the token of a soft restart" in docker("logs", name)


def test_settings_are_made_over_the_api(paper: Stack) -> None:
    done = paper.make("gateway-setup", "PAPER=1", "BY_API=1", CONFIRM=paper.tenant)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{paper.story()}"
    assert "The gateway says that it writes its times in UTC." in done.stdout
    paper.until(paper.all_well, "all to be well again")


def test_an_upgrade_of_the_gateway_is_no_login(paper: Stack) -> None:
    name = paper.container("gateway")
    before = docker("exec", name, "cat", "/var/lib/ledger/attempts").splitlines()
    done = paper.make("upgrade", "PAPER=1", "GO=1", GATEWAY_MEMORY_MB="1700")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{paper.story()}"
    assert "made anew  ib-gateway" in done.stdout
    assert "a start with the token of a soft restart" in docker("logs", name)
    assert docker("exec", name, "cat", "/var/lib/ledger/attempts").splitlines() == before
    paper.until(paper.all_well, "all to be well again")


async def refusal(stack: Stack) -> set[int]:
    """The codes that an order of a client that is not ours is answered with."""
    client, codes = IB(), set[int]()
    await client.connectAsync("127.0.0.1", int(stack.environment["HOST_PORT_API"]), clientId=42, readonly=True)
    client.errorEvent += lambda _id, code, _text, _contract: codes.add(code)
    try:
        client.placeOrder(Stock("SPY", "SMART", "USD"), MarketOrder("BUY", 1))
        async with asyncio.timeout(30):
            while not codes & {201, 321}:
                await asyncio.sleep(0.05)
    finally:
        client.disconnect()
    return codes


async def test_a_backup_brings_the_settings_back_and_a_read_only_gateway_refuses_orders(paper: Stack) -> None:
    """Three things that each want the stack down once: a backup, a volume that was another user's, READ_ONLY=1."""
    assert writable(paper)
    kept = paper.make("backup", "PAPER=1")
    assert kept.returncode == 0, kept.stderr
    done = paper.make("down", "PAPER=1")
    assert done.returncode == 0, done.stderr
    image = "watchkeeper/supervisor:local"
    volume = f"watchkeeper-{paper.tenant}_gateway-settings:/settings"
    as_root = ("run", "--rm", "--user", "0", "--volume", volume, "--entrypoint")
    docker(*as_root, "rm", image, "/settings/kept")
    file = kept.stdout.split()[-1]
    other = paper.make("restore", "PAPER=1", f"FROM={file}", CONFIRM=paper.tenant, IB_ACCOUNT="DU7654321")
    assert (other.returncode, "found one of DUSIM0001" in other.stderr) == (2, True), other.stdout + other.stderr
    restored = paper.make("restore", "PAPER=1", f"FROM={file}", CONFIRM=paper.tenant)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    docker(*as_root, "chown", image, "-R", "0:0", "/settings")
    result = paper.make("up", "PAPER=1", READ_ONLY="1")
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}\n{paper.story()}"
    assert "kept" in docker("exec", paper.container("gateway"), "ls", SETTINGS)
    assert writable(paper)
    command = ("preflight", "--mode", "paper", "--only", "read-only", "--json")
    [check] = [
        one
        for one in json.loads(paper.run(*command, READ_ONLY_API="yes").stdout)["checks"]
        if one["name"] == "read-only"
    ]
    assert check["result"] == "pass", check
    assert 321 in await refusal(paper)
