"""Fault 26 once the token has ended: a login that needs a push waits for somebody; a gateway that is up is let be."""

from datetime import UTC, datetime

import pytest

from supervisor.faults import Rung
from supervisor.observation import LedgerView, LoginPhase, Look, Result, Subject
from supervisor.policy import Budget
from supervisor.rules import Rules
from supervisor.states import GatewayState
from supervisor.windows import Reauth
from tests.sim.house import House
from tests.sim.invariants import Invariants
from tests.sim.world import World, settled


def saturday(reauth: str | None = "sun 17:00 America/New_York", *, twofa: bool = True) -> House:
    """The evening before, in New York; all is well. The token ends at 06:00 UTC, REAUTH_AT is at 22:00."""
    rules = Rules(
        "sim",
        account="DUSIM0001",
        weekly_token=True,
        twofa=twofa,
        reauth=Reauth.parse(reauth) if reauth is not None else None,
    )
    house = House(rules, midnight=datetime(2026, 3, 1, tzinfo=UTC), docker_restarts=True, twofa=twofa)
    house.on_turn.append(Invariants(house).turned)
    house.run(120.0, lambda w: w.well)
    assert house.well
    return house


def until(house: House, clock: str) -> None:
    """Let time pass until that time of 2026-03 (day and hour, UTC)."""
    house.run(house.monotonic(datetime.fromisoformat(f"2026-03-{clock}+00:00")) - house.now)


def told(house: House) -> list[str]:
    return [text for _, text in house.pages if text.startswith("weekly-token") and "on hold" in text]


def restarted_at_night() -> House:
    """By the gateway's own daily restart, an hour after the token has ended."""
    house = saturday()
    until(house, "01T07:00")
    house.daily_restart()
    house.run(600.0)
    return house


def test_a_gateway_that_is_up_by_last_weeks_login_is_not_held() -> None:
    house = saturday()
    until(house, "01T21:59")
    assert (house.hold, house.rungs, house.attempts) == (None, [], ())
    assert house.well


def test_a_line_left_in_the_log_of_one_that_is_up_means_nothing() -> None:
    house = saturday()
    until(house, "01T07:00")
    house.login, house.login_since = LoginPhase.TWOFA_TIMED_OUT, house.now
    house.run(60.0)
    assert (house.hold, house.rungs) == (None, [])


def test_at_reauth_a_gateway_that_is_up_is_left_alone_and_a_person_told_once() -> None:
    house = saturday()
    until(house, "02T05:00")
    assert (house.hold, house.rungs, house.attempts) == (None, [], ())
    assert [text for _, text in house.pages if "next restart needs a push" in text] == [house.pages[-1][1]]


def test_no_login_is_made_at_night() -> None:
    house = restarted_at_night()
    until(house, "01T21:59")
    assert house.attempts == ()
    assert house.waiting
    assert house.hold is not None
    assert house.hold.startswith("weekly-token: ")
    assert house.rungs == [Rung.LOGIN_HOLD]
    assert len(told(house)) == 1


def test_reauth_lets_one_push_through_and_all_is_well() -> None:
    house = restarted_at_night()
    until(house, "01T22:10")
    assert len(house.attempts) == 1
    assert house.hold is None
    assert house.well
    assert [rung for rung in house.rungs if rung is not Rung.ENGINE_RESYNC] == [
        Rung.LOGIN_HOLD,
        Rung.LOGIN_LIFT,
        Rung.LOGIN_HOLD,
        Rung.LOGIN_LIFT,
    ]
    until(house, "02T12:00")
    house.daily_restart()
    house.run(600.0)
    assert house.well, "the new token is good for a week"
    assert len(house.attempts) == 1


def test_a_push_that_nobody_answers_is_the_only_one() -> None:
    house = restarted_at_night()
    house.push_answered_after = None
    until(house, "01T22:30")
    pages = len(house.pages)
    assert len(house.attempts) == 1
    assert house.hold is not None
    assert any(text.startswith("weekly-token: logins are on hold again") for _, text in house.pages)
    until(house, "04T22:30")
    assert len(house.pages) == pages, "and nobody is told again and again"
    assert house.rungs.count(Rung.LOGIN_LIFT) == 1
    house.push_answered_after = 20.0
    house.lift()
    house.run(600.0, lambda w: w.well)
    assert house.well
    assert house.hold is None


def test_one_push_even_when_the_supervisor_dies_after_it() -> None:
    house = restarted_at_night()
    house.push_answered_after = None
    until(house, "01T22:02")
    assert len(house.attempts) == 1
    house.supervisor_dies()
    until(house, "01T23:30")
    assert len(house.attempts) == 1
    assert house.rungs.count(Rung.LOGIN_LIFT) == 1


def test_no_push_at_reauth_while_paused_and_it_is_not_made_up_for_later() -> None:
    house = restarted_at_night()
    house.paused = True
    until(house, "01T22:45")
    house.paused = False
    until(house, "02T12:00")
    assert house.attempts == ()
    assert house.waiting


def test_no_push_at_reauth_beyond_the_ledger() -> None:
    house = restarted_at_night()
    house.attempts = (house.now,) * 4  # of the last 24 h
    house._keep_ledger()
    until(house, "01T23:00")
    assert len(house.attempts) == 4


def test_another_hold_is_not_reauths_to_lift() -> None:
    house = restarted_at_night()
    house.hold = "login-refused: a person is needed"
    house._keep_ledger()
    until(house, "01T23:00")
    assert house.attempts == ()


def test_without_reauth_it_waits_for_a_person() -> None:
    house = saturday(None)
    until(house, "01T07:00")
    house.daily_restart()
    until(house, "03T12:00")
    assert house.attempts == ()
    assert len(told(house)) == 1
    house.lift()
    house.run(600.0, lambda w: w.well)
    assert house.well
    assert len(house.attempts) == 1


def test_an_account_without_a_second_factor_is_not_held() -> None:
    house = saturday(twofa=False)
    until(house, "01T07:00")
    house.daily_restart()
    house.run(600.0)
    assert house.well
    assert len(house.attempts) == 1
    assert Rung.LOGIN_HOLD not in house.rungs


def test_a_dead_gateway_of_last_week_waits_for_reauth_and_is_then_restarted() -> None:
    house = saturday()
    until(house, "01T07:00")
    house.kill_jvm()
    until(house, "01T21:59")
    assert house.rungs == [Rung.LOGIN_HOLD], "its restart would be a push at night"
    assert len(told(house)) == 1
    until(house, "01T22:15")
    assert Rung.CONTAINER_RESTART in house.rungs
    assert len(house.attempts) == 1
    assert house.well


def test_a_restart_with_this_weeks_login_is_not_held() -> None:
    house = saturday()
    house.kill_jvm()
    house.run(600.0, lambda w: w.well and bool(w.closed))
    assert Rung.LOGIN_HOLD not in house.rungs
    assert house.well


def test_the_login_of_the_week_outlives_the_supervisor() -> None:
    house = restarted_at_night()
    until(house, "01T22:10")
    house.supervisor_dies()
    house.run(60.0)
    house.daily_restart()
    house.run(600.0)
    assert house.well
    assert house.hold is None


@pytest.mark.parametrize(("host_boot", "held"), [(True, True), (False, False)])
def test_a_cold_boot_is_held_after_its_first_login(*, host_boot: bool, held: bool) -> None:
    world = settled(Rules("sim", account="DUSIM0001", twofa=True))
    world.boot_seconds = 3000.0
    world.docker_stop(world.gateway.subject)
    world.docker_start(world.gateway.subject)
    world.ledger = LedgerView(Look(Result.OK, world.now), (world.now,), host_boot=host_boot)
    world.login, world.login_since = LoginPhase.LOGGING_IN, world.now
    world.run(60.0)
    assert (world.ledger.hold is not None) is held
    assert world.rungs == [Rung.LOGIN_HOLD] * held
    assert world.memory.gateway.state is not GatewayState.GAVE_UP
    world._ready_at, world.login = world.now, LoginPhase.QUIET
    world.run(60.0, lambda w: w.well and w.ledger.hold is None)
    assert world.ledger.hold is None, "it is up"


def test_a_dry_run_only_says_so() -> None:
    world: World = saturday()
    world.rules = Rules("sim", account="DUSIM0001", weekly_token=True, twofa=True, dry_run=True)
    assert isinstance(world, House)
    until(world, "01T07:00")
    world.daily_restart()
    world.run(10.0)
    assert world.rungs == []
    assert "login-hold" in world.sentence


# -- fault 13, whatever the ledger's size ------------------------------------------------------------------------------


def unanswered(*, dies: bool = False) -> House:
    """A midweek crash, Docker brings it back, nobody looks at the phone, and the ledger has room for ever."""
    house = saturday(twofa=False)
    house.twofa, house.push_answered_after, house.login_budget = True, None, Budget.parse("1000/24h")
    house.crash(Subject.GATEWAY)
    if dies:
        house.run(260.0)
        assert len(house.attempts) == 2
        house.supervisor_dies()
    house.run(3600.0)
    return house


@pytest.mark.parametrize("dies", [False, True])
def test_two_pushes_are_all_however_large_the_ledger(*, dies: bool) -> None:
    house = unanswered(dies=dies)
    assert len(house.attempts) == 2
    assert house.hold is not None
    assert len([text for _, text in house.pages if text.startswith("twofa-timeout:")]) == 1


def test_a_second_push_that_is_answered_holds_nothing() -> None:
    house = saturday(twofa=False)
    house.twofa, house.push_answered_after, house.login_budget = True, None, Budget.parse("1000/24h")
    house.crash(Subject.GATEWAY)
    house.run(400.0, lambda w: len(house.attempts) == 2)
    house.push_answered_after = 20.0
    house.run(300.0, lambda w: w.well)
    assert house.well
    assert house.hold is None
    house.crash(Subject.GATEWAY)
    house.push_answered_after = None
    house.run(240.0)
    assert house.hold is None, "the next time one more is allowed again"


def test_after_a_person_has_lifted_the_hold_it_is_counted_anew() -> None:
    house = unanswered()
    house.lift()
    house.run(3600.0)
    assert len(house.attempts) == 4
    assert house.hold is not None
    assert len([text for _, text in house.pages if text.startswith("twofa-timeout:")]) == 2
