"""How each fault of the supervisor's table is brought about on real containers, as data; and which are not, and why.

A step is what a person could type: a fault of the stand-in, an act of Docker, a word to the supervisor. Most have the
name of their row; a row may have several.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Who(StrEnum):
    """Whose session a fault of the stand-in hits."""

    EVERYBODY = "everybody"
    SENTINEL = "sentinel"
    ENGINE = "engine"
    ENGINE_ANEW = "engine anew"
    """Also its next ones: it takes another client id of its band where the last session's is not free yet."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """A fault of the stand-in begins (`docs/simulator/faults.md`)."""

    fault: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    who: Who = Who.EVERYBODY


@dataclass(frozen=True, slots=True)
class AtStart:
    """The faults of the stand-in with which it begins, from its next start on: what IBKR does outlives a container."""

    faults: tuple[StandIn, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """Wait until the gateway's launcher.log has said this since the step before: the moment is the line's own stamp."""

    words: str


@dataclass(frozen=True, slots=True)
class Lift:
    """A fault of the stand-in is ended by hand."""

    fault: str


@dataclass(frozen=True, slots=True)
class Push:
    """The person with the phone approves the login's push."""


@dataclass(frozen=True, slots=True)
class Docker:
    """`docker <words> <the container of that role>`; `inside` is a command that runs in it, with `exec`."""

    words: tuple[str, ...]
    role: str
    inside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """The operator asks the supervisor's API for something."""

    path: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is done for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hit:
    """Wait until that fault of the stand-in has hit a request: the moment of a fault that waits for one."""

    fault: str


@dataclass(frozen=True, slots=True)
class Held:
    """Wait until the engine holds a position."""


@dataclass(frozen=True, slots=True)
class Enter:
    """An order that is not the engine's, given at the gateway by hand, or by the program of that client id."""

    action: str
    limit_price: float | None = None
    client_id: int = 0


@dataclass(frozen=True, slots=True)
class CancelExits:
    """Every working order that would close a position is cancelled by hand."""


@dataclass(frozen=True, slots=True)
class CancelOf:
    """Every working order of that client id is cancelled by hand."""

    client_id: int


type Step = StandIn | AtStart | Said | Lift | Push | Docker | Ask | Wait | Hit | Held | Enter | CancelExits | CancelOf


class Ends(StrEnum):
    """How a drill of it is over."""

    TRADING = "trading"
    """Somebody cures it: gateway ready, engine trading, its incidents closed."""
    LIFTED = "lifted"
    """Nobody should: it is seen, told, and over when the drill lifts it."""
    HANDED_OVER = "handed over"
    """All that may be done is done, and a person is needed: the drill then plays that person."""


@dataclass(frozen=True, slots=True)
class Injection:
    """One way to bring a fault about.

    Attributes:
        fault: the row of `supervisor.faults.FAULTS`.
        steps: what is done, in order; the last one's effect is the fault's moment.
        ends: how it is over.
        lasts: seconds after which the drill lifts what is not cured by an act.
        undo: what lifts it, or what the person does who is called.
        after: what clears up once all is measured.
    """

    fault: str
    steps: tuple[Step, ...]
    ends: Ends = Ends.TRADING
    lasts: float = 0.0
    undo: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()


def _lifted(fault: str, lasts: float, *steps: Step) -> Injection:
    """It is on for that long, and nobody should act."""
    undo = tuple(Lift(step.fault) for step in steps if isinstance(step, StandIn) and step.fault != "reset")
    return Injection(fault, steps, Ends.LIFTED, lasts, undo)


_STOP_ITS_PROCESS = ("bash", "-c", "kill -STOP $(cat /proc/1/task/1/children)")
_STOP_ALL = ("bash", "-c", "kill -STOP -1")
_A_LOGIN = Ask("login")
_NO_PUSH = StandIn("twofa-never", {"answer": "refused"})
_UNANSWERED = Said("Authorization failed: SUPPRESS_MESSAGE_BOX")
_ANOTHER = 50
"""The client id of a program that is nobody's here."""

INJECTIONS: Mapping[str, Injection] = MappingProxyType(
    {
        "container-exit": Injection("container-exit", (Docker(("kill",), "gateway"),)),
        "container-crash": Injection("container-exit", (StandIn("crash"),)),
        "jvm-dead": Injection("jvm-dead", (StandIn("jvm-dead"),)),
        "soft-dead": Injection("soft-dead", (StandIn("hang"),)),
        # The JVM alone stands still, and the shell beside it says that it is silent; then the whole container does.
        "jvm-frozen": Injection("soft-dead", (StandIn("freeze"),)),
        "container-frozen": Injection("frozen", (Docker(("exec",), "gateway", _STOP_ALL),)),
        "half-open": Injection("half-open", (StandIn("half-open"),), after=(Lift("half-open"),)),
        "slow": _lifted("slow", 12.0, StandIn("slow", {"latency": 0.7})),
        "upstream-lost": _lifted("upstream-lost", 10.0, StandIn("upstream-lost")),
        "upstream-reconnect": Injection("upstream-lost", (StandIn("upstream-lost", {"cured_by": "RECONNECTACCOUNT"}),)),
        "data-lost": Injection("data-lost", (StandIn("data-lost"),)),
        "market-farm": Injection("market-farm", (StandIn("market-farm", {"cured_by": "RECONNECTDATA"}),)),
        "other-farm": _lifted("other-farm", 8.0, StandIn("history-farm")),
        "twofa-pending": Injection(
            "twofa-pending",
            (StandIn("twofa-never"),),
            Ends.LIFTED,
            10.0,
            (Lift("twofa-never"), Push()),
        ),
        # IBKR sends no push any more, which ends a login as one that nobody answers does, without its three minutes.
        # Docker makes the one more attempt, and that one's end is the fault's moment.
        "twofa-timeout": Injection(
            "twofa-timeout",
            (AtStart((_NO_PUSH,)), StandIn("crash"), _UNANSWERED, Wait(10.0), StandIn("crash"), _UNANSWERED),
            Ends.HANDED_OVER,
            undo=(AtStart(), _A_LOGIN),
        ),
        "login-refused": Injection("login-refused", (StandIn("bad-password"),), Ends.HANDED_OVER, undo=(_A_LOGIN,)),
        "existing-session": Injection(
            "existing-session", (StandIn("existing-session"),), Ends.HANDED_OVER, undo=(_A_LOGIN,)
        ),
        "data-competed": _lifted("data-competed", 10.0, StandIn("data-competed")),
        "login-stuck": Injection("login-stuck", (StandIn("slow-login", {"seconds": 1000}),)),
        # No window to log in at: IBC ends its process each minute and begins anew.
        "login-window": Injection("login-stuck", (StandIn("slow-boot", {"seconds": 1000}),)),
        "wrong-account": Injection(
            "wrong-account",
            (StandIn("wrong-account"), StandIn("reset")),
            Ends.HANDED_OVER,
            undo=(
                Lift("wrong-account"),
                StandIn("reset"),
                Ask("restart", {"subject": "engine", "rung": "engine-start"}),
            ),
        ),
        "time-mode": Injection(
            "time-mode",
            # A report up to 10 s old is good enough for the supervisor.
            (StandIn("time-mode", {"form": "operator"}), Wait(10.5), Ask("preflight")),
            Ends.LIFTED,
            2.0,
            (Lift("time-mode"), Wait(10.5), Ask("preflight")),
        ),
        "clock-skew": _lifted("clock-skew", 5.0, StandIn("clock-skew", {"seconds": 4})),
        "client-id-in-use": Injection(
            "client-id-in-use",
            (StandIn("client-id-in-use", who=Who.SENTINEL), StandIn("reset", who=Who.SENTINEL)),
            Ends.LIFTED,
            2.0,
            # Each session of the sentinel asks for the first id, and that of its next life is soonest.
            (Lift("client-id-in-use"), Docker(("restart",), "supervisor")),
        ),
        "write-blocked": _lifted("write-blocked", 5.0, StandIn("read-only"), Hit("read-only")),
        "engine-exit": Injection("engine-exit", (Docker(("kill",), "engine"),)),
        "engine-zombie": Injection("engine-zombie", (Docker(("exec",), "engine", _STOP_ITS_PROCESS),)),
        "engine-deaf": Injection("engine-deaf", (StandIn("half-open", who=Who.ENGINE),), after=(Lift("half-open"),)),
        # Its session is of no use to the engine, whose attempts to have a better one are farther and farther apart.
        "engine-backoff": Injection(
            "engine-backoff",
            (
                StandIn("no-managed-accounts", {"duration": 20}, who=Who.ENGINE_ANEW),
                StandIn("reset", who=Who.ENGINE),
            ),
        ),
        "second-engine": Injection(
            "second-engine",
            (Enter("BUY", limit_price=100.0, client_id=_ANOTHER),),
            Ends.LIFTED,
            2.0,
            (CancelOf(_ANOTHER),),
        ),
        "order-unacked": _lifted("order-unacked", 0.0, StandIn("lost-orders", who=Who.ENGINE), Hit("lost-orders")),
        "exit-rejected": _lifted(
            "exit-rejected",
            3.0,
            Held(),
            StandIn("refused-orders", {"which": "closing"}),
            CancelExits(),
            Hit("refused-orders"),
        ),
        # Shares, for which nobody arms an exit: the Keeper's are the options' of the day.
        "naked-position": Injection("naked-position", (Enter("BUY"),), Ends.LIFTED, 2.0, (Enter("SELL"),)),
        "unknown-position": Injection("unknown-position", (Enter("BUY"),), Ends.LIFTED, 5.0, (Enter("SELL"),)),
        "cache-down": Injection(
            "cache-down",
            (Docker(("pause",), "redis"),),
            Ends.LIFTED,
            5.0,
            (Docker(("unpause",), "redis"),),
        ),
        "memory-pressure": _lifted(
            "memory-pressure", 5.0, StandIn("heap-growth", {"mib_per_second": 60, "most_mib": 425})
        ),
        "blind": Injection(
            "blind",
            (Docker(("pause",), "docker-api"),),
            Ends.LIFTED,
            5.0,
            (Docker(("unpause",), "docker-api"),),
        ),
    }
)
"""By the name that a drill is asked for."""

_PLAYED = "played by a clock of its own in tests/unit/supervisor/test_faults.py"

NOT_DRILLED: Mapping[str, str] = MappingProxyType(
    {
        "upstream-back": "the end of `upstream-lost`: each of its drills ends with it",
        "read-only": "a row of the preflight: nothing breaks in a running stack",
        "no-entitlement": "a row of the preflight: nothing breaks in a running stack",
        "planned-restart": "begins by the clock, inside a window: " + _PLAYED,
        "weekly-token": "begins by the calendar, once a week: " + _PLAYED,
        "late-position": "begins by the clock, five minutes before an option's last close: " + _PLAYED,
        "host-slept": "would put this machine to sleep: " + _PLAYED,
        "supervisor-killed": "the supervisor is the stop-watch's witness; tests/e2e/test_road.py kills it",
        "second-supervisor": "refused at its start, in tests/unit/supervisor/test_process.py: nothing to time",
        "flapping": "needs failures in step with the probes' own looks: " + _PLAYED,
        "restart-storm": "a drill's budgets are widened so that no drill spends them: " + _PLAYED,
    }
)
"""Rows that no drill brings about, and why."""
