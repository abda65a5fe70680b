"""Our own stacks in a Swarm of three managers: three tenants on stand-ins, each pinned to a node of its own.

What is told comes from each node's own engine, supervisor and ledger, not from Swarm's word for them.
"""

import json
import os
import subprocess
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from grafana.words import READY
from tests.e2e.checkout import copied
from tests.e2e.swarm import Swarm
from tests.grafana.test_queries import QUERIES

TENANTS = {"one": "a", "two": "b", "three": "c"}
"""Each tenant's node."""
WITH_ENGINE = "two"
BUDGET = 6
"""Logins that a ledger allows in half an hour: enough for the faults and upgrades, and for a move after them."""
_STATUS = """import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:9180/api/v1/status", timeout=5).read().decode())
"""


class Stacks:
    """A checkout with three tenants, deployed on a Swarm."""

    def __init__(self, it: Swarm, root: Path) -> None:
        self.it = it
        self.root = root
        copied(root)
        for tenant, node in TENANTS.items():
            engine = "on" if tenant == WITH_ENGINE else "none"
            # An engine that opens nothing: what is open at the broker would keep an upgrade waiting.
            said = {
                "mode": "sim",
                "node": node,
                "engine": engine,
                "strategy": "none",
                "login_budget": f"{BUDGET}/30m,20/24h",
            }
            lines = [f"{key} = {json.dumps(value)}" for key, value in said.items()]
            (root / f"tenants/{tenant}.toml").write_text("\n".join(lines) + "\n")

    def run(self, *words: str, asked: str = "a", **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours on a manager."""
        inherited = {name: value for name, value in os.environ.items() if name != "TENANT"}
        return subprocess.run(
            ["scripts/watchkeeper", *words],
            cwd=self.root,
            env=inherited | {"DOCKER_HOST": self.it.socket(asked)} | env,
            text=True,
            capture_output=True,
            timeout=1800,
            check=False,
        )

    def seen(self, asked: str = "a") -> dict[str, str]:
        """What `make stack-status` says of each gateway."""
        told = json.loads(self.run("stack-status", "--json", asked=asked).stdout)
        return {row["tenant"]: row["state"] for row in told["gateways"]}

    def row(self, tenant: str) -> dict[str, Any]:
        """A tenant as its node's supervisor tells of it. Raises: RuntimeError, where that does not."""
        node = TENANTS[tenant]
        told = json.loads(self.it.docker(node, "exec", self._supervisor(node), "python", "-c", _STATUS))
        for row in told["tenants"]:
            if row["name"] == tenant:
                return dict(row)
        raise RuntimeError(f"the supervisor of {node} does not tell of {tenant}")

    def trading(self, tenant: str) -> bool:
        """Whether its node's supervisor calls it so."""
        return bool(self.row(tenant)["verdict"] == "trading")

    def logins(self, tenant: str) -> int:
        """Lines of its ledger."""
        node = TENANTS[tenant]
        ledger = f"/run/tenants/{tenant}/ledger/attempts"
        return len(self.it.docker(node, "exec", self._supervisor(node), "cat", ledger).splitlines())

    def dashboard(self, asked: str = "a") -> dict[str, str]:
        """What the Fleet dashboard shows of each tenant, by the Prometheus of all nodes on one of them."""
        rows = self.query(asked, "fleet", QUERIES["Who could trade when?", "{{tenant}}"])
        return {row["metric"]["tenant"]: READY[int(row["value"][1])][0] for row in rows}

    def query(self, node: str, service: str, expr: str) -> list[dict[str, Any]]:
        """What a Prometheus of a node answers."""
        one = self.it.docker(node, "ps", "--quiet", "--filter", f"name=watchkeeper-house-{node}_{service}").strip()
        words = ("promtool", "query", "instant", "--format=json", "http://127.0.0.1:9090", expr)
        found: list[dict[str, Any]] = json.loads(self.it.docker(node, "exec", one, *words))
        return found

    def unknown(self, asked: str = "a") -> list[str]:
        """Of whom `make status` says that nobody knows."""
        done = self.run("status", "--json", asked=asked)
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stderr)
        told = json.loads(done.stdout)
        return sorted(one["name"] for node in told["nodes"] for one in node["unknown"])

    def running(self, tenant: str, node: str) -> list[str]:
        """Containers of a tenant that run on a node."""
        return self._of(tenant, node)

    def ids(self, tenant: str) -> list[str]:
        """Its gateway and its engine, of what runs on its node."""
        return sorted(self._of(tenant, TENANTS[tenant]))

    def elsewhere(self) -> list[str]:
        """Containers of a tenant on another's node, also those that have ended."""
        found = []
        for tenant in TENANTS:
            for node in set(TENANTS.values()) - {TENANTS[tenant]}:
                found += self._of(tenant, node, "--all")
        return found

    def gateway(self, tenant: str) -> dict[str, Any]:
        """The state of the one gateway that runs, by its node's engine."""
        node = TENANTS[tenant]
        (one,) = self._of(tenant, node, "--filter", "label=watchkeeper.role=gateway")
        state: dict[str, Any] = json.loads(self.it.docker(node, "inspect", "--format", "{{json .State}}", one))
        return state

    def two_at_once(self, tenant: str) -> float:
        """Seconds for which two gateways of a tenant have run side by side, by their own times."""
        node, lives = TENANTS[tenant], []
        for one in self._of(tenant, node, "--all", "--filter", "label=watchkeeper.role=gateway"):
            state = json.loads(self.it.docker(node, "inspect", "--format", "{{json .State}}", one))
            end = datetime.now(UTC) if state["Running"] else moment(state["FinishedAt"])
            lives.append((moment(state["StartedAt"]), end))
        lives.sort()
        return round(sum(max(0.0, (end - start).total_seconds()) for (_, end), (start, _) in pairwise(lives)), 3)

    def _of(self, tenant: str, node: str, *more: str) -> list[str]:
        label = f"label=watchkeeper.tenant={tenant}"
        return self.it.docker(node, "ps", "--quiet", "--filter", label, *more).split()

    def _supervisor(self, node: str) -> str:
        return self.it.docker(node, "ps", "--quiet", "--filter", f"name=watchkeeper-house-{node}_supervisor").strip()


def moment(text: str) -> datetime:
    """A time as Docker writes it."""
    return datetime.fromisoformat(text[:23].rstrip("Z") + "+00:00")
