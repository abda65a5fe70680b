"""The control port: its description, the broker's truth, the world's clock, and requests that change nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from gateway.simulator.api.pulse import Pulse
from gateway.simulator.faults.catalogue import FAULTS
from gateway.simulator.market.listings import LISTED, MEXICAN
from gateway.simulator.openapi import DESCRIPTION
from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.rig import NOON, SPY, HandClock
from tests.unit.simulator.run import Run, standing
from tests.unit.simulator.schema import faults_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx


def checked(answer: httpx.Response, path: str, method: str = "get") -> Any:
    """The body of an answer, once it is as described."""
    described = DESCRIPTION["paths"][path][method]["responses"][str(answer.status_code)]
    schema = described["content"]["application/json"]["schema"]
    assert faults_of(answer.json(), schema, DESCRIPTION) == []
    return answer.json()


async def truth(run: Run) -> Any:
    """Everything that a request could have changed."""
    state = (await run.http.get("/state")).json()
    gateway = run.gateway
    return state, gateway.settings, gateway.writer, gateway.read_only, run.lifecycle.script, run.server.is_open


# -- the description ---------------------------------------------------------------------------------------------------


def test_every_route_is_described_and_nothing_else(run: Run) -> None:
    routes = {
        (route.path, method.lower())
        for route in run.app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    described = {
        (path, method) for path, methods in DESCRIPTION["paths"].items() for method in methods if method != "parameters"
    }
    assert routes == described


def test_every_fault_is_described(run: Run) -> None:
    assert DESCRIPTION["paths"]["/api/v1/faults/{name}"]["parameters"][0]["schema"]["enum"] == run.faults.names
    for name, kind in FAULTS.items():
        schema = DESCRIPTION["components"]["schemas"][f"fault.{name}"]
        assert schema["description"], name
        assert ("client" in schema["properties"]) is ("client" in kind.scopes)


async def test_answers_are_as_described(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        run.place(7, 1)
        await run.beat(3)
        run.place(7, 2, order_type="LMT", limit_price=1.0)
        await run.begin("slow", client=9, duration=5.0)
        for path in ("/state", "/api/v1/status", "/api/v1/book", "/api/v1/time", "/api/v1/faults", "/openapi.json"):
            checked(await run.http.get(path), path)
        state = (await run.http.get("/state")).json()
    [position] = state["positions"]
    assert (position["con_id"], position["quantity"]) == (SPY, 1.0)
    assert [order["status"] for order in state["orders"]] == ["Filled", "Submitted"]
    [execution] = state["executions"]
    [account] = state["accounts"]
    paid = execution["price"] + execution["commission"]
    assert account["cash"] == pytest.approx(1_000_000 - paid)
    assert state["clients"] == [{"client_id": 7, "server_version": 200, "lines": 0}]
    assert (state["login"]["phase"], state["login"]["logins"], state["login"]["pushes"]) == ("serving", 1, 0)
    [case] = state["faults"]
    assert (case["name"], case["on"], case["parameters"]["client"]) == ("slow", True, 9)
    checked(await run.http.post("/api/v1/time", json={"advance": 1}), "/api/v1/time", "post")
    name = "/api/v1/faults/{name}"
    checked(await run.http.post("/api/v1/faults/slow", json={"latency": 0}), name, "post")
    later = await run.http.post("/api/v1/faults/slow", json={"start": 60})
    assert later.status_code == 202
    checked(later, name, "post")
    checked(await run.http.delete("/api/v1/faults/slow"), name, "delete")
    checked(await run.http.delete("/api/v1/faults"), "/api/v1/faults", "delete")
    checked(await run.http.delete("/api/v1/faults/plague"), name, "delete")
    checked(await run.http.delete("/api/v1/faults/crash"), name, "delete")
    checked(await run.http.post("/api/v1/faults/slow", json={"latency": -1}), name, "post")
    checked(await run.http.post("/api/v1/push", json={"answer": "approve"}), "/api/v1/push", "post")


@pytest.mark.parametrize("name", FAULTS)
def test_a_faults_defaults_are_within_its_bounds(name: str) -> None:
    for parameter, schema in DESCRIPTION["components"]["schemas"][f"fault.{name}"]["properties"].items():
        if "default" in schema:
            assert faults_of(schema["default"], schema, DESCRIPTION) == [], parameter


# -- time --------------------------------------------------------------------------------------------------------------


async def test_the_world_is_stepped_and_sped_up(run: Run) -> None:
    pulse = asyncio.ensure_future(Pulse(run.gateway).run())
    answer = await run.http.post("/api/v1/time", json={"speed": 0})
    assert answer.json() == {"now": NOON.isoformat(), "speed": 0.0}
    run.place(7, 1)
    run.clock.turn(60)
    assert (await run.http.get("/api/v1/time")).json()["now"] == NOON.isoformat()
    answer = await run.http.post("/api/v1/time", json={"advance": 90.5})
    assert answer.json()["now"] == (NOON + dt.timedelta(seconds=90.5)).isoformat()
    pulse.cancel()
    [fill] = run.gateway.broker.fills
    assert fill.at - NOON < dt.timedelta(seconds=2)
    await run.http.post("/api/v1/time", json={"speed": 10})
    run.clock.turn(1)
    assert (await run.http.get("/api/v1/time")).json()["now"] == (NOON + dt.timedelta(seconds=100.5)).isoformat()
    assert "watchkeeper_simulator_world_speed 10.0" in (await run.http.get("/metrics")).text


@pytest.mark.parametrize(
    "body",
    [
        "", "{}", "[]", "1", "nonsense", '{"advance": -1}', '{"advance": true}', '{"advance": "1"}', '{"speed": 1e9}',
        '{"speed": NaN}', '{"advance": 1e999}', '{"advance": 1, "speed": 1}', '{"advance": null}', "[" * 5000,
        '{"advance": ' + "1" * 5000 + "}", '{"advance": 604801}', "\udcff", '{"\\ud800": 1}',
    ],
)  # fmt: skip
async def test_time_is_not_moved_by_what_cannot_be(run: Run, body: str) -> None:
    before = await truth(run)
    answer = await run.http.post("/api/v1/time", content=body.encode(errors="surrogateescape"))
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(("expected", "advance: expected", "speed: expected"))
    assert await truth(run) == before


async def test_a_body_has_an_end(run: Run) -> None:
    assert (await run.http.post("/api/v1/time", content=b" " * 70_000)).status_code == 413


# -- whatever is asked ---------------------------------------------------------------------------------------------

_DEADLY = {"crash", "freeze", "jvm-dead"}
_HARMLESS = [name for name in FAULTS if name not in _DEADLY]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
_KEYS = sorted(
    {name for name in FAULTS for name in DESCRIPTION["components"]["schemas"][f"fault.{name}"]["properties"]}
)
_LIKELY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 100),
    st.floats(-2, 100),
    st.sampled_from(["", "x", "all", "broken", "354"]),
)
_BODIES = st.one_of(
    st.just(b""),
    st.binary(max_size=20),
    _JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from([*_KEYS, "advance", "answer"]), _LIKELY, max_size=2).map(
        lambda value: json.dumps(value).encode()
    ),
)
_PATHS = st.one_of(
    st.sampled_from([path for path in DESCRIPTION["paths"] if "{" not in path]),
    st.sampled_from([f"/api/v1/faults/{name}" for name in [*_HARMLESS, "plague", "%ff", "..", "a/b", "\u00e4"]]),
    st.sampled_from(["/", "/api", "/state/", "/api/v1/faults/"]),
)
_METHODS = st.sampled_from(["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"])


@asynccontextmanager
async def _standing() -> AsyncIterator[Run]:
    with TemporaryDirectory() as folder:
        async with standing(Path(folder), HandClock()) as run:
            yield run


@given(st.lists(st.tuples(_METHODS, _PATHS, _BODIES), max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_request_is_done_or_changes_nothing(asked: list[tuple[str, str, bytes]]) -> None:
    async def ask() -> None:
        async with _standing() as run:
            for method, path, body in asked:
                before = await truth(run)
                answer = await run.http.request(method, path, content=body)
                assert 200 <= answer.status_code < 300 or 400 <= answer.status_code < 500, answer.text
                if answer.status_code >= 400:
                    assert await truth(run) == before
                    assert method == "HEAD" or "error" in answer.json()

    asyncio.run(ask())


async def test_whatever_is_listed_can_be_ordered_by_hand_or_is_refused_with_a_sentence(run: Run) -> None:
    """In whatever money it is paid: a share in Mexico, for instance."""
    answers = {}
    for product in LISTED:
        body = {"con_id": product.con_id, "action": "BUY", "quantity": 1}
        answers[product.con_id] = await run.http.post("/api/v1/orders", json=body)
    assert {answer.status_code for answer in answers.values()} <= {200, 400}
    assert all(answer.json()["error"] for answer in answers.values() if answer.status_code == 400)
    assert answers[MEXICAN.con_id].status_code == 200
    await run.beat(8)
    book = (await run.http.get("/api/v1/book")).json()
    assert MEXICAN.con_id in {position["con_id"] for position in book["positions"]}
