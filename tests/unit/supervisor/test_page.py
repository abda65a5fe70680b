"""The status page without a browser: what it says, what it refuses, what it weighs, and where its links lead."""

import asyncio
import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, override

import httpx
import pytest

from preflight.checks import CHECKS
from supervisor.api import application
from supervisor.faults import FAULTS, Page, Rung
from supervisor.house import House
from supervisor.loop import Watch
from supervisor.memory import Act, Incident, Withheld
from supervisor.observation import Audit, Container, Status, Subject
from supervisor.page import docs
from supervisor.page.live import Live, Sections
from supervisor.page.remedies import YOURS, page_of
from supervisor.page.render import SECTIONS
from supervisor.page.timeline import timeline
from supervisor.page.words import lasting, moment
from supervisor.states import GatewayState
from supervisor.windows import Calendar, Span
from tests.made_up import CLOCK, made_up_watch

TOKEN = "operator"
NOON = 1_795_435_200.0
"""2026-11-23 12:00:00 UTC."""


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    async with made_up_watch(tmp_path) as made:
        yield made


@pytest.fixture
def house(watch: Watch) -> House:
    made = House(lambda name: None, lambda name: None, CLOCK, always=["sim"])  # type: ignore[arg-type, return-value]
    made.watches["sim"] = watch
    return made


@pytest.fixture
async def client(house: House, watch: Watch) -> AsyncIterator[httpx.AsyncClient]:
    app = application(
        house,
        watch._journal,
        watch.registry,  # type: ignore[attr-defined]
        CLOCK,
        operator=TOKEN,
        machines={"sim": "machine"},
        hosts=["localhost"],
        leaving=asyncio.Event(),
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:9180") as made:
        yield made


def incident(fault: str, number: int = 1) -> Incident:
    now = CLOCK.monotonic()
    return Incident(number, fault, FAULTS[fault].subject, now - 3.0, now - 3.0, now)


def report(result: str = "fail") -> dict[str, Any]:
    """Every check, at its longest."""
    return {
        "version": 1,
        "verdict": "no-go",
        "seconds": 2.0,
        "left_out": [],
        "checks": [
            {
                "name": check.name,
                "group": str(check.group),
                "result": result,
                "expected": "x" * 60,
                "found": "y" * 60,
                "remedy": "z" * 80,
                "docs": [],
            }
            for check in CHECKS
        ],
    }


def words(html: str) -> str:
    """What a reader of the page's text reads."""
    without = re.sub(r"<(style|script).*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", without)).replace("&#39;", "'")


# -- what it says ------------------------------------------------------------------------------------------------------


async def test_all_is_well(client: httpx.AsyncClient, watch: Watch) -> None:
    watch.memory = replace(watch.memory, gateway=replace(watch.memory.gateway, since=CLOCK.monotonic() - 11_525.0))
    answer = await client.get("/")
    text = words(answer.text)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Trading. Gateway READY for 3 h 12 min; Engine TRADING for" in text
    assert "Nothing needs to be done." in text
    assert "What is wrong now" not in text


async def test_it_says_who_is_doing_what(client: httpx.AsyncClient, watch: Watch) -> None:
    well, now = watch.memory, CLOCK.monotonic()

    async def told() -> str:
        return words((await client.get("/")).text)

    act = Act(1, Rung.CONTAINER_RESTART, Subject.GATEWAY, 1, now, now + 90.0, "jvm-dead")
    dead = replace(well, gateway=replace(well.gateway, state=GatewayState.RECOVERING))
    watch.memory = replace(dead, gateway_incident=incident("jvm-dead"), flight=act)
    assert "Not trading: the gateway is down." in await told()
    assert "The supervisor is at work: container-restart for 0 s, because of jvm-dead." in await told()
    watch.memory = replace(dead, gateway_incident=incident("jvm-dead"))
    assert "The supervisor is on it: container restart, inside the budget." in await told()
    watch._withheld = Withheld(Rung.CONTAINER_RESTART, Subject.GATEWAY, "a person paused it")
    assert "container-restart is due and not done: a person paused it." in await told()
    watch.memory = replace(dead, gateway_incident=replace(incident("jvm-dead"), gave_up=True))
    assert "You: The supervisor has given up on jvm-dead" in await told()
    watch.memory = replace(well, standing=(incident("naked-position"),))
    assert "You: Compare with IBKR's own client" in await told()
    watch.memory, watch._withheld = well, None
    watch.set_pause("lunch", 900.0)
    watch.observation = replace(watch.observation, paused=True)
    assert "Paused by a person." in await told()
    assert "lunch." in await told()


async def test_an_incident_is_told_step_by_step(client: httpx.AsyncClient, watch: Watch) -> None:
    wall = CLOCK.now().timestamp()
    watch.story.goes_on(wall - 3600.0, "sim: long ago", "trading")
    watch.story.goes_on(wall - 2.0, "sim: gateway SUSPECT", "trading")
    watch.story.goes_on(wall - 1.0, "sim: gateway has jvm-dead (refused)", "down")
    watch.memory = replace(watch.memory, gateway_incident=incident("jvm-dead"))
    text = words((await client.get("/")).text)
    assert re.search(r"Step by step .* gateway SUSPECT .* gateway has jvm-dead \(refused\)", text)
    assert "long ago" not in text


async def test_what_others_have_written_is_shown_and_never_obeyed(client: httpx.AsyncClient, watch: Watch) -> None:
    watch.set_pause("<img src=x onerror=alert(1)> `<b>`", None)
    watch.observation = replace(watch.observation, paused=True)
    html = (await client.get("/")).text
    assert "&lt;img src=x onerror=alert(1)&gt; <code>&lt;b&gt;</code>" in html
    watch.memory = replace(watch.memory, standing=(incident("slow"),))
    watch.story.goes_on(CLOCK.now().timestamp(), "sim: <img src=x> said a gateway", "paused")
    told = report()
    told["checks"][0]["found"] = "<img src=x> was found"
    watch.preflighted = told, CLOCK.now().timestamp()
    html = (await client.get("/")).text
    assert "&lt;img src=x&gt; said a gateway" in html
    assert "&lt;img src=x&gt; was found" in html
    assert "<img" not in html


async def test_a_tenant_that_is_not_there(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", params={"tenant": "<b>"})
    assert (answer.status_code, "<b>" in answer.text) == (404, False)
    assert (await client.get("/events", params={"tenant": "x"})).status_code == 404


async def test_of_several_tenants_the_worst_comes_first(
    client: httpx.AsyncClient, house: House, tmp_path: Path
) -> None:
    assert "Tenants" not in words((await client.get("/")).text)
    (tmp_path / "b").mkdir()
    async with made_up_watch(tmp_path / "b", "b") as worse:
        worse.memory = replace(worse.memory, gateway=replace(worse.memory.gateway, state=GatewayState.FAILING))
        house.watches["b"] = worse
        html = (await client.get("/")).text
        assert "Not trading: the gateway is down." in words(html), "without a name it is the worst one's"
        assert re.findall(r'<a href="/\?tenant=(\w+)"( aria-current="page")?', html) == [
            ("b", ' aria-current="page"'),
            ("sim", ""),
        ]
        assert "Trading." in words((await client.get("/", params={"tenant": "sim"})).text)
        del house.watches["b"]


async def test_the_next_window_and_the_end_of_the_week_s_token_are_counted_down(
    client: httpx.AsyncClient, watch: Watch
) -> None:
    now = CLOCK.now()
    window = Span("ibkr-reset", now + timedelta(hours=2, seconds=30), now + timedelta(hours=3))
    watch.calendar = Calendar(next=window, token_expires_at=now + timedelta(days=2, hours=4, seconds=30))
    text = words((await client.get("/")).text)
    assert "Next window ibkr-reset in 2 h 0 min, at" in text
    assert "Weekly token ends in 2 d 4 h, at" in text


async def test_the_broker_s_books_and_the_preflight_are_shown(client: httpx.AsyncClient, watch: Watch) -> None:
    watch.preflighted = report(), CLOCK.now().timestamp()
    watch.observation = replace(
        watch.observation,
        sentinel=replace(watch.observation.sentinel, audit=Audit(CLOCK.monotonic(), 0, 0)),
    )
    text = words((await client.get("/")).text)
    assert "0 positions, 0 working orders" in text
    assert f"Do next: {'z' * 80}" in text


# -- what it weighs, and takes from nowhere ----------------------------------------------------------------------------


async def test_it_is_light_also_on_the_worst_day(client: httpx.AsyncClient, watch: Watch) -> None:
    watch.preflighted = report(), CLOCK.now().timestamp()
    for number, fault in enumerate(sorted(FAULTS), 1):
        watch._journal.put_incident("sim", incident(fault, number), watch._wall)
        watch.story.goes_on(CLOCK.now().timestamp(), f"sim: gateway has {fault} ({'because ' * 10})", str(number % 5))
    standing = [fault.name for fault in FAULTS.values() if fault.standing]
    watch.memory = replace(
        watch.memory, next_incident=99, standing=tuple(incident(name, 50 + i) for i, name in enumerate(standing[:6]))
    )
    size = len((await client.get("/")).content)
    assert 20_000 < size <= 50_000


class _Parts(HTMLParser):
    """What a browser would load, run or be styled by."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []
        self.inline: dict[str, str] = {}
        self._in = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._in = tag

    @override
    def handle_data(self, data: str) -> None:
        if self._in in ("style", "script"):
            self.inline[self._in] = self.inline.get(self._in, "") + data

    @override
    def handle_endtag(self, tag: str) -> None:
        self._in = ""


@pytest.mark.parametrize("path", ["/", "/docs/preflight.md", "/docs/none", "/?tenant=none"])
async def test_a_browser_is_told_to_take_nothing_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    parts = _Parts()
    parts.feed(answer.text)
    policy = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    for tag in ("style", "script"):
        source = parts.inline.get(tag)
        wanted = base64.b64encode(hashlib.sha256((source or "").encode()).digest()).decode()
        assert policy[f"{tag}-src"] == (f"'sha256-{wanted}'" if source else "'none'")
    assert not [one for one in parts.attributes if one[1] == "style" or one[1].startswith("on")]
    loaded = [value for tag, name, value in parts.attributes if name in ("src", "href") and tag not in ("a",)]
    assert all(value.startswith("data:") or value.endswith(".svg") for value in loaded)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/events?tenant=sim", "/docs/faults.md", "/runbooks/GatewayDown"])
async def test_a_foreign_host_is_refused(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers={"Host": "evil.example:9180"})).status_code == 400


def test_who_never_looks_has_nothing_of_it_in_memory() -> None:
    loaded = "{'jinja2', 'markdown_it'} & set(sys.modules)"
    script = f"import supervisor.lean, sys, supervisor.service; sys.exit(str({loaded} or ''))"
    done = subprocess.run([sys.executable, "-c", script], cwd=docs.ROOT.parent, capture_output=True, text=True)
    assert done.stderr.strip() == ""


# -- acting ------------------------------------------------------------------------------------------------------------

PAUSE = {"tenant": "sim", "act": "pause", "reason": "lunch", "lasts": "30 min"}


@pytest.mark.parametrize("token", ["", "wrong", "machine"])
@pytest.mark.parametrize("act", ["pause", "resume", "restart-gateway", "restart-engine"])
async def test_no_act_without_the_token(client: httpx.AsyncClient, watch: Watch, act: str, token: str) -> None:
    watch.observation = replace(watch.observation, gateway=Container("i", "n", Status.RUNNING, "s"))
    answer = await client.post("/act", data=PAUSE | {"act": act, "token": token})
    assert (answer.status_code, watch.pause, watch._asks) == (401, None, [])
    assert "that is not the operator's token" in answer.text.replace("&#39;", "'")


async def test_pause_and_resume(client: httpx.AsyncClient, watch: Watch) -> None:
    answer = await client.post("/act", data=PAUSE | {"token": TOKEN}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert watch.pause is not None
    assert watch.pause.reason == "lunch"
    assert "No restarts until" in answer.json()["sentence"]
    answer = await client.post("/act", data={"tenant": "sim", "act": "resume", "token": TOKEN})
    assert answer.status_code == 200
    await watch._write(lambda: None)
    assert "paused" not in watch._journal.facts("sim")
    assert 'href="/?tenant=sim"' in answer.text


async def test_a_restart_is_done_or_says_why_not(client: httpx.AsyncClient, watch: Watch) -> None:
    asked = {"tenant": "sim", "act": "restart-gateway", "token": TOKEN}
    answer = await client.post("/act", data=asked)
    assert (answer.status_code, "there is no gateway container" in answer.text) == (409, True)
    watch.observation = replace(watch.observation, gateway=Container("i", "n", Status.RUNNING, "s"))
    assert (await client.post("/act", data=asked)).status_code == 200
    assert [(ask.subject, ask.rung) for ask in watch._asks] == [(Subject.GATEWAY, Rung.CONTAINER_RESTART)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"act": "flatten"}, 400),
        ({"lasts": "9 d"}, 400),
        ({"reason": " "}, 400),
        ({"tenant": "other"}, 404),
        ({"reason": "x" * 5000}, 400),
    ],
)
async def test_a_form_that_is_not_the_page_s_is_refused(
    client: httpx.AsyncClient, watch: Watch, changes: dict[str, str], code: int
) -> None:
    assert (await client.post("/act", data=PAUSE | {"token": TOKEN} | changes)).status_code == code
    assert watch.pause is None


async def test_another_kind_of_body_is_refused(client: httpx.AsyncClient, watch: Watch) -> None:
    assert (await client.post("/act", json=PAUSE | {"token": TOKEN})).status_code == 400
    assert watch.pause is None


# -- what is to be read, and where links lead --------------------------------------------------------------------------


def test_every_fault_leads_to_a_page_that_is_there() -> None:
    ids = {name: set(re.findall(r'id="([^"]+)"', docs.html(name)[1])) for name in {"preflight.md"}}
    for fault in FAULTS:
        name, _, heading = page_of(fault).partition("#")
        assert name in docs.pages(), fault
        assert not heading or heading in ids[name], fault


def test_what_a_person_is_called_for_has_a_sentence_for_the_person() -> None:
    assert set(YOURS) == {fault.name for fault in FAULTS.values() if fault.page is Page.NOW}


@pytest.mark.parametrize("name", [name for name in docs.pages() if name.endswith(".md")])
def test_every_link_of_a_page_leads_to_a_page_and_a_heading(name: str) -> None:
    title, html = docs.html(name)
    assert title != name
    folder = Path("/docs") / Path(name).parent
    for link in re.findall(r'(?:href|src)="([^"]+)"', html):
        if re.match("https?:", link):
            continue
        path, _, heading = link.partition("#")
        target = str((folder / path).resolve().relative_to("/docs")) if path else name
        assert target in docs.pages(), link
        if heading:
            assert f'id="{heading}"' in docs.html(target)[1], link


async def test_pages_are_served_by_name_and_nothing_else_is(client: httpx.AsyncClient) -> None:
    assert "LoginNeedsPerson" in (await client.get("/runbooks/LoginNeedsPerson", follow_redirects=True)).text
    assert (await client.get("/docs/preflight.svg")).headers["content-type"].startswith("image/svg")
    for path in (
        "/docs/../pyproject.toml",
        "/docs/%2e%2e/pyproject.toml",
        "/docs//etc/passwd",
        "/docs/data/days.jsonl",
    ):
        assert (await client.get(path)).status_code == 404, path


def test_html_in_a_page_is_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# T\n\n<script>alert(1)</script> [x](javascript:alert(1)) [y](gone.md)\n")
    monkeypatch.setattr(docs, "pages", lambda: {"a.md": tmp_path / "a.md"})
    title, html = docs.html("a.md")
    assert (title, "<script" in html, "href" in html) == ("T", False, False)


# -- live --------------------------------------------------------------------------------------------------------------


class Rendered:
    """What changes each time that it is asked for, or does not."""

    def __init__(self) -> None:
        self.times = 0
        self.still = False

    async def __call__(self, tenant: str) -> Sections:
        self.times += 1
        return {"verdict": "same" if self.still else f"{tenant} {self.times}", "facts": "never"}


async def test_all_viewers_are_told_by_one_look_and_only_what_has_changed() -> None:
    rendered, leaving = Rendered(), asyncio.Event()
    live = Live(rendered, CLOCK, leaving)
    streams = [live.watch("sim") for _ in range(3)]
    for stream in streams:
        first = (await anext(stream)).decode()
        assert set(json.loads(first.partition("data: ")[2])) == {"verdict", "facts"}
    told = [await anext(stream) for stream in streams]
    assert told[0] == told[1] == told[2]
    assert set(json.loads(told[0].decode().partition("data: ")[2])) == {"verdict"}
    assert rendered.times == 4
    leaving.set()
    for stream in streams:
        assert len([event async for event in stream]) <= 1
    assert not live.full


async def test_nothing_runs_when_nobody_looks() -> None:
    rendered = Rendered()
    live = Live(rendered, CLOCK, asyncio.Event())
    stream = live.watch("sim")
    await anext(stream)
    await anext(stream)
    await stream.aclose()
    before = rendered.times
    await CLOCK.sleep(1.5)
    assert rendered.times == before
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "page of sim"]


async def test_a_viewer_who_takes_nothing_is_let_go_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supervisor.page.live._PACE", 0.01)
    live = Live(Rendered(), CLOCK, asyncio.Event())
    slow, quick = live.watch("sim"), live.watch("sim")
    await anext(slow)
    for _ in range(30):
        await anext(quick)
    assert [event async for event in slow] == []
    await anext(quick)
    await quick.aclose()


# -- words and the day -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (119, "119 s"), (120, "2 min"), (11_525, "3 h 12 min"), (187_200, "2 d 4 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert lasting(seconds) == text


def test_moments_have_the_exchange_s_time_beside_them() -> None:
    assert moment(NOON, NOON) == "12:00:00 UTC (07:00 New York)"
    assert moment(NOON - 86_400, NOON) == "Sun 22 Nov 12:00:00 UTC (07:00 New York)"


def test_the_day_is_drawn_from_verdicts_and_incidents() -> None:
    rows: list[dict[str, Any]] = [
        {"since": NOON - 3600, "closed_at": NOON - 3540, "outcome": "recovered", "fault": "jvm-dead"},
        {"since": NOON - 90_000, "closed_at": NOON - 89_000, "outcome": "recovered", "fault": "slow"},
        {"since": NOON - 30, "closed_at": None, "outcome": "open", "fault": "frozen"},
    ]
    drawn = timeline([(NOON - 7200, "trading"), (NOON - 3600, "down"), (NOON - 3540, "trading")], rows, NOON)
    assert drawn.stood == {"trading": "M91.67 0h4.16v1h-4.16zM95.9 0h4.1v1h-4.1z", "down": "M95.83 0h0.2v1h-0.2z"}
    assert drawn.incidents == "M95.83 0h0.2v1h-0.2zM99.8 0h0.2v1h-0.2z", "ten seconds can be seen"
    assert [one.partition(" at ")[0] for one in drawn.words] == ["trading", "down", "trading", "frozen", "jvm-dead"]
    assert drawn.sentence == (
        "In the last 24 h: trading 1 h 59 min, down 60 s, not watched by this supervisor 22 h 0 min; 2 incidents."
    )
    assert [label.utc for label in drawn.labels] == ["08:00", "04:00", "00:00", "20:00", "16:00"]


def test_before_the_first_turn_nothing_is_known() -> None:
    assert timeline([], [], NOON).sentence == "In the last 24 h: not watched by this supervisor 1 d 0 h; 0 incidents."


def test_every_section_of_the_page_is_renewed() -> None:
    page = (Path(docs.ROOT).parent / "supervisor/page/templates/page.html").read_text()
    assert set(re.findall(r'include "sections/(\w+)\.html"', page)) == set(SECTIONS)
