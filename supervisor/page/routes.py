"""What is served beside the API. Who answers is loaded when somebody looks: 2.4 MiB that else nobody needs."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import import_module
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from supervisor.house import House
from supervisor.journal import Journal
from tws.clock import Clock

_HANDLERS: Final = "supervisor.page.handlers"

type _Handler = Callable[[Request], Awaitable[Response]]


def routes(house: House, journal: Journal, clock: Clock, *, operator: str, leaving: asyncio.Event) -> list[Route]:
    """All of them. `operator` is the token that an act wants; live updates end with `leaving`."""

    @cache
    def page() -> object:
        return import_module(_HANDLERS).Page(house, journal, clock, operator, leaving)

    def by(name: str) -> _Handler:
        async def handle(request: Request) -> Response:
            if _HANDLERS not in sys.modules:
                await asyncio.to_thread(import_module, _HANDLERS)  # beside the loop, which is not to be late for it
            return await cast("_Handler", getattr(page(), name))(request)

        return handle

    return [
        Route("/", by("show")),
        Route("/events", by("events")),
        Route("/act", by("act"), methods=["POST"]),
        Route("/docs/{name:path}", by("docs")),
        Route("/runbooks/{name}", _runbook),
    ]


async def _runbook(request: Request) -> Response:
    """An alert's page, by the alert's name."""
    return RedirectResponse(f"/docs/runbooks/{request.path_params['name']}.md", 307)
