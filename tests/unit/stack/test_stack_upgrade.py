"""An upgrade over the nodes of a Swarm: one tenant after another, and what is waited for after each."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from supervisor.fleet import deploy, files, stack_upgrade, survey, swarm, tasks
from tests.unit.stack.test_upgrades import WELL
from tws.clock import SystemClock

RUN = {f"watchkeeper-{name}": name for name in "abc"}
FLAT = {"known": True, "held": [], "working": []}


class _QuickClock(SystemClock):
    """Sleeping takes no time, and time passes."""

    passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


class _Swarm:
    """Three tenants, a node each. What is given to it is replaced after two looks, or as `fates` says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fates: dict[str, str]) -> None:
        self.fates = fates
        self.given: list[str] = []
        self.stopped: list[str] = []
        self.away: list[str] = []
        self.looks: dict[str, int] = {}
        self.rows: dict[str, dict[str, Any]] = {
            name: WELL
            | {"name": name, "exposure": FLAT, "gateway": self._gateway("before")}
            | {"engine": {"state": "TRADING"}}
            for name in RUN.values()
        }
        monkeypatch.setattr(deploy, "docker", self._docker)
        monkeypatch.setattr(deploy, "give", self._give)
        monkeypatch.setattr(survey, "status", self._status)
        monkeypatch.setattr(files, "read", lambda root, name: {"NODE": name})

    @staticmethod
    def _gateway(started: str) -> dict[str, Any]:
        return {"state": "READY", "login": {"attempts_left": 2}, "container": {"started_at": started}}

    def _give(self, root: Path, made: dict[str, Any]) -> None:
        self.given.append(made["name"])
        self.looks[made["name"]] = 0

    def _docker(self, root: Path, *words: str) -> str:
        if words[:2] == ("service", "scale"):
            self.stopped.append(words[-1])
            return ""
        if words[:2] == ("service", "ls"):
            return words[-1].partition("=")[2].partition("=")[2]  # an id that says which stack
        name = words[-1]
        self.looks[name] = self.looks.get(name, -1) + 1
        tenant = name.removeprefix("watchkeeper-")
        fate = self.fates.get(tenant, "completed")
        state = None if name not in self.given else fate if self.looks[name] > 1 else "updating"
        if name in self.away and name in self.given:
            state, self.rows[tenant]["gateway"] = None, self._gateway("after")
        if state == "completed":
            self.rows[tenant] |= {"gateway": self._gateway("after")}
        runs = 0 if name in self.away and name not in self.given else 1
        row = {"Spec": {"Name": f"{name}_ib-gateway", "Labels": {}, "Mode": {"Replicated": {"Replicas": runs}}}}
        return json.dumps([row | ({"UpdateStatus": {"State": state, "Message": "so"}} if state else {})])

    async def _status(self, docker: object, node: tasks.Member, clock: object) -> dict[str, Any]:
        return {"tenants": [self.rows[node.label]]}

    def upgrade(self) -> int:
        made = {name: {"name": name, "services": {"ib-gateway": {}}} for name in RUN}
        members = {name: tasks.Member(name, name, name, "", reached=True) for name in "abc"}
        touched = {name: {"ib-gateway"} for name in RUN}
        work = stack_upgrade._Work(Path(), _QuickClock(), made, touched, members)
        return asyncio.run(stack_upgrade._one_by_one(work, RUN, force=False))


def test_each_trades_again_before_the_next(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    it = _Swarm(monkeypatch, {})
    assert it.upgrade() == 0
    assert it.given == list(RUN)
    assert "Done: a, b, c." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fate", "why", "stopped"),
    [
        ("paused", "paused: ib-gateway: so; ib-gateway is stopped", ["watchkeeper-b_ib-gateway=0"]),
        ("updating", "updating: ib-gateway: so", []),
    ],
)
def test_the_first_that_does_not_come_back_is_the_last(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fate: str, why: str, stopped: list[str]
) -> None:
    it = _Swarm(monkeypatch, {"b": fate})
    assert it.upgrade() == 1
    assert it.given == ["watchkeeper-a", "watchkeeper-b"]
    assert it.stopped == stopped
    assert f"Done: a.\nStopped at b: {why}; not begun: c." in capsys.readouterr().out.replace(
        "Done: a. \n", "Done: a.\n"
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"exposure": FLAT | {"held": ["1 SPY"]}}, "open at the broker: 1 SPY"),
        ({"exposure": FLAT | {"known": False}}, "cannot be asked about"),
        ({"verdict": "down"}, "it is down"),
        ({"gateway": {"state": "READY", "login": {"attempts_left": 1}, "container": None}}, "1 logins left"),
    ],
)
def test_one_that_may_not_be_touched_is_skipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], change: dict[str, Any], why: str
) -> None:
    it = _Swarm(monkeypatch, {})
    it.rows["b"] |= change
    assert it.upgrade() == 1
    assert it.given == ["watchkeeper-a", "watchkeeper-c"]
    assert re.search(rf"^Done: a, c\. Skipped: b \(.*{why}", capsys.readouterr().out)


def test_an_old_gateway_that_is_ready_still_is_not_taken_for_the_new_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    same = _Swarm._gateway("before")
    monkeypatch.setattr(_Swarm, "_gateway", staticmethod(lambda started: same))
    it = _Swarm(monkeypatch, {})
    assert it.upgrade() == 1
    assert "Stopped at a: its supervisor to see the new gateway; not begun: b, c." in capsys.readouterr().out


def test_one_that_was_stopped_starts_without_an_update(monkeypatch: pytest.MonkeyPatch) -> None:
    it = _Swarm(monkeypatch, {})
    it.away = ["watchkeeper-b"]
    assert it.upgrade() == 0
    assert it.given == list(RUN)


def test_another_image_is_told_by_the_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {swarm.CONFIG: "1", swarm.IMAGE: "old"}
    rows = [{"Spec": {"Name": "watchkeeper-x_engine", "Labels": labels}}]
    made = {"name": "watchkeeper-x", "services": {"engine": {"deploy": {"labels": labels | {swarm.IMAGE: "new"}}}}}
    (found,) = deploy.changed(lambda *words: json.dumps(rows) if words[1] == "inspect" else "id", made)
    assert (found.service, found.touched, found.why) == ("engine", True, "another image")
