"""Ticks made once for everybody are, for each subscriber, the frames that would have been made for it alone."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.market.options import Valuation
from gateway.simulator.wire.answers import market_data as answers
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.splice import NOTHING, Burst, Tick
from tests.unit.simulator.rig import AAPL, SPY, stock

ids = st.one_of(st.integers(-1, 300), st.integers(-(2**31), 2**31 - 1))
versions = st.integers(157, 223)
small = st.integers(0, 120)
epochs = st.integers(0, 2**33)
sizes = st.one_of(st.integers(-1, 10**9), st.floats(0, 1e6))
numbers = st.floats(-1e6, 1e6)
prices = st.decimals(-1, 10**6, places=2).map(str)
texts = st.text("abc.-1290;,", max_size=300)
greeks = st.builds(
    answers.Greeks,
    st.builds(Valuation, price=numbers, volatility=numbers, delta=numbers, gamma=numbers, vega=numbers, theta=numbers),
    numbers,
)
quotes = st.one_of(
    st.builds(answers.MarketDataType, st.integers(1, 4)),
    st.builds(answers.TickParameters, st.sampled_from([stock(SPY), stock(AAPL)])),
    st.builds(answers.TickPrice, small, prices, sizes, st.integers(0, 7)),
    st.builds(answers.TickSize, small, sizes, st.sampled_from([1, 100])),
    st.builds(answers.TickGeneric, small, numbers),
    st.builds(answers.TickString, small, texts),
    st.builds(answers.TickOption, small, numbers, numbers, greeks),
)
ticks_by_tick = st.one_of(
    st.builds(answers.TickByTickLast, st.integers(1, 2), epochs, prices, sizes, texts),
    st.builds(answers.TickByTickQuote, epochs, prices, prices, sizes, sizes, st.integers(0, 3)),
    st.builds(answers.TickByTickMid, epochs, numbers),
)
bars = st.builds(answers.RealTimeBar, epochs, st.tuples(*[prices] * 4), sizes, numbers, st.integers(-1, 10**6))
rows = st.one_of(
    st.builds(answers.MarketDepth, small, st.integers(0, 2), st.integers(0, 1), prices, sizes),
    st.builds(answers.MarketDepthL2, small, st.integers(0, 2), st.integers(0, 1), prices, sizes, texts, st.booleans()),
)
bursts = st.one_of([st.lists(one, max_size=6) for one in (quotes, ticks_by_tick, bars, rows)])


@given(bursts, st.lists(st.tuples(ids, versions), min_size=1, max_size=8))
def test_every_subscriber_gets_its_own_frames(made: list[Tick], subscribers: list[tuple[int, int]]) -> None:
    burst = Burst(made)
    assert burst.count == len(made)
    for req_id, version in subscribers:
        expected = b"".join(replace(tick, req_id=req_id).frame(version) for tick in made)
        assert burst.frames(req_id, version) == expected, (req_id, version)


def test_nothing_is_nothing() -> None:
    assert (NOTHING.count, NOTHING.frames(1000, 200), NOTHING.frames(1000, 223)) == (0, b"", b"")


@dataclass(slots=True)
class Watched(answers.TickString):
    """Counts how often it is encoded."""

    made: ClassVar[list[int]] = []

    def values(self, version: int) -> Fields:
        Watched.made.append(version)
        return answers.TickString.values(self, version)

    def proto(self, version: int) -> Any:
        Watched.made.append(version)
        return answers.TickString.proto(self, version)


@pytest.mark.parametrize(("first", "others"), [(157, (200,)), (201, (205,)), (206, (219,)), (220, (223,))])
def test_a_tick_is_encoded_once_for_all_who_hear_it_alike(first: int, others: tuple[int, ...]) -> None:
    Watched.made.clear()
    burst = Burst([Watched(45, "x")])
    for version in (first, *others):
        for req_id in (1000, 1001, 9999):
            burst.frames(req_id, version)
    assert Watched.made == [first]
