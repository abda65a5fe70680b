"""The age of what waits to be handled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.wire.backlog import Backlog


def test_nothing_waits_in_a_queue_that_is_emptied() -> None:
    backlog = Backlog()
    assert [backlog.age(float(at), at * 1000, 0) for at in range(100)] == [0.0] * 100


def test_a_handler_that_hangs_is_as_late_as_its_message() -> None:
    backlog = Backlog()
    backlog.age(0.0, 100, 0)
    assert [backlog.age(at, 100 + int(at), int(at)) for at in (1.0, 2.0, 11.0)] == [0.0, 1.0, 10.0]


def test_a_long_queue_that_moves_is_not_old() -> None:
    backlog = Backlog()
    assert max(backlog.age(float(at), at * 5000, 5000) for at in range(1, 50)) <= 1.0


def test_a_queue_that_grows_gets_older() -> None:
    """200 in and 100 out a second: after 20 s what is handled is 10 s old."""
    backlog = Backlog()
    ages = [backlog.age(float(at), at * 200, at * 100) for at in range(1, 21)]
    assert ages == sorted(ages)
    assert 9.0 <= ages[-1] <= 11.0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=60))
def test_it_is_never_older_than_its_message(steps: list[tuple[int, int]]) -> None:
    """Against a queue that notes when each message came: late by less than the second between two looks."""
    backlog, queue, arrived = Backlog(), list[float](), 0
    for second, (came, went) in enumerate(steps, 1):
        queue += [float(second)] * came
        arrived += came
        queue = queue[min(went, len(queue)) :]
        expected = second - queue[0] if queue else 0.0
        assert backlog.age(float(second), arrived, len(queue)) == expected
