import pytest

from supervisor.detectors import Detector
from supervisor.observation import Look, Result

WORDS = {"F": Result.FAIL, "o": Result.OK, "?": Result.UNKNOWN}


def fed(text: str) -> Detector:
    detector = Detector()
    for at, letter in enumerate(text):
        detector = detector.fed(Look(WORDS[letter], float(at)))
    return detector


@pytest.mark.parametrize(
    ("history", "failing", "healthy"),
    [
        ("", False, False),
        ("oo", False, True),
        ("o", False, False),
        ("ooFF", False, False),
        ("ooFFF", True, False),
        ("oFoFoF", False, False),
        ("FFoFF", True, False),  # four of the last six, never three in a row
        ("FFoFFo", True, False),
        ("FFoFFoo", False, True),
        ("FFF", True, False),
        ("FFFo", False, False),
        ("????", False, False),
        ("F?F?F", True, False),
        ("FF????", False, False),
    ],
)
def test_what_a_history_means(history: str, failing: bool, healthy: bool) -> None:
    detector = fed(history)
    assert (detector.failing, detector.healthy) == (failing, healthy)


def test_a_look_counts_once() -> None:
    look = Look(Result.FAIL, 5.0)
    assert Detector().fed(look).fed(look).fed(look).failures == 1


def test_it_remembers_when_trouble_began_and_when_all_was_well() -> None:
    detector = fed("oooFF")
    assert (detector.last_good_at, detector.first_failure_at) == (2.0, 3.0)
    assert fed("oFFoo").first_failure_at is None


@pytest.mark.parametrize(("history", "since"), [("oF", 0.5), ("oFF", 0.5), ("oFoF", 2.5), ("oFo", None), ("o?F?", 1.5)])
def test_the_present_run_of_failures_began_with_its_first_look(history: str, since: float | None) -> None:
    detector = Detector()
    for at, letter in enumerate(history):
        detector = detector.fed(Look(WORDS[letter], float(at), 0.5))
    assert detector.failing_since == since
