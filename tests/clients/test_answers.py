"""The answers of docs/answers.md, by the unmodified adapter on the stand-in. Where one of these fails, an answer is out
of date."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from nautilus_trader.adapters.interactive_brokers import factories
from nautilus_trader.adapters.interactive_brokers.config import DockerizedIBGatewayConfig

from tests.clients.test_nautilus import today
from tests.clients.test_nautilus_orders import node_says
from tests.engine.redis import Redis

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stand_in import StandIn


def statuses(told: Any, case: str) -> dict[str, str]:
    return {part: status for part, (_, status) in told["orders"][case].items()}


def by_reference(stand_in: StandIn) -> dict[str, Any]:
    return {order["order_ref"].rpartition(":")[0]: order for order in stand_in.book()["orders"]}


async def test_emulation_reaches_the_children_and_a_limit_entry_but_no_market_entry(
    start: Callable[..., StandIn],
) -> None:
    """And what is emulated is not at the broker at all, whatever OCA group it names."""
    stand_in = start()
    expiry = await today(stand_in)
    told = node_says(stand_in, "emulation", expiry, "mended")
    assert statuses(told, "rests") == {"entry": "FILLED", "stop": "EMULATED", "take-profit": "EMULATED"}
    assert statuses(told, "limit entry") == {"entry": "EMULATED", "stop": "INITIALIZED", "take-profit": "INITIALIZED"}
    # A trigger that the emulator does not know leaves the position without any exit.
    assert statuses(told, "mark") == {"entry": "FILLED", "stop": "CANCELED", "take-profit": "CANCELED"}
    # Once its price is reached, an emulated limit goes out as a market order, and then in its group.
    assert statuses(told, "triggers") == {"entry": "FILLED", "stop": "CANCELED", "take-profit": "FILLED"}
    seen = by_reference(stand_in)
    released = seen.pop(told["orders"]["triggers"]["take-profit"][0])
    assert (released["order_type"], released["oca_group"], released["parent_id"]) == ("MKT", "WK-triggers", 0)
    assert set(seen) == {told["orders"][case]["entry"][0] for case in ("rests", "triggers", "mark")}
    # A restart without a cache: the positions are there, their exits are nowhere.
    again = node_says(stand_in, "emulation", expiry, "mended")
    assert again["found"] == {}
    assert again["held"] == told["held"]
    assert not [order for order in stand_in.book()["orders"] if order["status"] != "Filled"]


async def test_as_it_is_the_adapter_cannot_send_an_emulated_child(start: Callable[..., StandIn]) -> None:
    """It writes the parent's name where the wire has a number: the exit never comes, and no event says so."""
    stand_in = start()
    told = node_says(stand_in, "emulation", await today(stand_in), "plain")
    assert statuses(told, "triggers")["entry"] == "FILLED"
    assert told["orders"]["triggers"]["take-profit"][0] not in by_reference(stand_in)
    assert len(stand_in.book()["positions"]) == 3


@pytest.mark.e2e
async def test_an_emulated_order_survives_a_restart_in_redis(start: Callable[..., StandIn]) -> None:
    """Meanwhile it protects nothing: it rests in our memory alone."""
    stand_in = start()
    expiry = await today(stand_in)
    with contextlib.closing(Redis()) as redis:
        redis.start()
        told = node_says(stand_in, "emulation", expiry, "mended", str(redis.port))
        again = node_says(stand_in, "emulation", expiry, "mended", str(redis.port))
    exits = {told["orders"]["rests"][part][0] for part in ("stop", "take-profit")}
    assert {key for key, status in again["found"].items() if status == "EMULATED"} >= exits
    assert again["held"] == told["held"]


async def test_the_adapters_own_chain_of_today_and_tomorrow_is_tomorrows(start: Callable[..., StandIn]) -> None:
    """The day itself is loaded only by its name, in one answer for all strikes."""
    ends = (datetime.now(UTC) + timedelta(hours=2)).astimezone(ZoneInfo("America/New_York"))
    stand_in = start(SIM_DAY_START=f"{ends:%H:%M}")
    expiry = await today(stand_in)
    loaded = node_says(stand_in, "chain", "0:1")
    assert loaded
    assert expiry not in loaded
    named = node_says(stand_in, "chain", expiry)
    assert list(named) == [expiry]
    assert named[expiry] > 200


def test_the_adapters_own_gateways_are_one_a_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second tenant is handed the first one's gateway, and its user name is never looked at."""
    started: list[str] = []

    class Gateway:
        port = 4002

        def __init__(self, config: DockerizedIBGatewayConfig) -> None:
            started.append(config.username)

        def safe_start(self, wait: int) -> None:
            pass

    class Client(SimpleNamespace):
        def start(self) -> None:
            pass

    monkeypatch.setattr(factories, "DockerizedIBGateway", Gateway)
    monkeypatch.setattr(factories, "InteractiveBrokersClient", Client)
    monkeypatch.setattr(factories, "GATEWAYS", {})
    monkeypatch.setattr(factories, "IB_CLIENTS", {})

    def client(user: str) -> Any:
        config = DockerizedIBGatewayConfig(username=user, password="secret", trading_mode="paper")
        parts = {"loop": None, "msgbus": None, "cache": None, "clock": None}
        return factories.get_cached_ib_client(
            **parts, host="127.0.0.1", port=None, client_id=1, dockerized_gateway=config
        )

    first, second = client("first"), client("second")
    assert started == ["first"]
    assert second is first
