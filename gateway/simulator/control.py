"""The control port: how the stand-in is looked at and broken, over HTTP.

Imported only after the API is open: the web server's modules take longer to load than everything else.
"""

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.broker.orders import Fill, Order
from gateway.simulator.errors import PortTaken
from gateway.simulator.faults import Faults
from gateway.simulator.lifecycle import Lifecycle


class Control:
    """Answers for one running stand-in."""

    def __init__(self, gateway: Gateway, lifecycle: Lifecycle, faults: Faults) -> None:
        self._gateway = gateway
        self._lifecycle = lifecycle
        self._faults = faults
        self._registry = CollectorRegistry()
        self._registry.register(_Collector(gateway, faults))

    def app(self) -> Starlette:
        """The web application."""
        return Starlette(
            routes=[
                Route("/healthz", self._health),
                Route("/metrics", self._metrics),
                Route("/api/v1/status", self._status),
                Route("/api/v1/book", self._book),
                Route("/api/v1/faults", self._list_faults),
                Route("/api/v1/faults/{name}", self._begin_fault, methods=["POST"]),
                Route("/api/v1/faults/{name}", self._end_fault, methods=["DELETE"]),
            ],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(self._gateway.settings.control_hosts))],
        )

    async def _health(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _metrics(self, request: Request) -> Response:
        return Response(generate_latest(self._registry), media_type="text/plain; version=0.0.4")

    async def _status(self, request: Request) -> Response:
        gateway, lifecycle = self._gateway, self._lifecycle
        return JSONResponse(
            {
                "version": 1,
                "boot_id": lifecycle.boot_id,
                "started_at": lifecycle.started_at.isoformat(),
                "phase": lifecycle.phase,
                "account": gateway.broker.account_id,
                "server_version": gateway.settings.server_version,
                "time_zone": gateway.settings.time_zone,
                "clients": sorted(session.client_id for session in gateway.started()),
                "logins": lifecycle.logins,
                "pushes": 0,
                "faults": sorted(self._faults.active),
            }
        )

    async def _book(self, request: Request) -> Response:
        broker = self._gateway.broker
        return JSONResponse(
            {
                "account": broker.account_id,
                "positions": [
                    {
                        **self._contract(position.con_id),
                        "quantity": position.quantity,
                        "average_cost": position.average_cost,
                    }
                    for position in broker.positions()
                    if position.quantity
                ],
                "orders": [self._order(order) for order in broker.book.orders.values()],
                "executions": [self._fill(fill) for fill in broker.fills],
            }
        )

    def _contract(self, con_id: int) -> dict[str, Any]:
        instrument = self._gateway.instrument(con_id)
        return {
            "con_id": con_id,
            "local_symbol": instrument.local_symbol,
            "symbol": instrument.symbol,
            "sec_type": instrument.sec_type,
        }

    def _order(self, order: Order) -> dict[str, Any]:
        ticket = order.ticket
        return {
            "order_id": order.order_id,
            "perm_id": order.perm_id,
            "client_id": order.client_id,
            "parent_id": ticket.parent_id,
            "oca_group": order.oca_group,
            "oca_type": order.oca_type,
            "action": ticket.action,
            "order_type": ticket.order_type,
            "limit_price": ticket.limit_price,
            "stop_price": ticket.stop_price,
            "quantity": order.quantity,
            "filled": order.filled,
            "status": str(order.status),
            "order_ref": ticket.order_ref,
            **self._contract(ticket.con_id),
        }

    def _fill(self, fill: Fill) -> dict[str, Any]:
        return {
            "exec_id": fill.exec_id,
            "order_id": fill.order_id,
            "perm_id": fill.perm_id,
            "client_id": fill.client_id,
            "side": "BOT" if fill.buys else "SLD",
            "shares": fill.shares,
            "price": fill.price,
            "at": fill.at.isoformat(),
            "commission": fill.commission,
            **self._contract(fill.con_id),
        }

    async def _list_faults(self, request: Request) -> Response:
        return JSONResponse({"faults": self._faults.names, "active": sorted(self._faults.active)})

    async def _begin_fault(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._faults.names:
            return self._unknown(name)
        await self._faults.begin(name)
        return self._effective(name)

    async def _end_fault(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._faults.names:
            return self._unknown(name)
        if not self._faults.curable(name):
            return JSONResponse(
                {"error": f"expected a fault that can be switched off, found {name}; restart the container to cure it"},
                status_code=409,
            )
        await self._faults.end(name)
        return self._effective(name)

    def _unknown(self, name: str) -> Response:
        known = ", ".join(self._faults.names)
        return JSONResponse({"error": f"expected one of {known}, found {name}"}, status_code=404)

    def _effective(self, name: str) -> Response:
        now = int(self._gateway.host.monotonic() * 1e9)
        return JSONResponse({"fault": name, "effective_at_monotonic_ns": now})


class _Collector:
    """Makes metrics of the plain counters at each scrape."""

    def __init__(self, gateway: Gateway, faults: Faults) -> None:
        self._gateway = gateway
        self._faults = faults

    def collect(self) -> Iterator[Metric]:
        tally = self._gateway.tally
        prefix = "watchkeeper_simulator"
        yield GaugeMetricFamily(f"{prefix}_clients", "API clients connected", value=len(self._gateway.started()))
        yield GaugeMetricFamily(f"{prefix}_market_lines", "Market data lines in use", self._gateway.lines())
        for name, text, value in (
            ("messages_received", "Messages from clients", tally.messages_in),
            ("messages_sent", "Messages to clients", tally.messages_out),
            ("ticks_sent", "Market data messages to clients", tally.ticks),
            ("ticks_dropped", "Lines skipped because a client did not read", tally.ticks_dropped),
            ("requests_refused", "Requests answered with an error", tally.refused),
            ("orders", "placeOrder messages accepted for the book", tally.orders),
            ("fills", "Executions", tally.fills),
            ("failures", "Requests that ended in an unexpected exception", tally.failures),
            ("sessions", "Sessions that got through startApi", tally.sessions),
        ):
            yield CounterMetricFamily(f"{prefix}_{name}", text, value=value)
        injected = CounterMetricFamily(f"{prefix}_faults_injected", "Faults switched on", labels=["fault"])
        active = GaugeMetricFamily(f"{prefix}_fault_active", "1 while a fault is on", labels=["fault"])
        for fault in self._faults.names:
            injected.add_metric([fault], tally.faults.get(fault, 0))
            active.add_metric([fault], float(fault in self._faults.active))
        yield injected
        yield active


def bind(host: str, port: int) -> socket.socket:
    """A listening socket for the control port.

    Raises:
        PortTaken: the port is not free.
    """
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise PortTaken(host, port, "SIM_CONTROL_PORT", error) from error
    listener.setblocking(False)
    return listener


async def serve(app: Starlette, listener: socket.socket) -> None:
    """Serve until cancelled. Signals stay with the process's own handlers."""
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    )
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    await server.serve(sockets=[listener])
