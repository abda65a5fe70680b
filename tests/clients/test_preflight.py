"""The preflight against the stand-in: it asks, finds, and leaves no trace."""

import contextlib
from pathlib import Path
from typing import Any

import pytest

from preflight.report import Report, Result, Verdict
from preflight.runner import run
from preflight.settings import Settings
from tests.stand_in import ACCOUNT, StandIn


async def preflight(gateway: StandIn, **changes: Any) -> Report:
    settings = {
        "gateway_host": "127.0.0.1",
        "gateway_port": gateway.api_port,
        "ib_account": ACCOUNT,
        "mode": "sim",
        "preflight_timeout_seconds": 1,
        **changes,
    }
    return await run(Settings(**settings))


def results(report: Report) -> dict[str, Result]:
    return {check.name: check.result for check in report.checks}


def started(tmp_path: Path, **env: str) -> contextlib.closing[StandIn]:
    gateway = StandIn(tmp_path, **env)
    gateway.start()
    gateway.up()
    return contextlib.closing(gateway)


async def test_go_and_no_trace_left(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        report = await preflight(gateway)
        assert report.verdict is Verdict.GO
        assert gateway.book()["orders"] == []
        assert gateway.status()["clients"] == []


@pytest.mark.parametrize(
    ("env", "remedy"),
    [
        ({"TIME_ZONE": "America/New_York"}, "TIME_ZONE=Etc/UTC"),
        ({"SIM_TIME_FORMAT": "instrument"}, "UTC format"),
        ({"SIM_TIME_FORMAT": "operator", "TIME_ZONE": "Europe/Berlin"}, "UTC format"),
    ],
)
async def test_no_go_when_times_are_not_utc(tmp_path: Path, env: dict[str, str], remedy: str) -> None:
    with started(tmp_path, **env) as gateway:
        report = await preflight(gateway)
    assert report.verdict is Verdict.NO_GO
    assert results(report)["utc"] is Result.FAIL
    assert remedy in report.checks[-1].remedy


async def test_a_gateway_that_hangs(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        gateway.fault("hang")
        report = await preflight(gateway)
    assert results(report) == {"port": Result.FAIL, "login": Result.SKIPPED, "utc": Result.SKIPPED}
    assert "hangs" in report.checks[0].remedy


async def test_nothing_listens(tmp_path: Path) -> None:
    with contextlib.closing(StandIn(tmp_path)) as gateway:
        report = await preflight(gateway)
    assert report.verdict is Verdict.NO_GO
    assert "make up" in report.checks[0].remedy


async def test_a_name_that_does_not_resolve_is_a_no_go_with_the_way_out(tmp_path: Path) -> None:
    with contextlib.closing(StandIn(tmp_path)) as gateway:
        report = await preflight(gateway, gateway_host="ib-gateway.invalid")
    assert report.verdict is Verdict.NO_GO
    assert "a stopped container has no name" in report.checks[0].remedy


async def test_another_preflight_at_the_same_time_takes_another_id(tmp_path: Path) -> None:
    from tws.session import Session

    with started(tmp_path) as gateway:
        async with await Session.open("127.0.0.1", gateway.api_port, 910, timeout=5):
            assert (await preflight(gateway)).verdict is Verdict.GO
