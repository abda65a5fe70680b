"""The journal: intents before acts, budgets that outlive a supervisor, and no act done twice."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.errors import JournalUnusable
from supervisor.faults import Rung
from supervisor.journal import Journal
from supervisor.memory import Act
from supervisor.observation import CONTAINERS, Outcome, Subject
from supervisor.policy import Budget, Policy
from supervisor.rules import Rules
from supervisor.states import EngineState, GatewayState
from tests.sim.world import World, settled


def act(number: int, rung: Rung = Rung.CONTAINER_RESTART) -> Act:
    return Act(number, rung, Subject.GATEWAY, 1, 0.0, 10.0, "why")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


def test_an_intent_without_an_outcome_has_spent_its_budget(journal: Journal) -> None:
    journal.intend("sim", act(1), 1000.0)
    journal.intend("sim", act(2), 1100.0)
    journal.ended("sim", Outcome(2, 0.0, False, refused=True), 1101.0)
    memory = journal.restore("sim", Policy(), 50.0, 1200.0)
    assert memory.gateway_spent == (-150.0,)  # the refused one was never done
    assert memory.next_act == 3


def test_tenants_do_not_share_budgets(journal: Journal) -> None:
    journal.intend("a", act(1), 1000.0)
    assert journal.restore("b", Policy(), 0.0, 1001.0).gateway_spent == ()


def test_what_is_older_than_every_window_is_forgotten(journal: Journal) -> None:
    journal.intend("sim", act(1), 1000.0)
    assert journal.restore("sim", Policy(), 0.0, 1000.0 + 6 * 3600 + 1).gateway_spent == ()


def test_facts_come_and_go(journal: Journal) -> None:
    journal.remember("sim", "proven:gateway", "x", 1.0)
    journal.remember("sim", "proven:gateway", "y", 2.0)
    assert journal.facts("sim")["proven:gateway"].value == "y"
    journal.remember("sim", "proven:gateway", "", 3.0)
    assert journal.facts("sim") == {}


def test_stops_of_the_same_going_down_are_forgotten(journal: Journal) -> None:
    journal.remember("sim", "asked:gateway", "old", 100.0)
    journal.remember("sim", "asked:engine", "new", 190.0)
    journal.forget_stops_since("sim", 180.0)
    assert set(journal.facts("sim")) == {"asked:gateway"}


def test_a_journal_that_cannot_be_opened_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(JournalUnusable, match="expected a writable journal"):
        Journal(tmp_path / "missing" / "journal.sqlite")


def test_a_journal_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    journal._db.execute("PRAGMA user_version=99")
    journal.close()
    with pytest.raises(JournalUnusable, match="version"):
        Journal(path)


def test_a_supervisor_killed_after_its_restart_does_not_restart_again() -> None:
    world = settled()
    world.kill_jvm()
    world.run(60, lambda w: Rung.CONTAINER_RESTART in w.rungs)
    world.supervisor_dies()
    world.run(60, lambda w: w.well)
    assert world.well
    assert world.rungs.count(Rung.CONTAINER_RESTART) == 1
    assert [incident.fault for incident in world.incidents] == ["jvm-dead", "supervisor-killed"]
    assert {incident.fault for _, incident in world.closed} == {"jvm-dead", "supervisor-killed"}


def test_a_supervisor_killed_before_its_restart_was_made_tries_once_more() -> None:
    world = settled()
    world.kill_jvm()
    world.run(60, lambda w: Rung.CONTAINER_RESTART in w.rungs)
    world.flying = None  # the call never reached Docker
    world.supervisor_dies()
    world.orphaned = False
    world.run(120, lambda w: w.well)
    assert world.well
    assert world.rungs.count(Rung.CONTAINER_RESTART) == 2
    assert len(world.memory.gateway_spent) == 2


def test_a_supervisor_killed_between_seen_and_act_carries_on() -> None:
    world = settled()
    world.docker_kill(Subject.GATEWAY)
    world.run(2)
    world.supervisor_dies()
    world.run(60, lambda w: w.well)
    assert world.rungs == [Rung.CONTAINER_START, Rung.ENGINE_RESYNC]
    assert len(world.incidents) == 1


def test_a_supervisor_restarted_in_calm_does_nothing() -> None:
    world = settled()
    world.supervisor_dies()
    world.run(30)
    assert world.well
    assert world.rungs == []
    assert world.incidents == []


@pytest.mark.parametrize("subject", CONTAINERS)
def test_a_persons_stop_is_remembered_by_the_next_supervisor(subject: Subject) -> None:
    world = settled()
    world.docker_stop(subject)
    world.run(5)
    world.supervisor_dies()
    world.run(60)
    assert world.rungs == []
    states = {Subject.GATEWAY: GatewayState.STOPPED, Subject.ENGINE: EngineState.STOPPED}
    assert states[subject] in (world.memory.gateway.state, world.memory.engine.state)


@pytest.mark.parametrize("subject", CONTAINERS)
def test_a_persons_stop_that_no_supervisor_saw_is_told_by_docker(subject: Subject) -> None:
    world = settled()
    world.docker_stop(subject)
    world.gateway.exit_code = 137  # killed in the end: nothing tidy about it
    world.supervisor_dies()
    world.run(60)
    assert world.rungs == []
    world.supervisor_dies()  # the next one has it from the journal
    world._recent.clear()
    world.run(60)
    assert world.rungs == []


def test_what_ended_by_itself_unseen_is_started() -> None:
    world = settled()
    world.docker_stop(Subject.ENGINE)
    world.docker_start(Subject.ENGINE)
    world.crash(Subject.ENGINE)
    world.supervisor_dies()
    world.run(60)
    assert world.rungs == [Rung.ENGINE_START]
    assert world.well


def test_a_restart_of_ours_that_came_to_nothing_is_no_persons_wish() -> None:
    world = settled()
    world.engine_mute = True
    world.run(120, lambda w: Rung.ENGINE_RESTART in w.rungs)
    act = world.memory.engine_hands
    assert act is not None
    world.flying = None
    world.docker_stop(Subject.ENGINE)  # Docker's own half of the restart; the other half failed
    world.supervisor_dies()
    world.run(120, lambda w: w.well)
    assert world.well
    assert not world.memory.engine.process.asked


def test_a_supervisor_to_whom_docker_tells_nothing_takes_an_engines_end_for_a_death() -> None:
    world = settled()
    world.docker_stop(Subject.ENGINE)
    world._recent.clear()
    world.supervisor_dies()
    world.run(60)
    assert world.rungs == [Rung.ENGINE_START]


def test_a_budget_outlives_the_supervisor() -> None:
    rules = Rules("sim", account="DUSIM0001", policy=Policy(container_budget=Budget.parse("2/6h")))
    world = settled(rules)
    world.restart_cures = False
    world.kill_jvm()
    for _ in range(20):
        world.run(100)
        world.supervisor_dies()
    world.run(100)
    assert world.rungs.count(Rung.CONTAINER_RESTART) == 2
    assert world.memory.gateway.state is GatewayState.GAVE_UP


def test_given_up_stays_given_up_across_supervisors() -> None:
    rules = Rules("sim", account="DUSIM0001", policy=Policy(container_budget=Budget.parse("1/1h")))
    world: World = settled(rules)
    world.restart_cures = False
    world.kill_jvm()
    world.run(1000)
    world.supervisor_dies()
    world.run(1000)
    assert world.rungs.count(Rung.CONTAINER_RESTART) == 1
    assert {row["fault"]: row["outcome"] for row in journal_rows(world)}["jvm-dead"] == "gave_up"


def journal_rows(world: World) -> list[dict[str, object]]:
    return world.journal.incidents("sim")


def report(utc: str, seconds: float = 1.0) -> dict[str, object]:
    return {"verdict": "go", "seconds": seconds, "checks": [{"name": "utc", "result": utc}]}


def test_a_preflight_that_says_the_same_takes_the_place_of_the_last(journal: Journal) -> None:
    for at, seconds in ((100.0, 1.0), (110.0, 2.0)):
        journal.keep_preflight("sim", report("pass", seconds), at)
    last = journal.last_preflight("sim")
    assert last is not None
    assert (last["since"], last["at"], json.loads(last["report"])["seconds"]) == (100.0, 110.0, 2.0)
    journal.keep_preflight("sim", report("fail"), 120.0)
    assert [row["since"] for row in journal._db.execute("SELECT since FROM preflights")] == [100.0, 120.0]


def test_preflights_are_each_tenants_own_and_the_oldest_are_forgotten(journal: Journal) -> None:
    journal.keep_preflight("other", report("pass"), 1.0)
    for at in range(250):
        journal.keep_preflight("sim", report("pass" if at % 2 else "fail"), float(at))
    rows = journal._db.execute("SELECT tenant, since FROM preflights ORDER BY since DESC").fetchall()
    assert [row["since"] for row in rows if row["tenant"] == "sim"] == [float(at) for at in range(249, 149, -1)]
    assert [row["since"] for row in rows if row["tenant"] == "other"] == [1.0]
    assert journal.last_preflight("nobody") is None
