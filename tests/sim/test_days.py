"""Fifty seeded days, and each fault alone: nothing wrong is done, and all ends well or with a person called.

A failure prints the day's plan and the command that runs it again. More of them: `make bench DAYS=1000`.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest

from supervisor.faults import Rung
from supervisor.memory import Act
from supervisor.observation import Subject
from tests.sim.days import BOUND, PAIRS, SCENES, Happening, Report, Run, Wrong, alone, planned, ran, summed
from tests.sim.happenings import FAULTS, NOISE
from tests.sim.world import Edge


@pytest.mark.timeout(300)
def test_fifty_days() -> None:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(ran, range(50), chunksize=1))
    assert [wrong for wrong in found if isinstance(wrong, str)] == []
    total = summed([report for report in found if isinstance(report, Report)])
    print(f"{total.ran} turns run, {total.skipped} skipped; {dict(total.incidents)}")
    assert total.skipped > 20 * total.ran


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_a_fault_alone_is_named_and_ends(kind: str) -> None:
    report = Run(alone(kind, seed=3)).run()  # at another phase, a flapper may fail three times in a row
    assert FAULTS[kind].fault in report.incidents


@pytest.mark.parametrize("kind", sorted(NOISE))
def test_noise_alone_restarts_nothing(kind: str) -> None:
    report = Run(alone(kind)).run()
    assert report.happened[kind] == 1
    allowed = {Rung.ENGINE_RESYNC, Rung.SENTINEL_RECONNECT} | NOISE[kind].right
    if kind.startswith("person-asks"):
        allowed |= {Rung.CONTAINER_START, Rung.CONTAINER_RESTART, Rung.ENGINE_START, Rung.ENGINE_RESTART}
    assert report.acts.keys() <= allowed
    assert not report.gave_up


@pytest.mark.parametrize("after", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("phase", [1, 2, 3])
def test_a_death_that_is_told_late_is_not_held_against_the_next_process(phase: int, after: float) -> None:
    """Day 1304055: Docker had brought the gateway back, it was seen at its start, and was restarted in its login."""
    late = alone("engine-restarts-unheard", phase, "crash", after)
    report = Run(replace(late, docker_restarts=True)).run()
    assert report.incidents["container-exit"] == 1
    assert Rung.CONTAINER_RESTART not in report.acts


def test_a_stop_that_is_told_late_is_no_wish_about_the_next_process() -> None:
    """Day 1500361: a new supervisor had it on record that a person had stopped what had crashed, and left it."""
    late = alone("gateway-restarts-unheard", 1, "crash", 300.0)
    leaves = Happening(late.happenings[-1].at + 1.0, "supervisor-restarts", 0.0)
    report = Run(replace(late, happenings=(*late.happenings, leaves))).run()
    assert report.acts[Rung.CONTAINER_START] == 1


@pytest.mark.parametrize("after", [1.25, 1.5, 2.0])
def test_a_persons_stop_just_after_our_own_restart_is_a_persons(after: float) -> None:
    """Days 1300795 and 1306854: within a second of it, it was taken for a part of the restart, and undone."""
    report = Run(alone("person-asks-at-an-engine-start", 1, "engine-stillborn", after)).run()
    # Its own start 30 s later dies at once: that one is a crash.
    assert report.acts[Rung.ENGINE_START] == 1


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_a_gateway_that_was_paused_in_its_start_has_its_start_before_it(phase: int) -> None:
    """Day 1403949: it was restarted a second after a person had let it go on."""
    report = Run(alone("person-asks-restart", phase, "person-freezes-gateway", 6.0)).run()
    assert report.acts[Rung.CONTAINER_RESTART] == 1


def test_a_day_is_its_seed() -> None:
    assert planned(7) == planned(7)
    assert planned(7) != planned(8)
    assert Run(planned(7)).run() == Run(planned(7)).run()


def test_a_wrong_act_is_found() -> None:
    """Noise that is answered by a restart, as by a machine that barks too soon."""
    run = Run(alone("slow-answers"))
    house = run.house
    wrong = Act(9999, Rung.CONTAINER_RESTART, Subject.GATEWAY, None, 0.0, 0.0, "too soon")
    house.at(house.begun + 40010.0, lambda: house.acts.append((house.now, wrong)))
    with pytest.raises(Wrong, match=r"is no answer to.*slow-answers") as raised:
        run.run()
    assert "python -m tests.bench days --seed 1" in str(raised.value)


def test_giving_up_without_a_call_is_found() -> None:
    run = Run(alone("uncurable"))
    run.house.on_turn.insert(0, lambda before, after: run.house.told.clear())
    with pytest.raises(Wrong, match="jvm-dead was given up, and nobody was called"):
        run.run()


def test_a_fault_that_stays_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BOUND, Subject.GATEWAY, 15.0)
    with pytest.raises(Wrong, match=r"jvm-dead is open for .* and not given up"):
        Run(alone("jvm-dead")).run()


def test_every_fault_meets_every_other() -> None:
    """In as many days as there are pairs, every second of which is one of them."""
    assert set(PAIRS) == {(first, second) for first in FAULTS for second in FAULTS}
    plans = [planned(2 * number) for number in range(0, len(PAIRS), 50)]
    for number, day in zip(range(0, len(PAIRS), 50), plans, strict=True):
        kinds = [each.kind for each in day.happenings]
        assert day.house == "external" or set(PAIRS[number]) <= set(kinds)


def test_an_external_gateway_is_restarted_by_its_command() -> None:
    report = Run(replace(alone("jvm-dead"), house="external")).run()
    assert report.acts[Rung.RESTART_COMMAND] == 1


@pytest.mark.parametrize("edge", SCENES, ids=" to ".join)
def test_a_scene_takes_its_edge(edge: Edge) -> None:
    first, second, after = SCENES[edge]
    assert edge in Run(alone(first, 0, second, after)).run().edges
