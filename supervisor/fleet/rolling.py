"""A restart of many gateways, one after another: what is done next, by what is seen. Pure.

Each tenant is made quiet first: its engine is halted, so that no position is opened between the look that finds none
and the gateway's going. Then its gateway is restarted, its engine goes on, and only when it trades again comes the next
one. The first that does not come back ends the rest. What is done is kept, so that a later run goes on from there.

Times are epoch seconds: they are compared with what a supervisor tells, and outlive this process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from supervisor.faults import Rung
from supervisor.leaving import open_at_broker

if TYPE_CHECKING:
    from collections.abc import Mapping

QUIET_WITHIN: Final = 60.0
"""For an audit that is younger than the halt: one is taken each 30 s."""
SOFT_WITHIN: Final = 240.0
"""For a soft restart: IBC waits for a full minute, and then it takes 75 s. After this a container restart is tried."""
BACK_WITHIN: Final = 900.0
"""For gateway and engine to be well again, with a login and its turn, where there was one."""
SPARE: Final = 1
"""Logins that are left in the ledger by a restart that costs one: an accident may need it."""


class Phase(StrEnum):
    """How far a tenant is."""

    TODO = "to do"
    QUIET = "being made quiet"
    RESTARTING = "restarting"
    BACK = "coming back"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


UNDER_WAY: Final = (Phase.QUIET, Phase.RESTARTING, Phase.BACK)


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant of the run. `halted`: by us, so its halt is ours to lift."""

    name: str
    phase: Phase = Phase.TODO
    since: float = 0.0
    asked_at: float = 0.0
    rung: Rung = Rung.IBC_RESTART
    halted: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How a run is done.

    Attributes:
        most: so many tenants at a time.
        wait: seconds for a tenant with something open to become flat; 0: it is skipped at once.
        force: also with something open.
    """

    most: int = 1
    wait: float = 0.0
    force: bool = False


class Word(StrEnum):
    """What is asked of a tenant."""

    HALT = "halt"
    LIFT = "lift"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to be done to a tenant."""

    word: Word
    tenant: str
    rung: Rung | None = None


def step(
    run: tuple[Tenant, ...], status: Mapping[str, Any] | str, limits: Limits, now: float
) -> tuple[tuple[Tenant, ...], tuple[Deed, ...]]:
    """What the run has come to, and what is to be done now.

    Args:
        run: as it stood.
        status: the supervisor's, version 1, or why there is none; then nothing is begun, and only bounds pass.
        limits: how it is to be done.
        now: epoch seconds.
    """
    rows = {} if isinstance(status, str) else {row["name"]: row for row in status.get("tenants") or []}
    out: list[Tenant] = []
    deeds: list[Deed] = []
    for one in run:
        then, due = _go_on(one, rows.get(one.name), status, limits, now) if one.phase in UNDER_WAY else (one, ())
        out.append(then)
        deeds += due
    if any(one.phase is Phase.FAILED for one in out):
        return tuple(out), tuple(deeds)
    for place, one in enumerate(out):
        if one.phase is not Phase.TODO or isinstance(status, str):
            continue
        if sum(other.phase in UNDER_WAY for other in out) >= limits.most:
            break
        then, due = _begin(one, rows.get(one.name), status, limits, now)
        out[place] = then
        deeds += due
    return tuple(out), tuple(deeds)


def over(run: tuple[Tenant, ...]) -> bool:
    """Whether nothing is under way and nothing will be begun."""
    busy = any(one.phase in UNDER_WAY for one in run)
    failed = any(one.phase is Phase.FAILED for one in run)
    return not busy and (failed or all(one.phase is not Phase.TODO for one in run))


def taken_up(run: tuple[Tenant, ...], names: list[str]) -> tuple[Tenant, ...]:
    """A run that was ended before its time, to be gone on with: what is done stays so, all else is tried anew."""
    known = {one.name: one for one in run}
    again = [known.get(name, Tenant(name)) for name in names]
    keep = (Phase.DONE, *UNDER_WAY)
    return tuple(one if one.phase in keep else Tenant(one.name, halted=one.halted) for one in again)


def _begin(
    one: Tenant, row: Mapping[str, Any] | None, status: Mapping[str, Any], limits: Limits, now: float
) -> tuple[Tenant, tuple[Deed, ...]]:
    since = one.since or now
    no = unfit(row, halted=one.halted)
    if row is not None and row["gateway"].get("external"):
        no = "its gateway is not ours to restart"
    if no is not None or row is None:
        return replace(one, phase=Phase.SKIPPED, since=now, why=no or ""), ()
    left = None if limits.force else open_at_broker(status, one.name)
    if left is not None:
        if now - since < limits.wait:
            return replace(one, since=since, why=left), ()
        return replace(one, phase=Phase.SKIPPED, since=now, why=left), ()
    halts = row["engine"]["halted"] is not None
    deeds = (Deed(Word.HALT, one.name),) if halts else ()
    return replace(one, phase=Phase.QUIET, since=now, halted=halts or one.halted, why=""), deeds


def unfit(row: Mapping[str, Any] | None, *, halted: bool = False) -> str | None:
    """Why nothing is begun with a tenant, by its row of the status: what is in trouble is not made worse.

    `halted`: its engine was halted by us, and so it does not trade.
    """
    if row is None:
        return "the supervisor does not watch it"
    if row["paused"]:
        return "it is paused"
    if row["windows"]["open"]:
        return f"inside {row['windows']['open'][0]['name']}"
    if row["verdict"] != "trading" and not (halted and row["gateway"]["state"] == "READY"):
        return f"it is {row['verdict']}: {row['sentence']}"
    return None


def _go_on(
    one: Tenant, row: Mapping[str, Any] | None, status: Mapping[str, Any] | str, limits: Limits, now: float
) -> tuple[Tenant, tuple[Deed, ...]]:
    if row is not None and (gave_up := [fault["fault"] for fault in row["open"] if fault["outcome"] == "gave_up"]):
        return _failed(one, f"the supervisor has given up on {', '.join(gave_up)}", now)
    if one.phase is Phase.QUIET:
        return _restart_when_quiet(one, row, status, limits, now)
    if one.phase is Phase.RESTARTING:
        return _wait_for_restart(one, row, now)
    if row is not None and row["verdict"] == "trading":
        return replace(one, phase=Phase.DONE, since=now, halted=False), ()
    if now - one.since >= BACK_WITHIN:
        return _failed(one, f"it does not trade again within {BACK_WITHIN:.0f} s{_said(row)}", now)
    return one, ()


def _restart_when_quiet(
    one: Tenant, row: Mapping[str, Any] | None, status: Mapping[str, Any] | str, limits: Limits, now: float
) -> tuple[Tenant, tuple[Deed, ...]]:
    """The look that counts is one from after the halt."""
    lift = (Deed(Word.LIFT, one.name),) if one.halted else ()
    if row is None:
        late = now - one.since >= QUIET_WITHIN
        gone = replace(one, phase=Phase.SKIPPED, since=now, halted=False, why="not seen any more")
        return (gone, lift) if late else (one, ())
    audited = _epoch(row["exposure"]["audited_at"])
    if not limits.force and (audited is None or audited <= one.since):
        if now - one.since < QUIET_WITHIN:
            return one, ()
        return replace(one, phase=Phase.SKIPPED, since=now, halted=False, why="no audit came after its halt"), lift
    left = None if limits.force else open_at_broker(status, one.name)
    if left is not None:
        return replace(one, phase=Phase.SKIPPED, since=now, halted=False, why=left), lift
    return replace(one, phase=Phase.RESTARTING, since=now, asked_at=now), (Deed(Word.RESTART, one.name, one.rung),)


def _wait_for_restart(one: Tenant, row: Mapping[str, Any] | None, now: float) -> tuple[Tenant, tuple[Deed, ...]]:
    """A gateway that was asked goes on answering for up to a minute: only a new run of it, by its log, is an answer."""
    if row is not None and row["gateway"]["state"] == "READY" and _ran_anew(row, one.asked_at):
        lift = (Deed(Word.LIFT, one.name),) if one.halted else ()
        return replace(one, phase=Phase.BACK, since=now), lift
    if one.rung is Rung.IBC_RESTART and row is not None and now - one.since >= SOFT_WITHIN and not row["act"]:
        if row["gateway"]["state"] != "READY":
            return _failed(one, f"its soft restart has not come back within {SOFT_WITHIN:.0f} s{_said(row)}", now)
        left = row["gateway"]["login"]["attempts_left"]
        if left is None or left <= SPARE:
            return _failed(one, f"no soft restart, and a container restart would leave {SPARE - 1} logins", now)
        deed = Deed(Word.RESTART, one.name, Rung.CONTAINER_RESTART)
        return replace(one, since=now, asked_at=now, rung=Rung.CONTAINER_RESTART), (deed,)
    if now - one.since >= BACK_WITHIN:
        return _failed(one, f"its gateway is not ready within {BACK_WITHIN:.0f} s{_said(row)}", now)
    return one, ()


def _ran_anew(row: Mapping[str, Any], asked_at: float) -> bool:
    """Whether the gateway has logged in, or gone on with its token, or got a new process since."""
    container = row["gateway"]["container"] or {}
    signs = [_epoch(row["gateway"]["login"]["since"]), _epoch(container.get("started_at"))]
    return any(sign is not None and sign > asked_at for sign in signs)


def _failed(one: Tenant, why: str, now: float) -> tuple[Tenant, tuple[Deed, ...]]:
    """Its halt stays: a person looks first. The report says so."""
    return replace(one, phase=Phase.FAILED, since=now, why=why), ()


def _said(row: Mapping[str, Any] | None) -> str:
    return "" if row is None else f" ({row['sentence']})"


def _epoch(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()


def told(run: tuple[Tenant, ...]) -> str:
    """What was done and what not, a line a tenant, and what is left to a person."""
    lines = [f"  {one.phase:<16} {one.name}{f': {one.why}' if one.why else ''}" for one in run]
    halted = [one.name for one in run if one.halted and one.phase is not Phase.DONE]
    lines += [f"{name} is still halted by this: make halt TENANT={name} LIFT=1" for name in halted]
    if any(one.phase is Phase.FAILED for one in run):
        lines.append("Stopped there. The same command goes on with the rest; what is done is not done again.")
    return "\n".join(lines)
