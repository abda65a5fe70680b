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
    ENGINE_STOP = "engine-stop"


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
        number: the row's number in this table, by which docstrings speak of it; there are gaps.
        evidence: what has to be true, in words.
        seen: bound on detection, p95, from injection.
        act: nothing irreversible before this; None where no act is right.
        rungs: the acts that may answer it, smallest first; the last one repeats, inside its budget.
        answer: the right answer, in words.
    """

    number: int
    name: str
    subject: Subject
    evidence: str
    seen: float
    act: float | None
    rungs: tuple[Rung, ...]
    answer: str
    page: Page


_G = Subject.GATEWAY
_E = Subject.ENGINE

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
    "the network lied: reconnect the sentinel, leave the gateway alone",
    Page.NO,
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
UPSTREAM_BACK = Fault(8, "upstream-back", _G, "1102", 0.2, None, (), "nothing: it ends `upstream-lost`", Page.NO)
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
WRONG_ACCOUNT = Fault(
    18,
    "wrong-account",
    _G,
    "managedAccounts lacks the configured account, or is live where paper was asked for",
    1.0,
    0.0,
    (Rung.ENGINE_STOP,),
    "no clearance; if an engine runs, stop it",
    Page.NOW,
)
ENGINE_EXIT = Fault(
    27,
    "engine-exit",
    _E,
    "Docker says die, and nobody asked for it",
    0.5,
    0.0,
    (Rung.ENGINE_START,),
    "start it inside its own budget, once the gateway is ready and clearance would be given",
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

FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        fault.name: fault
        for fault in (
            CONTAINER_EXIT,
            JVM_DEAD,
            SOFT_DEAD,
            FROZEN,
            HALF_OPEN,
            UPSTREAM_LOST,
            UPSTREAM_BACK,
            DATA_LOST,
            MARKET_FARM,
            WRONG_ACCOUNT,
            ENGINE_EXIT,
            ENGINE_ZOMBIE,
            ENGINE_DEAF,
            ENGINE_BACKOFF,
        )
    }
)
"""By name, in the order of their numbers."""
