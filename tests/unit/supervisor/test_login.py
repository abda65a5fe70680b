import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.login import Line, of_container, of_launcher, read
from supervisor.observation import LoginPhase, LoginView, Look, Result

LOOK = Look(Result.OK, 1.0)
BEGUN = "INFO  [JTS-Main] - ------------------------------- IB GATEWAY RESTART --------------------------------"
STARTED = "autorestart file not found: full authentication will be required"
CLICKED = "2026-11-22 13:00:00:000 IBC: Login attempt: 1"
ASKED = (
    " NS_AUTH_START version=52 pwd=1 soft=0 token(s)=[token=5, tokenSubtype=2, suffix=a[IB Key]] initialTokenType=PWD"
)
PUSHED = "2026-11-22 13:00:00:000 IBC: Second Factor Authentication initiated"
ANSWERED = "2026-11-22 13:00:00:000 IBC: Duration since login: 12 seconds"
DONE = "2026-11-22 13:00:00:000 IBC: Login has completed"
EXITING = "2026-11-22 13:00:00:000 IBC: Login has completed: exiting via [File, Close] menu"
AGAIN = "IBC will restart shortly"
TOKEN = "autorestart file found at /home/x/abcdef/autorestart: authentication will not be required"
COLD = "2026-11-22 13:00:00:000 IBC: Cold restart in progress"
WRONG = "Authorization failed: Invalid username or password. "
FAILED = "2026-11-22 13:00:00:000 IBC: detected dialog entitled: Login failed; event=Opened"
UNKNOWN_USER = "IBC: detected dialog entitled: Unrecognized Username or Password; event=Opened"
LOCKED = "Authorization failed: Account locked. MessageType: null. FailReason: 99"
THROTTLED = "Too many failed login attempts. Please wait 4 minutes & 55 seconds before attempting to re-login again."
GONE = "Authorization failed: SUPPRESS_MESSAGE_BOX. MessageType: null. FailReason: 2147483647"
GIVEN_UP = "IBC: Re-login after second factor authentication timeout not required"
OTHER = "IBC: detected dialog entitled: Existing session detected; event=Opened"
GIVES_WAY = "IBC: End this session and let the other session proceed (scenario 2)"
NOBODY_CHOSE = "IBC: User must choose whether to continue with this session (scenario 1)"
INSISTS = "IBC: Don't know the type of the other session, so continue this one (scenario 3)"
BEATEN = "IBC: Other session must be primary or primary override, so end this session … (scenario 4)"
STAYS = "IBC: Continue this session and let the other session exit (scenario 5)"
OLD_TOKEN = "Authorization failed: Your security tokens have expired, please manually enter your username and password."


def told(*texts: str) -> LoginView:
    return read([Line(100.0 + at, text) for at, text in enumerate(texts)], LOOK, lambda wall: wall - 50.0)


@pytest.mark.parametrize(
    ("log", "means"),
    [
        ((), LoginPhase.QUIET),
        (("a line that nobody knows",), LoginPhase.QUIET),
        ((STARTED,), LoginPhase.LOGGING_IN),
        ((BEGUN,), LoginPhase.RESTARTING),
        ((STARTED, BEGUN, "Switching to a new encrypted log..."), LoginPhase.QUIET),
        ((WRONG, BEGUN), LoginPhase.REFUSED),
        ((STARTED, CLICKED, ASKED), LoginPhase.LOGGING_IN),
        ((STARTED, PUSHED), LoginPhase.TWOFA),
        ((STARTED, ASKED, "Received CHALLENGE"), LoginPhase.TWOFA),
        ((STARTED, PUSHED, ANSWERED), LoginPhase.LOGGING_IN),
        ((STARTED, PUSHED, ANSWERED, DONE, "and more"), LoginPhase.QUIET),
        ((PUSHED, ANSWERED, GONE), LoginPhase.TWOFA_TIMED_OUT),
        ((PUSHED, ANSWERED, GIVEN_UP), LoginPhase.TWOFA_TIMED_OUT),
        (("IBC returned exit status 87",), LoginPhase.TWOFA_TIMED_OUT),
        (("IBC returned exit status 87", AGAIN), LoginPhase.RESTARTING),
        (("IBC returned exit status 0",), LoginPhase.QUIET),
        ((GONE, CLICKED), LoginPhase.LOGGING_IN),
        ((DONE, AGAIN), LoginPhase.RESTARTING),
        ((DONE, TOKEN), LoginPhase.RESTARTING),
        ((AGAIN, EXITING), LoginPhase.RESTARTING),
        ((TOKEN, "Switching to a new encrypted log..."), LoginPhase.QUIET),
        ((WRONG,), LoginPhase.REFUSED),
        ((FAILED,), LoginPhase.REFUSED),
        ((UNKNOWN_USER,), LoginPhase.REFUSED),
        ((LOCKED,), LoginPhase.REFUSED),
        ((THROTTLED,), LoginPhase.REFUSED),
        ((OTHER, NOBODY_CHOSE), LoginPhase.EXISTING_SESSION),
        ((OTHER, GIVES_WAY), LoginPhase.EXISTING_SESSION),
        # IBC begins again within a second: that makes a refused login no less refused
        ((WRONG, FAILED, COLD, AGAIN, STARTED, CLICKED, ASKED), LoginPhase.REFUSED),
        ((OTHER, GIVES_WAY, AGAIN, CLICKED), LoginPhase.EXISTING_SESSION),
        # ours goes on: the dialog alone is no reason to end it
        ((DONE, OTHER), LoginPhase.QUIET),
        ((DONE, OTHER, STAYS), LoginPhase.QUIET),
        ((CLICKED, OTHER, INSISTS), LoginPhase.LOGGING_IN),
        ((CLICKED, OTHER, INSISTS, OTHER, BEATEN), LoginPhase.EXISTING_SESSION),
        # but a push or a login that is through does
        ((WRONG, COLD, CLICKED, PUSHED), LoginPhase.TWOFA),
        ((OTHER, DONE), LoginPhase.QUIET),
        # last week's token is nobody's refusal
        ((TOKEN, OLD_TOKEN, COLD), LoginPhase.RESTARTING),
    ],
)
def test_what_a_log_tells(log: tuple[str, ...], means: LoginPhase) -> None:
    assert told(*log).phase is means


def test_it_says_since_when_and_by_which_words() -> None:
    view = told(CLICKED, PUSHED, "Received CHALLENGE", "nothing")
    assert (view.look, view.phase, view.since) == (LOOK, LoginPhase.TWOFA, 51.0)
    assert view.line == "Received CHALLENGE"
    assert told(THROTTLED).line == "Too many failed login attempts. Please wait 4 minutes & 55 seconds before"
    assert (told().since, told().line) == (None, "")


def test_a_restart_and_its_login_are_one_story() -> None:
    """IBC that finds no window to log in at begins anew each minute: that is none the younger for it."""
    no_window = ("IBC: Exiting after error with exit code=1112", "IBC returned exit status 88", AGAIN)
    view = told(STARTED, BEGUN, *no_window, BEGUN, *no_window)
    assert (view.phase, view.since) == (LoginPhase.RESTARTING, 50.0)
    assert told(BEGUN, BEGUN).since == 50.0, "the launcher's lines alone tell it as well"
    assert told(AGAIN, CLICKED).since == 50.0
    assert told(CLICKED, DONE, AGAIN).since == 52.0, "what came through before is over"
    assert told(CLICKED, PUSHED, ANSWERED).since == 52.0, "a person's time is not the login's"


@pytest.mark.parametrize("line", [ASKED, TOKEN, LOCKED, WRONG, FAILED, OLD_TOKEN, CLICKED])
def test_nothing_of_a_line_gets_out_that_could_be_somebodys(line: str) -> None:
    secret = "Sup3rS3cret"
    words = line.split(" ")
    for place in range(len(words) + 1):
        spoilt = " ".join([*words[:place], secret, *words[place:]])
        assert secret not in told(spoilt).line
    assert "/home" not in told(line).line


def test_two_logs_are_one_story() -> None:
    container = f"2026-11-22T13:00:00.123456789Z {PUSHED}\n2026-11-22T13:00:09.500000000Z {ANSWERED}\nno stamp\n"
    launcher = "1795352405.25 Received CHALLENGE\ntorn\n1795352409.75 Switching to a new encrypted log...\n17953"
    lines = [*of_launcher(launcher), *of_container(container)]
    assert [round(line.at - 1795352400, 3) for line in lines] == [5.25, 9.75, 0.123, 9.5]
    assert read(lines, LOOK, float).phase is LoginPhase.QUIET
    assert read([line for line in lines if line.at < 1795352409], LOOK, float).since == pytest.approx(1795352400.123)


@given(st.text(), st.text())
def test_no_text_is_an_error(log: str, note: str) -> None:
    view = read([*of_container(log), *of_launcher(note)], LOOK, float)
    assert view.phase in LoginPhase


@given(st.lists(st.sampled_from([STARTED, CLICKED, PUSHED, DONE, WRONG, COLD, OTHER, GONE, "x"])))
def test_a_login_that_is_through_ends_every_story(lines: list[str]) -> None:
    assert told(*lines, DONE).phase is LoginPhase.QUIET
    assert told(*lines, DONE, "x").since is not None


@given(st.permutations([STARTED, PUSHED, DONE, AGAIN]), st.randoms())
def test_the_order_in_which_lines_come_in_does_not_matter(texts: list[str], shuffle: object) -> None:
    lines = [Line(at, text) for at, text in zip(itertools.count(100.0), texts, strict=False)]
    mixed = list(lines)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    assert read(mixed, LOOK, float) == read(lines, LOOK, float)
