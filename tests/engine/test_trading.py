"""The engine trades through the stand-in, and both keep the same books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supervisor.drill.report import agree as books_agree
from tests.engine.rig import in_both_encodings
from tests.stand_in import wait_for

if TYPE_CHECKING:
    from tests.engine.rig import Engine
    from tests.stand_in import StandIn


def bracket(book: Any) -> list[Any] | None:
    """The four orders of the first bracket of which an exit has filled, once its siblings have ended."""
    orders = book["orders"]
    for parent in orders:
        children = [order for order in orders if order["parent_id"] == parent["order_id"] and order["parent_id"]]
        ended = {child["status"] for child in children}
        if len(children) == 3 and "Filled" in ended and ended <= {"Filled", "Cancelled"}:
            return [parent, *children]
    return None


def agree(engine: Engine, gateway: StandIn) -> bool:
    """Whether positions and working orders are the same on both sides."""
    return books_agree(gateway.book(), engine.status())


@in_both_encodings
def test_a_bracket_fills_and_its_siblings_are_cancelled(trading: Engine, gateway: StandIn) -> None:
    parent, *exits = wait_for(lambda: bracket(gateway.book()), 120, lambda: trading.tail(80))
    assert (parent["action"], parent["order_type"], parent["status"]) == ("BUY", "MKT", "Filled")
    assert parent["local_symbol"].startswith("SPY")
    assert "C00" in parent["local_symbol"]
    assert sorted(exit_["order_type"] for exit_ in exits) == ["LMT", "MKT", "STP"]
    assert sorted(exit_["status"] for exit_ in exits) == ["Cancelled", "Cancelled", "Filled"]
    assert next(exit_["status"] for exit_ in exits if exit_["order_type"] == "MKT") == "Cancelled", "it sleeps"
    assert len({exit_["oca_group"] for exit_ in exits} - {""}) == 1
    assert {exit_["oca_type"] for exit_ in exits} == {2}
    wait_for(lambda: agree(trading, gateway), 10, lambda: (trading.status(), gateway.book()))


def test_the_next_trade_follows_the_last(trading: Engine, gateway: StandIn) -> None:
    def entries() -> int:
        return len([order for order in gateway.book()["orders"] if order["action"] == "BUY"])

    wait_for(lambda: entries() >= 2, 180, lambda: trading.tail(80))
    held = [position["quantity"] for position in gateway.book()["positions"]]
    assert all(quantity in (0, 1) for quantity in held)


def test_a_position_shows_with_its_exits(trading: Engine) -> None:
    position = wait_for(lambda: next(iter(trading.status()["positions"]), None), 60, trading.tail)
    assert position["quantity"] == 1
    assert position["con_id"]
    assert {one["order_type"] for one in position["exits"]} == {"LIMIT", "STOP_MARKET", "MARKET"}
    groups = {order["oca_group"] for order in trading.status()["orders"] if order["side"] == "SELL"}
    assert len(groups) == 1
    assert groups.pop()


def test_held_entries_stay_held_and_exits_go_on(trading: Engine, gateway: StandIn) -> None:
    wait_for(lambda: trading.status()["positions"], 60, trading.tail)
    trading.post("/api/v1/hold-entries", {"hold": True, "reason": "a test"})
    wait_for(lambda: agree(trading, gateway) and not gateway.book()["positions"], 120, trading.tail)
    bought = len([o for o in gateway.book()["orders"] if o["action"] == "BUY"])
    looked = trading.metric("watchkeeper_engine_ticks_total")
    wait_for(lambda: trading.metric("watchkeeper_engine_ticks_total") > looked + 30, 60, trading.tail)
    assert len([o for o in gateway.book()["orders"] if o["action"] == "BUY"]) == bought
    assert trading.status()["state"] == "TRADING"
    trading.post("/api/v1/hold-entries", {"hold": False})
    wait_for(lambda: len([o for o in gateway.book()["orders"] if o["action"] == "BUY"]) > bought, 60, trading.tail)


@pytest.mark.parametrize("session", ["anew", "as it was"])
def test_a_gateway_that_refuses_every_order_is_told_until_it_takes_them_again(
    trading: Engine, gateway: StandIn, session: str
) -> None:
    assert trading.status()["write_blocked"] is False
    gateway.fault("read-only")
    wait_for(lambda: trading.status()["write_blocked"], 60, lambda: trading.tail(80))
    gateway.cure("read-only")
    if session == "anew":
        gateway.fault("reset")
    wait_for(lambda: not trading.status()["write_blocked"], 60, lambda: trading.tail(80))
