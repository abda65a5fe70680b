"""Several tenants on stand-ins, in a Docker engine of their own: beside whatever fleet this machine has.

The checkout is copied, since tenants have files in it. The images are the outer engine's, so nothing is built.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from dotenv import dotenv_values

from tests.e2e.checkout import copied
from tests.e2e.powercut import House

_UP = """
import sys
from supervisor import stack
stack.build = lambda root, plan: None
from supervisor.fleet.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


class Fleet:
    """The commands and the APIs of a fleet whose Docker engine is `home`'s."""

    def __init__(self, home: House, tenants: Mapping[str, Mapping[str, str]], **shared: str) -> None:
        """
        Args:
            home: where it runs; this process stands in its network.
            tenants: what each one's file says, beside what every stand-in's does.
            shared: what `.env` says.
        """
        self.root = home.folder / "checkout"
        copied(self.root)
        (self.root / ".env").write_text("".join(f"{name}={value}\n" for name, value in shared.items()))
        self.names = list(tenants)
        roll = datetime.now(ZoneInfo("America/New_York")) + timedelta(hours=12)
        for name, own in tenants.items():
            said = {"mode": "sim", "sim_day_start": f"{roll:%H}:00", **own}
            text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in said.items())
            (self.root / "tenants" / f"{name}.toml").write_text(text)

    def up(self) -> subprocess.CompletedProcess[str]:
        """`make up`, but for building."""
        return self._run([sys.executable, "-c", _UP, "up"], {})

    def run(self, *words: str, tenant: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """A command behind the Makefile."""
        return self._run(["scripts/watchkeeper", *words], env | ({} if tenant is None else {"TENANT": tenant}))

    def _run(self, words: list[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("TENANT", "SUBNET_PREFIX")}
        return subprocess.run(
            words, cwd=self.root, env={**kept, **env}, text=True, capture_output=True, check=False, timeout=1500
        )

    def port(self, tenant: str, service: str) -> str:
        """Where a service of a tenant listens."""
        found = dotenv_values(self.root / "var" / tenant / "compose.env")[f"HOST_PORT_{service}"]
        assert found is not None
        return found

    def get(self, tenant: str, service: str, path: str) -> Any:
        """What it answers."""
        url = f"http://127.0.0.1:{self.port(tenant, service)}{path}"
        return httpx.get(url, timeout=5, trust_env=False).raise_for_status().json()

    def inject(self, tenant: str, fault: str, **parameters: float) -> None:
        """Switch a fault of its stand-in on."""
        url = f"http://127.0.0.1:{self.port(tenant, 'SIMULATOR')}/api/v1/faults/{fault}"
        httpx.post(url, json=parameters, timeout=10, trust_env=False).raise_for_status()

    def rows(self) -> dict[str, dict[str, Any]]:
        """Each tenant's row of the status."""
        found = self.get(self.names[0], "SUPERVISOR", "/api/v1/status")["tenants"]
        return {row["name"]: row for row in found}

    def trading(self, *names: str) -> bool:
        """Whether these trade; without names, all."""
        rows = self.rows()
        return all(name in rows and rows[name]["verdict"] == "trading" for name in names or self.names)

    def incidents(self, tenant: str) -> list[dict[str, Any]]:
        """Its incidents, but for those of the host's clock."""
        found = self.get(tenant, "SUPERVISOR", f"/api/v1/incidents?tenant={tenant}&limit=1000")
        return [row for row in found if row["fault"] != "clock-skew"]

    def ticks(self, tenant: str) -> float:
        """How many ticks its engine has heard."""
        url = f"http://127.0.0.1:{self.port(tenant, 'ENGINE')}/metrics"
        found = re.search(
            r"^watchkeeper_engine_ticks_total\S* (\S+)$", httpx.get(url, timeout=5, trust_env=False).text, re.MULTILINE
        )
        assert found is not None
        return float(found[1])

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 240.0) -> Any:
        """Wait until `condition` gives something true; services that do not answer are waited for."""
        deadline, last = time.monotonic() + seconds, None
        while time.monotonic() < deadline:
            try:
                if last := condition():
                    return last
            except (httpx.HTTPError, KeyError, IndexError, AssertionError) as error:
                last = error
            time.sleep(0.1)
        raise TimeoutError(f"expected {what} within {seconds:g} s; last look: {last!r}\n{self.run('status').stdout}")


def docker(*words: str) -> str:
    """A command of the inner engine's."""
    return subprocess.run(["docker", *words], text=True, capture_output=True, check=True, timeout=120).stdout
