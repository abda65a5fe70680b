"""The world's clock: as the machine's, faster, or stepped."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.api.pulse import Pulse
from gateway.simulator.app import began
from gateway.simulator.broker.store import Store
from gateway.simulator.clock import WorldClock
from tests.unit.simulator.rig import NOON, SPY, HandClock, make_gateway, ticket

if TYPE_CHECKING:
    from pathlib import Path


def test_at_speed_one_it_is_the_machines(clock: HandClock) -> None:
    world = WorldClock(clock)
    clock.turn(12.5)
    assert (world.now(), world.monotonic()) == (clock.now(), clock.monotonic())
    assert world.is_the_machines


def test_it_runs_at_its_speed_from_its_own_start(clock: HandClock) -> None:
    opens = dt.datetime(2026, 11, 18, 14, 30, tzinfo=dt.UTC)
    world = WorldClock(clock, 60.0, opens)
    clock.turn(2)
    assert world.now() == opens + dt.timedelta(minutes=2)
    assert not world.is_the_machines
    world.set_speed(0)
    clock.turn(100)
    assert world.now() == opens + dt.timedelta(minutes=2)


async def test_sleepers_follow_the_speed(clock: HandClock) -> None:
    world = WorldClock(clock)
    sleeper = asyncio.ensure_future(world.sleep(100))
    await asyncio.sleep(0)
    world.set_speed(50)
    clock.turn(1.9)
    await asyncio.sleep(0.01)
    assert not sleeper.done()
    clock.turn(0.2)
    async with asyncio.timeout(5):
        await sleeper


async def test_a_step_goes_through_every_moment_that_is_waited_for(clock: HandClock) -> None:
    world = WorldClock(clock, 0)
    woken: list[float] = []

    async def beat() -> None:
        while True:
            await world.sleep(0.25)
            woken.append((world.now() - NOON).total_seconds())

    task = asyncio.ensure_future(beat())
    await asyncio.sleep(0)
    await world.advance(1.1)
    task.cancel()
    assert woken == [0.25, 0.5, 0.75, 1.0]
    assert world.now() == NOON + dt.timedelta(seconds=1.1)


@given(
    st.lists(st.one_of(st.tuples(st.just("speed"), st.floats(0, 1000)), st.tuples(st.just("turn"), st.floats(0, 99))))
)
def test_it_never_goes_back(acts: list[tuple[str, float]]) -> None:
    clock = HandClock()
    world = WorldClock(clock)
    seen = (world.now(), world.monotonic())
    for act, amount in acts:
        if act == "speed":
            world.set_speed(amount)
        else:
            clock.turn(amount)
        now = (world.now(), world.monotonic())
        assert now >= seen
        seen = now


async def test_orders_fill_in_a_world_that_is_stepped(tmp_path: Path, clock: HandClock) -> None:
    gateway, store = make_gateway(tmp_path, clock, SIM_SPEED="0")
    pulse = asyncio.ensure_future(Pulse(gateway).run())
    await asyncio.sleep(0)
    gateway.broker.place(7, 1, ticket(con_id=SPY))
    clock.turn(60)
    await asyncio.sleep(0.01)
    assert gateway.broker.fills == []
    await gateway.clock.advance(1)
    pulse.cancel()
    assert len(gateway.broker.fills) == 1
    store.close()


def test_the_world_does_not_go_back_when_the_process_starts_again(tmp_path: Path, clock: HandClock) -> None:
    store = Store(tmp_path / "broker.sqlite3")
    later = NOON + dt.timedelta(hours=9)
    assert began(store, clock, None) == NOON
    assert began(store, clock, later) == later
    store.set("world_seen", later.isoformat())
    assert began(store, clock, None) == later
    assert began(store, clock, NOON) == later
    store.close()
