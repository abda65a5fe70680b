"""A wire between engine and stand-in that adds ticks of its own to the first line that is asked for.

All else passes unchanged: the session, the contracts and the quotes are the stand-in's. Each added tick is a change
of the bid's size, whose value is its number, so that a strategy can tell when which of them reached it.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from gateway.simulator.wire.protobuf import OFFSET, PROTOBUF, pb
from tws.frames import FrameReader, decode_fields, encode_fields, frame

FIRST = 10_000_000
"""No size of the stand-in's is as large, so no number of ours is one of its sizes."""
_REQ_MKT_DATA, _TICK_SIZE, _BID_SIZE = 1, 2, 0
_HELLO = len(b"API\0")


class Feed:
    """Listens on a port of its own, for one engine. `sent` is when each tick was written, by number from FIRST on."""

    def __init__(self, gateway_port: int, version: int) -> None:
        self._gateway_port = gateway_port
        self._version = version
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._engine: asyncio.StreamWriter | None = None
        self._line: int | None = None
        self.sent: list[int] = []

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def ready(self) -> bool:
        return self._line is not None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def aclose(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def steady(self, rate: float, seconds: float) -> range:
        """So many ticks a second for so long, in a burst each millisecond; the numbers that were sent."""
        first, begun, count = len(self.sent), time.monotonic(), 0
        while (passed := time.monotonic() - begun) < seconds:
            while count < passed * rate:
                self._send()
                count += 1
            await asyncio.sleep(0.001)
        return range(first, len(self.sent))

    def _send(self) -> None:
        assert self._engine is not None
        assert self._line is not None
        number = FIRST + len(self.sent)
        if self._version >= PROTOBUF:
            tick = pb.TickSize(reqId=self._line, tickType=_BID_SIZE, size=str(number))
            payload = (_TICK_SIZE + OFFSET).to_bytes(4) + tick.SerializeToString()
        else:
            payload = encode_fields(_TICK_SIZE, 6, self._line, _BID_SIZE, number)
        self.sent.append(time.monotonic_ns())
        self._engine.write(frame(payload))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_gateway, to_gateway = await asyncio.open_connection("127.0.0.1", self._gateway_port)
        self._engine = writer
        heard, asked = FrameReader(), FrameReader()
        skipped = bytearray()

        def of_engine(data: bytes) -> Iterator[bytes]:
            if len(skipped) < _HELLO:
                missing = _HELLO - len(skipped)
                skipped.extend(data[:missing])
                frames = asked.feed(data[missing:])
            else:
                frames = asked.feed(data)
            for payload in frames:
                self._notice(payload)
            yield data

        def of_gateway(data: bytes) -> Iterator[bytes]:
            # Whole frames only, so that ours never fall into the middle of one.
            yield from map(frame, heard.feed(data))

        for end, other, through in ((reader, to_gateway, of_engine), (from_gateway, writer, of_gateway)):
            task = asyncio.create_task(self._pass(end, other, through))
            self._tasks.add(task)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, through: Callable[[bytes], Iterator[bytes]]
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                for piece in through(data):
                    writer.write(piece)
        writer.close()

    def _notice(self, payload: bytes) -> None:
        if self._line is not None:
            return
        if self._version >= PROTOBUF:
            if int.from_bytes(payload[:4]) == _REQ_MKT_DATA + OFFSET:
                self._line = pb.MarketDataRequest.FromString(payload[4:]).reqId
        elif payload.startswith(b"1\0"):
            self._line = int(decode_fields(payload)[2])
