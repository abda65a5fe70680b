"""What the settings bring about in a running engine: the user's own strategy, instruments, JSON logs, data only."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.rig import LATEST, Engine, Supervisor
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Says what is loaded and quoted, one of each class; asks for an order once, and for a spread of two options.
STRATEGY = """
from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import InstrumentId, new_generic_spread_id
from nautilus_trader.trading.strategy import Strategy


class TellConfig(StrategyConfig, frozen=True):
    word: str
    buy: InstrumentId


class Tell(Strategy):
    def __init__(self, config: TellConfig) -> None:
        super().__init__(config)
        self.kinds = {}
        self.told = set()

    def on_start(self):
        now = self.clock.timestamp_ns()
        for instrument in self.cache.instruments():
            kind = instrument.info["contract"]["secType"]
            # A chain of futures begins with those that have expired.
            living = getattr(instrument, "expiration_ns", now + 1) > now
            if kind not in self.kinds.values() and living:
                self.kinds[instrument.id] = kind
                self.log.info(f"loaded {kind} {type(instrument).__name__} {instrument.id}")
                subscribe = self.subscribe_index_prices if kind == "IND" else self.subscribe_quote_ticks
                subscribe(instrument.id)
        options = [i.id for i in self.cache.instruments() if i.info["contract"]["secType"] == "OPT"]
        self.spread = new_generic_spread_id([(options[0], 1), (options[1], -1)])
        self.request_instrument(self.spread)

    def on_instrument(self, instrument):
        if instrument.id == self.spread and instrument.id not in self.kinds:
            self.kinds[instrument.id] = "BAG"
            self.log.info(f"loaded BAG {type(instrument).__name__} {instrument.id}")
            self.subscribe_quote_ticks(instrument.id)

    def on_index_price(self, price):
        self.tell(price)

    def on_quote_tick(self, quote):
        self.tell(quote)

    def tell(self, data):
        kind = self.kinds.get(data.instrument_id)
        if kind is None or kind in self.told:
            return
        self.told.add(kind)
        self.log.info(f"{self.config.word} {kind} {type(data).__name__}")
        if data.instrument_id == self.config.buy:
            quantity = self.cache.instrument(data.instrument_id).make_qty(100)
            self.submit_order(self.order_factory.market(data.instrument_id, OrderSide.BUY, quantity))

    def on_order_denied(self, event):
        self.log.info(f"denied {event.reason}")
"""


def told(engine: Engine, word: str) -> list[str]:
    """The messages of the user's strategy, and so of Nautilus' own logger, that begin with a word."""
    said = [line for line in engine.log.read_text().splitlines() if '"Tell"' in line]
    return [text for line in said if (text := json.loads(line)["message"]).startswith(word)]


@pytest.fixture(scope="module", params=["200", LATEST])
def told_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine, data only, with a strategy and a settings file of the user's."""
    directory: Path = tmp_path_factory.mktemp("settings")
    (directory / "tell.py").write_text(STRATEGY)
    (directory / "tell.toml").write_text('word = "quoted"\nbuy = "SPY.ARCX"\n')
    (directory / "engine.toml").write_text(SETTINGS)
    more = {
        "ENGINE_SETTINGS": str(directory / "engine.toml"),
        "STRATEGY": "tell:Tell",
        "STRATEGY_PATH": str(directory),
        "STRATEGY_CONFIG": str(directory / "tell.toml"),
        "READ_ONLY_API": "yes",
    }
    with (
        contextlib.closing(Supervisor()) as supervisor,
        contextlib.closing(StandIn(directory, SIM_SERVER_VERSION=request.param, READ_ONLY_API="yes")) as gateway,
        contextlib.closing(Engine(directory, gateway, supervisor.url, **more)) as engine,
    ):
        gateway.start()
        gateway.up()
        engine.start()
        engine.reach("TRADING", 60)
        yield engine


SETTINGS = """
load_ids = ["EUR/USD.IDEALPRO"]

[symbol_to_mic_venue]
ES = "XCME"

[[load_contracts]]
secType = "IND"
symbol = "SPX"
exchange = "CBOE"
build_options_chain = true
options_chain_exchange = "SMART"
min_expiry_days = -1
max_expiry_days = 1

[[load_contracts]]
secType = "CONTFUT"
symbol = "ES"
exchange = "CME"
build_futures_chain = true
build_options_chain = true
min_expiry_days = -1
max_expiry_days = 8

[[load_contracts]]
secType = "CRYPTO"
symbol = "BTC"
exchange = "PAXOS"

[[load_contracts]]
secType = "CFD"
symbol = "IBUS500"

[[load_contracts]]
secType = "CMDTY"
symbol = "XAUUSD"
"""
CLASSES = {"STK", "OPT", "FUT", "FOP", "CASH", "CRYPTO", "CFD", "CMDTY", "BAG"}


def test_what_the_settings_name_is_loaded_and_quoted(told_of: Engine) -> None:
    wanted = {*(f"quoted {kind} QuoteTick" for kind in CLASSES), "quoted IND IndexPriceUpdate"}
    wait_for(
        lambda: wanted <= set(told(told_of, "quoted")), 20, lambda: (told(told_of, "quoted"), told(told_of, "loaded"))
    )


def test_a_continuous_future_is_loaded_and_its_data_refused(told_of: Engine) -> None:
    wait_for(lambda: told(told_of, "loaded CONTFUT FuturesContract"), 20, lambda: told(told_of, "loaded"))
    wait_for(lambda: "Please enter a valid security type (code: 321" in told_of.log.read_text(), 20, told_of.tail)
    assert told(told_of, "quoted CONTFUT") == []


def test_all_logs_are_json(told_of: Engine) -> None:
    keys: set[str] = set()
    for line in told_of.log.read_text().splitlines():
        # Nautilus repeats its errors as text on standard error, which is in this file as well.
        if not re.search(r"\[ERROR\] WATCHKEEPER-001\.", line):
            keys |= json.loads(line).keys()
    assert {"component", "level", "message", "event"} <= keys


def test_a_read_only_gateway_means_data_only(told_of: Engine) -> None:
    status: Any = told_of.status()
    assert status["data_only"] is True
    assert status["sentence"].startswith("data only")
    wait_for(lambda: told(told_of, "denied"), 10, told_of.tail)
    assert told_of.metric("watchkeeper_engine_orders_working") == 0
