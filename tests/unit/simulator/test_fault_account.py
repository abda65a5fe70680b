"""Faults of what the gateway is logged in to, how it is set, what it knows of contracts, and of the login itself."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

import pytest

from gateway.simulator.login_state import Phase, Script
from tests.unit.simulator.raw import RawClient, of
from tests.unit.simulator.rig import NOON, SPY
from tests.unit.simulator.test_fault_orders import filled, heard
from tests.unit.simulator.test_fault_upstream import _HISTORY

if TYPE_CHECKING:
    from tests.unit.simulator.run import Run


def options(expiry: str) -> tuple[str | int, ...]:
    """A question for the SPY calls at 600 of an expiry, or of every one."""
    return ("9", "8", "31", 0, "SPY", "OPT", expiry, 600, "C", "", "SMART", "", "USD", "", "", 0, "", "", "")


async def test_read_only(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("read-only")
        client.send("4", "1", "", "", "")
        refusal = await client.receive()
        cause = "Error validating request.-'bO' : cause - The API interface is currently in Read-Only mode."
        assert refusal[1:4] == ["1", "321", cause]
        await run.end("read-only")
        client.send("4", "1", "", "", "")
        assert (await client.receive())[2] == "10147"


@pytest.mark.parametrize(("name", "account"), [("wrong-account", "DUOTHER1"), ("live-account", "USIM0001")])
async def test_another_account(run: Run, name: str, account: str) -> None:
    await run.begin(name, client=7)
    async with RawClient(run.server.port) as client, RawClient(run.server.port) as spared:
        assert (await client.start(7))[0] == ["15", "1", account]
        assert (await spared.start(8))[0] == ["15", "1", "DUSIM0001"]
        said = await filled(run, client, 1)
        assert of(said, "11")[0][16] == account
        assert not [field for message in said for field in message if "DUSIM0001" in field]
        client.send("61", "1")
        assert (await client.until(lambda message: message[0] == "61"))[-1][2] == account
        await run.end(name)
        client.send("17", "1")
        await client.until(lambda message: message == ["15", "1", "DUSIM0001"])


async def test_only_orders_for_the_other_account_are_taken(run: Run) -> None:
    await run.begin("wrong-account")
    async with RawClient(run.server.port) as client:
        await client.start()
        asked = [await account_updates(client, account) for account in ("DUOTHER1", "DUSIM0001")]
    assert asked == [True, False]


async def account_updates(client: RawClient, account: str) -> bool:
    """Whether the gateway has something to tell about an account."""
    client.send("6", "2", "1", account)
    found = bool(of(await heard(client), "54"))
    client.send("6", "2", "0", account)
    await heard(client)
    return found


async def test_time_mode_and_zone(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("time-mode", form="operator", zone="Asia/Tokyo")
        async with RawClient(run.server.port) as late:
            assert (await late.greet())[1].endswith(" Japan Standard Time")
        assert of(await filled(run, client, 1), "11")[0][15].endswith(" Asia/Tokyo")
        assert (await run.status())["time_zone"] == "Asia/Tokyo"
        await run.end("time-mode")
        assert "Tokyo" not in of(await filled(run, client, 2), "11")[0][15]


async def test_a_zone_that_is_none_is_refused(run: Run) -> None:
    answer = await run.http.post("/api/v1/faults/time-mode", json={"zone": "Mars/Olympus"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "zone: expected an IANA zone such as Europe/Berlin, found 'Mars/Olympus'"


async def test_clock_skew(run: Run) -> None:
    truth = int(NOON.timestamp())
    async with RawClient(run.server.port) as client, RawClient(run.server.port) as spared:
        await client.start(7)
        await spared.start(8)
        await run.begin("clock-skew", seconds=-7.5, client=7)
        assert (await client.answer("49", "1", end="49"))[0][2] == str(truth - 8)
        assert (await client.answer("105", end="109"))[0][1] == str(truth * 1000 - 7500)
        assert (await spared.answer("105", end="109"))[0][1] == str(truth * 1000)
        client.send("4", "1", "", "", "")
        assert (await client.receive())[-1] == str(truth * 1000 - 7500)
        await run.end("clock-skew")
        assert (await client.answer("105", end="109"))[0][1] == str(truth * 1000)


async def test_pacing(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("pacing")
        client.send(*_HISTORY)
        text = "Historical Market Data Service error message:Historical data request pacing violation"
        assert (await client.receive())[1:4] == ["21", "162", text]
        await run.end("pacing")
        client.send(*_HISTORY)
        assert (await client.receive())[0] == "17"


async def test_a_chain_without_today(run: Run) -> None:
    today = f"{NOON:%Y%m%d}"
    tomorrow = f"{NOON + dt.timedelta(days=1):%Y%m%d}"
    async with RawClient(run.server.port) as client:
        await client.start()
        chain = ("78", "32", "SPY", "", "STK", SPY)
        before = (await client.answer(*chain, end="76"))[0]
        await run.begin("chain-without-today")
        without = (await client.answer(*chain, end="76"))[0]
        assert today in before[7 : 7 + int(before[6])]
        assert without[7 : 7 + int(without[6])] == [e for e in before[7 : 7 + int(before[6])] if e != today]
        assert without[7 + int(without[6]) :] == before[7 + int(before[6]) :]
        client.send(*options(today))
        assert (await client.receive())[1:4] == ["31", "200", "No security definition has been found for the request"]
        assert len(of(await client.answer(*options(tomorrow), end="52"), "10")) == 1
        fewer = of(await client.answer(*options(""), end="52"), "10")
        await run.end("chain-without-today")
        assert len(of(await client.answer(*options(""), end="52"), "10")) == len(fewer) + 1 > 1
        assert len(of(await client.answer(*options(today), end="52"), "10")) == 1


async def test_a_chain_without_today_in_an_old_session(run: Run) -> None:
    async with RawClient(run.server.port, "v100..160") as client:
        await client.start()
        await run.begin("chain-without-today")
        client.send(*options(f"{NOON:%Y%m%d}"))
        assert (await client.receive())[2:5] == ["31", "200", "No security definition has been found for the request"]


# -- the login ---------------------------------------------------------------------------------------------------------


async def serving_again(run: Run) -> None:
    """Let the machine's time pass until the gateway serves."""
    async with asyncio.timeout(10):
        while run.lifecycle.phase is not Phase.SERVING:
            run.clock.turn(1)
            await asyncio.sleep(0.002)


async def phase(run: Run, wanted: str) -> None:
    async with asyncio.timeout(10):
        while (await run.status())["phase"] != wanted:
            run.clock.turn(0.5)
            await asyncio.sleep(0.002)


async def test_a_push_that_nobody_answers(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        assert (await run.http.post("/api/v1/push", json={"answer": "approve"})).status_code == 409
        await run.begin("twofa-never")
        await phase(run, "challenge")
        assert await client.closed()
    assert (await run.status())["pushes"] == 1
    run.clock.turn(100)
    await asyncio.sleep(0.02)
    assert (await run.status())["phase"] == "challenge"
    await run.end("twofa-never")
    assert (await run.http.post("/api/v1/push", json={"answer": "approve"})).status_code == 200
    await serving_again(run)
    async with RawClient(run.server.port) as client:
        await client.start()


async def test_a_bad_password(run: Run) -> None:
    await run.begin("bad-password", verdict="unrecognized")
    await phase(run, "rejected")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", run.server.port)
    await run.end("bad-password")
    run.lifecycle.log_in_again()
    await serving_again(run)


async def test_the_wait_that_a_bad_password_brought_ends_with_it(run: Run) -> None:
    await run.begin("bad-password")
    await phase(run, "throttled")
    await run.end("bad-password")
    run.lifecycle.log_in_again()
    assert await down_and_up(run) < 60  # the wait alone takes 295 s


async def test_an_existing_session(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("existing-session", other="yields")
        assert await client.closed()
    await serving_again(run)
    await run.end("existing-session")
    async with RawClient(run.server.port) as client:
        await client.start()


async def test_an_existing_session_that_insists(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("existing-session", other="insists")
        assert await client.closed()
    async with asyncio.timeout(10):
        while not run.lifecycle.finished.done():
            run.clock.turn(0.5)
            await asyncio.sleep(0.002)
    assert run.lifecycle.finished.result() == 0
    assert run.lifecycle.phase is Phase.ENDED
    said = capsys.readouterr().out
    assert said.index("(scenario 5)") < said.index("(scenario 4)")


async def down_and_up(run: Run) -> float:
    """Wait until the gateway has stopped serving and serves again; returns the machine's seconds between."""
    async with asyncio.timeout(10):
        while run.lifecycle.phase is Phase.SERVING:
            run.clock.turn(0.01)
            await asyncio.sleep(0.002)
    down = run.clock.monotonic()
    await serving_again(run)
    return run.clock.monotonic() - down


async def test_a_slow_boot(run: Run) -> None:
    await run.begin("slow-boot", seconds=50.0)
    assert await down_and_up(run) >= 45
    await run.end("slow-boot")
    run.lifecycle.log_in_again()
    assert await down_and_up(run) < 45


async def test_a_slow_login(run: Run) -> None:
    await run.begin("slow-login", seconds=50.0)
    assert await down_and_up(run) >= 45
    await run.end("slow-login")
    run.lifecycle.log_in_again()
    assert await down_and_up(run) < 45


async def test_login_faults_may_wait_for_the_next_login(run: Run) -> None:
    await run.begin("bad-password", at_once=False)
    assert run.lifecycle.script == Script(credentials="wrong")
    async with RawClient(run.server.port) as client:
        await client.start()
    await run.end("bad-password")
    assert run.lifecycle.script == Script()


async def test_the_end_of_the_weeks_token(run: Run) -> None:
    logins = run.lifecycle.logins
    await run.command("RESTART")
    await down_and_up(run)
    assert run.lifecycle.logins == logins
    await run.begin("token-end")
    await run.command("RESTART")
    await down_and_up(run)
    assert run.lifecycle.logins == logins + 1
