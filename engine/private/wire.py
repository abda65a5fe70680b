"""Where our own wire is put between the adapter's client and ibapi.

What is put in their place belongs to objects that ibapi makes for each client: `EClient`, which encodes and sends, and
`EWrapper`, which is told what was decoded. Their names are ibapi's documented interface, but replacing them is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.private.version import verify_client

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient

_ON_INSTANCE = (
    "_eclient",
    "_end_request",
    "_internal_msg_queue",
    "_msg_handler_task_queue",
    "_process_server_version",
    "_requests",
    "unsubscribe_market_data",
    "unsubscribe_ticks",
)
_ON_ECLIENT = (
    "cancelHistoricalData",
    "conn",
    "reqHistoricalData",
    "reqMarketDataProtoBuf",
    "reqMktData",
    "sendMsg",
    "sendMsgProtoBuf",
    "wrapper",
)
_ON_WRAPPER = ("commissionAndFeesReport", "execDetails", "openOrder", "tickPrice", "tickSize")


def eclient(client: InteractiveBrokersClient) -> Any:
    """Return ibapi's client within the adapter's. Raises VersionError if either lacks a name that we need."""
    verify_client(client, _ON_INSTANCE)
    verify_client(client._eclient, _ON_ECLIENT)
    verify_client(client._eclient.wrapper, _ON_WRAPPER)
    return client._eclient


class Arrivals:
    """Counts what is put into a queue; the queue itself says how much of it waits."""

    def __init__(self, queue: asyncio.Queue[Any]) -> None:
        self._queue = queue
        self._put = queue.put_nowait
        self.total = 0
        queue.put_nowait = self._count  # type: ignore[method-assign]

    @property
    def waiting(self) -> int:
        """How many of them nobody has taken out yet."""
        return self._queue.qsize()

    def _count(self, item: Any) -> None:
        self.total += 1
        self._put(item)


def inbound(client: InteractiveBrokersClient) -> tuple[Arrivals, ...]:
    """Return the two queues that a message passes: read and not decoded, decoded and not handled."""
    return Arrivals(client._internal_msg_queue), Arrivals(client._msg_handler_task_queue)


def on_handshake(client: InteractiveBrokersClient, told: Callable[[str], None]) -> None:
    """Call `told` with the wall time and zone that the gateway tells at the beginning of each session."""
    process = client._process_server_version

    def heard(fields: list[Any]) -> None:
        process(fields)
        told(bytes(fields[1]).decode("latin-1"))

    client._process_server_version = heard


def end_stale_requests(client: InteractiveBrokersClient) -> None:
    """End what was asked before this session: its answer cannot come.

    A question that is asked while nothing is connected fails within ibapi (no server version to compare with), and the
    adapter keeps it: by its name it would bar the same question on the next session until a time-out (seen).
    """
    for request in client._requests.get_all():
        client._end_request(request.req_id, success=False, exception=ConnectionError("asked before this session"))
        if request.future.done() and not request.future.cancelled():
            # Whoever asked may be gone; asyncio would complain that nobody looked at the exception.
            request.future.exception()
