"""Shards: what is written is read again, half a line is no line, and a drill goes on where it stopped."""

import dataclasses
import json
from pathlib import Path

import pytest

from supervisor.drill.__main__ import plan
from supervisor.drill.records import Run, Shard, read
from tests.unit.supervisor.test_drill_report import run


def test_what_is_appended_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "shard.jsonl"
    shard = Shard(path)
    assert shard.open() == set()
    first, second = run(30.0, rungs=["container-restart"]), run(None, number=1)
    shard.append(first)
    shard.append(second)
    assert read([path]) == [first, second]
    assert Shard(path).open() == {first.kind, second.kind}


def test_a_line_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "shard.jsonl"
    shard = Shard(path)
    shard.append(run(30.0))
    shard.append(run(40.0, number=1))
    path.write_bytes(path.read_bytes()[:-20])
    assert shard.open() == {run(30.0).kind}
    shard.append(run(50.0, number=1))
    assert [one.trading_s for one in read([path])] == [30.0, 50.0]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[]", "JSON object"),
        ("{}", "every key"),
        (json.dumps(dataclasses.asdict(run(1.0)) | {"latency": 3}), "latency"),
        ("nonsense", "shard.jsonl:1"),
    ],
)
def test_a_line_that_is_no_run_is_refused_with_its_place(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "shard.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(ValueError, match=r"shard\.jsonl:1") as refused:
        read([path])
    assert why in str(refused.value)


def test_runs_of_another_seed_version_or_profile_are_other_runs() -> None:
    kinds = {run(1.0, **more).kind for more in ({}, {"seed": 8}, {"version": 200}, {"profile": "fast"}, {"number": 1})}
    assert len(kinds) == 5


def test_a_plan_goes_round_by_round_and_leaves_out_what_is_done() -> None:
    assert plan(["a", "b"], 2, set()) == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert plan(["a", "b"], 2, {("a", 0), ("b", 1)}) == [("b", 0), ("a", 1)]
    assert plan(["a"], 1, {("a", 0)}) == []


def test_the_committed_lines_are_runs() -> None:
    paths = sorted((Path(__file__).parents[3] / "docs" / "data").glob("drill-*.jsonl"))
    runs: list[Run] = read(paths)
    assert len({one.kind for one in runs}) == len(runs)
