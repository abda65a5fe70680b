"""Where a login stands, what it goes by, and what becomes visible of it: the words that `login` speaks in."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, NamedTuple

REFUSED = -1.0
"""In `Script.twofa`: IBKR sends no push, and the dialog is gone as soon as it is there."""

TWOFA_TIMED_OUT = 87
LOGIN_WINDOW_MISSING = 88
"""Exit codes: IBC's 1111 and 1112, as the shell sees them."""


class Phase(StrEnum):
    """What the gateway is busy with."""

    BOOTING = "booting"
    LOGIN = "login"
    CHALLENGE = "challenge"
    REJECTED = "rejected"
    THROTTLED = "throttled"
    EXISTING_SESSION = "existing-session"
    LOGGED_IN = "logged-in"
    SERVING = "serving"
    RESTARTING = "restarting"
    PAUSED = "paused"
    ENDED = "ended"
    JVM_DEAD = "jvm-dead"


@dataclass(frozen=True, slots=True)
class Script:
    """What IBKR, and the human with the phone, will answer to the next login."""

    credentials: Literal["ok", "wrong", "unrecognized"] = "ok"
    """`unrecognized` is the dialog that IBC does not know: it stands until somebody restarts the gateway."""
    twofa: float | None = None
    """None: no second factor is asked for. Seconds until the push is approved; infinity: never; or REFUSED."""
    competing: Literal["no", "yields", "insists"] = "no"
    """Whether another session holds the login, and whether it gives way."""
    slow_boot: float = 0.0
    """Seconds that the start takes longer."""
    slow_login: float = 0.0
    """Seconds that it takes longer from the password to the end."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Durations in seconds, and what the image's settings tell IBC to do."""

    boot: float
    login: float
    """From Log In to an open API, without the human."""
    gap: float = 0.0
    """Between two processes of a soft restart."""
    window_timeout: float = 60.0
    """IBC's LoginDialogDisplayTimeout."""
    twofa_timeout: float = 180.0
    """After which IBKR ends an unanswered push, and what IBC takes for that time."""
    twofa_exit_interval: float = 60.0
    relogin: bool = False
    """RELOGIN_AFTER_TWOFA_TIMEOUT."""
    existing_session: Literal["manual", "primary", "primaryoverride", "secondary"] = "primary"
    throttle_after: int = 5
    """Refused logins in a row before IBKR makes everybody wait."""
    throttle: float = 295.0
    trading_mode: str = "paper"


class Then(StrEnum):
    """What happens when a login goes on by itself."""

    NOTHING = "nothing"
    WINDOW = "window"
    NO_WINDOW = "no window"
    PASSWORD = "password"  # noqa: S105 (a word, no secret)  # pragma: allowlist secret
    CHALLENGE = "challenge"
    PROCEED = "proceed"
    CONTENDED = "contended"
    DONE = "done"
    RETRY = "retry"
    GIVE_UP = "give up"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Login:
    """How far this process has come."""

    phase: Phase
    then: Then
    wakes: float
    """When it goes on by itself, by the machine's monotonic clock; infinity: not without an outside event."""
    warm: bool = False
    """Started with the token of the session before."""
    failures: int = 0
    """Logins refused in a row, in earlier processes too."""
    released: float = -math.inf
    """When the wait is over that too many of them brought."""
    attempt: int = 0
    clicked: float = 0.0
    """When Log In was clicked."""
    pushed: float = 0.0
    answers: float = math.inf
    """When the pending push will be answered."""
    conflicts: int = 0

    def held(self, phase: Phase) -> "Login":
        """In that phase until somebody does something."""
        return replace(self, phase=phase, then=Then.NOTHING, wakes=math.inf)


class Ibc(NamedTuple):
    """A line of IBC's on standard output."""

    text: str


class Raw(NamedTuple):
    """A line on standard output without IBC's stamp."""

    text: str


class Launcher(NamedTuple):
    """A line in launcher.log."""

    text: str


class Pushed(NamedTuple):
    """A push has been sent to somebody's phone."""


class TokenSpent(NamedTuple):
    """The token has been used up."""


class Exit(NamedTuple):
    """The process ends."""

    code: int
    """As the shell sees it."""
    cold: bool = False
    """IBC asks for a new start without the token."""


type Effect = Ibc | Raw | Launcher | Pushed | TokenSpent | Exit


class Step(NamedTuple):
    """Where it stands now, and what became visible."""

    login: Login
    effects: tuple[Effect, ...] = ()
