"""Clock, times of executions, and mode beside ports. The time mode's own cases are in test_checks.py."""

from typing import Any

import pytest

from preflight.checks import execution_times, gateway_clock, mode_port, utc
from preflight.errors import NotSeen
from preflight.report import Result
from tests.unit.preflight.told import Told, ask, remedy
from tws.times import TimeMode


@pytest.mark.parametrize(
    ("ahead", "version", "result"),
    [
        (0.0, 223, Result.PASS),
        (0.9, 223, Result.PASS),
        (-1.1, 223, Result.WARN),
        (1.1, 196, Result.PASS),  # in whole seconds
        (2.1, 196, Result.WARN),
        (4.9, 223, Result.WARN),
        (-5.1, 223, Result.FAIL),
    ],
)
async def test_the_gateways_clock(ahead: float, version: int, result: Result) -> None:
    answer = await ask(gateway_clock.CHECK, Told(clock_ahead=ahead, server_version=version))
    assert answer.result is result
    assert ("by the handshake" in answer.found) is (version < 197)
    assert (ahead < 0) <= ("behind" in answer.found)


@pytest.mark.parametrize(
    ("time", "result"),
    [
        ("20261122-14:00:00", Result.PASS),
        ("20261122 09:00:00 US/Eastern", Result.PASS),
        ("20261122 09:00:00 EST", Result.WARN),
        ("20261122 09:00:00 CST", Result.FAIL),
        ("20261122  09:00:00", Result.FAIL),
    ],
)
async def test_the_worst_execution_decides(time: str, result: Result) -> None:
    answer = await ask(execution_times.CHECK, Told(executed=["20261122-13:00:00", time]))
    assert answer.result is result
    assert ("UTC format" in remedy(answer)) is (result is not Result.PASS)


async def test_a_day_without_executions_shows_nothing() -> None:
    with pytest.raises(NotSeen, match="no execution today"):
        await ask(execution_times.CHECK, Told())


@pytest.mark.parametrize(
    ("zone", "bar", "setting"),
    [
        ("UTC", "20261122 09:00:00 US/Eastern", "instrument"),
        ("America/New_York", "20261122 09:00:00 US/Eastern", "instrument or operator"),
        ("Europe/Berlin", "20261122 15:00:00 Europe/Berlin", "operator"),
    ],
)
async def test_the_setting_is_named_by_the_zone_of_a_bar(zone: str, bar: str, setting: str) -> None:
    offset = {"UTC": 15, "America/New_York": 10, "Europe/Berlin": 16}[zone]
    answer = await ask(utc.CHECK, Told(time=f"20261122 {offset}:00:00 {zone}", bar_times=[bar]))
    assert answer.result is Result.FAIL
    assert f"times in '{setting}'" in answer.found


async def test_without_require_utc_an_abbreviation_that_the_engine_cannot_read_is_a_no_go() -> None:
    answer = await ask(utc.CHECK, Told(bar_times=["20261122 08:00:00 CST"]), require_utc=False)
    assert answer.result is Result.FAIL
    assert "cannot read" in answer.found


@pytest.mark.parametrize(
    ("mode", "account", "port", "own", "result"),
    [
        ("sim", "DUSIM0001", 4004, 4002, Result.PASS),
        ("paper", "DU1", 7497, None, Result.PASS),
        ("live", "U1", 4003, 4001, Result.PASS),
        ("live", "U1", 15000, 15001, Result.PASS),
        ("live", "U1", 4004, 4001, Result.WARN),
        ("paper", "DU1", 4004, 4001, Result.WARN),
        ("paper", "U1", 4004, 4002, Result.FAIL),
        ("live", "DU1", 4003, 4001, Result.FAIL),
    ],
)
async def test_mode_account_and_ports(mode: str, account: str, port: int, own: int | None, result: Result) -> None:
    told = Told(time_mode=TimeMode.UTC, port=own)
    given: dict[str, Any] = {"mode": mode, "ib_account": account, "gateway_port": port}
    answer = await ask(mode_port.CHECK, told, **given)
    assert answer.result is result
    assert bool(answer.remedies) is (result is not Result.PASS)
