"""How far the gateway's login is, by the lines that IBC, its start script and the gateway's launcher write.

Sources: IBC 3.24.1 (LoginManager, the handlers of its dialogs, ibcstart.sh) for the container's log; launcher.log as
ib-gateway-mcp 0.2.2 has seen it from gateways 10.30 to 10.45. Only what a pattern here spells out is ever passed on, so
no user name, session or address of a log gets further than this.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from supervisor.observation import LoginPhase, LoginView, Look

_P = LoginPhase

_TOKEN_REFUSED = r"Your security tokens have expired"  # noqa: S105 (a text, no secret)

_PATTERNS: tuple[tuple[LoginPhase, str], ...] = (
    # Through. IBC says "Login has completed: exiting via …" when it ends a gateway: that is none of these.
    (_P.QUIET, r"Login has completed$"),
    (_P.QUIET, r"Configuration tasks completed"),
    (_P.QUIET, r"Switching to a new encrypted log"),  # launcher
    # A token of last week: IBC starts cold by itself.
    (_P.RESTARTING, rf"(?:Authorization failed: )?{_TOKEN_REFUSED}"),
    # The push was not answered, not sent, or answered too late.
    (_P.TWOFA_TIMED_OUT, r"Re-login after second factor authentication timeout(?: not required| in \d+ second)"),
    (_P.TWOFA_TIMED_OUT, r"Authorization failed: SUPPRESS_MESSAGE_BOX"),  # launcher
    (_P.TWOFA_TIMED_OUT, r"IBC closing because login has not completed after Second Factor Authentication"),
    (_P.TWOFA_TIMED_OUT, r"Exiting after error with exit code=1111"),
    (_P.TWOFA_TIMED_OUT, r"IBC returned exit status 87"),
    (_P.TWOFA, r"Second Factor Authentication initiated"),
    (_P.TWOFA, r"Received CHALLENGE"),  # launcher
    (_P.REFUSED, r"Too many failed login attempts\. Please wait [0-9a-z &]+ before"),
    (_P.REFUSED, r"AUTH_RESULT indicates wrong password"),  # launcher
    (_P.REFUSED, r"Authorization failed: Invalid username or password"),  # launcher
    (_P.REFUSED, r"Authorization failed"),  # launcher: locked, closed, or for a reason that nobody has seen yet
    (_P.REFUSED, r"detected dialog entitled: (?:Login failed|Unrecognized Username or Password)"),
    (_P.REFUSED, r"IBC: Login failed"),
    # IBC says beside the dialog what it chose: in 1, 2, 4 and 6 ours gives way, or waits for a person.
    (_P.EXISTING_SESSION, r"\(scenario [1246]\)"),
    (_P.LOGGING_IN, r"so continue this one \(scenario 3\)"),
    (_P.QUIET, r"Continue this session and let the other session exit \(scenario 5\)"),
    # A process has begun. socat complains of each look at a port that nobody has opened yet, so in a start that takes
    # its time the container's own lines are soon out of sight; this one is not.
    (_P.RESTARTING, r"IB GATEWAY RESTART"),  # launcher
    (_P.RESTARTING, r"Running in auto-restart mode"),  # launcher
    (_P.RESTARTING, r"authentication will not be required"),
    (_P.RESTARTING, r"IBC will (?:cold-)?restart shortly"),
    (_P.RESTARTING, r"Cold restart in progress"),
    (_P.LOGGING_IN, r"full authentication will be required"),
    (_P.LOGGING_IN, r"Login attempt: \d+"),
    (_P.LOGGING_IN, r"Will re-login at"),
    (_P.LOGGING_IN, r"LauncherLoginThread\.runLoginWithUI"),  # launcher
    (_P.LOGGING_IN, r"NS_AUTH_START"),  # launcher
    (_P.LOGGING_IN, r"onAuthenticationCompleted"),  # launcher
    (_P.LOGGING_IN, r"Duration since login: \d+ seconds"),  # the push's dialog has closed
    (_P.LOGGING_IN, r"If login has not completed, IBC will exit in \d+ seconds"),
)
_TELLING = tuple((phase, re.compile(pattern)) for phase, pattern in _PATTERNS)

_LASTING = (LoginPhase.REFUSED, LoginPhase.EXISTING_SESSION)
_GOES_ON = (LoginPhase.RESTARTING, LoginPhase.LOGGING_IN)
"""IBC answers a refused login with a new process within a second, which does not make it less refused. And a restart is
one with the login that it leads to: where IBC begins anew again and again, neither has come through."""

_MOST = 80


@dataclass(frozen=True, slots=True)
class Line:
    """One line and the epoch at which it was written, or read."""

    at: float
    text: str


def of_container(log: str) -> Iterator[Line]:
    """The lines of a container's log, each after Docker's stamp."""
    yield from _in_order(_stamped_by_docker(log))


def _in_order(lines: Iterator[Line]) -> Iterator[Line]:
    """As they were written: where the wall's clock was set back, none is later than those that follow it."""
    kept = list(lines)
    latest = [*accumulate((line.at for line in reversed(kept)), min)][::-1]
    return (Line(at, line.text) for at, line in zip(latest, kept, strict=True))


def _stamped_by_docker(log: str) -> Iterator[Line]:
    for raw in log.splitlines():
        stamp, _, text = raw.partition(" ")
        try:
            at = datetime.fromisoformat(stamp).timestamp()
        except ValueError:
            continue
        yield Line(at, text)


def of_launcher(note: str) -> Iterator[Line]:
    """The lines of launcher.log that the wrapper passed on, each after the epoch at which it read it."""
    yield from _in_order(_stamped_by_wrapper(note))


def _stamped_by_wrapper(note: str) -> Iterator[Line]:
    for raw in note.splitlines():
        stamp, _, text = raw.partition(" ")
        if re.fullmatch(r"\d{9,10}(\.\d+)?", stamp, re.ASCII):
            yield Line(float(stamp), text)


def read(lines: list[Line], look: Look, monotonic: Callable[[float], float]) -> LoginView:
    """Where the login stands by those lines; lines that tell of none mean that it is quiet.

    Args:
        lines: of any source, in any order.
        look: how the looking went.
        monotonic: turns an epoch into monotonic seconds.
    """
    phase, since, told = LoginPhase.QUIET, None, ""
    for line in sorted(lines, key=lambda line: line.at):
        found = _told(line.text)
        if found is None:
            continue
        named, words = found
        if phase in _LASTING and named in _GOES_ON and _TOKEN_REFUSED not in words:
            continue
        if since is None or (named is not phase and not {named, phase} <= set(_GOES_ON)):
            since = line.at
        phase, told = named, words
    return LoginView(look, phase, monotonic(since) if since is not None else None, told)


def _told(text: str) -> tuple[LoginPhase, str] | None:
    for phase, pattern in _TELLING:
        if match := pattern.search(text):
            return phase, match[0][:_MOST]
    return None
