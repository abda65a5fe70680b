"""Two stand-ins in containers under one supervisor: one's death is not the other's, and they log in in turn."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from supervisor.drill.ports import free_port
from tests.e2e.stack import Stack
from tests.stand_in import Process, wait_for

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
URL = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
NAMES = tuple(f"two-{os.getpid()}-{letter}" for letter in "ab")
WAIT = 60.0
BOOT = 3.0


def docker(*words: str) -> None:
    subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=60)


class Two:
    """Two tenants that may be watched, and a supervisor on this host."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ports = {name: free_port() for name in NAMES}
        self.url = f"http://127.0.0.1:{free_port()}"
        tables = []
        for name in NAMES:
            own = directory / name
            for folder in ("mailbox", "ledger", "hold", "secrets"):
                (own / folder).mkdir(parents=True)
                (own / folder).chmod(0o777)
            for secret in ("tws_userid", "tws_password"):
                (own / "secrets" / secret).write_text("stand-in\n")
            folders = "\n".join(f'{folder}_dir = "{own / folder}"' for folder in ("mailbox", "ledger", "hold"))
            # The first has few restarts: it is given up on before long.
            few = 'container_restart_budget = "2/15m"' if name == NAMES[0] else ""
            tables.append(f"""[{name}]
{few}
mode = "sim"
ib_account = "{self.account(name)}"
gateway_host = "127.0.0.1"
gateway_port = {self.ports[name]}
engine = "none"
login_budget = "1000/24h"
{folders}
""")
        (directory / "tenants.toml").write_text("\n".join(tables))
        for token in ("operator_token", "machine_token"):
            (directory / token).write_text(token)
        self.supervisor = Process(
            "supervisor",
            "supervisor",
            {
                "TENANTS_FILE": str(directory / "tenants.toml"),
                "DOCKER_HOST": URL,
                "STATE_DIR": str(directory),
                "SECRETS_DIR": str(directory),
                "LISTEN_HOST": "127.0.0.1",
                "LOGINS_AT_ONCE": "1",
                "LISTEN_PORT": self.url.rpartition(":")[2],
                "SUPERVISOR_URL": self.url,
                "ALERTMANAGER_URL": f"http://127.0.0.1:{free_port()}",
            },
            directory,
        )

    def account(self, name: str) -> str:
        return f"DUSIM000{NAMES.index(name)}"

    def run(self, name: str) -> None:
        """As compose.yaml runs it, with folders in place of volumes."""
        own = self.directory / name
        docker(
            *("run", "-d", "--init", "--name", f"watchkeeper-{name}-gateway", "--restart", "unless-stopped"),
            *("--label", "watchkeeper.role=gateway", "--label", f"watchkeeper.tenant={name}", "--user", "1000:1000"),
            *("-p", f"127.0.0.1:{self.ports[name]}:4004", "-v", f"{ROOT}/gateway/ibkr:/opt/watchkeeper:ro"),
            *("-v", f"{own}/mailbox:/run/mailbox", "-v", f"{own}/ledger:/var/lib/ledger"),
            *("-v", f"{own}/hold:/var/lib/hold:ro", "-v", f"{own}/secrets:/run/secrets:ro"),
            *("-e", "TRADING_MODE=paper", "-e", "READ_ONLY_API=no", "-e", "TIME_ZONE=Etc/UTC"),
            *("-e", "TWS_USERID_FILE=/run/secrets/tws_userid", "-e", "TWS_PASSWORD_FILE=/run/secrets/tws_password"),
            *("-e", "MAILBOX_DIR=/run/mailbox", "-e", "LEDGER_DIR=/var/lib/ledger", "-e", "HOLD_DIR=/var/lib/hold"),
            *("-e", "SIM_STATE_DIR=/home/ibgateway/state", "-e", "TWS_SETTINGS_PATH=/home/ibgateway/state"),
            *("-e", f"SIM_BOOT_SECONDS={BOOT:g}"),
            *("-e", f"SIM_ACCOUNT={self.account(name)}", "-e", "LOGIN_BUDGET=1000/24h"),
            *("--entrypoint", "bash", "watchkeeper/simulator:local"),
            *("/opt/watchkeeper/entrypoint.sh", "/home/ibgateway/scripts/run.sh"),
        )

    def tenants(self) -> dict[str, Any]:
        body = httpx.get(f"{self.url}/api/v1/status", trust_env=False).json()
        return {tenant["name"]: tenant for tenant in body["tenants"]}

    def incidents(self, name: str) -> set[str]:
        rows = httpx.get(f"{self.url}/api/v1/incidents?tenant={name}", trust_env=False).json()
        return {row["fault"] for row in rows} - {"clock-skew"}  # the host's

    def until(self, true: Callable[[], object]) -> None:
        wait_for(true, WAIT, self.supervisor.tail)

    def ready(self, *names: str) -> Callable[[], bool]:
        def ask() -> bool:
            found = self.tenants()
            return found.keys() == set(names) and all(one["gateway"]["state"] == "READY" for one in found.values())

        return ask

    def seen_after(self, name: str) -> list[float]:
        """How long each death of its gateway took to be seen."""
        rows = httpx.get(f"{self.url}/api/v1/incidents?tenant={name}", trust_env=False).json()
        return [row["detection_seconds"] for row in rows if row["fault"] == "container-exit"]

    def login(self, name: str) -> tuple[int, int]:
        """How many logins the ledger has, and when the last was made."""
        lines = (self.directory / name / "ledger" / "attempts").read_text().splitlines()
        return len(lines), int(lines[-1].split()[0])

    def logged(self, event: str) -> list[dict[str, Any]]:
        lines = (json.loads(line) for line in self.supervisor.log.read_text().splitlines() if line.startswith("{"))
        return [line for line in lines if line["event"] == event]


@pytest.fixture
def two(stack: Stack, tmp_path: Path) -> Iterator[Two]:
    """After the shared stack, which has built the image."""
    made = Two(tmp_path)
    try:
        yield made
    finally:
        made.supervisor.kill()
        for name in NAMES:
            subprocess.run(["docker", "rm", "-f", f"watchkeeper-{name}-gateway"], capture_output=True, timeout=60)


def test_one_appears_one_dies_and_one_goes(two: Two) -> None:
    first, second = NAMES
    two.run(first)
    two.supervisor.start()
    two.until(two.ready(first))  # and the shared stack's tenants are none of its business
    two.run(second)
    two.until(two.ready(first, second))

    docker("kill", f"watchkeeper-{first}-gateway")
    two.until(lambda: "container-exit" in two.incidents(first))
    two.until(two.ready(first, second))
    assert two.incidents(second) == set()

    before = {name: two.login(name)[0] for name in NAMES}
    docker("kill", *(f"watchkeeper-{name}-gateway" for name in NAMES))
    two.until(lambda: any("waits for its turn to log in" in one["sentence"] for one in two.tenants().values()))
    two.until(two.ready(first, second))
    assert {name: two.login(name)[0] - before[name] for name in NAMES} == dict.fromkeys(NAMES, 1)
    one, other = sorted(two.login(name)[1] for name in NAMES)
    assert other - one >= BOOT - 1, "one logs in when the other is through; stamps are whole seconds"

    # One that is given up on leaves the other's detection, budget and cure as they were.
    left = two.tenants()[second]["gateway"]["restarts_left"]
    docker("kill", f"watchkeeper-{first}-gateway")
    two.until(lambda: two.tenants()[first]["gateway"]["state"] == "GAVE_UP")
    assert two.tenants()[second]["gateway"]["restarts_left"] == left
    known = two.seen_after(second)
    docker("kill", f"watchkeeper-{second}-gateway")
    two.until(lambda: len(two.seen_after(second)) > len(known))
    two.until(lambda: two.tenants()[second]["gateway"]["state"] == "READY")
    assert two.tenants()[second]["gateway"]["restarts_left"] == left - 1
    assert two.tenants()[first]["gateway"]["state"] == "GAVE_UP"
    docker("start", f"watchkeeper-{first}-gateway")
    two.until(two.ready(first, second))

    docker("rm", "-f", f"watchkeeper-{second}-gateway")
    two.until(lambda: two.logged("tenant is gone, with its containers"))
    two.until(lambda: two.tenants()[second]["gateway"]["state"] == "ABSENT")
    [gone] = two.logged("tenant is gone, with its containers")
    assert (gone["tenant"], gone["flat"]) == (second, True)
    assert [page for page in two.logged("page") if page["tenant"] == second] == []
    assert two.tenants()[first]["gateway"]["state"] == "READY"
