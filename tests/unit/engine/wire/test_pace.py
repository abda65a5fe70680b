"""The rules of pacing, pure: never too much, orders first, and no wait that nothing asks for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.wire.history import SAME_SECONDS, WINDOW, WINDOW_SECONDS, Asked, History, is_small
from engine.wire.pace import CAPACITY, RATE, RESERVE, Bucket
from gateway.simulator.history import pacing as theirs

LIMIT = 50


@given(st.lists(st.tuples(st.floats(0, 0.5), st.booleans()), max_size=300))
def test_no_second_has_more_than_the_limit_with_headroom(steps: list[tuple[float, bool]]) -> None:
    bucket, now, sent = Bucket(0.0), 0.0, []
    for pause, order in steps:
        now += pause
        if not bucket.take(now, first=order):
            sent.append(now)
    for first in sent:
        assert len([at for at in sent if first <= at <= first + 1.0]) <= CAPACITY + RATE < LIMIT * 0.9


def test_orders_find_a_place_when_everything_else_waits() -> None:
    bucket = Bucket(0.0)
    while not bucket.take(0.0, first=False):
        pass
    assert [bucket.take(0.0, first=True) for _ in range(RESERVE)] == [0.0] * RESERVE
    assert 0 < bucket.take(0.0, first=True) <= 1 / RATE


def test_a_wait_is_as_long_as_it_says() -> None:
    bucket = Bucket(0.0)
    while not (wait := bucket.take(0.0, first=False)):
        pass
    assert bucket.take(wait * 0.9, first=False) > 0
    assert bucket.take(wait * 1.001, first=False) == 0


def asked(name: str = "SPY", end: str = "", weight: int = 1) -> Asked:
    return Asked((name, "TRADES"), (end,), weight)


def test_nothing_identical_within_fifteen_seconds() -> None:
    history = History()
    assert history.wait(asked(), 0.0) == 0
    history.note(asked(), 0.0)
    assert history.wait(asked(), 5.0) == SAME_SECONDS - 5.0
    assert history.wait(asked(end="other"), 5.0) == 0
    assert history.wait(asked(), SAME_SECONDS) == 0


def test_fewer_than_six_of_one_series_within_two_seconds() -> None:
    history = History()
    for number in range(5):
        assert history.wait(asked(end=str(number)), 0.0) == 0
        history.note(asked(end=str(number)), 0.0)
    assert history.wait(asked(end="5"), 0.0) > 2.0
    assert history.wait(asked("QQQ", "5"), 0.0) == 0


def test_bid_and_ask_count_twice() -> None:
    history = History()
    for number in range(2):
        history.note(asked(end=str(number), weight=2), 0.0)
    assert history.wait(asked(end="2", weight=2), 0.0) > 2.0
    assert history.wait(asked(end="2"), 0.0) == 0


def test_no_more_than_the_window_holds() -> None:
    history = History()
    for number in range(WINDOW):
        history.note(asked(str(number)), float(number))
    now = float(WINDOW)
    assert history.wait(asked("one more"), now) == WINDOW_SECONDS - now
    assert history.wait(asked("one more"), WINDOW_SECONDS + 0.001) == 0


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("12345"), st.sampled_from((1, 2)), st.floats(0, 5)),
        min_size=1,
        max_size=150,
    )
)
@settings(max_examples=60, deadline=None)
def test_no_order_of_questions_breaks_a_rule_as_the_stand_in_holds_them(
    questions: list[tuple[str, str, int, float]],
) -> None:
    now, history, let_through = 0.0, History(), list[theirs.Asked]()
    for series, span, weight, pause in questions:
        now += pause
        question = Asked((series,), (span,), weight)
        while rest := history.wait(question, now):
            now += rest
        history.note(question, now)
        kind = "BID_ASK" if weight == 2 else "TRADES"
        seen = theirs.Asked(now, (ord(series), "SMART", kind), (span,))
        assert not theirs.violates(let_through, seen)
        let_through.append(seen)


def test_only_bars_of_seconds_are_held_to_them() -> None:
    assert is_small("30 secs")
    assert is_small("1 secs")
    assert not is_small("1 min")
    assert not is_small("1 day")
