"""What the gateway is set to: what can be changed and how, what wins, and from when on it counts."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.api.gateway import Forced, Gateway
from gateway.simulator.api.server import is_local
from gateway.simulator.broker.store import Store
from gateway.simulator.configuration import DEFAULTS, LOGOFF, MASTER, READ_ONLY, SOCKET_PORT, TIME_FORM, Configuration
from gateway.simulator.login_state import Phase
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.requests import reader
from gateway.simulator.wire.requests.config import UpdateConfig
from supervisor.drill.ports import free_port
from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.rig import HandClock, settings
from tests.unit.simulator.run import Run
from tests.unit.simulator.test_lifecycle import container

NIGHT = dict(zip(LOGOFF, ("11:45", "PM", "restart"), strict=True))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "broker.sqlite3")
    yield made
    made.close()


def configuration(store: Store, **env: str) -> Configuration:
    """Of a process that begins."""
    return Configuration(settings(Path("nowhere"), **({"SIM_API_PORT": "4002"} | env)), store)


def paths(descriptor: Any, path: str = "") -> Iterator[str]:
    for field in descriptor.fields:
        if field.message_type is None:
            yield path + field.name
        else:
            yield from paths(field.message_type, f"{path}{field.name}.")


def test_every_setting_of_the_real_message_is_there() -> None:
    found = set(paths(pb.ConfigResponse.DESCRIPTOR))
    questions = {path for path in found if path.startswith("messages.")}
    assert found - questions - {"reqId"} == {path for path in DEFAULTS if not path.startswith("messages.")}


def test_the_environment_has_the_first_word_and_a_change_the_last(store: Store) -> None:
    first = configuration(store, SIM_TIME_FORMAT="operator", SIM_MASTER_CLIENT_ID="3", SIM_REJECT_OVER_RATE="yes")
    assert (first.time_form, first.master_client, first["api.settings.rejectMessagesAboveMaxRate"]) == (
        "operator",
        3,
        True,
    )
    assert first.change({TIME_FORM: "UTC", MASTER: 3}) == [TIME_FORM]
    later = configuration(store, SIM_TIME_FORMAT="instrument")
    assert (later.time_form, later.changed) == ("utc", {TIME_FORM: "utc"})
    assert later.master_client is None, "the environment no longer says so, and it was no change"


def test_ibc_sets_again_what_the_environment_names(store: Store) -> None:
    assert configuration(store).change({READ_ONLY: True, **NIGHT}) == [READ_ONLY, *LOGOFF]
    again = configuration(store)
    assert again[READ_ONLY]
    assert again.auto_restart_time == "11:45 PM"
    by_ibc = configuration(store, READ_ONLY_API="no", AUTO_LOGOFF_TIME="10:00 AM")
    assert not by_ibc[READ_ONLY]
    assert (by_ibc.auto_restart_time, by_ibc.auto_logoff_time) == ("", "10:00 AM")
    assert not by_ibc.changed
    assert not configuration(store).changed, "and so it stays"


@pytest.mark.parametrize(
    ("wished", "wrong"),
    [
        ({TIME_FORM: "UTC format"}, [TIME_FORM]),
        ({SOCKET_PORT: 0, READ_ONLY: True}, [SOCKET_PORT]),
        ({SOCKET_PORT: 65536}, [SOCKET_PORT]),
        ({MASTER: -2}, [MASTER]),
        ({"api.settings.trustedIPs": ("127.0.0.1", "here")}, ["api.settings.trustedIPs"]),
        ({"api.settings.loggingLevel": "loud"}, ["api.settings.loggingLevel"]),
        ({"messages.1.enabled": False}, ["messages.1.enabled"]),
        ({**NIGHT, LOGOFF[0]: "23:45", LOGOFF[1]: "at night"}, list(LOGOFF[:2])),
        ({LOGOFF[0]: "11:45"}, list(LOGOFF[1:])),
        (NIGHT | {"api.settings.loggingLevel": "Detail", "api.settings.trustedIPs": ("::1",)}, []),
    ],
)
def test_what_cannot_be(store: Store, wished: dict[str, Any], wrong: list[str]) -> None:
    assert configuration(store).wrong(wished) == wrong


def test_a_port_waits_for_the_next_process(store: Store) -> None:
    made = configuration(store)
    made.change({SOCKET_PORT: 4001})
    assert (made[SOCKET_PORT], made.listens_on, made.waiting) == (4001, 4002, [SOCKET_PORT])
    made.begin()
    assert (made.listens_on, made.waiting) == (4001, [])


async def test_the_next_process_listens_where_it_was_told_to(tmp_path: Path, clock: HandClock) -> None:
    async with container(tmp_path, clock) as one:
        port = free_port()
        one.gateway.configuration.change({SOCKET_PORT: port})
        assert one.server.port != port
        await one.command("RESTART")
        await one.after(0.25, Phase.RESTARTING)
        await one.after(1.0, Phase.SERVING)
        assert one.server.port == port
        async with RawClient(port) as client:
            assert await client.start()


async def test_a_changed_night_is_kept_at_once(
    tmp_path: Path, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with container(tmp_path, clock) as one:
        await one.settle()
        restarts: list[str] = []
        one.lifecycle.when_restarted(lambda: restarts.append(f"{clock.now():%H:%M}"))
        one.gateway.configuration.change(NIGHT)
        clock.turn(3600)
        await one.settle()
        assert restarts == []
        clock.turn(6 * 3600)
        await one.until(lambda: len(restarts) == 1)
        await one.after(3.0, Phase.SERVING)
    assert 'not from the environment: lockAndExit.autoLogoffTime="11:45"' in capsys.readouterr().out


def test_a_fault_overrules_until_it_ends(gateway: Gateway) -> None:
    gateway.force(Forced(read_only=True, time_form="operator", zone="Asia/Tokyo"))
    gateway.configuration.change({TIME_FORM: "instrument"})
    assert (gateway.read_only, gateway.writer.form, gateway.writer.zone) == (True, "operator", "Asia/Tokyo")
    gateway.force(dataclasses.replace(gateway.forced, read_only=False))
    assert (gateway.read_only, gateway.writer.form) == (False, "operator")
    gateway.force(Forced())
    assert (gateway.writer.form, gateway.writer.zone) == ("instrument", "UTC")


def test_a_change_counts_at_once(gateway: Gateway) -> None:
    gateway.configuration.change({TIME_FORM: "operator", READ_ONLY: True})
    assert (gateway.read_only, gateway.writer.form) == (True, "operator")


def test_what_a_client_wishes_is_read_by_its_path() -> None:
    said = pb.UpdateConfigRequest(reqId=9, resetAPIOrderSequence=True)
    said.api.settings.readOnlyApi = False
    said.api.settings.trustedIPs.append("::1")
    said.orders.smartRouting.defaultAlgorithm = ""
    said.messages.add(id=131, enabled=False)
    said.acceptedWarnings.add(messageId=131, title="any")
    assert reader.read((309).to_bytes(4) + said.SerializeToString(), 221) == UpdateConfig(
        9,
        {
            READ_ONLY: False,
            "api.settings.trustedIPs": ("::1",),
            "orders.smartRouting.defaultAlgorithm": "",
            "messages.131.enabled": False,
        },
        (131,),
        True,
    )


async def test_only_clients_of_this_machine(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_local(("127.0.0.2", 1))
    assert not is_local(("10.0.0.7", 1))
    monkeypatch.setattr("gateway.simulator.api.server.is_local", lambda peer: False)
    async with RawClient(run.server.port) as stranger:
        assert await stranger.closed()
    run.gateway.configuration.change({"api.settings.allowLocalhostOnly": False})
    async with RawClient(run.server.port) as stranger:
        assert await stranger.start()


async def test_the_state_tells_what_was_changed(run: Run) -> None:
    run.gateway.configuration.change({SOCKET_PORT: 4444, "api.settings.trustedIPs": ("10.0.0.7",)})
    told = (await run.http.get("/state")).json()["configuration"]
    assert told["changed"] == {SOCKET_PORT: 4444, "api.settings.trustedIPs": ["10.0.0.7"]}
    assert told["waiting"] == [SOCKET_PORT]
    assert told["all"][TIME_FORM] == "utc"


async def test_order_ids_begin_anew_above_those_of_live_orders(run: Run, tmp_path: Path) -> None:
    broker = run.gateway.broker
    run.place(7, 40, order_type="LMT", limit_price=1.0)
    run.place(7, 50, order_type="LMT", limit_price=1.0)
    run.gateway.tell(broker.cancel(7, 50))
    await run.beat(8)
    assert broker.next_order_id(7) == 51
    broker.begin_order_ids_anew()
    assert broker.next_order_id(7) == 41
    with closing(Store(tmp_path / "broker.sqlite3")) as store:
        assert store.highest() == {7: 40}
    run.place(7, 50, order_type="LMT", limit_price=1.5)
    assert [order.order_id for order in broker.book.live()] == [40, 50]
