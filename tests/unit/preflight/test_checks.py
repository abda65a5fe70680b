"""Each check's positive and negative cases, on a gateway that says what it is told to."""

import asyncio

import pytest

from preflight.check import Answer
from preflight.checks import login, port, read_only, utc
from preflight.report import Result
from tests.unit.preflight.told import Told, ask, remedy, settings
from tws.times import TimeMode
from tws.values import Bar


async def test_port_passes_with_what_it_met() -> None:
    answer = await ask(port.CHECK, Told())
    assert answer == Answer(Result.PASS, "server version 200, zone 'UTC', at 127.0.0.1:4002 in 3 ms")


async def test_login_passes_for_the_configured_account() -> None:
    assert (await ask(login.CHECK, Told())).result is Result.PASS


async def test_login_fails_for_another_account() -> None:
    answer = await ask(login.CHECK, Told(managed=("DU1234567",)))
    assert answer.result is Result.FAIL
    assert "IB_ACCOUNT" in remedy(answer)


async def test_login_must_manage_the_further_accounts_too() -> None:
    for managed, result in ((("DUSIM0001", "DUSIM0002"), Result.PASS), (("DUSIM0001",), Result.FAIL)):
        answer = await ask(login.CHECK, Told(managed=managed), further_accounts="DUSIM0002")
        assert answer.result is result


@pytest.mark.parametrize(
    ("mode", "account", "word"), [("paper", "U1234567", "LIVE"), ("live", "DU1234567", "paper"), ("sim", "U1", "LIVE")]
)
async def test_login_fails_when_account_and_mode_disagree(mode: str, account: str, word: str) -> None:
    answer = await ask(login.CHECK, Told(managed=(account,)), mode=mode, ib_account=account)
    assert answer.result is Result.FAIL
    assert word in answer.found
    assert "make down" in remedy(answer)


@pytest.mark.parametrize(("mode", "account"), [("live", "U1234567"), ("live", "F1"), ("paper", "DF1234567")])
async def test_login_passes_for_accounts_of_the_modes_kind(mode: str, account: str) -> None:
    assert (await ask(login.CHECK, Told(managed=(account,)), mode=mode, ib_account=account)).result is Result.PASS


async def test_utc_passes_when_zone_and_bars_are_utc() -> None:
    assert (await ask(utc.CHECK, Told())).result is Result.PASS


async def test_utc_fails_in_new_york_and_says_what_to_set() -> None:
    answer = await ask(utc.CHECK, Told(time="20261122 10:00:00 America/New_York"))
    assert answer.result is Result.FAIL
    assert "TIME_ZONE=Etc/UTC" in remedy(answer)
    assert "-5 h" in answer.found


async def test_utc_fails_when_bars_carry_a_zone_and_says_where_to_click() -> None:
    answer = await ask(utc.CHECK, Told(bar_times=["20261122 09:00:00 US/Eastern"]))
    assert answer.result is Result.FAIL
    assert "UTC format" in remedy(answer)
    assert "TIME_ZONE" not in remedy(answer)


@pytest.mark.parametrize(
    ("bar", "result"), [("20261122 09:00:00 US/Eastern", Result.WARN), ("20230224  12:04:56", Result.FAIL)]
)
async def test_without_require_utc_what_the_engine_reads_decides(bar: str, result: Result) -> None:
    assert (await ask(utc.CHECK, Told(bar_times=[bar]), require_utc=False)).result is result


async def test_utc_without_a_bar_is_not_known() -> None:
    assert (await ask(utc.CHECK, Told(bar_times=[]))).result is Result.SKIPPED


ZONED_BAR = "20261122 09:00:00 US/Eastern"
UTC_BAR = "20261122-14:00:00Z"


@pytest.mark.parametrize(
    ("mode", "bar", "result"),
    [
        (TimeMode.UTC, UTC_BAR, Result.PASS),
        (TimeMode.INSTRUMENT, ZONED_BAR, Result.FAIL),
        (TimeMode.OPERATOR, ZONED_BAR, Result.FAIL),
    ],
)
async def test_utc_by_the_gateways_own_word(mode: TimeMode, bar: str, result: Result) -> None:
    told, inferred = (
        await ask(utc.CHECK, Told(bar_times=[bar], time_mode=mode)),
        await ask(utc.CHECK, Told(bar_times=[bar])),
    )
    assert told.result is inferred.result is result
    assert remedy(told) == remedy(inferred)
    assert f"times in '{mode.value}' by its own word" in told.found
    assert "inferred from bars like" in inferred.found
    assert "found server version 200" in inferred.found


@pytest.mark.parametrize(("mode", "result"), [(TimeMode.UTC, Result.PASS), (TimeMode.OPERATOR, Result.FAIL)])
async def test_the_gateways_own_word_on_times_needs_no_bar(mode: TimeMode, result: Result) -> None:
    assert (await ask(utc.CHECK, Told(bar_times=[], time_mode=mode))).result is result


@pytest.mark.parametrize(
    ("mode", "bar"), [(TimeMode.UTC, ZONED_BAR), (TimeMode.INSTRUMENT, UTC_BAR), (TimeMode.OPERATOR, UTC_BAR)]
)
@pytest.mark.parametrize("require_utc", [True, False])
async def test_utc_fails_where_the_gateway_says_one_thing_and_writes_another(
    mode: TimeMode, bar: str, require_utc: bool
) -> None:
    answer = await ask(utc.CHECK, Told(bar_times=[bar], time_mode=mode), require_utc=require_utc)
    assert answer.result is Result.FAIL
    assert mode.value in answer.found
    assert bar in answer.found
    assert "restart the gateway" in remedy(answer)


class LateBars(Told):
    """History that takes longer than anybody waits."""

    async def bars(self) -> list[Bar]:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_bar_that_is_late_is_not_waited_for_where_the_gateway_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(utc, "_COMPARED_WITHIN", 0.01)
    answer = await ask(utc.CHECK, LateBars(time_mode=TimeMode.UTC))
    assert answer.result is Result.PASS
    assert "no bar in time to compare with" in answer.found


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("found", [True, False])
async def test_read_only_is_as_configured_or_a_no_go(wanted: bool, found: bool) -> None:
    told = await ask(read_only.CHECK, Told(refuses=found, read_only=found), read_only_api=wanted)
    inferred = await ask(read_only.CHECK, Told(refuses=found), read_only_api=wanted)
    assert told.result is inferred.result is (Result.PASS if wanted is found else Result.FAIL)
    assert remedy(told) == remedy(inferred)
    assert ("READ_ONLY_API" in remedy(told)) is (wanted is not found)
    assert "by its own word" in told.found
    assert "inferred from open orders" in inferred.found


@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize("wanted", [True, False])
async def test_read_only_fails_where_the_gateway_says_one_thing_and_does_another(says: bool, wanted: bool) -> None:
    answer = await ask(read_only.CHECK, Told(read_only=says, refuses=not says), read_only_api=wanted)
    assert answer.result is Result.FAIL
    assert "takes orders" in answer.found
    assert "refuses orders" in answer.found
    assert "restart the gateway" in remedy(answer)


@pytest.mark.parametrize(("mode", "wanted"), [("sim", False), ("paper", False), ("live", True)])
def test_only_live_is_read_only_by_default(mode: str, wanted: bool) -> None:
    assert settings(mode=mode).wants_read_only is wanted
