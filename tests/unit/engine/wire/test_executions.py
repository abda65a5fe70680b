"""Executions with times that nobody can read, and those that the books do not get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from nautilus_trader.adapters.interactive_brokers.parsing.execution import timestring_to_timestamp
from nautilus_trader.model.identifiers import InstrumentId, TradeId

from engine.wire.executions import OVERDUE_SECONDS, Executions
from engine.wire.times import all_year, offset_of, readable, repaired

NOW = datetime(2026, 11, 20, 20, 30, 5, tzinfo=UTC)
CHICAGO = timedelta(hours=-6)


@pytest.mark.parametrize(
    "text",
    ["20261120-20:30:00", "20261120 15:30:00 US/Eastern", "20261120 21:30:00 Europe/Berlin", "20261120 20:30:00 UTC"],
)
def test_what_the_adapter_reads_is_left_to_it(text: str) -> None:
    assert readable(text)


@pytest.mark.parametrize(
    "text",
    ["20261120  14:30:00", "20261120 14:30:00 CST", "20261120 14:30:00 Central Standard Time", "", "yesterday"],
)
@pytest.mark.parametrize("live", [True, False])
def test_anything_else_becomes_a_moment_near_the_truth(text: str, live: bool) -> None:
    assert not readable(text)
    moment = timestring_to_timestamp(repaired(text, NOW, CHICAGO, live=live))
    assert abs(moment.to_pydatetime() - NOW) <= timedelta(seconds=5)


def test_a_live_execution_in_another_zone_than_the_gateways_is_now() -> None:
    assert repaired("20261120 15:30:00 XST", NOW, CHICAGO, live=True) == f"{NOW:%Y%m%d-%H:%M:%S}"


def test_one_that_was_asked_for_keeps_its_hour() -> None:
    assert repaired("20261120  09:31:00", NOW, CHICAGO, live=False) == "20261120-15:31:00"


def test_nothing_lies_in_the_future() -> None:
    assert repaired("20261120  18:00:00", NOW, CHICAGO, live=False) == f"{NOW:%Y%m%d-%H:%M:%S}"


@pytest.mark.parametrize(
    ("told", "hours"),
    [
        ("20261120 14:30:04 Central Standard Time", -6.0),
        ("20261121 02:00:03 India Standard Time", 5.5),
        ("20261120 20:30:05 UTC", 0.0),
    ],
)
def test_the_gateways_offset_is_known_whatever_it_calls_its_zone(told: str, hours: float) -> None:
    assert offset_of(told, NOW) == timedelta(hours=hours)


def test_without_a_time_in_the_handshake_there_is_no_offset() -> None:
    assert offset_of("", NOW) is None
    assert offset_of("99999999 14:30:00", NOW) is None


def test_est_is_new_yorks_clock_in_summer_too() -> None:
    assert timestring_to_timestamp(all_year("20260701 15:30:00 EST")).hour == 15
    assert timestring_to_timestamp(all_year("20260701 15:30:00 EST")).utcoffset() == timedelta(hours=-4)
    assert timestring_to_timestamp(all_year("20261120 15:30:00 EST")).utcoffset() == timedelta(hours=-5)
    assert all_year("20260701 15:30:00 Europe/Berlin") == "20260701 15:30:00 Europe/Berlin"


class Still:
    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


class Rig:
    """The wrapper's two handlers, the books, and a clock."""

    def __init__(self) -> None:
        self.clock = Still()
        self.handled: list[Any] = []
        self.wrapper = SimpleNamespace(
            execDetails=lambda req, contract, execution: self.handled.append(execution.time),
            commissionAndFeesReport=lambda report: self.handled.append((report.execId, report.commissionAndFees)),
        )
        self.orders: dict[str, Any] = {}
        self.cache = SimpleNamespace(order=lambda name: self.orders.get(name.value))
        self.executions = Executions(self.wrapper, self.clock)

    def execution(self, name: str, *, request: int = -1, time: str = "20261120-20:30:00") -> None:
        told = SimpleNamespace(execId=name, time=time, orderRef="O-1:7")
        self.wrapper.execDetails(request, SimpleNamespace(currency="USD"), told)

    def commission(self, name: str) -> None:
        self.wrapper.commissionAndFeesReport(SimpleNamespace(execId=name, commissionAndFees=0.65))

    def book(self, name: str, instrument: str = "SPY.ARCX") -> None:
        self.orders["O-1"] = SimpleNamespace(instrument_id=InstrumentId.from_str(instrument), trade_ids=[TradeId(name)])

    def later(self) -> list[str]:
        self.clock.at += OVERDUE_SECONDS + 0.1
        return self.executions.overdue(self.cache)


def test_a_fill_that_is_booked_is_nobodys_business() -> None:
    rig = Rig()
    rig.execution("e1")
    rig.commission("e1")
    rig.book("e1")
    assert rig.later() == []
    assert rig.executions.repaired == 0


def test_a_fill_that_is_not_booked_is_told_once() -> None:
    rig = Rig()
    rig.execution("e1")
    rig.commission("e1")
    assert rig.executions.overdue(rig.cache) == [], "it is not late yet"
    assert rig.later() == ["e1"]
    assert rig.later() == []


def test_another_fill_of_the_same_order_does_not_hide_it() -> None:
    rig = Rig()
    rig.execution("e1")
    rig.commission("e1")
    rig.book("e0")
    assert rig.later() == ["e1"]


def test_a_commission_that_never_comes_holds_no_fill_back() -> None:
    rig = Rig()
    rig.execution("e1")
    assert rig.later() == []
    assert rig.handled == ["20261120-20:30:00", ("e1", 0.0)]
    assert rig.later() == ["e1"], "and it is looked for all the same"


def test_answers_to_questions_belong_to_who_asked() -> None:
    rig = Rig()
    rig.execution("e1", request=10001)
    assert rig.later() == []
    assert len(rig.handled) == 1


def test_a_time_without_a_zone_is_read_in_the_gateways() -> None:
    rig = Rig()
    rig.executions.handshake("20261120 14:30:04 Central Standard Time")
    rig.execution("e1", time="20261120  14:29:59")
    assert rig.handled == ["20261120-20:29:59"]
    assert rig.executions.repaired == 1


def test_before_any_handshake_it_is_now() -> None:
    rig = Rig()
    rig.execution("e1", time="20261120 14:29:59 Somewhere Standard Time")
    assert rig.handled == [f"{NOW:%Y%m%d-%H:%M:%S}"]
