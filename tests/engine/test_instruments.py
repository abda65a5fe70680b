"""What is loaded by name: bonds, whose answer the adapter drops; venues by their ISO codes; what filters leave out."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.engine.rig import LATEST, Engine, Supervisor
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

STRATEGY = """
from nautilus_trader.model.enums import AssetClass
from nautilus_trader.trading.strategy import Strategy


def keep(instrument):
    return not instrument.id.symbol.value.startswith("ESH")


class Holder(Strategy):
    def on_start(self):
        for instrument in self.cache.instruments():
            self.log.info(f"loaded {instrument.id}")
            if instrument.asset_class == AssetClass.DEBT:
                self.subscribe_quote_ticks(instrument.id)

    def on_quote_tick(self, quote):
        self.log.info(f"quoted {quote.instrument_id} {quote.bid_price} {quote.ask_price}")
        self.unsubscribe_quote_ticks(quote.instrument_id)
"""
SETTINGS = """
load_ids = ["670123001=BOND.SMART"]
convert_exchange_to_mic_venue = true
filter_callable = "holder:keep"

[[load_contracts]]
secType = "BOND"
secIdType = "ISIN"
secId = "US594918BE30"

[[load_contracts]]
secType = "STK"
symbol = "IBM"
primaryExchange = "NYSE"

[[load_contracts]]
secType = "CONTFUT"
symbol = "ES"
exchange = "CME"
build_futures_chain = true
min_expiry_days = 1
max_expiry_days = 400
"""


@pytest.fixture(scope="module", params=["200", LATEST])
def holder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("instruments")
    (folder / "holder.py").write_text(STRATEGY)
    with (
        contextlib.closing(Supervisor()) as supervisor,
        contextlib.closing(StandIn(folder, SIM_SERVER_VERSION=request.param)) as gateway,
    ):
        gateway.start()
        gateway.up()
        (folder / "engine.toml").write_text(SETTINGS)
        more = {
            "ENGINE_SETTINGS": str(folder / "engine.toml"),
            "STRATEGY": "holder:Holder",
            "STRATEGY_PATH": str(folder),
            "CHAIN_STRIKES": "0",
        }
        with contextlib.closing(Engine(folder, gateway, supervisor.url, **more)) as engine:
            engine.start()
            engine.reach("TRADING", 60)
            yield engine


def said(engine: Engine, word: str) -> list[list[str]]:
    """What the strategy said after a word."""
    lines = [line for line in engine.log.read_text().splitlines() if f'"message":"{word} ' in line]
    return [json.loads(line)["message"].split(maxsplit=1)[1:] for line in lines]


def test_bonds_are_loaded_by_id_and_by_isin_and_quoted(holder: Engine) -> None:
    def quoted() -> dict[str, float]:
        words = [text.split() for [text] in said(holder, "quoted")]
        return {name: float(bid) for name, bid, _ in words}

    found = wait_for(lambda: bids if len(bids := quoted()) == 2 else None, 20, holder.tail)
    assert found.keys() == {"670123001=BOND.SMART", "670123002=BOND.SMART"}
    # In percent of the face value.
    assert all(50 < bid < 150 for bid in found.values())


def test_venues_are_iso_codes_and_what_the_filter_refuses_is_left_out(holder: Engine) -> None:
    names = [name for [name] in wait_for(lambda: said(holder, "loaded"), 20, holder.tail)]
    futures = {name[:3] for name in names if name.startswith("ES") and name[2] in "HMUZ"}
    assert {"IBM.XNYS", "SPY.ARCX"} <= set(names)
    # Every quarter's but March's.
    assert futures == {"ESM", "ESU", "ESZ"}
