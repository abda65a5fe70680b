"""Several tenants on one machine, and `python -m tests.e2e.several --tenants 20`: how many of them this one holds.

In a copy of the checkout, since a user's own may have files under tenants/. Every tenant is a stand-in; `--engines` of
them have an engine. What is measured is printed as one JSON line: until all are ready, memory and processor time of
each part over a quiet stretch, and what the death of one gateway is to the others. With `--changes 10` it is another
thing: for how long nobody answers while a tenant comes or goes, which has the supervisor start anew.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from supervisor.drill.ports import free_port
from tests.e2e.checkout import copied
from tests.e2e.stack import ROOT, docker
from tests.stand_in import wait_for

_READY_SECONDS = 300.0
_QUIET_SECONDS = 120.0
_LOOK_SECONDS = 0.02
_LIMITS = {"gateway_memory_mb": 256, "engine_memory_mb": 512}


class Several:
    """A copy of the checkout with tenants in it."""

    def __init__(self, root: Path, subnets: str) -> None:
        self.root = root
        self.subnets = subnets
        self.ports = {name: free_port() for name in ("SUPERVISOR", "PROMETHEUS", "ALERTMANAGER")}
        copied(root)
        ports = "".join(f"HOST_PORT_{name}={port}\n" for name, port in self.ports.items())
        (root / ".env").write_text(f"{ports}SUBNET_PREFIX={subnets}.255\n")

    def write(self, name: str, number: int, **settings: Any) -> None:
        usual = {
            "subnet_prefix": f"{self.subnets}.{number}",
            **{f"host_port_{port}": free_port() for port in ("api", "engine", "simulator")},
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in (usual | settings).items()]
        (self.root / f"tenants/{name}.toml").write_text("\n".join(lines))

    def login(self, name: str, user: str) -> None:
        folder = self.root / "secrets" / name
        folder.mkdir(parents=True)
        for secret in ("tws_userid", "tws_password"):
            (folder / secret).write_text(f"{user}\n")
            (folder / secret).chmod(0o600)

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if name != "TENANT"}
        return subprocess.run(
            ["scripts/watchkeeper", *words],
            cwd=self.root,
            env={**inherited, "CONFIRM": "live", **env},
            text=True,
            capture_output=True,
            timeout=900,
        )

    def get(self, path: str) -> Any:
        url = f"http://127.0.0.1:{self.ports['SUPERVISOR']}{path}"
        return httpx.get(url, timeout=5, trust_env=False).raise_for_status().json()

    def states(self) -> dict[str, tuple[str, str]]:
        rows = self.get("/api/v1/status")["tenants"]
        return {row["name"]: (row["gateway"]["state"], row["engine"]["state"]) for row in rows}

    def until(self, wanted: dict[str, tuple[str, str]]) -> None:
        """Wait for these states of gateways and engines."""
        wait_for(lambda: self.states() == wanted, _READY_SECONDS, self.states)

    def budgets(self) -> dict[str, int]:
        """How many restarts each gateway has left."""
        return {row["name"]: row["gateway"]["restarts_left"] for row in self.get("/api/v1/status")["tenants"]}

    def ids(self, name: str) -> list[str]:
        """The processes of its containers, but for those that make its volumes and end."""
        label = f"label=com.docker.compose.project=watchkeeper-{name}"
        found = docker("ps", "--quiet", "--no-trunc", "--filter", label).split()
        if not found:
            return []
        return sorted(docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", *found).splitlines())

    def close(self) -> None:
        for name in ("house", *json.loads((self.root / "var/house/slots.json").read_text())):
            project = ["docker", "compose", "--project-name", f"watchkeeper-{name}", "down", "--volumes"]
            subprocess.run([*project, "--remove-orphans"], check=False, capture_output=True, timeout=120)


class Measured:
    """What each container has used, by the engine's own counters."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.mib: dict[str, float] = {}
        for name in docker("ps", "--format", "{{.Names}}", "--filter", "name=watchkeeper-").split():
            if re.match(r"watchkeeper-(house|t\d+)-", name):
                told = json.loads(_stats(name))
                self.cpu[name] = told["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
                memory = told["memory_stats"]
                self.mib[name] = (memory["usage"] - memory["stats"].get("total_inactive_file", 0)) / 2**20


def _stats(name: str) -> bytes:
    transport = httpx.HTTPTransport(uds="/var/run/docker.sock")
    with httpx.Client(transport=transport, timeout=30) as client:
        return client.get(f"http://docker/containers/{name}/stats?stream=false&one-shot=true").content


def _role(name: str) -> str:
    house = re.fullmatch(r"watchkeeper-house-([a-z-]+)-1", name)
    return house[1] if house else name.split("-")[2]


def measure(fleet: Several, names: list[str], engines: int) -> dict[str, Any]:
    """Start them, let them be, and kill one."""
    begun = time.monotonic()
    came = fleet.run("up")
    if came.returncode:
        raise RuntimeError(f"{came.stdout[-2000:]}\n{came.stderr[-2000:]}")
    wanted = {name: ("READY", "TRADING" if number < engines else "ABSENT") for number, name in enumerate(names)}
    fleet.until(wanted)
    ready = time.monotonic() - begun

    before, at = Measured(), time.monotonic()
    time.sleep(_QUIET_SECONDS)  # what is measured is that nothing happens
    after, seconds = Measured(), time.monotonic() - at
    cores, mib = defaultdict(list), defaultdict(list)
    for name, spent in after.cpu.items():
        cores[_role(name)].append((spent - before.cpu[name]) / seconds)
        mib[_role(name)].append(after.mib[name])

    ids = {name: fleet.ids(name) for name in names}
    killed = time.monotonic()
    docker("kill", f"watchkeeper-{names[-1]}-gateway")
    wait_for(lambda: fleet.get(f"/api/v1/incidents?tenant={names[-1]}"), _READY_SECONDS)
    fleet.until(wanted)
    well = time.monotonic() - killed
    incidents = [row for name in names[:-1] for row in fleet.get(f"/api/v1/incidents?tenant={name}")]
    faults = {row["fault"] for row in incidents}
    return {
        "tenants": len(names),
        "engines": engines,
        "ready_s": round(ready, 1),
        "quiet_s": round(seconds, 1),
        "load": round(os.getloadavg()[0], 1),
        "cores": {role: {"each": round(sum(of) / len(of), 5), "all": round(sum(of), 4)} for role, of in cores.items()},
        "mib": {role: {"each": round(sum(of) / len(of), 1), "max": round(max(of), 1)} for role, of in mib.items()},
        "one_killed_well_again_s": round(well, 1),
        "others_untouched": all(fleet.ids(name) == ids[name] for name in names[:-1]),
        "others_faults": sorted(faults - {"clock-skew"}),  # the host's
        "others_acts": Counter(act["rung"] for row in incidents for act in row["actions"]),
    }


class Silence:
    """The longest time between two answers of the supervisor, in seconds, while this is open."""

    def __init__(self, fleet: Several) -> None:
        self._fleet = fleet
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.longest = 0.0

    def __enter__(self) -> "Silence":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        last = time.monotonic()
        while not self._over.is_set():
            with suppress(httpx.HTTPError):
                self._fleet.get("/api/v1/status")
                self.longest, last = max(self.longest, time.monotonic() - last), time.monotonic()
            time.sleep(_LOOK_SECONDS)


def changes(fleet: Several, names: list[str], count: int) -> dict[str, Any]:
    """Have one more come and go, `count` times in all."""
    assert fleet.run("up").returncode == 0
    ready = {name: ("READY", "ABSENT") for name in names}
    fleet.until(ready)
    fleet.write("more", len(names), mode="sim", engine="none", **_LIMITS)
    docker("kill", f"watchkeeper-{names[0]}-gateway")  # so that a budget has been touched
    wait_for(lambda: fleet.get(f"/api/v1/incidents?tenant={names[0]}"), _READY_SECONDS)
    fleet.until(ready)
    ids, budgets, silences = {name: fleet.ids(name) for name in names}, fleet.budgets(), []
    for number in range(count):
        comes = number % 2 == 0
        with Silence(fleet) as silence:
            done = fleet.run("up" if comes else "down", TENANT="more")
            assert done.returncode == 0, done.stderr
            wanted = ready | ({"more": ("READY", "ABSENT")} if comes else {})
            fleet.until(wanted)
        silences.append(round(silence.longest, 2))
    kept = {name: spent for name, spent in fleet.budgets().items() if name in budgets}
    return {
        "tenants": len(names),
        "load": round(os.getloadavg()[0], 1),
        "silent_s": {"comes": silences[::2], "goes": silences[1::2]},
        "others_untouched": all(fleet.ids(name) == ids[name] for name in names) and kept == budgets,
        "others_faults": [],
    }


def main() -> int:
    """Exit code 1 where the death of one was anything to another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=20)
    parser.add_argument("--engines", type=int, default=0, help="how many of them have one")
    parser.add_argument("--changes", type=int, default=0, help="how often one comes or goes")
    parser.add_argument("--subnets", default="10.97")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fleet = Several(Path(folder), options.subnets)
        names = [f"t{number:02}" for number in range(options.tenants)]
        for number, name in enumerate(names):
            engine = "on" if number < options.engines else "none"
            fleet.write(name, number, mode="sim", engine=engine, **_LIMITS)
        try:
            told = changes(fleet, names, options.changes) if options.changes else measure(fleet, names, options.engines)
        finally:
            fleet.close()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    print(json.dumps({"commit": commit.stdout.strip(), **told}))
    return 0 if told["others_untouched"] and not told["others_faults"] else 1


if __name__ == "__main__":
    sys.exit(main())
