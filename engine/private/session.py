"""The session of the adapter's client: how it is, to reconnect it now, and to hear the codes that a gateway sends.

The Interactive Brokers client (`adapters/interactive_brokers/client/`) offers no public way to any of these.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.errors import RequestRefused
from engine.private.foreign import every_open_order
from engine.private.version import verify_client

if TYPE_CHECKING:
    from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient

ON_CLASS = (
    "_create_task",
    "_degrade",
    "_handle_reconnect",
    "_reset",
    "_resume",
    "_start_async",
    "_stop_async",
    "process_error",
)
ON_PROVIDER = ("_process_contract_details",)
_ON_INSTANCE = (
    "_cache",
    "_client_id",
    "_configured_client_id",
    "_connection_attempts",
    "_connection_watchdog_task",
    "_eclient",
    "_event_subscriptions",
    "_exec_id_details",
    "_internal_msg_queue",
    "_internal_msg_queue_processor_task",
    "_is_ib_connected",
    "_msg_handler_processor_task",
    "_msg_handler_task_queue",
    "_requests",
    "_subscriptions",
    "_tws_incoming_msg_reader_task",
)
# Coroutines of the client that end in a live session; `_create_task` names tasks after them.
_CONNECTING_TASKS = ("_reset_async", "_start_async")
_RESUMING_TASK = "_resume_async"
# Subscriptions that are not market data: an account summary is sent by itself after a reconnect.
_NOT_MARKET_DATA = ("accountSummary", "PositionUpdates")

CodeListener = Callable[[int, int], None]


class Adapter:
    """The adapter's client, seen from inside. Every method belongs on the node's loop."""

    def __init__(self, client: InteractiveBrokersClient, loop: asyncio.AbstractEventLoop) -> None:
        """Take a client; raises VersionError if it lacks a name that we need."""
        verify_client(client, _ON_INSTANCE)
        self.client = client
        self._loop = loop

    @property
    def ready(self) -> bool:
        """Whether handshake, accounts and order id are through."""
        return bool(self.client.is_ready)

    @property
    def connection(self) -> object:
        """The socket's own object: another one is another session, however quickly it came."""
        return self.client._eclient.conn

    @property
    def condemned(self) -> bool:
        """Whether the adapter will tear its session down within 6 s, although it may look well again by now.

        Its watchdog looks once a second, then sleeps 5 s before it reconnects, and a 1102 meanwhile does not stop
        it. Questions asked on such a session lose their answers.
        """
        task = self.client._connection_watchdog_task
        if task is None or task.done():
            return False
        return not self.client._is_ib_connected.is_set() or "_handle_disconnection" in _awaited(task)

    @property
    def attempts(self) -> int:
        """Connection attempts in the present outage; 0 when connected."""
        return int(self.client._connection_attempts)

    @property
    def client_id(self) -> int:
        """The client id in use; the adapter may have wandered from the configured one (error 326)."""
        return int(self.client._client_id)

    @property
    def wandered(self) -> bool:
        """Whether the client id is not the configured one: then fills of older orders reach us by questions only."""
        return bool(self.client._client_id != self.client._configured_client_id)

    @property
    def queue(self) -> int:
        """Messages read from the socket and not yet handled."""
        return int(self.client._internal_msg_queue.qsize())

    @property
    def reader_alive(self) -> bool:
        """Whether all three tasks between the socket and the handlers run. One bad frame kills one for good."""
        tasks = (
            self.client._tws_incoming_msg_reader_task,
            self.client._internal_msg_queue_processor_task,
            self.client._msg_handler_processor_task,
        )
        return all(task is not None and not task.done() for task in tasks)

    def market_subscriptions(self) -> list[Any]:
        """Return the market data subscriptions that the client would restore."""
        return [kept for kept in self.client._subscriptions.get_all() if kept.name not in _NOT_MARKET_DATA]

    async def resubscribe(self) -> int:
        """Cancel and ask again for every market data subscription on the live socket; returns how many.

        The cancel comes first because a gateway may refuse a second request under a living id (322).
        """
        subscriptions = self.market_subscriptions()
        for kept in subscriptions:
            await asyncio.to_thread(kept.cancel)
            if asyncio.iscoroutinefunction(kept.handle):
                await kept.handle()
            else:
                await asyncio.to_thread(kept.handle)
        return len(subscriptions)

    def resuming(self) -> bool:
        """Whether the client is restoring its subscriptions by itself at this moment."""
        return self.ready and bool(self._tasks(_RESUMING_TASK))

    def connecting(self) -> bool:
        """Whether a task of the client is trying to connect, or sleeping before the next try."""
        return bool(self._tasks(*_CONNECTING_TASKS))

    def backing_off(self) -> bool:
        """Whether that task sleeps between two attempts (up to 303 s)."""
        return any(_awaits(task, "sleep") for task in self._tasks(*_CONNECTING_TASKS))

    def skip_back_off(self) -> bool:
        """End the sleep before the next attempt and try at once. Returns False if nothing slept."""
        sleeping = [task for task in self._tasks(*_CONNECTING_TASKS) if _awaits(task, "sleep")]
        for task in sleeping:
            # Cancelled only inside the sleep: elsewhere the client swallows it and starts a longer back-off.
            task.cancel()
        if sleeping:
            self.client._connection_attempts = 0
            self.client._create_task(self.client._start_async())
        return bool(sleeping)

    async def retry_refused(self) -> bool:
        """End the wait for a session that was refused (326) and try again at once. False if nothing waited so.

        The adapter would sit out its 15 s for an answer that cannot come, and then back off. It counts refusals
        itself, and takes the next client id after the fourth.
        """
        waiting = [task for task in self._tasks(*_CONNECTING_TASKS) if _awaits(task, "wait_for")]
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)
            await self.client._cleanup_failed_startup_attempt()
            self.client._connection_attempts = 0
            self.client._create_task(self.client._start_async())
        return bool(waiting)

    async def reconnect(self) -> None:
        """Drop a socket that lies and connect anew, without the watchdog's pause of 5 s.

        What the old session has sent and nobody has handled yet is thrown away: the queues outlive the socket, and
        a 1102 in it would make the adapter believe that the new session stands before it does (seen).
        """
        self.client._degrade()
        await self.client._stop_async()
        for queue in (self.client._internal_msg_queue, self.client._msg_handler_task_queue):
            while not queue.empty():
                queue.get_nowait()
        self.client._is_ib_connected.clear()
        self.client._connection_attempts = 0
        await self.client._handle_reconnect()

    async def every_open_order(self, account: str) -> list[Any] | None:
        """Ask for what rests at the broker, with what our books leave out. None without an answer."""
        found: list[Any] | None = await every_open_order(self.client, account)
        return found

    def hand_on(self, order: Any) -> None:
        """Give an order of the broker's to the execution client as if the broker had just told of it by itself."""
        handler = self.client._event_subscriptions.get(f"openOrder-{order.account}")
        if handler is not None:
            handler(order_ref=order.orderRef, order=order, order_state=order.order_state)

    def forget_executions(self) -> None:
        """Empty the client's memory of executions; called right before each question for them.

        What stays in it from an earlier question is reported twice in the next answer, and reconciliation then
        invents an order that takes the surplus out of the position.
        """
        self.client._exec_id_details.clear()

    def listen(self, listener: CodeListener) -> None:
        """Call `listener(request_id, code)` for every error or notice, before the client handles it.

        A request that is refused ends at once. The client forgets it and leaves whoever asked waiting for an answer
        that cannot come, until the request's time is up.
        """
        handle = self.client.process_error

        async def heard(*, req_id: int, error_time: int, error_code: int, error_string: str, **rest: Any) -> None:
            listener(req_id, error_code)
            asked = self.client._requests.get(req_id=req_id) if req_id > 0 else None
            await handle(req_id=req_id, error_time=error_time, error_code=error_code, error_string=error_string, **rest)
            if asked is None or self.client._requests.get(req_id=req_id) is not None:
                return
            if not asked.future.done():
                asked.future.set_exception(RequestRefused(error_code, error_string))

        self.client.process_error = heard

    async def contract_details(self, contract: Any) -> list[Any]:
        """Ask for every contract that fits. Raises RequestRefused (200: none does), ConnectionError, TimeoutError."""
        return await self.client.get_contract_details(contract) or []

    def add_instruments(self, provider: Any, details: list[Any], renew: bool = False) -> list[Any]:
        """Make instruments of contract details and return their ids; known ones are kept unless they are renewed."""
        return list(provider._process_contract_details(details, force_instrument_update=renew))

    def forget_instruments(self, provider: Any, gone: list[Any]) -> None:
        """Take instruments out of the provider, which forgets nothing by itself."""
        for instrument_id in gone:
            provider._instruments.pop(instrument_id, None)
            provider.contract_details.pop(instrument_id, None)
            contract = provider.contract.pop(instrument_id, None)
            if contract is not None:
                provider.contract_id_to_instrument_id.pop(contract.conId, None)

    def _tasks(self, *names: str) -> list[asyncio.Task[Any]]:
        return [task for task in asyncio.all_tasks(self._loop) if task.get_name() in names and not task.done()]


def _awaited(task: asyncio.Task[Any]) -> list[str]:
    names: list[str] = []
    inner: Any = task.get_coro()
    while inner is not None and hasattr(inner, "cr_code"):
        names.append(inner.cr_code.co_name)
        inner = inner.cr_await
    return names


def _awaits(task: asyncio.Task[Any], what: str) -> bool:
    # The chain of awaits: … → _start_async → sleep. `_connect` sleeps as well, but not directly under it.
    names = _awaited(task)
    return "_start_async" in names and names[names.index("_start_async") + 1 :][:1] == [what]
