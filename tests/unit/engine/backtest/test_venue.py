"""The simulated exchange with a broker's OCA groups and commissions: real orders through a real BacktestEngine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from nautilus_trader.model.enums import OrderSide, OrderStatus
from nautilus_trader.trading.strategy import Strategy

from engine.backtest.days import Day
from engine.backtest.quotes import contract, from_bars, modelled, spots
from engine.backtest.replay import replay
from engine.exits.keeper import Keeper
from engine.orders import OcaType, Role, ib_tags, new_group
from tests.unit.engine.backtest.past import DAY, OPENS, SPY, bar, wave

if TYPE_CHECKING:
    from collections.abc import Callable

# NautilusTrader's own, at every run of its backtest engine.
pytestmark = pytest.mark.filterwarnings("ignore:Timestamp.utcnow is deprecated")

CLOSES = OPENS + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _nobody_else_looks_after_exits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds here is the exchange's own doing: the Keeper would cancel what is left over, too."""
    monkeypatch.setattr(Keeper, "look", lambda self: None)


def day() -> Day:
    minutes = range(60)
    bids = [bar("BID", OPENS + timedelta(minutes=n), *[wave(n) - 0.01] * 4) for n in minutes]
    asks = [bar("ASK", OPENS + timedelta(minutes=n), *[wave(n) + 0.01] * 4) for n in minutes]
    underlying = from_bars(SPY, bids, asks)
    option = contract(SPY, DAY, 600.0, True, CLOSES)
    data = sorted([*underlying, *modelled(option, spots(underlying), 0.3)], key=lambda quote: quote.ts_init)
    return Day(DAY, SPY, [option], data, modelled=True)


class Doing(Strategy):  # type: ignore[misc]  # Nautilus carries no types
    """Does one thing at its first quote, another once it holds something."""

    def __init__(self, at_first: Callable[[Any], None], at_fill: Callable[[Any], None]) -> None:
        super().__init__()
        self.at_first, self.at_fill = at_first, at_fill
        self.begun = False
        self.option = contract(SPY, DAY, 600.0, True, CLOSES).id

    def on_start(self) -> None:
        self.subscribe_quote_ticks(self.option)

    def on_quote_tick(self, tick: Any) -> None:
        if not self.begun:
            self.begun = True
            self.at_first(self)

    def on_order_filled(self, event: Any) -> None:
        if event.order_side == OrderSide.BUY:
            self.at_fill(self)


def buy(strategy: Doing) -> None:
    size = strategy.cache.instrument(strategy.option).make_qty(2)
    strategy.submit_order(strategy.order_factory.market(strategy.option, OrderSide.BUY, size))


@pytest.mark.parametrize("kind", list(OcaType))
def test_of_two_exits_in_one_group_only_one_fills(kind: OcaType) -> None:
    seen: list[Any] = []

    def exits(strategy: Doing) -> None:
        group = new_group(strategy, kind)
        option = strategy.cache.instrument(strategy.option)
        bid = float(strategy.cache.quote_tick(strategy.option).bid_price)
        for role, price in ((Role.TAKE_PROFIT, bid + 0.05), (Role.CLOSE_NOW, bid + 0.10)):
            order = strategy.order_factory.limit(
                strategy.option,
                OrderSide.SELL,
                option.make_qty(2),
                option.make_price(price),
                tags=ib_tags(role, oca=group),
            )
            seen.append(order)
            strategy.submit_order(order)

    outcome = replay(day(), 100_000.0, lambda: Doing(buy, exits), 0.0)
    assert [order.status for order in seen] == [OrderStatus.FILLED, OrderStatus.CANCELED]
    # In the same moment, as at the broker.
    assert seen[0].ts_last == seen[1].ts_last
    assert outcome.held == {}


def test_a_dollar_an_order_or_so_much_a_contract() -> None:
    def buy_many(strategy: Doing) -> None:
        for name, count in ((strategy.option, 10), (SPY.id, 100), (SPY.id, 1000)):
            size = strategy.cache.instrument(name).make_qty(count)
            strategy.submit_order(strategy.order_factory.market(name, OrderSide.BUY, size))

    outcome = replay(day(), 1_000_000.0, lambda: Doing(buy_many, lambda _: None), 0.0)
    bought = [fill for fill in outcome.fills if fill["side"] == "BUY"]
    # A thousand shares are more than is quoted: the rest fills a tick further away, and the dollar is charged once.
    assert len(bought) == 4
    assert sum(fill["commission"] for fill in bought) == 6.5 + 1.0 + 5.0


def test_what_is_still_held_is_booked_at_what_it_is_worth_when_it_expires() -> None:
    outcome = replay(day(), 100_000.0, lambda: Doing(buy, lambda _: None), 0.0)
    [bought, ended] = outcome.fills
    spot = wave(59)
    assert outcome.held == {str(contract(SPY, DAY, 600.0, True, CLOSES).id): 2.0}
    assert (ended["type"], ended["side"], ended["quantity"]) == ("SETTLEMENT", "SELL", 2.0)
    assert ended["price"] == pytest.approx(max(0.0, spot - 600.0))
    assert ended["at"] == int(CLOSES.timestamp()) * 10**9
    profit = (ended["price"] - bought["price"]) * 200 - bought["commission"]
    assert outcome.balance == pytest.approx(100_000.0 + profit, abs=0.01)
    assert outcome.equity[-1] == (ended["at"], outcome.balance)
    # While it is held its premium is not lost: a minute later there is the spread, the commission and some movement.
    assert outcome.equity[0][1] == pytest.approx(100_000.0, abs=70.0)
