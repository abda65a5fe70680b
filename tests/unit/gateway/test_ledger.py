"""The login ledger, in real bash: what is counted, what waits, and what lets it go on."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway.wrapped import BASH, ENTRYPOINT, appears, environment

STAMP = "2026-11-22 13:00:00.000 INFO  [JTS-Main] - "
ASKS_PASSWORD = f"{STAMP} NS_AUTH_START version=52 pwd=1 soft=0 token(s)=[token=0] initialTokenType=PWD\n"
BRINGS_TOKEN = f"{STAMP} NS_AUTH_START version=52 pwd=0 soft=1 token(s)=[token=5] initialTokenType=SOFT\n"
REFUSED = f"{STAMP}Authorization failed: Invalid username or password. \n"
THROTTLED = f"{STAMP}Too many failed login attempts. Please wait 53 seconds before attempting to re-login again.\n"
NO_ANSWER = f"{STAMP}Authentication timeout\n"
NOISE = f"{STAMP}instance of control is not created yet\n"


class Run:
    """The wrapper around a start script that runs until it is ended."""

    def __init__(self, directory: Path, process: asyncio.subprocess.Process) -> None:
        self._directory = directory
        self.process = process

    def attempts(self) -> list[list[str]]:
        path = self._directory / "ledger" / "attempts"
        return [line.split() for line in path.read_text(errors="replace").splitlines()] if path.exists() else []

    def causes(self) -> list[str]:
        return [attempt[1] for attempt in self.attempts()]

    def note(self) -> dict[str, Any]:
        path = self._directory / "mailbox" / "ledger"
        note: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"state": None}
        return note

    def started(self) -> bool:
        return (self._directory / "started").exists()

    def launcher(self, *lines: str) -> None:
        with (self._directory / "settings" / "launcher.log").open("a") as file:
            file.writelines(lines)

    async def heard(self, line: str) -> None:
        """The wrapper has read the launcher's log up to this line."""
        path = self._directory / "mailbox" / "launcher"
        await until(lambda: path.exists() and line.strip() in path.read_text())


async def until(condition: Callable[[], Any], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def wrapper(directory: Path, **env: str) -> AsyncIterator[Run]:
    (directory / "mailbox").mkdir(exist_ok=True)
    (directory / "started").unlink(missing_ok=True)
    with (directory / "log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(BASH, str(ENTRYPOINT), "sh", "-c", 'touch "$0" && exec sleep 60', str(directory / "started")),
            env=environment(MAILBOX_DIR=str(directory / "mailbox"), **env),
            stdout=output,
            start_new_session=True,
        )
    try:
        yield Run(directory, process)
    finally:
        os.killpg(process.pid, 9)
        await process.wait()


def log(directory: Path) -> str:
    return (directory / "log").read_text()


def spent(directory: Path, *ages: float) -> None:
    """The ledger after logins of so many seconds ago."""
    lines = [f"{int(time.time() - age)} container-start boot\n" for age in ages]
    (directory / "ledger" / "attempts").write_text("".join(lines))


async def test_a_first_start_is_written_down_and_then_made(tmp_path: Path) -> None:
    async with wrapper(tmp_path) as run:
        await until(run.started)
        ((at, cause, boot),) = run.attempts()
        assert abs(int(at) - time.time()) < 30
        assert cause == "container-start"
        assert boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        assert run.note()["state"] == "open"


async def test_the_first_start_of_a_machine_is_told_from_others(tmp_path: Path) -> None:
    spent(tmp_path, 100_000)
    async with wrapper(tmp_path) as run:
        await until(run.started)
        assert run.causes()[-1] == "host-boot"


@pytest.mark.parametrize(
    ("ages", "free_in"),
    [
        ((10.0, 20.0), 1780),  # two in 30 min
        ((7200.0, 7300.0, 7400.0, 7500.0), 78900),  # four in 24 h
        ((10.0, 20.0, 7300.0, 7400.0), 79000),  # both: the later one counts
        ((-3000.0, 10.0), 1790),  # the clock was put back: what lies ahead still counts
    ],
)
async def test_a_spent_ledger_waits_and_says_until_when(tmp_path: Path, ages: tuple[float, ...], free_in: int) -> None:
    spent(tmp_path, *ages)
    before = (tmp_path / "ledger" / "attempts").read_text()
    async with wrapper(tmp_path) as run:
        await until(lambda: run.note()["state"] == "spent")
        assert run.note()["next_at"] == pytest.approx(time.time() + free_in, abs=30)
        await until(lambda: "no login, the ledger is spent" in log(tmp_path))
        assert not run.started()
    assert (tmp_path / "ledger" / "attempts").read_text() == before


@pytest.mark.parametrize("ages", [(10.0,), (1801.0, 1900.0, 2000.0), (86401.0,) * 9, (-90000.0, -90001.0)])
async def test_a_ledger_with_room_does_not_wait(tmp_path: Path, ages: tuple[float, ...]) -> None:
    spent(tmp_path, *ages)
    async with wrapper(tmp_path) as run:
        await until(run.started)
        assert len(run.attempts()) == len(ages) + 1


async def test_it_goes_on_by_itself_when_the_window_has_passed(tmp_path: Path) -> None:
    for _ in range(2):
        async with wrapper(tmp_path, LOGIN_BUDGET="2/4s") as run:
            await until(run.started)
    async with wrapper(tmp_path, LOGIN_BUDGET="2/4s") as run:
        await until(run.started)
        times = [int(at) for at, _, _ in run.attempts()]
        assert len(times) == 3
        assert times[2] - times[0] >= 4


async def test_a_hold_is_waited_for_and_told_and_its_end_lets_go(tmp_path: Path) -> None:
    hold = tmp_path / "hold" / "hold"
    hold.write_text('the password "x\\y" was refused\n')
    async with wrapper(tmp_path) as run:
        await until(lambda: run.note()["state"] == "held")
        assert run.note()["reason"] == "the password xy was refused"
        await until(lambda: "`make resume`" in log(tmp_path))
        assert (run.started(), run.attempts()) == (False, [])
        hold.unlink()
        await until(run.started)
        assert run.causes() == ["container-start"]
        assert run.note()["state"] == "open"


@pytest.mark.parametrize("missing", ["ledger", "hold"])
async def test_without_its_volumes_it_logs_nobody_in_until_they_are_there(tmp_path: Path, missing: str) -> None:
    (tmp_path / missing).rmdir()
    async with wrapper(tmp_path) as run:
        await until(lambda: run.note()["state"] in ("unusable", "blind"))
        await until(lambda: f"{tmp_path / missing}" in log(tmp_path))
        assert not run.started()
        (tmp_path / missing).mkdir()
        await until(run.started)
        assert len(run.attempts()) == 1


@pytest.mark.parametrize(
    "text", ["", "\n\n", "1763", "abc def\n", "\0\0\xff", "99999999999999999999 x y\n", "0123456789 x y\n"]
)
async def test_a_torn_or_foreign_ledger_stops_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "ledger" / "attempts").write_text(text, "latin-1")
    async with wrapper(tmp_path) as run:
        await until(run.started)
        at, cause, _ = run.attempts()[-1]
        assert abs(int(at) - time.time()) < 30
        assert cause in ("container-start", "host-boot")


@pytest.mark.parametrize(("tokens", "logins"), [(0, 1), (1, 0), (2, 1)])
async def test_a_start_with_the_token_of_a_soft_restart_is_no_login(tmp_path: Path, tokens: int, logins: int) -> None:
    for number in range(tokens):
        (tmp_path / "settings" / f"user{number}").mkdir()
        (tmp_path / "settings" / f"user{number}" / "autorestart").touch()
    async with wrapper(tmp_path) as run:
        await until(run.started)
        assert len(run.attempts()) == logins


async def test_a_token_needs_no_room_in_the_ledger_but_no_hold_either(tmp_path: Path) -> None:
    spent(tmp_path, 10.0, 20.0)
    (tmp_path / "settings" / "user").mkdir()
    (tmp_path / "settings" / "user" / "autorestart").touch()
    (tmp_path / "hold" / "hold").write_text("x\n")
    async with wrapper(tmp_path) as run:
        await until(lambda: run.note()["state"] == "held")
        assert not run.started()
        (tmp_path / "hold" / "hold").unlink()
        await until(run.started)
        assert len(run.attempts()) == 2


async def test_what_ibc_does_by_itself_is_counted(tmp_path: Path) -> None:
    async with wrapper(tmp_path, LOGIN_BUDGET="9/24h") as run:
        await until(run.started)
        run.launcher(ASKS_PASSWORD)  # the one of this start, which is written down
        await run.heard(ASKS_PASSWORD)
        run.launcher(REFUSED, NOISE, BRINGS_TOKEN, ASKS_PASSWORD, ASKS_PASSWORD)
        await until(lambda: run.causes() == ["container-start", "ibc", "ibc"])
        assert NOISE.strip() not in (tmp_path / "mailbox" / "launcher").read_text()
        assert run.process.returncode is None


async def test_after_a_start_with_a_token_the_first_password_counts(tmp_path: Path) -> None:
    (tmp_path / "settings" / "user").mkdir()
    (tmp_path / "settings" / "user" / "autorestart").touch()
    async with wrapper(tmp_path) as run:
        await until(run.started)
        run.launcher(BRINGS_TOKEN, REFUSED, ASKS_PASSWORD)
        await until(lambda: run.causes() == ["ibc"])


async def test_what_the_log_held_before_this_start_counts_no_more(tmp_path: Path) -> None:
    (tmp_path / "settings" / "launcher.log").write_text(ASKS_PASSWORD * 5 + REFUSED)
    async with wrapper(tmp_path, LOGIN_BUDGET="3/24h") as run:
        await until(run.started)
        run.launcher(BRINGS_TOKEN)
        await run.heard(BRINGS_TOKEN)
        assert run.causes() == ["container-start"]


@pytest.mark.parametrize("line", [REFUSED, THROTTLED, NO_ANSWER])
@pytest.mark.parametrize("held", [False, True])
async def test_a_login_that_would_follow_by_itself_is_not_let_happen(tmp_path: Path, line: str, held: bool) -> None:
    async with wrapper(tmp_path, LOGIN_BUDGET="9/24h" if held else "1/24h") as run:
        await until(run.started)
        if held:
            (tmp_path / "hold" / "hold").write_text("x\n")
        run.launcher(ASKS_PASSWORD, line)
        assert await asyncio.wait_for(run.process.wait(), 10) != 0
        assert "another would follow" in log(tmp_path)
        assert run.causes() == ["container-start"]


async def test_how_the_last_run_ended_is_told_for_as_long_as_the_next_one_waits(tmp_path: Path) -> None:
    (tmp_path / "mailbox").mkdir()
    told = tmp_path / "mailbox" / "launcher"
    told.write_text(f"1795352400.5 {REFUSED}")
    (tmp_path / "hold" / "hold").write_text("x\n")
    async with wrapper(tmp_path) as run:
        await until(lambda: run.note()["state"] == "held")
        assert REFUSED in told.read_text()
        (tmp_path / "hold" / "hold").unlink()
        await until(lambda: not told.exists())
        await until(run.started)


async def test_while_there_is_room_ibc_may_try_again(tmp_path: Path) -> None:
    async with wrapper(tmp_path, LOGIN_BUDGET="2/24h") as run:
        await until(run.started)
        run.launcher(ASKS_PASSWORD, REFUSED)
        await run.heard(REFUSED)
        assert run.process.returncode is None
        run.launcher(ASKS_PASSWORD)
        await until(lambda: len(run.attempts()) == 2)
        assert run.process.returncode is None


async def test_reconnecting_the_account_is_a_login(tmp_path: Path, unused_tcp_port: int) -> None:
    async with wrapper(tmp_path, LOGIN_BUDGET="2/24h", COMMAND_PORT=str(unused_tcp_port)) as run:
        await until(run.started)
        replies = []
        for number in (1, 2):
            (tmp_path / "mailbox" / "reply").unlink(missing_ok=True)
            (tmp_path / "mailbox" / ".tmp").write_text(f"{number} RECONNECTACCOUNT\n")
            (tmp_path / "mailbox" / ".tmp").rename(tmp_path / "mailbox" / "request")
            replies.append((await appears(tmp_path / "mailbox" / "reply")).strip())
        assert run.causes() == ["container-start", "reconnect-account"]
        assert replies == [
            "1 ERROR the command server does not listen",
            "2 ERROR expected that a login may be made, found the ledger spent",
        ]


@pytest.mark.parametrize("budget", ["", "2", "0/1h", "2/30d", "x", "2/30m;rm", "2/30m,,4/24h"])
async def test_a_budget_that_cannot_be_read_is_the_default(tmp_path: Path, budget: str) -> None:
    spent(tmp_path, 10.0, 20.0)
    async with wrapper(tmp_path, LOGIN_BUDGET=budget) as run:
        await until(lambda: run.note()["state"] is not None)
        assert run.note()["reason"] == "at most 2/30m,4/24h"
        assert ("LOGIN_BUDGET: expected" in log(tmp_path)) == (budget not in ("",))


# -- turns, where several gateways log in a few at a time --------------------------------------------------------------


async def test_a_login_asks_for_its_turn_and_is_made_at_the_answer_to_its_own_question(tmp_path: Path) -> None:
    turn = tmp_path / "hold" / "turn"
    turn.write_text("go 1\n")  # of an earlier start
    async with wrapper(tmp_path) as run:
        await until(lambda: run.note()["state"] == "turn")
        mark = run.note()["asks"]
        assert mark.isdigit()
        turn.write_text("wait 3 waits for its turn to log in, behind other\n")
        await until(lambda: "behind other" in run.note()["reason"])
        assert not run.started()
        assert run.attempts() == []
        turn.write_text(f"go {mark}\n")
        await until(run.started)
        assert run.causes() == ["container-start"]
        assert run.note()["state"] == "open"


async def test_a_start_with_a_token_asks_nobody(tmp_path: Path) -> None:
    (tmp_path / "hold" / "turn").write_text("ask first\n")
    (tmp_path / "settings" / "abc").mkdir()
    (tmp_path / "settings" / "abc" / "autorestart").touch()
    async with wrapper(tmp_path) as run:
        await until(run.started)
        assert run.attempts() == []


async def test_a_hold_ends_a_question_and_after_it_another_is_asked(tmp_path: Path) -> None:
    """A yes from before the hold is none for the login after it."""
    turn, hold = tmp_path / "hold" / "turn", tmp_path / "hold" / "hold"
    turn.write_text("ask first\n")
    async with wrapper(tmp_path) as run:
        await until(lambda: run.note()["state"] == "turn")
        first = run.note()["asks"]
        hold.write_text("a person's\n")
        await until(lambda: run.note()["state"] == "held")
        turn.write_text(f"go {first}\n")
        hold.unlink()
        await until(lambda: run.note()["state"] == "turn")
        assert run.note()["asks"] != first
        assert not run.started()


async def test_a_supervisor_that_says_nothing_new_is_not_waited_for(tmp_path: Path) -> None:
    """A minute, in which the shell's own count of seconds is helped on: what is told must change to be waited for."""
    (tmp_path / "hold" / "turn").write_text("wait 3 waits for its turn to log in, behind other\n")
    (tmp_path / "quick").write_text("SECONDS=100\nsleep() { SECONDS=$((SECONDS + 20)); command sleep 0.05; }\n")
    async with wrapper(tmp_path, BASH_ENV=str(tmp_path / "quick")) as run:
        await until(run.started)
        assert run.causes() == ["container-start"]
    assert "going on without" in log(tmp_path)
