import pytest

from supervisor.errors import PolicyRefused
from supervisor.faults import FAULTS, Fault, Rung
from supervisor.ladder import STEPS, act_deadline, next_rung, proof_deadline
from supervisor.policy import Budget, Limit, Policy


def test_the_defaults_hold_together_and_say_why() -> None:
    policy = Policy()
    policy.check()
    assert any("soft-dead is seen after" in text for text in policy.arithmetic())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"heart_interval": 5.0}, "soft-dead is seen after"),
        ({"probe_timeout": 3.0}, "jvm-dead is seen after"),
        ({"fast_interval": 0.5}, "kept apart"),
        ({"container_budget": Budget.parse("3/5m")}, "CONTAINER_RESTART_BUDGET"),
        ({"engine_budget": Budget.parse("9/5m")}, "ENGINE_RESTART_BUDGET"),
    ],
)
def test_numbers_that_cannot_hold_are_refused_with_the_sum(change: dict[str, float], named: str) -> None:
    with pytest.raises(PolicyRefused, match=named):
        Policy(**change).check()  # type: ignore[arg-type]


def test_a_budget_is_read() -> None:
    assert Budget.parse("3/15m, 6/6h").limits == (Limit(3, 900.0), Limit(6, 21600.0))


@pytest.mark.parametrize("text", ["", "3", "3/15", "0/5m", "3/0s", "-1/5m", "3/15m,"])
def test_a_malformed_budget_is_refused(text: str) -> None:
    with pytest.raises(PolicyRefused):
        Budget.parse(text)


def test_a_budget_counts_only_its_window() -> None:
    budget = Budget.parse("2/10s,3/100s")
    assert budget.left((), 0.0) == 2
    assert budget.left((1.0, 2.0), 5.0) == 0
    assert budget.left((1.0, 2.0), 12.0) == 1
    assert budget.left((1.0, 2.0, 50.0), 99.0) == 0


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_every_ladder_climbs_and_every_rung_has_its_deadlines(fault: Fault) -> None:
    done: tuple[Rung, ...] = ()
    for rung in fault.rungs:
        assert next_rung(fault, done) is rung
        done = (*done, rung)
        assert 0 < act_deadline(rung, Policy()) < proof_deadline(rung, Policy()) + 60
    if done:
        last = next_rung(fault, done)
        assert last is (None if fault.once or STEPS[done[-1]].once else done[-1])
