"""Fifty seeded days, and each fault alone: nothing wrong is done, and all ends well or with a person called.

A failure prints the day's plan and the command that runs it again. More of them: `make bench DAYS=1000`.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

from supervisor.faults import Rung
from supervisor.memory import Act
from supervisor.observation import Subject
from tests.sim.days import Report, Run, Wrong, alone, planned, ran, summed
from tests.sim.happenings import FAULTS, NOISE


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
    allowed = {Rung.ENGINE_RESYNC, Rung.SENTINEL_RECONNECT}
    if kind.startswith("person-asks"):
        allowed |= {Rung.CONTAINER_RESTART, Rung.ENGINE_RESTART}
    assert report.acts.keys() <= allowed
    assert not report.gave_up


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
