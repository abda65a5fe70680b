"""Several accounts in one engine: two on one socket, and paper beside live on a gateway of its own. Each is kept."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.drivers import Ibapi
from tests.engine.rig import OPERATOR, Engine, Supervisor
from tests.stand_in import StandIn, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STRATEGY = """
from datetime import timedelta

from nautilus_trader.model.enums import OptionKind, OrderSide, TimeInForce
from nautilus_trader.model.identifiers import ClientId, InstrumentId
from nautilus_trader.trading.strategy import Strategy

SPY, AAPL, MSFT = (InstrumentId.from_str(f"{name}") for name in ("SPY.ARCX", "AAPL.NASDAQ", "MSFT.NASDAQ"))


class Three(Strategy):
    # One stock and one call of today an account; then an exit that names no account, a second account for the same
    # instrument, and a resting order that is taken back. Started with positions it does nothing.
    def on_start(self):
        self.wanted, self.rest = {}, None
        if self.cache.positions_open():
            return
        # MSFT goes to IB_PAPER by its venue.
        self.wanted = {SPY: (None, 100), AAPL: ("IB_TWO", 100), MSFT: (None, 100)}
        for instrument_id in self.wanted:
            self.subscribe_quote_ticks(instrument_id)
        self.clock.set_timer("look", timedelta(seconds=0.5), callback=lambda _: self.look())

    def look(self):
        calls = [one for one in self.cache.instruments() if getattr(one, "option_kind", None) == OptionKind.CALL]
        if len(calls) >= 10:
            self.clock.cancel_timer("look")
            near = sorted(calls, key=lambda one: one.strike_price)[len(calls) // 2 :]
            for call, name in zip(near, (None, "IB_TWO", "IB_PAPER")):
                self.wanted[call.id] = (name, 2)
                self.subscribe_quote_ticks(call.id)

    def on_stop(self):
        self.clock.cancel_timers()

    def on_quote_tick(self, quote):
        if (wanted := self.wanted.pop(quote.instrument_id, None)) is not None:
            self.buy(quote.instrument_id, *wanted)

    def buy(self, instrument_id, name, quantity):
        size = self.size(instrument_id, quantity)
        self.send(
            self.order_factory.market(instrument_id, OrderSide.BUY, size, time_in_force=TimeInForce.DAY), name
        )

    def send(self, order, name=None):
        self.submit_order(order, client_id=ClientId(name) if name else None)

    def size(self, instrument_id, quantity):
        return self.cache.instrument(instrument_id).make_qty(quantity)

    def on_order_filled(self, event):
        if event.order_side != OrderSide.BUY or not self.cache.order(event.client_order_id).is_closed:
            return
        if event.instrument_id == AAPL:
            self.send(self.order_factory.market(AAPL, OrderSide.SELL, self.size(AAPL, 40)))
            self.buy(AAPL, "IB", 100)
        elif event.instrument_id == MSFT:
            price = self.cache.instrument(MSFT).make_price(float(event.last_px) * 1.5)
            self.rest = self.order_factory.limit(MSFT, OrderSide.SELL, self.size(MSFT, 60), price)
            self.send(self.rest)

    def on_order_accepted(self, event):
        if self.rest is not None and event.client_order_id == self.rest.client_order_id:
            self.cancel_order(self.rest)

    def on_order_denied(self, event):
        if "entries are held" in event.reason or "not yet the broker's" in event.reason:  # until the engine trades
            order = self.cache.order(event.client_order_id)
            client = self.cache.client_id(event.client_order_id)
            self.wanted[event.instrument_id] = (client.value if client is not None else None, order.quantity)
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
venues = ["NASDAQ"]
"""
CALM = {"SIM_VOLATILITY": "0.001"}
"""A market in which no exit is reached by itself."""


class House:
    """An engine in live mode, its gateway with two accounts, and a paper gateway beside it."""

    def __init__(self, directory: Path, supervisor: Supervisor) -> None:
        for name in ("live", "paper"):
            (directory / name).mkdir()
        self.live = StandIn(directory / "live", TRADING_MODE="live", SIM_ACCOUNTS="USIM0001,USIM0002", **CALM)
        self.paper = StandIn(directory / "paper", SIM_ACCOUNT="DUSIM0003", **CALM)
        self.kept = ((self.live, "USIM0001"), (self.live, "USIM0002"), (self.paper, "DUSIM0003"))
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


def orders(gateway: StandIn, account: str, kind: str) -> list[Any]:
    return [one for one in gateway.book()["orders"] if (one["account"], one["sec_type"]) == (account, kind)]


def stocks(gateway: StandIn, account: str) -> list[tuple[str, str, float, str]]:
    found = orders(gateway, account, "STK")
    return sorted((order["action"], order["symbol"], order["quantity"], order["status"]) for order in found)


def exits(gateway: StandIn, account: str) -> list[Any] | None:
    """The whole set of exits of the account's two calls, all in one group and each for both."""
    found = [one for one in orders(gateway, account, "OPT") if one["status"] in ("PreSubmitted", "Submitted")]
    whole = sorted(one["order_type"] for one in found) == ["LMT", "MKT", "STP"]
    one_group = len({one["oca_group"] for one in found}) == 1
    return (
        found if whole and one_group and {(one["action"], one["quantity"]) for one in found} == {("SELL", 2)} else None
    )


def held(gateway: StandIn) -> set[tuple[str, str, float]]:
    return {(row["account"], row["sec_type"], row["quantity"]) for row in gateway.book()["positions"]}


def test_each_order_goes_where_it_belongs(house: House) -> None:
    """By its client, the account that holds its instrument or worked its order, its venue, or by default."""
    wanted = {
        (0, "USIM0001"): [("BUY", "SPY", 100, "Filled")],
        (0, "USIM0002"): [("BUY", "AAPL", 100, "Filled"), ("SELL", "AAPL", 40, "Filled")],
        (1, "DUSIM0003"): [("BUY", "MSFT", 100, "Filled"), ("SELL", "MSFT", 60, "Cancelled")],
    }
    gateways = (house.live, house.paper)

    def found() -> dict[tuple[int, str], Any]:
        return {(number, account): stocks(gateways[number], account) for number, account in wanted}

    wait_for(lambda: found() == wanted, 20, lambda: (found(), house.engine.tail()))


def test_no_instrument_is_brought_into_a_second_account(house: House) -> None:
    def denied() -> list[str]:
        said = [line for line in house.engine.log.read_text().splitlines() if '"Three"' in line]
        return [text for line in said if (text := json.loads(line)["message"]).startswith("denied")]

    [only] = wait_for(denied, 20, house.engine.tail)
    assert only.startswith("denied AAPL.NASDAQ: IB_TWO holds or works it")


def test_the_exits_of_each_account_are_kept(house: House) -> None:
    def kept() -> bool:
        return all(exits(gateway, account) for gateway, account in house.kept)

    wait_for(kept, 30, lambda: (house.live.book(), house.paper.book(), house.engine.tail(60)))


def test_the_status_tells_of_each_by_its_account(house: House) -> None:
    wait_for(lambda: house.account("IB_PAPER")["reconciled"], 20, house.engine.tail)
    assert [(row["name"], row["account"], row["ready"]) for row in house.engine.status()["accounts"]] == [
        ("IB_TWO", "USIM0002", True),
        ("IB_PAPER", "DUSIM0003", True),
    ]

    def told(rows: Any) -> list[Any]:
        return sorted((row["account"], row["quantity"], len(row["exits"])) for row in rows)

    wanted = [("DUSIM0003", 2, 3), ("DUSIM0003", 100, 0), ("USIM0001", 2, 3), ("USIM0001", 100, 0)]
    wanted += [("USIM0002", 2, 3), ("USIM0002", 60, 0)]
    wait_for(lambda: told(house.engine.status()["positions"]) == wanted, 10, house.engine.status)
    status = house.engine.status()
    assert {row["account"] for row in status["orders"]} == {"USIM0001", "USIM0002", "DUSIM0003"}
    assert {row["account"] for row in status["refused_orders"]} >= {"USIM0001"}
    # One socket for the two accounts whose ids agree.
    assert len(house.live.status()["clients"]) == 1


def test_exits_that_vanish_are_sent_again_to_the_same_account(house: House) -> None:
    """And nowhere else: the broker of each is asked about it."""
    before = {account: {one["perm_id"] for one in orders(gateway, account, "OPT")} for gateway, account in house.kept}
    hand = Ibapi()
    hand.start(house.paper.api_port, 70)
    hand.ask("reqGlobalCancel")
    wait_for(lambda: exits(house.paper, "DUSIM0003") is None, 20, house.paper.book)
    hand.stop()
    wait_for(lambda: exits(house.paper, "DUSIM0003"), 30, lambda: (house.paper.book(), house.engine.tail(60)))
    after = {account: {one["perm_id"] for one in orders(gateway, account, "OPT")} for gateway, account in house.kept}
    assert len(after.pop("DUSIM0003") - before.pop("DUSIM0003")) == 3
    assert after == before


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


def test_killed_without_a_memory_it_finds_each_account_s_position_and_exits(house: House) -> None:
    before = {account: {one["perm_id"] for one in orders(gateway, account, "OPT")} for gateway, account in house.kept}
    house.engine.kill()
    house.engine.start()
    house.engine.reach("TRADING", 60)
    told = wait_for(lambda: house.engine.status()["positions"], 20, house.engine.tail)
    assert {(row["account"], row["quantity"]) for row in told} == {
        (a, q) for g in (house.live, house.paper) for a, _, q in held(g)
    }
    seen = house.engine.metric("watchkeeper_engine_ticks_total")
    wait_for(lambda: house.engine.metric("watchkeeper_engine_ticks_total") > seen + 20, 60, house.engine.tail)
    after = {account: {one["perm_id"] for one in orders(gateway, account, "OPT")} for gateway, account in house.kept}
    assert after == before
    for gateway, account in house.kept:
        assert exits(gateway, account)


def test_flatten_closes_every_account_through_its_own_exits(house: House) -> None:
    """And a halt holds for each of them."""
    answer = house.engine.post("/api/v1/flatten", {"reason": "a test"}, OPERATOR)
    assert answer.status_code == 200, answer.text
    assert answer.json()["sentence"].startswith("closing 6 positions")
    both = (house.live, house.paper)
    wait_for(
        lambda: not any(held(gateway) for gateway in both),
        40,
        lambda: ([g.book() for g in both], house.engine.tail(60)),
    )
    for gateway, account in house.kept:
        sold = [one for one in orders(gateway, account, "OPT") if one["action"] == "SELL"]
        assert sum(one["filled"] for one in sold) == 2
    wait_for(lambda: not house.engine.status()["positions"], 20, house.engine.status)
