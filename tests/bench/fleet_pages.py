"""How many messages people get of a simulated fleet's alerts: asked of Alertmanager itself, with the house's routes.

Its clock cannot be injected. So all of its times, and the alerts', are divided by `PACE`, and it runs that much faster
than the fleet did. The receivers are one webhook here.
"""

import asyncio
import json
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from dotenv import dotenv_values

from supervisor.drill.ports import free_port
from tests.bench.fleet import Case, played
from tests.bench.fleet_alerts import Alert, Watch, of_all

PACE = 20
FILE = Path("docs/data/fleet-pages.jsonl")
_HALF_AN_HOUR, _AN_HOUR = 1800.0, 3600.0
_ROUTES = Path("alertmanager/alertmanager.yml")
_TIMES = re.compile(r"(group_wait|group_interval|repeat_interval): (\d+)([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def scaled(routes: str, url: str) -> str:
    """The house's own routes and inhibitions, `PACE` times as fast, to one webhook."""
    told = _TIMES.sub(lambda m: f"{m[1]}: {int(m[2]) * _SECONDS[m[3]] * 1000 // PACE}ms", routes)
    head, _, _ = told.rpartition("\nreceivers:\n")
    ways = {name: {"webhook_configs": [{"url": f"{url}/{name}"}]} for name in ("person", "notice")}
    names = ("nowhere", "person", "notice", "dead-man")
    return head + "\nreceivers:\n" + "".join(f"  - {json.dumps({'name': n, **ways.get(n, {})})}\n" for n in names)


@dataclass
class Inbox:
    """What arrived: at whom, and whether it told of anything new or only that something is over."""

    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1]) if length else 0)
                self.messages.append((head.split()[1].decode().strip("/"), json.loads(body)))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    def told(self) -> dict[str, Any]:
        """Messages at a person, those of which say that something is over and no more, and of what they are."""
        person = [body for who, body in self.messages if who == "person"]
        of = Counter(body["groupLabels"]["alertname"] for body in person)
        return {
            "person": len(person),
            "person_only_over": sum(body["status"] == "resolved" for body in person),
            "notice": len(self.messages) - len(person),
            "of": dict(of.most_common()),
        }


@asynccontextmanager
async def alertmanager(url: str) -> AsyncIterator[str]:
    """The image's own, in this machine's network, until the block is left."""
    image = dotenv_values("var/images.env")["ALERTMANAGER_IMAGE"]
    assert image
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "routes.yml").write_text(scaled(_ROUTES.read_text(), url))
        command = ["run", "--detach", "--network", "host", "--tmpfs", "/tmp:mode=1777"]
        command += ["--volume", f"{folder}:/routes:ro", "--entrypoint", "prometheus-alertmanager", image]
        command += ["--config.file=/routes/routes.yml", "--storage.path=/tmp/am", "--cluster.listen-address="]
        command += [f"--web.listen-address=127.0.0.1:{port}"]
        made = await _docker(*command)
        try:
            await _ready(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            await _docker("rm", "--force", made)


async def _docker(*words: str) -> str:
    made = await asyncio.create_subprocess_exec("docker", *words, stdout=asyncio.subprocess.PIPE)
    said, _ = await made.communicate()
    if made.returncode:
        raise RuntimeError(f"docker {words[0]}: exit code {made.returncode}")
    return said.decode().strip()


async def _ready(url: str) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as client:
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get(f"{url}/-/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.1)


async def messages(alerts: Sequence[Alert], since: float, until: float) -> dict[str, Any]:
    """What people get of these alerts from `since` to `until`. Takes (until - since) / PACE seconds."""
    inbox = Inbox()
    server = await asyncio.start_server(inbox.serve, "127.0.0.1", 0)
    where = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    edges = [(one.began, True, one) for one in alerts] + [
        (one.ended, False, one) for one in alerts if one.ended is not None
    ]
    edges = sorted((edge for edge in edges if since <= edge[0] < until), key=lambda edge: edge[0])
    async with server, alertmanager(where) as url, httpx.AsyncClient(trust_env=False, timeout=30) as client:
        loop = asyncio.get_running_loop()
        begun, wall = loop.time(), datetime.now(UTC)
        while edges:
            first = edges[0][0]
            batch = [edge for edge in edges if edge[0] < first + 1.0]
            edges = edges[len(batch) :]
            await asyncio.sleep(max(0.0, begun + (first - since) / PACE - loop.time()))
            posted = [_posted(one, begins, wall) for _, begins, one in batch]
            (await client.post(f"{url}/api/v2/alerts", json=posted)).raise_for_status()
        await asyncio.sleep(max(0.0, begun + (until - since) / PACE - loop.time()))
    return inbox.told() | {"alerts": len({one.labels for one in alerts})}


def _posted(one: Alert, begins: bool, wall: datetime) -> dict[str, Any]:
    now = datetime.now(UTC)
    ends = now + timedelta(hours=2) if begins else now
    return {"labels": dict(one.labels), "startsAt": wall.isoformat(), "endsAt": ends.isoformat()}


async def measure(seed: int) -> None:
    """Every case that is not on record yet: small ones first, half an hour or an hour of the fleet's time each."""
    sizes, scenes = (1, 20, 100, 500), ("reset", "bad-image")
    cases = [(Case(scene, count, 0, seed=seed), _HALF_AN_HOUR) for count in sizes for scene in scenes]
    cases += [(Case("relogin", 20, at_once, seed=seed), _AN_HOUR) for at_once in (1, 2, 4, 0)]
    known = [json.loads(line)["case"] for line in FILE.read_text().splitlines()] if FILE.exists() else []
    for case, lasts in cases:
        if asdict(case) not in known:
            _record(await asked(case, lasts))


def _record(row: dict[str, Any]) -> None:
    with FILE.open("a") as file:
        file.write(json.dumps(row) + "\n")


async def asked(case: Case, lasts: float) -> dict[str, Any]:
    """What people get of that case."""
    watches, since = played(case, lambda tenant: Watch(tenant, market_open=True), lasts)
    told = await messages(of_all(watches, since + lasts), since, since + lasts)
    return {"case": asdict(case), "seconds": lasts, **told}
