"""Checks of the groups gateway and logins against the stand-in, and a supervisor that says what a test tells it to."""

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from preflight.report import Finding, Report, Result
from tests.clients.test_preflight import preflight, results, started
from tests.stand_in import StandIn
from tws.session import Session

GROUPS = ("gateway", "identity", "time", "calendar", "logins")


def ago(**time: float) -> str:
    return (datetime.now(UTC) - timedelta(**time)).isoformat()


def watched(gateway: dict[str, Any] | None = None, login: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A row of the supervisor's status, of a gateway that is well but for what is said."""
    well = {
        "state": "READY",
        "container": {"started_at": ago(hours=5), "restarts": 0},
        "inside": {"result": "answered", "at": ago(seconds=1), "detail": "server version 223"},
        "clients": 2,
        "restarts_left": 3,
        "login": {"phase": "quiet", "since": ago(hours=5), "attempts_left": 2, "hold": None, "next_at": None},
    }
    row = {**well, **(gateway or {})}
    row["login"] |= login or {}
    in_a_week = (datetime.now(UTC) + timedelta(days=6)).isoformat()
    token = {"expires_at": in_a_week, "reauth_at": None}
    return {"name": "sim", "gateway": row, "windows": {"open": [], "next": None}, "weekly_token": token, **more}


@contextlib.contextmanager
def supervisor(row: dict[str, Any]) -> Iterator[str]:
    """Its address, while it serves that row."""
    body = json.dumps({"version": 1, "tenants": [row]}).encode()

    class Status(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Status) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[StandIn]:
    with started(tmp_path) as made:
        yield made


async def asked(gateway: StandIn, row: dict[str, Any], **changes: Any) -> Report:
    with supervisor(row) as url:
        return await preflight(gateway, supervisor_url=url, **changes)


def finding(report: Report, name: str) -> Finding:
    return next(check for check in report.checks if check.name == name)


def not_well(report: Report) -> set[str]:
    """Names of the checks that warn or fail; what they say of the machine beneath is another matter."""
    return {
        check.name for check in report.checks if check.group in GROUPS and check.result in (Result.WARN, Result.FAIL)
    }


async def test_all_pass_where_all_is_well(gateway: StandIn) -> None:
    report = await asked(gateway, watched())
    assert not_well(report) == set()
    assert {check.result for check in report.checks if check.group in ("gateway", "logins")} == {Result.PASS}


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (watched({"container": {"started_at": ago(hours=5), "restarts": 4}}), "container"),
        (watched({"inside": {"result": "refused", "at": ago(seconds=1), "detail": "port 4002"}}), "inside"),
        (watched({"clients": 30}), "clients"),
        (watched(login={"attempts_left": 0}), "login-budget"),
        (watched(login={"hold": "wrong password"}), "login-hold"),
        (watched(weekly_token={"expires_at": ago(hours=-20), "reauth_at": None}), "weekly-token"),
    ],
)
async def test_what_the_supervisor_knows_warns_for_itself_alone(gateway: StandIn, row: Any, name: str) -> None:
    report = await asked(gateway, row)
    assert not_well(report) == {name}
    assert finding(report, name).result is Result.WARN
    assert finding(report, name).remedy


async def test_without_a_supervisor_its_checks_are_skipped_and_say_so(gateway: StandIn) -> None:
    report = await preflight(gateway)
    for name in ("container", "inside", "clients", "login-budget", "login-hold", "weekly-token"):
        assert finding(report, name).result is Result.SKIPPED
        assert "no supervisor answers" in finding(report, name).found


async def test_a_supervisor_of_another_tenant_knows_nothing_of_this_one(gateway: StandIn) -> None:
    report = await asked(gateway, watched(), tenant="other")
    assert "does not watch tenant other" in finding(report, "container").found


async def test_a_gateway_that_is_dead_behind_its_forwarder_is_told_apart_from_a_dead_one(gateway: StandIn) -> None:
    gateway.fault("hang")
    report = await asked(gateway, watched())
    assert not_well(report) == {"port", "inside"}
    assert "forwarder" in finding(report, "inside").remedy


async def test_a_login_that_waits_for_its_push_is_named(tmp_path: Path) -> None:
    """The port is closed until the login is through."""
    with contextlib.closing(StandIn(tmp_path, SIM_TWOFA="never")) as gateway:
        gateway.start()
        row = watched({"inside": None}, login={"phase": "waiting for 2FA", "since": ago(seconds=20)})
        report = await asked(gateway, row)
    assert not_well(report) == {"port", "login-phase"}
    assert "approve the push" in finding(report, "login-phase").remedy


async def test_a_gateway_too_old_for_the_engine(tmp_path: Path) -> None:
    with started(tmp_path, SIM_SERVER_VERSION="170") as gateway:
        report = await asked(gateway, watched())
    assert not_well(report) == {"server-version"}
    assert finding(report, "server-version").result is Result.FAIL


async def test_ids_that_others_hold_are_warned_of(gateway: StandIn) -> None:
    async with contextlib.AsyncExitStack() as held:
        for number in (910, 911, 912):
            await held.enter_async_context(await Session.open("127.0.0.1", gateway.api_port, number, timeout=5))
        report = await asked(gateway, watched())
    assert not_well(report) == {"start-api"}
    assert "client id 913" in finding(report, "start-api").found


async def test_a_gateway_that_takes_no_more_clients(gateway: StandIn) -> None:
    gateway.fault("clients-full")
    report = await asked(gateway, watched({"clients": 32}))
    assert not_well(report) == {"start-api", "clients"}
    assert results(report)["login"] is Result.SKIPPED
