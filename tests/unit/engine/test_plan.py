"""The reference strategy's decisions, without a node."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.strategies.plan import Step, View, exit_prices, next_step

CUT_OFF = 300.0
FLAT = View(may_enter=True, target_quoted=True, expires_in=3600.0)
HELD = View(quantity=1.0, expires_in=3600.0, exits=2, may_enter=True, target_quoted=True)


def step(view: View, **changes: object) -> Step:
    return next_step(replace(view, **changes), CUT_OFF)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Step.ENTER),
        ({"may_enter": False}, Step.WAIT),
        ({"target_quoted": False}, Step.WAIT),
        ({"resting": 0.1}, Step.WAIT),
        ({"entries": 1}, Step.WAIT),
        ({"entries": 1, "exits": 2}, Step.WAIT),
        ({"exits": 1}, Step.CANCEL_ORDERS),
        ({"settled": False}, Step.WAIT),
        ({"flattening": True}, Step.WAIT),
    ],
)
def test_flat(changes: dict[str, object], expected: Step) -> None:
    assert step(FLAT, **changes) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Step.WAIT),
        ({"exits": 1}, Step.WAIT),
        ({"exits": 0}, Step.ARM_EXITS),
        ({"exits": 0, "settled": False}, Step.WAIT),
        ({"exits": 0, "may_enter": False}, Step.ARM_EXITS),
        ({"expires_in": 301.0}, Step.WAIT),
        ({"expires_in": 300.0}, Step.CANCEL_ORDERS),
        ({"expires_in": 300.0, "exits": 0}, Step.FLATTEN),
        ({"expires_in": 300.0, "exits": 0, "may_enter": False}, Step.FLATTEN),
        ({"expires_in": 300.0, "exits": 0, "entries": 1}, Step.CANCEL_ORDERS),
        ({"expires_in": 300.0, "exits": 0, "flattening": True}, Step.WAIT),
        ({"expires_in": 0.0, "exits": 0}, Step.WAIT),
        ({"quantity": -1.0, "exits": 0}, Step.FLATTEN),
        ({"quantity": -1.0, "exits": 1}, Step.CANCEL_ORDERS),
        ({"quantity": -1.0, "exits": 0, "settled": False}, Step.WAIT),
    ],
)
def test_held(changes: dict[str, object], expected: Step) -> None:
    assert step(HELD, **changes) is expected


VIEWS = some.builds(
    View,
    quantity=some.sampled_from([-1.0, 0.0, 1.0, 2.0]),
    expires_in=some.one_of(some.none(), some.floats(-600, 7200)),
    exits=some.integers(0, 2),
    entries=some.integers(0, 2),
    flattening=some.booleans(),
    resting=some.floats(-5, 5),
    may_enter=some.booleans(),
    target_quoted=some.booleans(),
    settled=some.booleans(),
)


@given(VIEWS)
def test_never_two_ways_out_of_one_position_and_never_a_second_way_in(view: View) -> None:
    chosen = next_step(view, CUT_OFF)
    if chosen in (Step.FLATTEN, Step.ARM_EXITS):
        assert view.quantity
        assert not view.exits
        assert not view.flattening
    if chosen is Step.ENTER:
        assert view.may_enter
        assert not (view.quantity)
        assert not (view.exits)
        assert not view.entries
    if not view.settled:
        assert chosen is Step.WAIT


@given(some.floats(0.02, 60), some.floats(0.01, 0.5), some.sampled_from([0.01, 0.05]))
def test_exits_bracket_the_quote_on_the_grid(bid: float, spread: float, tick: float) -> None:
    ask = bid + spread
    profit, stop = exit_prices(bid, ask, tick)
    assert profit > ask
    assert tick <= stop
    assert stop < bid or stop == pytest.approx(tick)
    for price in (profit, stop):
        assert abs(price / tick - round(price / tick)) < 1e-6
