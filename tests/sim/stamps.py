"""The moments in a frozen value, and the ages at which somebody looks at them."""

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from supervisor.audit import SETTLED, UNANSWERED
from supervisor.faults import FAULTS
from supervisor.observation import EngineView, Look
from supervisor.policy import Budget, Policy

AFTERGLOW = 1.0  # of our own hands, in `intake`
_OF_THE_WORLD = (1.0, 3.0)  # since an engine's start: it answers, it trades
_NO_AGES = frozenset(
    # paces, shares, and what becomes a moment of its own when an act begins or ends
    (
        *("probe_interval", "fast_interval", "probe_timeout", "heart_interval", "audit_interval", "audit_exposed"),
        *("skew_warn", "memory_share", "files_share"),
        *("docker_timeout", "command_timeout", "mailbox_deadline", "sentinel_deadline", "soft_restart_deadline"),
        *("gateway_stop_grace", "login_stop_grace", "engine_stop_grace", "resync_patience", "retry_after"),
    )
)
_NAMES: dict[type, tuple[str, ...]] = {}
_GETTERS: dict[type, Callable[[Any], Iterable[Any]]] = {}
_KNOWN = 2000
_STAMPS: dict[int, tuple[Any, frozenset[float]]] = {}
"""Of parts of memory and sight, each kept beside its stamps, since another may get the number of one that is gone."""


def names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass; of anything else none."""
    if kind not in _NAMES:
        _NAMES[kind] = tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()
    return _NAMES[kind]


def parts(value: Any) -> Iterable[Any]:
    """What a value is made of, in order; nothing for what has no parts."""
    kind = type(value)
    if kind is tuple or kind is list:
        return value  # type: ignore[no-any-return]
    if kind is dict:
        return value.values()  # type: ignore[no-any-return]
    if kind not in _GETTERS:
        own = names(kind)
        _GETTERS[kind] = attrgetter(*own) if len(own) > 1 else lambda one: [getattr(one, name) for name in own]
    return _GETTERS[kind](value)


def stamps(value: Any) -> frozenset[float]:
    """All moments in a frozen value with parts, and those that are told by two of its numbers."""
    known = _STAMPS.get(id(value))
    if known is not None:
        return known[1]
    found: set[float] = set()
    for part in parts(value):
        kind = type(part)
        if kind is float:
            found.add(part)
        elif kind is tuple or hasattr(kind, "__dataclass_fields__"):
            found |= stamps(part)
    if type(value) is Look:
        found.add(value.at - value.seconds)
    elif type(value) is EngineView and value.heard_at is not None:
        found.add(value.heard_at)
    if len(_STAMPS) >= _KNOWN:
        _STAMPS.clear()
    frozen = frozenset(found)
    _STAMPS[id(value)] = value, frozen
    return frozen


@cache
def ages(policy: Policy) -> tuple[float, ...]:
    """Every number that an age is compared with, by the machine or by the world."""
    found = {0.0, AFTERGLOW, SETTLED, UNANSWERED, *_OF_THE_WORLD}
    found |= {1.5 * policy.audit_interval, 2.0 * policy.heart_interval + policy.probe_timeout}
    for each in fields(policy):
        value = getattr(policy, each.name)
        if isinstance(value, float) and each.name not in _NO_AGES:
            found.add(value)
        elif isinstance(value, Budget):
            found.update(limit.window for limit in value.limits)
    for fault in FAULTS.values():
        found.update(number for number in (fault.act, fault.patience) if number is not None)
        found.add(policy.mailbox_stale + (fault.act or 0.0))  # of what was last asked inside
    return tuple(sorted(found))
