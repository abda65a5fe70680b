"""The recorded day of tests.e2e.trading_day in a real Prometheus, and dashboards' queries asked of it."""

from __future__ import annotations

import gzip
import json
import math
import re
import subprocess
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from dotenv import dotenv_values

from tests.e2e.trading_day import DAY, STEP

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
_LOAD_AND_SERVE = """
promtool tsdb create-blocks-from openmetrics --quiet /day/day.om /data >/dev/null &&
exec prometheus --config.file=/day/none.yml --storage.tsdb.path=/data --storage.tsdb.retention.time=100y \
  --query.lookback-delta={lookback}s --web.listen-address=0.0.0.0:9090 --log.level=error
"""


@dataclass(frozen=True)
class Moment:
    """When something was as the witnesses say."""

    name: str
    at: float
    seen: dict[str, Any]


class Day:
    """What was recorded."""

    def __init__(self, whole: dict[str, Any]) -> None:
        self.tenant: str = whole["tenant"]
        self.moments = [Moment(one["name"], one["at"], one["seen"]) for one in whole["moments"]]
        self.incidents: list[dict[str, Any]] = whole["incidents"]
        self.series: list[dict[str, Any]] = whole["series"]

    @classmethod
    def recorded(cls, path: Path = DAY) -> Day:
        return cls(json.loads(gzip.decompress(path.read_bytes())))

    @cached_property
    def span(self) -> tuple[float, float]:
        """From the first sample to the last."""
        moments = [at for row in self.series for at, _ in (row["values"][0], row["values"][-1])]
        return min(moments), max(moments)

    def moment(self, name: str) -> Moment:
        return next(one for one in self.moments if one.name == name)

    def openmetrics(self) -> Iterator[str]:
        """Every sample, as promtool reads it."""
        for row in self.series:
            labels = {key: value for key, value in row["metric"].items() if key != "__name__"}
            inside = ",".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in sorted(labels.items()))
            for at, value in row["values"]:
                yield f"{row['metric']['__name__']}{{{inside}}} {value} {at}\n"
        yield "# EOF\n"


class Past:
    """A Prometheus that remembers the day."""

    def __init__(self, url: str, day: Day) -> None:
        self._client = httpx.Client(base_url=url, timeout=10, trust_env=False)
        self.day = day

    def close(self) -> None:
        self._client.close()

    def ready(self) -> bool:
        try:
            return self._client.get("/-/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def ask(self, expr: str, at: float) -> list[tuple[dict[str, str], float]]:
        """What Grafana would be given at that moment, NaN left out as it leaves it out. Raises: AssertionError."""
        answer = self._client.get("/api/v1/query", params={"query": self._filled(expr, at), "time": at}).json()
        assert answer["status"] == "success", f"{expr}: {answer.get('error')}"
        rows = [(row["metric"], float(row["value"][1])) for row in answer["data"]["result"]]
        return [(labels, value) for labels, value in rows if not math.isnan(value)]

    def _filled(self, expr: str, at: float) -> str:
        """With Grafana's variables."""
        whole = f"{math.ceil(at - self.day.span[0])}s"
        filled = {"$tenant": self.day.tenant, "$__range": whole, "$__rate_interval": "1m"}
        for name, value in filled.items():
            expr = expr.replace(name, value)
        assert "$" not in expr, f"a variable that nobody fills: {expr}"
        return expr


@contextmanager
def past(day: Day, folder: Path) -> Iterator[Past]:
    """The day in the image that the stack itself uses. A sample counts for one step, so a gap stays one."""
    folder.chmod(0o755)
    (folder / "day.om").write_text("".join(day.openmetrics()))
    (folder / "none.yml").write_text("")
    image = dotenv_values(ROOT / "var" / "images.env")["PROMETHEUS_IMAGE"]
    assert image
    command = ["docker", "run", "--detach", "--rm", "--publish", "127.0.0.1::9090", "--tmpfs", "/data:mode=1777"]
    command += ["--volume", f"{folder}:/day:ro", "--entrypoint", "sh", image, "-c"]
    container = _run(*command, _LOAD_AND_SERVE.format(lookback=STEP + 1))
    try:
        port = re.findall(r":(\d+)$", _run("docker", "port", container, "9090"), re.MULTILINE)[0]
        with closing(Past(f"http://127.0.0.1:{port}", day)) as made:
            deadline = time.monotonic() + 60
            while not made.ready():
                assert time.monotonic() < deadline, _run("docker", "logs", container)
                time.sleep(0.1)
            yield made
    finally:
        _run("docker", "rm", "--force", container)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
