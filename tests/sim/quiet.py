"""Stretches of time in which nothing can change but time itself, and the leap over them.

Every sense looks at a pace that divides a period, and every stamp is exact in binary. So a world that is at rest is,
after a period, what it was, with some stamps moved on by just that and all others where they were. It stays so until
the age of a stamp that stands still reaches a number that somebody compares it with. `quiet_for` says how far off that
is; `skip` goes there at once.
tests/property/test_supervisor_quiet.py proves the leap equal to its steps.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from supervisor.audit import SETTLED, UNANSWERED, pace
from supervisor.faults import FAULTS
from supervisor.policy import Budget, Policy
from supervisor.probes.books import Books
from supervisor.states import WELL, EngineState, GatewayState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supervisor.memory import Memory
    from tests.sim.world import World

PERIOD = 30.0  # the audit's pace while all is well and flat
SHORT = 10.0  # of all others
_APART = ("rules", "now", "journal", "on_turn", "edges", "sentence", "seen", "picture")
_OF_A_HOUSE = ("timers", "ran", "skipped", "_number")
_COUNTED = ("acts", "incidents", "closed", "pages", "logins")
_AFTERGLOW = 1.0  # of our own hands, in `intake`
_AGES: dict[Policy, tuple[float, ...]] = {}


def period(world: World) -> float:
    """After how long everything has been looked at a whole number of times."""
    audit = world.seen.sentinel.audit
    exposed = audit is None or audit.exposed
    return PERIOD if pace(world.memory, exposed, world.rules.policy) > SHORT else SHORT


class Picture:
    """All that a world is at one moment, but for its bookkeeping."""

    def __init__(self, world: World) -> None:
        self.at = world.now
        self.parts = {
            name: len(value) if name in _COUNTED else _copied(value)
            for name, value in vars(world).items()
            if name not in _APART + _OF_A_HOUSE
        }


def quiet_for(world: World, memory: Memory) -> float:
    """Seconds, whole periods, in which no turn would do anything or change anything but stamps that move with time.

    Needs `world.picture`, taken one period ago; with any other, or none, nothing is known to be quiet.
    """
    before, one = world.picture, period(world)
    if before is None or world.now - before.at != one or memory.flight is not None or world.flying is not None:
        return 0.0
    now = Picture(world)
    if not _at_rest(before.parts, now.parts, one):
        return 0.0
    last = before.at  # what came due since may yet be seen by a look that is under way
    due = sorted(at for at in _due(world, memory, before.parts, now.parts) if at > last)
    if due and due[0] <= world.now:
        return 0.0
    end = due[0] if due else world.now + 86400.0
    periods = int((end - world.now) // one)
    if world.now + periods * one >= end:
        periods -= 1
    return max(0, periods) * one


def skip(world: World, seconds: float) -> None:
    """Be where `seconds` of turns would have led, as `quiet_for` has said that they may be left out."""
    assert world.picture is not None
    before = world.picture.parts
    for name in before:
        if name not in _COUNTED:
            now = getattr(world, name)
            if isinstance(now, Books):
                vars(now).update(_moved(before[name], _copied(now), seconds))
            else:
                setattr(world, name, _moved(before[name], now, seconds))
    world.now += seconds
    world.picture = None


def _copied(value: Any) -> Any:
    """Mutable parts of a world are flat, but for its books; everything else is frozen."""
    if isinstance(value, Books):
        return {name: _copied(part) for name, part in vars(value).items() if name != "_monotonic"}
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list):
        return list(value)
    if is_dataclass(value) and not isinstance(value, type) and not value.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return replace(value)
    return value


def _pairs(before: Any, now: Any) -> Iterator[tuple[Any, Any]] | None:
    """The parts of two values of one shape, side by side; None for what has no parts."""
    if isinstance(now, dict):
        return zip(before.values(), now.values(), strict=True)
    if isinstance(now, list | tuple):
        return zip(before, now, strict=True)
    if is_dataclass(now) and not isinstance(now, type):
        return ((getattr(before, each.name), getattr(now, each.name)) for each in fields(now))
    return None


def _at_rest(before: Any, now: Any, one: float) -> bool:
    """Whether all is the same but for stamps that have moved on by one period."""
    if before is now or before == now:
        return True
    if type(before) is not type(now):
        return False
    if isinstance(now, float):
        return bool(now - before == one)
    if isinstance(now, dict) and before.keys() != now.keys():
        return False
    if isinstance(now, list | tuple) and len(before) != len(now):
        return False
    pairs = _pairs(before, now)
    return pairs is not None and all(_at_rest(*pair, one) for pair in pairs)


def _moved(before: Any, now: Any, by: float) -> Any:
    if before is now or before == now:
        return now
    if isinstance(now, float):
        return now + by
    pairs = _pairs(before, now)
    assert pairs is not None
    parts = [_moved(*pair, by) for pair in pairs]
    if isinstance(now, dict):
        return dict(zip(now, parts, strict=True))
    if isinstance(now, list | tuple):
        return type(now)(parts)
    return replace(now, **{each.name: part for each, part in zip(fields(now), parts, strict=True)})


def _standing_still(before: Any, now: Any) -> Iterator[float]:
    if isinstance(now, float):
        if now == before:
            yield now
    elif before is None or now is None:
        return
    elif (pairs := _pairs(before, now)) is not None:
        for pair in pairs:
            yield from _standing_still(*pair)


def _due(world: World, memory: Memory, before: dict[str, Any], now: dict[str, Any]) -> Iterator[float]:
    """Every moment at which something might notice the time. Too many cost a few turns, one too few costs the proof."""
    yield from world.deadlines()
    policy = world.rules.policy
    if _well(memory):
        # Nothing is wrong: what remains are the hands of an earlier act, and what stops flowing.
        for hands in (memory.gateway_hands, memory.engine_hands):
            if hands is not None and hands.until is not None:
                yield from (hands.until, hands.until + _AFTERGLOW)
        if (opened_at := world.seen.sentinel.opened_at) is not None:
            yield opened_at + policy.id_told
        was, is_ = before["_sentinel"], now["_sentinel"]
        flowing = [(view.last_tick_at, view.audit and view.audit.at) for view in (was, is_)]
        for stamp in _standing_still(*flowing):
            yield from (stamp + policy.tick_fresh, stamp + policy.audit_fresh, stamp + 1.5 * policy.audit_interval)
        for stamp in _standing_still((was.audit, before["_engine_view"]), (is_.audit, now["_engine_view"])):
            yield from (stamp + SETTLED, stamp + UNANSWERED)
        return
    ages = _ages(policy)
    for stamp in _standing_still(before, now):
        yield from (stamp + age for age in ages)


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
    """Every number that an age is compared with."""
    if policy not in _AGES:
        found = {0.0, _AFTERGLOW, SETTLED, UNANSWERED}
        for each in fields(policy):
            value = getattr(policy, each.name)
            if isinstance(value, float):
                found.add(value)
            elif isinstance(value, Budget):
                found.update(limit.window for limit in value.limits)
        for fault in FAULTS.values():
            found.update(number for number in (fault.seen, fault.act, fault.patience) if number is not None)
        _AGES[policy] = tuple(sorted(found))
    return _AGES[policy]
