import asyncio
import json
from pathlib import Path

import pytest

from supervisor.errors import ActRefused
from supervisor.observation import Ending, Result
from supervisor.probes.mailbox import Mailbox
from tws.clock import SystemClock

CLOCK = SystemClock()


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path, CLOCK, stale=10.0, deadline=1.0)


def wrapper_says(directory: Path, result: str, age: float = 0.0) -> None:
    at = CLOCK.now().timestamp() - age
    note = {"asked_at": at - 0.5, "at": at, "result": result, "detail": "…"}
    (directory / "jvm").write_text(json.dumps(note))


@pytest.mark.parametrize(
    ("result", "age", "means", "ending"),
    [
        ("ok", 0.0, Result.OK, Ending.ANSWERED),
        ("refused", 1.0, Result.FAIL, Ending.REFUSED),
        ("closed", 1.0, Result.FAIL, Ending.CLOSED),
        ("silent", 3.0, Result.FAIL, Ending.SILENT),
        ("ok", 60.0, Result.FAIL, Ending.STALE),
    ],
)
def test_what_the_wrapper_wrote(
    mailbox: Mailbox, tmp_path: Path, result: str, age: float, means: Result, ending: Ending
) -> None:
    wrapper_says(tmp_path, result, age)
    look = mailbox.look()
    assert (look.result, look.ending) == (means, ending)


def test_its_word_is_as_old_as_it_says(mailbox: Mailbox, tmp_path: Path) -> None:
    wrapper_says(tmp_path, "ok", 3.0)
    look = mailbox.look()
    assert CLOCK.monotonic() - look.at == pytest.approx(3.0, abs=0.2)
    assert look.seconds == pytest.approx(0.5)


@pytest.mark.parametrize("text", ["", "{", '{"at": "x"}', '{"at": 1, "result": "never heard of"}', "[]"])
def test_a_mailbox_that_cannot_be_read_is_our_own_trouble(mailbox: Mailbox, tmp_path: Path, text: str) -> None:
    (tmp_path / "jvm").write_text(text)
    assert mailbox.look().result is Result.UNKNOWN


def test_no_mailbox_is_our_own_trouble(mailbox: Mailbox) -> None:
    assert mailbox.look().result is Result.UNKNOWN


async def wrapper_replies(directory: Path, reply: str) -> None:
    while not (directory / "request").exists():
        await asyncio.sleep(0.02)
    number, _verb = (directory / "request").read_text().split()
    (directory / "request").unlink()
    (directory / "reply").write_text(f"{number} {reply}\n")


async def test_a_verb_is_answered(mailbox: Mailbox, tmp_path: Path) -> None:
    (tmp_path / "reply").write_text("1 OK an old one\n")
    reply, _ = await asyncio.gather(mailbox.ask("RESTART"), wrapper_replies(tmp_path, "OK RESTART at 12:00"))
    assert reply == "OK RESTART at 12:00"


async def test_an_error_is_a_refusal(mailbox: Mailbox, tmp_path: Path) -> None:
    with pytest.raises(ActRefused, match="already in progress"):
        await asyncio.gather(mailbox.ask("RESTART"), wrapper_replies(tmp_path, "ERROR RESTART already in progress"))


async def test_silence_is_a_refusal(mailbox: Mailbox) -> None:
    with pytest.raises(ActRefused, match="within 1 s"):
        await mailbox.ask("RESTART")


async def test_a_missing_mailbox_is_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(ActRefused, match="mounted"):
        await Mailbox(tmp_path / "nowhere", CLOCK, stale=1.0, deadline=1.0).ask("RESTART")
