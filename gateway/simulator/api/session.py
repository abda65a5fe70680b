"""One client's session: its frames in, its messages out, and what it has subscribed to."""

import asyncio
import re
import socket
import struct
import sys
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.api.outbox import Outbox
from gateway.simulator.api.subscriptions import Subscriptions
from gateway.simulator.api.turnstile import Turnstile
from gateway.simulator.errors import RequestMalformed
from gateway.simulator.settings import MIN_SERVER_VERSION
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.session import Error
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.requests.reader import read
from gateway.simulator.wire.splice import Burst
from gateway.simulator.wire.text import encode
from tws import codes
from tws.errors import FrameError
from tws.frames import FrameReader

_CHUNK = 65536
_NO_LINGER = struct.pack("ii", 1, 0)
"""Makes a close send a reset."""


type Handler = Callable[[Session, Request], Awaitable[None] | None]


class Session(Subscriptions):
    """A connection from its first byte to its last."""

    def __init__(
        self,
        gateway: Gateway,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handle: Handler,
    ) -> None:
        super().__init__()
        self.gateway = gateway
        self.client_id = -1
        self.version = 0
        self.started = False
        self.over = False
        self.market_data_kind = 1
        self._reader = reader
        self._writer = writer
        self._handle = handle
        self._frames = FrameReader()
        self._pending: deque[bytes] = deque()
        self._outbox = Outbox(self, writer)
        self._turnstile = Turnstile(self)
        self._speaks = asyncio.Event()
        self._speaks.set()
        self._work: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1000)
        self._tasks: set[asyncio.Task[None]] = set()

    # -- silence ---------------------------------------------------------------------------------------------------

    @property
    def silent(self) -> bool:
        """Neither reads nor writes, as if the peer were frozen."""
        return not self._speaks.is_set()

    def silence(self) -> None:
        """Stop reading and writing; what is sent from now on waits."""
        self._speaks.clear()

    def speak(self) -> None:
        """End the silence."""
        self._speaks.set()
        self._outbox.want_flush()

    async def end_of_silence(self) -> None:
        """Wait until it speaks."""
        await self._speaks.wait()

    # -- out -------------------------------------------------------------------------------------------------------

    def send(self, answer: Answer) -> None:
        """Send a message."""
        if not self.gateway.trouble.speech:
            self.put(answer.frame(self.version), 1)
            return
        for delay, said in self.gateway.trouble.says(self, answer):
            if delay > 0:
                self._outbox.put_late(delay, said.frame(self.version))
            else:
                self.put(said.frame(self.version), 1)

    def send_burst(self, burst: Burst, req_id: int) -> None:
        """Send ticks under a request id; one by one while a fault may change messages."""
        if not self.gateway.trouble.speech:
            self.put(burst.frames(req_id, self.version), burst.count)
            return
        for tick in burst.ticks:
            self.send(replace(tick, req_id=req_id))

    def put(self, data: bytes, count: int) -> None:
        """Send bytes as they are, past every fault that changes messages."""
        self._outbox.put(data, count)

    def error(self, req_id: int, code: int, words: str, reject_json: str = "") -> None:
        """Send message 4."""
        if req_id >= 0 and code != codes.ORDER_CANCELLED:
            self.gateway.tally.refused += 1
        self.send(Error(req_id, code, words, self.gateway.now(), reject_json))

    def refuse(self, req_id: int, code: int) -> None:
        """Send message 4 with the code's own text."""
        self.error(req_id, code, codes.text(code))

    @property
    def clogged(self) -> bool:
        """Whether the client reads too slowly for ticks to make sense."""
        return self.silent or self._outbox.clogged

    def later(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something that takes its time and ends with the session."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def answer_later(
        self, pending: dict[int, asyncio.Task[None]], req_id: int, work: Coroutine[Any, Any, None]
    ) -> None:
        """Run what answers a request, and keep it among those that are pending until it is done."""
        task = pending[req_id] = self.later(work)

        def forget(done: asyncio.Task[None]) -> None:
            if pending.get(req_id) is done:  # and not a later one of the same id
                del pending[req_id]

        task.add_done_callback(forget)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._report(error)

    def close(self) -> None:
        """End the session; what was sent before still goes out."""
        if self.over:
            return
        if not self.silent:
            self._outbox.empty()
        self._outbox.clear()
        self.over = True
        self._speaks.set()
        self.gateway.sessions.discard(self)
        for task in list(self._tasks):
            task.cancel()
        self._writer.close()

    def abort(self) -> None:
        """End the session as a dying process does: nothing more goes out."""
        self._outbox.clear()
        self.close()
        self._writer.transport.abort()

    def reset(self) -> None:
        """End the session with a reset instead of an orderly end."""
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.abort()

    # -- in --------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve the connection until it ends."""
        self.gateway.sessions.add(self)
        try:
            if await self._shake_hands():
                if self.gateway.profile.answer:
                    self.later(self._answer_in_time())
                await self._serve()
        except (ConnectionError, FrameError, asyncio.IncompleteReadError):
            pass
        finally:
            self.close()

    async def _shake_hands(self) -> bool:
        await self.end_of_silence()
        if await self._reader.readexactly(4) != b"API\0":
            return False
        payloads: list[bytes] = []
        size = 0
        while not payloads:
            data = await self._read()
            size += len(data)
            if not data or size > _CHUNK:
                return False
            payloads = self._frames.feed(data)
        said = re.fullmatch(rb"v(\d{1,5})(?:\.\.(\d{1,5}))?( .*)?\0?", payloads[0], re.DOTALL)
        if said is None:
            return False
        lowest, highest = int(said[1]), int(said[2] or said[1])
        version = min(highest, self.gateway.settings.server_version)
        if version < max(lowest, MIN_SERVER_VERSION):
            return False
        if b"+PACEAPI" in (said[3] or b""):
            self._turnstile.only_pace()
        self.put(encode([version, self.gateway.writer.wall(self.gateway.now())]), 1)
        self.version = version
        self._pending.extend(payloads[1:])
        return True

    async def _serve(self) -> None:
        while not self.over:
            while self._pending and not self.over:
                await self.end_of_silence()
                payload = self._pending.popleft()
                if not await self._turnstile.lets_pass():
                    continue
                await self.end_of_silence()
                if not self.over:
                    await self._receive(payload)
            if self.over:
                return
            data = await self._read()
            if not data:
                return
            self._pending.extend(self._frames.feed(data))

    async def _read(self) -> bytes:
        """What the client has sent, nothing if it is gone. A silent session does not even notice that it is."""
        try:
            data = await self._reader.read(_CHUNK)
        except ConnectionError:
            data = b""
        await self.end_of_silence()
        return data

    async def _receive(self, payload: bytes) -> None:
        self.gateway.tally.messages_in += 1
        delay = self.gateway.profile.answer
        if delay and self.started:
            await self._work.put((self.gateway.host.monotonic() + delay, payload))
        else:
            await self._answer(payload)

    async def _answer_in_time(self) -> None:
        """Answers in order, each a fixed time after its question, as over a real line."""
        while True:
            due, payload = await self._work.get()
            await self.gateway.host.sleep(max(due - self.gateway.host.monotonic(), 0))
            await self.end_of_silence()
            await self._answer(payload)

    async def _answer(self, payload: bytes) -> None:
        try:
            trouble = self.gateway.trouble
            request = trouble.hears(self, read(payload, self.version))
            if trouble.takes(self, request):
                return
            outcome = self._handle(self, request)
            if outcome is not None:
                await outcome
        except RequestMalformed as error:
            self.error(-1, codes.READING_ERROR, f"Error reading request:{error}")
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # the server lives, whatever a client sends
            self._report(error)
            self.error(-1, codes.PROCESSING_ERROR, f"Error processing request.-'bW' : cause - {type(error).__name__}")

    def _report(self, error: BaseException) -> None:
        self.gateway.tally.failures += 1
        traceback.print_exception(error, file=sys.stderr)

    async def drained(self) -> None:
        """Wait until the client has taken most of what was sent: long answers are made in pieces."""
        self._outbox.flush()
        if not self.over:
            await self._writer.drain()
