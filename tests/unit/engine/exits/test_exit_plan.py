"""The plan for one position's exits: what it does, and what it never does whatever it sees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exits.plan import (
    Act,
    Arm,
    Ask,
    Cancel,
    Kind,
    Leg,
    Press,
    Resize,
    View,
    Word,
    decide,
    groups,
    is_breached,
    levels,
    pressed_price,
)

STOP = Leg("s", Kind.STOP, 1, 0.5, "g")
PROFIT = Leg("p", Kind.PROFIT, 1, 2.0, "g")
LAST = Leg("l", Kind.LAST, 1, None, "g")
ARMED = (STOP, PROFIT, LAST)
HELD = View(quantity=1, total=1, legs=ARMED, cut_off_in=3600, closes_in=3900, bid=1.0, ask=1.05, word=Word(1))
LATE = replace(HELD, cut_off_in=0, closes_in=300)
NAKED = replace(HELD, legs=())
FLAT = replace(HELD, quantity=0, total=0, word=Word(0))


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (HELD, []),
        (NAKED, [Arm(None, 1, (Kind.STOP, Kind.PROFIT, Kind.LAST), 2.05, 0.51)]),
        (replace(NAKED, cut_off_in=None, closes_in=None), [Arm(None, 1, (Kind.STOP, Kind.PROFIT), 2.05, 0.51)]),
        (replace(NAKED, word=None), [Ask()]),
        # The broker holds nothing any more: our books lag, and one more order would open a short position.
        (replace(NAKED, word=Word(0)), [Ask("the broker holds 0, our books 1")]),
        (replace(NAKED, word=Word(1, unknown=2)), [Ask("the broker works 2 orders that our books do not know")]),
        (replace(NAKED, settled=False), []),
        (replace(LATE, closes_in=0), []),
        # One member is lost, and comes back into the same group at its own level.
        (replace(HELD, legs=(PROFIT, LAST), stop=0.8), [Arm("g", 1, (Kind.STOP,), 2.05, 0.8)]),
        (replace(HELD, legs=(STOP, LAST), profit=1.9), [Arm("g", 1, (Kind.PROFIT,), 1.9, 0.51)]),
        (replace(HELD, legs=(STOP, LAST)), []),
        (replace(HELD, legs=(STOP, PROFIT)), [Arm("g", 1, (Kind.LAST,), 2.05, 0.51)]),
        # Two are held and one is covered.
        (
            replace(HELD, quantity=2, total=2, word=Word(2)),
            [Arm(None, 1, (Kind.STOP, Kind.PROFIT, Kind.LAST), 2.05, 0.51)],
        ),
        # More rests than is held.
        (
            replace(HELD, legs=tuple(replace(leg, remaining=3) for leg in ARMED)),
            [Resize("l", 1), Resize("p", 1), Resize("s", 1)],
        ),
        # Children of an entry that has not begun to fill are no exits of what was held before.
        (
            replace(HELD, legs=tuple(replace(leg, waits=True) for leg in ARMED), entries=("e",)),
            [Arm(None, 1, (Kind.STOP, Kind.PROFIT, Kind.LAST), 2.05, 0.51)],
        ),
        # Exits of nothing go; one member takes its group along. Not while an entry may fill.
        (FLAT, [Cancel("l")]),
        (replace(FLAT, entries=("e",)), []),
        (replace(FLAT, word=Word(1)), [Ask("the broker holds 1, our books 0")]),
        # From the cut-off on.
        (LATE, [Press("p", 0.88)]),
        (replace(LATE, entries=("e",)), [Cancel("e"), Press("p", 0.88)]),
        (replace(HELD, flatten=True), [Press("p", 0.88)]),
        (replace(HELD, breached=True), [Press("p", 0.88)]),
        (replace(LATE, pressing=True), []),
        (replace(LATE, legs=(STOP, LAST)), [Press("s", 1.17)]),
        (replace(LATE, legs=(LAST,)), [Arm("g", 1, (Kind.NOW,))]),
        (replace(LATE, legs=(LAST,), word=None), [Ask()]),
        (replace(LATE, legs=()), [Arm(None, 1, (Kind.NOW,))]),
        (replace(LATE, legs=(), word=Word(0)), [Ask("the broker holds 0, our books 1")]),
        (replace(LATE, legs=(*ARMED, Leg("n", Kind.NOW, 1, None, "g"))), []),
        # Known at the broker by their group alone: not moved, joined.
        (
            replace(LATE, legs=tuple(replace(leg, movable=False) for leg in ARMED)),
            [Arm("g", 1, (Kind.NOW,))],
        ),
        (replace(FLAT, cut_off_in=0, entries=("e",)), [Cancel("e")]),
    ],
)
def test_what_is_done(view: View, expected: list[Act]) -> None:
    assert decide(view) == expected


def test_a_short_position_is_the_mirror_image() -> None:
    short = replace(HELD, quantity=-1, total=-1, word=Word(-1), legs=())
    assert decide(short) == [Arm(None, 1, (Kind.STOP, Kind.PROFIT, Kind.LAST), 0.51, 2.05)]
    assert pressed_price(replace(LATE, quantity=-1), PROFIT) > 1.05
    assert pressed_price(replace(LATE, quantity=-1), STOP) == 0.01
    assert is_breached(-1, 1.0, 0.9, 1.0)
    assert not is_breached(-1, 1.0, 0.9, 0.99)


@pytest.mark.parametrize(("bid", "expected"), [(0.5, True), (0.51, False), (0.0, False), (None, False)])
def test_the_stop_is_reached_by_the_bid(bid: float | None, expected: bool) -> None:
    assert is_breached(1, 0.5, bid, None) is expected
    assert not is_breached(1, None, bid, None)


def test_every_try_gives_more_away_and_the_last_takes_what_is_bid() -> None:
    prices = [pressed_price(HELD, replace(PROFIT, pressed=tries)) for tries in range(5)]
    assert prices == sorted(prices, reverse=True)
    assert prices[-1] == HELD.tick
    assert pressed_price(replace(HELD, bid=None, ask=None), PROFIT) == HELD.tick


@given(st.floats(0.01, 200), st.sampled_from([0.01, 0.05]), st.sampled_from([1, -1]))
def test_new_levels_lie_on_their_sides(price: float, tick: float, side: int) -> None:
    profit, stop = levels(View(quantity=side, total=side, average=price, tick=tick))
    assert (profit - stop) * side > 0
    assert min(profit, stop) > 0


legs = st.builds(
    Leg,
    id=st.uuids().map(str),
    kind=st.sampled_from(Kind),
    remaining=st.integers(1, 4).map(float),
    price=st.floats(0.01, 5),
    group=st.sampled_from([None, "a", "b"]),
    movable=st.booleans(),
    waits=st.booleans(),
    pressed=st.integers(0, 4),
)
quantities = st.integers(-4, 4).map(float)
views = st.builds(
    View,
    quantity=quantities,
    total=quantities,
    legs=st.lists(legs, max_size=6).map(tuple),
    entries=st.lists(st.sampled_from(["e", "f"]), unique=True).map(tuple),
    settled=st.booleans(),
    flatten=st.booleans(),
    breached=st.booleans(),
    pressing=st.booleans(),
    cut_off_in=st.none() | st.floats(-100, 100),
    closes_in=st.none() | st.floats(-10, 400),
    bid=st.none() | st.floats(0, 5),
    ask=st.none() | st.floats(0.01, 5),
    average=st.floats(0, 5),
    profit=st.none() | st.floats(0.5, 5),
    stop=st.none() | st.floats(0.01, 0.4),
    word=st.none() | st.builds(Word, quantities, st.integers(0, 1)),
)


def most(view: View) -> float:
    """The most that what rests may ever close: of each group, its largest member."""
    return sum(group.size for group in groups(view))


@settings(max_examples=400, deadline=None)
@given(views)
def test_nothing_ever_sells_more_than_is_held(view: View) -> None:
    before, after = most(view), list(view.legs)
    for act in decide(view):
        match act:
            case Arm(group, quantity, kinds):
                assert view.word == Word(view.total), "a new order only on the broker's word"
                assert view.settled
                # A group of its own is a name that no other has.
                name = group or f"new{len(after)}"
                after += [Leg(f"new{len(after)}{kind}", kind, quantity, None, name) for kind in kinds]
            case Resize(leg_id, remaining):
                assert remaining > 0
                after = [replace(leg, remaining=remaining) if leg.id == leg_id else leg for leg in after]
            case Press(leg_id, price):
                leg = next(leg for leg in view.legs if leg.id == leg_id)
                assert leg.movable
                assert leg.kind in (Kind.PROFIT, Kind.STOP)
                assert leg.remaining <= abs(view.quantity)
                assert price > 0
            case _:
                pass
    assert most(replace(view, legs=tuple(after))) <= max(before, abs(view.quantity))


@settings(max_examples=200, deadline=None)
@given(views)
def test_what_fills_now_is_never_more_than_is_held(view: View) -> None:
    now = [act for act in decide(view) if isinstance(act, Press) or (isinstance(act, Arm) and Kind.NOW in act.kinds)]
    sizes = {leg.id: leg.remaining for leg in view.legs}
    total = sum(sizes[act.id] if isinstance(act, Press) else act.quantity for act in now)
    assert total <= abs(view.quantity)


@settings(max_examples=200, deadline=None)
@given(views)
def test_a_cancel_is_never_followed_by_a_send(view: View) -> None:
    """Of exits: a cancelled one may still fill."""
    acts = decide(view)
    exits = {leg.id for leg in view.legs}
    if any(isinstance(act, Cancel) and act.id in exits for act in acts):
        assert not any(isinstance(act, Arm) and act.kinds == (Kind.NOW,) for act in acts)
        assert most(view) > abs(view.quantity) or not view.quantity


@settings(max_examples=200, deadline=None)
@given(views)
def test_late_it_always_does_something_or_waits_for_something(view: View) -> None:
    late = replace(
        view, settled=True, flatten=True, closes_in=None, pressing=False, entries=(), quantity=2.0, total=2.0
    )
    # A last resort alone in no group wakes by itself; nothing could join it.
    if any(not leg.movable or leg.kind is Kind.NOW or (leg.kind, leg.group) == (Kind.LAST, None) for leg in late.legs):
        return
    assert decide(replace(late, word=None))
    assert any(not isinstance(act, Ask) for act in decide(replace(late, word=Word(2.0))))
