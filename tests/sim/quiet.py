"""Stretches of time in which nothing can change but time itself, and the leap over them.

Every sense looks at a pace that divides a period, and every stamp is exact in binary. So a world that is at rest is,
after a period, what it was, with some stamps moved on by just that and all others where they were. It stays so until
the age of a stamp that stands still reaches a number that somebody compares it with. `quiet_for` says how far off that
is; `skip` goes there at once.
tests/property/test_supervisor_quiet.py proves the leap equal to its steps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import fields, is_dataclass, replace
from operator import attrgetter
from types import NoneType
from typing import TYPE_CHECKING, Any

from supervisor.audit import SETTLED, UNANSWERED, pace
from supervisor.faults import FAULTS
from supervisor.policy import Budget, Policy
from supervisor.probes.books import Books
from supervisor.states import WELL, EngineState, GatewayState

if TYPE_CHECKING:
    from supervisor.memory import Memory
    from tests.sim.world import World

PERIOD = 30.0  # the audit's pace while all is well and flat
SHORT = 10.0  # of all others
HURRIED = 1.25  # while every sense looks as fast as it may
_APART = ("rules", "now", "journal", "on_turn", "edges", "sentence", "seen")
_OF_A_HOUSE = ("timers", "ran", "skipped", "pictures", "_number")
_LEFT_OUT = frozenset((*_APART, *_OF_A_HOUSE))
_COUNTED = ("acts", "incidents", "closed", "pages", "told", "logins")
_LEAVES = frozenset({int, str, bool, NoneType})
_FROZEN = frozenset({*_LEAVES, float})
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
_AFTERGLOW = 1.0  # of our own hands, in `intake`
_NAMES: dict[type, tuple[str, ...]] = {}
_GETTERS: dict[type, Callable[[Any], Iterable[Any]]] = {}
_AGES: dict[Policy, tuple[float, ...]] = {}


def period(world: World) -> float:
    """After how long everything has been looked at a whole number of times."""
    if world.memory.hurry:
        return HURRIED
    audit = world.seen.sentinel.audit
    exposed = audit is None or audit.exposed
    return PERIOD if pace(world.memory, exposed, world.rules.policy) > SHORT else SHORT


class Picture:
    """All that a world is at one moment, but for its bookkeeping."""

    def __init__(self, world: World) -> None:
        self.at = world.now
        self.parts = {
            name: value if type(value) in _FROZEN else len(value) if name in _COUNTED else _copied(value)
            for name, value in vars(world).items()
            if name not in _LEFT_OUT
        }


def quiet_for(world: World, before: Picture, now: Picture) -> float:
    """Seconds, whole periods, in which no turn would do anything or change anything but stamps that move with time.

    Needs to know what the world was one period ago, and what it is now; otherwise nothing is known to be quiet.
    """
    one, memory = period(world), world.memory
    if world.now != now.at or now.at - before.at != one or memory.flight is not None or world.flying is not None:
        return 0.0
    standing: set[float] | None = None if _well(memory) else set()
    if not _at_rest(before.parts, now.parts, one, standing):
        return 0.0
    last = before.at  # what came due since may yet be seen by a look that is under way
    due = (
        _due_when_well(world, before.parts, now.parts) if standing is None else _due(world.rules.policy, standing, last)
    )
    end = min((at for at in (*world.deadlines(), *due) if at > last), default=last + 86400.0)
    if end <= world.now:
        return 0.0
    periods = int((end - world.now) // one)
    if world.now + periods * one >= end:
        periods -= 1
    return max(0, periods) * one


def skip(world: World, before: Picture, seconds: float) -> None:
    """Be where `seconds` of turns would have led, as `quiet_for` has said that they may be left out."""
    for name, was in before.parts.items():
        if name not in _COUNTED:
            now = getattr(world, name)
            if isinstance(now, Books):
                vars(now).update(_moved(was, _copied(now), seconds))
            else:
                setattr(world, name, _moved(was, now, seconds))
    world.now += seconds


def _copied(value: Any) -> Any:
    """Mutable parts of a world are flat, but for its books; everything else is frozen."""
    kind = type(value)
    if kind in _LEAVES:
        return value
    if kind is Books:
        return {name: _copied(part) for name, part in vars(value).items() if name != "_monotonic"}
    if kind is dict or kind is list:
        return kind(value)
    if _names(kind) and not kind.__dataclass_params__.frozen:
        return copy(value)
    return value


def _names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass; of anything else none."""
    if kind not in _NAMES:
        _NAMES[kind] = tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()
    return _NAMES[kind]


def _parts(value: Any) -> Iterable[Any]:
    """What a value is made of, in order; nothing for what has no parts."""
    kind = type(value)
    if kind is tuple or kind is list:
        return value  # type: ignore[no-any-return]
    if kind is dict:
        return value.values()  # type: ignore[no-any-return]
    if kind not in _GETTERS:
        names = _names(kind)
        _GETTERS[kind] = attrgetter(*names) if len(names) > 1 else lambda one: [getattr(one, name) for name in names]
    return _GETTERS[kind](value)


def _at_rest(before: Any, now: Any, one: float, standing: set[float] | None) -> bool:
    """Whether all is the same but for stamps that have moved on by one period; collects the others, where asked to."""
    if before is now and standing is None:
        return True
    kind = type(now)
    if type(before) is not kind:
        return False
    if kind in _LEAVES:
        return before == now  # type: ignore[no-any-return]
    if kind is float:
        if before == now:
            if standing is not None:
                standing.add(now)
            return True
        return now - before == one  # type: ignore[no-any-return]
    if kind is tuple or kind is list:
        same = len(before) == len(now)
    elif kind is dict:
        same = before.keys() == now.keys()
    elif _names(kind):
        same = True
    else:
        assert isinstance(now, str) or not isinstance(now, float | Iterable), f"a {kind} may hide stamps"
        return bool(before == now)
    if not same:
        return False
    for was, is_ in zip(_parts(before), _parts(now), strict=True):
        if was is is_ and (standing is None or type(is_) in _LEAVES):
            continue  # as nearly always
        if not _at_rest(was, is_, one, standing):
            return False
    return True


def _moved(before: Any, now: Any, by: float) -> Any:
    if before is now or before == now:
        return now
    if isinstance(now, float):
        return now + by
    parts = [_moved(*pair, by) for pair in zip(_parts(before), _parts(now), strict=True)]
    if isinstance(now, dict):
        return dict(zip(now, parts, strict=True))
    if isinstance(now, list | tuple):
        return type(now)(parts)
    return replace(now, **dict(zip(_names(type(now)), parts, strict=True)))


def _due(policy: Policy, standing: set[float], last: float) -> Iterator[float]:
    """The moments after `last` at which something might notice the time: of each stamp the next at least.

    Too many cost a few turns, one too few costs the proof.
    """
    ages = _ages(policy)
    for stamp in standing:
        if stamp > last - ages[-1]:
            yield from (stamp + age for age in ages[max(0, bisect_right(ages, last - stamp) - 1) :][:2])


def _due_when_well(world: World, before: dict[str, Any], now: dict[str, Any]) -> Iterator[float]:
    """As `_due`. Nothing is wrong: what remains are the hands of an earlier act, and what stops flowing."""
    policy, memory, session = world.rules.policy, world.memory, world.seen.sentinel
    for hands in (memory.gateway_hands, memory.engine_hands):
        if hands is not None and hands.until is not None:
            yield from (hands.until, hands.until + _AFTERGLOW)
    if session.opened_at is not None and session.client_id != policy.sentinel_client_id:
        yield session.opened_at + policy.id_told
    was, is_, one = before["_sentinel"], now["_sentinel"], period(world)
    flows: set[float] = set()
    _at_rest((was.last_tick_at, was.audit and was.audit.at), (is_.last_tick_at, is_.audit and is_.audit.at), one, flows)
    for stamp in flows:
        yield from (stamp + policy.tick_fresh, stamp + policy.audit_fresh, stamp + 1.5 * policy.audit_interval)
    books: set[float] = set()
    _at_rest((was.audit, before["_engine_view"]), (is_.audit, now["_engine_view"]), one, books)
    for stamp in books:
        yield from (stamp + SETTLED, stamp + UNANSWERED)


def _well(memory: Memory) -> bool:
    return (
        memory.gateway.state is GatewayState.READY
        and memory.engine.state in (*WELL, EngineState.ABSENT)
        and memory.gateway_incident is None
        and memory.engine_incident is None
        and not memory.changing
        and not memory.engine.resync_due
    )


def _ages(policy: Policy) -> tuple[float, ...]:
    """Every number that an age is compared with, by the machine or by the world."""
    if policy not in _AGES:
        found = {0.0, _AFTERGLOW, SETTLED, UNANSWERED, *_OF_THE_WORLD}
        found |= {1.5 * policy.audit_interval, 2.0 * policy.heart_interval + policy.probe_timeout}
        for each in fields(policy):
            value = getattr(policy, each.name)
            if isinstance(value, float) and each.name not in _NO_AGES:
                found.add(value)
            elif isinstance(value, Budget):
                found.update(limit.window for limit in value.limits)
        for fault in FAULTS.values():
            found.update(number for number in (fault.act, fault.patience) if number is not None)
        _AGES[policy] = tuple(sorted(found))
    return _AGES[policy]
