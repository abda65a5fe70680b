"""The HTTP of the supervisor, over a watch whose senses are made up."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from supervisor import machine, status
from supervisor.api import application
from supervisor.clearance import Preflights
from supervisor.errors import IllegalTransition, JournalUnusable, RuntimeTrouble
from supervisor.faults import FAULTS, Rung
from supervisor.house import House
from supervisor.loop import Watch
from supervisor.memory import Act, Close, GatewayTrack, Incident, Moved, Tell
from supervisor.observation import (
    Audit,
    Container,
    Ending,
    EngineView,
    Held,
    HostView,
    LoginPhase,
    Look,
    Observation,
    ResourcesView,
    Result,
    SentinelView,
    Status,
    Subject,
)
from supervisor.states import GatewayState
from supervisor.windows import DAYS, Reauth, Window
from tests.made_up import NoRuntime, Report, made_up_watch
from tws.clock import SystemClock
from tws.values import Position, Profit

OPERATOR = {"Authorization": "Bearer operator"}
MACHINE = {"Authorization": "Bearer machine"}
CLOCK = SystemClock()


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    async with made_up_watch(tmp_path) as made:
        yield made


@pytest.fixture
async def client(watch: Watch) -> AsyncIterator[httpx.AsyncClient]:
    house = House(lambda name: None, lambda name: None, CLOCK, always=["sim"])  # type: ignore[arg-type, return-value]
    house.watches["sim"] = watch
    app = application(
        house,
        watch._journal,
        watch.registry,  # type: ignore[attr-defined]
        CLOCK,
        operator="operator",
        machines={"sim": "machine"},
        hosts=["localhost"],
        leaving=asyncio.Event(),
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:9180") as made:
        yield made


async def test_health_is_the_loops(client: httpx.AsyncClient, watch: Watch) -> None:
    assert (await client.get("/healthz")).status_code == 200
    watch._last_run -= 60.0
    assert (await client.get("/healthz")).status_code == 503


async def test_a_bug_of_the_machine_costs_a_turn_and_not_the_watch(
    client: httpx.AsyncClient, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine that is asked for an impossible edge keeps its state, does nothing, calls a person, and goes on."""
    good, memory = machine.step, watch.memory

    def bug(*_: Any) -> machine.Turn:
        raise IllegalTransition("expected an edge of the table, found READY -> GAVE_UP; report this bug")

    monkeypatch.setattr(machine, "step", bug)
    for _ in range(3):
        watch._turn()
    assert watch.memory is memory
    assert "READY -> GAVE_UP" in (await client.get("/api/v1/status")).json()["sentence"]
    [owed] = watch._notifier._owed.values()
    assert "READY -> GAVE_UP" in owed.page.text
    assert 'watchkeeper_turns_lost_total{tenant="sim"} 3.0' in (await client.get("/metrics")).text
    assert (await client.get("/healthz")).status_code == 200
    watch._last_run -= 60.0  # it goes on like that
    assert (await client.get("/healthz")).status_code == 503
    monkeypatch.setattr(machine, "step", good)
    watch._turn()
    assert (await client.get("/healthz")).status_code == 200
    assert "bug" not in watch.sentence
    assert owed.page.ended_at is not None
    told = [said.text for said in watch.story.sentences]
    assert ["bug" in text for text in told] == [True, False], "each once, though three turns said the first"
    assert [said.text for said in watch.story.verdicts] == ["trading"]


async def test_what_says_that_all_is_as_well_as_before_is_no_news(watch: Watch) -> None:
    """It wakes nobody; whatever differs, or is not well, does at once."""
    container = Container("id", "name", Status.RUNNING, "start")

    def well(at: float) -> dict[str, Any]:
        return {
            "handshake": Look(Result.OK, at),
            "gateway": container,
            "host": HostView(Look(Result.OK, at), None, True),
        }

    def wakes(**changes: Any) -> bool:
        watch._news.clear()
        watch._see(**changes)
        return watch._news.is_set()

    assert not watch.memory.hurry
    assert wakes(**well(1.0))
    assert not wakes(**well(2.0))
    assert watch.observation.handshake.at == 2.0
    assert not wakes(host=HostView(Look(Result.OK, 3.0), None, True, 0.5))
    assert wakes(host=HostView(Look(Result.OK, 4.0), 3.5, True, 0.5))
    assert wakes(gateway=replace(container, status=Status.EXITED))
    for _ in range(2):
        assert wakes(handshake=Look(Result.FAIL, 5.0))  # each counts
    assert wakes(handshake=Look(Result.OK, 6.0))
    assert not wakes(handshake=Look(Result.OK, 7.0))
    watch.memory = replace(watch.memory, gateway=GatewayTrack(state=GatewayState.SUSPECT))
    assert wakes(handshake=Look(Result.OK, 8.0))


async def test_a_journal_that_took_nothing_is_tried_again_with_nothing_to_write(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise JournalUnusable("expected the journal to take a line, found: disk is full")

    async def tried() -> bool:
        watch._journal_tried = float("-inf")
        watch._turn()
        await asyncio.gather(*watch._tasks)
        watch._turn()
        return watch.observation.journal_broken

    assert not await tried()
    with monkeypatch.context() as broken:
        broken.setattr(watch._journal, "remember", full)
        watch.resume()
        await asyncio.gather(*watch._tasks)
        assert await tried()
    assert not await tried()


async def test_ready_means_not_blind(client: httpx.AsyncClient, watch: Watch) -> None:
    assert (await client.get("/readyz")).status_code == 503
    watch.observation = Observation(docker=Look(Result.OK, 1.0))
    assert (await client.get("/readyz")).status_code == 200


async def test_foreign_hosts_are_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/status", headers={"Host": "evil.example"})).status_code == 400


async def test_status(client: httpx.AsyncClient, watch: Watch) -> None:
    body = (await client.get("/api/v1/status")).json()
    assert (body["version"], body["verdict"]) == (1, "trading")
    tenant = body["tenants"][0]
    assert (tenant["name"], tenant["account"], tenant["incident"]) == ("sim", "DUSIM0001", None)
    assert (tenant["gateway"]["state"], tenant["engine"]["state"]) == ("READY", "TRADING")
    told = tenant["gateway"]
    assert (told["container"], told["inside"], told["clients"]) == (None, None, None)
    now = CLOCK.monotonic()
    watch.observation = Observation(engine_view=EngineView(Look(Result.OK, now), halted=True))
    body = (await client.get("/api/v1/status")).json()
    assert (body["verdict"], body["tenants"][0]["engine"]["halted"]) == ("degraded", True)
    watch.observation = Observation(
        gateway=Container("id", "name", Status.RUNNING, "start", up_since=now - 60.0, restarts=2),
        mailbox=Look(Result.FAIL, now - 1.0, 0.1, "port 4002", Ending.REFUSED),
        resources=ResourcesView(clients=4),
    )
    told = (await client.get("/api/v1/status")).json()["tenants"][0]["gateway"]
    assert told["container"]["restarts"] == 2
    assert (told["inside"]["result"], told["inside"]["detail"], told["clients"]) == ("refused", "port 4002", 4)
    at = {
        name: datetime.fromisoformat(told[name][key]) for name, key in (("container", "started_at"), ("inside", "at"))
    }
    assert at["inside"] - at["container"] == timedelta(seconds=59)
    incident = Incident(7, "jvm-dead", Subject.GATEWAY, now - 3.0, now - 2.0, now - 1.0)
    watch.memory = replace(
        watch.memory, gateway=GatewayTrack(state=GatewayState.FAILING, since=now), gateway_incident=incident
    )
    body = (await client.get("/api/v1/status")).json()
    assert body["verdict"] == "down"
    assert body["tenants"][0]["incident"]["fault"] == "jvm-dead"
    assert body["tenants"][0]["incident"]["detection_seconds"] == 2.0


async def test_incidents_since_a_moment_are_those_that_were_open_then_or_later(
    client: httpx.AsyncClient, watch: Watch
) -> None:
    for number, seconds in ((1, 5.0), (2, 100.0)):
        incident = Incident(number, "jvm-dead", Subject.GATEWAY, 0.0, 1.0, 2.0)
        watch._journal.put_incident("sim", incident, lambda at: at)
        watch._journal.close_incident("sim", incident, seconds)
    watch._journal.put_incident("sim", Incident(3, "frozen", Subject.GATEWAY, 0.0, 1.0, 2.0), lambda at: at)
    for query, numbers in (
        ("", {1, 2, 3}),
        ("?since=50", {2, 3}),
        ("?since=200&tenant=sim", {3}),
        ("?tenant=b", set()),
    ):
        assert {row["id"] for row in (await client.get(f"/api/v1/incidents{query}")).json()} == numbers
    assert (await client.get("/api/v1/incidents?since=x")).status_code == 400


async def test_explain_is_the_status_and_what_it_rests_on(client: httpx.AsyncClient, watch: Watch) -> None:
    at = CLOCK.monotonic() - 1.0
    silent = Look(Result.FAIL, at, 1.0, "no answer in 1 s", Ending.SILENT)
    watch.observation = replace(watch.observation, handshake=silent)
    watch.story.goes_on(0.0, "sim: gateway SUSPECT", "degraded")
    told = (await client.get("/api/v1/explain?tenant=sim")).json()
    status_row = (await client.get("/api/v1/status")).json()["tenants"][0]
    (row,) = told["tenants"]
    assert set(row) - set(status_row) == {"probes", "said", "stood"}
    assert set(status_row) < set(row)
    assert told["version"] == 1
    probes = {probe["name"]: probe for probe in row["probes"]}
    assert probes["docker"] == {
        "name": "docker",
        "result": "UNKNOWN",
        "at": None,
        "age_seconds": None,
        "took_seconds": None,
        "why": "not looked yet",
    }
    assert (probes["handshake"]["result"], probes["handshake"]["why"]) == ("FAIL", "no answer in 1 s")
    assert (probes["handshake"]["age_seconds"] >= 1.0, probes["handshake"]["took_seconds"]) == (True, 1.0)
    assert {"mailbox", "ledger", "engine"} < set(probes)
    assert "second-request" not in probes
    assert row["said"] == [{"at": "1970-01-01T00:00:00.000Z", "text": "sim: gateway SUSPECT"}]
    assert row["stood"] == [{"at": "1970-01-01T00:00:00.000Z", "text": "degraded"}]


async def test_nobody_explains_what_is_not_looked_at(client: httpx.AsyncClient, watch: Watch) -> None:
    watch.rules = replace(watch.rules, external=True, engine_api=False)
    (row,) = (await client.get("/api/v1/explain")).json()["tenants"]
    assert {probe["name"] for probe in row["probes"]} == {"docker", "host", "handshake", "heartbeat"}


async def test_incidents(client: httpx.AsyncClient, watch: Watch) -> None:
    incident = Incident(1, "jvm-dead", Subject.GATEWAY, 100.0, 101.0, 102.5)
    watch._journal.put_incident("sim", incident, float)
    watch._journal.close_incident("sim", incident, 130.0)
    (row,) = (await client.get("/api/v1/incidents")).json()
    assert row["fault"] == "jvm-dead"
    assert (row["detection_seconds"], row["recovery_seconds"], row["outcome"]) == (2.5, 30.0, "recovered")
    assert (await client.get("/api/v1/incidents?limit=x")).status_code == 400


@pytest.mark.parametrize(
    "path", ["cancel", "pause", "pause-gateway", "resume", "login", "restart", "preflight", "clearance"]
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "operator"}])
async def test_asking_needs_a_token(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> None:
    assert (await client.post(f"/api/v1/{path}", json={}, headers=headers)).status_code == 401


async def test_the_two_tokens_are_not_each_others(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/clearance", json={}, headers=OPERATOR)).status_code == 401
    assert (await client.post("/api/v1/resume", json={}, headers=MACHINE)).status_code == 401


async def test_pause_and_resume_outlive_the_supervisor(client: httpx.AsyncClient, watch: Watch) -> None:
    answer = await client.post("/api/v1/pause", json={"seconds": 60, "reason": "lunch"}, headers=OPERATOR)
    assert answer.json()["paused"]
    await watch._write(lambda: None)
    await watch._remember_all()
    assert watch.pause is not None
    assert watch.pause.reason == "lunch"
    assert watch.pause.until is not None
    told = (await client.get("/api/v1/status")).json()["tenants"][0]
    assert told["pause"] == {"reason": "lunch", "until": status.iso(watch.pause.until)}
    assert watch._paused(CLOCK.monotonic() + 58.0)
    assert not watch._paused(CLOCK.monotonic() + 61.0)
    await client.post("/api/v1/resume", headers=OPERATOR)
    await watch._write(lambda: None)
    assert "paused" not in watch._journal.facts("sim")


async def test_the_status_tells_every_open_incident_and_the_act_under_way(
    client: httpx.AsyncClient, watch: Watch
) -> None:
    now = CLOCK.monotonic()
    both = [
        Incident(number, fault, Subject.GATEWAY, now, now, now)
        for number, fault in ((1, "jvm-dead"), (2, "twofa-pending"))
    ]
    act = Act(1, Rung.CONTAINER_RESTART, Subject.GATEWAY, 1, now, now + 90.0, "jvm-dead")
    assert watch.status()["act"] is None
    watch.memory = replace(watch.memory, gateway_incident=both[0], standing=(both[1],), flight=act)
    told = (await client.get("/api/v1/status")).json()["tenants"][0]
    assert [one["fault"] for one in told["open"]] == ["jvm-dead", "twofa-pending"]
    assert (told["act"]["rung"], told["act"]["subject"], told["act"]["reason"]) == (
        "container-restart",
        "gateway",
        "jvm-dead",
    )


async def test_a_clock_that_jumps_ends_no_pause(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.set_pause("lunch", 60.0)
    for hours in (2, -2):
        monkeypatch.setattr(SystemClock, "now", lambda self, hours=hours: datetime.now(UTC) + timedelta(hours=hours))
        watch._turn()
        assert watch.observation.paused
    watch.set_pause("lunch", None)
    assert watch._paused(CLOCK.monotonic() + 1e9)


@pytest.mark.parametrize(
    "body", [{}, {"seconds": -1, "reason": "x"}, {"seconds": "1", "reason": "x"}, {"seconds": 5, "reason": " "}, []]
)
async def test_a_malformed_pause_is_refused(client: httpx.AsyncClient, body: Any) -> None:
    assert (await client.post("/api/v1/pause", json=body, headers=OPERATOR)).status_code == 400


async def test_clearance(client: httpx.AsyncClient, watch: Watch) -> None:
    ask = {"tenant": "sim", "account": "DUSIM0001", "mode": "paper", "instance": "x"}
    answer = (await client.post("/api/v1/clearance", json=ask, headers=MACHINE)).json()
    assert answer == {
        "granted": True,
        "reason": "the gateway is ready and preflight goes",
        "retry_after_seconds": 0.0,
    }
    for wrong in ({"mode": "live"}, {"account": "DU2"}):
        answer = (await client.post("/api/v1/clearance", json=ask | wrong, headers=MACHINE)).json()
        assert not answer["granted"]
    watch.memory = replace(watch.memory, gateway=GatewayTrack(state=GatewayState.SUSPECT))
    assert not (await client.post("/api/v1/clearance", json=ask, headers=MACHINE)).json()["granted"]
    assert (await client.post("/api/v1/clearance", json={"tenant": "b"}, headers=MACHINE)).status_code == 400


async def test_restart_by_hand(client: httpx.AsyncClient, watch: Watch) -> None:
    container = Container("id", "name", Status.RUNNING, "start")
    watch.observation = Observation(gateway=container)
    answer = await client.post("/api/v1/restart", json={"subject": "gateway"}, headers=OPERATOR)
    assert (answer.status_code, answer.json()["rung"]) == (202, Rung.CONTAINER_RESTART)
    assert [ask.rung for ask in watch._asks] == [Rung.CONTAINER_RESTART]
    answer = await client.post("/api/v1/restart", json={"subject": "engine"}, headers=OPERATOR)
    assert answer.status_code == 409
    for body in ({"subject": "moon"}, {"subject": "gateway", "rung": "engine-restart"}):
        assert (await client.post("/api/v1/restart", json=body, headers=OPERATOR)).status_code == 400


def spent(directory: Path, count: int) -> None:
    (directory / "attempts").write_text(f"{CLOCK.now().timestamp():.0f} container-start x\n" * count)


async def test_a_hold_is_told_and_lifted_and_who_lifted_it_is_remembered(
    client: httpx.AsyncClient, watch: Watch, tmp_path: Path
) -> None:
    watch._hands.hold("IBKR refused the password")
    await watch._look_ledger()
    login = (await client.get("/api/v1/status")).json()["tenants"][0]["gateway"]["login"]
    assert (login["hold"], login["attempts_left"]) == ("IBKR refused the password", 2)
    assert "`make resume`" in login["sentence"]
    answer = (await client.post("/api/v1/resume", headers=OPERATOR)).json()
    assert answer == {"paused": False, "hold_lifted": "IBKR refused the password"}
    assert not (tmp_path / "hold").exists()
    await watch._write(lambda: None)
    fact = watch._journal.facts("sim")["hold-lifted"]
    assert json.loads(fact.value) == {"by": "resume", "reason": "IBKR refused the password"}
    assert (await client.post("/api/v1/resume", headers=OPERATOR)).json()["hold_lifted"] is None


async def test_a_hold_as_an_act_is_journaled_before_it_is_there(watch: Watch, tmp_path: Path) -> None:
    act = Act(1, Rung.LOGIN_HOLD, Subject.GATEWAY, None, 0.0, 10.0, "Authorization failed")
    outcome = await watch._hands.carry_out(act)
    assert (outcome.ok, watch._senses.ledger.look().hold) == (True, "Authorization failed")
    watch._hands.lift()
    (tmp_path / ".hold").mkdir()  # nothing can be written beside it
    outcome = await watch._hands.carry_out(replace(act, id=2))
    assert (outcome.ok, outcome.refused) == (False, False)
    assert "is the volume mounted?" in outcome.detail


async def test_a_hold_lifted_as_an_act_is_known_to_be_lifted(watch: Watch, tmp_path: Path) -> None:
    """Else the machine would set it again before the one login has been made."""
    watch._hands.hold("weekly-token: the login token has ended")
    assert watch._lifted_at is None
    await watch._do(Act(1, Rung.LOGIN_LIFT, Subject.GATEWAY, None, 0.0, 10.0, "REAUTH_AT: one push"))
    assert not (tmp_path / "hold").exists()
    watch._turn()
    lifted = watch.observation.hold_lifted_at
    assert lifted is not None
    assert 0.0 <= watch._clock.monotonic() - lifted < 5.0
    await asyncio.gather(*watch._tasks)
    assert "REAUTH_AT" in watch._journal.facts("sim")["hold-lifted"].value


async def test_a_hold_that_cannot_be_lifted_is_told(client: httpx.AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "hold").mkdir()
    for path in ("resume", "login"):
        answer = await client.post(f"/api/v1/{path}", headers=OPERATOR)
        assert (answer.status_code, "expected to remove" in answer.json()["error"]) == (503, True)


@pytest.mark.parametrize(
    ("status", "rung"),
    [(Status.RUNNING, Rung.CONTAINER_RESTART), (Status.EXITED, Rung.CONTAINER_START)],
)
async def test_login_lifts_the_hold_and_starts_the_gateway_anew(
    client: httpx.AsyncClient, watch: Watch, tmp_path: Path, status: Status, rung: Rung
) -> None:
    watch._hands.hold("x")
    watch.observation = Observation(gateway=Container("id", "name", status, "start"))
    answer = await client.post("/api/v1/login", headers=OPERATOR)
    assert (answer.status_code, answer.json()["accepted"]) == (202, True)
    assert [ask.rung for ask in watch._asks] == [rung]
    assert not (tmp_path / "hold").exists()


async def test_login_never_passes_a_spent_ledger_by(client: httpx.AsyncClient, watch: Watch, tmp_path: Path) -> None:
    watch._hands.hold("x")
    spent(tmp_path, 2)
    watch.observation = Observation(gateway=Container("id", "name", Status.RUNNING, "start"))
    answer = await client.post("/api/v1/login", headers=OPERATOR)
    assert (answer.status_code, answer.json()["accepted"]) == (409, False)
    assert "the next one at" in answer.json()["sentence"]
    assert not watch._asks
    assert not (tmp_path / "hold").exists()


async def test_login_restarts_nothing_that_only_waited_for_it(
    client: httpx.AsyncClient, watch: Watch, tmp_path: Path
) -> None:
    watch._hands.hold("x")
    (tmp_path / "ledger").write_text(
        json.dumps({"at": CLOCK.now().timestamp(), "state": "held", "next_at": None, "reason": "x"})
    )
    watch.observation = Observation(gateway=Container("id", "name", Status.RUNNING, "start"))
    answer = await client.post("/api/v1/login", headers=OPERATOR)
    assert (answer.status_code, answer.json()["accepted"]) == (202, True)
    assert not watch._asks


async def test_login_starts_what_waited_until_it_was_stopped_a_moment_ago(
    client: httpx.AsyncClient, watch: Watch, tmp_path: Path
) -> None:
    """What the wrapper said last, and what Docker showed last, are both from before."""
    watch._hands.hold("x")
    (tmp_path / "ledger").write_text(
        json.dumps({"at": CLOCK.now().timestamp(), "state": "held", "next_at": None, "reason": "x"})
    )
    watch.observation = Observation(gateway=Container("id", "name", Status.RUNNING, "start"))
    stopped = replace(watch.memory.gateway.process, died_at=CLOCK.monotonic(), asked=True)
    watch.memory = replace(watch.memory, gateway=replace(watch.memory.gateway, process=stopped))
    answer = await client.post("/api/v1/login", headers=OPERATOR)
    assert (answer.status_code, answer.json()["accepted"]) == (202, True)
    assert [ask.rung for ask in watch._asks] == [Rung.CONTAINER_START]


async def wrapper_says(directory: Path, answer: str) -> str:
    """What the gateway's wrapper does with the next request: take it, and answer; returns the word that was asked."""
    async with asyncio.timeout(5):
        while not (directory / "request").exists():
            await asyncio.sleep(0.01)
    number, verb = (directory / "request").read_text().split()
    (directory / "reply").write_text(f"{number} {answer}\n")
    return verb


@pytest.mark.parametrize(("reply", "paused"), [("OK PAUSE in progress", True), ("ERROR Command invalid", False)])
async def test_a_planned_stop_holds_the_next_start_before_it_ends_the_gateway(
    client: httpx.AsyncClient, watch: Watch, tmp_path: Path, reply: str, paused: bool
) -> None:
    word = asyncio.create_task(wrapper_says(tmp_path, reply))
    answer = await client.post("/api/v1/pause-gateway", headers=OPERATOR)
    assert await word == "PAUSE"
    assert (answer.status_code, answer.json()["accepted"]) == ((202, True) if paused else (409, False))
    assert reply in answer.json()["sentence"]
    assert (tmp_path / "hold").exists() is paused
    assert (watch.pause is not None) is paused


async def test_a_gateway_that_has_no_token_yet_is_not_paused(
    client: httpx.AsyncClient, watch: Watch, tmp_path: Path
) -> None:
    watch.memory = replace(watch.memory, gateway=replace(watch.memory.gateway, state=GatewayState.STARTING))
    answer = await client.post("/api/v1/pause-gateway", headers=OPERATOR)
    assert (answer.status_code, "expected a gateway that is READY" in answer.json()["sentence"]) == (409, True)
    assert not (tmp_path / "hold").exists()
    assert not (tmp_path / "request").exists()


class Log:
    """A runtime that has only a log."""

    def __init__(self, *lines: str) -> None:
        self.text = "\n".join(lines)

    async def log_tail(self, subject: Subject, lines: int) -> str:
        if not self.text:
            raise RuntimeTrouble("no log")
        return self.text


async def login_phase(watch: Watch) -> LoginPhase:
    await watch._look_login()
    return watch.observation.login.phase


async def test_the_login_is_read_from_both_logs_and_forgotten_with_its_hold(watch: Watch, tmp_path: Path) -> None:
    now = CLOCK.now()
    runtime = Log(f"{now.isoformat()} IBC: Login attempt: 1")
    watch._senses = replace(watch._senses, runtime=runtime)  # type: ignore[arg-type]
    assert await login_phase(watch) is LoginPhase.LOGGING_IN
    refused = "Authorization failed: Invalid username or password."
    (tmp_path / "launcher").write_text(f"{now.timestamp():.3f} {refused}\n")
    assert await login_phase(watch) is LoginPhase.REFUSED
    assert watch.observation.login.since == pytest.approx(CLOCK.monotonic(), abs=5)
    watch._hands.hold("x")
    watch.lift_hold("login")
    await watch._write(lambda: None)
    await watch._remember_all()  # the next supervisor knows it too
    assert await login_phase(watch) is LoginPhase.QUIET
    runtime.text = ""
    assert await login_phase(watch) is LoginPhase.UNKNOWN
    assert watch.observation.login.look.result is Result.UNKNOWN


async def test_a_start_is_one_for_as_long_as_it_takes_however_much_socat_complains(
    watch: Watch, tmp_path: Path
) -> None:
    """Two lines a look at a port that nobody has opened yet: IBC's own are out of the log's tail within a minute."""
    now = CLOCK.now()
    complaint = f"{now.isoformat()} socat[7] W connect(5, AF=2 127.0.0.1:4002, 16): Connection refused"
    watch._senses = replace(watch._senses, runtime=Log("\n".join([complaint] * 200)))  # type: ignore[arg-type]
    assert await login_phase(watch) is LoginPhase.QUIET
    (tmp_path / "launcher").write_text(f"{now.timestamp() - 250:.3f} INFO [JTS-Main] - --- IB GATEWAY RESTART ---\n")
    assert await login_phase(watch) is LoginPhase.RESTARTING
    assert watch.observation.login.since == pytest.approx(CLOCK.monotonic() - 250, abs=5)


async def test_an_act_is_cancelled_once(client: httpx.AsyncClient, watch: Watch) -> None:
    told = asyncio.Event()

    class Hanging(NoRuntime):
        async def restart(self, subject: Subject, grace: float) -> None:  # type: ignore[override]
            told.set()
            await asyncio.Event().wait()

    answer = await client.post("/api/v1/cancel", headers=OPERATOR)
    assert (answer.status_code, answer.json()["reason"]) == (409, "nothing is under way")
    watch._hands._runtime = Hanging()  # type: ignore[assignment]
    now = CLOCK.monotonic()
    act = Act(1, Rung.CONTAINER_RESTART, Subject.GATEWAY, None, now, now + 20.0, "because")
    watch.memory = replace(watch.memory, flight=act)
    watch._follow(act)
    async with asyncio.timeout(5):
        await told.wait()
    assert (await client.post("/api/v1/cancel", headers=OPERATOR)).json() == {"cancelled": True}
    assert (await client.post("/api/v1/cancel", headers=OPERATOR)).status_code == 409
    assert watch._acting is not None
    await watch._acting
    watch._turn()
    assert watch.memory.flight is None
    hands = watch.memory.gateway_hands
    assert hands is not None
    assert (hands.cancelled, hands.until) == (True, act.deadline)
    await watch._write(lambda: None)
    [row] = watch._journal._db.execute("SELECT outcome FROM acts").fetchall()
    assert row["outcome"] == "cancelled"
    assert (await client.post("/api/v1/cancel", headers=OPERATOR)).status_code == 409


@pytest.mark.parametrize("engine_api", [True, False])
async def test_a_start_of_our_engine_does_not_wait_for_the_preflight(watch: Watch, engine_api: bool) -> None:
    """It asks for clearance itself; one that asks nobody is started only with it."""
    started, asked, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Starting(NoRuntime):
        async def start(self, subject: Subject) -> None:  # type: ignore[override]
            started.set()

    async def slow() -> Report:
        asked.set()
        await gone.wait()
        return Report()

    watch.rules = replace(watch.rules, engine_api=engine_api)
    watch._hands._runtime = Starting()  # type: ignore[assignment]
    watch.preflights = Preflights(slow, CLOCK)
    act = Act(1, Rung.ENGINE_START, Subject.ENGINE, None, 0.0, 10.0, "it has died")
    async with asyncio.timeout(5):
        carried_out = asyncio.create_task(watch._hands.carry_out(act))
        await asked.wait()  # the engine will find it there
        if engine_api:
            await started.wait()
        assert started.is_set() is engine_api
        gone.set()
        assert (await carried_out).ok
    assert started.is_set()


@pytest.mark.parametrize("rung", [Rung.ENGINE_START, Rung.ENGINE_RESTART])
async def test_no_engine_is_started_behind_a_gateway_that_is_not_ready_or_not_the_right_one(
    watch: Watch, rung: Rung
) -> None:
    act = Act(1, rung, Subject.ENGINE, None, 0.0, 10.0, "it has died")
    well, state = watch.memory, replace(watch.memory, gateway=GatewayTrack(state=GatewayState.SUSPECT))
    wrong = replace(watch._senses.sentinel.view, accounts=("U1",))
    for memory, view in ((state, watch._senses.sentinel.view), (well, wrong)):
        watch.memory, watch._senses.sentinel.view = memory, view
        outcome = await watch._hands.carry_out(act)
        assert (outcome.ok, outcome.refused) == (False, True)
        assert "no clearance" in outcome.detail


async def test_a_dry_run_says_so_and_takes_no_order(client: httpx.AsyncClient, watch: Watch) -> None:
    watch.rules = replace(watch.rules, dry_run=True)
    gateway = Container("id", "name", Status.EXITED, "start", 137, ended_at=CLOCK.monotonic() - 60.0)
    now = CLOCK.monotonic()
    watch.observation = Observation(docker=Look(Result.OK, now, 0.001), gateway=gateway)
    watch.memory = replace(watch.memory, hold=True)
    watch._turn()
    tenant = (await client.get("/api/v1/status")).json()["tenants"][0]
    assert tenant["dry_run"]
    assert tenant["withheld"]["rung"] == Rung.CONTAINER_START
    assert "DRY RUN: would container-start" in tenant["withheld"]["why"]
    assert watch._holding is None
    text = (await client.get("/metrics")).text
    assert 'watchkeeper_act_withheld{rung="container-start",tenant="sim"} 1.0' in text
    answer = await client.post("/api/v1/restart", json={"subject": "gateway"}, headers=OPERATOR)
    assert (answer.status_code, answer.json()["accepted"]) == (409, False)
    watch.observation = replace(watch.observation, docker=Look(Result.OK, CLOCK.monotonic(), 0.001), gateway=None)
    watch._turn()
    assert (await client.get("/api/v1/status")).json()["tenants"][0]["withheld"] is None
    assert 'watchkeeper_act_withheld{rung="container-start",tenant="sim"} 0.0' in (await client.get("/metrics")).text


async def test_preflight(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/preflight")).json()["verdict"] == "unknown"
    assert (await client.post("/api/v1/preflight", headers=OPERATOR)).json()["verdict"] == "go"
    last = (await client.get("/api/v1/preflight")).json()
    assert (last["verdict"], last["at"]) == (
        "go",
        (await client.get("/api/v1/status")).json()["tenants"][0]["preflight"]["at"],
    )


class Says(Report):
    """A preflight's report with one check."""

    def __init__(self, result: str) -> None:
        self.verdict = "go" if result == "pass" else "no-go"
        self._result = result

    def as_json(self) -> dict[str, Any]:
        check = {"name": "utc", "result": self._result, "found": "New York", "vital": True}
        return {"version": 1, "verdict": self.verdict, "seconds": 0.1, "checks": [check]}


def saying(watch: Watch, *results: str) -> list[float]:
    """Have the next preflights come to these; every moment at which one was asked."""
    rest, asked = list(results), list[float]()

    async def run() -> Report:
        asked.append(watch._clock.monotonic())
        return Says(rest.pop(0) if len(rest) > 1 else rest[0])

    preflights = Preflights(run, watch._clock)
    preflights.listen(watch._preflighted)
    watch.preflights = preflights
    return asked


class QuickClock(SystemClock):
    """Sleeps take no time and are counted all the same."""

    def __init__(self) -> None:
        self.slept = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.slept

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds


async def settled(watch: Watch) -> None:
    while watch._tasks:
        await asyncio.gather(*watch._tasks)


async def test_a_preflights_results_are_metrics_status_and_journal(watch: Watch, client: httpx.AsyncClient) -> None:
    def told(name: str, **labels: str) -> float | None:
        value: float | None = watch.registry.get_sample_value(name, {"tenant": "sim", **labels})  # type: ignore[attr-defined]
        return value

    before = told("watchkeeper_preflight_result", check="port")
    assert before is not None
    assert math.isnan(before)
    saying(watch, "fail")
    await watch.preflights.report()
    await settled(watch)
    assert told("watchkeeper_preflight_result", check="utc") == 2
    assert told("watchkeeper_preflight_result", check="port") is None
    assert told("watchkeeper_preflight_go") == 0
    assert abs((told("watchkeeper_preflight_timestamp_seconds") or 0) - CLOCK.now().timestamp()) < 60
    status = (await client.get("/api/v1/status")).json()["tenants"][0]["preflight"]
    assert (status["verdict"], status["fail"], status["warn"]) == ("no-go", ["utc"], [])
    assert json.loads((watch._journal.last_preflight("sim") or {})["report"])["verdict"] == "no-go"


def owed(watch: Watch) -> list[str]:
    """Texts of the pages that somebody is to hear of and that are not over."""
    return [o.page.text for o in watch._notifier._owed.values() if o.page.ended_at is None]


@pytest.mark.parametrize(
    ("results", "pages"), [(["pass"], 0), (["fail", "pass"], 0), (["fail", "fail"], 1)], ids=["go", "blip", "no-go"]
)
async def test_with_the_gateway_back_a_person_is_told_unless_all_goes(
    watch: Watch, results: list[str], pages: int
) -> None:
    watch._clock = QuickClock()
    asked = saying(watch, *results)
    for state in (GatewayState.FAILING, GatewayState.RECOVERING, GatewayState.DEGRADED, GatewayState.READY):
        watch._follow(Moved(GatewayState.READY, state, "…"))
    await settled(watch)
    assert len(asked) == len(results)
    assert len(owed(watch)) == pages
    assert all("with the gateway back the preflight says no-go: utc: New York" in text for text in owed(watch))


async def test_a_blip_asks_no_preflight(watch: Watch) -> None:
    asked = saying(watch, "fail")
    for state in (GatewayState.SUSPECT, GatewayState.READY, GatewayState.DEGRADED, GatewayState.READY):
        watch._follow(Moved(GatewayState.READY, state, "…"))
    await settled(watch)
    assert asked == []


async def test_nobody_is_told_of_a_gateway_that_is_away_again(watch: Watch) -> None:
    clock = watch._clock = QuickClock()
    saying(watch, "fail")
    watch._follow(Moved(GatewayState.READY, GatewayState.FAILING, "…"))
    watch._follow(Moved(GatewayState.FAILING, GatewayState.READY, "…"))
    watch.memory = replace(watch.memory, gateway=replace(watch.memory.gateway, state=GatewayState.FAILING))
    await settled(watch)
    assert owed(watch) == []
    assert clock.slept <= 30


async def test_the_page_ends_with_the_first_preflight_that_goes(watch: Watch) -> None:
    watch._clock = QuickClock()
    saying(watch, "fail", "fail", "pass")
    await watch._page_unless_go("before the session", of_a_ready_gateway=False)
    assert len(owed(watch)) == 1
    await watch.preflights.report(not_before=watch._clock.monotonic() + 60)
    assert owed(watch) == []


async def test_a_new_supervisor_tells_what_the_last_one_heard(watch: Watch) -> None:
    watch._journal.keep_preflight("sim", Says("fail").as_json(), 1_790_000_000.0)
    await watch._remember_all()
    assert watch.status()["preflight"]["at"] == "2026-09-21T14:13:20.000Z"
    assert watch.preflighted == (Says("fail").as_json(), 1_790_000_000.0)
    told = (
        watch._metrics.preflight_at.labels("sim")._value.get(),
        watch._metrics.preflight_go.labels("sim")._value.get(),
    )
    assert told == (1_790_000_000.0, 0.0), "Prometheus hears of it as well"
    assert watch.preflights.last is None, "what an engine's start hangs on is asked anew"


async def test_what_people_are_told_is_owed_to_them_until_it_is_over(watch: Watch) -> None:
    incident = Incident(7, "jvm-dead", Subject.GATEWAY, 1.0, 1.0, 2.0)
    watch._follow(Tell(incident, "jvm-dead: …"))
    [owed] = watch._notifier._owed.values()
    assert (owed.page.fault, owed.page.text, owed.page.ended_at) == ("jvm-dead", "jvm-dead: …", None)
    assert owed.page.starts_at == pytest.approx(watch._wall(1.0), abs=1.0)
    watch._follow(Close(incident, CLOCK.monotonic()))
    assert owed.page.ended_at is not None


async def test_windows_and_the_weekly_token_are_told(client: httpx.AsyncClient, watch: Watch) -> None:
    now = CLOCK.now()
    began = now - timedelta(minutes=10)
    window = Window.model_validate(
        {
            "name": "mine",
            "zone": "UTC",
            "days": list(DAYS),
            "from": f"{began:%H:%M}",
            "to": f"{began + timedelta(hours=1):%H:%M}",
        }
    )
    watch.rules = replace(watch.rules, windows=(window,), weekly_token=True, reauth=Reauth.parse("17:00 UTC"))
    watch._levels = watch._metrics.expect("sim", ("mine", "other"))
    watch._turn()
    [seen] = watch.observation.windows
    assert seen.name == "mine"
    assert seen.until - CLOCK.monotonic() == pytest.approx(3000.0, abs=61.0)
    expires, ended = watch.observation.token_expires_at, watch.observation.token_ended_at
    assert expires is not None
    assert ended is not None
    assert expires - ended == pytest.approx(7 * 86400.0, abs=3601.0)
    assert watch.observation.reauth_at is not None
    assert 0 < watch.observation.reauth_at - ended <= 86400.0
    tenant = (await client.get("/api/v1/status")).json()["tenants"][0]
    assert [one["name"] for one in tenant["windows"]["open"]] == ["mine"]
    assert tenant["windows"]["next"]["name"] == "mine"
    assert tenant["weekly_token"]["expires_at"] > tenant["windows"]["open"][0]["closes_at"][:4]
    text = (await client.get("/metrics")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    values = {s.labels["window"]: s.value for s in families["watchkeeper_window_open"].samples}
    assert values == {"mine": 1.0, "other": 0.0}
    [left] = families["watchkeeper_weekly_token_remaining_seconds"].samples
    assert left.value == pytest.approx(expires - CLOCK.monotonic(), abs=5.0)


async def test_without_windows_or_token_none_is_told(client: httpx.AsyncClient, watch: Watch) -> None:
    watch._turn()
    tenant = (await client.get("/api/v1/status")).json()["tenants"][0]
    assert tenant["windows"] == {"open": [], "next": None}
    assert tenant["weekly_token"] is None
    assert watch.observation.windows == ()
    assert watch.observation.token_expires_at is None


async def test_the_host_and_what_the_gateway_uses_are_told(client: httpx.AsyncClient, watch: Watch) -> None:
    now = CLOCK.monotonic()
    watch.observation = Observation(
        host=HostView(Look(Result.OK, now), now - 100.0, False, 0.25, now - 50.0),
        resources=ResourcesView(Look(Result.OK, now), 100, 200, 3, 4),
    )
    watch._levels.ran(watch.memory, watch.observation, watch.rules.policy, now, 1000.0)
    text = (await client.get("/metrics")).text
    found = {s.name: s.value for family in text_string_to_metric_families(text) for s in family.samples}
    assert found["watchkeeper_host_sleep_seen_timestamp_seconds"] == pytest.approx(900.0)
    assert found["watchkeeper_host_clock_step_timestamp_seconds"] == pytest.approx(950.0)
    assert found["watchkeeper_host_clock_synchronised"] == 0.0
    assert found["watchkeeper_state_disk_free_ratio"] == 0.25
    assert (found["watchkeeper_gateway_memory_bytes"], found["watchkeeper_gateway_memory_limit_bytes"]) == (100, 200)
    assert (found["watchkeeper_gateway_open_files"], found["watchkeeper_gateway_open_files_limit"]) == (3, 4)
    assert 'watchkeeper_probe_last_result_timestamp_seconds{probe="resources",tenant="sim"} 1000.0' in text


async def test_whether_the_market_is_open_and_the_stack_could_trade_is_told(
    client: httpx.AsyncClient, watch: Watch
) -> None:
    async def told() -> list[str]:
        text = (await client.get("/metrics")).text
        return [
            text.split(f'watchkeeper_{name}{{tenant="sim"}} ')[1].split()[0] for name in ("market_open", "trade_ready")
        ]

    assert await told() == ["NaN", "0.0"]
    now = CLOCK.now()
    hour = timedelta(hours=1)
    watch._senses.sentinel.view = SentinelView(market_hours=((now - hour, now + hour),))
    watch._turn()
    ready = watch.trade_ready
    assert await told() == ["1.0", str(float(ready))]
    watch._senses.sentinel.view = SentinelView(market_hours=((now + hour, now + 2 * hour),))
    watch._turn()
    assert (await told())[0] == "0.0"


@pytest.mark.parametrize(
    ("gateway", "halted", "ready"), [("READY", False, True), ("READY", True, False), ("FAILING", False, False)]
)
async def test_a_stack_is_trade_ready_while_nothing_keeps_it_from_trading(
    watch: Watch, gateway: str, halted: bool, ready: bool
) -> None:
    watch.memory = replace(watch.memory, gateway=GatewayTrack(state=GatewayState(gateway)))
    watch.observation = Observation(paused=True, engine_view=EngineView(halted=halted))
    assert watch.trade_ready is ready


async def test_money_ticks_and_the_next_window_are_told(client: httpx.AsyncClient, watch: Watch) -> None:
    now = CLOCK.monotonic()
    names = ("exposure_cost", "tick_timestamp_seconds", "window_next_timestamp_seconds", "account_profit")

    async def told(
        result: Result, *profits: Profit, opens: float | None = None, lost: float | None = None
    ) -> dict[str, float]:
        long = Held(Position("DU1", 7, "SPY", "OPT", "SPY 7C", Decimal(2), 300.0), now)
        short = Held(Position("DU1", 8, "SPY", "OPT", "SPY 8C", Decimal(-1), 50.0), now)
        audit = Audit(now, now, now, (long, short))
        heart = Look(result, now)
        view = SentinelView(heart=heart, last_tick_at=now - 30.0, audit=audit, profits=profits, upstream_lost_at=lost)
        watch.observation = Observation(sentinel=view, next_window_at=opens)
        watch._levels.ran(watch.memory, watch.observation, watch.rules.policy, now, 1000.0)
        text = (await client.get("/metrics")).text
        samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
        wanted = [s for s in samples if s.name.removeprefix("watchkeeper_") in names]
        return {s.labels.get("kind", s.name.removeprefix("watchkeeper_")): s.value for s in wanted}

    both = await told(Result.OK, Profit(1.0, 2.0, 3.0), Profit(10.0, 20.0, None), opens=now + 60.4)
    assert both["exposure_cost"] == 650.0
    assert both["tick_timestamp_seconds"] == pytest.approx(970.0)
    assert both["window_next_timestamp_seconds"] == 1060.0
    assert (both["daily"], both["unrealized"]) == (11.0, 22.0)
    assert math.isnan(both["realized"]), "one of two is not known"
    known = Profit(1.0, 2.0, 3.0)
    for silent in (await told(Result.FAIL, known), await told(Result.OK), await told(Result.OK, known, lost=now)):
        assert all(math.isnan(silent[kind]) for kind in ("daily", "unrealized", "realized"))
        assert math.isnan(silent["window_next_timestamp_seconds"])
        assert silent["exposure_cost"] == 650.0, "what was held is held until somebody knows better"


async def test_what_the_kernel_does_not_tell_is_no_number(client: httpx.AsyncClient) -> None:
    text = (await client.get("/metrics")).text
    assert "watchkeeper_host_clock_synchronised NaN" in text
    assert "watchkeeper_state_disk_free_ratio NaN" in text


async def test_every_label_is_there_from_the_start(client: httpx.AsyncClient, watch: Watch) -> None:
    watch._levels.ran(watch.memory, watch.observation, watch.rules.policy, CLOCK.monotonic(), 1.0)
    text = (await client.get("/metrics")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    for name in (
        "watchkeeper_gateway_state",
        "watchkeeper_engine_state",
        "watchkeeper_probe",
        "watchkeeper_probe_last_result_timestamp_seconds",
        "watchkeeper_probe_duration_seconds",
        "watchkeeper_incidents",
        "watchkeeper_actions",
        "watchkeeper_budget_remaining",
        "watchkeeper_blind",
        "watchkeeper_loop_last_run_timestamp_seconds",
        "watchkeeper_paused",
        "watchkeeper_login_phase",
        "watchkeeper_logins_left",
        "watchkeeper_login_hold",
        "watchkeeper_login_waiting",
    ):
        assert families[name].samples, name
    faults = {s.labels["fault"] for s in families["watchkeeper_incidents"].samples if s.name.endswith("_total")}
    assert faults == set(FAULTS)
    states = {s.labels["state"]: s.value for s in families["watchkeeper_gateway_state"].samples}
    assert states["READY"] == 1.0
    assert sum(states.values()) == 1.0
