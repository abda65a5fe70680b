"""Faults of bytes and connections, and a clock or zone that is wrong, as ibapi and @stoqey/ib see them."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.conftest import CLIENT_IDS, UNDECODABLE
from tests.clients.drivers import Ibapi
from tests.clients.test_faults import buy, spy
from tests.stand_in import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.drivers import Driver
    from tests.stand_in import StandIn

IN_BOTH_ENCODINGS = True
ENVIRONMENT = {"SIM_TIME_THROTTLE": "off"}
CLOSED = {"ibapi": "connectionClosed", "stoqey": "disconnected"}
IBAPI_WAITS_SECONDS = 1.0
"""After a read that was full, for more."""


@pytest.fixture
def number(stand_in: StandIn) -> Iterator[int]:
    yield next(CLIENT_IDS)
    stand_in.cure_all()


def connected(client: Driver, stand_in: StandIn, number: int) -> Driver:
    client.start(stand_in.api_port, number)
    client.wait("managedAccounts")
    return client


def begin(client: Driver, stand_in: StandIn, number: int) -> threading.Thread:
    """Connect in a thread: ibapi's call returns when the handshake is done."""
    made = threading.Thread(target=client.begin, args=(stand_in.api_port, number), daemon=True)
    made.start()
    return made


def ask(client: Driver, number: int) -> None:
    client.ask("queryDisplayGroups", number)


def answer(client: Driver, number: int) -> None:
    client.wait("displayGroupList", number)


def nothing_comes(port: int) -> None:
    """A connection is accepted, and for a while nothing is said on it."""
    with socket.create_connection(("127.0.0.1", port), 5) as one:
        one.sendall(b"API\0\0\0\0\x09v157..200")
        one.settimeout(0.3)
        with pytest.raises(TimeoutError):
            one.recv(1)


# -- bytes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["no-number", "unknown-id", "no-fields", "half-a-message", "not-utf-8"])
def test_a_frame_that_cannot_be_read(stand_in: StandIn, stumbling: Driver, number: int, kind: str) -> None:
    """Of some ibapi dies; @stoqey/ib says what it could not read, may lose the next message by it, and goes on. Where
    ids are binary, every one of them is a number."""
    one = connected(stumbling, stand_in, number)
    stand_in.fault("undecodable-frame", client=number, kind=kind)
    survived = ("unknown-id", "no-fields", "no-number") if one.binary else ("unknown-id", "no-fields")
    if one.name == "ibapi" and kind not in survived:
        one.wait("connectionClosed")
        assert len(one.exceptions) == 1
        wait_for(lambda: number not in stand_in.status()["clients"], 10)
        one.again(stand_in.api_port, number)
    else:
        ask(one, 1)
        one.until(lambda: one.heard("displayGroupList", 1) or any("1|2|3" in text for _, _, text in one.errors()))
        said = [code for _, code, _ in one.errors()]
        assert (UNDECODABLE in said) == ((one.name, kind) != ("ibapi", "no-fields"))  # that one it does not notice
    ask(one, 2)
    answer(one, 2)


def test_a_frame_without_end(stand_in: StandIn, driver: Driver, number: int) -> None:
    """Both wait for the rest of it for ever, deaf to what follows, until the session ends."""
    one = connected(driver, stand_in, number)
    stand_in.fault("undecodable-frame", client=number, kind="too-long")
    ask(one, 1)
    buy(one, 1)
    wait_for(lambda: [order for order in stand_in.book()["orders"] if order["client_id"] == number], 10)
    stand_in.fault("reset", client=number)
    one.wait(CLOSED[one.name])
    assert one.heard("displayGroupList") == one.heard("orderStatus") == []
    one.again(stand_in.api_port, number)
    ask(one, 2)
    answer(one, 2)


def test_a_read_of_just_4096_bytes(stand_in: StandIn, driver: Driver, number: int) -> None:
    """ibapi waits for more, and throws away what it has when nothing comes."""
    one = connected(driver, stand_in, number)
    stand_in.fault("burst", client=number)
    ask(one, 1)
    if one.name == "stoqey":
        answer(one, 1)
    time.sleep(IBAPI_WAITS_SECONDS + 0.5)
    stand_in.cure("burst")
    ask(one, 2)
    answer(one, 2)
    assert len(one.heard("displayGroupList", 1)) == (one.name == "stoqey")


# -- connections -------------------------------------------------------------------------------------------------------


def test_everything_hangs(stand_in: StandIn, driver: Driver, number: int) -> None:
    one = connected(driver, stand_in, number)
    stand_in.fault("hang")
    ask(one, 1)
    nothing_comes(stand_in.api_port)
    assert one.heard("displayGroupList") == []
    stand_in.cure("hang")
    answer(one, 1)


def test_half_open(stand_in: StandIn, driver: Driver, number: int) -> None:
    one = connected(driver, stand_in, number)
    stand_in.fault("half-open", client=number)
    ask(one, 1)
    other = connected(Ibapi(), stand_in, next(CLIENT_IDS))
    ask(other, 1)
    answer(other, 1)
    other.stop()
    stand_in.cure("half-open")
    one.wait(CLOSED[one.name])
    assert one.heard("displayGroupList") == []
    one.again(stand_in.api_port, number)
    ask(one, 2)
    answer(one, 2)


def test_the_process_stands_still(stand_in: StandIn, driver: Driver, number: int) -> None:
    one = connected(driver, stand_in, number)
    stand_in.fault("freeze", duration=1)
    state = Path(f"/proc/{stand_in.pid}/stat")
    wait_for(lambda: state.read_text().split()[2] == "T", 5)
    begun = time.monotonic()
    ask(one, 1)
    answer(one, 1)
    assert time.monotonic() - begun > 0.3


def test_the_door_is_shut(stand_in: StandIn, stumbling: Driver, number: int) -> None:
    """ibapi says so only to its log."""
    stand_in.fault("accept-and-close")
    begin(stumbling, stand_in, number).join(5)
    if stumbling.name == "stoqey":
        stumbling.wait("disconnected")
    stand_in.cure("accept-and-close")
    assert stumbling.heard("nextValidId") == []
    stumbling.again(stand_in.api_port, number)


def test_nobody_behind_the_door(stand_in: StandIn, driver: Driver, number: int) -> None:
    """Both wait without an end of their own, and go on when it ends."""
    stand_in.fault("accept-and-hang")
    waits = begin(driver, stand_in, number)
    nothing_comes(stand_in.api_port)
    assert driver.heard("nextValidId") == []
    stand_in.cure("accept-and-hang")
    driver.wait("nextValidId")
    waits.join(5)


def test_only_a_handshake(stand_in: StandIn, driver: Driver, number: int) -> None:
    stand_in.fault("handshake-only")
    begin(driver, stand_in, number).join(5)
    driver.wait("connectAck" if driver.name == "ibapi" else "server")
    stand_in.fault("reset")
    driver.wait(CLOSED[driver.name])
    assert driver.heard("nextValidId") == driver.heard("managedAccounts") == []


def test_no_room_for_another_client(stand_in: StandIn, driver: Driver, number: int) -> None:
    stand_in.fault("clients-full")
    begin(driver, stand_in, number).join(5)
    driver.wait(CLOSED[driver.name])
    assert driver.heard("nextValidId") == driver.errors() == []


def test_nobody_says_whose_accounts(stand_in: StandIn, driver: Driver, number: int) -> None:
    stand_in.fault("no-managed-accounts", client=number)
    driver.start(stand_in.api_port, number)
    driver.ask("reqManagedAccts")
    ask(driver, 1)
    answer(driver, 1)
    assert driver.heard("managedAccounts") == []
    stand_in.cure("no-managed-accounts")
    driver.ask("reqManagedAccts")
    driver.wait("managedAccounts")


# -- time --------------------------------------------------------------------------------------------------------------


def test_a_clock_that_is_wrong(stand_in: StandIn, driver: Driver, number: int) -> None:
    one = connected(driver, stand_in, number)
    stand_in.fault("clock-skew", client=number, seconds=-3600)
    one.ask("reqCurrentTime")
    [(seconds,)] = one.wait("currentTime")
    assert time.time() - seconds == pytest.approx(3600, abs=10)
    if one.name == "ibapi":
        one.ask("reqCurrentTimeInMillis")
        [(milliseconds,)] = one.wait("currentTimeInMillis")
        assert time.time() - milliseconds / 1000 == pytest.approx(3600, abs=10)


@pytest.mark.parametrize(
    ("parameters", "zone", "bars"),
    [
        ({"form": "operator", "zone": "Asia/Tokyo"}, " Asia/Tokyo", " Asia/Tokyo"),
        ({"form": "instrument"}, " US/Eastern", " US/Eastern"),
    ],
)
def test_another_form_of_times(
    stand_in: StandIn, driver: Driver, number: int, parameters: dict[str, str], zone: str, bars: str
) -> None:
    one = connected(driver, stand_in, number)
    for order_id in (1, 2):
        buy(one, order_id)
        one.until(lambda order_id=order_id: "execution" in one.story(order_id))  # type: ignore[misc]
        one.ask("reqHistoricalData", order_id, spy(one), "", "600 S", "1 min", "TRADES", 0, 1, False, [])
        one.wait("historicalDataEnd", order_id)
        if order_id == 1:
            stand_in.fault("time-mode", **parameters)
    times = [args[2].time for args in one.heard("execDetails")]
    assert times[0][8] == "-"  # UTC
    assert times[1].endswith(zone)
    dates = [one.heard("historicalData", order_id)[-1][1].date for order_id in (1, 2)]
    assert [date.endswith(bars) for date in dates] == [False, True]
