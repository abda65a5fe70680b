"""The reference strategy's decisions, without a node."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.strategies.plan import View, enters, exit_prices

FREE = View(may_enter=True, target_quoted=True)


def test_it_enters_when_nothing_speaks_against_it() -> None:
    assert enters(FREE)


@pytest.mark.parametrize(
    "changes", [{"may_enter": False}, {"target_quoted": False}, {"resting": 0.1}, {"busy": True}, {"settled": False}]
)
def test_anything_that_speaks_against_it_is_enough(changes: dict[str, bool]) -> None:
    assert not enters(replace(FREE, **changes))


@given(some.floats(0.02, 60), some.floats(0.01, 0.5), some.sampled_from([0.01, 0.05]))
def test_exits_bracket_the_quote_on_the_grid(bid: float, spread: float, tick: float) -> None:
    ask = bid + spread
    profit, stop = exit_prices(bid, ask, tick)
    assert profit > ask
    assert tick <= stop
    assert stop < bid or stop == pytest.approx(tick)
    for price in (profit, stop):
        assert abs(price / tick - round(price / tick)) < 1e-6
