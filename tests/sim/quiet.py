"""Stretches of time in which nothing can change but time itself, and the leap over them.

Every sense looks at a pace that divides a period, and every stamp is exact in binary. So a world that is at rest is,
after a period, what it was, with some stamps moved on by just that and all others where they were. It stays so until
the age of a stamp that stands still reaches a number that somebody compares it with. `quiet_for` says how far off that
is; `skip` goes there at once.
tests/property/test_supervisor_quiet.py proves the leap equal to its steps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import replace
from types import NoneType
from typing import TYPE_CHECKING, Any

from supervisor.audit import SETTLED, UNANSWERED, pace
from supervisor.probes.books import Books
from supervisor.states import WELL, EngineState, GatewayState
from tests.sim.stamps import AFTERGLOW, ages, names, parts, stamps

if TYPE_CHECKING:
    from supervisor.memory import Memory
    from supervisor.policy import Policy
    from tests.sim.world import World

PERIOD = 30.0  # the audit's pace while all is well and flat
SHORT = 10.0  # of all others
HURRIED = 1.25  # while every sense looks as fast as it may
_APART = ("rules", "now", "journal", "on_turn", "edges", "sentence", "seen")
_OF_A_HOUSE = ("timers", "ran", "skipped", "pictures", "noticed_at", "_number")
_LEFT_OUT = frozenset((*_APART, *_OF_A_HOUSE))
_COUNTED = ("acts", "incidents", "closed", "pages", "told", "logins")
_LEAVES = frozenset({int, str, bool, NoneType})
_FROZEN = frozenset({*_LEAVES, float})


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
    """Seconds, whole periods, in which no turn would do anything or change anything but stamps that move with time."""
    return whole_periods(period(world), world.now, quiet_until(world, before, now))


def whole_periods(one: float, now: float, end: float) -> float:
    """Seconds from `now` of as many periods as are over before `end`."""
    periods = int((end - now) // one)
    if now + periods * one >= end:
        periods -= 1
    return max(0, periods) * one


def quiet_until(world: World, before: Picture, now: Picture) -> float:
    """The first moment at which something might notice the time; the present one where nothing is known to be quiet.

    Needs to know what the world was one period ago, and what it is now. A moment that is over may yet be noticed.
    """
    one, memory = period(world), world.memory
    if world.now != now.at or now.at - before.at != one or memory.flight is not None or world.flying is not None:
        return world.now
    if not _at_rest(before.parts, now.parts, one, None):
        return world.now
    standing: set[float] | None = None
    if not _well(memory):
        _at_rest(before.parts, now.parts, one, standing := set())
    last = before.at  # what came due since may yet be seen by a look that is under way
    due = (
        _due_when_well(world, before.parts, now.parts) if standing is None else _due(world.rules.policy, standing, last)
    )
    return min((at for at in (*world.deadlines(), *due) if at > last), default=last + 86400.0)


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
    if names(kind) and not kind.__dataclass_params__.frozen:
        return copy(value)
    return value


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
    elif names(kind):
        same = True
    else:
        assert isinstance(now, str) or not isinstance(now, float | Iterable), f"a {kind} may hide stamps"
        return bool(before == now)
    if not same:
        return False
    for was, is_ in zip(parts(before), parts(now), strict=True):
        if type(is_) is float:
            if was == is_:
                if standing is not None:
                    standing.add(is_)
            elif type(was) is not float or is_ - was != one:
                return False
        elif was is is_:  # as nearly always
            if standing is not None and type(is_) not in _LEAVES:
                standing |= stamps(is_)
        elif not _at_rest(was, is_, one, standing):
            return False
    return True


def _moved(before: Any, now: Any, by: float) -> Any:
    if before is now or before == now:
        return now
    if isinstance(now, float):
        return now + by
    moved = [_moved(*pair, by) for pair in zip(parts(before), parts(now), strict=True)]
    if isinstance(now, dict):
        return dict(zip(now, moved, strict=True))
    if isinstance(now, list | tuple):
        return type(now)(moved)
    return replace(now, **dict(zip(names(type(now)), moved, strict=True)))


def _due(policy: Policy, standing: set[float], last: float) -> Iterator[float]:
    """The moments after `last` at which something might notice the time: of each stamp the next at least.

    Too many cost a few turns, one too few costs the proof.
    """
    numbers = ages(policy)
    for stamp in standing:
        if stamp > last - numbers[-1]:
            yield from (stamp + age for age in numbers[max(0, bisect_right(numbers, last - stamp) - 1) :][:2])


def _due_when_well(world: World, before: dict[str, Any], now: dict[str, Any]) -> Iterator[float]:
    """As `_due`. Nothing is wrong: what remains are the hands of an earlier act, and what stops flowing."""
    policy, memory, session = world.rules.policy, world.memory, world.seen.sentinel
    for hands in (memory.gateway_hands, memory.engine_hands):
        if hands is not None and hands.until is not None:
            yield from (hands.until, hands.until + AFTERGLOW)
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
