"""A tenant's move to another node of a Swarm: what is done next, by what is seen. Pure.

A gateway checks no fencing token: two of one IBKR user end each other's session. So a gateway is begun on another node
only after the old node's own engine has said that none runs there, or a person has typed that it is so. Each step can
be done again, and what was done is kept: a move that broke half-way goes on when it is asked for again.

Times are epoch seconds: they are compared with what a supervisor tells, and outlive this process.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from supervisor.fleet.rolling import SPARE
from supervisor.leaving import open_at_broker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from supervisor.fleet.tasks import Member

AUDITED_WITHIN: Final = 90.0
"""For an audit that is younger than the engine's end: one is taken each 30 s."""


class Step(StrEnum):
    """What is done next."""

    QUIET = "stop its engine, so that it opens nothing meanwhile"
    WAIT = "wait for an audit that is younger than the engine's end"
    BACK = "start its engine again"
    STOP = "hold its logins, stop its gateway and look that nothing runs"
    GIVE_UP = "take the old node's containers out of the Swarm, unseen"
    CARRY = "carry ledger, hold, cache and settings over"
    BEGIN_HELD = "begin with a hold, since the ledger stays on the old node"
    PIN = "write the node into its file"
    DEPLOY = "start it there"


class Proof(StrEnum):
    """Why no gateway runs on the old node."""

    NONE = ""
    SEEN = "the old node's engine says that nothing of it runs"
    TYPED = "a person has typed that nothing of it runs"


@dataclass(frozen=True, slots=True)
class Record:
    """A move that was begun.

    Attributes:
        source: the label of the node that it leaves.
        target: the label of the node that it goes to.
        quiet_at: when its engine was stopped; 0: it was not.
        proof: why no gateway runs on the old node.
        carried: its volumes are on the new node, or a hold in their place.
    """

    source: str
    target: str
    quiet_at: float = 0.0
    proof: Proof = Proof.NONE
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of both nodes.

    Attributes:
        nodes: those of the Swarm.
        written: the label that the tenant's file says.
        pinned: the label of the node that Swarm has its gateway pinned to; empty: it has none.
        running: its containers on the old node, by that node's engine; None: it does not answer.
        status: what the old node's supervisor says, version 1, or why nothing is known.
        typed: a person has typed the names of tenant and old node.
        record: what an earlier call has kept.
    """

    nodes: Sequence[Member]
    written: str
    pinned: str
    running: tuple[str, ...] | None
    status: Mapping[str, Any] | str
    typed: bool = False
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing more is done.

    Attributes:
        why: in words.
        typing: a person's typed word would change that.
        impossible: what was asked for is no move.
    """

    why: str
    typing: bool = False
    impossible: bool = False


def decide(tenant: str, target: str, seen: Seen, now: float, *, force: bool = False) -> Step | Refused:
    """The next step of a move, or why there is none.

    Args:
        tenant: its name.
        target: the label of the node that it is to go to.
        seen: both nodes.
        now: epoch seconds.
        force: also with something open at the broker, or with nobody to ask.
    """
    if (no := _impossible(tenant, target, seen)) is not None:
        return Refused(no, impossible=True)
    record = seen.record or Record(seen.pinned, target)
    if seen.running:  # also of a node that came back after a person's word
        return _leave_running(tenant, seen, record, now, force=force)
    if record.proof is Proof.NONE:
        return _leave_silent(tenant, seen, record)
    if not record.carried:
        return Step.BEGIN_HELD if seen.running is None else Step.CARRY
    return Step.DEPLOY if seen.written == target else Step.PIN


def _impossible(tenant: str, target: str, seen: Seen) -> str | None:
    meant = [one for one in seen.nodes if one.label == target]
    labels = ", ".join(sorted(one.label for one in seen.nodes if one.label))
    if not target or len(meant) != 1:
        found = f"{len(meant)} nodes with {target}" if len(meant) > 1 else target or "none"
        return f"TO: expected the label of exactly one node, one of {labels or 'none'}, found {found}"
    if seen.record is not None and seen.record.target != target:
        return (
            f"{tenant}: expected its move to {seen.record.target}, which was begun, to end first, found TO={target}; "
            f"make tenant-move TENANT={tenant} TO={seen.record.target}"
        )
    if seen.record is None and not seen.pinned:
        return f"{tenant}: expected its gateway on a node, found none in this Swarm; make stack-deploy"
    if seen.record is None and seen.pinned == target:
        return f"{tenant}: expected another node than {target}, where it is"
    if not meant[0].reached:
        return f"TO: expected a node that the managers reach, found that {target} is not; see docker node ls"
    return None


def _leave_running(tenant: str, seen: Seen, record: Record, now: float, *, force: bool) -> Step | Refused:
    """Something of it runs on the old node. Once its gateway was to end, it ends, whatever else is found."""
    if record.proof is not Proof.NONE:
        return Step.STOP
    no = _unfit(seen.status, tenant, force=force)
    if record.quiet_at == 0:
        return Step.QUIET if no is None else Refused(f"{tenant}: {no}; nothing was done")
    if no is not None:
        return Step.BACK
    if force or _audited_at(seen.status, tenant) > record.quiet_at:
        return Step.STOP
    return Step.WAIT if now - record.quiet_at < AUDITED_WITHIN else Step.BACK


def _leave_silent(tenant: str, seen: Seen, record: Record) -> Step | Refused:
    """Nothing of it is seen to run: because nothing does, or because the old node does not answer."""
    if seen.running is not None:
        return Step.STOP  # Swarm might begin another one, until it is told not to
    if seen.typed:
        return Step.GIVE_UP
    return Refused(
        f"{tenant}: expected node {record.source} to say that its gateway is stopped, found that it does not answer, "
        "so it may still run: two gateways of one user end each other's session",
        typing=True,
    )


def _unfit(status: Mapping[str, Any] | str, tenant: str, *, force: bool) -> str | None:
    """Why the tenant may not be stopped now. FORCE is a word on what is open, and on nothing else."""
    if not force and (left := open_at_broker(status, tenant)) is not None:
        return f"{left}. Close it first, or FORCE=1"
    row = _row(status, tenant)
    if row is None:
        return None  # nobody to ask, and a person said FORCE
    if row["windows"]["open"]:
        return f"inside {row['windows']['open'][0]['name']}"
    login = row["gateway"]["login"]
    if login["hold"]:
        return f"its logins are on hold ({login['hold']}), so it would not come back; first: make resume"
    if login["attempts_left"] is None or login["attempts_left"] <= SPARE:
        return f"the move is a login, and the ledger has {login['attempts_left'] or 0} left; {SPARE} is to stay"
    return None


def why_back(seen: Seen, tenant: str, *, force: bool) -> str:
    """Why a move was taken back after its engine was stopped."""
    return _unfit(seen.status, tenant, force=force) or f"no audit came within {AUDITED_WITHIN:.0f} s"


def _row(status: Mapping[str, Any] | str, tenant: str) -> Mapping[str, Any] | None:
    rows = [] if isinstance(status, str) else status.get("tenants") or []
    return next((row for row in rows if row["name"] == tenant), None)


def _audited_at(status: Mapping[str, Any] | str, tenant: str) -> float:
    row = _row(status, tenant)
    at = row["exposure"]["audited_at"] if row is not None else None
    return datetime.fromisoformat(at).timestamp() if at else 0.0
