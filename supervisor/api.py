"""The supervisor's HTTP: health, metrics, status, and the few things that a person or an engine may ask.

Reading is open on the networks that it listens on; asking needs one of two bearer tokens. Foreign Host headers are
refused, so that no web page can reach it by name rebinding.
"""

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from supervisor.errors import ActRefused, JournalUnusable
from supervisor.faults import Rung
from supervisor.loop import Watch
from supervisor.observation import CONTAINERS, Ask, Result, Status, Subject

_MOST_SECONDS = 7 * 24 * 3600.0
_LONGEST_BODY = 4096

type Handler = Callable[[Request], Awaitable[Response]]


class BadRequest(ValueError):
    """The body is not what was expected; the message says what was."""


def application(
    watch: Watch, registry: CollectorRegistry, *, operator: str, machine: str, hosts: list[str]
) -> Starlette:
    """The whole of it. `operator` and `machine` are the two tokens."""
    api = _Api(watch, registry)

    def guarded(token: str, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                return JSONResponse({"error": "expected a bearer token of the right kind"}, 401)
            try:
                return await handler(request)
            except BadRequest as error:
                return JSONResponse({"error": str(error)}, 400)
            except ActRefused as error:
                return JSONResponse({"error": str(error)}, 503)

        return handle

    return Starlette(
        routes=[
            Route("/healthz", api.healthz),
            Route("/readyz", api.readyz),
            Route("/metrics", api.metrics),
            Route("/api/v1/status", api.status),
            Route("/api/v1/incidents", api.incidents),
            Route("/api/v1/preflight", api.last_preflight),
            Route("/api/v1/preflight", guarded(operator, api.preflight), methods=["POST"]),
            Route("/api/v1/pause", guarded(operator, api.pause), methods=["POST"]),
            Route("/api/v1/resume", guarded(operator, api.resume), methods=["POST"]),
            Route("/api/v1/login", guarded(operator, api.login), methods=["POST"]),
            Route("/api/v1/restart", guarded(operator, api.restart), methods=["POST"]),
            Route("/api/v1/cancel", guarded(operator, api.cancel), methods=["POST"]),
            Route("/api/v1/clearance", guarded(machine, api.clearance), methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)],
    )


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


class _Api:
    def __init__(self, watch: Watch, registry: CollectorRegistry) -> None:
        self._watch = watch
        self._registry = registry

    async def healthz(self, request: Request) -> Response:
        """Whether the loop runs. Nothing else: a sick gateway is no reason to restart its watchman."""
        if self._watch.late:
            return PlainTextResponse("the loop is late\n", 503)
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """Whether it can see: the Docker API has answered and the loop runs."""
        if self._watch.late or self._watch.observation.docker.result is not Result.OK:
            return PlainTextResponse("blind\n", 503)
        return PlainTextResponse("ok\n")

    async def metrics(self, request: Request) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    async def status(self, request: Request) -> Response:
        return JSONResponse(self._watch.status())

    async def incidents(self, request: Request) -> Response:
        try:
            limit = min(1000, max(1, int(request.query_params.get("limit", "100"))))
        except ValueError:
            return JSONResponse({"error": "expected limit to be a number"}, 400)
        try:
            return JSONResponse(await self._watch.incidents(limit))
        except JournalUnusable as error:
            return JSONResponse({"error": str(error)}, 503)

    async def last_preflight(self, request: Request) -> Response:
        report = self._watch.preflights.last
        if report is None:
            return JSONResponse({"version": 1, "verdict": "unknown", "seconds": 0.0, "checks": []})
        return JSONResponse(report.as_json())

    async def preflight(self, request: Request) -> Response:
        return JSONResponse((await self._watch.preflights.report()).as_json())

    async def pause(self, request: Request) -> Response:
        """`{"seconds": 1800 | null, "reason": "…"}`."""
        body = await _body(request)
        seconds, reason = body.get("seconds"), body.get("reason", "")
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if seconds is not None and not (number and 0 < seconds <= _MOST_SECONDS):
            raise BadRequest(f"expected seconds between 0 and {_MOST_SECONDS:.0f} or null, found {seconds!r}")
        if not isinstance(reason, str) or not reason.strip():
            raise BadRequest("expected a reason, found none; the next person will want to know")
        pause = self._watch.set_pause(reason.strip()[:200], seconds)
        return JSONResponse({"paused": True, "reason": pause.reason, "until": pause.until})

    async def resume(self, request: Request) -> Response:
        """Ends the pause and lifts a hold on logins."""
        self._watch.resume()
        return JSONResponse({"paused": False, "hold_lifted": self._watch.lift_hold("resume")})

    async def login(self, request: Request) -> Response:
        """Lifts a hold on logins and starts the gateway anew, once, if the ledger has room."""
        accepted, sentence = self._watch.log_in()
        return JSONResponse({"accepted": accepted, "sentence": sentence}, 202 if accepted else 409)

    async def restart(self, request: Request) -> Response:
        """`{"subject": "gateway" | "engine", "rung": "ibc-restart" | "container-restart" | …}`."""
        body = await _body(request)
        subjects = {str(subject) for subject in CONTAINERS}
        if body.get("subject") not in subjects:
            raise BadRequest(f"expected subject to be one of {sorted(subjects)}, found {body.get('subject')!r}")
        subject = Subject(body["subject"])
        rung = self._rung(subject, body.get("rung"))
        refusal = self._watch.ask(Ask(subject, rung))
        if refusal is not None:
            return JSONResponse({"accepted": False, "reason": refusal}, 409)
        return JSONResponse({"accepted": True, "subject": subject, "rung": rung}, 202)

    async def cancel(self, request: Request) -> Response:
        """Lets go of the act that is under way. `pause` keeps another from following."""
        refusal = self._watch.cancel()
        if refusal is not None:
            return JSONResponse({"cancelled": False, "reason": refusal}, 409)
        return JSONResponse({"cancelled": True})

    def _rung(self, subject: Subject, named: object) -> Rung:
        observation = self._watch.observation
        gateway = subject is Subject.GATEWAY
        found = observation.gateway if gateway else observation.engine
        up = found is not None and found.status is Status.RUNNING
        hard = Rung.CONTAINER_RESTART if gateway else Rung.ENGINE_RESTART
        cold = Rung.CONTAINER_START if gateway else Rung.ENGINE_START
        soft = Rung.IBC_RESTART if gateway else Rung.ENGINE_RESYNC
        rungs = [hard, soft, cold] if gateway or self._watch.rules.engine_api else [hard, cold]
        if gateway and self._watch.rules.external:
            hard = cold = Rung.RESTART_COMMAND
            rungs = [hard]
        if named is None:
            return hard if up else cold
        if named in rungs:
            return Rung(str(named))
        raise BadRequest(f"expected rung to be one of {[str(rung) for rung in rungs]}, found {named!r}")

    async def clearance(self, request: Request) -> Response:
        """`{"tenant", "account", "mode", "instance"}` → `{"granted", "reason", "retry_after_seconds"}`."""
        body = await _body(request)
        rules = self._watch.rules
        if body.get("tenant") not in (None, rules.tenant):
            raise BadRequest(f"expected tenant {rules.tenant!r}, found {body.get('tenant')!r}")
        mode = body.get("mode")
        if mode is not None and (mode == "live") is not rules.live:
            return JSONResponse(
                {"granted": False, "reason": f"the engine is set to {mode}", "retry_after_seconds": 5.0}
            )
        account = body.get("account")
        answer = await self._watch.clearance(account if isinstance(account, str) else None)
        return JSONResponse(answer.as_json())
