"""`make upgrade`: what would be made anew, and with GO=1 the doing of it, behind a backup and with a way back.

The new images are built first, which touches nothing that runs. A container is made anew if its image or its
configuration is another than what runs; what stays, stays connected. Without GO=1 that is only told.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

from supervisor import answers
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.fleet import files as tenant_files
from supervisor.plan import Mode
from supervisor.stack import (
    READY_WITHIN_SECONDS,
    ROOT,
    back_up,
    build,
    commit,
    compose,
    composed,
    known_mode,
    may_leave,
    planned,
    raise_up,
    run,
    settle,
    start,
    started_from,
    tell_supervisor,
    tenant_of,
    write_files,
)
from tws.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from pathlib import Path

    from supervisor.plan import Plan
    from tws.clock import Clock

    type Settle = Callable[[Path, Plan, Clock], Coroutine[Any, Any, int]]

WATCHES: Final = frozenset({"ib-gateway", "supervisor", "engine", "docker-api", "redis"})
"""Services whose absence leaves a position without its watch."""
BEFORE: Final = "before.json"
"""What the way back needs, in the tenant's folder: the checkout's commit, and compose's variables."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a container is, or would be, made of."""

    configuration: str
    image: str


@dataclass(frozen=True, slots=True)
class Change:
    """One service's fate."""

    service: str
    touched: bool
    why: str


def compare(wanted: Mapping[str, Made], running: Mapping[str, Made]) -> list[Change]:
    """Say for each service whether its container would be made anew, and why."""
    changes = []
    for service in sorted({*wanted, *running}):
        new, old = wanted.get(service), running.get(service)
        if new is None:
            changes.append(Change(service, True, "is no part of the stack any more"))
        elif old is None:
            changes.append(Change(service, True, "is new, or does not run"))
        else:
            why = [
                what
                for what, differs in (
                    ("another image", new.image != old.image),
                    ("other settings", new.configuration != old.configuration),
                )
                if differs
            ]
            changes.append(Change(service, bool(why), " and ".join(why) or "as it is"))
    return changes


def changes(root: Path, stack: Plan) -> list[Change]:
    """What would be made anew of what runs, by files that are written and images that are built."""
    return compare(_wanted(root, stack), _running(root, stack.tenant))


def table(changes: list[Change]) -> str:
    """The changes as a person reads them, and what they cost."""
    lines = [f"  {'made anew' if one.touched else 'stays':<10} {one.service:<13} {one.why}" for one in changes]
    touched = {one.service for one in changes if one.touched}
    if not touched:
        lines.append("Nothing is to be done.")
    elif "ib-gateway" in touched:
        lines.append("The gateway is among them: it ends with its token kept if it can; if not, that is one login.")
    else:
        lines.append("The gateway stays: no login.")
    return "\n".join(lines)


def upgrade(mode: Mode, tenant: str, *, go: bool, force: bool, root: Path = ROOT) -> int:
    """Tell what would change; with `go` do it. Returns 0 done or told, 1 exposed or not ready in time.

    Raises:
        SettingsRefused: nothing runs, or `.env` cannot be used.
        RuntimeTrouble: Docker refused.
    """
    stack = planned(mode, tenant, root)
    changes = weighed(root, stack)
    print(table(changes), flush=True)
    rows = [{"service": one.service, "touched": one.touched, "why": one.why} for one in changes]
    answers.tell(tenant=tenant, changes=rows, done=False)
    touched = {one.service for one in changes if one.touched}
    if not touched:
        return 0
    if not go:
        print("Nothing was touched. GO=1 does it, after a backup.")
        return 0
    if touched & WATCHES and not may_leave(root, tenant, mode, force=force):
        return 1
    code = carry_out(root, stack, touched, settle)
    answers.tell(done=True)
    return code


def weighed(root: Path, stack: Plan) -> list[Change]:
    """Build the new images and say what would be made anew. Nothing that runs is touched.

    Raises:
        SettingsRefused: nothing runs.
        RuntimeTrouble: Docker refused.
    """
    running = _running(root, stack.tenant)
    if not running:
        raise SettingsRefused(f"expected that {stack.tenant} runs, found no container of it; make up starts it")
    before = (root / stack.env_file).read_text()
    write_files(root, stack)
    try:
        build(root, stack)
        return compare(_wanted(root, stack), running)
    finally:
        (root / stack.env_file).write_text(before)  # of what runs, for whoever asks it, and for the way back


def carry_out(root: Path, stack: Plan, touched: set[str], settled: Settle) -> int:
    """Make the touched containers anew, behind a backup and with a way back. Returns what `settled` does at the end.

    Raises:
        RuntimeTrouble: Docker refused.
    """
    tenant, ran, before = stack.tenant, started_from(root, stack), (root / stack.env_file).read_text()
    back_up(tenant, root)
    _keep_images(root, tenant)  # not before it is certain that something is done: there is one way back
    write_files(root, stack)
    (root / stack.var / BEFORE).write_text(json.dumps({"commit": ran, "variables": before}))
    print("==> the way back, from the checkout of before: make upgrade BACK=1", flush=True)
    held = "ib-gateway" in touched and tell_supervisor(root, tenant, "pause-gateway", "--force")
    try:
        raise_up(root, stack)
    except RuntimeTrouble:
        if held:
            print("The gateway waits at its hold, with its token: make resume lets it start.", file=sys.stderr)
        raise
    clock = SystemClock()
    return asyncio.run(_go_on(root, stack, clock, settled) if held else settled(root, stack, clock))


async def _go_on(root: Path, stack: Plan, clock: Clock, settled: Settle) -> int:
    """Lift the hold once the supervisor, perhaps a new one, can be asked to; then as after any start."""
    until = clock.monotonic() + READY_WITHIN_SECONDS
    while not await asyncio.to_thread(tell_supervisor, root, stack.tenant, "resume"):
        if clock.monotonic() >= until:
            return 1
        await clock.sleep(1.0)
    return await settled(root, stack, clock)


def back(mode: Mode, tenant: str, *, force: bool, root: Path = ROOT, stack: Plan | None = None) -> int:
    """Run the images and settings again that ran before the last upgrade. Volumes stay as they are.

    `stack` is the plan of one of several tenants.

    Raises:
        SettingsRefused: there was none, or the checkout is not the one of that time.
        RuntimeTrouble: Docker refused.
    """
    path = root / "var" / tenant / BEFORE
    try:
        before = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SettingsRefused(f"expected what an upgrade of {tenant} has kept in {path}, found {error}") from error
    answers.tell(tenant=tenant, done=False)
    now = commit(root)
    if before["commit"] not in (None, now):
        found = f"expected the checkout of before the upgrade, found commit {now}"
        raise SettingsRefused(f"{found}; git checkout {before['commit']}, then again")
    if not may_leave(root, tenant, mode, force=force):
        return 1
    stack = stack or planned(mode, tenant, root)
    write_files(root, stack)
    for image in _OURS:
        run(
            ["docker", "tag", _before(image, tenant), image], root, quiet=True
        )  # an image that did not run was not kept
    (root / stack.env_file).write_text(before["variables"])
    answers.tell(done=True)
    return asyncio.run(start(root, stack, SystemClock()))


# ---- what Docker says ------------------------------------------------------------------------------------------------


_OURS: Final = tuple(f"watchkeeper/{name}:local" for name in ("supervisor", "engine", "simulator"))


def _before(image: str, tenant: str) -> str:
    return f"{image.removesuffix(':local')}:before-{tenant}"


def _keep_images(root: Path, tenant: str) -> None:
    """Name what runs now, so that building anew does not leave it to be cleared away."""
    label = f"label=com.docker.compose.project=watchkeeper-{tenant}"
    for one in _inspected(root, ["ps", "--all", "--quiet", "--filter", label]):
        if (name := one["Config"]["Image"]) in _OURS:
            run(["docker", "tag", one["Image"], _before(name, tenant)], root)


def _inspected(root: Path, command: list[str]) -> list[dict[str, Any]]:
    found = run(["docker", *command], root, quiet=True).stdout.split()
    if not found:
        return []
    told: list[dict[str, Any]] = json.loads(run(["docker", "inspect", *found], root, quiet=True).stdout)
    return told


def _running(root: Path, tenant: str) -> dict[str, Made]:
    label = f"label=com.docker.compose.project=watchkeeper-{tenant}"
    found = _inspected(root, ["ps", "--all", "--quiet", "--filter", label])
    return {
        one["Config"]["Labels"]["com.docker.compose.service"]: Made(
            one["Config"]["Labels"]["com.docker.compose.config-hash"], one["Image"]
        )
        for one in found
    }


def _wanted(root: Path, stack: Plan) -> dict[str, Made]:
    """By compose's own sum of each service's configuration, which it labels containers with."""
    told = compose(root, stack.tenant, "config", "--hash", "*", quiet=True).stdout
    hashes = dict(line.split() for line in told.splitlines())
    services = composed(root, stack.tenant)["services"]
    images = {service: _image_id(root, definition["image"]) for service, definition in services.items()}
    return {service: Made(hashes[service], images[service]) for service in services}


def _image_id(root: Path, name: str) -> str:
    done = run(["docker", "image", "inspect", "--format", "{{.Id}}", name], root, quiet=True)
    return done.stdout.strip() or "not here yet"


def main(arguments: list[str] | None = None) -> int:
    """Command line. Exit codes: 0 done or told, 1 exposed or not ready in time, 2 could not."""
    parser = argparse.ArgumentParser(prog="python -m supervisor.upgrade", description=__doc__)
    parser.add_argument("--mode", choices=get_args(Mode))
    parser.add_argument("--go", action="store_true", help="do it")
    parser.add_argument("--force", action="store_true", help="also while positions or orders are open")
    parser.add_argument("--back", action="store_true", help="run again what ran before the last upgrade")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)

    def command() -> int:
        if tenant_files.names(ROOT):
            from supervisor.fleet import upgrades  # it builds on this module

            only = os.environ.get("TENANT") or None
            if options.back:
                return upgrades.back(ROOT, only, force=options.force)
            return upgrades.upgrade(ROOT, only, go=options.go, force=options.force)
        tenant = tenant_of(ROOT, options.mode)
        mode = options.mode or known_mode(ROOT, tenant)
        if options.back:
            return back(mode, tenant, force=options.force)
        return upgrade(mode, tenant, go=options.go, force=options.force)

    return answers.answered(command, as_json=options.json or os.environ.get("JSON") == "1")


if __name__ == "__main__":
    raise SystemExit(main())
