"""Many tenants under one supervisor: they come and go, and one's trouble is nobody else's.

The supervisor's own parts, over a Docker API of the tests and real TCP; where a gateway should answer, nothing listens.
"""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from supervisor import house as houses
from supervisor import loop
from supervisor.api import application
from supervisor.house import House
from supervisor.journal import Journal
from supervisor.loop import Watch
from supervisor.memory import GatewayTrack, Memory
from supervisor.metrics import Metrics
from supervisor.notify import Alertmanager
from supervisor.observation import Audit, Look, Result, SentinelView, SessionPhase
from supervisor.probes.host import Host, LinuxKernel
from supervisor.runtime.roster import Roster
from supervisor.service import Shared, TenantsWatch
from supervisor.states import GatewayState
from supervisor.tenants import Tenant
from tests.fake_docker import FakeDocker
from tws.clock import SystemClock

CLOCK = SystemClock()
OPERATOR = {"Authorization": "Bearer operator"}


class Rig:
    """Tenants `a`, `b` and `c` may be watched by label, `own` always."""

    def __init__(self, directory: Path, docker: FakeDocker) -> None:
        self.docker = docker
        self.journal = Journal(directory / "journal.sqlite")
        self.registry = CollectorRegistry()
        self.http = httpx.AsyncClient(trust_env=False)
        self.shared = Shared(
            CLOCK,
            self.journal,
            Metrics(self.registry),
            Host(LinuxKernel(directory), CLOCK),
            Alertmanager(self.http, "http://127.0.0.1:1", "x"),
            None,
            docker.url,
            dict.fromkeys(("own", "a", "b", "c"), "machine"),
            "http://127.0.0.1:1",
        )
        self.directory = directory
        self.hosts: dict[str, str] = {}
        self.built: list[str] = []
        self.roster = Roster(docker.url, CLOCK, timeout=5)
        self.house = House(
            self.build, self.shared.metrics.forget, CLOCK, always=["own"], by_label=["a", "b", "c"], roll=self.roster
        )
        app = application(
            self.house,
            self.journal,
            self.registry,
            CLOCK,
            operator="operator",
            machines=dict.fromkeys(("own", "a", "b", "c"), "machine"),
            hosts=["localhost"],
            leaving=asyncio.Event(),
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:9180")

    def build(self, name: str) -> TenantsWatch:
        self.built.append(name)
        own = self.directory / name
        own.mkdir(exist_ok=True)
        return TenantsWatch(
            Tenant(
                tenant=name,
                mode="sim",
                ib_account=f"DUSIM{name.upper()}",
                gateway_host=self.hosts.get(name, "127.0.0.1"),
                gateway_port=1,
                engine="none",
                mailbox_dir=own,
                ledger_dir=own,
                hold_dir=own,
            ),
            self.shared,
        )

    def watch(self, name: str) -> Watch:
        return self.house.watches[name]

    def looked(self, name: str) -> bool:
        watch = self.house.watches.get(name)
        return watch is not None and watch.observation.docker.result is Result.OK and not watch.late

    async def tenants(self) -> dict[str, Any]:
        body = (await self.client.get("/api/v1/status")).json()
        return {tenant["name"]: tenant for tenant in body["tenants"]}


@pytest.fixture
def docker() -> Iterator[FakeDocker]:
    made = FakeDocker()
    for name in ("own", "a", "b", "stranger"):
        made.add(name)
    yield made
    made.close()


@pytest.fixture
async def rig(tmp_path: Path, docker: FakeDocker) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path, docker)
    rig.roster.listen(rig.house.heard)
    running = asyncio.create_task(rig.house.run())
    await until(lambda: all(rig.looked(name) for name in ("own", "a", "b")))
    yield rig
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await rig.house.leave()
    await rig.client.aclose()
    await rig.http.aclose()
    rig.roster.close()
    rig.journal.close()


async def until(true: Callable[[], object], timeout: float = 20.0) -> None:
    async with asyncio.timeout(timeout):
        while not true():
            await asyncio.sleep(0.02)


async def test_whose_wish_an_end_was_is_asked_of_docker_before_the_first_look(tmp_path: Path) -> None:
    docker = FakeDocker("own", "a", "b")  # all have ended
    for name in ("own", "a"):
        for action, more in (("kill", {"signal": "15"}), ("die", {"exitCode": "137"}), ("stop", {})):
            docker.tell(name, "gateway", action, **more)
    docker.tell("b", "gateway", "die", exitCode="1")
    rig = Rig(tmp_path, docker)
    second = CLOCK.now().timestamp() // 1.0
    await until(lambda: CLOCK.now().timestamp() // 1.0 > second)  # the past ends with the last whole second
    for tenant, event in await rig.roster.past():
        rig.house.heard(tenant, event)
    rig.roster.listen(rig.house.heard)
    running = asyncio.create_task(rig.house.run())
    await until(lambda: all(rig.looked(name) for name in ("own", "a", "b")))
    await until(lambda: rig.watch("b").memory.gateway.process.died_at is not None)
    asked = {name: rig.watch(name).memory.gateway.process.asked for name in ("own", "a", "b")}
    assert asked == {"own": True, "a": True, "b": False}
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await rig.house.leave()
    await rig.client.aclose()
    await rig.http.aclose()
    rig.roster.close()
    rig.journal.close()
    docker.close()


# -- they come and go --------------------------------------------------------------------------------------------------


async def test_only_those_that_may_be_watched_are(rig: Rig) -> None:
    assert set(rig.house.watches) == {"own", "a", "b"}


async def test_a_tenant_that_appears_is_watched_at_once_and_one_that_goes_no_longer(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.docker.add("c")
    await until(lambda: rig.looked("c"), 3.0)  # by its event, not at the next roll call
    assert set(await rig.tenants()) == {"own", "a", "b", "c"}
    assert 'gateway_state{state="STARTING",tenant="c"}' in generate_latest(rig.registry).decode()

    monkeypatch.setattr(houses, "_GONE", 0.0)
    at = CLOCK.monotonic()
    view = rig.watch("c")._senses.sentinel
    view.view = replace(view.view, audit=Audit(at, at, at, (), ()))
    rig.watch("c").wake()
    await until(lambda: rig.watch("c").flat)
    rig.watch("c").set_pause("for its return", None)
    rig.docker.remove("c")
    await until(lambda: "c" not in rig.house.watches)
    assert set(await rig.tenants()) == {"own", "a", "b"}
    assert 'tenant="c"' not in generate_latest(rig.registry).decode()
    opened = rig.journal._db.execute("SELECT fault FROM incidents WHERE tenant='c'").fetchall()
    assert "container-exit" not in [row["fault"] for row in opened]

    rig.docker.add("c")
    await until(lambda: rig.looked("c"))
    pause = rig.watch("c").pause
    assert pause is not None
    assert pause.reason == "for its return"


async def test_a_tenant_that_goes_with_money_at_risk_is_watched_on(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows what it held: that is told, as a gateway that is not there."""
    monkeypatch.setattr(houses, "_GONE", 0.0)
    rig.docker.remove("a")
    await until(lambda: rig.watch("a").memory.gateway.state is GatewayState.ABSENT)
    await until(lambda: "a" not in rig.house._present)
    rig.house._news.set()
    await until(lambda: not rig.house._news.is_set())
    assert rig.looked("a")


# -- one's trouble -----------------------------------------------------------------------------------------------------


def paces(rig: Rig, name: str) -> tuple[float, ...]:
    seen = rig.watch(name).observation
    return seen.docker.at, seen.handshake.at, seen.ledger.look.at


async def goes_on(rig: Rig, name: str) -> None:
    """Every sense looks anew, twice."""
    for _ in range(2):
        before = paces(rig, name)
        rig.watch(name).look_now()
        async with asyncio.timeout(4.0):
            while not all(now > then for now, then in zip(paces(rig, name), before, strict=True)):
                await asyncio.sleep(0.02)


async def test_a_docker_call_that_hangs_is_one_tenants(rig: Rig) -> None:
    rig.docker.hangs.add("inspect watchkeeper-a-gateway")
    rig.watch("a").look_now()
    at = rig.watch("a").observation.docker.at
    await goes_on(rig, "b")
    assert rig.watch("a").observation.docker.at == at
    assert not rig.house.late


async def test_a_name_that_is_looked_up_for_ever_is_one_tenants(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """More look-ups of it than asyncio has threads delay nobody else's."""
    over, real = threading.Event(), socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        if host == "hangs.test":
            over.wait(60)
        return real("127.0.0.1" if str(host).endswith(".test") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    rig.hosts = {"c": "hangs.test", "b": "answers.test"}
    rig.docker.add("c")
    await until(lambda: rig.watch("c").observation.handshake.result is Result.UNKNOWN if "c" in rig.built else None)
    for _ in range(10):
        rig.watch("c").look_now()
        await goes_on(rig, "a")
    assert threading.active_count() < 60
    over.set()


async def test_a_watch_that_falls_over_begins_anew_and_no_other_notices(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(houses, "AGAIN", 0.05)
    rig.watch("a").set_pause("remembered", None)
    other = rig.watch("b")

    def falls() -> None:
        raise ZeroDivisionError("a bug of a sense")

    monkeypatch.setattr(rig.watch("a")._senses.ledger, "look", falls)
    await until(lambda: rig.built.count("a") == 2 and rig.looked("a"))
    assert rig.watch("b") is other
    await goes_on(rig, "b")
    pause = rig.watch("a").pause
    assert pause is not None
    assert pause.reason == "remembered"
    [owed] = [one.page for one in rig.watch("a")._notifier._owed.values() if one.page.fault == loop.BUG]
    assert "ZeroDivisionError" in owed.text
    assert (await rig.client.get("/healthz")).status_code == 200


async def test_a_loop_that_is_late_is_said_of_all(rig: Rig) -> None:
    assert (await rig.client.get("/healthz")).status_code == 200
    rig.watch("b")._last_run = float("-inf")
    assert rig.house.late
    assert (await rig.client.get("/healthz")).status_code == 503


async def test_each_has_a_budget_of_its_own(rig: Rig) -> None:
    """One gateway that dies again and again is given up; the other's first death is cured."""

    def restarts(name: str) -> int:
        return rig.docker.asked.count(f"POST /v1.41/containers/watchkeeper-{name}-gateway/start")

    now = CLOCK.monotonic()
    rig.watch("a").memory = replace(rig.watch("a").memory, gateway_spent=(now, now, now))
    rig.docker.die("a")
    rig.docker.die("b")
    await until(lambda: restarts("b") == 1)
    await until(lambda: rig.watch("a").memory.gateway.state is GatewayState.GAVE_UP)
    assert restarts("a") == 0
    assert rig.watch("b").memory.gateway_spent
    row = rig.journal._db.execute("SELECT DISTINCT tenant FROM acts").fetchall()
    assert [one["tenant"] for one in row] == ["b"]
    found = await rig.tenants()
    assert (found["a"]["gateway"]["state"], found["own"]["incident"]) == ("GAVE_UP", None)


# -- what is asked -----------------------------------------------------------------------------------------------------


async def test_who_is_asked_for_must_be_said(rig: Rig) -> None:
    body = {"seconds": 60, "reason": "lunch"}
    for wrong in ({}, {"tenant": "stranger"}, {"tenant": 1}):
        answer = await rig.client.post("/api/v1/pause", json=body | wrong, headers=OPERATOR)
        assert answer.status_code == 400
        assert "one of a, b, own" in answer.json()["error"]
        assert "TENANT=" in answer.json()["error"]
    answer = await rig.client.post("/api/v1/pause", json=body | {"tenant": "b"}, headers=OPERATOR)
    assert answer.status_code == 200
    assert [name for name in rig.house.watches if rig.watch(name).pause is not None] == ["b"]
    for path in ("resume", "login", "cancel", "restart", "preflight"):
        answer = await rig.client.post(f"/api/v1/{path}", json={"subject": "gateway"}, headers=OPERATOR)
        assert answer.status_code == 400, path
    await rig.client.post("/api/v1/resume", json={"tenant": "b"}, headers=OPERATOR)
    assert rig.watch("b").pause is None


async def test_all_are_told_or_the_one_that_is_named(rig: Rig) -> None:
    whole = (await rig.client.get("/api/v1/status")).json()
    assert [tenant["name"] for tenant in whole["tenants"]] == ["a", "b", "own"]
    assert whole["verdict"] in ("starting", "down", "degraded")
    one = (await rig.client.get("/api/v1/status?tenant=b")).json()
    assert [tenant["name"] for tenant in one["tenants"]] == ["b"]
    assert (await rig.client.get("/api/v1/status?tenant=stranger")).status_code == 400
    rig.docker.die("b")
    await until(lambda: rig.watch("b").memory.gateway_incident)
    await asyncio.get_running_loop().run_in_executor(rig.journal.thread, lambda: None)
    rows = (await rig.client.get("/api/v1/incidents")).json()
    assert [row["tenant"] for row in rows if row["fault"] == "container-exit"] == ["b"]
    assert (await rig.client.get("/api/v1/incidents?tenant=a")).json() == []


async def test_an_event_reaches_the_tenant_that_it_is_of(rig: Rig) -> None:
    before = rig.watch("b").memory
    rig.docker.die("a")
    await until(lambda: rig.watch("a").memory.gateway.process.died_at is not None, 3.0)
    assert rig.watch("b").memory.gateway.process == before.gateway.process


# -- when it turns -----------------------------------------------------------------------------------------------------

WELL = SentinelView(phase=SessionPhase.READY, heart=Look(Result.OK, 1.0))
READY, UNKNOWN = Memory(gateway=GatewayTrack(state=GatewayState.READY)), Memory()


@pytest.mark.parametrize(
    ("memory", "view", "wakes"),
    [
        (READY, replace(WELL, heart=Look(Result.OK, 3.0), clock_skew_seconds=0.2, last_tick_at=2.5), False),
        (READY, replace(WELL, heart=Look(Result.FAIL, 3.0)), True),
        (READY, replace(WELL, upstream_lost_at=2.0), True),
        (READY, replace(WELL, audit=Audit(3.0, 3.0, 3.0, (), ())), True),
        (UNKNOWN, replace(WELL, heart=Look(Result.OK, 3.0)), True),
    ],
    ids=["one more beat", "a beat missed", "news of the gateway", "an audit", "a beat in trouble"],
)
async def test_one_more_beat_when_all_is_well_waits_for_the_next_turn(
    rig: Rig, memory: Memory, view: SentinelView, wakes: bool
) -> None:
    watch = rig.watch("own")
    watch.memory, watch.observation = memory, replace(watch.observation, sentinel=WELL)
    watch._news.clear()
    watch._senses.sentinel.view = view
    watch.wake()
    assert watch._news.is_set() is wakes
