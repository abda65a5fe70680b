"""The keepers of the baselines count as those they stand for."""

from supervisor.drill.baselines import watchdog
from supervisor.drill.baselines.autoheal import RETRIES, Health
from tests.unit.supervisor.test_drill_runner import HandClock


def test_a_container_is_unhealthy_after_its_retries_in_a_row_and_not_before() -> None:
    health = Health()
    for _ in range(RETRIES - 1):
        health.looked(False)
    assert not health.unhealthy
    health.looked(True)
    for _ in range(RETRIES - 1):
        health.looked(False)
    assert not health.unhealthy
    health.looked(False)
    assert health.unhealthy


def test_a_tick_tells_of_a_new_session_or_of_the_end_of_a_silence() -> None:
    clock = HandClock()
    ticks = watchdog.Ticks(clock)
    ticks.open()
    for clock.at in (1.0, 2.0):
        ticks.tick()
        assert (ticks.first, ticks.resumed) == (1.0, float("-inf"))
    clock.at = 20.0
    ticks.tick()
    assert ticks.resumed == 20.0
    clock.at = 21.0
    ticks.open()
    clock.at = 21.5
    ticks.tick()
    assert ticks.first == 21.5
