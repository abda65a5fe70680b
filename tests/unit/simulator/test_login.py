"""The login as a machine: every way it can go, in the words and the order of the real one."""

import datetime as dt
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator import login
from gateway.simulator.login_state import (
    LOGIN_WINDOW_MISSING,
    REFUSED,
    TWOFA_TIMED_OUT,
    Effect,
    Exit,
    Ibc,
    Launcher,
    Login,
    Phase,
    Pushed,
    Rules,
    Script,
    TokenSpent,
)

AT = dt.datetime(2026, 11, 18, 17, 0, tzinfo=dt.UTC)
RULES = Rules(boot=25.0, login=20.0)
LINE = re.compile(r"pwd=(\d) soft=(\d+) token\(s\)=\[(.*)\] initialTokenType=(\w+)")


class Played:
    """What a login did until it ended, stood still or was through."""

    def __init__(self, rules: Rules, script: Script, warm: bool = False, failures: int = 0, good: bool = True) -> None:
        step = login.begin(rules, script, 0.0, warm, failures, rules.boot + rules.throttle)
        self.now = 0.0
        self.effects: list[tuple[float, Effect]] = []
        self.phases: list[Phase] = []
        for _ in range(200):
            self.login: Login = step.login
            self.effects += [(self.now, effect) for effect in step.effects]
            if self.login.phase not in self.phases[-1:]:
                self.phases.append(self.login.phase)
            if any(isinstance(effect, Exit) for effect in step.effects) or self.login.wakes == math.inf:
                return
            assert self.login.wakes >= self.now, "time goes on"
            self.now = self.login.wakes
            step = login.go_on(self.login, rules, script, self.now, AT + dt.timedelta(seconds=self.now), good)

    def said(self) -> list[str]:
        return [effect.text for _, effect in self.effects if isinstance(effect, Ibc)]

    def logged(self) -> list[str]:
        return [effect.text for _, effect in self.effects if isinstance(effect, Launcher)]

    def pushes(self) -> int:
        return sum(isinstance(effect, Pushed) for _, effect in self.effects)

    @property
    def exit(self) -> Exit | None:
        last = self.effects[-1][1]
        return last if isinstance(last, Exit) else None


def test_a_plain_login_takes_as_long_as_people_know_it() -> None:
    played = Played(RULES, Script())
    assert played.phases == [Phase.BOOTING, Phase.LOGIN, Phase.LOGGED_IN]
    assert played.now == 45.0
    assert played.said() == [
        "Starting session: will exit if login dialog is not displayed within 60 seconds",
        "Starting Gateway",
        "Login dialog WINDOW_OPENED: LoginState is LOGGED_OUT",
        "Setting Trading mode = paper",
        "Setting user name",
        "Setting password",
        "Login attempt: 1",
        "Click button: Paper Log In",
        "Login has completed",
    ]
    assert played.logged()[-1] == "Switching to a new encrypted log..."
    assert played.pushes() == 0


def test_a_push_that_is_approved() -> None:
    played = Played(RULES, Script(twofa=65.0))
    assert played.phases == [Phase.BOOTING, Phase.LOGIN, Phase.CHALLENGE, Phase.LOGIN, Phase.LOGGED_IN]
    assert played.now == 25 + 10 + 65 + 10
    assert played.pushes() == 1
    assert "Second Factor Authentication initiated" in played.said()
    assert "Duration since login: 75 seconds" in played.said()
    assert played.logged()[2] == "Received CHALLENGE"
    beats = [line for line in played.logged() if line.startswith("Sent NS_HEART_BEAT:")]
    assert beats[0] == "Sent NS_HEART_BEAT:#%#%0000MISC51;531;20261118-17:00:55;"
    assert len(beats) == 3, "every 20 s"


def test_a_push_that_nobody_answers_leaves_the_login_window_standing() -> None:
    played = Played(RULES, Script(twofa=math.inf))
    assert (played.exit, played.login.phase, played.login.wakes) == (None, Phase.LOGIN, math.inf)
    assert played.said()[-2:] == [
        "Duration since login: 190 seconds",
        "Re-login after second factor authentication timeout not required",
    ]
    assert "Authorization failed: SUPPRESS_MESSAGE_BOX. MessageType: null. FailReason: 2147483647" in played.logged()


def test_with_relogin_it_pushes_again_until_it_is_throttled_and_then_again() -> None:
    rules = Rules(boot=0.0, login=0.0, relogin=True, throttle_after=3)
    played = Played(rules, Script(twofa=math.inf))
    said = played.said()
    assert "Re-login after second factor authentication timeout in 5 second" in said
    throttled = (
        "Too many failed login attempts. Please wait 4 minutes & 50 seconds before attempting to re-login again."
    )
    first = said.index(throttled)
    assert said[:first].count("Second Factor Authentication initiated") == 3
    assert re.fullmatch(r"Will re-login at 2026-11-18 \d\d:\d\d:\d\d:\d\d\d; login number: 5", said[first + 1])
    assert Phase.THROTTLED in played.phases
    assert said[first:].count("Login attempt: 5") == 1


def test_a_wait_that_is_over_is_no_wait() -> None:
    step = login.begin(RULES, Script(), 0.0, warm=False, failures=7, released=25.0)
    step = login.go_on(step.login, RULES, Script(), 25.0, AT)
    assert (step.login.phase, step.login.failures) == (Phase.LOGIN, 0)


def test_without_relogin_a_throttled_gateway_stays_where_it_is() -> None:
    played = Played(RULES, Script(), failures=5)
    assert (played.login.phase, played.login.wakes) == (Phase.THROTTLED, math.inf)
    assert played.logged()[-1].startswith("Too many failed login attempts. Please wait 4 minutes & 55 seconds before")


@pytest.mark.parametrize(("seconds", "words"), [(53, "53 seconds"), (61, "1 minute & 1 seconds")])
def test_how_the_wait_is_worded(seconds: float, words: str) -> None:
    played = Played(Rules(0.0, 0.0, throttle=seconds), Script(), failures=5)
    assert f"Please wait {words} before" in played.said()[-1]


def test_a_push_that_ibkr_refuses_ends_with_87_under_relogin() -> None:
    rules = Rules(boot=25.0, login=20.0, relogin=True)
    played = Played(rules, Script(twofa=REFUSED))
    assert played.exit == Exit(TWOFA_TIMED_OUT)
    assert played.now == pytest.approx(35.3 + 60)
    assert "If login has not completed, IBC will exit in 60 seconds" in played.said()
    assert played.said()[-1] == "Exiting after error with exit code=1111"
    assert played.pushes() == 0
    assert Played(RULES, Script(twofa=REFUSED)).exit is None


def test_a_login_that_is_slow_after_its_push_is_given_up() -> None:
    rules = Rules(boot=0.0, login=200.0, relogin=True)
    assert Played(rules, Script(twofa=1.0)).exit == Exit(TWOFA_TIMED_OUT)
    patient = Rules(boot=0.0, login=200.0, relogin=True, twofa_exit_interval=101.0)
    assert Played(patient, Script(twofa=1.0)).login.phase is Phase.LOGGED_IN


def test_a_wrong_password_makes_ibc_start_cold() -> None:
    played = Played(RULES, Script(credentials="wrong"))
    assert played.exit == Exit(0, cold=True)
    assert played.said()[-3:] == [
        "Login failed",
        "Cold restart in progress",
        "Login has not completed: exiting immediately",
    ]
    assert "Authorization failed: Invalid username or password. " in played.logged()
    assert played.login.failures == 1
    assert Phase.REJECTED in played.phases


def test_a_dialog_that_ibc_does_not_know_stands() -> None:
    played = Played(RULES, Script(credentials="unrecognized"))
    assert (played.exit, played.login.phase, played.login.wakes) == (None, Phase.REJECTED, math.inf)
    assert played.said()[-1] == "detected dialog entitled: Unrecognized Username or Password; event=Opened"


def test_a_start_too_slow_for_ibc_ends_with_88() -> None:
    played = Played(RULES, Script(slow_boot=36.0))
    assert (played.exit, played.now) == (Exit(LOGIN_WINDOW_MISSING), 60.0)
    assert played.said()[-2:] == [
        "IBC closing after TWS/Gateway failed to display login dialog",
        "Exiting after error with exit code=1112",
    ]
    assert Played(RULES, Script(slow_boot=35.0)).login.phase is Phase.LOGGED_IN
    assert Played(RULES, Script(slow_boot=500.0), warm=True).login.phase is Phase.LOGGED_IN, "IBC waits for no window"


def test_a_token_needs_neither_password_nor_push_and_is_used_up() -> None:
    played = Played(RULES, Script(credentials="wrong", twofa=math.inf), warm=True)
    assert played.phases == [Phase.BOOTING, Phase.LOGIN, Phase.LOGGED_IN]
    assert played.now == 45.0
    assert played.said() == ["Re-starting session", "Starting Gateway", "Login has completed"]
    assert any(isinstance(effect, TokenSpent) for _, effect in played.effects)
    assert played.logged()[0].startswith("Running in auto-restart mode")


def test_last_weeks_token_is_refused_and_costs_a_full_login() -> None:
    played = Played(RULES, Script(), warm=True, good=False)
    assert played.exit == Exit(0, cold=True)
    assert "Cold restart in progress" in played.said()
    assert any(text.startswith("Login error message:") for text in played.said())


@pytest.mark.parametrize(
    ("action", "competing", "scenarios", "through", "ends"),
    [
        ("manual", "yields", [1], False, False),
        ("secondary", "yields", [2], False, True),
        ("primary", "yields", [3], True, False),
        ("primary", "insists", [3, 4], False, True),
        ("primaryoverride", "insists", [3, 4], False, True),
    ],
)
def test_another_session_at_login(action: str, competing: str, scenarios: list[int], through: bool, ends: bool) -> None:
    rules = Rules(25.0, 20.0, existing_session=action)  # type: ignore[arg-type]
    played = Played(rules, Script(competing=competing))  # type: ignore[arg-type]
    found = [int(seen[1]) for text in played.said() if (seen := re.search(r"\(scenario (\d)\)", text))]
    assert found == scenarios
    assert (played.login.phase is Phase.LOGGED_IN) is through
    assert (played.exit == Exit(0)) is ends


@pytest.mark.parametrize(
    ("action", "scenario", "ends"), [("manual", 1, False), ("secondary", 2, True), ("primaryoverride", 6, True)]
)
def test_another_session_takes_a_login_that_is_through(action: str, scenario: int, ends: bool) -> None:
    rules = Rules(0.0, 0.0, existing_session=action)  # type: ignore[arg-type]
    step = login.compete(Played(rules, Script()).login, rules, 100.0)
    assert any(f"(scenario {scenario})" in effect.text for effect in step.effects if isinstance(effect, Ibc))
    assert (Exit(0) in step.effects) is ends
    assert step.login.phase is Phase.EXISTING_SESSION


def test_a_primary_takes_it_back() -> None:
    rules = Rules(25.0, 20.0)
    step = login.compete(Played(rules, Script()).login, rules, 100.0)
    assert step.login.wakes == 110.0
    again = login.go_on(step.login, rules, Script(competing="yields"), 110.0, AT)
    assert again.login.phase is Phase.LOGGED_IN


@pytest.mark.parametrize("approved", [True, False])
def test_the_human_can_answer_at_any_moment(approved: bool) -> None:
    script = Script(twofa=math.inf)
    step = login.begin(Rules(0.0, 0.0), script, 0.0, warm=False)
    while step.login.phase is not Phase.CHALLENGE:
        step = login.go_on(step.login, Rules(0.0, 0.0), script, step.login.wakes, AT)
    assert step.login.wakes == login.HEART_BEAT
    answered = login.answer(step.login, approved, 7.0)
    step = login.go_on(answered, Rules(0.0, 0.0), script, answered.wakes, AT)
    assert any("event=Closed" in effect.text for effect in step.effects if isinstance(effect, Ibc))
    assert (step.login.wakes < math.inf) is approved
    assert login.answer(step.login, True, 8.0) is step.login, "nothing is pending any more"


def test_the_lines_of_an_authentication_are_the_known_ones() -> None:
    """Readers of launcher.log look for these forms."""
    with_push, without, warm = (
        Played(RULES, Script(twofa=1.0)).logged(),
        Played(RULES, Script()).logged(),
        Played(RULES, Script(), warm=True).logged(),
    )
    for lines, found in ((with_push, ("1", "0", "PWD")), (without, ("1", "0", "PWD")), (warm, ("0", "1", "SOFT"))):
        [seen] = [LINE.search(line) for line in lines if "NS_AUTH_START" in line]
        assert seen is not None
        assert (seen[1], seen[2], seen[4]) == found
    assert any("[IB Key]" in line for line in with_push)
    assert not any("[IB Key]" in line for line in without)


_SECONDS = st.sampled_from([0.0, 0.5, 20.0, 70.0, 250.0])
SCRIPTS = st.builds(
    Script,
    credentials=st.sampled_from(["ok", "wrong", "unrecognized"]),
    twofa=st.sampled_from([None, 0.0, 10.0, 179.0, 300.0, math.inf, REFUSED]),
    competing=st.sampled_from(["no", "yields", "insists"]),
    slow_boot=_SECONDS,
)
RULE_SETS = st.builds(
    Rules,
    boot=_SECONDS,
    login=_SECONDS,
    relogin=st.booleans(),
    existing_session=st.sampled_from(["manual", "primary", "primaryoverride", "secondary"]),
    throttle_after=st.integers(1, 5),
    throttle=st.sampled_from([1.0, 55.0, 295.0]),
)


@given(RULE_SETS, SCRIPTS, st.booleans(), st.integers(0, 6), st.booleans())
def test_whatever_is_scripted_it_never_runs_on_the_spot(
    rules: Rules, script: Script, warm: bool, failures: int, good: bool
) -> None:
    """Time goes on at least every few steps, a push is never sent twice for one attempt, and who is through has had
    every push of his answered."""
    played = Played(rules, script, warm, failures, good)
    attempts = sum(text.startswith("Login attempt:") for text in played.said())
    assert played.pushes() <= attempts
    through = played.login.phase is Phase.LOGGED_IN
    assert through == ("Login has completed" in played.said())
    if through and not warm:
        assert script.credentials == "ok"
        assert script.twofa is None or 0 <= script.twofa <= rules.twofa_timeout
    moments = [when for when, _ in played.effects]
    assert all(moments.count(moment) <= 40 for moment in set(moments))
