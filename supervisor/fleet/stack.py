"""`make up`, `down`, `purge` and `render` where tenants have files: all of them, or the one that TENANT names.

Each tenant's network and volumes come first, then what all share, which joins them, then the tenants' own containers,
whose engines wait for the supervisor's clearance. Those are touched by nothing that is about another tenant.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from preflight.variables import published
from supervisor import answers, plan, stack, upgrade
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.fleet import files, house, slots, together
from supervisor.fleet.files import HOUSE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from supervisor.plan import Plan
    from tws.clock import Clock

_VOLUMES: Final = "volume-owner"
"""The service that makes a tenant's network and volumes, and ends."""


def drafted(root: Path) -> list[Plan]:
    """The plan of each tenant. Only the tenants' numbers are written.

    Raises:
        SettingsRefused: every fault of every file, one a line.
    """
    slots.write(root, slots.assigned(slots.read(root), files.names(root)))
    found, faults = [], []
    for name in files.names(root):
        try:
            found.append(stack.drafted(files.mode(root, name), name, root)[0])
        except SettingsRefused as error:
            faults += [line if line.startswith("tenants/") else f"{name}: {line}" for line in str(error).splitlines()]
    if faults:
        raise SettingsRefused("\n".join(faults))
    return found


def planned(root: Path, memory_mib: float | None = None) -> list[Plan]:
    """As `drafted`, with every secret where containers can read it, each setting checked, and all held together.

    Args:
        root: the checkout.
        memory_mib: what their limits may come to; None: what this machine has.

    Raises:
        SettingsRefused: something is missing, unusable, or in two tenants' hands.
    """
    tenants, faults = drafted(root), []
    shared = _house(root, tenants)
    stack.prepare_secrets(root, shared)
    for one in tenants:
        try:
            stack.prepare_secrets(root, one)
            stack.check_settings(root, one)
        except SettingsRefused as error:
            faults += [f"{one.tenant}: {line}" for line in str(error).splitlines()]
    if not faults:
        users, prefix = together.users(root, tenants), shared.variables["SUBNET_PREFIX"]
        memory_mib = together.memory_mib() if memory_mib is None else memory_mib
        faults = together.faults(tenants, users, memory_mib, prefix)
        faults += together.needless_logins(root, tenants)
    if faults:
        raise SettingsRefused("\n".join(faults))
    return [stack.hand_over_secrets(root, one) for one in tenants]


def _house(root: Path, tenants: Sequence[Plan], name: str = HOUSE, placed: Mapping[str, str] | None = None) -> Plan:
    settings = stack.given(root, os.environ)
    return house.house(settings, stack.look_at_host(root, settings, os.environ), tenants, name, placed)


def opened(root: Path, tenants: Sequence[Plan], name: str = HOUSE, placed: Mapping[str, str] | None = None) -> Plan:
    """The house of these tenants, its secrets and files ready; `placed` as of `house.house`."""
    shared, settings = _house(root, tenants, name, placed), stack.given(root, os.environ)
    stack.prepare_secrets(root, shared)
    usual = stack.configure(root, shared, settings)
    return stack.hand_over_secrets(root, replace(usual, files={**usual.files, **shared.files}))


def present(root: Path) -> set[str]:
    """The tenants whose network is there, which is as long as any container of theirs is."""
    command = ["docker", "network", "ls", "--filter", "name=_trading$", "--format", "{{.Name}}"]
    found = stack.run(command, root, quiet=True)
    if found.returncode:
        raise RuntimeTrouble(f"expected Docker to list its networks, found: {found.stderr.strip()[-300:]}")
    known = {f"watchkeeper-{name}_trading": name for name in slots.read(root)}
    return {known[line] for line in found.stdout.split() if line in known}


async def up(root: Path, clock: Clock, only: str | None = None) -> int:
    """Build, start and wait, for all tenants or one. Without one, a tenant whose file is gone is stopped.

    What runs is made anew only for the one that is named: else a newer image would end the gateways of all at once.

    Returns 0 when each is ready, 1 when not within the bound, or where one that is to go may not be left.
    """
    check_house(root)
    tenants, there = planned(root), present(root)
    chosen = [one for one in tenants if only in (None, one.tenant)]
    joined = [one for one in tenants if one in chosen or one.tenant in there]
    shared = opened(root, joined)
    gone = sorted(there - set(files.names(root))) if only is None else []
    for one in chosen:
        stack.confirm_live(one)
    _check_ports(root, [shared, *chosen])
    if not all(stack.may_leave(root, name, stack.known_mode(root, name), force=False) for name in gone):
        return 1
    for one in (shared, *chosen):
        stack.write_files(root, one)
    for one in (shared, *{one.variables["COMPOSE_FILE"]: one for one in chosen}.values()):
        stack.build(root, one)
    for one in chosen:
        made = stack.compose(root, one.tenant, "up", "--detach", "--no-build", "--no-deps", _VOLUMES, quiet=True)
        if made.returncode:
            raise RuntimeTrouble(f"expected the volumes of {one.tenant}, found: {made.stderr.strip()[-500:]}")
    stack.raise_up(root, shared)
    for name in gone:
        stack.compose(root, name, "down", "--remove-orphans")
    for one in chosen:
        stack.raise_up(root, one, *([] if only else ["--no-recreate"]))
    for one in chosen:
        if any(change.touched for change in upgrade.changes(root, one)):
            print(f"{one.tenant}: runs with other images or settings than now: make upgrade TENANT={one.tenant}")
    ready = [await stack.wait_until_ready(one, clock, lambda line: print(line, flush=True)) for one in chosen]
    print(addresses(shared, chosen))
    rows = [{"name": one.tenant, "mode": one.mode, "ready": done} for one, done in zip(chosen, ready, strict=True)]
    found = {what.lower(): where for what, where in stack.shared_at(shared).items()}
    answers.tell(tenants=rows, ready=all(ready), addresses=found)
    return 0 if all(ready) else 1


def check_house(root: Path) -> None:
    """Refuse to take over what another checkout's tenants share. Raises: SettingsRefused."""
    label = f"label=com.docker.compose.project=watchkeeper-{HOUSE}"
    form = '{{.Label "com.docker.compose.project.working_dir"}}'
    said = stack.run(["docker", "ps", "--all", "--filter", label, "--format", form], root, quiet=True).stdout
    if others := sorted(set(said.splitlines()) - {str(root)}):
        raise SettingsRefused(
            f"expected the tenants of this machine to be {root}'s, found {', '.join(others)}'s; go on there, or "
            "`make down` there first"
        )


def _check_ports(root: Path, plans: Sequence[Plan]) -> None:
    faults = []
    for one in plans:
        running = stack.compose(root, one.tenant, "ps", "--quiet", quiet=True).stdout.strip()
        faults += [] if running else [f"{one.tenant}: {line}" for line in stack.taken_ports(one.variables)]
    if faults:
        raise SettingsRefused("\n".join(faults))


def addresses(shared: Plan, tenants: Sequence[Plan]) -> str:
    """Where a person finds what now runs."""
    lines = [f"  {what:<13} {where}" for what, where in stack.shared_at(shared).items()]
    for one in tenants:
        ports = published(one.variables)
        told = "  ".join(f"{name.removeprefix('HOST_PORT_').lower()} {port}" for name, port in ports.items())
        lines.append(f"  {one.tenant:<13} {one.mode}, {one.variables['IB_ACCOUNT']}; on 127.0.0.1: {told or 'nothing'}")
    return "\n".join(["", *lines, stack.grafana(shared), ""])


def leave(root: Path, names: Sequence[str], *, purge: bool, force: bool) -> int:
    """Stop these tenants; with the last one, also what they share. Their volumes stay, unless they are purged.

    Returns 1, and touches nothing, while one of them has positions or orders open, unless forced.
    """
    done = "removed" if purge else "stopped"
    answers.tell(tenants=list(names), **{done: False})
    check_house(root)
    modes = {name: stack.known_mode(root, name) for name in names}
    if not all(stack.may_leave(root, name, mode, force=force) for name, mode in modes.items()):
        return 1
    if purge:
        for name, mode in modes.items():
            stack.confirm_purge(name, mode)
    there = present(root) - set(names)
    staying = [one for one in drafted(root) if one.tenant in there]
    if staying:
        # The supervisor leaves first, so that it takes nobody's end for a fault.
        shared = opened(root, [stack.hand_over_secrets(root, one) for one in staying])
        stack.write_files(root, shared)
        stack.raise_up(root, shared)
    else:
        # The journal tells of every tenant that may come back.
        volumes = ["--volumes"] if purge and set(files.names(root)) <= set(names) else []
        stack.compose(root, HOUSE, "down", "--remove-orphans", *volumes)
    for name in names:
        if purge:
            stack.wipe(root, name)
        else:
            stack.compose(root, name, "down", "--remove-orphans")
    answers.tell(**{done: True})
    return 0


def rendered(root: Path) -> str:
    """What compose makes of everything, a document a project. Nothing is started, and no file of what runs is touched.

    Raises:
        SettingsRefused: a tenant's file cannot be used.
        RuntimeTrouble: compose cannot read what was made of it.
    """
    tenants = drafted(root)
    documents = []
    with tempfile.TemporaryDirectory() as folder:
        for one in (_house(root, tenants), *tenants):
            place, variables = Path(folder) / one.tenant, dict(one.variables)
            place.mkdir()
            if one.tenant == HOUSE:
                (place / house.OVERRIDE).write_text(one.files[house.OVERRIDE])
                variables["COMPOSE_FILE"] = variables["COMPOSE_FILE"].replace(str(one.var), str(place))
            (place / "compose.env").write_text(plan.rendered(variables))
            command = ["docker", "compose", "--env-file", str(place / "compose.env"), "config"]
            told = stack.run(command, root, quiet=True)
            if told.returncode:
                raise RuntimeTrouble(f"expected compose to read {one.tenant}, found: {told.stderr.strip()[-500:]}")
            documents.append(told.stdout)
    return "---\n".join(documents)
