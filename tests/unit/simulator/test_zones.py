"""Every contract has a time zone of its own, in which the gateway tells its times unless it is set otherwise."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from gateway.simulator.api.pulse import Pulse
from gateway.simulator.api.server import ApiServer
from gateway.simulator.api.warnings import warnings
from gateway.simulator.market.calendar import AroundTheClock
from gateway.simulator.market.instruments import ContractQuery, Instrument, Leg
from tests.unit.simulator.raw import Message, RawClient, of
from tests.unit.simulator.rig import INSTRUMENTS, NOON, SPY, HandClock, make_gateway, stock, ticket

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.simulator.api.gateway import Gateway

EPOCH = int(NOON.timestamp())
CHICAGO = {
    "ES future": ContractQuery(symbol="ES", sec_type="FUT"),
    "MES future": ContractQuery(symbol="MES", sec_type="FUT"),
    "NQ future": ContractQuery(symbol="NQ", sec_type="FUT"),
    "ES future, continuous": ContractQuery(symbol="ES", sec_type="CONTFUT"),
    "ES option": ContractQuery(symbol="ES", sec_type="FOP", expiry="20261218", strike=6000.0, right="C"),
    "SPX": ContractQuery(symbol="SPX", sec_type="IND"),
    "XSP": ContractQuery(symbol="XSP", sec_type="IND"),
    "VIX": ContractQuery(symbol="VIX", sec_type="IND"),
    "SPX option": ContractQuery(symbol="SPX", sec_type="OPT", expiry="202612", strike=6000.0, right="P"),
    "XSP option": ContractQuery(symbol="XSP", sec_type="OPT", expiry="202612", strike=600.0, right="P"),
    "VIX option": ContractQuery(symbol="VIX", sec_type="OPT", expiry="202612", strike=18.0, right="P"),
    "NDX option": ContractQuery(symbol="NDX", sec_type="OPT", expiry="202612", strike=20500.0, right="P"),
}
NEW_YORK = {
    "SPY": ContractQuery(symbol="SPY", sec_type="STK"),
    "SPY option": ContractQuery(symbol="SPY", sec_type="OPT", expiry="202612", strike=600.0, right="P"),
    "NDX": ContractQuery(symbol="NDX", sec_type="IND"),
    "oil": ContractQuery(symbol="CL", sec_type="FUT"),
    "gold": ContractQuery(symbol="GC", sec_type="FUT"),
    "euro": ContractQuery(symbol="EUR", sec_type="CASH"),
    "Bitcoin": ContractQuery(symbol="BTC", sec_type="CRYPTO"),
    "spot gold": ContractQuery(symbol="XAUUSD", sec_type="CMDTY"),
    "Treasury": ContractQuery(symbol="US-T", sec_type="BOND"),
}


def future() -> Instrument:
    return INSTRUMENTS.find(CHICAGO["ES future"], NOON)[0]


def by_id(instrument: Instrument) -> tuple[str | int, ...]:
    """The twelve fields of a contract that is named by its id and its first exchange."""
    return (instrument.con_id, "", "", "", 0, "", "", instrument.exchanges.partition(",")[0], "", "", "", "")


@pytest.mark.parametrize(
    ("query", "zone"),
    [*((query, "US/Central") for query in CHICAGO.values()), *((query, "US/Eastern") for query in NEW_YORK.values())],
    ids=[*CHICAGO, *NEW_YORK],
)
def test_zones(query: ContractQuery, zone: str) -> None:
    found = INSTRUMENTS.find(query, NOON)
    assert found
    assert {one.zone for one in found} == {zone}


def test_a_combination_has_its_first_legs_zone() -> None:
    legs = (Leg(future().con_id, 1, buys=True), Leg(SPY, 1, buys=False))
    [bag] = INSTRUMENTS.find(ContractQuery(symbol="ES", sec_type="BAG", currency="USD", legs=legs), NOON)
    assert bag.zone == "US/Central"


def test_hours_are_told_in_the_contracts_zone() -> None:
    calendar = AroundTheClock(dt.time(18))
    assert calendar.hours(NOON, "US/Eastern", 1) == "20261117:1800-20261118:1800"
    assert calendar.hours(NOON, "US/Central", 1) == "20261117:1700-20261118:1700"
    assert calendar.liquid_hours(NOON, "Japan", 1) == "20261118:0800-20261119:0800"


# -- over a socket -----------------------------------------------------------------------------------------------------


class Told:
    """Everything a client is told about one contract that carries a time."""

    def __init__(self) -> None:
        self.details: Message = []
        self.bars: list[str] = []
        self.ends: list[str] = []
        self.live = ""
        self.schedule: Message = []
        self.execution = ""
        self.completed = ""


async def tell(gateway: Gateway, clock: HandClock, instrument: Instrument, version: int) -> Told:
    """Trade a contract, and ask for everything."""
    server, told = ApiServer(gateway), Told()
    await server.open()
    pulse = Pulse(gateway)
    async with RawClient(server.port, f"v100..{version}") as client:
        await client.start(7)
        asked = by_id(instrument)
        [told.details, _] = await client.answer(9, 8, 1, *asked, 0, "", "", "", end="52")
        query = (*asked, 0, "20261118-17:00:00", "1 min", "120 S", "TRADES" if instrument.trades else "MIDPOINT")
        client.send(20, 2, *query[:16], 0, query[16], 1, 0, "")
        answer = await client.until(lambda message: message[0] in ("4", "108" if version >= 196 else "17"))
        flat = of(answer, "17")[0][2:]
        told.ends = answer[-1][2:4] if version >= 196 else flat[:2]
        told.bars = flat[1 if version >= 196 else 3 :: 8]
        client.send(20, 3, *asked, 0, "", "1 min", "60 S", 0, query[16], 1, 1, "")
        await client.until(lambda message: message[0] == ("108" if version >= 196 else "17"))
        client.send(20, 4, *asked, 0, "20261118-17:00:00", "1 day", "1 D", 0, "SCHEDULE", 1, 0, "")
        [*_, told.schedule] = await client.until(lambda message: message[0] == "106")
        gateway.tell(gateway.broker.place(7, 1, ticket(con_id=instrument.con_id, quantity=1.0)))
        clock.turn(0.25)
        pulse.beat()
        clock.turn(5)
        pulse.beat()
        said = await client.until(lambda message: message[0] == "90")
        told.live = said[-1][3]
        [execution] = of(said, "11") or of(await client.until(lambda message: message[0] == "11"), "11")
        told.execution = execution[15]
        [completed, _] = await client.answer(99, 0, end="102")
        told.completed = next(field for field in completed if field.startswith("20261118"))
        again = await client.answer(7, 3, 5, 0, "", "", "", "", "", "", *([2147483647, 0] if version >= 200 else []),
                                    end="55")  # fmt: skip
        assert of(again, "11")[0][15] == told.execution
    await server.close()
    return told


@pytest.mark.parametrize(
    ("form", "version", "zone", "noon", "eleven"),
    [
        # form, version, contract's zone -> 17:00:00 and 16:58:00 UTC
        ("instrument", 200, "US/Central", "20261118 11:00:00 US/Central", "20261118 10:58:00 US/Central"),
        ("instrument", 174, "US/Central", "20261118 11:00:00 US/Central", "20261118 10:58:00 US/Central"),
        ("instrument", 200, "US/Eastern", "20261118 12:00:00 US/Eastern", "20261118 11:58:00 US/Eastern"),
        ("instrument", 173, "US/Central", "20261118  18:00:00", "20261118  17:58:00"),
        ("operator", 200, "US/Central", "20261118 18:00:00 Europe/Berlin", "20261118 17:58:00 Europe/Berlin"),
        ("utc", 200, "US/Central", "20261118-17:00:00", "20261118-16:58:00"),
        ("utc", 173, "US/Central", "20261118  18:00:00", "20261118  17:58:00"),
    ],
)
async def test_every_time(
    tmp_path: Path, clock: HandClock, form: str, version: int, zone: str, noon: str, eleven: str
) -> None:
    """Only what the setting governs follows it: hours and schedules are always the contract's own."""
    gateway, store = make_gateway(tmp_path, clock, SIM_TIME_FORMAT=form, TIME_ZONE="Europe/Berlin")
    instrument = future() if zone == "US/Central" else stock()
    told = await tell(gateway, clock, instrument, version)
    store.close()
    assert told.ends == [eleven, noon]
    assert told.bars == [eleven, eleven.replace(":58:", ":59:")]
    assert told.live == noon
    assert told.execution == noon
    assert told.completed == noon
    at = told.details.index(zone)
    midnight = "20261117:2300-20261118:2259" if zone == "US/Central" else "20261118:0000-20261118:2359"
    assert told.details[at + 1].split(";")[0] == told.details[at + 2].split(";")[0] == midnight
    begins = midnight.partition("-")[0].replace(":", "-")[:11]
    assert told.schedule[2:5] == [f"{begins}:00:00", f"{told.schedule[3][:11]}:00:00", zone]
    assert zone not in (told.execution + told.completed if form != "instrument" or version < 174 else "")


async def test_a_request_may_name_the_contracts_zone(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start(7)
        client.send(
            20, 2, *by_id(future()), 0, "20261118 11:00:00 US/Central", "1 min", "60 S", 0, "TRADES", 2, 0, ""
        )  # fmt: skip
        [bars, _] = await client.until(lambda message: message[0] == "108")
        assert bars[3] == str(EPOCH - 60)


def test_warnings_of_orders_that_come_too_early(tmp_path: Path) -> None:
    """399 is a text to people: it names the contract's zone whatever the setting."""
    clock = HandClock(dt.datetime(2026, 11, 18, 17, 30, tzinfo=ZoneInfo("America/New_York")).astimezone(dt.UTC))
    for form in ("instrument", "operator", "utc"):
        gateway, store = make_gateway(tmp_path, clock, SIM_CALENDAR="XNYS", SIM_TIME_FORMAT=form)
        for query, until in (
            (CHICAGO["ES future"], "2026-11-18 17:00:00 US/Central"),
            (CHICAGO["SPX option"], "2026-11-19 08:30:00 US/Central"),
            (NEW_YORK["oil"], "2026-11-18 18:00:00 US/Eastern"),
            (NEW_YORK["SPY"], "2026-11-19 09:30:00 US/Eastern"),
        ):
            con_id = gateway.instruments.find(query, clock.now())[0].con_id
            [(code, text)] = warnings(gateway, ticket(con_id=con_id))
            assert code == 399
            assert text.endswith(f"until {until}")
        store.close()


def test_an_order_for_extended_hours_waits_for_them(tmp_path: Path) -> None:
    clock = HandClock(dt.datetime(2026, 11, 18, 17, 30, tzinfo=ZoneInfo("America/New_York")).astimezone(dt.UTC))
    gateway, store = make_gateway(tmp_path, clock, SIM_CALENDAR="XNYS")
    outside = ticket(order_type="LMT", limit_price=100.0, outside_rth=True)
    assert warnings(gateway, outside) == []
    clock.turn(4 * 3600)
    [(_, text)] = warnings(gateway, outside)
    assert text.endswith("until 2026-11-19 04:00:00 US/Eastern")
    clock.turn(6 * 3600)
    [(_, text)] = warnings(gateway, outside)
    assert text.endswith("until 2026-11-19 04:00:00 US/Eastern")
    store.close()
