"""The private names of NautilusTrader: present in the pinned version, refused in any other."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import RequestRefused, VersionError
from engine.private import PINNED, Adapter, verify_version
from engine.private.children import part_from_parent


def test_the_installed_version_is_the_pinned_one() -> None:
    verify_version()


def test_another_version_is_refused_with_the_way_out() -> None:
    with pytest.raises(VersionError, match=r"found NautilusTrader 1\.232\.0; install nautilus_trader\[ib\]==" + PINNED):
        verify_version("1.232.0")


async def test_a_client_without_our_names_is_refused() -> None:
    with pytest.raises(VersionError, match="_connection_attempts"):
        Adapter(SimpleNamespace(), asyncio.get_running_loop())


def test_a_child_that_is_sent_alone_parts_from_a_parent_that_has_filled() -> None:
    orders = {"filled": SimpleNamespace(filled_qty=1), "waits": SimpleNamespace(filled_qty=0)}
    cache = SimpleNamespace(order=lambda key: orders.get(key.value))
    for parent in ("filled", "forgotten", 0, 7):
        order = SimpleNamespace(parentId=parent)
        part_from_parent(order, cache)
        assert order.parentId == (parent if isinstance(parent, int) else 0)
    with pytest.raises(ValueError, match="its parent waits has not filled"):
        part_from_parent(SimpleNamespace(parentId="waits"), cache)


class Client:
    """Only as much of the adapter's client as its connecting needs; the coroutines have its names."""

    def __init__(self) -> None:
        self.attempts_made = 0
        self.connected = asyncio.Event()
        self.in_connect = False
        self._cache = None
        self._client_id = 1
        self._configured_client_id = 1
        self.cleaned = 0
        self.answered = asyncio.Event()
        self._connection_attempts = 5
        self._connection_watchdog_task: asyncio.Task[None] | None = None
        self._eclient = SimpleNamespace(conn=object())
        self._exec_id_details: dict[str, object] = {}
        self._event_subscriptions: dict[str, object] = {}
        self._internal_msg_queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._internal_msg_queue_processor_task = None
        self._is_ib_connected = asyncio.Event()
        self._msg_handler_processor_task = None
        self._msg_handler_task_queue: asyncio.Queue[Any] = asyncio.Queue()
        self._subscriptions = SimpleNamespace(get_all=list)
        self._asked: dict[int, Any] = {}
        self._requests = SimpleNamespace(get=lambda req_id: self._asked.get(req_id))
        self._tws_incoming_msg_reader_task = None
        self.is_ready = False
        self.errors: list[int] = []
        self.order: list[str] = []

    def _degrade(self) -> None:
        self.order.append("degrade")

    async def _stop_async(self) -> None:
        self.order.append("stop")

    async def _handle_reconnect(self) -> None:
        left = self._internal_msg_queue.qsize() + self._msg_handler_task_queue.qsize()
        self.order.append(f"reconnect, {left} left")

    async def _connect(self) -> None:
        if self.in_connect:
            await asyncio.sleep(60)
        self.attempts_made += 1

    async def _start_async(self) -> None:
        while not self.connected.is_set():
            self._connection_attempts += 1
            if self._connection_attempts > 1:
                await asyncio.sleep(303)
            await self._connect()
            if not self.answered.is_set():
                await asyncio.wait_for(self.answered.wait(), 15)
            self.connected.set()

    async def _run_connection_watchdog(self) -> None:
        while self._is_ib_connected.is_set():
            await asyncio.sleep(0)
        await self._handle_disconnection()

    async def _handle_disconnection(self) -> None:
        await asyncio.sleep(5)

    async def _cleanup_failed_startup_attempt(self) -> None:
        self.cleaned += 1

    async def _reset_async(self) -> None:
        await self._start_async()

    def _create_task(self, work: Any) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(work, name=work.__name__)

    async def process_error(self, *, req_id: int, error_time: int, error_code: int, error_string: str) -> None:
        self.errors.append(error_code)
        if error_code < 2100:
            self._asked.pop(req_id, None)


async def adapter() -> tuple[Client, Adapter]:
    client = Client()
    return client, Adapter(client, asyncio.get_running_loop())


async def test_a_back_off_of_five_minutes_is_cut_short() -> None:
    client, seen = await adapter()
    client.answered.set()
    sleeping = client._create_task(client._reset_async())
    await asyncio.sleep(0)
    assert seen.connecting()
    assert seen.backing_off()
    assert seen.skip_back_off()
    await asyncio.wait_for(client.connected.wait(), 1)
    assert client.attempts_made == 1
    assert sleeping.cancelled()
    assert not seen.backing_off()


async def test_an_attempt_under_way_is_left_alone() -> None:
    client, seen = await adapter()
    client.in_connect, client._connection_attempts = True, 0
    task = client._create_task(client._start_async())
    await asyncio.sleep(0)
    assert seen.connecting()
    assert not seen.backing_off()
    assert not seen.skip_back_off()
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])


async def test_a_refusal_is_not_sat_out() -> None:
    client, seen = await adapter()
    client._connection_attempts = 0
    first = client._create_task(client._reset_async())
    await asyncio.sleep(0)
    assert not seen.backing_off()
    assert await seen.retry_refused()
    assert first.cancelled()
    await asyncio.sleep(0)
    assert (client.attempts_made, client.cleaned) == (2, 1)
    client.answered.set()
    await asyncio.wait_for(client.connected.wait(), 1)
    assert not await seen.retry_refused()


async def test_codes_are_heard_and_still_handled() -> None:
    client, seen = await adapter()
    heard: list[tuple[int, int]] = []
    seen.listen(lambda request, code: heard.append((request, code)))
    await client.process_error(req_id=-1, error_time=0, error_code=1101, error_string="lost")
    assert heard == [(-1, 1101)]
    assert client.errors == [1101]


async def test_a_refused_request_ends_at_once_and_a_warning_ends_none() -> None:
    client, seen = await adapter()
    seen.listen(lambda request, code: None)
    refused, warned = asyncio.get_running_loop().create_future(), asyncio.get_running_loop().create_future()
    client._asked = {7: SimpleNamespace(future=refused), 8: SimpleNamespace(future=warned)}
    await client.process_error(req_id=7, error_time=0, error_code=200, error_string="No security definition")
    await client.process_error(req_id=8, error_time=0, error_code=2174, error_string="a warning")
    await client.process_error(req_id=9, error_time=0, error_code=200, error_string="of nobody's request")
    with pytest.raises(RequestRefused, match="refused by the gateway: 200 No security definition") as told:
        await refused
    assert told.value.code == 200
    assert not warned.done()


async def test_the_reader_is_alive_only_with_all_its_tasks() -> None:
    client, seen = await adapter()
    assert not seen.reader_alive
    forever = asyncio.get_running_loop().create_task(asyncio.sleep(60))
    done = asyncio.get_running_loop().create_task(asyncio.sleep(0))
    await done
    client._tws_incoming_msg_reader_task = client._msg_handler_processor_task = forever  # type: ignore[assignment]
    client._internal_msg_queue_processor_task = forever  # type: ignore[assignment]
    assert seen.reader_alive
    client._internal_msg_queue_processor_task = done
    assert not seen.reader_alive
    forever.cancel()


async def test_a_session_that_the_watchdog_will_tear_down_is_condemned() -> None:
    """Also when it looks well again: the watchdog does not look a second time."""
    client, seen = await adapter()
    assert not seen.condemned
    client._is_ib_connected.set()
    client._connection_watchdog_task = client._create_task(client._run_connection_watchdog())
    await asyncio.sleep(0)
    assert not seen.condemned
    client._is_ib_connected.clear()
    assert seen.condemned
    await asyncio.sleep(0)
    client._is_ib_connected.set()
    assert seen.condemned
    client._connection_watchdog_task.cancel()
    await asyncio.wait([client._connection_watchdog_task])
    assert not seen.condemned


async def test_what_the_old_session_said_is_not_heard_on_the_new_one() -> None:
    """A 1102 left in the queue would pass for the new session's managedAccounts."""
    client, seen = await adapter()
    client._internal_msg_queue.put_nowait(b"4\x00-1\x001102\x00")
    client._msg_handler_task_queue.put_nowait(None)
    await seen.reconnect()
    assert client.order == ["degrade", "stop", "reconnect, 0 left"]
    assert client._connection_attempts == 0
