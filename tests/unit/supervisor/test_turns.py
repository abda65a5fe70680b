"""Logins that take turns, part by part: who logs in, what is known of it, and the file that the wrapper reads."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from supervisor.memory import GatewayTrack, Memory, Process
from supervisor.observation import Container, LedgerView, Login, LoginPhase, LoginView, Observation, Status, Turn
from supervisor.policy import Budget
from supervisor.probes.ledger import Ledger
from supervisor.states import GatewayState
from supervisor.turns import Turns, logs_in_since
from tws.clock import SystemClock

UP = Container("id", "watchkeeper-a-gateway", Status.RUNNING, "2026-11-22T13:00:00Z")
STARTING = Memory(gateway=GatewayTrack(state=GatewayState.STARTING))
LOGS_IN = Observation(gateway=UP, ledger=LedgerView(attempts=(10.0, 100.0)))


@pytest.mark.parametrize(
    ("memory", "observation", "since"),
    [
        (STARTING, LOGS_IN, 100.0),
        (STARTING, replace(LOGS_IN, login=LoginView(phase=LoginPhase.TWOFA, since=130.0)), 130.0),
        (STARTING, replace(LOGS_IN, ledger=LedgerView(attempts=(100.0,), waiting=True)), None),
        (STARTING, replace(LOGS_IN, ledger=LedgerView()), None),
        (STARTING, replace(LOGS_IN, gateway=None), None),
        (STARTING, replace(LOGS_IN, gateway=replace(UP, status=Status.EXITED)), None),
        (Memory(gateway=GatewayTrack(state=GatewayState.READY)), LOGS_IN, None),
        (Memory(gateway=GatewayTrack(state=GatewayState.DEGRADED)), LOGS_IN, 100.0),
        (Memory(gateway=GatewayTrack(state=GatewayState.FAILING, process=Process(died_at=120.0))), LOGS_IN, None),
    ],
    ids=["a start", "a push", "it waits", "no login", "no container", "ended", "ready", "by RECONNECTACCOUNT", "dead"],
)
def test_who_logs_in(memory: Memory, observation: Observation, since: float | None) -> None:
    assert logs_in_since(memory, observation) == since


def test_a_new_supervisor_says_yes_to_nobody_before_it_has_heard_of_all() -> None:
    turns = Turns(1, 1000.0)
    assert not turns.tell("a", 1001.0, None, True, True).granted
    assert not turns.tell("b", 1002.0, 990.0, False, False).granted  # it logged in before we were here
    waits = turns.tell("a", 1006.0, None, True, True)
    assert (waits.granted, waits.since, waits.words) == (False, 1001.0, "waits for its turn to log in, behind b")
    assert waits.sentence(1010.0) == "waits for its turn to log in: b logs in since 20 s"
    turns.tell("b", 1007.0, None, False, False)
    assert turns.tell("a", 1008.0, None, True, True).granted


def test_a_yes_that_is_not_used_is_given_on() -> None:
    turns = Turns(1, 0.0)
    assert turns.tell("a", 10.0, None, True, True).granted
    assert not turns.tell("b", 11.0, None, True, True).granted
    assert turns.tell("a", 12.0, None, True, True).granted, "its yes stands"
    turns.tell("a", 13.0, None, False, True)  # the wrapper went on, or died
    assert not turns.tell("b", 20.0, None, True, True).granted
    assert turns.tell("b", 41.0, None, True, True).granted


def test_a_login_that_shows_itself_takes_the_place_of_its_yes_and_frees_it_when_it_ends() -> None:
    turns = Turns(1, 0.0)
    assert turns.tell("a", 10.0, None, True, False).granted
    turns.tell("a", 12.0, 9.5, False, False)  # stamped in whole seconds
    assert turns.tell("b", 13.0, None, True, False).busy == (Login("a", 9.5),)
    turns.tell("a", 20.0, None, False, False)
    assert turns.tell("b", 20.5, None, True, False).granted


def test_a_wish_that_nobody_repeats_is_none() -> None:
    turns = Turns(1, 0.0)
    turns.tell("other", 9.0, 9.0, False, False)
    turns.tell("gone", 10.0, None, True, True)
    turns.tell("other", 12.0, None, False, False)
    assert not turns.tell("b", 13.0, None, True, False).granted
    assert turns.tell("b", 30.0, None, True, False).granted


# -- what the wrapper is told ------------------------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path, tmp_path, tmp_path, Budget.parse("2/30m"), SystemClock())


def test_the_wrappers_question_is_read_and_answered(ledger: Ledger, tmp_path: Path) -> None:
    turn = tmp_path / "turn"
    note = {"at": time.time(), "state": "turn", "next_at": None, "reason": "asks for its turn", "asks": "42"}
    (tmp_path / "ledger").write_text(json.dumps(note))
    view = ledger.look()
    assert (view.asks, view.waiting) == ("42", True)
    ledger.answer(None, Turn(), 7.0)
    assert turn.read_text() == "ask first\n"
    ledger.answer("42", Turn(since=1.0, busy=(Login("a", 1.0),)), 7.0)
    assert turn.read_text() == "wait 7 waits for its turn to log in, behind a\n"
    ledger.answer("42", Turn(granted=True), 9.0)
    assert turn.read_text() == "go 42\n"
    ledger.take_no_turns()
    assert not turn.exists()
    (tmp_path / "ledger").write_text(json.dumps(note | {"state": "open"}))
    assert ledger.look().asks is None


def test_a_folder_that_cannot_be_written_costs_the_queue_and_nothing_else(tmp_path: Path) -> None:
    away = tmp_path / "away"
    nowhere = Ledger(away, away, away, Budget.parse("2/30m"), SystemClock())
    nowhere.answer("42", Turn(granted=True), 1.0)
    nowhere.take_no_turns()
