"""What the gateway's container uses: Docker's numbers and the wrapper's."""

import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.errors import RuntimeTrouble
from supervisor.observation import Result, Subject
from supervisor.probes.resources import Resources
from supervisor.runtime.docker import memory_used
from tws.clock import SystemClock

CLOCK = SystemClock()


class Docker:
    def __init__(self) -> None:
        self.answer: tuple[int, int] | None = (700, 1000)

    async def memory(self, subject: Subject) -> tuple[int, int]:
        assert subject is Subject.GATEWAY
        if self.answer is None:
            raise RuntimeTrouble("expected the memory, found nobody")
        return self.answer


@pytest.fixture
def docker() -> Docker:
    return Docker()


@pytest.fixture
def resources(docker: Docker, tmp_path: Path) -> Resources:
    return Resources(docker, tmp_path, CLOCK)  # type: ignore[arg-type]


def wrapper_counts(directory: Path, **changes: Any) -> None:
    note = {"at": CLOCK.now().timestamp(), "open_files": 120, "open_files_limit": 10000, **changes}
    (directory / "resources").write_text(json.dumps(note))


async def test_both_are_told(resources: Resources, tmp_path: Path) -> None:
    wrapper_counts(tmp_path)
    view = await resources.look()
    assert view.look.result is Result.OK
    assert (view.memory_bytes, view.memory_limit_bytes) == (700, 1000)
    assert (view.open_files, view.open_files_limit, view.clients) == (120, 10000, None)
    wrapper_counts(tmp_path, clients=3)
    assert (await resources.look()).clients == 3


async def test_docker_that_cannot_be_asked_is_our_own_trouble(
    resources: Resources, docker: Docker, tmp_path: Path
) -> None:
    wrapper_counts(tmp_path)
    docker.answer = None
    view = await resources.look()
    assert (view.look.result, view.memory_bytes, view.memory_limit_bytes) == (Result.UNKNOWN, None, None)
    assert view.open_files == 120


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"at": 1}', '{"at": "x", "open_files": 1}'])
async def test_open_files_that_nobody_counts_are_not_known(
    resources: Resources, tmp_path: Path, text: str | None
) -> None:
    if text is not None:
        (tmp_path / "resources").write_text(text)
    view = await resources.look()
    assert (view.look.result, view.open_files, view.open_files_limit) == (Result.OK, None, None)


async def test_an_old_count_is_none(resources: Resources, tmp_path: Path) -> None:
    wrapper_counts(tmp_path, at=CLOCK.now().timestamp() - 600.0)
    assert (await resources.look()).open_files is None


@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        ({"usage": 1000, "limit": 4000, "stats": {"inactive_file": 300}}, (700, 4000)),
        ({"usage": 1000, "limit": 4000, "stats": {"total_inactive_file": 200}}, (800, 4000)),
        ({"usage": 1000, "limit": 4000, "stats": None}, (1000, 4000)),
        ({"usage": 100, "limit": 4000, "stats": {"inactive_file": 300}}, (0, 4000)),
    ],
)
def test_what_the_page_cache_could_give_back_is_not_in_use(stats: dict[str, Any], expected: tuple[int, int]) -> None:
    assert memory_used(stats) == expected


def test_a_container_that_does_not_run_uses_nothing_that_could_be_told() -> None:
    with pytest.raises(KeyError):
        memory_used({})
