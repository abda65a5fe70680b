"""How many ticks a second the stand-in makes, and how many its clients take, in text and in protobuf.

The world runs at thirty times its speed (SIM_SPEED), a hundred lines a client: three stocks and 97 options that expire
today, with their Greeks. A server that is asked for more than its client reads leaves steps out, so what a
client takes is the lesser of what it can and what the server can. Counted are whole messages, a second a sample.
"""

import asyncio
import contextlib
import datetime as dt
import logging
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.wrapper import EWrapper

from gateway.simulator.api.dispatch import handle
from gateway.simulator.api.pulse import Pulse
from gateway.simulator.api.quote_tape import QuoteTape
from gateway.simulator.api.session import Session
from gateway.simulator.market.hours import around_the_clock
from gateway.simulator.market.instruments import ContractQuery, Instruments
from gateway.simulator.wire.protobuf import OFFSET, PROTOBUF, pb
from gateway.simulator.wire.requests.market_data import ReqMarketData
from gateway.simulator.wire.splice import Burst
from tests.stand_in import StandIn
from tests.unit.simulator.rig import NOON, HandClock, make_gateway
from tws.frames import FrameReader, encode_fields, frame

LINES = 100
SECONDS = 5
VERSIONS = {200: "text", 223: "protobuf"}
_SPEED = "30"
"""120 steps a second: some 85,000 ticks for each client, if all are made and taken."""
_STOCKS = (756733, 320227571, 265598)
_STEPS = 60

type Tell = Callable[[str, str, list[float]], None]


def contracts() -> list[int]:
    """What every client listens to."""
    instruments = Instruments(around_the_clock(dt.time(0, 0)))
    chain = ContractQuery(symbol="SPY", sec_type="OPT", expiry=f"{NOON:%Y%m%d}", exchange="SMART", currency="USD")
    options = sorted(instruments.find(chain, NOON), key=lambda option: abs(option.strike - 600.0))
    return [*_STOCKS, *(option.con_id for option in options[: LINES - len(_STOCKS)])]


class _Sink:
    """Takes the place of a socket that takes everything at once."""

    @property
    def transport(self) -> "_Sink":
        return self

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None: ...


def cost(version: int) -> list[float]:
    """Microseconds of CPU to encode one tick at a server version: the news of a minute, each burst for the first of its
    subscribers."""
    with tempfile.TemporaryDirectory() as folder:
        gateway, store = make_gateway(Path(folder), HandClock())
        with contextlib.closing(store):
            news = []
            for con_id in contracts():
                instrument = gateway.instruments.by_id(con_id)
                assert instrument is not None
                tape = QuoteTape(gateway.market, instrument, late=False, frozen=False, greeks=True)
                for step in range(gateway.step(), gateway.step() + 4 * _STEPS):
                    tape.advance(step)
                    if tape.news.count:
                        news.append(tape.news.ticks)
    count, samples = sum(map(len, news)), []
    for _ in range(SECONDS):
        bursts = [Burst(ticks) for ticks in news]
        begun = time.process_time()
        for burst in bursts:
            burst.frames(1000, version)
        samples.append((time.process_time() - begun) / count * 1e6)
    return samples


async def encoding(clients: int, version: int) -> list[float]:
    """Ticks made a second of the server's time, without a socket: the world is stepped by hand."""
    clock = HandClock()
    with tempfile.TemporaryDirectory() as folder:
        gateway, store = make_gateway(Path(folder), clock, SIM_MARKET_DATA_LINES=str(clients * LINES))
        with contextlib.closing(store):
            for number in range(clients):
                session = Session(gateway, Any, _Sink(), handle)  # type: ignore[arg-type]
                session.started, session.version, session.client_id = True, version, number
                gateway.sessions.add(session)
                for line, con_id in enumerate(contracts(), 1000):
                    handle(
                        session, ReqMarketData(line, ContractQuery(con_id=con_id, exchange="SMART"), "", False, False)
                    )
            pulse, samples = Pulse(gateway), []
            for _ in range(SECONDS):
                before, begun = gateway.tally.ticks, time.process_time()
                for _ in range(_STEPS):
                    clock.turn(0.25)
                    pulse.beat()
                    await asyncio.sleep(0)
                samples.append((gateway.tally.ticks - before) / (time.process_time() - begun))
    return samples


def _world(folder: Path, version: int) -> StandIn:
    return StandIn(
        folder,
        SIM_SERVER_VERSION=str(version),
        SIM_SPEED=_SPEED,
        SIM_START=NOON.isoformat(),
        SIM_DAY_START="00:00",
        SIM_MARKET_DATA_LINES="1000",
        SIM_MAX_MESSAGES_PER_SECOND="100000",
    )


def _said(message_id: int, message: Any) -> bytes:
    """A request in protobuf."""
    return frame((message_id + OFFSET).to_bytes(4) + message.SerializeToString())


def _subscribed(port: int, client_id: int, version: int) -> socket.socket:
    """A raw client with all its lines."""
    client = socket.create_connection(("127.0.0.1", port), 10)
    client.sendall(b"API\0" + frame(b"v100..%d" % version))
    client.recv(4096)
    if version >= PROTOBUF:
        said = _said(71, pb.StartApiRequest(clientId=client_id))
    else:
        said = frame(encode_fields(71, 2, client_id, ""))
    for line, con_id in enumerate(contracts(), 1000):
        if version >= PROTOBUF:
            wanted = pb.Contract(conId=con_id, exchange="SMART")
            said += _said(1, pb.MarketDataRequest(reqId=line, contract=wanted))
        else:
            said += frame(encode_fields(1, 11, line, con_id, *[""] * 6, "SMART", *[""] * 4, 0, "", 0, 0, ""))
    client.sendall(said)
    return client


def raw(port: int, clients: int, version: int) -> list[float]:
    """Messages that so many plain sockets take together, each frame found by its length."""
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for number in range(clients):
            client = stack.enter_context(_subscribed(port, number, version))
            client.setblocking(False)
            selector.register(client, selectors.EVENT_READ, FrameReader())
        samples = []
        for second in range(SECONDS + 1):
            heard, begun = 0, time.perf_counter()
            while (passed := time.perf_counter() - begun) < 1:
                for key, _ in selector.select(1 - passed):
                    heard += len(key.data.feed(key.fileobj.recv(1 << 20)))  # type: ignore[union-attr]
            if second:  # in the first, the lines are still being set up
                samples.append(heard / passed)
        return samples


_WITH_SIZE = (1, 2, 4, 66, 67, 68)
"""Prices that ibapi makes two calls of: the second, a tickSize, is the one that counts here."""


class _Counter(EWrapper):  # type: ignore[misc]  # ibapi carries no types
    """Counts what its user would be called with."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = threading.Event()
        self.ticks = 0

    def nextValidId(self, orderId: int) -> None:
        self.ready.set()

    def error(self, *args: Any) -> None: ...

    def _tick(self, *args: Any) -> None:
        self.ticks += 1

    tickSize = tickString = tickGeneric = tickOptionComputation = _tick

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: Any) -> None:
        if tickType not in _WITH_SIZE:
            self.ticks += 1


def ibapi(port: int) -> list[float]:
    """Ticks that an unmodified ibapi client hands to its wrapper: its reader thread, its queue, its decoder."""
    logging.getLogger("ibapi").setLevel(logging.ERROR)
    counter = _Counter()
    client = EClient(counter)
    client.connect("127.0.0.1", port, 50)

    def run() -> None:
        with contextlib.suppress(TypeError):  # it asks for its server version once more when it is cut off
            client.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not counter.ready.wait(10):
        raise TimeoutError("ibapi was not told its order id")
    for line, con_id in enumerate(contracts(), 1000):
        asked = Contract()
        asked.conId, asked.exchange = con_id, "SMART"
        client.reqMktData(line, asked, "", False, False, [])
    samples = []
    for second in range(SECONDS + 1):
        before, begun = counter.ticks, time.perf_counter()
        time.sleep(1)
        if second:
            samples.append((counter.ticks - before) / (time.perf_counter() - begun))
    client.disconnect()
    thread.join(10)
    return samples


async def measure(tell: Tell) -> None:
    """All of it; the processes share the machine's cores with whatever else runs on it."""
    for version, name in VERSIONS.items():
        tell(f"encoding of one tick in {name}", "us", cost(version))
        for clients in (1, 8):
            what = f"ticks made in {name} for {clients} x {LINES} lines, without a socket, a second of the server's CPU"
            tell(what, "1/s", await encoding(clients, version))
        for clients in (1, 8):
            with _stand_in(version) as port:
                found = await asyncio.to_thread(raw, port, clients, version)
            tell(f"ticks in {name} taken by {clients} raw sockets", "1/s", found)
        with _stand_in(version) as port:
            tell(f"ticks in {name} taken by one ibapi client", "1/s", await asyncio.to_thread(ibapi, port))


@contextlib.contextmanager
def _stand_in(version: int) -> Iterator[int]:
    """Its port."""
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(_world(Path(folder), version)) as gateway:
        gateway.start()
        gateway.up()
        yield gateway.api_port
