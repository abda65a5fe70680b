"""The hand-made settings: the screen is there only while somebody makes them, and they are saved before it goes."""

import re
from pathlib import Path

import pytest

from preflight.errors import CouldNotAsk
from preflight.report import Finding, Report, Result
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.gateway_setup import HELD, IDLE, LOST, RIGHT, UNSAVED, UNTOLD, WRONG, Setup
from tests.unit.supervisor.test_drill_runner import HandClock

GIVEN = {
    "MODE": "paper",
    "GATEWAY_IMAGE": "ghcr.io/gnzsnz/ib-gateway:1",
    "COMPOSE_FILE": "a.yaml",
    "READ_ONLY_API": "no",
}
NOT_YET = CouldNotAsk("expected the gateway to answer\nmore")


def report(result: Result) -> Report:
    return Report([Finding("utc", "time", result, "UTC", "instrument zone")], 1.0)


class World:
    """A stack in which a person clicks at the fourth look, and what was done to it."""

    def __init__(
        self,
        directory: Path,
        *,
        clicks: bool = True,
        ends: bool = True,
        deaf: bool = False,
        resumes: bool = True,
        loses: bool = False,
    ) -> None:
        self.file = directory / "setup.env"
        self.done: list[str] = []
        self.said: list[str] = []
        self.screen = ""
        self._clicks = clicks
        self._loses = loses
        self._refused = {"pause-gateway": not ends, "pause": deaf, "resume": not resumes}
        self._looks = 0

    def start(self, more: Path | None) -> None:
        self.done.append("screen" if more else "no screen")
        if more:
            self.screen = more.read_text()
            assert more.stat().st_mode & 0o777 == 0o600

    async def ask(self) -> Report:
        self._looks += 1
        if self._looks == 1:
            raise NOT_YET
        lost = self._loses and "resume" in self.done
        return report(Result.PASS if self._clicks and self._looks > 3 and not lost else Result.FAIL)

    def supervisor(self, *words: str) -> bool:
        self.done.append(words[0])
        return not self._refused.get(words[0])

    def setup(self) -> Setup:
        return Setup(
            GIVEN,
            self.file,
            start=self.start,
            ask=self.ask,
            supervisor=self.supervisor,
            clock=HandClock(),
            say=self.said.append,
        )


async def test_what_a_person_has_clicked_is_saved_before_the_screen_goes(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert await world.setup().run(5900)
    assert world.done == ["pause", "screen", "pause-gateway", "no screen", "resume"]
    told, *waited, last = world.said
    assert "127.0.0.1:5900" in told
    assert [line.strip() for line in waited] == [
        "waiting for the gateway (expected the gateway to answer)",
        "utc: instrument zone",
    ]
    assert last == RIGHT


async def test_the_password_is_for_one_time(tmp_path: Path) -> None:
    words = set()
    for _ in range(2):
        world = World(tmp_path)
        await world.setup().run(5900)
        (password,) = re.findall(r"^VNC_SERVER_PASSWORD='(.{8})'$", world.screen, re.MULTILINE)
        assert password in world.said[0]
        words.add(password)
        assert not world.file.exists()
    assert len(words) == 2


async def test_nobody_clicks_and_the_screen_goes_all_the_same(tmp_path: Path) -> None:
    world = World(tmp_path, clicks=False)
    assert not await world.setup().run(5900)
    assert world.done == ["pause", "screen", "no screen", "resume"]
    assert world.said[-1] == WRONG


async def test_a_gateway_that_does_not_end_by_itself_may_have_saved_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, ends=False)
    assert not await world.setup().run(5900)
    assert world.done[-2:] == ["no screen", "resume"]
    assert world.said[-1] == UNSAVED


async def test_without_its_supervisor_the_gateway_is_left_alone(tmp_path: Path) -> None:
    world = World(tmp_path, deaf=True)
    with pytest.raises(RuntimeTrouble, match="keep its hands off"):
        await world.setup().run(5900)
    assert world.done == ["pause"]


async def test_what_the_api_has_set_is_saved_and_seen_again_after_the_start(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert await world.setup().by_api(lambda: True)
    assert world.done == ["pause", "pause-gateway", "resume"]
    assert world.said[-1] == RIGHT


async def test_a_gateway_that_does_not_take_it_is_left_as_it_is(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert not await world.setup().by_api(lambda: False)
    assert world.done == ["pause", "resume"]
    assert world.said == [UNTOLD]


async def test_a_setting_that_is_taken_without_effect_or_lost_by_the_start_is_told_as_that(tmp_path: Path) -> None:
    for world, last in ((World(tmp_path, clicks=False), IDLE), (World(tmp_path, loses=True), LOST)):
        assert not await world.setup().by_api(lambda: True)
        assert world.said[-1] == last


async def test_a_hold_that_is_not_lifted_is_told(tmp_path: Path) -> None:
    world = World(tmp_path, resumes=False)
    assert not await world.setup().by_api(lambda: True)
    assert world.said[-1] == HELD


async def test_what_the_api_has_set_may_not_be_saved(tmp_path: Path) -> None:
    world = World(tmp_path, ends=False)
    assert not await world.setup().by_api(lambda: True)
    assert world.done[-1] == "resume"
    assert world.said[-1] == UNSAVED


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "found none"),
        ({**GIVEN, "MODE": "sim"}, "found the stand-in"),
        ({**GIVEN, "COMPOSE_FILE": "compose.yaml:compose/external.yaml"}, "found an external one"),
        ({**GIVEN, "GATEWAY_IMAGE": "ghcr.io/extrange/ibkr:1"}, "found extrange's"),
    ],
)
def test_a_gateway_without_a_window_of_ours_is_refused(tmp_path: Path, given: dict[str, str], found: str) -> None:
    world = World(tmp_path)
    with pytest.raises(SettingsRefused, match=f"^expected .*, {found}"):
        Setup(
            given,
            world.file,
            start=world.start,
            ask=world.ask,
            supervisor=world.supervisor,
            clock=HandClock(),
            say=world.said.append,
        )
