"""Stacks side by side: they share one list, go where most is left, and one that is not well again is replaced."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from supervisor.drill import crew as module
from supervisor.drill.crew import Bench, Crew
from supervisor.drill.house import environment
from supervisor.drill.records import Run, Shard, read
from supervisor.drill.runner import AlreadyStands
from supervisor.drill.stack import Stack
from supervisor.errors import RuntimeTrouble
from tests.unit.supervisor.test_drill_report import run as a_run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Street:
    """Houses that need no Docker; `spoken` is what a stack's gateway announces, if not what it was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, spoken: int | None = None) -> None:
        self.built: list[tuple[int, int]] = []
        self.standing = self.most = 0
        self._spoken = spoken
        monkeypatch.setattr(module, "house", self.house)
        monkeypatch.setattr(module, "probe", self.probe)
        monkeypatch.setattr(module, "logs", lambda container, lines: f"{container} said")

    @asynccontextmanager
    async def house(self, runs: int, profile: str, version: int, place: int) -> AsyncIterator[Stack]:
        self.built.append((version, place))
        self.standing += 1
        self.most = max(self.most, self.standing)
        try:
            await asyncio.sleep(0)
            yield Stack(f"drill-{place}", "", "", "", version, Path("token"))
        finally:
            self.standing -= 1

    async def probe(self, host: str, port: int, timeout: float) -> Any:
        class Answer:
            server_version = self._spoken or port

        return Answer()


async def works(
    tmp_path: Path, wanted: dict[int, list[tuple[str, int]]], jobs: int, trouble: dict[int, Exception] | None = None
) -> list[Run]:
    """What a crew writes down. `trouble`: what the n-th play raises instead."""
    path, plays = tmp_path / "shard.jsonl", 0

    async def play(bench: Bench, one: tuple[str, int]) -> Run:
        nonlocal plays
        plays += 1
        if (error := (trouble or {}).get(plays)) is not None:
            raise error
        await asyncio.sleep(0.01)
        return a_run(None if one[0] == "lost" else 30.0, number=one[1], version=bench.label.server_version)

    shard = Shard(path)
    shard.open()
    await Crew(wanted, play, "real", 1, shard, tmp_path / "stories").work(jobs)
    return read([path])


async def test_two_stacks_share_a_list_and_each_run_says_what_stood_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    street = Street(monkeypatch)
    runs = await works(tmp_path, {223: [("jvm-dead", number) for number in range(6)]}, 2)
    assert sorted(run.number for run in runs) == list(range(6))
    assert (street.most, len(street.built)) == (2, 2)
    assert runs[0].beside == 1
    assert all(run.load is not None for run in runs)


async def test_a_stack_goes_where_most_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    street = Street(monkeypatch)
    runs = await works(tmp_path, {200: [("jvm-dead", 0)], 223: [("jvm-dead", 0), ("jvm-dead", 1)]}, 1)
    assert [version for version, _ in street.built] == [223, 200]
    assert [run.server_version for run in runs] == [223, 223, 200]


async def test_a_stack_that_is_not_well_again_is_replaced_and_its_run_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    street = Street(monkeypatch)
    runs = await works(tmp_path, {223: [("jvm-dead", 0), ("jvm-dead", 1)]}, 1, {2: TimeoutError("not well")})
    assert [run.number for run in runs] == [0, 1]
    assert len(street.built) == 2


@pytest.mark.parametrize("spoken", [None, 200])
async def test_a_stack_that_is_of_no_use_ends_the_drill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoken: int | None
) -> None:
    street = Street(monkeypatch, spoken)
    with pytest.raises(ExceptionGroup) as refused:
        await works(tmp_path, {223: [("jvm-dead", 0)]}, 2, {1: TimeoutError("never well")})
    [why] = refused.value.exceptions
    assert isinstance(why, TimeoutError if spoken is None else RuntimeTrouble)
    assert street.standing == 0


async def test_what_stands_already_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Street(monkeypatch)
    runs = await works(tmp_path, {223: [("jvm-dead", 0), ("jvm-dead", 1)]}, 1, {1: AlreadyStands("it does")})
    assert [run.number for run in runs] == [1]


async def test_only_what_went_wrong_has_its_story_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Street(monkeypatch)
    await works(tmp_path, {223: [("jvm-dead", 0), ("lost", 1)]}, 1)
    kept = sorted(path.name for path in (tmp_path / "stories").iterdir())
    assert kept == [f"watchkeeper-jvm-dead-223-7-1-{role}.log" for role in ("engine", "gateway", "supervisor")]


def test_stacks_side_by_side_have_names_networks_and_ports_of_their_own() -> None:
    first, third = (environment(1, "real", 223, {}, place) for place in (0, 2))
    assert (first["TENANT"], first["SUBNET_PREFIX"]) == ("drill", "10.92.0")
    assert (third["TENANT"], third["SUBNET_PREFIX"]) == ("drill-2", "10.92.2")
    ports = [env[name] for env in (first, third) for name in env if name.startswith("HOST_PORT")]
    assert len(set(ports)) == len(ports)
