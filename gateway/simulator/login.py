"""How one run of the gateway's process gets logged in: a state machine without clocks, files or sockets.

It says what IBC and the gateway would write at each step, and until when it has nothing to say. The order of steps and
the words are those of IBC 3.24 and of a gateway's launcher.log; where a duration is IBKR's own it is a setting.
"""

import datetime as dt
import math
from dataclasses import replace

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
    Raw,
    Rules,
    Script,
    Step,
    Then,
    TokenSpent,
)
from gateway.simulator.narrate import QUITS, RULE, stamp

HEART_BEAT = 20.0
"""Seconds between two lines of the gateway while a push is pending (seen)."""
_FLICKER = 0.3
"""Seconds that the dialog of a refused push stands (seen)."""
_AGAIN = 5.0
"""Seconds until IBC logs in again after an unanswered push."""
_AFTER_THROTTLE = 3.0
"""Seconds that IBC adds to the wait it was told."""

TOKEN_REFUSED = "Your security tokens have expired, please manually enter your username and password."  # noqa: S105 (a text, no secret)
"""What IBKR says of last week's token. Assumed: only the first words are known."""


def begin(rules: Rules, script: Script, now: float, warm: bool, failures: int = 0, released: float = -math.inf) -> Step:
    """A new process. `warm`: with a token."""
    boot = rules.boot + script.slow_boot
    if warm:
        login = Login(Phase.BOOTING, Then.WINDOW, now + boot, warm, failures, released)
        return Step(login, (Ibc("Re-starting session"), Ibc("Starting Gateway")))
    missing = boot > rules.window_timeout
    then = Then.NO_WINDOW if missing else Then.WINDOW
    limit = f"{rules.window_timeout:.0f}"
    text = f"Starting session: will exit if login dialog is not displayed within {limit} seconds"
    login = Login(Phase.BOOTING, then, now + min(boot, rules.window_timeout), warm, failures, released)
    return Step(login, (Ibc(text), Ibc("Starting Gateway")))


def go_on(login: Login, rules: Rules, script: Script, now: float, at: dt.datetime, token_good: bool = True) -> Step:
    """What happens at `login.wakes`. `at` is the moment, in the gateway's zone, for texts that carry one; `token_good`
    whether IBKR takes the token of a warm start."""
    match login.then:
        case Then.WINDOW:
            return _restore(login, rules, now, token_good) if login.warm else _attempt(login, rules, now, at)
        case Then.NO_WINDOW:
            return _give_up(login, LOGIN_WINDOW_MISSING, "IBC closing after TWS/Gateway failed to display login dialog")
        case Then.PASSWORD:
            return _password(login, rules, script, now)
        case Then.CHALLENGE:
            return _challenged(login, rules, now, at)
        case Then.PROCEED:
            return _completed(login) if script.competing == "no" else _contended(login, rules, now)
        case Then.CONTENDED:
            return _contended(login, rules, now) if script.competing == "insists" else _completed(login)
        case Then.DONE:
            return _completed(login)
        case Then.RETRY:
            return _attempt(login, rules, now, at)
        case Then.GIVE_UP:
            text = "IBC closing because login has not completed after Second Factor Authentication"
            return _give_up(login, TWOFA_TIMED_OUT, text)
        case Then.QUIT:
            return Step(login.held(login.phase), (Ibc(QUITS), Exit(0, cold=True)))
        case Then.NOTHING:
            return Step(login.held(login.phase))


def answer(login: Login, approved: bool, now: float) -> Login:
    """The human answers the pending push at this moment."""
    if login.phase is not Phase.CHALLENGE:
        return login
    return replace(login, answers=now if approved else REFUSED, wakes=now)


def compete(login: Login, rules: Rules, now: float) -> Step:
    """Another session takes the login of one that is through."""
    held = login.held(Phase.EXISTING_SESSION)
    match rules.existing_session:
        case "manual":
            return Step(held, (_CONFLICT, _MANUAL))
        case "secondary":
            return Step(held, (_CONFLICT, _SECONDARY, Exit(0)))
        case "primaryoverride":
            text = "Other session may be primary, so end this session and let the other one proceed (scenario 6)"
            return Step(held, (_CONFLICT, Ibc(text), Exit(0)))
        case "primary":
            text = "Continue this session and let the other session exit (scenario 5)"
            going_on = replace(held, then=Then.CONTENDED, wakes=now + rules.login / 2, conflicts=1)
            return Step(going_on, (_CONFLICT, Ibc(text)))


_CONFLICT = Ibc("detected dialog entitled: Existing session detected; event=Opened")
_MANUAL = Ibc("User must choose whether to continue with this session (scenario 1)")
_SECONDARY = Ibc("End this session and let the other session proceed (scenario 2)")


def _attempt(login: Login, rules: Rules, now: float, at: dt.datetime) -> Step:
    """Credentials in, Log In clicked."""
    number = login.attempt + 1
    effects: list[Effect] = []
    if number == 1:
        effects.append(Ibc("Login dialog WINDOW_OPENED: LoginState is LOGGED_OUT"))
    effects += [
        Ibc(f"Setting Trading mode = {rules.trading_mode}"),
        Ibc("Setting user name"),
        Ibc("Setting password"),
        Ibc(f"Login attempt: {number}"),
        Ibc("Click button: Paper Log In" if rules.trading_mode == "paper" else "Click button: Log In"),
        Launcher(
            f"LauncherLoginThread.runLoginWithUI()[hotBackupStrategy=ON,loginAttempt={number},socketDelay=20000]."
        ),
    ]
    tried = replace(login.held(Phase.LOGIN), attempt=number, clicked=now, answers=math.inf)
    if login.failures >= rules.throttle_after and now >= login.released:
        tried = replace(tried, failures=0)
    if tried.failures < rules.throttle_after:
        return Step(replace(tried, then=Then.PASSWORD, wakes=now + rules.login / 2), tuple(effects))
    left = login.released - now
    text = f"Too many failed login attempts. Please wait {_wait(left)} before attempting to re-login again."
    effects += [Launcher(text), Ibc(text)]
    throttled = replace(tried, phase=Phase.THROTTLED)
    if rules.relogin:
        pause = left + _AFTER_THROTTLE
        until = at + dt.timedelta(seconds=pause)
        effects.append(Ibc(f"Will re-login at {stamp(until)}; login number: {number + 1}"))
        throttled = replace(throttled, then=Then.RETRY, wakes=now + pause)
    return Step(throttled, tuple(effects))


def _wait(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} minute{'s' if minutes > 1 else ''} & {rest} seconds" if minutes else f"{rest} seconds"


def _restore(login: Login, rules: Rules, now: float, token_good: bool) -> Step:
    """A start with the token: no credentials, no push."""
    effects: tuple[Effect, ...] = (
        TokenSpent(),
        Launcher("Running in auto-restart mode: restoring session token and session ID"),
        Launcher(_auth_start("SOFT", _IB_KEY, password=False)),
    )
    if token_good:
        return Step(replace(login, phase=Phase.LOGIN, then=Then.DONE, wakes=now + rules.login), effects)
    refused = (
        Launcher(f"Authorization failed: {TOKEN_REFUSED} MessageType: null. FailReason: 99"),
        Ibc("detected dialog entitled: Login Error; event=Opened"),
        Ibc(f"Login error message:\n{TOKEN_REFUSED}"),
        Ibc("Cold restart in progress"),
    )
    return Step(replace(login, phase=Phase.REJECTED, then=Then.QUIT, wakes=now), (*effects, *refused))


def _password(login: Login, rules: Rules, script: Script, now: float) -> Step:
    """IBKR has looked at the password."""
    if script.credentials != "ok":
        return _wrong(login, rules, script, now)
    if script.twofa is None:
        passed = replace(login, then=Then.PROCEED, wakes=now + rules.login / 2 + script.slow_login)
        return Step(passed, (Launcher(_auth_start("PWD", "token=0")), _through(0)))
    refused = script.twofa == REFUSED
    pending = replace(
        login,
        phase=Phase.CHALLENGE,
        then=Then.CHALLENGE,
        pushed=now,
        answers=REFUSED if refused else now + script.twofa,
        wakes=now + (_FLICKER if refused else min(HEART_BEAT, script.twofa, rules.twofa_timeout)),
    )
    sent: tuple[Effect, ...] = () if refused else (Launcher("Received CHALLENGE"), Pushed())
    opened = Ibc("detected dialog entitled: Second Factor Authentication; event=Opened")
    asked = Launcher(_auth_start("PWD", _IB_KEY))
    return Step(pending, (asked, *sent, opened, Ibc("Second Factor Authentication initiated")))


def _refused(login: Login, rules: Rules, now: float) -> Login:
    """One more refused login, which may bring a wait."""
    failures = login.failures + 1
    return replace(
        login, failures=failures, released=now + rules.throttle if failures >= rules.throttle_after else -math.inf
    )


def _wrong(login: Login, rules: Rules, script: Script, now: float) -> Step:
    """The password is not taken."""
    rejected = _refused(login, rules, now).held(Phase.REJECTED)
    seen: tuple[Effect, ...] = (
        Launcher(_auth_start("PWD", "token=0")),
        Launcher("AUTH_RESULT indicates wrong password"),
        Launcher("Authorization failed: Invalid username or password. "),
    )
    if script.credentials == "unrecognized":
        unknown = Ibc("detected dialog entitled: Unrecognized Username or Password; event=Opened")
        return Step(rejected, (*seen, unknown))
    opened = Ibc("detected dialog entitled: Login failed; event=Opened")
    quitting = replace(rejected, then=Then.QUIT, wakes=now)
    return Step(quitting, (*seen, opened, Ibc("Login failed"), Ibc("Cold restart in progress")))


def _challenged(login: Login, rules: Rules, now: float, at: dt.datetime) -> Step:
    """A push is pending."""
    ends = login.pushed + rules.twofa_timeout
    refused = login.answers == REFUSED
    approved = not refused and login.answers <= min(now, ends)
    if not approved and not refused and now < ends:
        beat = Launcher(f"Sent NS_HEART_BEAT:#%#%0000MISC51;531;{at.astimezone(dt.UTC):%Y%m%d-%H:%M:%S};")
        return Step(replace(login, wakes=min(now + HEART_BEAT, login.answers, ends)), (beat,))
    since = now - login.clicked
    early = since < rules.twofa_timeout
    effects: list[Effect] = [
        Ibc("detected dialog entitled: Second Factor Authentication; event=Closed"),
        Ibc(f"Duration since login: {int(since)} seconds"),
    ]
    closed = login.held(Phase.LOGIN)
    if early and rules.relogin:
        limit = rules.twofa_exit_interval
        effects.append(Ibc(f"If login has not completed, IBC will exit in {limit:.0f} seconds"))
        closed = replace(closed, then=Then.GIVE_UP, wakes=now + limit)
    if approved:
        effects.append(_through(5))
        if now + rules.login / 2 < closed.wakes:
            closed = replace(closed, then=Then.PROCEED, wakes=now + rules.login / 2)
        return Step(closed, tuple(effects))
    effects.append(Launcher("Authorization failed: SUPPRESS_MESSAGE_BOX. MessageType: null. FailReason: 2147483647"))
    if not early and rules.relogin:
        effects.append(Ibc("Re-login after second factor authentication timeout in 5 second"))
        closed = replace(closed, then=Then.RETRY, wakes=now + _AGAIN)
    elif not early:
        effects.append(Ibc("Re-login after second factor authentication timeout not required"))
    return Step(_refused(closed, rules, now), tuple(effects))


def _contended(login: Login, rules: Rules, now: float) -> Step:
    """Another session holds the login; ours is not through yet, or was made to begin again."""
    held = replace(login.held(Phase.EXISTING_SESSION), conflicts=login.conflicts + 1)
    match rules.existing_session:
        case "manual":
            return Step(held, (_CONFLICT, _MANUAL))
        case "secondary":
            return Step(held, (_CONFLICT, _SECONDARY, Exit(0)))
        case _ if login.conflicts == 0:
            text = "Don't know the type of the other session, so continue this one (scenario 3)"
            going_on = replace(held, then=Then.CONTENDED, wakes=now + rules.login / 2)
            return Step(going_on, (_CONFLICT, Ibc(text)))
        case _:
            text = (
                "Other session must be primary or primary override, so end this session and let the other one proceed "
                "(scenario 4)"
            )
            return Step(held, (_CONFLICT, Ibc(text), Exit(0)))


def _completed(login: Login) -> Step:
    through = replace(login.held(Phase.LOGGED_IN), failures=0, conflicts=0)
    return Step(through, (Launcher("Switching to a new encrypted log..."), Ibc("Login has completed")))


_IB_KEY = "token=5, tokenSubtype=2, suffix=a[IB Key]"


def _through(protocol: int) -> Launcher:
    return Launcher(f"### onAuthenticationCompleted tokenProtocol={protocol}; authenticated=true")


def _auth_start(kind: str, tokens: str, password: bool = True) -> str:
    return (
        f" NS_AUTH_START version=52 pwd={int(password)} soft={int(not password)} token(s)=[{tokens}] "
        f"initialTokenType={kind} authenticationType=MARKET_DATA_CONNECTION identityHashcode=1"
    )


def _give_up(login: Login, code: int, why: str) -> Step:
    """IBC ends the gateway, loudly."""
    own = {TWOFA_TIMED_OUT: 1111, LOGIN_WINDOW_MISSING: 1112}[code]
    said = (Raw(RULE), Ibc(why), Raw(RULE), Ibc(f"Exiting after error with exit code={own}"), Exit(code))
    return Step(login.held(login.phase), said)
