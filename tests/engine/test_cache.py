"""With a real Redis: what the engine remembers over its own death, and how it behaves without one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.engine.redis import Redis
from tests.engine.rig import Engine, Supervisor
from tests.engine.test_trading import agree
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e


@pytest.fixture
def redis() -> Iterator[Redis]:
    with contextlib.closing(Redis()) as made:
        yield made


@pytest.fixture
def remembering(tmp_path: Path, gateway: StandIn, supervisor: Supervisor, redis: Redis) -> Iterator[Engine]:
    environment = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port)}
    with contextlib.closing(Engine(tmp_path, gateway, supervisor.url, **environment)) as made:
        yield made


def bought(gateway: StandIn) -> int:
    return len([order for order in gateway.book()["orders"] if order["action"] == "BUY"])


def test_killed_in_a_position_it_takes_up_position_and_exits(
    remembering: Engine, gateway: StandIn, redis: Redis
) -> None:
    redis.start()
    gateway.start()
    gateway.up()
    remembering.start()
    remembering.reach("TRADING", 40)
    before = wait_for(lambda: [p for p in remembering.status()["positions"] if p["exits"]], 60, remembering.tail)
    entries = bought(gateway)
    remembering.kill()
    remembering.start()
    remembering.reach("TRADING", 40)
    wait_for(lambda: agree(remembering, gateway), 10, lambda: (remembering.status(), gateway.book()))
    held = remembering.status()["positions"]
    if held and held[0]["con_id"] == before[0]["con_id"] and bought(gateway) == entries:
        exits = {one["client_order_id"] for one in held[0]["exits"]}
        assert exits == {one["client_order_id"] for one in before[0]["exits"]}
        groups = {order["oca_group"] for order in remembering.status()["orders"]}
        assert len(groups - {None}) == 1
    wait_for(lambda: bought(gateway) > entries, 120, remembering.tail)
    wait_for(lambda: agree(remembering, gateway), 10, lambda: (remembering.status(), gateway.book()))


def test_exits_that_filled_while_it_was_dead(remembering: Engine, gateway: StandIn, redis: Redis) -> None:
    redis.start()
    gateway.start()
    gateway.up()
    remembering.start()
    remembering.reach("TRADING", 40)
    wait_for(lambda: [p for p in remembering.status()["positions"] if p["exits"]], 60, remembering.tail)
    remembering.kill()
    wait_for(lambda: not gateway.book()["positions"], 180, gateway.book)
    remembering.start()
    remembering.reach("TRADING", 40)
    wait_for(lambda: agree(remembering, gateway), 10, lambda: (remembering.status(), gateway.book()))
    sold = [o for o in gateway.book()["orders"] if o["action"] == "SELL" and o["status"] == "Filled"]
    assert len(sold) <= bought(gateway)


def test_it_waits_for_redis_and_says_so_and_tells_of_one_that_goes_later(
    remembering: Engine, gateway: StandIn, redis: Redis
) -> None:
    gateway.start()
    gateway.up()
    remembering.start()
    wait_for(lambda: "Redis" in remembering.status()["sentence"], 20, remembering.tail)
    assert remembering.status()["state"] == "WAITING"
    code, seconds = remembering.terminate(20)
    assert (code, seconds < 15) == (0, True)
    remembering.start()
    wait_for(lambda: "Redis" in remembering.status()["sentence"], 20, remembering.tail)
    redis.start()
    remembering.reach("TRADING", 40)
    redis.pause()
    wait_for(lambda: remembering.status()["cache"] == "down", 20, remembering.tail)
    assert remembering.metric("watchkeeper_engine_cache_up") == 0.0
    redis.unpause()
    wait_for(lambda: remembering.status()["cache"] == "up", 20, remembering.tail)
