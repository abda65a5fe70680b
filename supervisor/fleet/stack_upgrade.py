"""`make stack-upgrade`: what newer images or settings would change on a Swarm, and with GO=1 the doing of it.

First what the tenants of a node share, then one tenant after another over all nodes. Each trades again before the next
one is begun; the first that does not ends the rest. What is as it should be is left alone, so that the same command
goes on from there.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from supervisor import answers, leaving
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.fleet import deploy, files, survey, tasks
from supervisor.fleet.upgrades import not_now
from supervisor.stack import waiting_for
from supervisor.upgrade import WATCHES, table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from supervisor.fleet.tasks import Member
    from tws.clock import Clock

    type Stacks = Mapping[str, dict[str, Any]]

TRADES_WITHIN: Final = 300.0
"""A gateway of IBKR takes about a minute and its login; each look at it some seconds."""
_BETWEEN: Final = 2.0
_SINGLE: Final = "volume-owner"
"""Runs once, so its end is no failure of an update."""


async def upgrade(root: Path, only: str | None, clock: Clock, *, go: bool, force: bool) -> int:
    """Tell what would change; with `go` do it. Returns 0 done or told, 1 where one was skipped or did not come back.

    Raises:
        SettingsRefused: a tenant's file, a node or the Swarm cannot be used; nothing has begun.
        RuntimeTrouble: Docker refused.
    """
    known = files.names(root)
    if only is not None and only not in known:
        raise SettingsRefused(f"TENANT: expected one of {', '.join(known)}, found {only}")
    docker = partial(deploy.docker, root)
    made = {one["name"]: one for one in await deploy.stacks(root, clock, deploy.written(root))}
    changes = {name: deploy.changed(docker, one) for name, one in made.items()}
    meant = {f"watchkeeper-{name}": name for name in known if only in (None, name)}
    touched = {name: {one.service for one in found if one.touched} for name, found in changes.items()}
    for name, found in changes.items():
        if name in meant or name not in {f"watchkeeper-{one}" for one in known}:
            print(f"{name}:\n{table(found)}", flush=True)
    answers.tell(changes={name: sorted(found) for name, found in touched.items()})
    shared = [name for name in made if touched[name] and name not in {f"watchkeeper-{one}" for one in known}]
    run = [name for name in made if touched[name] and name in meant]
    if not (shared or run) or not go:
        print("Nothing was touched." + (" GO=1 does it." if shared or run else ""))
        return 0
    members = {one.label: one for one in tasks.members(docker)}
    work = _Work(root, clock, made, touched, members)
    for name in shared:
        if (why := await work.shared(name)) is not None:
            print(f"Stopped at {name}: {why}. No tenant was begun.", file=sys.stderr)
            return 1
    return await _one_by_one(work, {name: meant[name] for name in run}, force=force)


async def _one_by_one(work: _Work, run: Mapping[str, str], *, force: bool) -> int:
    """What was done and what not is said at the end, whatever ends it."""
    done: list[str] = []
    skipped: dict[str, str] = {}
    failed: str | None = None
    why: str | None = None
    try:
        for name, tenant in run.items():
            if (no := await work.no(name, tenant, force=force)) is not None:
                print(f"==> {tenant}: skipped: {no}", file=sys.stderr, flush=True)
                skipped[tenant] = no
                continue
            failed, why = tenant, "it was ended"
            print(f"==> {tenant}", file=sys.stderr, flush=True)
            if (why := await work.tenant(name, tenant)) is not None:
                return 1
            done, failed = [*done, tenant], None
    finally:
        left = [tenant for tenant in run.values() if tenant not in (*done, *skipped, failed)]
        print(f"Done: {', '.join(done) or 'none'}.", *(f"Skipped: {name} ({no})." for name, no in skipped.items()))
        if failed is not None:
            print(f"Stopped at {failed}: {why}; not begun: {', '.join(left) or 'none'}.")
        answers.tell(done=done, skipped=skipped, failed=failed, left=left)
    return 1 if skipped else 0


@dataclass(frozen=True, slots=True)
class _Missing:
    """Why something is not done yet. `ended`: the service whose new task ended at once, so that it never will be."""

    why: str
    ended: str | None = None


class _Work:
    """What is done to the Swarm, one stack at a time."""

    def __init__(
        self, root: Path, clock: Clock, made: Stacks, touched: Mapping[str, set[str]], members: Mapping[str, Member]
    ) -> None:
        self._root = root
        self._docker = partial(deploy.docker, root)
        self._clock = clock
        self._made = made
        self._touched = touched
        self._members = members

    async def no(self, name: str, tenant: str, *, force: bool) -> str | None:
        """Why a tenant is left as it is: trouble, no login to spare, or something open at the broker.

        A person who forces it has looked: so one is repaired that an upgrade has left down. Its ledger counts on.
        """
        if force:
            return None
        status, touched = await self._status(tenant), self._touched[name]
        if (no := not_now(status, tenant, touched)) is not None:
            return no
        return leaving.open_at_broker(status, tenant) if touched & WATCHES else None

    async def shared(self, name: str) -> str | None:
        """Give a node what its tenants share; why it did not come, or None once Swarm calls the update done."""
        before = self._updates(name)
        deploy.give(self._root, self._made[name])
        until = self._clock.monotonic() + TRADES_WITHIN
        while (missing := self._unfinished(name, before)) is not None:
            if missing.ended or self._clock.monotonic() >= until:
                return missing.why
            await self._clock.sleep(_BETWEEN)
        return None

    async def tenant(self, name: str, tenant: str) -> str | None:
        """Give a tenant its stack; why it does not trade again in time, or None when it does."""
        started = _started(await self._status(tenant), tenant)
        before = self._updates(name)
        deploy.give(self._root, self._made[name])
        until = self._clock.monotonic() + TRADES_WITHIN
        while (missing := self._unfinished(name, before) or await self._not_ready(name, tenant, started)) is not None:
            if missing.ended:
                # Swarm would start it again and again, and each start may be a login.
                self._docker("service", "scale", "--detach", f"{name}_{missing.ended}=0")
                return f"{missing.why}; {missing.ended} is stopped"
            if self._clock.monotonic() >= until:
                return missing.why
            await self._clock.sleep(_BETWEEN)
        return None

    def _updates(self, name: str) -> dict[str, Any]:
        """What Swarm says of the last update of each service that is there and not stopped; that starts without one."""
        return {
            row["Spec"]["Name"]: row.get("UpdateStatus")
            for row in deploy.services(self._docker, name)
            if row["Spec"]["Mode"].get("Replicated", {}).get("Replicas") != 0
        }

    def _unfinished(self, name: str, before: Mapping[str, Any]) -> _Missing | None:
        """What Swarm has not replaced yet, or could not; `before`: what it said before it was told to."""
        now = self._updates(name)
        for service in sorted(self._touched[name] - {_SINGLE}):
            full = f"{name}_{service}"
            if full not in before or full not in now:  # what is new has no update, and what is gone none any more
                continue
            said = now[full] or {}
            if said == before[full] or said.get("State") != "completed":
                why = f"{said.get('State', 'not begun')}: {service}: {said.get('Message', '')}"
                return _Missing(why, service if said != before[full] and said.get("State") == "paused" else None)
        return None

    async def _not_ready(self, name: str, tenant: str, started: str | None) -> _Missing | None:
        """What the supervisor does not call ready yet; `started`: when the gateway of before was."""
        status, engine = await self._status(tenant), "engine" in self._made[name]["services"]
        missing = status if isinstance(status, str) else waiting_for(status, tenant, engine=engine)
        if missing is None and "ib-gateway" in self._touched[name] and _started(status, tenant) == started:
            missing = "its supervisor to see the new gateway"
        return None if missing is None else _Missing(missing)

    async def _status(self, tenant: str) -> Mapping[str, Any] | str:
        node = files.read(self._root, tenant)["NODE"]
        try:
            return await survey.status(self._docker, self._members[node], self._clock)
        except RuntimeTrouble as error:
            return str(error)


def _started(status: Mapping[str, Any] | str, tenant: str) -> str | None:
    """When a tenant's gateway was started, by its supervisor."""
    rows = [] if isinstance(status, str) else status["tenants"]
    row = next((row for row in rows if row["name"] == tenant), None)
    started: str | None = ((row or {}).get("gateway", {}).get("container") or {}).get("started_at")
    return started
