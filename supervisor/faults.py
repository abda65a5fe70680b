"""The fault table: what can happen, how it is seen, when it may be acted upon, and the right answer.

Data only. The machine's ladder, the metrics' labels, the incidents and the tests all enumerate from here, so a reader
who asks "what happens when X" reads one entry and the test of the same name. Numbers are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from supervisor.observation import Subject


class Rung(StrEnum):
    """One step of a ladder: the smallest acts first."""

    SENTINEL_RECONNECT = "sentinel-reconnect"
    RECONNECT_DATA = "reconnect-data"
    RECONNECT_ACCOUNT = "reconnect-account"
    IBC_RESTART = "ibc-restart"
    CONTAINER_START = "container-start"
    CONTAINER_RESTART = "container-restart"
    ENGINE_RESYNC = "engine-resync"
    ENGINE_START = "engine-start"
    ENGINE_RESTART = "engine-restart"
    ENGINE_HALT = "engine-halt"
    ENGINE_STOP = "engine-stop"
    LOGIN_HOLD = "login-hold"
    LOGIN_LIFT = "login-lift"
    GATEWAY_STOP = "gateway-stop"
    RESTART_COMMAND = "restart-command"


class Page(StrEnum):
    """Whether a person is called when the fault is seen."""

    NO = "no"
    NOW = "now"
    IF_EXPOSED = "if exposed"
    LATER_IF_EXPOSED = "after 30 s if exposed"


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the table.

    Attributes:
        number: the row's number, by which docstrings speak of it.
        evidence: what has to be true, in words.
        seen: bound on detection, p95, from injection; None where `when` says at which moment it is looked for.
        act: nothing irreversible before this; None where no act is right.
        rungs: the acts that may answer it, smallest first; the last one repeats, inside its budget.
        answer: the right answer, in words.
        standing: it stands beside whatever else is wrong, and in the way of no cure.
        holds: new entries are held while it is open.
        once: each of its rungs is climbed once an incident, and then a person is needed.
        safety: neither pause nor window nor budget stands before its acts.
        patience: how long evidence must last before a standing fault is declared, or is over.
        resyncs: the engine is asked to resync, once, when it is declared.
        when: the moment at which it is looked for, where that is not always.
        break_glass: what a person may do at once, told with the page; `{tenant}` is its name.
    """

    number: int
    name: str
    subject: Subject
    evidence: str
    seen: float | None
    act: float | None
    rungs: tuple[Rung, ...]
    answer: str
    page: Page
    standing: bool = False
    holds: bool = True
    once: bool = False
    safety: bool = False
    patience: float = 0.0
    resyncs: bool = False
    when: str = ""
    break_glass: str = ""


_G = Subject.GATEWAY
_E = Subject.ENGINE
_A = Subject.ACCOUNT
_H = Subject.HOST


_STOP_ENGINE = "to stop the engine at once: docker stop watchkeeper-{tenant}-engine"


def _standing(
    number: int,
    name: str,
    subject: Subject,
    evidence: str,
    answer: str,
    *,
    seen: float | None = None,
    when: str = "",
    page: Page = Page.NO,
    holds: bool = False,
    patience: float = 0.0,
    resyncs: bool = False,
    rungs: tuple[Rung, ...] = (),
    break_glass: str = "",
) -> Fault:
    """A row of what is told, and held or paged; no ladder climbs for it."""
    return Fault(
        number,
        name,
        subject,
        evidence,
        seen,
        None,
        rungs,
        answer,
        page,
        standing=True,
        holds=holds,
        patience=patience,
        resyncs=resyncs,
        when=when,
        break_glass=break_glass,
    )


CONTAINER_EXIT = Fault(
    1,
    "container-exit",
    _G,
    "Docker says die, and nobody asked for it",
    0.5,
    5.0,
    (Rung.CONTAINER_START,),
    "Docker's own policy brings it back; start it only if it is not already restarting; resync the engine once ready",
    Page.IF_EXPOSED,
)
JVM_DEAD = Fault(
    2,
    "jvm-dead",
    _G,
    "socat accepts, then end of file; the mailbox says refused; the log shows no restart, login or 2FA",
    6.0,
    20.0,
    (Rung.CONTAINER_RESTART,),
    "container restart, inside the budget",
    Page.IF_EXPOSED,
)
SOFT_DEAD = Fault(
    3,
    "soft-dead",
    _G,
    "session open, two kinds of request unanswered, a fresh handshake hangs, here and inside the container",
    6.0,
    20.0,
    (Rung.IBC_RESTART, Rung.CONTAINER_RESTART),
    "IBC RESTART, which needs no 2FA; a container restart only if that fails",
    Page.IF_EXPOSED,
)
FROZEN = Fault(
    4,
    "frozen",
    _G,
    "as soft-dead, and the mailbox has fallen silent while Docker says running",
    6.0,
    20.0,
    (Rung.CONTAINER_RESTART,),
    "container restart; a paused container is a person's act: observe",
    Page.IF_EXPOSED,
)
HALF_OPEN = Fault(
    5,
    "half-open",
    _G,
    "our session is silent but a fresh handshake is answered, here or inside the container",
    6.0,
    None,
    (Rung.SENTINEL_RECONNECT,),
    "the network lied: reconnect the sentinel, leave the gateway alone; resync an engine that has heard nothing since",
    Page.NO,
    holds=False,
)
SLOW = _standing(
    6,
    "slow",
    _G,
    "answers come, for 5 s all of them later than half of the probe's timeout",
    "nothing: latency is a metric and a warning",
    seen=12.0,
    patience=5.0,
)
UPSTREAM_LOST = Fault(
    7,
    "upstream-lost",
    _G,
    "1100 or 2110",
    0.2,
    300.0,
    (Rung.RECONNECT_ACCOUNT,),
    "hold entries; RECONNECTACCOUNT once, which counts as a login and is off in LIVE; never a container restart",
    Page.LATER_IF_EXPOSED,
)
UPSTREAM_BACK = Fault(
    8, "upstream-back", _G, "1102", 0.2, None, (), "nothing: it ends `upstream-lost`", Page.NO, holds=False
)
DATA_LOST = Fault(
    9,
    "data-lost",
    _G,
    "1101",
    0.2,
    0.0,
    (Rung.ENGINE_RESYNC,),
    "resync the engine, and see ticks flow again",
    Page.NO,
)
MARKET_FARM = Fault(
    10,
    "market-farm",
    _G,
    "2103 for a farm that serves a configured instrument",
    0.2,
    60.0,
    (Rung.RECONNECT_DATA,),
    "RECONNECTDATA once an incident; after 2104 see ticks flow again",
    Page.NO,
)
OTHER_FARM = _standing(
    11, "other-farm", _G, "2105 or 2157: a farm of history or of security definitions", "a metric", seen=0.2
)
TWOFA_PENDING = _standing(
    12,
    "twofa-pending",
    _G,
    "the log waits for a second factor",
    "tell the human; never restart while a push is pending",
    seen=5.0,
    page=Page.NOW,
)
TWOFA_TIMEOUT = Fault(
    13,
    "twofa-timeout",
    _G,
    "the log says that the push was not answered, or exit 87",
    5.0,
    0.0,
    (Rung.LOGIN_HOLD,),
    "one more attempt if the ledger allows one, never a third; then a hold on logins, and a person is called",
    Page.NOW,
    once=True,
    safety=True,
)
LOGIN_REFUSED = Fault(
    14,
    "login-refused",
    _G,
    "the log says wrong password, throttled or locked",
    5.0,
    0.0,
    (Rung.LOGIN_HOLD, Rung.GATEWAY_STOP),
    "a hold on logins, then stop the gateway at once: IBC would try for ever; a person is called",
    Page.NOW,
    once=True,
    safety=True,
)
EXISTING_SESSION = Fault(
    15,
    "existing-session",
    _G,
    "the log says that another session exists, and ours gives way",
    5.0,
    0.0,
    (Rung.LOGIN_HOLD, Rung.GATEWAY_STOP),
    "a hold on logins, then stop the gateway: the session is never fought for; a person is called",
    Page.NOW,
    once=True,
    safety=True,
)
DATA_COMPETED = _standing(
    16,
    "data-competed",
    _G,
    "10197: another session of the login has the market data",
    "hold entries, call a person, ask for the data again until it returns; stop nothing",
    seen=0.2,
    page=Page.NOW,
    holds=True,
)
LOGIN_STUCK = Fault(
    17,
    "login-stuck",
    _G,
    "a restart or a login has not come through for 300 s, or nobody has begun anew for as long after a push ran out",
    300.0,
    300.0,
    (Rung.CONTAINER_RESTART,),
    "call a person with the log's last line; restart once if the ledger allows a login",
    Page.NOW,
    once=True,
)
WRONG_ACCOUNT = Fault(
    18,
    "wrong-account",
    _G,
    "managedAccounts lacks the configured account, or is live where paper was asked for",
    1.0,
    0.0,
    (Rung.ENGINE_HALT, Rung.ENGINE_STOP),
    "no clearance; if an engine runs, tell it to halt, if it knows how, and stop it",
    Page.NOW,
    safety=True,
    break_glass=_STOP_ENGINE,
)
TIME_MODE = _standing(
    19,
    "time-mode",
    _G,
    "the form of the API's times is not the one that the engine reads",
    "no clearance; the preflight says where to click",
    when="preflight",
)
CLOCK_SKEW = _standing(
    20,
    "clock-skew",
    _H,
    "the gateway's clock and the host's differ by more than 2 s, or the kernel calls its clock unsynchronised",
    "a warning; above 5 s no clearance",
    seen=30.0,
    patience=10.0,
)
CLIENT_ID_IN_USE = _standing(
    21,
    "client-id-in-use",
    _G,
    "326 for the sentinel",
    "the next id of its band; the gateway is not at fault",
    when="at the session's start",
)
READ_ONLY = _standing(
    22,
    "read-only",
    _G,
    "the API's Read-Only setting is not as configured",
    "no clearance; the preflight says where to click",
    when="preflight",
)
WRITE_BLOCKED = _standing(
    23,
    "write-blocked",
    _E,
    "the engine was refused an order with 321",
    "hold entries; call a person with the cure",
    seen=5.0,
    page=Page.NOW,
    holds=True,
)
NO_ENTITLEMENT = _standing(
    24,
    "no-entitlement",
    _G,
    "354, 10089, 10167 or 10168 for a configured instrument",
    "no clearance; the preflight names the subscription that is missing",
    when="preflight",
)
PLANNED_RESTART = Fault(
    25,
    "planned-restart",
    _G,
    "the gateway is away inside a window of maintenance",
    6.0,
    None,
    (),
    "observe, and resync the engine after it; another fault only if it outlasts the window",
    Page.NO,
)
WEEKLY_TOKEN = _standing(
    26,
    "weekly-token",
    _G,
    "the week's login token ends in 24, 8 or 1 h; or it has ended, or the machine has booted, and the next login needs "
    "a push that nobody has asked for",
    "a reminder at each; then a hold on logins, unless the gateway is still up; one push at `REAUTH_AT` or on "
    "`make login`, and the hold again",
    when="around Sunday 01:00 New York, and after a boot",
    page=Page.NOW,
    rungs=(Rung.LOGIN_HOLD, Rung.LOGIN_LIFT),
)
ENGINE_EXIT = Fault(
    27,
    "engine-exit",
    _E,
    "Docker says die, and nobody asked for it",
    0.5,
    0.0,
    (Rung.ENGINE_START,),
    "start it inside its own budget, once the gateway is ready; it trades only with clearance",
    Page.IF_EXPOSED,
)
ENGINE_ZOMBIE = Fault(
    28,
    "engine-zombie",
    _E,
    "the node says running and the trader is not, or the process answers nothing at all",
    5.0,
    0.0,
    (Rung.ENGINE_RESTART,),
    "restart it",
    Page.IF_EXPOSED,
)
ENGINE_DEAF = Fault(
    29,
    "engine-deaf",
    _E,
    "no inbound data while the canary ticks, or a dead reader task",
    10.0,
    10.0,
    (Rung.ENGINE_RESYNC, Rung.ENGINE_RESTART),
    "resync; restart it if that fails",
    Page.IF_EXPOSED,
)
ENGINE_BACKOFF = Fault(
    30,
    "engine-backoff",
    _E,
    "the gateway is ready, the engine is not, and its attempts grow",
    10.0,
    0.0,
    (Rung.ENGINE_RESYNC, Rung.ENGINE_RESTART),
    "resync at once (the adapter alone waits up to 303 s); restart it only without exposure",
    Page.IF_EXPOSED,
)
SECOND_ENGINE = _standing(
    31,
    "second-engine",
    _A,
    "working orders of a client id that is nobody's here, or that another engine placed while ours had its own",
    "hold entries; halt ours if the preflight fails, since it has no clearance then; call a person: nothing else tells "
    "which of the two is right",
    seen=5.0,
    page=Page.NOW,
    holds=True,
    rungs=(Rung.ENGINE_HALT,),
    break_glass=_STOP_ENGINE,
)
CACHE_DOWN = _standing(
    32,
    "cache-down",
    _E,
    "the engine says that its cache does not answer",
    "hold entries, exits stay; call a person",
    seen=5.0,
    page=Page.NOW,
    holds=True,
)
ORDER_UNACKED = _standing(
    33,
    "order-unacked",
    _A,
    "the engine submitted an order 5 s ago or more, nobody answered, and the broker has none of its name",
    "resync the engine, which asks the broker for its orders; call a person",
    seen=12.0,
    page=Page.NOW,
    resyncs=True,
)
EXIT_REJECTED = _standing(
    34,
    "exit-rejected",
    _A,
    "an order that would close a position was refused within the last minute, and the position stands",
    "call a person; the engine arms its exits anew",
    seen=5.0,
    page=Page.NOW,
)
NAKED_POSITION = _standing(
    35,
    "naked-position",
    _A,
    "by the broker's word no working orders would close a position in full, for 2 s",
    "call a person; the engine arms its exits anew",
    seen=5.0,
    page=Page.NOW,
    patience=2.0,
)
UNKNOWN_POSITION = _standing(
    36,
    "unknown-position",
    _A,
    "the broker has a position of another size than the engine, and both have stood by it for 2 s",
    "resync the engine, which takes over what the broker has, again when it differs anew; call a person",
    seen=5.0,
    page=Page.NOW,
    patience=2.0,
    resyncs=True,
)
LATE_POSITION = _standing(
    37,
    "late-position",
    _A,
    "a position whose last session, by the broker's hours, ends in 5 min or less; the engine has 10 s to close it",
    "hold entries; call a person, who closes it by hand in TWS or at the broker; the supervisor never flattens",
    seen=12.0,
    page=Page.NOW,
    holds=True,
    break_glass="close it by hand in TWS or at the broker",
    patience=10.0,
)
MEMORY_PRESSURE = _standing(
    38,
    "memory-pressure",
    _G,
    "the gateway's container has used 90 % of its memory or 80 % of its files",
    "a warning; plan a soft restart outside the session",
    seen=60.0,
    patience=20.0,
)
HOST_SLEPT = Fault(
    39,
    "host-slept",
    _G,
    "boot time has jumped ahead of monotonic time",
    6.0,
    None,
    (Rung.SENTINEL_RECONNECT,),
    "take every session for half-open: reconnect the sentinel, resync the engine",
    Page.NO,
)
BLIND = _standing(
    40,
    "blind",
    _H,
    "the Docker API does not answer, or the journal cannot be written",
    "act on nothing that restarts; an alert",
    seen=12.0,
    patience=2.0,
)
SUPERVISOR_KILLED = _standing(
    41,
    "supervisor-killed",
    _H,
    "the journal has an intent without an outcome",
    "it counts as done and spends its budget; its proof is awaited",
    when="at the supervisor's start",
)
SECOND_SUPERVISOR = Fault(
    42,
    "second-supervisor",
    _H,
    "another supervisor holds the lock of the journal, or answers under our name",
    None,
    None,
    (),
    "refuse to start",
    Page.NO,
    holds=False,
    when="at the supervisor's start",
)
"""Never an incident: the one that starts never comes to have any, and the one that runs goes on."""
FLAPPING = Fault(
    43,
    "flapping",
    _G,
    "four of the last six looks failed, never three in a row",
    12.0,
    20.0,
    (Rung.IBC_RESTART, Rung.CONTAINER_RESTART),
    "as soft-dead",
    Page.IF_EXPOSED,
)
RESTART_STORM = _standing(
    44,
    "restart-storm",
    _H,
    "a restart budget is spent",
    "stop acting and call a person; the container is left alone",
    seen=1.0,
    page=Page.NOW,
    holds=True,
)

FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        fault.name: fault
        for fault in (
            CONTAINER_EXIT,
            JVM_DEAD,
            SOFT_DEAD,
            FROZEN,
            HALF_OPEN,
            SLOW,
            UPSTREAM_LOST,
            UPSTREAM_BACK,
            DATA_LOST,
            MARKET_FARM,
            OTHER_FARM,
            TWOFA_PENDING,
            TWOFA_TIMEOUT,
            LOGIN_REFUSED,
            EXISTING_SESSION,
            DATA_COMPETED,
            LOGIN_STUCK,
            WRONG_ACCOUNT,
            TIME_MODE,
            CLOCK_SKEW,
            CLIENT_ID_IN_USE,
            READ_ONLY,
            WRITE_BLOCKED,
            NO_ENTITLEMENT,
            PLANNED_RESTART,
            WEEKLY_TOKEN,
            ENGINE_EXIT,
            ENGINE_ZOMBIE,
            ENGINE_DEAF,
            ENGINE_BACKOFF,
            SECOND_ENGINE,
            CACHE_DOWN,
            ORDER_UNACKED,
            EXIT_REJECTED,
            NAKED_POSITION,
            UNKNOWN_POSITION,
            LATE_POSITION,
            MEMORY_PRESSURE,
            HOST_SLEPT,
            BLIND,
            SUPERVISOR_KILLED,
            SECOND_SUPERVISOR,
            FLAPPING,
            RESTART_STORM,
        )
    }
)
"""By name, in the order of their numbers."""

STANDING = tuple(fault for fault in FAULTS.values() if fault.standing)
"""Those that stand beside the others."""
