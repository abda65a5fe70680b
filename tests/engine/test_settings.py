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

# Says what it sees in the log, and asks for an order once.
STRATEGY = """
from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy


class TellConfig(StrategyConfig, frozen=True):
    word: str
    buy: InstrumentId


class Tell(Strategy):
    def __init__(self, config: TellConfig) -> None:
        super().__init__(config)
        self.told = set()

    def on_start(self):
        for instrument in self.cache.instruments():
            self.subscribe_quote_ticks(instrument.id)

    def on_quote_tick(self, quote):
        if quote.instrument_id in self.told:
            return
        self.told.add(quote.instrument_id)
        instrument = self.cache.instrument(quote.instrument_id)
        self.log.info(f"{self.config.word} {type(instrument).__name__} {quote.instrument_id}")
        if quote.instrument_id == self.config.buy:
            self.submit_order(self.order_factory.market(quote.instrument_id, OrderSide.BUY, instrument.make_qty(100)))

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

[[load_contracts]]
secType = "STK"
symbol = "AAPL"
primaryExchange = "NASDAQ"

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
CLASSES = {
    "Equity SPY.ARCX",
    "Equity AAPL.NASDAQ",
    "CurrencyPair EUR/USD.IDEALPRO",
    "CryptoPerpetual BTC/USD.PAXOS",
    "Cfd IBUS500.IBCFD",
    "Commodity XAUUSD.IBCMDTY",
}


def test_what_the_settings_name_is_loaded_and_quoted(told_of: Engine) -> None:
    wait_for(lambda: {line.removeprefix("quoted ") for line in told(told_of, "quoted")} >= CLASSES, 20, told_of.tail)


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
