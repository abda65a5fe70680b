"""Random books at the broker and an engine that follows a little behind: no false finding, and none that is missed."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.policy import Policy
from supervisor.rules import Rules
from tests.sim.world import TURN, World

LAG = 2 * TURN
"""How far the engine's books may be behind the broker's."""
CONTRACTS = (7, 8)
RULES = Rules("sim", account="DUSIM0001", policy=Policy())


@dataclass
class Desk:
    """Trades in brackets: an entry fills in parts, its exits rest at the broker with it, and one of them closes it."""

    world: World = field(default_factory=lambda: World(RULES))
    past: list[tuple[float, dict[int, float]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.run(20.0)

    def run(self, seconds: float) -> None:
        """Let time pass; the engine knows what the broker's books were a moment ago."""
        world = self.world
        ends = world.now + seconds
        while world.now < ends:
            self.past.append((world.now, {c: q for c, q in world.held.items() if q}))
            known = [held for at, held in self.past if at <= world.now - LAG]
            world.engine_held = known[-1] if known else self.past[0][1]
            world.run(TURN)

    def fill(self, con_id: int, quantity: float) -> None:
        self.world.held[con_id] = self.world.held.get(con_id, 0) + quantity

    def enter(self, con_id: int, side: int, parts: list[int], pauses: list[float]) -> None:
        size = sum(parts)
        buy, sell = ("BUY", "SELL") if side > 0 else ("SELL", "BUY")
        entry = self.world.rest(con_id, buy, size, order_type="LMT")
        for order_type in ("LMT", "STP"):
            self.world.rest(con_id, sell, size, order_type=order_type, parent_id=entry.order_id)
        done = 0
        for part, pause in zip(parts, pauses, strict=False):
            self.run(pause)
            done += part
            self.replace(entry.perm_id, done)
            self.fill(con_id, side * part)

    def leave(self, con_id: int, parts: list[int], pause: float) -> None:
        """A stop takes all of it, in parts; its sibling goes with the last."""
        world = self.world
        side = 1 if world.held[con_id] > 0 else -1
        exits = [n for n, order in world.resting.items() if order.con_id == con_id and order.parent_id]
        done = 0
        for part in parts:
            self.run(pause)
            done += part
            for number in exits:
                self.replace(number, done)
            self.fill(con_id, -side * part)

    def replace(self, number: int, filled: int) -> None:
        """More of an order is done; what is done in full rests no more."""
        old = self.world.resting.pop(number)
        if filled < old.quantity:
            self.world.resting[number] = replace(old, filled=Decimal(filled))

    @property
    def found(self) -> list[str]:
        return [text for _, text in self.world.pages]


PARTS = st.lists(st.integers(1, 3), min_size=1, max_size=4)
PAUSE = st.sampled_from([0.0, TURN, 0.5, 1.0, 2.5, 7.0])
TRADES = st.lists(
    st.tuples(st.sampled_from(CONTRACTS), st.sampled_from([1, -1]), PARTS, st.lists(PAUSE, min_size=4, max_size=4)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(trades=TRADES, pause=PAUSE)
def test_books_that_agree_within_their_lag_are_left_alone(
    trades: list[tuple[int, int, list[int], list[float]]], pause: float
) -> None:
    desk = Desk()
    for con_id, side, parts, pauses in trades:
        desk.enter(con_id, side, parts, pauses)
        desk.run(pauses[0])
        desk.leave(con_id, parts, pause)
    desk.run(15.0)
    assert desk.found == []
    assert desk.world.memory.standing == ()


@settings(max_examples=60, deadline=None)
@given(trades=TRADES, wait=PAUSE, filled=st.booleans())
def test_an_exit_that_is_removed_is_found_in_time(
    trades: list[tuple[int, int, list[int], list[float]]], wait: float, filled: bool
) -> None:
    desk = Desk()
    *closed, (con_id, side, parts, pauses) = trades
    for other, direction, sizes, rests in closed:
        desk.enter(other, direction, sizes, rests)
        desk.leave(other, sizes, TURN)
    desk.enter(con_id, side, parts, pauses if filled else [0.0] * 4)
    desk.run(wait)
    for number in [n for n, order in desk.world.resting.items() if order.parent_id]:
        del desk.world.resting[number]
    desk.run(5.0)
    assert [incident.fault for incident in desk.world.memory.standing] == ["naked-position"], desk.world.sentence


@settings(max_examples=60, deadline=None)
@given(trades=TRADES, wait=PAUSE, more=st.sampled_from([1, -1, 5]))
def test_a_position_that_the_engine_does_not_hear_of_is_found_in_time(
    trades: list[tuple[int, int, list[int], list[float]]], wait: float, more: int
) -> None:
    desk = Desk()
    for con_id, side, parts, pauses in trades:
        desk.enter(con_id, side, parts, pauses)
        desk.leave(con_id, parts, TURN)
    desk.run(wait + 1.0)
    desk.world.held[CONTRACTS[0]] = more
    desk.world.rest(CONTRACTS[0], "SELL" if more > 0 else "BUY", abs(more))
    desk.world.engine_held = {}
    desk.world.run(5.0)
    assert [incident.fault for incident in desk.world.memory.standing] == ["unknown-position"], desk.world.sentence
