"""Faults over HTTP, and what they look like to clients; the life cycle and IBC's command server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.simulator.api.pulse import Pulse
from gateway.simulator.api.server import ApiServer
from gateway.simulator.command_server import CommandServer, Reply
from gateway.simulator.lifecycle import Lifecycle
from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.rig import SPY, HandClock, make_gateway, ticket
from tests.unit.simulator.test_session import SPY_STOCK

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.simulator.run import Run


async def test_status(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start(7)
        found = await run.status()
    assert (found["phase"], found["account"], found["server_version"]) == ("serving", "DUSIM0001", 223)
    assert (found["clients"], found["logins"], found["pushes"], found["version"]) == ([7], 1, 0, 1)
    assert found["time_zone"] == "UTC"


async def test_book(run: Run, clock: HandClock) -> None:
    run.gateway.broker.place(7, 1, ticket(con_id=SPY, order_ref="ref"))
    clock.turn(0.25)
    run.gateway.broker.step()
    book = (await run.http.get("/api/v1/book")).json()
    [order], [execution], [position] = book["orders"], book["executions"], book["positions"]
    assert (order["status"], order["filled"], order["order_ref"], order["local_symbol"]) == (
        "Filled",
        1.0,
        "ref",
        "SPY",
    )
    assert (execution["side"], execution["shares"], execution["perm_id"]) == ("BOT", 1.0, order["perm_id"])
    assert (position["con_id"], position["quantity"], position["sec_type"]) == (SPY, 1.0, "STK")


async def test_foreign_hosts_are_turned_away(run: Run) -> None:
    assert (await run.http.get("/healthz", headers={"host": "evil.example"})).status_code == 400
    assert (await run.http.get("/healthz", headers={"host": "ib-gateway"})).status_code == 200


async def test_metrics(run: Run) -> None:
    await run.begin("market-farm")
    text = (await run.http.get("/metrics")).text
    assert 'watchkeeper_simulator_fault_active{fault="market-farm"} 1.0' in text
    assert "watchkeeper_simulator_clients 0.0" in text
    assert "watchkeeper_simulator_messages_sent_total" in text


async def test_unknown_faults_are_named(run: Run) -> None:
    answer = await run.http.post("/api/v1/faults/plague")
    assert answer.status_code == 404
    assert "half-open" in answer.json()["error"]
    for fault, cure in (("crash", "a restart of the container"), ("reset", "nothing: it was over")):
        answer = await run.http.delete(f"/api/v1/faults/{fault}")
        assert answer.status_code == 409
        assert cure in answer.json()["error"]
    assert (await run.http.get("/api/v1/faults")).json()["active"] == []


async def test_upstream_lost_and_back(run: Run, clock: HandClock) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("upstream-lost")
        lost = await client.receive()
        assert lost[1:4] == ["-1", "1100", "Connectivity between IBKR and Trader Workstation has been lost."]
        run.gateway.broker.place(7, 1, ticket(con_id=SPY))
        for _ in range(8):
            clock.turn(0.25)
            Pulse(run.gateway).beat()
        assert run.gateway.broker.fills == []
        async with RawClient(run.server.port) as late:
            await late.greet()
            late.send("71", "2", 8, "")
            heard = [await late.receive() for _ in range(3)]
            assert heard[2][2] == "2110"
        await run.end("upstream-lost")
        back = await client.receive()
        assert back[2] == "1102"
        assert back[3].endswith("All data farms are connected: usfarm.nj; usfarm; ushmds; secdefnj.")
        clock.turn(0.25)
        run.gateway.broker.step()
        clock.turn(0.25)
        run.gateway.broker.step()
        assert len(run.gateway.broker.fills) == 1


async def test_data_lost_drops_the_subscriptions(run: Run, clock: HandClock) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        client.send("1", "11", "5", *SPY_STOCK, 0, "", 0, 0, "")
        await client.until(lambda message: message[0] == "46" and message[3] == "33")
        await run.begin("data-lost")
        heard = await client.until(lambda message: "2158" in message)
        assert heard[0][2] == "1101"
        assert run.gateway.lines() == 0
        clock.turn(1)
        Pulse(run.gateway).beat()
        assert await client.silence()


async def test_market_farm(run: Run, clock: HandClock) -> None:
    pulse = Pulse(run.gateway)
    async with RawClient(run.server.port) as client:
        await client.start()
        client.send("1", "11", "5", *SPY_STOCK, 0, "", 0, 0, "")
        await client.until(lambda message: message[0] == "46" and message[3] == "33")
        await run.begin("market-farm")
        assert (await client.receive())[2:4] == ["2103", "Market data farm connection is broken:usfarm.nj"]
        await client.receive()
        clock.turn(1)
        pulse.beat()
        assert await client.silence()
        await run.end("market-farm")
        heard = [await client.receive() for _ in range(4)]
        assert [message[2] for message in heard] == ["2119", "2104", "2119", "2104"]
        clock.turn(1)
        pulse.beat()
        assert (await client.receive())[0] in ("1", "2", "46")


async def test_hang_accepts_and_says_nothing(run: Run, clock: HandClock) -> None:
    async with RawClient(run.server.port) as old, RawClient(run.server.port) as late:
        await old.start()
        await run.begin("hang")
        old.send("8", "1", "1")
        assert await old.silence()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await late.greet()
        assert await run.command("RECONNECTDATA") == "OK "
        await run.end("hang")
        assert (await old.receive())[0] == "9"
        assert (await late.receive())[0] == "200"


async def test_restart_cures_a_hang(run: Run, clock: HandClock) -> None:
    async with RawClient(run.server.port) as old:
        await old.start()
        await run.begin("hang")
        assert await run.command("restart") == "OK RESTART in progress"
        assert await run.command("RESTART") == "ERROR RESTART already in progress"
        clock.turn(0.1)
        assert await old.closed()
        assert not run.server.is_open
        clock.turn(1.0)
        while not run.server.is_open:
            await asyncio.sleep(0.001)
    async with RawClient(run.server.port) as fresh:
        await fresh.start()
    found = await run.status()
    assert (found["phase"], found["faults"], found["logins"]) == ("serving", [], 1)


async def test_half_open_leaves_new_handshakes_alone(run: Run) -> None:
    async with RawClient(run.server.port) as old:
        await old.start(1)
        await run.begin("half-open")
        old.send("8", "1", "1")
        assert await old.silence()
        async with RawClient(run.server.port) as late:
            await late.start(2)
            assert (await late.answer("8", "1", "1", end="9"))[0][0] == "9"
        await run.end("half-open")
        assert await old.closed()


async def test_a_half_open_session_keeps_its_client_id(run: Run) -> None:
    async with RawClient(run.server.port) as old:
        await old.start(1)
        await run.begin("half-open")
    async with RawClient(run.server.port) as again:
        await again.greet()
        again.send("71", "2", 1, "")
        assert (await again.receive())[2] == "326"


async def test_a_dead_jvm_leaves_the_process(run: Run) -> None:
    async with RawClient(run.server.port) as client:
        await client.start()
        await run.begin("jvm-dead")
        assert await client.closed()
    for port in (run.server.port, run.lifecycle.command_port):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
    assert (await run.status())["phase"] == "jvm-dead"
    assert not run.lifecycle.finished.done()


async def test_commands(run: Run) -> None:
    assert await run.command("ENABLEAPI") == "ERROR ENABLEAPI is not valid for the IB Gateway"
    assert await run.command("dance") == "ERROR Command invalid"
    assert await run.command("ReconnectAccount") == "OK "
    assert await run.command("EXIT") == "OK Goodbye"
    assert await run.command("STOP") == "OK Shutting down: STOP command"
    assert await run.lifecycle.finished == 0


async def test_the_command_server_survives_nonsense() -> None:
    server = CommandServer(0, lambda line: Reply(("OK",)))
    await server.open()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"\xff" * 100_000)
    assert await reader.read() == b""
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"PING\n")
    assert await reader.readline() == b"OK\n"
    writer.close()
    await server.close()


async def test_the_real_profile_takes_its_time(tmp_path: Path, clock: HandClock) -> None:
    gateway, store = make_gateway(tmp_path, clock, SIM_PROFILE="real")
    server = ApiServer(gateway)
    lifecycle = Lifecycle(gateway, server, store)
    begun = asyncio.ensure_future(lifecycle.start())
    await asyncio.sleep(0.01)
    assert (lifecycle.phase, server.is_open) == ("booting", False)
    clock.turn(25)
    while lifecycle.phase != "login":
        await asyncio.sleep(0.001)
    assert not server.is_open
    clock.turn(20)
    await begun
    async with RawClient(server.port) as client:
        await client.start()
        client.send("8", "1", "1")
        assert await client.silence()
        clock.turn(0.16)
        assert (await client.receive())[0] == "9"
    await lifecycle.close()
    store.close()
