"""Checks of the group logins: they tell a person, and never stop an engine."""

from typing import Any

import pytest

from preflight.checks import login_budget, login_hold, weekly_token
from preflight.errors import NotSeen
from preflight.report import Result
from tests.unit.preflight.told import Told, Watched, ask, remedy

NEXT = "2026-11-22T15:30:00Z"


@pytest.mark.parametrize(
    ("login", "result"),
    [
        ({}, Result.PASS),
        ({"attempts_left": 1}, Result.PASS),
        ({"attempts_left": 0, "next_at": NEXT}, Result.WARN),
        ({"attempts_left": 1, "next_at": NEXT}, Result.WARN),
        ({"attempts_left": 0}, Result.WARN),
    ],
)
async def test_logins_that_are_left(login: dict[str, Any], result: Result) -> None:
    answer = await ask(login_budget.CHECK, Told(), house=Watched(login=login))
    assert answer.result is result
    assert ("15:30" in answer.found) is ("next_at" in login)


async def test_a_ledger_that_cannot_be_read_is_not_seen() -> None:
    with pytest.raises(NotSeen, match="ledger"):
        await ask(login_budget.CHECK, Told(), house=Watched(login={"attempts_left": None}))


async def test_a_hold_is_told_with_its_reason() -> None:
    assert (await ask(login_hold.CHECK, Told())).result is Result.PASS
    answer = await ask(login_hold.CHECK, Told(), house=Watched(login={"hold": "wrong password"}))
    assert (answer.result, answer.found) == (Result.WARN, "held: wrong password")
    assert "make login" in remedy(answer)


@pytest.mark.parametrize(
    ("expires", "result"), [("2026-11-29T06:00:00Z", Result.PASS), ("2026-11-23T14:00:00Z", Result.WARN)]
)
async def test_the_weeks_login_is_counted_down(expires: str, result: Result) -> None:
    token = {"expires_at": expires, "reauth_at": "2026-11-29T22:00:00Z"}
    answer = await ask(weekly_token.CHECK, Told(), house=Watched(weekly_token=token))
    assert answer.result is result
    assert "one push at Sun 22:00 UTC" in answer.found


async def test_a_login_without_an_end_is_skipped() -> None:
    assert (await ask(weekly_token.CHECK, Told())).result is Result.SKIPPED
