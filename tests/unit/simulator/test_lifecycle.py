"""A container's life: what logins, restarts, pauses and Sundays cost, and what its logs say meanwhile."""

import asyncio
import contextlib
import datetime as dt
import math
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.simulator.api.server import ApiServer
from gateway.simulator.errors import PortTaken
from gateway.simulator.lifecycle import Lifecycle
from gateway.simulator.login_state import Phase, Script
from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.rig import NOON, HandClock, make_gateway

LAUNCHER = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Z]+\s+\[[^\]]*\] - (.*)")
"""How readers of launcher.log take a line apart."""


class Container:
    """One container on a state volume that outlives it."""

    def __init__(self, state: Path, clock: HandClock, **env: str) -> None:
        self.clock = clock
        self.state = state
        self.gateway, self.store = make_gateway(state, clock, **env)
        self.server = ApiServer(self.gateway)
        self.lifecycle = Lifecycle(self.gateway, self.server, self.store)

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not what():
                await asyncio.sleep(0.001)

    async def phase(self, phase: Phase) -> None:
        await self.until(lambda: self.lifecycle.phase is phase)

    async def after(self, seconds: float, phase: Phase) -> None:
        """Let time pass in small pieces, so that nothing sleeps through it, until it is in that phase."""
        for _ in range(math.ceil(seconds / 0.25)):
            await self.settle()
            self.clock.turn(0.25)
        await self.settle()
        await self.phase(phase)

    async def settle(self) -> None:
        """Let everybody who was woken go to sleep again."""
        for _ in range(4):
            await asyncio.sleep(0.001)

    async def command(self, word: str) -> list[str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.lifecycle.command_port)
        writer.write(f"{word}\r\nEXIT\r\n".encode())
        async with asyncio.timeout(10):
            said = (await reader.read()).decode().splitlines()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        return [line for line in said if line != "OK Goodbye"]

    def launcher(self) -> list[str]:
        found = [LAUNCHER.fullmatch(line) for line in (self.state / "launcher.log").read_text().splitlines()]
        return [line[1] for line in found if line is not None]

    @property
    def cost(self) -> tuple[int, int]:
        return self.lifecycle.logins, self.lifecycle.pushes


@asynccontextmanager
async def container(state: Path, clock: HandClock, start: bool = True, **env: str) -> AsyncIterator[Container]:
    made = Container(state, clock, **env)
    begun = asyncio.ensure_future(made.lifecycle.start())
    try:
        if start:
            await begun
        yield made
    finally:
        begun.cancel()
        await asyncio.gather(begun, return_exceptions=True)
        await made.lifecycle.close()
        made.store.close()


async def test_a_newcomer_needs_no_phone(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock) as one:
        assert (one.lifecycle.phase, one.cost, one.lifecycle.has_token) == (Phase.SERVING, (1, 0), False)
        lines = one.launcher()
    assert re.fullmatch(r"-{5,} IB GATEWAY RESTART -{5,}", lines[0])
    assert lines[1] == "Started on 20261118-17:00:00"
    assert lines[-1] == "Switching to a new encrypted log..."


async def test_what_costs_a_push_and_what_does_not(tmp_path: Path, clock: HandClock) -> None:
    """The reason for all this: IBC's RESTART is free, a container restart is not."""
    async with container(tmp_path, clock, SIM_TWOFA="0") as one:
        assert one.cost == (1, 1)
        assert await one.command("RESTART") == ["OK RESTART in progress", "OK RESTART at 05:00 PM"]
        await one.after(0.25, Phase.RESTARTING)
        assert one.lifecycle.has_token
        await one.after(1.0, Phase.SERVING)
        assert (one.cost, one.lifecycle.has_token) == ((1, 1), False), "used up by that start"
        assert "Running in auto-restart mode" in "".join(one.launcher())
    async with container(tmp_path, clock, SIM_TWOFA="0") as again:
        assert again.cost == (2, 2)


async def test_a_pause_ends_the_container_and_the_next_one_needs_no_login(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock, SIM_TWOFA="0") as one:
        assert (await one.command("PAUSE"))[0] == "OK PAUSE in progress"
        await one.after(0.25, Phase.PAUSED)
        assert await one.lifecycle.finished == 0
        assert one.lifecycle.has_token
    async with container(tmp_path, clock, SIM_TWOFA="0") as again:
        assert (again.cost, again.lifecycle.has_token) == ((1, 1), False)


async def test_a_token_is_worth_nothing_after_the_week(
    tmp_path: Path, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with container(tmp_path, clock, SIM_TWOFA="0") as one:
        await one.command("PAUSE")
        await one.after(0.25, Phase.PAUSED)
    clock.turn((dt.datetime(2026, 11, 22, 6, 0, 1, tzinfo=dt.UTC) - clock.now()).total_seconds())
    async with container(tmp_path, clock, start=False, SIM_TWOFA="0") as again:
        await again.after(0.5, Phase.SERVING)
        assert again.cost == (2, 2)
    said = capsys.readouterr().out
    assert "Cold restart in progress" in said
    assert "IBC will cold-restart shortly" in said


async def test_the_nightly_restart_is_free_but_for_sunday(tmp_path: Path, clock: HandClock) -> None:
    env = {"AUTO_RESTART_TIME": "11:45 PM", "TIME_ZONE": "America/New_York", "SIM_TWOFA": "0"}
    async with container(tmp_path, clock, start=True, **env) as one:
        restarts: list[dt.datetime] = []
        one.lifecycle.when_restarted(lambda: restarts.append(clock.now()))
        for night in range(1, 6):
            due = dt.datetime(2026, 11, 18 + night, 4, 45, tzinfo=dt.UTC)
            clock.turn((due - clock.now()).total_seconds())
            await one.until(lambda night=night: len(restarts) >= night)  # type: ignore[misc]
            await one.after(2.0, Phase.SERVING)
        assert [moment.strftime("%d %H:%M") for moment in restarts[:4]] == [f"{d} 04:45" for d in (19, 20, 21, 22)]
        assert one.cost[1] == (1 if clock.now() < dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC) else 2)


async def test_the_cold_restart_of_sunday_costs_a_login(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock, TWS_COLD_RESTART="07:05", SIM_TWOFA="0") as one:
        clock.turn((dt.datetime(2026, 11, 22, 7, 5, tzinfo=dt.UTC) - clock.now()).total_seconds())
        await one.until(lambda: one.lifecycle.phase is not Phase.SERVING)
        await one.after(0.5, Phase.SERVING)
        assert one.cost == (2, 2)


async def test_an_unreadable_cold_restart_time_ends_it(
    tmp_path: Path, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with container(tmp_path, clock, TWS_COLD_RESTART="soon") as one:
        assert await one.lifecycle.finished == 81
    assert "Invalid ColdRestartTime setting: 'soon'; format should be: <hh:mm>   eg 13:00" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["23:58 ET", "9:30 AM", "11:45 pm", "12:60 AM"])
async def test_an_unreadable_restart_time_is_only_logged(
    text: str, tmp_path: Path, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with container(tmp_path, clock, AUTO_RESTART_TIME=text) as one:
        assert one.lifecycle.phase is Phase.SERVING
    assert "Auto restart time setting must be hh:mm AM or hh:mm PM" in capsys.readouterr().out


async def test_an_auto_logoff_ends_the_container(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock, AUTO_LOGOFF_TIME="05:01 PM") as one:
        await one.after(61, Phase.ENDED)
        assert await one.lifecycle.finished == 0


async def test_a_wrong_password_is_tried_for_ever_and_the_throttle_outlives_the_container(
    tmp_path: Path, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with container(tmp_path, clock, start=False, SIM_CREDENTIALS="wrong", SIM_THROTTLE_AFTER="3") as one:
        await one.after(2.0, Phase.THROTTLED)
        assert not one.server.is_open
        assert one.cost == (0, 0)
    assert capsys.readouterr().out.count("Login failed\n") == 3
    async with container(tmp_path, clock, start=False, SIM_THROTTLE_AFTER="3") as again:
        await again.phase(Phase.THROTTLED)
        assert re.match(r"Too many failed login attempts. Please wait 4 minutes & 5\d sec", again.launcher()[-1])
        clock.turn(295)
        again.lifecycle.log_in_again()
        await again.after(0.5, Phase.SERVING)
    async with container(tmp_path, clock, start=False, SIM_CREDENTIALS="wrong", SIM_THROTTLE_AFTER="1") as one:
        await one.after(1.0, Phase.THROTTLED)
        one.lifecycle.script = Script()
        one.lifecycle.forgive()
        one.lifecycle.log_in_again()
        await one.after(0.5, Phase.SERVING)


async def test_a_login_forgets_the_failures_before_it(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock, start=False, SIM_CREDENTIALS="wrong") as one:
        await one.after(0.5, Phase.RESTARTING)
        assert int(one.store.get("login_failures") or 0) > 1
        one.lifecycle.script = Script()
        await one.after(1.0, Phase.SERVING)
        assert one.store.get("login_failures") == "0"


async def test_a_push_is_pending_until_somebody_answers(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock, start=False, SIM_TWOFA="never") as one:
        await one.phase(Phase.CHALLENGE)
        assert one.cost == (0, 1)
        assert not one.server.is_open
        assert one.lifecycle.approve()
        await one.phase(Phase.SERVING)
        assert one.cost == (1, 1)
        assert not one.lifecycle.approve()


async def test_how_long_a_human_takes_is_drawn_from_the_profile(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock, start=False, SIM_TWOFA="answered", SIM_PROFILE="real") as one:
        await one.after(36, Phase.CHALLENGE)
        asked = clock.monotonic()
        while one.lifecycle.phase is Phase.CHALLENGE and clock.monotonic() - asked < 181:
            clock.turn(1)
            await one.settle()
        assert one.lifecycle.phase is not Phase.CHALLENGE


@pytest.mark.parametrize(("action", "code"), [("exit", 87), ("restart", None)])
async def test_a_refused_push_ends_with_87_or_begins_again(
    action: str, code: int | None, tmp_path: Path, clock: HandClock
) -> None:
    env = {"SIM_TWOFA": "refused", "RELOGIN_AFTER_TWOFA_TIMEOUT": "yes", "TWOFA_EXIT_INTERVAL": "2"}
    async with container(tmp_path, clock, start=False, TWOFA_TIMEOUT_ACTION=action, **env) as one:
        if code is not None:
            await one.after(3, Phase.ENDED)
            assert await one.lifecycle.finished == code
        else:
            await one.after(3, Phase.CHALLENGE)
            assert sum("IB GATEWAY RESTART" in line for line in one.launcher()) == 2
            assert not one.lifecycle.finished.done()


async def test_a_changed_script_counts_from_the_next_login(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock) as one:
        one.lifecycle.script = replace(one.lifecycle.script, twofa=math.inf)
        assert one.lifecycle.phase is Phase.SERVING
        one.lifecycle.log_in_again()
        await one.after(0.5, Phase.CHALLENGE)
        assert not one.server.is_open


async def test_another_session_takes_over_and_gives_it_back(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock, start=False, SIM_LOGIN_SECONDS="0.5") as one:
        await one.after(0.5, Phase.SERVING)
        async with RawClient(one.server.port) as client:
            await client.start()
            one.lifecycle.compete()
            await one.phase(Phase.EXISTING_SESSION)
            assert await client.closed()
        await one.after(0.5, Phase.SERVING)
        assert one.cost[0] == 1


async def test_stop_before_the_login_and_twice(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock, start=False, SIM_TWOFA="never") as one:
        await one.phase(Phase.CHALLENGE)
        assert await one.command("stop") == ["OK Shutting down: STOP command"]
        assert await one.lifecycle.finished == 0
        assert one.lifecycle.phase is Phase.ENDED


async def test_the_reconnect_words_reach_whoever_listens_once_there_is_a_window(
    tmp_path: Path, clock: HandClock
) -> None:
    async with container(tmp_path, clock, start=False, SIM_BOOT_SECONDS="1") as one:
        heard: list[str] = []
        one.lifecycle.when_reconnected(heard.append)
        await one.until(lambda: one.lifecycle.command_port != 0)
        assert await one.command("RECONNECTDATA") == []
        await one.after(1.0, Phase.SERVING)
        assert await one.command("RECONNECTDATA") == ["OK "]
        assert await one.command("reconnectaccount") == ["OK "]
    assert heard == ["data", "account"]


async def test_a_restart_asked_for_too_early_comes_after_the_login(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock, start=False, SIM_TWOFA="never") as one:
        await one.phase(Phase.CHALLENGE)
        assert (await one.command("RESTART"))[0] == "OK RESTART in progress"
        assert await one.command("RESTART") == ["ERROR RESTART already in progress"]
        one.lifecycle.approve()
        await one.after(2.0, Phase.SERVING)
        assert one.cost == (1, 1)
        assert "Running in auto-restart mode" in "".join(one.launcher())


@pytest.mark.parametrize(("second", "waits", "says"), [(0, 60, "05:01 PM"), (57, 3, "05:01 PM"), (59, 61, "05:02 PM")])
async def test_a_real_restart_waits_for_the_full_minute(second: int, waits: float, says: str, tmp_path: Path) -> None:
    clock = HandClock(NOON + dt.timedelta(seconds=second))
    env = {"SIM_PROFILE": "real", "SIM_BOOT_SECONDS": "0", "SIM_LOGIN_SECONDS": "0"}
    async with container(tmp_path, clock, start=True, **env) as one:
        assert (await one.command("RESTART"))[1] == f"OK RESTART at {says}"
        await one.settle()
        clock.turn(waits - 0.5)
        await one.settle()
        assert one.lifecycle.phase is Phase.SERVING
        clock.turn(0.5)
        await one.phase(Phase.RESTARTING)
        await one.settle()
        clock.turn(74)
        await one.settle()
        assert not one.server.is_open
        clock.turn(1)
        await one.phase(Phase.SERVING)


@pytest.mark.parametrize(("configured", "daily"), [("", True), ("11:45 PM", False)])
async def test_a_restart_leaves_its_time_set_unless_ibc_sets_another(
    configured: str, daily: bool, tmp_path: Path, clock: HandClock
) -> None:
    env = {"SIM_PROFILE": "real", "SIM_BOOT_SECONDS": "0", "SIM_LOGIN_SECONDS": "0", "SIM_RESTART_SECONDS": "0"}
    async with container(tmp_path, clock, start=True, AUTO_RESTART_TIME=configured, **env) as one:
        restarts: list[dt.datetime] = []
        one.lifecycle.when_restarted(lambda: restarts.append(clock.now()))
        await one.command("RESTART")
        await one.settle()
        clock.turn(60)
        await one.until(lambda: len(restarts) == 1)
        await one.phase(Phase.SERVING)
        await one.settle()
        clock.turn(3600)
        await one.settle()
        clock.turn(23 * 3600)
        await one.until(lambda: len(restarts) == 2)
        await one.phase(Phase.SERVING)
        assert (one.gateway.configuration.auto_restart_time == "05:01 PM") is daily


async def test_the_log_may_lie_elsewhere_and_may_be_unwritable(tmp_path: Path, clock: HandClock) -> None:
    elsewhere = tmp_path / "elsewhere.log"
    async with container(tmp_path, clock, SIM_LAUNCHER_LOG=str(elsewhere)):
        assert elsewhere.exists()
    async with container(tmp_path, clock, SIM_LAUNCHER_LOG="/proc/none/launcher.log") as one:
        assert one.lifecycle.phase is Phase.SERVING


async def test_launcher_stamps_are_local(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock, TIME_ZONE="Asia/Kolkata"):
        first, second = (tmp_path / "launcher.log").read_text().splitlines()[:2]
    assert first.startswith("2026-11-18 22:30:00.000 INFO  [JTS-Main] - ")
    assert second.endswith("Started on 20261118-17:00:00"), "this one in UTC"


async def test_a_taken_port_is_told_to_whoever_starts_it(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock) as one:
        other = Container(tmp_path / "other", clock, SIM_API_PORT=str(one.server.port))
        with pytest.raises(PortTaken):
            await other.lifecycle.start()
        await other.lifecycle.close()
        other.store.close()
