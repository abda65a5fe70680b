"""What is asked after its wait never breaks the rules, as the stand-in holds them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.history.pacing import Asked, still_counts, wait
from gateway.simulator.history import pacing as theirs

QUESTIONS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("12345"), st.sampled_from((1, 2)), st.floats(0, 5)),
    min_size=1,
    max_size=150,
)


@given(QUESTIONS)
@settings(max_examples=60, deadline=None)
def test_no_order_of_questions_breaks_a_rule(questions: list[tuple[str, str, int, float]]) -> None:
    now, past, let_through = 0.0, list[Asked](), list[theirs.Asked]()
    for series, span, weight, pause in questions:
        now += pause
        past = still_counts(past, now)
        now += max(0.0, wait(past, series, span, weight, now))
        past.append(Asked(now, series, span, weight))
        kind = "BID_ASK" if weight == 2 else "TRADES"
        asked = theirs.Asked(now, (ord(series), "SMART", kind), (span,))
        assert not theirs.violates(let_through, asked)
        let_through.append(asked)


def test_nobody_waits_who_need_not() -> None:
    assert wait([], "a", "1", 1, 5.0) <= 0
    past = [Asked(0.0, "a", "1"), Asked(0.1, "a", "2")]
    assert wait(past, "a", "3", 1, 5.0) <= 0
    assert wait(past, "a", "1", 1, 5.0) == 10.5


def test_the_sixty_first_waits_until_the_first_is_forgotten() -> None:
    past = [Asked(float(n), f"s{n}", "") for n in range(58)]
    assert wait(past, "new", "", 1, 60.0) == 540.5
    assert wait(past[1:], "new", "", 1, 60.0) <= 0
