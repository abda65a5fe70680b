"""reqConfig and updateConfig, as ibapi makes them, on a gateway of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from ibapi.protobuf.ConfigRequest_pb2 import ConfigRequest
from ibapi.protobuf.UpdateConfigRequest_pb2 import UpdateConfigRequest

from tests.clients.drivers import Ibapi
from tests.unit.simulator.raw import RawClient
from tws.frames import frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.stand_in import StandIn

WRONG = "Validating configuration update request has failed"


@pytest.fixture
def client() -> Iterator[Ibapi]:
    made = Ibapi()
    yield made
    made.stop()
    assert made.exceptions == []


def told(client: Ibapi) -> Any:
    """What the gateway says it is set to, now."""
    before = len(client.heard("configResponseProtoBuf"))
    client.ask("reqConfigProtoBuf", ConfigRequest(reqId=9))
    return client.wait("configResponseProtoBuf", count=before + 1)[-1][0]


def update(client: Ibapi, **wished: Any) -> Any:
    """What becomes of a wish."""
    before = len(client.heard("updateConfigResponseProtoBuf"))
    client.ask("updateConfigProtoBuf", UpdateConfigRequest(reqId=8, **wished))
    return client.wait("updateConfigResponseProtoBuf", count=before + 1)[-1][0]


def settings(**fields: Any) -> dict[str, Any]:
    return {"api": {"settings": fields}}


@pytest.mark.parametrize("version", ["219", "221", "223"])
@pytest.mark.parametrize(("form", "read_only"), [("utc", "no"), ("operator", "yes"), ("instrument", "no")])
def test_it_tells_the_truth(
    start: Callable[..., StandIn], client: Ibapi, version: str, form: str, read_only: str
) -> None:
    stand_in = start(
        SIM_SERVER_VERSION=version, SIM_TIME_FORMAT=form, READ_ONLY_API=read_only, AUTO_RESTART_TIME="11:45 PM"
    )
    client.start(stand_in.api_port, 7)
    said = told(client)
    assert said.reqId == 9
    assert said.api.settings.sendInstrumentTimezone == form
    assert said.api.settings.HasField("readOnlyApi")
    assert said.api.settings.readOnlyApi is (read_only == "yes")
    assert said.api.settings.socketPort == stand_in.api_port
    assert said.api.settings.allowLocalhostOnly
    assert not said.api.settings.HasField("masterClientId")
    night = said.lockAndExit
    assert (night.autoLogoffTime, night.autoLogoffPeriod, night.autoLogoffType) == ("11:45", "PM", "restart")
    assert [(one.id, one.enabled) for one in said.messages] == [(131, True)]
    stand_in.fault("read-only")
    stand_in.fault("time-mode", form="operator" if form == "utc" else "utc")
    forced = told(client).api.settings
    assert forced.readOnlyApi
    assert forced.sendInstrumentTimezone == ("operator" if form == "utc" else "utc")
    stand_in.cure_all()
    assert told(client) == said


@pytest.mark.parametrize("version", ["221", "223"])
def test_a_change_counts_at_once_and_survives(start: Callable[..., StandIn], client: Ibapi, version: str) -> None:
    stand_in = start(SIM_SERVER_VERSION=version)
    client.start(stand_in.api_port, 7)
    answer = update(client, **settings(sendInstrumentTimezone="operator", masterClientId=7, trustedIPs=["10.0.0.7"]))
    assert (answer.reqId, answer.status, answer.message) == (8, "success", "Configuration updated")
    assert sorted(answer.changedFields) == [
        f"configuration.api.settings.{name}" for name in ("masterClientId", "sendInstrumentTimezone", "trustedIPs")
    ]
    assert (list(answer.errors), list(answer.warnings)) == ([], [])
    assert first_bar(client).endswith(" Universal")
    before = told(client)
    assert before.api.settings.masterClientId == 7
    stand_in.terminate(10)
    stand_in.start()
    stand_in.up()
    assert "not from the environment: " in stand_in.tail()
    assert stand_in.get("/state")["configuration"]["changed"]["api.settings.sendInstrumentTimezone"] == "operator"
    client.again(stand_in.api_port, 7)
    assert told(client) == before
    assert first_bar(client).endswith(" Universal")


def first_bar(client: Ibapi) -> str:
    """The date of a bar of minutes."""
    client.events.clear()
    spy = client.contract(conId=756733, symbol="SPY", secType="STK")
    client.ask("reqHistoricalData", 1, spy, "", "300 S", "1 min", "TRADES", 0, 1, False, [])
    return str(client.wait("historicalData")[0][1].date)


def test_a_read_only_gateway_takes_no_exercise_and_no_change(start: Callable[..., StandIn], client: Ibapi) -> None:
    stand_in = start(SIM_SERVER_VERSION="223")
    client.start(stand_in.api_port, 7)
    assert update(client, **settings(readOnlyApi=True)).status == "success"
    call = client.contract(symbol="SPY", secType="OPT")
    client.ask("exerciseOptions", 1, call, 1, 1, "DUSIM0001", 0, "", "", False)
    assert client.refusal(1)[0] == 321
    client.ask("updateConfigProtoBuf", UpdateConfigRequest(reqId=8, **settings(readOnlyApi=False)))
    assert "Read-Only" in client.refusal(8)[1]
    assert told(client).api.settings.readOnlyApi


def test_what_cannot_be_changes_nothing(start: Callable[..., StandIn], client: Ibapi) -> None:
    stand_in = start(SIM_SERVER_VERSION="223")
    client.start(stand_in.api_port, 7)
    before = told(client)
    answer = update(client, **settings(sendInstrumentTimezone="Mars", readOnlyApi=True))
    assert (answer.status, answer.message) == ("error", WRONG)
    assert list(answer.errors) == ["configuration.api.settings.sendInstrumentTimezone"]
    assert told(client) == before
    night = {"autoLogoffTime": "23:45", "autoLogoffPeriod": "PM", "autoLogoffType": "restart"}
    assert list(update(client, lockAndExit=night).errors) == ["configuration.lockAndExit.autoLogoffTime"]
    assert not told(client).HasField("lockAndExit")
    quiet = [{"id": 131, "enabled": False}]
    warned = update(client, messages=quiet)
    assert [one.messageId for one in warned.warnings] == [131]
    assert told(client) == before
    accepted = update(client, messages=quiet, acceptedWarnings=[{"messageId": 131}])
    assert (accepted.status, list(accepted.changedFields)) == ("success", ["configuration.messages.131.enabled"])
    assert not told(client).messages[0].enabled


def test_a_port_waits_and_order_ids_begin_anew(start: Callable[..., StandIn], client: Ibapi) -> None:
    before = start(SIM_SERVER_VERSION="200")
    client.start(before.api_port, 7)
    order = client.order(action="BUY", totalQuantity=1, orderType="MKT")
    client.ask("placeOrder", 1000, client.contract(symbol="SPY", secType="STK"), order)
    client.until(lambda: client.status(1000) == "Filled")
    before.terminate(10)
    stand_in = start(SIM_SERVER_VERSION="223")
    client.again(stand_in.api_port, 7)
    assert client.heard("nextValidId")[-1] == (1001,)
    answer = update(client, resetAPIOrderSequence=True, **settings(socketPort=stand_in.api_port + 1))
    assert (answer.status, len(answer.warnings)) == ("success", 1)
    assert "starts again" in answer.warnings[0].message
    client.ask("reqIds", -1)
    assert client.wait("nextValidId", count=3)[-1] == (1,)


@pytest.mark.parametrize(("version", "message"), [(200, 108), (218, 108), (218, 109), (220, 109)])
async def test_before_their_time_they_are_unknown(start: Callable[..., StandIn], version: int, message: int) -> None:
    stand_in = start(SIM_SERVER_VERSION=str(version))
    async with RawClient(stand_in.api_port, f"v100..{version}") as raw:
        await raw.greet()
        if version == 200:
            await raw.answer("71", "2", "7", "", end="9")
            raw.send(str(message), "9")
            [*_, refused] = await raw.until(lambda heard: heard[0] == "4" and "unknown" in "".join(heard))
            assert refused[2] == "320"
            return
        client = Ibapi()
        client.start(stand_in.api_port, 7)
        body = (message + 200).to_bytes(4) + ConfigRequest(reqId=9).SerializeToString()
        client._client.conn.sendMsg(frame(body))
        assert client.refusal(-1) == (320, f"Error reading request:unknown message id {message}")
        client.stop()


def in_utc(stand_in: StandIn) -> subprocess.CompletedProcess[str]:
    """What `make gateway-setup BY_API=1` runs beside the gateway."""
    environment = {
        **os.environ,
        "GATEWAY_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(stand_in.api_port),
        "IB_ACCOUNT": "DUSIM0001",
        "MODE": "paper",
    }
    command = [sys.executable, "-m", "supervisor.utc"]
    return subprocess.run(command, env=environment, text=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("version", ["221", "223"])
def test_times_are_set_to_utc_over_the_api(start: Callable[..., StandIn], client: Ibapi, version: str) -> None:
    stand_in = start(SIM_SERVER_VERSION=version, SIM_TIME_FORMAT="operator")
    done = in_utc(stand_in)
    assert done.returncode == 0, done.stderr
    client.start(stand_in.api_port, 7)
    assert told(client).api.settings.sendInstrumentTimezone == "utc"


@pytest.mark.parametrize(
    ("environment", "code", "why"),
    [
        ({"SIM_SERVER_VERSION": "220"}, 2, "expected server version 221 for updateConfig, found 220"),
        ({"READ_ONLY_API": "yes"}, 1, "make gateway-setup"),
    ],
)
def test_where_the_api_cannot_the_window_is_named(
    start: Callable[..., StandIn], environment: dict[str, str], code: int, why: str
) -> None:
    done = in_utc(start(SIM_TIME_FORMAT="operator", **environment))
    assert done.returncode == code
    assert why in done.stderr
    assert "Traceback" not in done.stderr
