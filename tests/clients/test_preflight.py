"""The preflight against the stand-in: it asks, finds, and leaves no trace."""

import contextlib
from pathlib import Path
from typing import Any

import pytest

from preflight.report import Report, Result, Verdict
from preflight.runner import run
from preflight.settings import Settings
from tests.stand_in import ACCOUNT, StandIn, wait_for


async def preflight(gateway: StandIn, **changes: Any) -> Report:
    settings = {
        "gateway_host": "127.0.0.1",
        "gateway_port": gateway.api_port,
        "ib_account": ACCOUNT,
        "mode": "sim",
        "preflight_timeout_seconds": 1,
        "supervisor_url": "http://127.0.0.1:1",  # nobody, whatever runs on this machine
        **changes,
    }
    return await run(Settings(**settings))


def results(report: Report) -> dict[str, Result]:
    return {check.name: check.result for check in report.checks}


def found(report: Report, name: str) -> str:
    return next(check.found for check in report.checks if check.name == name)


def remedy(report: Report, name: str) -> str:
    return next(check.remedy for check in report.checks if check.name == name)


def started(tmp_path: Path, **env: str) -> contextlib.closing[StandIn]:
    gateway = StandIn(tmp_path, **env)
    gateway.start()
    gateway.up()
    return contextlib.closing(gateway)


@pytest.mark.parametrize("version", ["200", "223"])
async def test_go_and_no_trace_left(tmp_path: Path, version: str) -> None:
    with started(tmp_path, SIM_SERVER_VERSION=version) as gateway:
        report = await preflight(gateway)
        assert report.verdict is Verdict.GO
        assert gateway.book()["orders"] == []
        wait_for(lambda: gateway.status()["clients"] == [], 5)


@pytest.mark.parametrize("version", ["200", "223"])
@pytest.mark.parametrize(
    ("env", "way"),
    [
        ({"TIME_ZONE": "America/New_York"}, "TIME_ZONE=Etc/UTC"),
        ({"SIM_TIME_FORMAT": "instrument"}, "UTC format"),
        ({"SIM_TIME_FORMAT": "operator", "TIME_ZONE": "Europe/Berlin"}, "UTC format"),
    ],
)
async def test_no_go_when_times_are_not_utc(tmp_path: Path, version: str, env: dict[str, str], way: str) -> None:
    with started(tmp_path, SIM_SERVER_VERSION=version, **env) as gateway:
        report = await preflight(gateway)
    assert report.verdict is Verdict.NO_GO
    assert results(report)["utc"] is Result.FAIL
    assert way in remedy(report, "utc")


@pytest.mark.parametrize("read_only", ["yes", "no"])
@pytest.mark.parametrize("form", ["utc", "instrument", "operator"])
async def test_the_gateways_own_word_and_inference_come_to_the_same(tmp_path: Path, form: str, read_only: str) -> None:
    """At server version 223 the gateway tells its settings; at 200 they are inferred from what it does."""
    reports = []
    for version in ("200", "223"):
        env = {"SIM_SERVER_VERSION": version, "SIM_TIME_FORMAT": form, "READ_ONLY_API": read_only}
        with started(tmp_path, **env) as gateway:
            reports += [await preflight(gateway, read_only_api=wanted) for wanted in (True, False)]
    inferred, told = reports[:2], reports[2:]
    for old, new in zip(inferred, told, strict=True):
        assert results(old) == results(new)
        assert [check.remedy for check in old.checks] == [check.remedy for check in new.checks]
        assert results(new)["utc"] is (Result.PASS if form == "utc" else Result.FAIL)
        for name in ("utc", "read-only"):
            assert "inferred from" in found(old, name)
            assert "found 200" in found(old, name)
            assert "by its own word" in found(new, name)
    assert [results(report)["read-only"] is Result.PASS for report in told] == [read_only == "yes", read_only == "no"]


async def test_a_gateway_that_hangs(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        gateway.fault("hang")
        report = await preflight(gateway)
    came = results(report)
    assert came["port"] is Result.FAIL
    assert {came[name] for name in ("start-api", "login", "utc", "read-only")} == {Result.SKIPPED}
    assert "hangs" in remedy(report, "port")


async def test_nothing_listens(tmp_path: Path) -> None:
    with contextlib.closing(StandIn(tmp_path)) as gateway:
        report = await preflight(gateway)
    assert report.verdict is Verdict.NO_GO
    assert "make up" in remedy(report, "port")


async def test_a_name_that_does_not_resolve_is_a_no_go_with_the_way_out(tmp_path: Path) -> None:
    with contextlib.closing(StandIn(tmp_path)) as gateway:
        report = await preflight(gateway, gateway_host="ib-gateway.invalid")
    assert report.verdict is Verdict.NO_GO
    assert "a stopped container has no name" in remedy(report, "port")


async def test_another_preflight_at_the_same_time_takes_another_id(tmp_path: Path) -> None:
    from tws.session import Session

    with started(tmp_path) as gateway:
        async with await Session.open("127.0.0.1", gateway.api_port, 910, timeout=5):
            assert (await preflight(gateway)).verdict is Verdict.GO
