"""A restart of many gateways, one after another: never two at once, none while exposed, none after a failure."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.errors import SettingsRefused
from supervisor.faults import Rung
from supervisor.fleet import gateways, rolling
from supervisor.fleet.rolling import Deed, Limits, Phase, Tenant, Word, over, step, taken_up, told

NOW = 1_800_000_000.0
ONE = Limits()


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


@dataclass
class Gateway:
    """A tenant as its supervisor sees it. `soft` and `hard`: seconds that a restart takes; None: it never ends."""

    name: str
    soft: float | None = 90.0
    hard: float | None = 60.0
    opens_at: float | None = None
    """When its engine would open a position, unless it is halted."""
    logins_left: int = 4
    engine: bool = True
    changed: dict[str, Any] = field(default_factory=dict)
    halted: bool = False
    back_at: float | None = 0.0
    held: bool = False
    restarted: list[tuple[float, Rung]] = field(default_factory=list)

    def lives(self, now: float) -> None:
        if self.opens_at is not None and now >= self.opens_at and not self.halted and self.up(now):
            self.held = True

    def up(self, now: float) -> bool:
        return self.back_at is not None and now >= self.back_at

    def does(self, deed: Deed, now: float) -> None:
        if deed.word is Word.RESTART:
            assert not self.held, "no gateway is restarted under a position"
            assert deed.rung is not None
            self.restarted.append((now, deed.rung))
            takes = self.soft if deed.rung is Rung.IBC_RESTART else self.hard
            if takes is not None:
                self.back_at = now + takes
        else:
            self.halted = deed.word is Word.HALT

    def row(self, now: float) -> dict[str, Any]:
        up = self.up(now)
        return {
            "name": self.name,
            "verdict": "down" if not up else "degraded" if self.halted else "trading",
            "sentence": "as it is",
            "paused": False,
            "windows": {"open": []},
            "act": None,
            "open": [],
            "gateway": {
                "state": "READY" if up else "RECOVERING",
                "external": False,
                "container": {"started_at": iso(NOW - 9e4)},
                "login": {"since": iso(self.back_at or 0.0) if up else None, "attempts_left": self.logins_left},
            },
            "engine": {"halted": self.halted if self.engine else None},
            "exposure": {
                "known": up,
                "audited_at": iso(now - now % 30),
                "held": ["+1 SPY"] if self.held else [],
                "working": [],
            },
        } | self.changed


def rolled(
    fleet: list[Gateway], limits: Limits = ONE, run: tuple[Tenant, ...] = (), begins: float = NOW
) -> tuple[Tenant, ...]:
    """The run to its end, with a look each second."""
    run = run or tuple(Tenant(one.name) for one in fleet)
    by_name = {one.name: one for one in fleet}
    for second in range(20_000):
        now = begins + second
        for one in fleet:
            one.lives(now)
        run, deeds = step(run, {"tenants": [one.row(now) for one in fleet]}, limits, now)
        for deed in deeds:
            by_name[deed.tenant].does(deed, now)
        assert sum(one.phase in rolling.UNDER_WAY for one in run) <= limits.most
        assert sum(not one.up(now) for one in fleet) <= limits.most, "no more are away than may be"
        if over(run):
            return run
    raise AssertionError(f"not over: {run}")


def phases(run: tuple[Tenant, ...]) -> dict[str, Phase]:
    return {one.name: one.phase for one in run}


def test_one_after_another_each_by_a_soft_restart_and_each_goes_on() -> None:
    fleet = [Gateway(name) for name in "abc"]
    run = rolled(fleet)
    assert set(phases(run).values()) == {Phase.DONE}
    begun = [one.restarted for one in fleet]
    assert [[rung for _, rung in one] for one in begun] == [[Rung.IBC_RESTART]] * 3
    assert begun[1][0][0] - begun[0][0][0] > 90
    assert not any(one.halted for one in fleet)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([20.0, 90.0, None]),
            st.sampled_from([30.0, None]),
            st.sampled_from([None, 0.0, 20.0, 200.0]),
            st.integers(0, 4),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    ),
    st.integers(1, 3),
    st.sampled_from([0.0, 300.0]),
)
def test_whatever_they_do(drawn: list[tuple[Any, ...]], most: int, wait: float) -> None:
    """No restart under a position where an engine of ours can be halted, none after a failure, no halt forgotten."""
    fleet = [
        Gateway(f"t{number}", soft=soft, hard=hard, opens_at=None if opens is None else NOW + opens, logins_left=left)
        for number, (soft, hard, opens, left, _) in enumerate(drawn)
    ]
    run = rolled(fleet, Limits(most=most, wait=wait))
    failed = [one for one in run if one.phase is Phase.FAILED]
    for one in fleet:
        mine = next(tenant for tenant in run if tenant.name == one.name)
        assert one.halted is (mine.phase is Phase.FAILED and mine.halted)
        assert len(one.restarted) <= 2
        if one.logins_left <= 1:
            assert Rung.CONTAINER_RESTART not in [rung for _, rung in one.restarted], "the last login is left"
    if failed:
        first = min(one.since for one in failed)
        assert all(at <= first or rung is Rung.CONTAINER_RESTART for one in fleet for at, rung in one.restarted)
    else:
        assert {one.phase for one in run} <= {Phase.DONE, Phase.SKIPPED}


def test_where_no_soft_restart_comes_the_container_is_restarted_inside_the_budget() -> None:
    [one] = fleet = [Gateway("a", soft=None)]
    assert phases(rolled(fleet)) == {"a": Phase.DONE}
    assert [rung for _, rung in one.restarted] == [Rung.IBC_RESTART, Rung.CONTAINER_RESTART]


def test_the_first_that_does_not_come_back_ends_the_rest_and_says_what_is_left() -> None:
    fleet = [Gateway("a"), Gateway("b", soft=None, logins_left=1), Gateway("c")]
    run = rolled(fleet)
    assert phases(run) == {"a": Phase.DONE, "b": Phase.FAILED, "c": Phase.TODO}
    text = told(run)
    assert "b: no soft restart, and a container restart would leave 0 logins" in text
    assert "make halt TENANT=b LIFT=1" in text
    fleet[1].soft, fleet[1].logins_left = 60.0, 4
    fleet[1].halted = True
    again = rolled(fleet, run=taken_up(run, ["a", "b", "c"]), begins=NOW + 3600)
    assert set(phases(again).values()) == {Phase.DONE}
    assert len(fleet[0].restarted) == 1
    assert not any(one.halted for one in fleet)


def test_something_open_is_left_alone_or_waited_for() -> None:
    fleet = [Gateway("a", opens_at=NOW), Gateway("b")]
    run = rolled(fleet)
    assert phases(run) == {"a": Phase.SKIPPED, "b": Phase.DONE}
    assert "open at the broker: +1 SPY" in told(run)
    assert fleet[0].restarted == []


def test_a_position_that_appears_before_the_halt_is_found_by_the_look_after_it() -> None:
    one = Gateway("a")
    run, deeds = step((Tenant("a"),), {"tenants": [one.row(NOW)]}, Limits(), NOW)
    assert deeds == (Deed(Word.HALT, "a"),)
    assert step(run, {"tenants": [one.row(NOW + 20)]}, Limits(), NOW + 20) == (run, ()), "its audit is an older one"
    one.held = True
    run, deeds = step(run, {"tenants": [one.row(NOW + 31)]}, Limits(), NOW + 31)
    assert deeds == (Deed(Word.LIFT, "a"),)
    assert phases(run) == {"a": Phase.SKIPPED}


def test_by_force_with_something_open() -> None:
    one = Gateway("a")
    row = one.row(NOW) | {"exposure": {"known": True, "audited_at": iso(NOW), "held": ["+1 SPY"], "working": []}}
    run, _ = step((Tenant("a"),), {"tenants": [row]}, Limits(force=True), NOW)
    _, deeds = step(run, {"tenants": [row]}, Limits(force=True), NOW + 1)
    assert deeds == (Deed(Word.RESTART, "a", Rung.IBC_RESTART),)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"paused": True}, "it is paused"),
        ({"windows": {"open": [{"name": "nightly"}]}}, "inside nightly"),
        ({"verdict": "degraded"}, "it is degraded: as it is"),
        ({"gateway": {"external": True}}, "not ours to restart"),
    ],
)
def test_who_is_left_alone(changed: Mapping[str, Any], why: str) -> None:
    run = rolled([Gateway("a", changed=dict(changed)), Gateway("b")])
    assert phases(run) == {"a": Phase.SKIPPED, "b": Phase.DONE}
    assert why in told(run)


def test_a_supervisor_that_is_away_begins_nothing_and_ends_what_is_under_way_in_time() -> None:
    assert step((Tenant("a"),), "it does not answer", Limits(), NOW) == ((Tenant("a"),), ())
    away = Tenant("a", Phase.BACK, since=NOW)
    run, _ = step((away,), "it does not answer", Limits(), NOW + rolling.BACK_WITHIN)
    assert phases(run) == {"a": Phase.FAILED}


def test_one_that_the_supervisor_has_given_up_on_is_a_failure_at_once() -> None:
    row = Gateway("a").row(NOW) | {"open": [{"fault": "jvm-dead", "outcome": "gave_up"}]}
    run, _ = step((Tenant("a", Phase.RESTARTING, since=NOW - 1),), {"tenants": [row]}, Limits(), NOW)
    assert run[0].why == "the supervisor has given up on jvm-dead"


# -- what is kept, and what is refused ---------------------------------------------------------------------------------


class Clock:
    """As fast as it is asked."""

    def __init__(self) -> None:
        self.at = NOW

    def monotonic(self) -> float:
        return self.at

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    async def sleep(self, seconds: float) -> None:
        self.at += seconds
        await asyncio.sleep(0)


async def test_what_is_done_is_kept_and_a_refusal_is_told(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "rolling.json"
    fleet = {name: Gateway(name) for name in "abc"}

    def do(deed: Deed) -> str | None:
        if deed.tenant == "b" and deed.word is Word.RESTART:
            return "container-restart is under way"
        if deed.tenant == "c":
            return "no engine"
        fleet[deed.tenant].does(deed, clock.at)
        return None

    def ask() -> dict[str, Any]:
        return {"tenants": [one.row(clock.at) for one in fleet.values()]}

    keep = gateways.keeper(path, clock)
    run = await gateways.roll(tuple(Tenant(name) for name in "acb"), Limits(), ask, do, keep, clock)
    assert phases(run) == {"a": Phase.DONE, "c": Phase.SKIPPED, "b": Phase.FAILED}
    assert "restart refused: container-restart is under way" in told(run)
    assert gateways.kept(path, clock.at) == run
    assert gateways.kept(path, clock.at + 86_400) == ()
    path.write_text(json.dumps({"at": clock.at}))
    with pytest.raises(SettingsRefused, match="remove it to begin anew"):
        gateways.kept(path, clock.at)


def test_a_run_that_was_ended_half_way_goes_on_there() -> None:
    half = (Tenant("a", Phase.DONE), Tenant("b", Phase.RESTARTING, since=NOW - 5, asked_at=NOW - 5, halted=True))
    fleet = [Gateway("a"), Gateway("b", back_at=NOW + 60, halted=True), Gateway("c")]
    run = rolled(fleet, run=taken_up(half, ["a", "b", "c"]))
    assert set(phases(run).values()) == {Phase.DONE}
    assert [len(one.restarted) for one in fleet] == [0, 0, 1]
    assert taken_up((replace(half[0], phase=Phase.SKIPPED),), ["a"]) == (Tenant("a"),)
