"""Halted, the engine sends nothing that opens a position, and what protects one rests on at the broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.engine.rig import OPERATOR, TOKEN
from tests.stand_in import wait_for

if TYPE_CHECKING:
    from tests.engine.rig import Engine
    from tests.stand_in import StandIn

TICKS = "watchkeeper_engine_ticks_total"


def bought(gateway: StandIn) -> int:
    return len([order for order in gateway.book()["orders"] if order["action"] == "BUY"])


def test_no_order_after_halt_and_exits_stay_until_a_person_lifts_it(trading: Engine, gateway: StandIn) -> None:
    wait_for(lambda: trading.status()["positions"], 60, trading.tail)
    answer = trading.post("/api/v1/halt", {"reason": "a test"}, OPERATOR).json()
    assert answer["halted"] is True, answer
    before = bought(gateway)
    looked = trading.metric(TICKS)
    # The trade that is on may end meanwhile: several more would have begun in this time.
    wait_for(lambda: trading.metric(TICKS) > looked + 60, 60, trading.tail)
    assert bought(gateway) == before
    for position in trading.status()["positions"]:
        assert position["exits"]
    assert trading.status()["halted"] is True
    assert trading.post("/api/v1/halt", {"halt": False}, TOKEN).status_code == 403
    assert trading.post("/api/v1/halt", {"halt": False}, OPERATOR).status_code == 200
    wait_for(lambda: bought(gateway) > before, 120, trading.tail)
