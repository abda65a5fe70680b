"""Every state, what brings it about, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.state import Limits, Observation, Phase, Stage, State, decide

NOW = 1000.0
LIMITS = Limits(deaf_after=10.0, loop_stuck_after=5.0)
TRADING = Observation(
    at=NOW,
    phase=Phase.STARTED,
    node_running=True,
    trader_running=True,
    ready=True,
    client_id=1,
    reader_alive=True,
    subscriptions=1,
    connected_at=NOW - 60,
    data_at=NOW - 0.2,
    reconciled=True,
    generation=1,
)


def state(**changes: object) -> State:
    return decide(replace(TRADING, **changes), NOW, LIMITS).state  # type: ignore[arg-type]


def test_trading_when_nothing_else_can_be_said() -> None:
    verdict = decide(TRADING, NOW, LIMITS)
    assert verdict.state is State.TRADING
    assert "orders agree" in verdict.sentence


def test_without_todays_chain_exits_go_on_and_no_restart_is_asked_for() -> None:
    verdict = decide(replace(TRADING, chain_missing="today's chain is missing"), NOW, LIMITS)
    assert verdict.state is State.TRADING
    assert verdict.sentence == "exits only: today's chain is missing"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"phase": Phase.LOADING}, State.WAITING),
        ({"phase": Phase.CACHE}, State.WAITING),
        ({"phase": Phase.CLEARANCE}, State.WAITING),
        ({"phase": Phase.GATEWAY}, State.CONNECTING),
        ({"phase": Phase.ACCOUNT}, State.CONNECTING),
        ({"phase": Phase.STARTING, "trader_running": False}, State.CONNECTING),
        ({"phase": Phase.STOPPING}, State.STOPPING),
        ({"trader_running": False}, State.ZOMBIE),
        ({"node_running": False}, State.ZOMBIE),
        ({"queues_alive": False}, State.ZOMBIE),
        ({"ready": False, "attempts": 7}, State.CONNECTING),
        ({"reader_alive": False}, State.DEAF),
        ({"data_lost": True}, State.DEAF),
        ({"settling": True}, State.CONNECTING),
        ({"subscriptions": 0}, State.CONNECTING),
        ({"reconciled": False}, State.CONNECTING),
        ({"data_at": NOW - 10.1}, State.DEAF),
        ({"connected_at": NOW - 1, "data_at": NOW - 2}, State.CONNECTING),
        ({"connected_at": NOW - 1, "data_at": None}, State.CONNECTING),
        ({"connected_at": NOW - 11, "data_at": None}, State.DEAF),
    ],
)
def test_one_change_leaves_trading(changes: dict[str, object], expected: State) -> None:
    assert state(**changes) is expected


def test_silence_up_to_the_limit_is_borne() -> None:
    assert state(data_at=NOW - 9.9) is State.TRADING


def test_a_fresh_session_gets_its_time_before_it_is_deaf() -> None:
    assert state(connected_at=NOW - 9.9, data_at=NOW - 300) is State.CONNECTING


def test_a_closed_market_may_be_silent() -> None:
    verdict = decide(replace(TRADING, data_at=NOW - 3600, session_open=False), NOW, LIMITS)
    assert verdict.state is State.TRADING
    assert "closed" in verdict.sentence


def test_a_closed_market_does_not_hide_a_dead_reader() -> None:
    assert state(session_open=False, reader_alive=False) is State.DEAF


def test_zombie_is_seen_through_a_lost_session() -> None:
    assert state(trader_running=False, ready=False) is State.ZOMBIE


def test_a_dead_reader_of_a_lost_session_is_no_news() -> None:
    assert state(ready=False, reader_alive=False) is State.CONNECTING


@pytest.mark.parametrize("phase", [p for p in Phase if p is not Phase.STOPPING])
def test_a_blocked_loop_is_deaf_in_every_phase(phase: Phase) -> None:
    verdict = decide(replace(TRADING, phase=phase, at=NOW - 5.1), NOW, LIMITS)
    assert verdict.state is State.DEAF
    assert "loop" in verdict.sentence


def test_a_late_look_within_the_limit_is_no_block() -> None:
    assert decide(replace(TRADING, at=NOW - 4.9), NOW, LIMITS).state is State.TRADING


def test_stopping_with_a_blocked_loop_is_still_stopping() -> None:
    assert decide(replace(TRADING, phase=Phase.STOPPING, at=NOW - 60), NOW, LIMITS).state is State.STOPPING


def test_the_sentence_names_the_attempt_and_the_broken_farm() -> None:
    away = decide(replace(TRADING, ready=False, attempts=7), NOW, LIMITS)
    assert "attempt 7" in away.sentence
    farm = decide(replace(TRADING, data_at=NOW - 30, farm_broken=True), NOW, LIMITS)
    assert "2103" in farm.sentence
    assert "30 s" in farm.sentence


def test_waiting_repeats_what_it_waits_for() -> None:
    waiting = Observation(NOW, Phase.CLEARANCE, "waiting for clearance: preflight is red")
    assert decide(waiting, NOW, LIMITS).sentence == "waiting for clearance: preflight is red"


def test_data_age_counts_from_the_younger_of_session_and_tick() -> None:
    assert replace(TRADING, connected_at=NOW - 4, data_at=NOW - 9).data_age(NOW) == 4
    assert replace(TRADING, connected_at=NOW - 9, data_at=NOW - 4).data_age(NOW) == 4
    assert replace(TRADING, connected_at=None, data_at=None).data_age(NOW) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"phase": Phase.LOADING}, Stage.STARTING),
        ({"phase": Phase.CACHE}, Stage.WAITING_FOR_CACHE),
        ({"phase": Phase.CLEARANCE}, Stage.WAITING_FOR_CLEARANCE),
        ({"phase": Phase.GATEWAY}, Stage.WAITING_FOR_GATEWAY),
        ({"phase": Phase.ACCOUNT}, Stage.CONNECTING),
        ({"phase": Phase.STARTING}, Stage.LOADING),
        ({"phase": Phase.STARTING, "clients_connected": True}, Stage.RECONCILING),
        ({"ready": False}, Stage.WAITING_FOR_GATEWAY),
        ({"settling": True}, Stage.RECONCILING),
        ({"reconciled": False}, Stage.RECONCILING),
        ({"connected_at": NOW - 1, "data_at": None}, Stage.CONNECTING),
        ({}, Stage.TRADING),
        ({"session_open": False}, Stage.TRADING),
        ({"wandered": True}, Stage.DEGRADED),
        ({"data_only": True}, Stage.DEGRADED),
        ({"impaired": ("halted: lunch",)}, Stage.DEGRADED),
        ({"reader_alive": False}, Stage.DEAF),
        ({"trader_running": False}, Stage.ZOMBIE),
        ({"phase": Phase.STOPPING}, Stage.STOPPING),
    ],
)
def test_each_phase_and_what_brings_it_about(changes: dict[str, object], expected: Stage) -> None:
    assert decide(replace(TRADING, **changes), NOW, LIMITS).stage is expected  # type: ignore[arg-type]


def test_what_is_not_whole_is_told_and_is_still_trading() -> None:
    verdict = decide(replace(TRADING, impaired=("halted: lunch", "the cache does not answer")), NOW, LIMITS)
    assert verdict.state is State.TRADING
    assert verdict.sentence == "trading, but halted: lunch; the cache does not answer"


def test_a_queue_that_nobody_empties_is_deaf_after_a_while() -> None:
    assert state(queue=200, queue_behind_since=NOW - 4.9) is State.TRADING
    assert state(queue=200, queue_behind_since=NOW - 5.1) is State.DEAF
    assert state(behind=9.9) is State.TRADING
    assert state(behind=10.1) is State.DEAF
