"""The control port: how the stand-in is looked at, broken and moved through time, over HTTP.

Imported only after the API is open: the web server's modules take longer to load than everything else.
A request that is answered with 4xx has changed nothing. What may be asked, and what comes back, is in `openapi`.
"""

import contextlib
import json
import math
import socket
from typing import Any, NoReturn

import uvicorn
from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.simulator import truth
from gateway.simulator.api.gateway import Gateway
from gateway.simulator.api.tickets import by_hand
from gateway.simulator.broker.orders import Refused
from gateway.simulator.errors import FaultRefused, PortTaken
from gateway.simulator.faults import Faults
from gateway.simulator.faults.faults import Case
from gateway.simulator.lifecycle import Lifecycle
from gateway.simulator.metrics import registry
from gateway.simulator.openapi import DESCRIPTION

_LONGEST_BODY = 65_536
_FASTEST = 100_000.0
_FARTHEST = 7 * 86_400.0


class Control:
    """Answers for one running stand-in."""

    def __init__(self, gateway: Gateway, lifecycle: Lifecycle, faults: Faults) -> None:
        self._gateway = gateway
        self._lifecycle = lifecycle
        self._faults = faults
        self._registry = registry(gateway, faults)

    def app(self) -> Starlette:
        """The web application."""
        app = Starlette(
            routes=[
                Route("/healthz", self._health),
                Route("/metrics", self._metrics),
                Route("/openapi.json", self._describe),
                Route("/state", self._state),
                Route("/api/v1/status", self._status),
                Route("/api/v1/book", self._book),
                Route("/api/v1/time", self._time),
                Route("/api/v1/time", self._move_time, methods=["POST"]),
                Route("/api/v1/push", self._answer_push, methods=["POST"]),
                Route("/api/v1/orders", self._enter_order, methods=["POST"]),
                Route("/api/v1/orders/{perm_id}", self._cancel_order, methods=["DELETE"]),
                Route("/api/v1/faults", self._list_faults),
                Route("/api/v1/faults", self._end_all, methods=["DELETE"]),
                Route("/api/v1/faults/{name}", self._begin_fault, methods=["POST"]),
                Route("/api/v1/faults/{name}", self._end_fault, methods=["DELETE"]),
            ],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(self._gateway.settings.control_hosts))],
            exception_handlers={HTTPException: _explain},
        )
        app.router.redirect_slashes = False
        return app

    # -- looking ---------------------------------------------------------------------------------------------------

    async def _health(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _metrics(self, request: Request) -> Response:
        return Response(generate_latest(self._registry), media_type="text/plain; version=0.0.4")

    async def _describe(self, request: Request) -> Response:
        return JSONResponse(DESCRIPTION)

    async def _status(self, request: Request) -> Response:
        return JSONResponse(truth.status(self._gateway, self._lifecycle, self._faults))

    async def _state(self, request: Request) -> Response:
        return JSONResponse(truth.state(self._gateway, self._lifecycle, self._faults))

    async def _book(self, request: Request) -> Response:
        return JSONResponse(truth.book(self._gateway))

    # -- time ------------------------------------------------------------------------------------------------------

    async def _time(self, request: Request) -> Response:
        return JSONResponse(truth.time(self._gateway))

    async def _move_time(self, request: Request) -> Response:
        body = await _body(request)
        if set(body) not in ({"advance"}, {"speed"}):
            _refuse(400, 'expected {"advance": seconds} or {"speed": world seconds a second}')
        [(what, value)] = body.items()
        most = _FARTHEST if what == "advance" else _FASTEST
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
            _refuse(400, f"{what}: expected a number from 0 to {most:g}, found {value!r}")
        if what == "advance":
            await self._gateway.clock.advance(float(value))
        else:
            self._gateway.clock.set_speed(float(value))
        return JSONResponse(truth.time(self._gateway))

    # -- login -----------------------------------------------------------------------------------------------------

    async def _answer_push(self, request: Request) -> Response:
        answers = {"approve": self._lifecycle.approve, "refuse": self._lifecycle.refuse}
        body = await _body(request)
        answer = body.get("answer")
        if set(body) != {"answer"} or not isinstance(answer, str) or answer not in answers:
            _refuse(400, 'expected {"answer": "approve"} or {"answer": "refuse"}')
        if not answers[answer]():
            _refuse(409, f"expected a push that waits for its answer, found phase {self._lifecycle.phase}")
        return await self._status(request)

    # -- orders ----------------------------------------------------------------------------------------------------

    async def _enter_order(self, request: Request) -> Response:
        """An order entered by hand in the gateway, for the default account; or by a program of that client id."""
        body = await _body(request)
        con_id, action, tif = body.get("con_id"), body.get("action"), body.get("tif", "DAY")
        quantity, limit, client_id = body.get("quantity", 0), body.get("limit_price"), body.get("client_id", 0)
        if not (
            set(body) <= {"con_id", "action", "quantity", "limit_price", "tif", "client_id"}
            and isinstance(client_id, int)
            and not isinstance(client_id, bool)
            and client_id >= 0
            and isinstance(con_id, int)
            and self._gateway.instruments.by_id(con_id) is not None
            and action in ("BUY", "SELL")
            and isinstance(quantity, (int, float))
            and not isinstance(quantity, bool)
            and 0 < quantity < 1e9
            and (limit is None or (isinstance(limit, (int, float)) and not isinstance(limit, bool)))
            and tif in ("DAY", "GTC")
        ):
            _refuse(
                400,
                "expected a known con_id, action BUY or SELL, quantity, and perhaps limit_price, tif DAY or GTC, "
                "client_id",
            )
        ticket, broker = by_hand(self._gateway, con_id, action, float(quantity), limit, tif), self._gateway.broker
        try:
            if client_id:
                self._gateway.tell(broker.place(client_id, broker.next_order_id(client_id), ticket))
            else:
                self._gateway.enter(ticket)
        except Refused as refused:
            _refuse(400, str(refused))
        return await self._book(request)

    async def _cancel_order(self, request: Request) -> Response:
        """An order cancelled by hand in the gateway, whoever gave it."""
        perm_id, broker = request.path_params["perm_id"], self._gateway.broker
        order = next((one for one in broker.book.orders.values() if str(one.perm_id) == perm_id), None)
        if order is None:
            _refuse(404, f"expected the perm_id of an order on record, found {perm_id}")
        try:
            self._gateway.tell(broker.cancel(order.client_id, order.order_id))
        except Refused as refused:
            _refuse(409, str(refused))
        return await self._book(request)

    # -- faults ----------------------------------------------------------------------------------------------------

    async def _list_faults(self, request: Request) -> Response:
        return JSONResponse(
            {
                "faults": self._faults.names,
                "active": sorted(self._faults.active),
                "cases": [case.told() for case in self._faults.cases],
            }
        )

    async def _begin_fault(self, request: Request) -> Response:
        name = self._known(request)
        body = await _body(request)
        try:
            case = await self._faults.begin(name, body)
        except FaultRefused as refused:
            _refuse(400, str(refused))
        return self._effective(name, [case], status=200 if case.has_begun else 202)

    async def _end_fault(self, request: Request) -> Response:
        name = self._known(request)
        if not self._faults.curable(name):
            over = (
                "nothing: it was over as soon as it happened"
                if self._faults.momentary(name)
                else "a restart of the container"
            )
            _refuse(409, f"expected a fault that can be switched off, found {name}; what cures it: {over}")
        return self._effective(name, self._faults.end(name))

    async def _end_all(self, request: Request) -> Response:
        return self._effective("", self._faults.end_all())

    def _known(self, request: Request) -> str:
        name = str(request.path_params["name"])
        if name not in self._faults.names:
            _refuse(404, f"expected one of {', '.join(self._faults.names)}, found {name!r}")
        return name

    def _effective(self, name: str, cases: list[Case], status: int = 200) -> Response:
        now = int(self._gateway.host.monotonic() * 1e9)
        told = {"fault": name, "effective_at_monotonic_ns": now, "cases": [case.told() for case in cases]}
        return JSONResponse(told, status_code=status)


def _refuse(status: int, why: str) -> NoReturn:
    raise HTTPException(status, why)


async def _explain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that a request carries; nothing at all is an empty one."""
    data = b""
    async for piece in request.stream():
        data += piece
        if len(data) > _LONGEST_BODY:
            _refuse(413, f"expected at most {_LONGEST_BODY} bytes")
    if not data.strip():
        return {}
    try:
        found = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        _refuse(400, f"expected a JSON object, found: {error}")
    if not isinstance(found, dict):
        _refuse(400, f"expected a JSON object, found {type(found).__name__}")
    if not all(math.isfinite(value) for value in found.values() if isinstance(value, float)):
        _refuse(400, "expected finite numbers")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


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
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]  # ours stay
    await server.serve(sockets=[listener])
