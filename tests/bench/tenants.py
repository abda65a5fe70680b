"""`make bench TENANTS=100`: what a supervisor of many gateways costs, and how punctual it stays.

The supervisor is a process of its own, as it is in its container. Its peers are cheap ones in this process: a Docker
API of the tests, and for each tenant a gateway that answers the handshake, startApi, the time, positions and orders and
sends a tick a second, and a mailbox that is written every 2 s. Nothing fails, except where an engine's container dies
on purpose.
"""

import asyncio
import json
import os
import random
import re
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

from supervisor.drill.ports import free_port
from supervisor.policy import Policy
from tests.fake_docker import FakeDocker
from tests.stand_in import Process
from tws.frames import Field, FrameReader, decode_fields, encode_fields, frame

VERSION = 200
HEART = Policy().heart_interval
_TICK = 1.0
_MAILBOX = 2.0
_SETTLED = 75.0  # the preflights that follow each gateway's being ready are over: four at a time, half unanswered

type Tell = Callable[[str, str, list[float]], None]


def text(*fields: Field) -> bytes:
    return frame(encode_fields(*fields))


class Gateway:
    """One gateway, for one client at a time."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.port = 0
        self.beats: list[float] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ticks: asyncio.Task[None] | None = None
        frames = FrameReader()
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readexactly(4)  # API\0
            while data := await reader.read(65536):
                for message in frames.feed(data):
                    if message.startswith(b"v"):
                        writer.write(text(VERSION, time.strftime("%Y%m%d %H:%M:%S UTC", time.gmtime())))
                        continue
                    words = decode_fields(message)
                    if words[0] == "1":
                        ticks = asyncio.create_task(self._tick(writer, words[2]))
                    else:
                        writer.write(self._answer(words[0]))
        if ticks is not None:
            ticks.cancel()
        writer.close()

    def _answer(self, kind: str) -> bytes:
        if kind == "71":
            return text(15, 1, self.account) + text(9, 1, 1)
        if kind == "49":
            self.beats.append(time.monotonic())
            return text(49, 1, int(time.time()))
        return {"61": text(62, 1), "16": text(53, 1)}.get(kind, b"")

    async def _tick(self, writer: asyncio.StreamWriter, number: str) -> None:
        while not writer.is_closing():
            writer.write(text(1, 6, number, 4, 100.0, 1, 0))
            await asyncio.sleep(_TICK)


async def alertmanager(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One that takes all: this machine's clock may be unsynchronised, which each tenant tells of."""
    with suppress(OSError, asyncio.IncompleteReadError):
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    writer.close()


async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An engine that trades, whatever it is asked."""
    with suppress(OSError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({"state": "TRADING", "connection": {"client_id": 1}, "ok": True}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
    writer.close()


class Peers:
    """Everything that `count` tenants need around a supervisor, and the supervisor."""

    def __init__(self, count: int, directory: Path, *, engine: bool) -> None:
        self.names = [f"t{number}" for number in range(count)]
        self.gateways = {name: Gateway(f"DUSIM{number:04}") for number, name in enumerate(self.names)}
        self.docker = FakeDocker()
        self.directory = directory
        self.port, self._alerts = free_port(), free_port()
        self._engine = engine
        self._mailboxes: asyncio.Task[None] | None = None
        self._servers: list[asyncio.Server] = []
        self.supervisor = Process("supervisor", "supervisor", self._environment(), directory)

    def _environment(self) -> dict[str, str]:
        return {
            "TENANTS_FILE": str(self.directory / "tenants.toml"),
            "DOCKER_HOST": self.docker.url,
            "STATE_DIR": str(self.directory),
            "SECRETS_DIR": str(self.directory),
            "LISTEN_HOST": "127.0.0.1",
            "LISTEN_PORT": str(self.port),
            "SUPERVISOR_URL": f"http://127.0.0.1:{self.port}",
            "ALERTMANAGER_URL": f"http://127.0.0.1:{self._alerts}",
            "MALLOC_ARENA_MAX": "1",  # as in compose.yaml
        }

    async def start(self) -> None:
        self._servers.append(await asyncio.start_server(alertmanager, "127.0.0.1", self._alerts))
        lines = []
        for name, gateway in self.gateways.items():
            await gateway.start()
            self.docker.add(name)
            url = "http://127.0.0.1:1"
            if self._engine:
                self.docker.add(name, "engine")
                self._servers.append(await asyncio.start_server(engine, "127.0.0.1", 0))
                url = f"http://127.0.0.1:{self._servers[-1].sockets[0].getsockname()[1]}"
            own = self.directory / name
            own.mkdir()
            folders = "\n".join(f'{folder}_dir = "{own}"' for folder in ("mailbox", "ledger", "hold"))
            lines.append(f"""[{name}]
mode = "sim"
ib_account = "{gateway.account}"
gateway_host = "127.0.0.1"
gateway_port = {gateway.port}
engine = "{"on" if self._engine else "none"}"
engine_url = "{url}"
{folders}
""")
        (self.directory / "tenants.toml").write_text("\n".join(lines))
        for token in ("operator_token", "machine_token"):
            (self.directory / token).write_text(token)
        self._mailboxes = asyncio.create_task(self._write_mailboxes())
        self.supervisor.start()
        await self._ready()

    async def _write_mailboxes(self) -> None:
        """As the wrapper does: beside, then renamed. Spread, as so many wrappers would be."""
        while True:
            for name in self.names:
                beside = self.directory / name / ".jvm"
                beside.write_text(json.dumps({"at": time.time(), "result": "ok"}))
                beside.rename(beside.with_name("jvm"))
                await asyncio.sleep(_MAILBOX / len(self.names))

    async def _ready(self) -> None:
        async with asyncio.timeout(120), httpx.AsyncClient(trust_env=False) as client:
            while True:
                with suppress(httpx.HTTPError):
                    body = (await client.get(f"http://127.0.0.1:{self.port}/api/v1/status")).json()
                    ready = [one for one in body["tenants"] if one["gateway"]["state"] == "READY"]
                    if len(ready) == len(self.names):
                        return
                await asyncio.sleep(1.0)

    def close(self) -> None:
        self.supervisor.kill()
        if self._mailboxes is not None:
            self._mailboxes.cancel()
        servers: list[Gateway | asyncio.Server] = [*self.gateways.values(), *self._servers]
        for server in servers:
            server.close()
        self.docker.close()

    async def scrape(self) -> float:
        """As Prometheus does; the seconds that it took."""
        begun = time.monotonic()
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            (await client.get(f"http://127.0.0.1:{self.port}/metrics")).raise_for_status()
        return time.monotonic() - begun

    # -- what it costs ----------------------------------------------------------------------------------------------

    def resident(self) -> float:
        """MiB."""
        for line in Path(f"/proc/{self.supervisor.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise LookupError("VmRSS")

    def processor(self) -> float:
        """Seconds."""
        words = Path(f"/proc/{self.supervisor.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def peers(count: int, *, engine: bool = False) -> AsyncIterator[Peers]:
    with tempfile.TemporaryDirectory() as folder:
        made = Peers(count, Path(folder), engine=engine)
        try:
            await made.start()
            yield made
        finally:
            made.close()


async def cost(tell: Tell, count: int, seconds: int) -> tuple[float, float]:
    """Resident memory and the share of a core, over `seconds` of watching `count` gateways; beats as they arrive."""
    async with peers(count) as house:
        await asyncio.sleep(_SETTLED)
        for gateway in house.gateways.values():
            gateway.beats.clear()
        begun, before, shares, resident = time.monotonic(), house.processor(), [], []
        scraped: list[float] = []
        while time.monotonic() - begun < seconds:
            since, used = time.monotonic(), house.processor()
            scraped.append(await house.scrape())
            await asyncio.sleep(max(0.0, since + 10.0 - time.monotonic()))
            shares.append((house.processor() - used) / (time.monotonic() - since) * 100)
            resident.append(house.resident())
        share = (house.processor() - before) / (time.monotonic() - begun) * 100
        late = [
            max(0.0, after - before - HEART)
            for gateway in house.gateways.values()
            for before, after in zip(gateway.beats, gateway.beats[1:], strict=False)
        ]
        what = f"supervisor of {count} gateway{'' if count == 1 else 's'}"
        tell(f"{what}: resident memory", "MiB", resident)
        tell(f"{what}: a scrape of its metrics, one each 10 s", "s", scraped)
        tell(f"{what}: processor, samples of 10 s", "% of a core", shares)
        tell(f"{what}: heartbeat lag, how much later than {HEART:g} s after the last one a beat arrives", "s", late)
        return resident[-1], share


async def decisions(tell: Tell, count: int, seed: int) -> None:
    """An engine's container dies, tenant after tenant: from the incident to the intent, and to Docker's ear."""
    moments = random.Random(seed)
    async with peers(count, engine=True) as house:
        await asyncio.sleep(_SETTLED)
        for name in house.names:
            house.docker.die(name, "engine")
            await asyncio.sleep(moments.uniform(0.2, 0.6))
        await asyncio.sleep(3.0)
        journal = sqlite3.connect(house.directory / "journal.sqlite")
        decided = dict(journal.execute("SELECT tenant, declared_at FROM incidents WHERE fault='engine-exit'"))
        intended = dict(journal.execute("SELECT tenant, min(at) FROM acts WHERE rung='engine-start' GROUP BY tenant"))
        journal.close()
        told = {path.split("/")[3].split("-")[1]: at for path, at in reversed(house.docker.acted)}
    acted = decided.keys() & intended.keys() & told.keys()
    what = f"engine-exit of {count} tenants, seed {seed}, {count - len(acted)} without an act: from decision to"
    tell(f"{what} the journal's intent", "s", [intended[name] - decided[name] for name in acted])
    tell(f"{what} Docker's being asked", "s", [told[name] - decided[name] for name in acted])


async def measure(tell: Tell, count: int, seconds: int, seed: int) -> None:
    one, one_share = await cost(tell, 1, seconds)
    if count > 1:
        many, many_share = await cost(tell, count, seconds)
        each = f"each gateway of {count} beyond the first"
        tell(f"{each}: resident memory", "MiB", [(many - one) / (count - 1)])
        tell(f"{each}: processor", "% of a core", [(many_share - one_share) / (count - 1)])
    await decisions(tell, count, seed)
