"""Until when an order is good, as gateways write it and as the adapter reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from nautilus_trader.adapters.interactive_brokers.parsing.execution import timestring_to_timestamp

from engine.wire.orders import Orders
from engine.wire.times import good_till

SUMMER = datetime(2026, 7, 1, 14, 0, tzinfo=UTC)
NEW_YORK = timedelta(hours=-4)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("20260701 15:55:00", 19),
        ("20260701 15:55:00 Eastern Standard Time", 19),
        ("20260701 15:55:00 EDT", 19),
        ("20260701 15:55:00 EST", 19),
        ("20260701 15:55:00 US/Eastern", 19),
        ("20260701 15:55:00 UTC", 15),
        ("20260701-15:55:00", 15),
    ],
)
def test_each_form_is_read_as_the_moment_that_is_meant(text: str, hour: int) -> None:
    moment = timestring_to_timestamp(good_till(text, NEW_YORK)).to_pydatetime()
    assert moment == datetime(2026, 7, 1, hour, 55, tzinfo=UTC)


def test_what_is_no_time_is_left_to_the_adapter_to_refuse() -> None:
    assert good_till("tomorrow", NEW_YORK) == "tomorrow"


def test_the_zone_is_the_gateways_of_this_session() -> None:
    told: list[Any] = []
    wrapper = SimpleNamespace(openOrder=lambda *of: told.append(of[2].goodTillDate))
    orders = Orders(wrapper, SimpleNamespace(now=lambda: SUMMER))
    orders.handshake("20260701 10:00:00 EST")
    for text in ("20260701 15:55:00", ""):
        wrapper.openOrder(7, SimpleNamespace(), SimpleNamespace(goodTillDate=text), SimpleNamespace())
    assert told == ["20260701-19:55:00", ""]
