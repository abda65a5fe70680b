"""`make upgrade` where tenants have files: first what all share, then one tenant after another.

Each trades again before the next. The first that does not come back ends the rest; what is as it should be is left
alone, so that the same command goes on from there.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from supervisor import answers, leaving
from supervisor import upgrade as single
from supervisor.errors import SettingsRefused
from supervisor.fleet import files, rolling, stack
from supervisor.fleet.files import HOUSE
from supervisor.stack import may_leave, wait_until_ready
from supervisor.upgrade import WATCHES, Change, carry_out, table, weighed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from supervisor.plan import Plan
    from tws.clock import Clock


def upgrade(root: Path, only: str | None, *, go: bool, force: bool) -> int:
    """Tell what would change; with `go` do it. Returns 0 done or told, 1 where one was skipped or did not come back.

    Raises:
        SettingsRefused: a tenant's file cannot be used, or nothing runs.
        RuntimeTrouble: Docker refused.
    """
    there = stack.present(root)
    tenants = [one for one in stack.planned(root) if one.tenant in there]
    if only is not None and only not in [one.tenant for one in tenants]:
        raise SettingsRefused(f"expected one of {', '.join(sorted(there)) or 'none'}, found {only}")
    if not tenants:
        raise SettingsRefused("expected tenants that run, found none; make up starts them")
    shared = stack.opened(root, tenants)
    changes: dict[str, list[Change]] = {}
    for one in (shared, *(one for one in tenants if only in (None, one.tenant))):
        changes[one.tenant] = weighed(root, one)
        print(f"{one.tenant}:\n{table(changes[one.tenant])}", flush=True)
    answers.tell(tenants={name: [one.service for one in found if one.touched] for name, found in changes.items()})
    touched = {name: {one.service for one in found if one.touched} for name, found in changes.items()}
    if not any(touched.values()) or not go:
        print("Nothing was touched." + (" GO=1 does it, after a backup of each." if any(touched.values()) else ""))
        return 0
    if touched[HOUSE] and carry_out(root, shared, touched[HOUSE], _back):
        return 1
    run = [one for one in tenants if touched.get(one.tenant)]
    return _one_by_one(root, run, touched, force=force) if run else 0


def back(root: Path, only: str | None, *, force: bool) -> int:
    """Run again what one tenant, or what all share (`house`), ran before its last upgrade.

    Raises:
        SettingsRefused: it is not said which, or there was no upgrade of it.
    """
    there = stack.present(root)
    tenants = [one for one in stack.planned(root) if one.tenant in there]
    plans = {one.tenant: one for one in (stack.opened(root, tenants), *tenants)}
    if only not in plans:
        raise SettingsRefused(f"TENANT: expected one of {', '.join(plans)}, found {only or 'nothing'}; one at a time")
    return single.back(plans[only].mode, only, force=force, root=root, stack=plans[only])


def _one_by_one(root: Path, run: list[Plan], touched: Mapping[str, set[str]], *, force: bool) -> int:
    """What was done and what not is said at the end, whatever ends it."""
    done: list[str] = []
    skipped: dict[str, str] = {}
    failed: str | None = None
    try:
        for one in run:
            status = leaving.ask(f"http://127.0.0.1:{one.variables['HOST_PORT_SUPERVISOR']}")
            no = not_now(status, one.tenant, touched[one.tenant])
            if no is None and touched[one.tenant] & WATCHES and not may_leave(root, one.tenant, one.mode, force=force):
                no = "positions or orders are open"
            if no is not None:
                print(f"==> {one.tenant}: skipped: {no}", file=sys.stderr, flush=True)
                skipped[one.tenant] = no
                continue
            failed = one.tenant
            if carry_out(root, one, touched[one.tenant], _trading):
                return 1
            done, failed = [*done, one.tenant], None
    finally:
        left = [one.tenant for one in run if one.tenant not in (*done, *skipped, failed)]
        print(f"Done: {', '.join(done) or 'none'}.", *(f"Skipped: {name} ({why})." for name, why in skipped.items()))
        if failed is not None:
            print(f"Stopped at {failed}, which does not trade again; not begun: {', '.join(left) or 'none'}.")
        answers.tell(done=done, skipped=skipped, failed=failed, left=left)
    return 1 if skipped else 0


def not_now(status: Mapping[str, Any] | str, tenant: str, touched: set[str]) -> str | None:
    """Why a tenant is left as it is: it is in trouble, or has no login to spare for a gateway that is made anew."""
    if isinstance(status, str):
        return status
    row: Mapping[str, Any] | None = next((row for row in status["tenants"] if row["name"] == tenant), None)
    no = rolling.unfit(row)
    if no is not None or row is None:
        return no
    left = row["gateway"]["login"]["attempts_left"]
    if "ib-gateway" in touched and left is not None and left <= rolling.SPARE:
        return f"its gateway is to be made anew, and its ledger has {left} logins left"
    return None


async def _trading(root: Path, one: Plan, clock: Clock) -> int:
    return 0 if await wait_until_ready(one, clock, lambda line: print(line, flush=True)) else 1


async def _back(root: Path, shared: Plan, clock: Clock) -> int:
    """Every tenant is known again to what is new in their midst, as well or ill as it was."""
    names, until = set(files.names(root)) & stack.present(root), clock.monotonic() + 60.0
    while clock.monotonic() < until:
        status = leaving.ask(f"http://127.0.0.1:{shared.variables['HOST_PORT_SUPERVISOR']}")
        rows = [] if isinstance(status, str) else status["tenants"]
        if names <= {row["name"] for row in rows if row["gateway"]["state"] not in ("UNKNOWN", "STARTING")}:
            return 0
        await clock.sleep(0.5)
    print("expected the supervisor to know every tenant again within 60 s; see: make logs", file=sys.stderr)
    return 1
