"""The supervisor's HTTP: page, health, metrics, status, and the few things that a person or an engine may ask for.

Reading is open on the networks that it listens on; asking needs one of two bearer tokens. Foreign Host headers are
refused, so that no web page can reach it by name rebinding.
"""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, override

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from supervisor import status
from supervisor.asked import MOST_SECONDS, BadRequest, rung_of
from supervisor.errors import ActRefused, JournalUnusable
from supervisor.house import House
from supervisor.journal import Journal
from supervisor.loop import Watch
from supervisor.observation import CONTAINERS, Ask, Result, Subject
from supervisor.page import routes as page
from tws.clock import Clock

_LONGEST_BODY = 4096

type Handler = Callable[[Request], Awaitable[Response]]


def application(
    house: House,
    journal: Journal,
    registry: CollectorRegistry,
    clock: Clock,
    *,
    operator: str,
    machines: Mapping[str, str],
    hosts: list[str],
    leaving: asyncio.Event,
) -> Starlette:
    """The whole of it.

    Args:
        house: every tenant's watch.
        journal: what happened.
        registry: what is exported.
        clock: the wall clock is shown.
        operator: the token of people.
        machines: each tenant's token of its engine, which opens nothing of another tenant's.
        hosts: Host headers that are answered.
        leaving: what streams to viewers ends with it.
    """
    api = _Api(house, journal, registry, clock, machines)

    def guarded(token: str, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            return await handler(request) if _shows(request, token) else _wrong_token()

        return handle

    return Starlette(
        routes=[
            *page.routes(house, journal, clock, operator=operator, leaving=leaving),
            Route("/healthz", api.healthz),
            Route("/readyz", api.readyz),
            Route("/metrics", api.metrics),
            Route("/api/v1/status", api.status),
            Route("/api/v1/explain", api.explain),
            Route("/api/v1/incidents", api.incidents),
            Route("/api/v1/preflight", api.last_preflight),
            Route("/api/v1/preflight", guarded(operator, api.preflight), methods=["POST"]),
            Route("/api/v1/pause", guarded(operator, api.pause), methods=["POST"]),
            Route("/api/v1/resume", guarded(operator, api.resume), methods=["POST"]),
            Route("/api/v1/login", guarded(operator, api.login), methods=["POST"]),
            Route("/api/v1/pause-gateway", guarded(operator, api.pause_gateway), methods=["POST"]),
            Route("/api/v1/restart", guarded(operator, api.restart), methods=["POST"]),
            Route("/api/v1/cancel", guarded(operator, api.cancel), methods=["POST"]),
            Route("/api/v1/clearance", api.clearance, methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)],
        exception_handlers={BadRequest: _refused(400), ActRefused: _refused(503), JournalUnusable: _refused(503)},
    )


def _shows(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _wrong_token() -> Response:
    return JSONResponse({"error": "expected a bearer token of the right kind"}, 401)


def _refused(code: int) -> Callable[[Request, Exception], Response]:
    return lambda request, error: JSONResponse({"error": str(error)}, code)


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if len(raw) > _LONGEST_BODY:
        raise BadRequest(f"expected at most {_LONGEST_BODY} bytes, found {len(raw)}")
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise BadRequest(f"expected JSON, found {error}") from error
    if not isinstance(body, dict):
        raise BadRequest("expected a JSON object")
    return body


class _One(Collector):
    """One family, as something to collect from."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    @override
    def collect(self) -> Iterable[Metric]:
        return [self._family]


class _Api:
    def __init__(
        self, house: House, journal: Journal, registry: CollectorRegistry, clock: Clock, machines: Mapping[str, str]
    ) -> None:
        self._house = house
        self._journal = journal
        self._registry = registry
        self._clock = clock
        self._machines = machines

    def _watch(self, name: object) -> Watch:
        """The tenant that is meant: the one named, or the only one that there may be."""
        watches, names = self._house.watches, self._house.names
        if name is None and len(names) == 1:
            (name,) = names
        if not isinstance(name, str) or name not in watches:
            known = ", ".join(sorted(watches)) or "none yet"
            found = "none" if name is None else repr(name)
            raise BadRequest(f"expected a tenant, one of {known}, found {found}; say which with TENANT=…")
        return watches[name]

    def _watches(self, request: Request) -> list[Watch]:
        """The tenant that a query names, or all."""
        name = request.query_params.get("tenant")
        return [self._watch(name)] if name is not None else [one for _, one in sorted(self._house.watches.items())]

    async def healthz(self, request: Request) -> Response:
        """Whether every loop runs. Nothing else: a sick gateway is no reason to restart its watchman."""
        if self._house.late:
            return PlainTextResponse("the loop is late\n", 503)
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """Whether it can see: the Docker API has answered for every tenant and the loops run."""
        watches = self._house.watches.values()
        if self._house.late or any(watch.observation.docker.result is not Result.OK for watch in watches):
            return PlainTextResponse("blind\n", 503)
        return PlainTextResponse("ok\n")

    async def metrics(self, request: Request) -> Response:
        """A family at a time, with a rest after each: all of a hundred tenants at once would make heartbeats late."""

        async def told() -> AsyncIterator[bytes]:
            for family in self._registry.collect():
                yield generate_latest(_One(family))
                await self._clock.sleep(0)

        return StreamingResponse(told(), media_type=CONTENT_TYPE_LATEST)

    async def status(self, request: Request) -> Response:
        rows = [watch.status() for watch in self._watches(request)]
        return JSONResponse(status.status(rows, self._clock.now().timestamp()))

    async def explain(self, request: Request) -> Response:
        """The status, and of each tenant what it rests on."""
        rows = [watch.explain() for watch in self._watches(request)]
        return JSONResponse(status.status(rows, self._clock.now().timestamp()))

    async def incidents(self, request: Request) -> Response:
        """The newest first. `since`, an epoch second: those that were open then, or later."""
        try:
            limit = min(1000, max(1, int(request.query_params.get("limit", "100"))))
            since = float(request.query_params.get("since", "0"))
        except ValueError as error:
            raise BadRequest("expected limit and since to be numbers") from error
        name = request.query_params.get("tenant")
        rows = await asyncio.get_running_loop().run_in_executor(
            self._journal.thread, lambda: self._journal.incidents(name, limit=limit, since=since)
        )
        return JSONResponse([status.incident_row(row) for row in rows])

    async def last_preflight(self, request: Request) -> Response:
        last = self._watch(request.query_params.get("tenant")).preflighted
        if last is None:
            return JSONResponse({"version": 1, "verdict": "unknown", "seconds": 0.0, "checks": [], "at": None})
        told, at = last
        return JSONResponse({**told, "at": status.iso(at)})

    async def preflight(self, request: Request) -> Response:
        watch = self._watch((await _body(request)).get("tenant"))
        return JSONResponse((await watch.preflights.report()).as_json())

    async def pause(self, request: Request) -> Response:
        """`{"tenant", "seconds": 1800 | null, "reason": "…"}`. Of one tenant only, the tenant need not be named."""
        body = await _body(request)
        watch = self._watch(body.get("tenant"))
        seconds, reason = body.get("seconds"), body.get("reason", "")
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if seconds is not None and not (number and 0 < seconds <= MOST_SECONDS):
            raise BadRequest(f"expected seconds between 0 and {MOST_SECONDS:.0f} or null, found {seconds!r}")
        if not isinstance(reason, str) or not reason.strip():
            raise BadRequest("expected a reason, found none; the next person will want to know")
        pause = watch.set_pause(reason.strip()[:200], seconds)
        return JSONResponse({"paused": True, "reason": pause.reason, "until": pause.until})

    async def resume(self, request: Request) -> Response:
        """Ends the pause and lifts a hold on logins."""
        watch = self._watch((await _body(request)).get("tenant"))
        watch.resume()
        return JSONResponse({"paused": False, "hold_lifted": watch.lift_hold("resume")})

    async def login(self, request: Request) -> Response:
        """Lifts a hold on logins and starts the gateway anew, once, if the ledger has room."""
        accepted, sentence = self._watch((await _body(request)).get("tenant")).log_in()
        return JSONResponse({"accepted": accepted, "sentence": sentence}, 202 if accepted else 409)

    async def pause_gateway(self, request: Request) -> Response:
        """Ends the gateway with its token kept, and holds its next start until `resume`."""
        watch = self._watch((await _body(request)).get("tenant"))
        try:
            return JSONResponse({"accepted": True, "sentence": await watch.pause_gateway()}, 202)
        except ActRefused as error:
            return JSONResponse({"accepted": False, "sentence": str(error)}, 409)

    async def restart(self, request: Request) -> Response:
        """`{"tenant", "subject": "gateway" | "engine", "rung": "ibc-restart" | "container-restart" | …}`."""
        body = await _body(request)
        watch = self._watch(body.get("tenant"))
        subjects = {str(subject) for subject in CONTAINERS}
        if body.get("subject") not in subjects:
            raise BadRequest(f"expected subject to be one of {sorted(subjects)}, found {body.get('subject')!r}")
        subject = Subject(body["subject"])
        rung = rung_of(watch, subject, body.get("rung"))
        refusal = watch.ask(Ask(subject, rung))
        if refusal is not None:
            return JSONResponse({"accepted": False, "reason": refusal}, 409)
        return JSONResponse({"accepted": True, "subject": subject, "rung": rung}, 202)

    async def cancel(self, request: Request) -> Response:
        """Lets go of the act that is under way. `pause` keeps another from following."""
        refusal = self._watch((await _body(request)).get("tenant")).cancel()
        if refusal is not None:
            return JSONResponse({"cancelled": False, "reason": refusal}, 409)
        return JSONResponse({"cancelled": True})

    async def clearance(self, request: Request) -> Response:
        """Answer `{"granted", "reason", "retry_after_seconds"}`.

        Of `{"tenant", "account", "further_accounts", "mode", "instance"}`.
        """
        # Whoever shows no token at all is not told which tenants there are.
        if not any([_shows(request, token) for token in self._machines.values()]):
            return _wrong_token()
        body = await _body(request)
        watch = self._watch(body.get("tenant"))
        if not _shows(request, self._machines[watch.rules.tenant]):
            return _wrong_token()
        mode = body.get("mode")
        if mode is not None and (mode == "live") is not watch.rules.live:
            return JSONResponse(
                {"granted": False, "reason": f"the engine is set to {mode}", "retry_after_seconds": 5.0}
            )
        account = body.get("account")
        told = body.get("further_accounts")
        further = [one for one in told if isinstance(one, str)] if isinstance(told, list) else []
        answer = await watch.clearance(account if isinstance(account, str) else None, further)
        return JSONResponse(answer.as_json())
