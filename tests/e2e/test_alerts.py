"""Alerts of the stack's own rules, by its own Prometheus and Alertmanager, for faults that are really there.

The whole day of them is `python -m tests.e2e.tour`.
"""

import time

import pytest

from tests.e2e.causes import judged, timing
from tests.e2e.day import steps
from tests.e2e.stack import Stack
from tests.e2e.witness import fired, witness

pytestmark = pytest.mark.e2e

LATE = ("it fired too late", "it ended too late")
"""By a machine that has other things to do; on one that has not, the tour says no."""


def test_alerts_fire_with_their_cause_and_end_with_it(trading: Stack) -> None:
    """Two faults at once, each of which the supervisor has told of already: nobody hears of them twice."""
    both = [step for step in steps(trading) if step.opens in ("data-competed", "cache-down")]
    keys = {("DataCompeted", "critical"), ("CacheDown", "critical")}
    assert {alert for step in both for alert in step.fires} == {name for name, _ in keys}
    began = time.time()

    def firing() -> set[tuple[str, str]]:
        return {key for key, times in fired(trading, began).items() if times[-1].over is None} & keys

    with witness(trading) as seen:
        trading.until(lambda: seen.looks, "a first look")
        for step in both:
            step.begin()
        try:
            trading.until(lambda: firing() == keys, "both to fire")
        finally:
            for step in both:
                step.end()
        trading.until(trading.all_well, "all well after it")
        trading.until(lambda: not firing(), "both to end")
        looks = list(seen.looks)
    times = fired(trading, began)
    for key in keys:
        assert {row["wrong"] for row in judged(key, looks, times[key], timing())} <= {None, *LATE}
        [told] = [one for (name, _, _), one in seen.told.items() if name == key[0]]
        assert (told["receivers"], told["inhibited"]) == (["person"], True)


def test_the_watchdog_is_on_its_way_to_the_dead_mans_switch(trading: Stack) -> None:
    with witness(trading) as seen:
        key = "Watchdog", "none", ""
        told = trading.until(lambda: seen.told.get(key), "the watchdog in Alertmanager")
    assert (told["receivers"], told["inhibited"]) == (["dead-man"], False)
