"""What the status page weighs, how soon it is seen, and what those who watch it cost.

A supervisor as a process of its own with one tenant that trades, its peers and fifty viewers in this one, and Debian's
Chromium. The viewers' cost is the difference between spans with and without them, turn by turn; beside each look at the
page is one at a page of one line, so that what browser and machine take is known.
"""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.bench.tenants import Peers, Tell, peers
from tests.page.browser import Visitor, chromium

_SETTLED = 30.0
_VIEWERS = 50
_SPAN = 20.0
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


def resident(house: Peers) -> float:
    """MiB, exactly: the short figure lags behind on kernels that count by processor."""
    told = Path(f"/proc/{house.supervisor.pid}/smaps_rollup").read_text()
    return int(told.split("Rss:")[1].split()[0]) / 1024


class _OneLine(BaseHTTPRequestHandler):
    """The least that can be seen."""

    def do_GET(self) -> None:
        body = b'<!doctype html><title>t</title><link rel="icon" href="data:,"><p>Trading.</p>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nobody reads it."""


@contextmanager
def one_line() -> Iterator[str]:
    """A page of one line, and where it is."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _OneLine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


@dataclass(frozen=True)
class Paints:
    """Seconds from the navigation to the first thing that is seen."""

    new_window: list[float]
    open_window: list[float]
    one_line: list[float]


def paints(url: str, count: int) -> Paints:
    """In new windows; and in one that is open, by turns with a page of one line."""
    with chromium() as browser, one_line() as plain:
        new = []
        for _ in range(count):
            visitor = Visitor(browser)
            new.append(_paint(visitor, url))
            visitor.close()
        visitor = Visitor(browser)
        _paint(visitor, url)
        turns = [(_paint(visitor, url), _paint(visitor, plain)) for _ in range(count)]
        return Paints(new, [page for page, _ in turns], [line for _, line in turns])


def _paint(visitor: Visitor, url: str) -> float:
    page = visitor.goes_to(url)
    while not (painted := page.evaluate(_FIRST_PAINT)):
        page.wait_for_timeout(10)
    return float(painted) / 1000


async def viewer(client: httpx.AsyncClient, url: str, heard: list[int]) -> None:
    async with client.stream("GET", f"{url}/events", params={"tenant": "t0"}) as stream:
        async for part in stream.aiter_bytes():
            heard.append(len(part))  # noqa: PERF401 (the stream has no end)


async def share(house: Peers, url: str, viewers: int) -> tuple[float, int]:
    """Per cent of a core over a span, and the bytes that each viewer was sent after its first picture."""
    heard: list[int] = []
    limits = httpx.Limits(max_connections=None)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=None, limits=limits))
        tasks = [asyncio.create_task(viewer(client, url, heard)) for _ in range(viewers)]
        await asyncio.sleep(3.0)
        heard.clear()
        begun, used = time.monotonic(), house.processor()
        await asyncio.sleep(_SPAN)
        found = (house.processor() - used) / (time.monotonic() - begun) * 100
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
    return found, sum(heard) // max(1, viewers)


async def watched(tell: Tell, house: Peers, url: str, what: str, rounds: int) -> None:
    alone, beside, sent = [], [], []
    for _ in range(rounds):
        alone.append((await share(house, url, 0))[0])
        found, heard = await share(house, url, _VIEWERS)
        beside.append(found)
        sent.append(heard / _SPAN)
    tell(f"page, {what}: processor without viewers", "% of a core", alone)
    tell(f"page, {what}: processor with {_VIEWERS} viewers", "% of a core", beside)
    tell(
        f"page, {what}: what {_VIEWERS} viewers add", "% of a core", [b - a for a, b in zip(alone, beside, strict=True)]
    )
    tell(f"page, {what}: sent to each viewer", "byte/s", sent)


async def measure(tell: Tell, rounds: int) -> None:
    async with peers(1, engine=True) as house:
        url = f"http://127.0.0.1:{house.port}"
        await asyncio.sleep(_SETTLED)
        memory = [resident(house)]
        async with httpx.AsyncClient(trust_env=False) as client:
            answers, sizes = [], []
            for _ in range(50):
                begun = time.perf_counter()
                sizes.append(float(len((await client.get(url)).content)))
                answers.append(time.perf_counter() - begun)
        tell("page: size", "byte", sizes[:1])
        tell("page: answer to GET /", "s", answers)
        memory.append(resident(house))
        load = [os.getloadavg()[0]]
        seen = await asyncio.to_thread(paints, url, 30)
        tell("page: first contentful paint in Chromium on loopback, a new window", "s", seen.new_window)
        tell("page: first contentful paint in Chromium on loopback, an open window", "s", seen.open_window)
        tell("a page of one line by turns with it: first contentful paint", "s", seen.one_line)
        tell("load average before and after the paints", "", [*load, os.getloadavg()[0]])
        await watched(tell, house, url, "all is well", rounds)
        memory.append(resident(house))
        house.docker.die("t0", "gateway")
        await watched(tell, house, url, "an incident", rounds)
        memory.append(resident(house))
    tell("supervisor's memory before a page, after 50, after viewers, after viewers of an incident", "MiB", memory)
    tell("load average at the end", "", [os.getloadavg()[0]])
