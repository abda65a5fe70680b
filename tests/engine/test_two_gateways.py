"""How do two gateways share a host? As two processes with a port each: nothing else of one engine is the other's."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from tests.engine.rig import Engine, Supervisor
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from pathlib import Path

SPY = 756733
ACCOUNTS = ("DUSIM0001", "DUSIM0002")


def test_two_of_one_mode_with_one_client_id_are_told_apart_by_their_ports(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    with contextlib.ExitStack() as stack:
        gateways, engines = [], []
        for account in ACCOUNTS:
            own = tmp_path / account
            own.mkdir()
            gateway = stack.enter_context(contextlib.closing(StandIn(own, SIM_ACCOUNT=account)))
            more = {"IB_ACCOUNT": account, "STRATEGY": "none", "CHAIN_STRIKES": "0", "BOOKS_CHECK_SECONDS": "0.5"}
            engine = stack.enter_context(contextlib.closing(Engine(own, gateway, supervisor.url, **more)))
            gateway.start()
            gateway.up()
            engine.start()
            gateways.append(gateway)
            engines.append(engine)
        for engine in engines:
            engine.reach("TRADING", 60)
        assert [gateway.status()["clients"] for gateway in gateways] == [[1], [1]]

        for gateway, quantity in zip(gateways, (2, 5), strict=True):
            gateway.post("/api/v1/orders", {"con_id": SPY, "action": "BUY", "quantity": quantity})

        def books() -> list[Any]:
            return [[(row["account"], row["quantity"]) for row in engine.status()["positions"]] for engine in engines]

        wanted = [[(ACCOUNTS[0], 2)], [(ACCOUNTS[1], 5)]]
        wait_for(lambda: books() == wanted, 40, lambda: (books(), [engine.tail() for engine in engines]))

        gateways[0].kill()
        engines[0].reach("CONNECTING", 20)
        assert engines[1].status()["state"] == "TRADING"
        assert books()[1] == wanted[1]
