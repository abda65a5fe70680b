"""The status of all nodes of a Swarm: what a node does not say is unknown, with its age; never well, and never down."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
