"""What to do about one position's exits now. Pure: books, quotes and the broker's last word in, acts out.

Three rules keep it from ever selling what is not held. An exit that must fill now is one that rests already, moved to
where it fills: had it filled meanwhile, the move is refused. A new order is sent on the broker's own fresh word alone,
and only for what no resting order covers. It joins the group of what rests, so that the broker lets one of them fill.

Prices and quantities are those of a long position here; a short one is its mirror image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

# Share of the price that is given away to be filled, from one try to the next; after the last, whatever is bid.
PRESSES = (0.1, 0.3, 0.6)
STOP_AT, PROFIT_AT = 0.5, 2.0


class Kind(StrEnum):
    """What an exit waits for."""

    PROFIT = "take-profit"
    STOP = "stop"
    LAST = "last resort"
    NOW = "market"


@dataclass(frozen=True, slots=True)
class Leg:
    """One resting or sent order that would make the position smaller.

    `movable`: acknowledged, not being cancelled, and our books still know its group. `waits`: its entry has not begun
    to fill. `pressed`: how often it was moved to where it fills.
    """

    id: str
    kind: Kind
    remaining: float
    price: float | None = None
    group: str | None = None
    movable: bool = True
    waits: bool = False
    pressed: int = 0


@dataclass(frozen=True, slots=True)
class Word:
    """What the broker has just said: what it holds, and how many orders rest there that our books do not know."""

    quantity: float
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """One position. `total` is the books' net of its instrument over all strategies; seconds are until then.

    `last_resort`: the broker can hold an order back until after the cut-off. `pressing`: an exit was moved or sent a
    moment ago and may yet fill. `profit` and `stop` are the levels of exits that were there before.
    """

    quantity: float
    total: float
    legs: tuple[Leg, ...] = ()
    entries: tuple[str, ...] = ()
    settled: bool = True
    flatten: bool = False
    breached: bool = False
    pressing: bool = False
    last_resort: bool = True
    cut_off_in: float | None = None
    closes_in: float | None = None
    bid: float | None = None
    ask: float | None = None
    average: float = 0.0
    tick: float = 0.01
    profit: float | None = None
    stop: float | None = None
    word: Word | None = None

    @property
    def late(self) -> bool:
        """Whether nothing may be held any more."""
        return self.flatten or (self.cut_off_in is not None and self.cut_off_in <= 0)


@dataclass(frozen=True, slots=True)
class Press:
    """Move a resting exit to where it fills at once."""

    id: str
    price: float


@dataclass(frozen=True, slots=True)
class Resize:
    """Make a resting exit no larger than what is held."""

    id: str
    remaining: float


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take back an entry, or an exit of nothing."""

    id: str


@dataclass(frozen=True, slots=True)
class Arm:
    """Send these exits into a group, or into a new one."""

    group: str | None
    quantity: float
    kinds: tuple[Kind, ...]
    profit: float = 0.0
    stop: float = 0.0


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the broker what is held and what rests. `why` tells what differs, where something does."""

    why: str = ""


Act = Press | Resize | Cancel | Arm | Ask


@dataclass(slots=True)
class Group:
    """What rests under one name. An order without a group is one of its own."""

    name: str | None
    legs: list[Leg] = field(default_factory=list)

    @property
    def size(self) -> float:
        """The most that may fill of it."""
        return max(leg.remaining for leg in self.legs)

    def of(self, *kinds: Kind) -> list[Leg]:
        """Return its members of these kinds."""
        return [leg for leg in self.legs if leg.kind in kinds]


def decide(view: View) -> list[Act]:
    """Say what to do now. Nothing on books that are not proven on this session, nor after the exchange has closed."""
    if not view.settled or (view.closes_in is not None and view.closes_in <= 0):
        return []
    acts: list[Act] = [Cancel(entry) for entry in view.entries] if view.late else []
    if not view.quantity:
        return [*acts, *_orphans(view)]
    if view.late or view.breached:
        return [*acts, *_close(view)]
    return [*acts, *_arm(view)]


def is_breached(quantity: float, stop: float | None, bid: float | None, ask: float | None) -> bool:
    """Whether the market stands at the stop or beyond, by the side at which we would trade."""
    if stop is None or not quantity:
        return False
    return bid is not None and 0 < bid <= stop if quantity > 0 else ask is not None and ask >= stop


def groups(view: View) -> list[Group]:
    """Return what rests, by group; without the children of an entry that has not begun to fill."""
    legs = sorted((leg for leg in view.legs if not leg.waits), key=lambda leg: (leg.group or "", leg.id))
    found = [Group(name or None, list(members)) for name, members in groupby(legs, key=lambda leg: leg.group or "")]
    alone = [Group(None, [leg]) for group in found if group.name is None for leg in group.legs]
    return [group for group in found if group.name is not None] + alone


def pressed_price(view: View, leg: Leg) -> float:
    """Return where this exit fills now: through the market, and further with every try."""
    sign = 1 if view.quantity > 0 else -1
    near = (view.bid if sign > 0 else view.ask) or None
    if leg.kind is Kind.STOP:
        # The other way round: a stop is reached once the market stands on its losing side.
        over = max(filter(None, (view.ask, view.bid, view.average, view.tick)))
        return _grid(over * 1.1 + 2 * view.tick, view.tick) if sign > 0 else view.tick
    share = PRESSES[leg.pressed] if leg.pressed < len(PRESSES) else 1.0
    if sign > 0:
        return max(view.tick, _grid((near or 0.0) * (1 - share) - 2 * view.tick, view.tick))
    return _grid((near or max(view.average, view.tick)) * (1 + 2 * share) + 2 * view.tick, view.tick)


def levels(view: View) -> tuple[float, float]:
    """Return (take-profit, stop) for new exits: those that were there before, else half and twice the price."""
    mid = (view.bid + view.ask) / 2 if view.bid and view.ask else view.average or view.tick
    low, high = _grid(mid * STOP_AT, view.tick), _grid(mid * PROFIT_AT, view.tick)
    low, high = max(view.tick, low), max(high, mid + 2 * view.tick)
    profit, stop = (high, low) if view.quantity > 0 else (low, high)
    profit, stop = view.profit or profit, view.stop or stop
    if (profit - stop) * view.quantity <= 0:
        # At the lowest tick there is no room between the two: what is nearly worthless keeps its stop there.
        profit = stop + (2 * view.tick if view.quantity > 0 else -view.tick)
    return _grid(profit, view.tick), _grid(stop, view.tick)


def _close(view: View) -> list[Act]:
    """Fill one exit of each group now; send one where nothing rests that could."""
    if view.pressing:
        return []
    acts: list[Act] = []
    left, silent = abs(view.quantity), []
    for group in groups(view):
        movable = [leg for leg in group.of(Kind.PROFIT, Kind.STOP) if leg.movable]
        # A limit first: it fills now or not at all. A stop becomes a market order only at its price.
        leg = next(iter(sorted(movable, key=lambda leg: leg.kind is Kind.STOP)), None)
        if group.of(Kind.NOW):
            left -= group.size
        elif leg is None or leg.remaining > left:
            silent.append(group)
        else:
            acts.append(Press(leg.id, pressed_price(view, leg)))
            left -= group.size
    for group in silent:
        if group.size > left:
            acts += _on_word(view, *(Resize(leg.id, left) for leg in group.legs if leg.movable and left > 0))
            left = 0.0
        elif group.name is None:
            left -= group.size
        else:
            acts += _on_word(view, Arm(group.name, group.size, (Kind.NOW,)))
            left -= group.size
    if left > 0:
        acts += _on_word(view, Arm(None, left, (Kind.NOW,)))
    return acts


def _arm(view: View) -> list[Act]:
    """Cover what no exit covers, complete each group, and make none larger than what is held."""
    if view.pressing:
        return []
    acts: list[Act] = []
    left = abs(view.quantity)
    dies = view.last_resort and view.cut_off_in is not None
    profit, stop = levels(view)
    for group in groups(view):
        if group.size > left:
            acts += _shrink(view, group, left)
            left = 0.0
            continue
        left -= group.size
        if group.name is None or group.of(Kind.NOW):
            continue
        missing = [] if group.of(Kind.STOP) else [Kind.STOP]
        # A group without a take-profit may be meant so: only one that was there before comes back.
        missing += [Kind.PROFIT] if view.profit is not None and not group.of(Kind.PROFIT) else []
        missing += [Kind.LAST] if dies and not group.of(Kind.LAST) else []
        if missing:
            acts += _on_word(view, Arm(group.name, group.size, tuple(missing), profit, stop))
    if left > 0:
        kinds = (Kind.STOP, Kind.PROFIT, Kind.LAST) if dies else (Kind.STOP, Kind.PROFIT)
        acts += _on_word(view, Arm(None, left, kinds, profit, stop))
    return acts


def _shrink(view: View, group: Group, left: float) -> list[Act]:
    # An entry that fills in parts has exits for the whole of it: they are no surplus.
    if view.entries:
        return []
    movable = [leg for leg in group.legs if leg.movable and leg.remaining > left]
    if left > 0:
        return _on_word(view, *(Resize(leg.id, left) for leg in movable))
    # The end of one member is the end of its group.
    return _on_word(view, *(Cancel(leg.id) for leg in movable[:1]))


def _orphans(view: View) -> list[Act]:
    if view.entries:
        return []
    cancels: list[Act] = []
    for group in groups(view):
        cancels += [Cancel(leg.id) for leg in group.legs if leg.movable][:1]
    return _on_word(view, *cancels) if cancels else []


def _on_word(view: View, *acts: Act) -> list[Act]:
    """Return the acts if the broker's word is at hand and agrees with the books, else the question."""
    if not acts:
        return []
    if view.word is None:
        return [Ask()]
    if view.word.quantity != view.total:
        return [Ask(f"the broker holds {view.word.quantity:g}, our books {view.total:g}")]
    if view.word.unknown:
        return [Ask(f"the broker works {view.word.unknown} orders that our books do not know")]
    return list(acts)


def _grid(price: float, tick: float) -> float:
    return round(math.floor(price / tick + 1e-9) * tick, 6)
