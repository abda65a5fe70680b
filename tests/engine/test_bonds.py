"""Bonds, whose answer the adapter drops: loaded by their id, which is their number, and by their ISIN, and quoted."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from tests.engine.rig import Engine, Supervisor, in_both_encodings
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from pathlib import Path

STRATEGY = """
from nautilus_trader.model.enums import AssetClass
from nautilus_trader.trading.strategy import Strategy


class Holder(Strategy):
    def on_start(self):
        for instrument in self.cache.instruments():
            if instrument.asset_class == AssetClass.DEBT:
                self.subscribe_quote_ticks(instrument.id)

    def on_quote_tick(self, quote):
        self.log.info(f"quoted {quote.instrument_id} {quote.bid_price} {quote.ask_price}")
        self.unsubscribe_quote_ticks(quote.instrument_id)
"""
SETTINGS = """
load_ids = ["670123001=BOND.SMART"]

[[load_contracts]]
secType = "BOND"
secIdType = "ISIN"
secId = "US594918BE30"
"""


@in_both_encodings
def test_bonds_are_loaded_and_quoted(tmp_path: Path, gateway: StandIn, supervisor: Supervisor) -> None:
    (tmp_path / "holder.py").write_text(STRATEGY)
    (tmp_path / "engine.toml").write_text(SETTINGS)
    more = {
        "ENGINE_SETTINGS": str(tmp_path / "engine.toml"),
        "STRATEGY": "holder:Holder",
        "STRATEGY_PATH": str(tmp_path),
        "CHAIN_STRIKES": "0",
    }
    with contextlib.closing(Engine(tmp_path, gateway, supervisor.url, **more)) as engine:

        def quoted() -> dict[str, float]:
            said = [line for line in engine.log.read_text().splitlines() if '"message":"quoted ' in line]
            words = [json.loads(line)["message"].split() for line in said]
            return {name: float(bid) for _, name, bid, _ in words}

        gateway.start()
        gateway.up()
        engine.start()
        engine.reach("TRADING", 40)
        found = wait_for(lambda: bids if len(bids := quoted()) == 2 else None, 20, engine.tail)
        assert found.keys() == {"670123001=BOND.SMART", "670123002=BOND.SMART"}
        # In percent of the face value.
        assert all(50 < bid < 150 for bid in found.values())
