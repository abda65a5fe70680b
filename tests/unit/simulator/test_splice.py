"""Ticks made once for everybody are, for each subscriber, the frames that would have been made for it alone."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.wire.splice import NOTHING, Burst, tick
from gateway.simulator.wire.text import encode

heads = st.sampled_from([(1, 6), (45, 6), (81,), (99,)])
tails = st.lists(
    st.one_of(st.integers(0, 10**6), st.text("abc.-1290", max_size=300), st.floats(0, 1e6)), min_size=1, max_size=8
)
req_ids = st.integers(-1, 2**31 - 1)


@given(st.lists(st.tuples(heads, tails), max_size=6), st.lists(req_ids, min_size=1, max_size=5))
def test_every_subscriber_gets_its_own_frames(
    made: list[tuple[tuple[int, ...], list[str | int | float]]], ids: list[int]
) -> None:
    burst = Burst([tick(head, *tail) for head, tail in made])
    assert burst.count == len(made)
    for req_id in ids:
        expected = b"".join(encode([*head, req_id, *tail]) for head, tail in made)
        assert burst.frames(str(req_id).encode()) == expected


def test_nothing_is_nothing() -> None:
    assert (NOTHING.count, NOTHING.frames(b"1000")) == (0, b"")
