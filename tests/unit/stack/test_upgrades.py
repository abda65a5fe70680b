"""An upgrade of several tenants: one after another, whoever is in trouble left alone, the first failure the last."""

from pathlib import Path
from typing import Any

import pytest

from supervisor import leaving, plan
from supervisor.fleet import upgrades

HOST = plan.Host("/var/run/docker.sock", 998, {"BASE_IMAGE": "base:1"}, cpus=4)
WELL: dict[str, Any] = {
    "verdict": "trading",
    "sentence": "as it is",
    "paused": False,
    "windows": {"open": []},
    "gateway": {"login": {"attempts_left": 2}},
}
RUN = [plan.plan("sim", {"TENANT": name}, HOST, number) for number, name in enumerate("abc")]
TOUCHED = {name: {"engine"} for name in "abc"}


@pytest.mark.parametrize(
    ("row", "touched", "why"),
    [
        (WELL, {"engine"}, None),
        (WELL, {"ib-gateway"}, None),
        (WELL | {"gateway": {"login": {"attempts_left": 1}}}, {"engine"}, None),
        (WELL | {"gateway": {"login": {"attempts_left": 1}}}, {"ib-gateway"}, "its ledger has 1 logins left"),
        (WELL | {"verdict": "down"}, {"engine"}, "it is down: as it is"),
        (WELL | {"paused": True}, {"engine"}, "it is paused"),
        (WELL | {"windows": {"open": [{"name": "nightly"}]}}, {"engine"}, "inside nightly"),
    ],
)
def test_who_is_left_as_it_is(row: dict[str, Any], touched: set[str], why: str | None) -> None:
    found = upgrades.not_now({"tenants": [row | {"name": "a"}]}, "a", touched)
    assert found is None if why is None else why in (found or "")


def test_without_a_word_of_the_supervisor_nothing_is_begun() -> None:
    assert upgrades.not_now("it does not answer", "a", {"engine"}) == "it does not answer"
    assert upgrades.not_now({"tenants": []}, "a", {"engine"}) == "the supervisor does not watch it"


@pytest.mark.parametrize(
    ("codes", "in_trouble", "begun", "code", "said"),
    [
        ({}, (), "abc", 0, "Done: a, b, c."),
        ({}, ("b",), "ac", 1, "Skipped: b (it is down: as it is)."),
        ({"b": 1}, (), "ab", 1, "Stopped at b, which does not trade again; not begun: c."),
    ],
    ids=["all", "one in trouble", "one that does not come back"],
)
def test_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    codes: dict[str, int],
    in_trouble: tuple[str, ...],
    begun: str,
    code: int,
    said: str,
) -> None:
    done: list[str] = []

    def carry_out(root: Path, one: plan.Plan, touched: set[str], settled: object) -> int:
        done.append(one.tenant)
        return codes.get(one.tenant, 0)

    rows = [WELL | {"name": name} | ({"verdict": "down"} if name in in_trouble else {}) for name in "abc"]
    monkeypatch.setattr(leaving, "ask", lambda url: {"tenants": rows})
    monkeypatch.setattr(upgrades, "may_leave", lambda *_, **__: True)
    monkeypatch.setattr(upgrades, "carry_out", carry_out)
    assert upgrades._one_by_one(Path(), RUN, TOUCHED, force=False) == code
    assert "".join(done) == begun
    assert said in capsys.readouterr().out


def test_one_that_is_exposed_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "ask", lambda url: {"tenants": [WELL | {"name": name} for name in "abc"]})
    monkeypatch.setattr(upgrades, "may_leave", lambda root, tenant, mode, force: tenant != "b")
    done: list[str] = []

    def carry_out(root: Path, one: plan.Plan, touched: set[str], settled: object) -> int:
        done.append(one.tenant)
        return 0

    monkeypatch.setattr(upgrades, "carry_out", carry_out)
    assert upgrades._one_by_one(Path(), RUN, TOUCHED, force=False) == 1
    assert done == ["a", "c"]
