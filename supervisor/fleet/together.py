"""What is right for each tenant alone and wrong for all of them together."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from preflight.secret_files import CREDENTIALS
from preflight.variables import published

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from supervisor.plan import Plan

_CACHE_MIB: Final = 256
HOUSE_MIB: Final = 1600
"""Limits of what all share: supervisor, Prometheus, Alertmanager, Grafana, three proxies. tests/compose adds them."""
NODE_MIB: Final = HOUSE_MIB + 512 - 64
"""The same on a node of a Swarm, which has a Prometheus of all nodes, and nothing that only publishes."""
_WANDERS: Final = 4
"""How far the engine's client id may move from the one that was set (NautilusTrader's adapter tries the next ones)."""
_OURS: Final = range(900, 930)
"""Client ids of sentinel, preflight and tools."""


def faults(tenants: Sequence[Plan], users: Mapping[str, str], memory_mib: float, shared_prefix: str = "") -> list[str]:
    """Say what two tenants cannot both have, and what this machine has not.

    Args:
        tenants: their plans.
        users: a digest of each IBKR user name, by tenant; only of those that log in.
        memory_mib: what the machine has.
        shared_prefix: SUBNET_PREFIX of what all share.
    """
    return [
        *_twice(
            "an account", ((name, one) for one in tenants for name in _accounts(one)), "two engines would trade it"
        ),
        *_same_user(users),
        *_twice(
            "a gateway", ((_gateway(one), one) for one in tenants if one.external), "one supervisor's act hits both"
        ),
        *_twice("a port of 127.0.0.1", ((p, one) for one in tenants for p in published(one.variables).values())),
        *_twice(
            "a SECRETS_DIR",
            ((os.path.normpath(one.secrets_dir), one) for one in tenants),
            "the token of one would open the other",
        ),
        *_subnets([*((one.tenant, one.variables["SUBNET_PREFIX"]) for one in tenants), *_shared(shared_prefix)]),
        *(fault for one in tenants for fault in _client_ids(one)),
        *beyond_memory(tenants, memory_mib),
    ]


def users(root: Path, tenants: Sequence[Plan]) -> dict[str, str]:
    """A digest of each IBKR user name, by tenant. The name itself goes nowhere."""
    return {
        one.tenant: hashlib.sha256(
            (root / one.variables["CREDENTIALS_DIR"] / "tws_userid").read_text().strip().lower().encode()
        ).hexdigest()
        for one in tenants
        if one.logs_in
    }


def needless_logins(root: Path, tenants: Sequence[Plan]) -> list[str]:
    """Say which stand-in has credentials of IBKR: it logs in nowhere, so its mode or they are wrong."""
    return [
        f"{one.tenant}: expected no credentials in SIM, which logs in nowhere, found {one.secrets_dir}/{name}; "
        "set its mode, or move them away"
        for one in tenants
        for name in CREDENTIALS
        if one.mode == "sim" and (path := root / one.secrets_dir / name).exists() and path.read_text().strip()
    ]


def memory_mib() -> int:
    """What this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def limits_mib(one: Plan) -> int:
    """What a tenant's containers may take."""
    engine = int(one.variables["ENGINE_MEMORY_MB"]) + _CACHE_MIB if one.variables["ENGINE"] == "on" else 0
    return engine + (0 if one.external else int(one.variables["GATEWAY_MEMORY_MB"]))


def _accounts(one: Plan) -> list[str]:
    further = one.variables.get("FURTHER_ACCOUNTS", "").split(",")
    return [one.variables["IB_ACCOUNT"], *(name.strip() for name in further if name.strip())]


def _gateway(one: Plan) -> str:
    return f"{one.variables['GATEWAY_HOST']}:{one.variables['GATEWAY_PORT']}"


def _twice(what: str, found: Iterable[tuple[Hashable, Plan]], why: str = "") -> Iterator[str]:
    more = f" ({why})" if why else ""
    for value, names in _held_by_several((value, one.tenant) for value, one in found):
        yield f"{names}: expected {what} each, found {value}{more}"


def _same_user(users: Mapping[str, str]) -> Iterator[str]:
    for _, names in _held_by_several((digest, name) for name, digest in users.items()):
        yield (
            f"{names}: expected an IBKR user each, found the same one; each login would end the other's session. "
            "IBKR gives an account further users for this"
        )


def _held_by_several(found: Iterable[tuple[Hashable, str]]) -> Iterator[tuple[Hashable, str]]:
    """Each value that more than one tenant has, and who they are."""
    owners: defaultdict[Hashable, list[str]] = defaultdict(list)
    for value, name in found:
        owners[value].append(name)
    return ((value, ", ".join(names)) for value, names in owners.items() if len(names) > 1)


def _shared(prefix: str) -> list[tuple[str, str]]:
    return [("what all share (.env)", prefix)] if prefix else []


def _subnets(prefixes: Iterable[tuple[str, str]]) -> Iterator[str]:
    for prefix, names in _held_by_several((prefix, name) for name, prefix in prefixes):
        yield f"{names}: expected a SUBNET_PREFIX each, found {prefix} in both"


def _client_ids(one: Plan) -> Iterator[str]:
    first = one.variables.get("IB_CLIENT_ID") or "1"
    if first.isdigit() and set(range(int(first), int(first) + _WANDERS + 1)) & set(_OURS):
        yield (
            f"{one.tenant}: expected IB_CLIENT_ID and the {_WANDERS} after it outside {_OURS.start} to "
            f"{_OURS.stop - 1}, which the supervisor and its tools use, found {first}"
        )


def beyond_memory(tenants: Sequence[Plan], memory_mib: float, shared_mib: int = HOUSE_MIB) -> Iterator[str]:
    """Say so where the limits of these and of what they share come to more than their machine has."""
    wanted = shared_mib + sum(limits_mib(one) for one in tenants)
    if wanted > memory_mib:
        each = ", ".join(f"{one.tenant} {limits_mib(one)}" for one in tenants)
        yield (
            f"tenants: expected limits of at most {memory_mib} MiB, which this machine has, found {wanted} "
            f"({shared_mib} shared, {each}); lower GATEWAY_MEMORY_MB or ENGINE_MEMORY_MB, or take fewer tenants"
        )
