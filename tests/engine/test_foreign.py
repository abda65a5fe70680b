"""Orders that rest at the broker and are not ours, with all of them fetched: a person's, and another client's."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tests.clients.drivers import Ibapi
from tests.engine.rig import Engine, Supervisor
from tests.stand_in import ACCOUNT, StandIn, wait_for

if TYPE_CHECKING:
    from pathlib import Path

SPY = 756733


def test_what_nautilus_cannot_book_is_left_to_its_owner(
    tmp_path: Path, gateway: StandIn, supervisor: Supervisor
) -> None:
    """A person's order carries no reference; MIDPRICE is a type that the adapter has no word for; LMT is one it has."""
    gateway.start()
    gateway.up()
    gateway.post("/api/v1/orders", {"con_id": SPY, "action": "BUY", "quantity": 3, "limit_price": 100})
    other = Ibapi()
    other.start(gateway.api_port, 70)
    stock = other.contract(conId=SPY, exchange="SMART")
    for number, kind in ((701, "MIDPRICE"), (702, "LMT")):
        order = other.order(
            action="BUY",
            totalQuantity=2,
            orderType=kind,
            lmtPrice=100,
            tif="DAY",
            account=ACCOUNT,
            orderRef=f"its-{kind}",
        )
        other.ask("placeOrder", number, stock, order)
        other.wait("orderStatus", number)
    all_of_them = {"FETCH_ALL_OPEN_ORDERS": "yes", "STRATEGY": "none", "CHAIN_STRIKES": "0"}
    with contextlib.closing(Engine(tmp_path, gateway, supervisor.url, **all_of_them)) as engine:
        engine.start()
        engine.reach("TRADING", 40)
        known = wait_for(lambda: [row["client_order_id"] for row in engine.status()["orders"]], 10, engine.status)
        assert known == ["its-LMT"]
        assert engine.post("/api/v1/resync").json()["ok"] is True
    other.stop()
    assert {row["status"] for row in gateway.book()["orders"]} <= {"Submitted", "PreSubmitted"}
