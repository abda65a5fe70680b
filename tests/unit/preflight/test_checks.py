"""Each check's positive and negative cases, on a gateway that says what it is told to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from preflight.check import Answer, Check
from preflight.checks import login, port, utc
from preflight.report import Result
from preflight.settings import Settings
from tws.handshake import Greeting
from tws.times import parse_connection_time
from tws.values import Bar

NOW = datetime(2026, 11, 22, 15, 0, 0, tzinfo=UTC)


@dataclass
class Told:
    """A gateway that answers what a test tells it to."""

    time: str = "20261122 15:00:00 UTC"
    managed: tuple[str, ...] = ("DUSIM0001",)
    bar_times: Sequence[str] = ("20261122-14:00:00",)

    async def greeting(self) -> Greeting:
        return Greeting(200, self.time, parse_connection_time(self.time), 0.003)

    async def accounts(self) -> tuple[str, ...]:
        return self.managed

    async def bars(self) -> list[Bar]:
        return [Bar(time, 1, 1, 1, 1, Decimal(1)) for time in self.bar_times]


def settings(**changes: Any) -> Settings:
    return Settings(**{"ib_account": "DUSIM0001", "mode": "sim", **changes})


async def ask(check: Check, told: Told, **changes: Any) -> Answer:
    return await check.ask(told, settings(**changes), NOW)


async def test_port_passes_with_what_it_met() -> None:
    answer = await ask(port.CHECK, Told())
    assert answer == Answer(Result.PASS, "server version 200 at 127.0.0.1:4002 in 3 ms")


async def test_login_passes_for_the_configured_account() -> None:
    assert (await ask(login.CHECK, Told())).result is Result.PASS


async def test_login_fails_for_another_account() -> None:
    answer = await ask(login.CHECK, Told(managed=("DU1234567",)))
    assert answer.result is Result.FAIL
    assert "IB_ACCOUNT" in answer.remedy


@pytest.mark.parametrize(
    ("mode", "account", "word"), [("paper", "U1234567", "LIVE"), ("live", "DU1234567", "paper"), ("sim", "U1", "LIVE")]
)
async def test_login_fails_when_account_and_mode_disagree(mode: str, account: str, word: str) -> None:
    answer = await ask(login.CHECK, Told(managed=(account,)), mode=mode, ib_account=account)
    assert answer.result is Result.FAIL
    assert word in answer.found
    assert "make down" in answer.remedy


@pytest.mark.parametrize(("mode", "account"), [("live", "U1234567"), ("live", "F1"), ("paper", "DF1234567")])
async def test_login_passes_for_accounts_of_the_modes_kind(mode: str, account: str) -> None:
    assert (await ask(login.CHECK, Told(managed=(account,)), mode=mode, ib_account=account)).result is Result.PASS


async def test_utc_passes_when_zone_and_bars_are_utc() -> None:
    assert (await ask(utc.CHECK, Told())).result is Result.PASS


async def test_utc_fails_in_new_york_and_says_what_to_set() -> None:
    answer = await ask(utc.CHECK, Told(time="20261122 10:00:00 America/New_York"))
    assert answer.result is Result.FAIL
    assert "TIME_ZONE=Etc/UTC" in answer.remedy
    assert "-5 h" in answer.found


async def test_utc_fails_when_bars_carry_a_zone_and_says_where_to_click() -> None:
    answer = await ask(utc.CHECK, Told(bar_times=["20261122 09:00:00 US/Eastern"]))
    assert answer.result is Result.FAIL
    assert "UTC format" in answer.remedy
    assert "TIME_ZONE" not in answer.remedy


@pytest.mark.parametrize(
    ("bar", "result"), [("20261122 09:00:00 US/Eastern", Result.WARN), ("20230224  12:04:56", Result.FAIL)]
)
async def test_without_require_utc_what_the_engine_reads_decides(bar: str, result: Result) -> None:
    assert (await ask(utc.CHECK, Told(bar_times=[bar]), require_utc=False)).result is result


async def test_utc_without_a_bar_is_not_known() -> None:
    assert (await ask(utc.CHECK, Told(bar_times=[]))).result is Result.SKIPPED
