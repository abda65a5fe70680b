"""Several accounts in one engine: two on one socket, and paper beside live on a gateway of its own."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.rig import Engine, Supervisor
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STRATEGY = """
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import ClientId, InstrumentId
from nautilus_trader.trading.strategy import Strategy

SPY, AAPL, MSFT = (InstrumentId.from_str(f"{name}") for name in ("SPY.ARCX", "AAPL.NASDAQ", "MSFT.NASDAQ"))


class Three(Strategy):
    # One instrument an account; then an exit that names no account, a second account for the same instrument, and a
    # resting order that is taken back.
    def on_start(self):
        self.bought, self.rest = set(), None
        for instrument_id in (SPY, AAPL, MSFT):
            self.subscribe_quote_ticks(instrument_id)

    def on_quote_tick(self, quote):
        if quote.instrument_id not in self.bought:
            self.bought.add(quote.instrument_id)
            self.buy(quote.instrument_id, {SPY: None, AAPL: "IB_TWO", MSFT: "IB_PAPER"}[quote.instrument_id])

    def buy(self, instrument_id, name):
        self.send(self.order_factory.market(instrument_id, OrderSide.BUY, self.size(instrument_id, 100)), name)

    def send(self, order, name=None):
        self.submit_order(order, client_id=ClientId(name) if name else None)

    def size(self, instrument_id, quantity):
        return self.cache.instrument(instrument_id).make_qty(quantity)

    def on_order_filled(self, event):
        if event.order_side != OrderSide.BUY or not self.cache.order(event.client_order_id).is_closed:
            return
        if event.instrument_id == AAPL:
            self.send(self.order_factory.market(AAPL, OrderSide.SELL, self.size(AAPL, 40)))
            self.buy(AAPL, "IB")
        elif event.instrument_id == MSFT:
            price = self.cache.instrument(MSFT).make_price(float(event.last_px) * 1.5)
            self.rest = self.order_factory.limit(MSFT, OrderSide.SELL, self.size(MSFT, 60), price)
            self.send(self.rest)

    def on_order_accepted(self, event):
        if self.rest is not None and event.client_order_id == self.rest.client_order_id:
            self.cancel_order(self.rest)

    def on_order_denied(self, event):
        if "entries are held" in event.reason:  # until the engine trades
            self.bought.discard(event.instrument_id)
            return
        self.log.info(f"denied {event.instrument_id}: {event.reason}")
"""
SETTINGS = """
ib_client_id = 1

[[load_contracts]]
secType = "STK"
symbol = "AAPL"
primaryExchange = "NASDAQ"

[[load_contracts]]
secType = "STK"
symbol = "MSFT"
primaryExchange = "NASDAQ"

[[accounts]]
name = "IB_TWO"
account = "USIM0002"
trading_mode = "live"

[[accounts]]
name = "IB_PAPER"
account = "DUSIM0003"
port = PORT
client_id = 11
"""


class House:
    """An engine in live mode, its gateway with two accounts, and a paper gateway beside it."""

    def __init__(self, directory: Path, supervisor: Supervisor) -> None:
        for name in ("live", "paper"):
            (directory / name).mkdir()
        self.live = StandIn(directory / "live", TRADING_MODE="live", SIM_ACCOUNTS="USIM0001,USIM0002")
        self.paper = StandIn(directory / "paper", SIM_ACCOUNT="DUSIM0003")
        (directory / "three.py").write_text(STRATEGY)
        (directory / "engine.toml").write_text(SETTINGS.replace("PORT", str(self.paper.api_port)))
        more = {
            "MODE": "live",
            "TRADING_MODE": "live",
            "IB_ACCOUNT": "USIM0001",
            "ENGINE_SETTINGS": str(directory / "engine.toml"),
            "STRATEGY": "three:Three",
            "STRATEGY_PATH": str(directory),
        }
        self.engine = Engine(directory, self.live, supervisor.url, **more)

    def close(self) -> None:
        for one in (self.engine, self.live, self.paper):
            one.close()

    def account(self, name: str) -> Any:
        return next(row for row in self.engine.status()["accounts"] if row["name"] == name)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with (
        contextlib.closing(Supervisor()) as supervisor,
        contextlib.closing(House(tmp_path_factory.mktemp("accounts"), supervisor)) as made,
    ):
        for gateway in (made.live, made.paper):
            gateway.start()
            gateway.up()
        made.engine.start()
        made.engine.reach("TRADING", 60)
        yield made


def orders(gateway: StandIn, account: str) -> list[tuple[str, str, float, str]]:
    found = [order for order in gateway.book()["orders"] if order["account"] == account]
    return sorted((order["action"], order["symbol"], order["quantity"], order["status"]) for order in found)


def test_each_order_goes_where_it_belongs(house: House) -> None:
    """By the client that it names, the account that holds its instrument, the account of its order, or by default."""
    wanted = {
        (0, "USIM0001"): [("BUY", "SPY", 100, "Filled")],
        (0, "USIM0002"): [("BUY", "AAPL", 100, "Filled"), ("SELL", "AAPL", 40, "Filled")],
        (1, "DUSIM0003"): [("BUY", "MSFT", 100, "Filled"), ("SELL", "MSFT", 60, "Cancelled")],
    }
    gateways = (house.live, house.paper)

    def found() -> dict[tuple[int, str], Any]:
        return {(number, account): orders(gateways[number], account) for number, account in wanted}

    wait_for(lambda: found() == wanted, 20, lambda: (found(), house.engine.tail()))


def test_no_instrument_is_brought_into_a_second_account(house: House) -> None:
    def denied() -> list[str]:
        said = [line for line in house.engine.log.read_text().splitlines() if '"Three"' in line]
        return [text for line in said if (text := json.loads(line)["message"]).startswith("denied")]

    [only] = wait_for(denied, 20, house.engine.tail)
    assert only.startswith("denied AAPL.NASDAQ: IB_TWO holds or works it")


def test_the_status_tells_of_each_and_of_the_first_one_s_positions_alone(house: House) -> None:
    wait_for(lambda: house.account("IB_PAPER")["reconciled"], 20, house.engine.tail)
    assert [(row["name"], row["account"], row["ready"]) for row in house.engine.status()["accounts"]] == [
        ("IB_TWO", "USIM0002", True),
        ("IB_PAPER", "DUSIM0003", True),
    ]
    positions = wait_for(lambda: house.engine.status()["positions"], 10, house.engine.tail)
    assert [(one["instrument_id"], one["quantity"]) for one in positions] == [("SPY.ARCX", 100)]
    # One socket for the two accounts whose ids agree.
    assert len(house.live.status()["clients"]) == 1


def test_a_gateway_that_goes_away_leaves_the_other_trading(house: House) -> None:
    before = house.account("IB_PAPER")["reconciled_at"]
    house.paper.kill()
    wait_for(lambda: not house.account("IB_PAPER")["ready"], 20, house.engine.tail)
    assert house.engine.status()["state"] == "TRADING"
    assert house.account("IB_TWO")["reconciled"]
    house.paper.start()
    house.paper.up()
    again = wait_for(lambda: row if (row := house.account("IB_PAPER"))["reconciled"] else None, 60, house.engine.tail)
    assert again["reconciled_at"] > before
    assert house.engine.post("/api/v1/resync").json()["ok"] is True
