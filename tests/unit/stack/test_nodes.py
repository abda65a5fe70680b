"""The status of all nodes of a Swarm: what a node does not say is unknown, with its age; never well, and never down."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.fleet import deploy, nodes, survey, tasks
from supervisor.fleet.nodes import together
from supervisor.status import status
from tests.unit.supervisor.test_json_page import keys, told

NOW = 1_800_000_000.0
PINNED = {"one": "a", "two": "b"}


def said(at: float = NOW, **verdicts: str) -> dict[str, Any]:
    return says(verdicts, at)


def says(verdicts: dict[str, str], at: float = NOW) -> dict[str, Any]:
    rows = [{"name": name, "verdict": verdict, "sentence": f"{name}: {verdict}"} for name, verdict in verdicts.items()]
    return dict(status(rows, at))


def test_all_answer() -> None:
    made = together({"a": said(one="trading"), "b": said(two="trading")}, PINNED, {}, NOW)
    assert (made.answer["verdict"], made.answer["sentence"]) == ("trading", "2 tenants trade")
    assert [row["name"] for row in made.answer["tenants"]] == ["one", "two"]
    assert [(one["node"], one["why"], one["unknown"]) for one in made.answer["nodes"]] == [
        ("a", None, []),
        ("b", None, []),
    ]
    assert made.heard["b"]["tenants"] == {"two": "trading"}


def test_a_node_that_does_not_answer_is_unknown_with_the_age_of_its_last_answer() -> None:
    before = together({"a": said(one="trading"), "b": said(NOW - 125, two="trading")}, PINNED, {}, NOW).heard
    made = together({"a": said(one="trading"), "b": "no route"}, PINNED, before, NOW)
    assert made.answer["verdict"] == "unknown"
    assert made.answer["sentence"] == "b: unknown, last answer 2 min ago; unknown: two (last trading) (no route)"
    (_, silent) = made.answer["nodes"]
    assert silent["unknown"] == [{"name": "two", "last": "trading"}]
    assert silent["answered_at"] == datetime.fromtimestamp(NOW - 125, UTC).isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )
    assert made.heard["b"] == before["b"]


def test_docs_tell_every_key() -> None:
    answer = together({"a": said(one="trading"), "b": "no route"}, PINNED, {}, NOW).answer
    assert set(keys({**answer, "tenants": []})) - told("status") == told("over nodes")


def test_a_node_that_never_answered_has_no_age() -> None:
    made = together({"b": "no route"}, {"two": "b"}, {}, NOW)
    assert made.answer["verdict"] == "unknown"
    assert "no answer was ever heard here" in made.answer["sentence"]


def test_what_is_down_is_told_before_what_is_unknown_and_both_are() -> None:
    made = together({"a": said(one="down"), "b": "no route"}, PINNED, {}, NOW)
    assert made.answer["verdict"] == "down"
    assert "b: unknown" in made.answer["sentence"]
    assert "one: down" in made.answer["sentence"]


def test_a_supervisor_that_answers_and_does_not_tell_of_its_tenant_leaves_it_unknown() -> None:
    made = together({"a": said(), "b": said(two="trading")}, PINNED, {}, NOW)
    assert made.answer["verdict"] == "unknown"
    assert "a: its supervisor does not tell of one" in made.answer["sentence"]


@pytest.mark.parametrize(
    ("seconds", "age"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (90000, "25 h 0 min"), (-5, "0 s")]
)
def test_an_age(seconds: float, age: str) -> None:
    heard = {"b": {"at": datetime.fromtimestamp(NOW - seconds, UTC).isoformat(), "tenants": {}}}
    assert f"last answer {age} ago" in together({"b": "no route"}, {}, heard, NOW).answer["sentence"]


VERDICTS = st.sampled_from(["trading", "paused", "starting", "degraded", "down"])


@given(st.dictionaries(st.sampled_from("abcd"), st.none() | VERDICTS, min_size=1))
def test_it_is_never_well_unless_each_says_so(nodes: dict[str, str | None]) -> None:
    answers = {node: says({f"t{node}": verdict}) if verdict else "no route" for node, verdict in nodes.items()}
    verdict = together(answers, {f"t{node}": node for node in nodes}, {}, NOW).answer["verdict"]
    assert (verdict == "trading") is (set(nodes.values()) == {"trading"})
    assert (verdict == "down") is ("down" in nodes.values())
    if None in nodes.values() and "down" not in nodes.values():
        assert verdict == "unknown"


class _Swarm:
    """Two tenants, each on a node of its own; node a has a second one, and what answers is said by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path, said: dict[str, Any]) -> None:
        self.said, self.asked, self.answers = said, list[str](), list[Any]()
        pinned = PINNED | {"three": "a"}
        there = [tasks.Member(node, node, node, tasks.USUAL_SOCKET, reached=True) for node in "ab"]
        monkeypatch.setattr(deploy, "docker", self._docker)
        monkeypatch.setattr(deploy, "written", lambda _: pinned)
        monkeypatch.setattr(deploy, "pinned", lambda _: pinned)
        monkeypatch.setattr(tasks, "members", lambda _: there)
        monkeypatch.setattr(survey, "statuses", self._statuses)
        monkeypatch.setattr(nodes, "ROOT", root)
        monkeypatch.setattr(nodes, "_show", self.answers.append)

    def _docker(self, _: Path, *words: str) -> str:
        if words[0] == "info":
            spec = {"Dispatcher": {"HeartbeatPeriod": 720 * 3600 * 10**9}}
            return json.dumps({"ControlAvailable": True, "Cluster": {"Spec": spec}})
        return "\n".join(survey.monitoring(node) for node in "ab")

    async def _statuses(self, _docker: Any, reached: Iterable[tasks.Member], _clock: Any) -> dict[str, Any]:
        self.asked = [one.label for one in reached]
        return {node: self.said[node] for node in self.asked}


def test_one_tenant_is_told_of_alone_and_only_its_node_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TENANT", raising=False)
    it = _Swarm(monkeypatch, tmp_path, {"a": said(one="trading", three="down"), "b": "no route"})
    assert nodes.main([]) == 1
    assert it.asked == ["a", "b"]
    monkeypatch.setenv("TENANT", "one")
    assert nodes.main([]) == 0
    assert it.asked == ["a"]
    assert [row["name"] for row in it.answers[-1]["tenants"]] == ["one"]
    assert (it.answers[-1]["verdict"], it.answers[-1]["sentence"]) == ("trading", "one: trading")
    assert [one["node"] for one in it.answers[-1]["nodes"]] == ["a"]
    # What its node said of the others is not forgotten.
    heard = json.loads((tmp_path / "var" / "swarm" / "heard.json").read_text())
    assert heard["a"]["tenants"] == {"one": "trading", "three": "down"}


@pytest.mark.parametrize("answer", ["no route", said(three="trading")])
def test_one_tenant_that_is_not_seen_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    it = _Swarm(monkeypatch, tmp_path, {"a": answer, "b": said(two="trading")})
    monkeypatch.setenv("TENANT", "one")
    assert nodes.main([]) == 1
    assert it.answers[-1]["verdict"] == "unknown"
    assert [one["name"] for one in it.answers[-1]["nodes"][0]["unknown"]] == ["one"]
    assert it.answers[-1]["tenants"] == []


def test_a_tenant_that_there_is_not_is_refused_before_anyone_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    it = _Swarm(monkeypatch, tmp_path, {})
    monkeypatch.setenv("TENANT", "four")
    assert nodes.main([]) == 2
    assert "expected one of one, three, two, found four" in capsys.readouterr().err
    assert it.asked == []
