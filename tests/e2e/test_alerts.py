"""Alerts of the stack's own rules, by its own Prometheus and Alertmanager, for faults that are really there.

The whole day of them is `python -m tests.e2e.alerts`.
"""

import pytest

from tests.e2e.alerts import Record, Step, play, steps
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e


def test_alerts_fire_with_their_cause_and_end_with_it(trading: Stack) -> None:
    """Two faults at once, each of which the supervisor has told of already: nobody hears of them twice."""
    data, cache = (step for step in steps(trading) if step.name in ("data-competed", "cache away"))
    both = Step(
        "both",
        lambda: (data.begin(), cache.begin()),
        lambda: (data.end(), cache.end()),
        data.waits | cache.waits,
    )
    rows = {row["alert"]: row for row in play(trading, both, Record(trading))}
    assert set(rows) == {"DataCompeted", "CacheDown"}
    for row in rows.values():
        assert row["receivers"] == ["person"]
        assert row["inhibited"] is True
        assert row["fired_after"] >= row["waits"]
        assert row["over_after"] > row["fired_after"]


def test_the_watchdog_is_on_its_way_to_the_dead_mans_switch(trading: Stack) -> None:
    told = trading.until(lambda: Record(trading).told("Watchdog"), "the watchdog in Alertmanager")
    assert told == {"receivers": ["dead-man"], "inhibited": False}
