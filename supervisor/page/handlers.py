"""What answers who looks: the page at `/`, its live updates, its forms, and the pages under docs."""

import asyncio
import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    Response,
    StreamingResponse,
)

from supervisor import status
from supervisor.asked import BadRequest
from supervisor.errors import ActRefused
from supervisor.house import House
from supervisor.journal import Journal
from supervisor.loop import Watch
from supervisor.page import docs, render
from supervisor.page.acts import act
from supervisor.page.live import Live, Sections
from supervisor.page.view import Neighbour, View, view
from tws.clock import Clock

_INCIDENTS: Final = 100
_LONGEST_FORM: Final = 4096


class Page:
    """Answers what `routes` leads here."""

    def __init__(self, house: House, journal: Journal, clock: Clock, operator: str, leaving: asyncio.Event) -> None:
        self._house = house
        self._journal = journal
        self._clock = clock
        self._operator = operator
        self._live = Live(self._sections, clock, leaving)
        self._rows: dict[str, tuple[object, list[dict[str, Any]]]] = {}

    # -- looking ----------------------------------------------------------------------------------------------------

    async def show(self, request: Request) -> Response:
        """The tenant that is named, or the one that is worst."""
        named = request.query_params.get("tenant")
        if not self._house.watches:
            text = "No tenant has a container yet. `make up` starts one."
            return HTMLResponse(render.other("told", text=text, back="/"), 503, dict(render.headers()))
        name = named or self._worst_first()[0].name
        if name not in self._house.watches:
            text = f"There is no tenant {name!r} here."
            return HTMLResponse(render.other("told", text=text, back="/"), 404, dict(render.headers()))
        return HTMLResponse(render.page(await self._view(name)), headers=dict(render.headers(script=True)))

    async def events(self, request: Request) -> Response:
        """What changes from now on."""
        name = request.query_params.get("tenant", "")
        if name not in self._house.watches:
            return JSONResponse({"error": f"expected a tenant of this supervisor, found {name!r}"}, 404)
        if self._live.full:
            return JSONResponse({"error": "too many look at this already; the page itself can be reloaded"}, 503)
        return StreamingResponse(
            self._live.watch(name), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def _sections(self, name: str) -> Sections:
        return render.sections(await self._view(name))

    async def _view(self, name: str) -> View:
        watch = self._house.watches[name]
        incidents = await self._incidents(watch)
        now = self._clock.now().timestamp()
        said, stood = tuple(watch.story.sentences), tuple(watch.story.verdicts)
        return view(watch.status(), self._worst_first(name), said, stood, incidents, watch.preflighted, now)

    async def _incidents(self, watch: Watch) -> list[dict[str, Any]]:
        """The journal's, asked again only when something has changed: many look, and little happens."""
        name, memory = watch.rules.tenant, watch.memory
        known = (memory.next_incident, memory.next_act, memory.open)
        before = self._rows.get(name)
        if before is None or before[0] != known:
            rows = await asyncio.get_running_loop().run_in_executor(
                self._journal.thread, lambda: self._journal.incidents(name, limit=_INCIDENTS)
            )
            before = self._rows[name] = known, rows
        return before[1]

    def _worst_first(self, chosen: str = "") -> list[Neighbour]:
        found = [
            Neighbour(name, status.stands(watch.memory, watch.observation, watch.rules), watch.sentence, name == chosen)
            for name, watch in sorted(self._house.watches.items())
        ]
        return sorted(found, key=lambda one: status.WORST_FIRST.index(one.verdict))

    # -- reading ----------------------------------------------------------------------------------------------------

    async def docs(self, request: Request) -> Response:
        """A page or a drawing under docs."""
        name = request.path_params["name"]
        if name not in docs.pages():
            text = "There is no such page here."
            return HTMLResponse(render.other("told", text=text, back="/"), 404, dict(render.headers()))
        if name.endswith(docs.DRAWING):
            return FileResponse(docs.pages()[name], headers={**render.headers(), "Content-Security-Policy": "sandbox"})
        title, body = await asyncio.to_thread(docs.html, name)
        return HTMLResponse(render.other("doc", title=title, body=body), headers=dict(render.headers()))

    # -- acting -----------------------------------------------------------------------------------------------------

    async def act(self, request: Request) -> Response:
        """A form of the page. The answer is a sentence: as JSON for the page's script, as a page without it."""
        ok, code, text, back = await self._acted(request)
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"ok": ok, "sentence": text}, code)
        return HTMLResponse(render.other("told", text=text, back=back), code, dict(render.headers()))

    async def _acted(self, request: Request) -> tuple[bool, int, str, str]:
        form = await _form(request)
        if form is None:
            return False, 400, "That form was not this page's.", "/"
        watch = self._house.watches.get(form.get("tenant", ""))
        if watch is None:
            return False, 404, "There is no such tenant here.", "/"
        back = f"/?tenant={watch.rules.tenant}"
        if not hmac.compare_digest(form.get("token", "").strip().encode(), self._operator.encode()):
            return False, 401, "Nothing was done: that is not the operator's token.", back
        try:
            ok, text = act(watch, form, self._clock.now().timestamp())
        except BadRequest as error:
            return False, 400, f"Nothing was done: {error}.", back
        except ActRefused as error:
            return False, 503, f"Not done: {error}.", back
        return ok, 200 if ok else 409, text, back


async def _form(request: Request) -> Mapping[str, str] | None:
    """The fields of a plain form, or None."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    length = request.headers.get("content-length", "")
    if kind != "application/x-www-form-urlencoded" or not length.isdecimal() or int(length) > _LONGEST_FORM:
        return None
    try:
        return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=10))
    except ValueError:
        return None
