"""What the evidence is called where two senses looked at different moments."""

from dataclasses import replace

import pytest

from supervisor import faults
from supervisor.detectors import Detector
from supervisor.diagnosis import silent
from supervisor.memory import GatewayTrack
from supervisor.observation import Ending, Look, Observation, Result
from supervisor.policy import Policy


def _failing(*begun: float) -> Detector:
    detector = Detector()
    for at in begun:
        detector = detector.fed(Look(Result.FAIL, at + 1.0, 1.0, "silence", Ending.SILENT))
    return detector


@pytest.mark.parametrize(
    ("last_begun", "name"),
    [(103.4, None), (104.6, faults.HALF_OPEN.name)],
    ids=["the greeting was under way when the gateway came back", "it began after the answer inside"],
)
def test_only_a_greeting_begun_after_the_answer_inside_blames_the_network(last_begun: float, name: str | None) -> None:
    track = replace(GatewayTrack(), handshake=_failing(100.0, 101.1, 102.2, last_begun), inside_answers_since=104.0)
    inside = Look(Result.OK, 104.0, 0.0, "", Ending.ANSWERED)
    found = silent(track, replace(Observation(), mailbox=inside), Policy())
    assert (None if found is None else found.fault.name) == name


@pytest.mark.parametrize(
    ("asked_at", "name"),
    [(101.9, faults.SOFT_DEAD.name), (102.3, faults.HALF_OPEN.name)],
    ids=["between a blip and the trouble", "in the trouble"],
)
def test_an_answer_from_between_two_troubles_proves_nothing(asked_at: float, name: str) -> None:
    """A blip, an answer inside, then a gateway that hangs: seen on a busy machine as half-open (measured)."""
    good = Look(Result.OK, 101.5, 0.1, "", Ending.ANSWERED)
    handshake = _failing(99.0).fed(good)
    for begun in (102.0, 103.1, 104.2):
        handshake = handshake.fed(Look(Result.FAIL, begun + 1.0, 1.0, "silence", Ending.SILENT))
    inside = Look(Result.OK, asked_at + 0.4, 0.4, "", Ending.ANSWERED)
    track = replace(GatewayTrack(), handshake=handshake, inside_answers_since=90.0)
    found = silent(track, replace(Observation(), mailbox=inside), Policy())
    assert found is not None
    assert found.fault.name == name


@pytest.mark.parametrize(("alive_at", "first"), [(98.0, 101.0), (103.0, 113.0)], ids=["before it", "in between"])
def test_a_gateway_is_broken_since_it_was_last_alive_inside(alive_at: float, first: float) -> None:
    """Half-open, then frozen: the time of the second does not run from the first look that the first made fail."""
    track = replace(GatewayTrack(), handshake=_failing(100.0, 101.1, 104.4), inside_alive_at=alive_at)
    inside = Look(Result.FAIL, 105.0, 0.0, "", Ending.STALE)
    found = silent(track, replace(Observation(), mailbox=inside), Policy())
    assert found is not None
    assert (found.fault.name, found.first) == (faults.FROZEN.name, first)


@pytest.mark.parametrize(("answered_at", "first"), [(99.9, 100.1), (100.6, 101.5)], ids=["before it", "in between"])
def test_a_gateway_is_broken_since_it_last_answered_anybody(answered_at: float, first: float) -> None:
    """Our session was closed, and then the process died: the second's time does not run from the first's."""
    heard = Detector().fed(Look(Result.FAIL, 100.1, 0.0, "the session was closed", Ending.CLOSED))
    greeted = Detector().fed(Look(Result.OK, answered_at, 0.0, "", Ending.ANSWERED))
    for at in (101.5, 102.6, 103.7):
        greeted = greeted.fed(Look(Result.FAIL, at, 0.0, "", Ending.CLOSED))
    track = replace(GatewayTrack(), handshake=greeted, heart=heard)
    found = silent(track, replace(Observation(), mailbox=Look(Result.FAIL, 104.0, 0.0, "", Ending.REFUSED)), Policy())
    assert found is not None
    assert (found.fault.name, found.first) == (faults.JVM_DEAD.name, first)
