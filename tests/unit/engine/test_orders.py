"""The order helpers, with a real Nautilus strategy that is never started."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from nautilus_trader.adapters.interactive_brokers.common import IBOrderTags
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus, TestClock
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.enums import AssetClass, OptionKind, OrderSide, OrderType, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TraderId
from nautilus_trader.model.instruments import OptionContract
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.portfolio.portfolio import Portfolio
from nautilus_trader.trading.strategy import Strategy

from engine import orders
from engine.errors import OrderRefused
from engine.orders import Oca, OcaType, Role, conditions

if TYPE_CHECKING:
    from collections.abc import Callable

CALL = InstrumentId.from_str("CALL.ARCX")
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
CLOSE = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
GROUP = Oca("WK-1")


def call(expires: datetime, tick: str = "0.05") -> Any:
    return OptionContract(
        instrument_id=CALL,
        raw_symbol=Symbol("CALL"),
        asset_class=AssetClass.EQUITY,
        currency=USD,
        price_precision=2,
        price_increment=Price.from_str(tick),
        multiplier=Quantity.from_int(100),
        lot_size=Quantity.from_int(1),
        underlying="SPY",
        option_kind=OptionKind.CALL,
        strike_price=Price.from_str("500.00"),
        activation_ns=0,
        expiration_ns=int(expires.timestamp()) * 10**9,
        ts_event=0,
        ts_init=0,
    )


def make(instrument: Any, clock: Any) -> Any:
    bus = MessageBus(trader_id=TraderId("TEST-001"), clock=clock)
    cache = Cache()
    cache.add_instrument(instrument)
    strategy = Strategy()
    strategy.register(
        trader_id=TraderId("TEST-001"),
        portfolio=Portfolio(msgbus=bus, cache=cache, clock=clock),
        msgbus=bus,
        cache=cache,
        clock=clock,
    )
    return strategy


def live(hours: float) -> Any:
    """A strategy on the wall clock whose option expires in so many hours."""
    return make(call(datetime.now(UTC) + timedelta(hours=hours)), LiveClock())


@pytest.fixture
def strategy() -> Any:
    return live(5)


def written(order: Any) -> IBOrderTags:
    """What the adapter will read of the order's tags."""
    [tag] = [tag for tag in order.tags if tag.startswith("IBOrderTags:")]
    return IBOrderTags.parse(tag.removeprefix("IBOrderTags:"))


def test_a_bracket_holds_three_exits_of_one_group_under_its_entry(strategy: Any) -> None:
    made = orders.bracket(strategy, CALL, OrderSide.BUY, 2, take_profit=3.01, stop=0.98)
    entry, *exits = made.orders
    assert [order.order_type for order in made.orders] == [
        OrderType.MARKET,
        OrderType.STOP_MARKET,
        OrderType.LIMIT,
        OrderType.MARKET,
    ]
    assert [orders.role_of(order) for order in made.orders] == [
        Role.ENTRY,
        Role.STOP,
        Role.TAKE_PROFIT,
        Role.LAST_RESORT,
    ]
    assert {order.time_in_force for order in made.orders} == {TimeInForce.DAY}
    assert {order.parent_order_id for order in exits} == {entry.client_order_id}
    assert {(order.side, order.quantity.as_double(), order.is_reduce_only) for order in exits} == {
        (OrderSide.SELL, 2, True)
    }
    groups = [orders.oca_of(order) for order in exits]
    assert groups[0] is not None
    assert groups == [Oca(groups[0].group, OcaType.REDUCE)] * 3
    assert not any(order.is_post_only for order in made.orders)
    assert (exits[0].trigger_price, exits[1].price) == (Price.from_str("1.00"), Price.from_str("3.00"))
    expires = datetime.fromtimestamp(strategy.cache.instrument(CALL).expiration_ns / 1e9, UTC)
    assert written(exits[2]).goodAfterTime == f"{expires - timedelta(minutes=4, seconds=30):%Y%m%d-%H:%M:%S}"


def test_two_brackets_never_share_a_group(strategy: Any) -> None:
    made = [orders.bracket(strategy, CALL, OrderSide.BUY, 1, take_profit=3, stop=1) for _ in range(2)]
    assert len({orders.oca_of(one.orders[1]) for one in made}) == 2


def test_a_limit_entry_that_waits_for_a_condition(strategy: Any) -> None:
    waits = conditions.price(756733, 500.0, above=True)
    made = orders.bracket(
        strategy, CALL, OrderSide.BUY, 1, take_profit=3, stop=1, entry=2.02, conditions=[waits], oca_type=OcaType.CANCEL
    )
    assert (made.first.order_type, made.first.price) == (OrderType.LIMIT, Price.from_str("2.00"))
    assert written(made.first).conditions == [waits]
    assert written(made.orders[1]).conditions == []
    assert written(made.orders[1]).ocaType == 1


def test_a_short_position_is_bought_back(strategy: Any) -> None:
    stop, profit, last = orders.exit_group(strategy, CALL, -1, take_profit=1, stop=3, oca=GROUP)
    assert {order.side for order in (stop, profit, last)} == {OrderSide.BUY}
    assert {orders.oca_of(order) for order in (stop, profit, last)} == {GROUP}
    now = orders.closing_order(strategy, CALL, -1, GROUP)
    assert (now.side, now.order_type, orders.role_of(now)) == (OrderSide.BUY, OrderType.MARKET, Role.CLOSE_NOW)
    assert (orders.oca_of(now), written(now).goodAfterTime) == (GROUP, "")


def test_what_does_not_expire_today_has_no_last_resort() -> None:
    later = live(30)
    assert len(orders.bracket(later, CALL, OrderSide.BUY, 1, take_profit=3, stop=1).orders) == 3
    assert len(orders.exit_group(later, CALL, 1, take_profit=3, stop=1)) == 2


def test_a_backtest_has_no_broker_that_holds_the_last_resort_back() -> None:
    clock = TestClock()
    clock.set_time(int(NOON.timestamp()) * 10**9)
    assert len(orders.exit_group(make(call(CLOSE), clock), CALL, 1, take_profit=3, stop=1)) == 2


REFUSED: dict[str, Callable[[Any], object]] = {
    "use DAY": lambda s: orders.bracket(
        s, CALL, OrderSide.BUY, 1, take_profit=3, stop=1, time_in_force=TimeInForce.GTC
    ),
    "GTD": lambda s: orders.good_time_in_force(s.cache.instrument(CALL), TimeInForce.GTD, datetime.now(UTC)),
    "a stop below": lambda s: orders.bracket(s, CALL, OrderSide.BUY, 1, take_profit=1, stop=3),
    "a stop above": lambda s: orders.exit_group(s, CALL, -1, take_profit=3, stop=1),
    "a position to close": lambda s: orders.exit_group(s, CALL, 0, take_profit=3, stop=1),
    "a loaded instrument": lambda s: orders.stop_order(s, InstrumentId.from_str("NO.ARCX"), 1, 1, GROUP),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_would_do_harm_is_refused(strategy: Any, why: str) -> None:
    with pytest.raises(OrderRefused, match=why):
        REFUSED[why](strategy)


def test_after_the_cut_off_nothing_is_opened() -> None:
    late = live(4 / 60)
    with pytest.raises(OrderRefused, match="still to come"):
        orders.bracket(late, CALL, OrderSide.BUY, 1, take_profit=3, stop=1)
    assert orders.closing_order(late, CALL, 1, GROUP).side == OrderSide.SELL


def test_gtc_is_free_for_what_lives_longer() -> None:
    later = live(30)
    made = orders.bracket(later, CALL, OrderSide.BUY, 1, take_profit=3, stop=1, time_in_force=TimeInForce.GTC)
    assert {order.time_in_force for order in made.orders} == {TimeInForce.GTC}


def test_prices_lie_on_the_tick_and_above_zero(strategy: Any) -> None:
    assert orders.stop_order(strategy, CALL, 1, 0.001, GROUP).trigger_price.as_decimal() == Decimal("0.05")
    assert orders.take_profit_order(strategy, CALL, 1, 2.0249, GROUP).price.as_decimal() == Decimal("2.00")


def test_an_order_of_somebody_else_has_no_role_and_no_group(strategy: Any) -> None:
    plain = strategy.order_factory.market(CALL, OrderSide.BUY, Quantity.from_int(1), tags=["mine"])
    assert (orders.role_of(plain), orders.oca_of(plain)) == (None, None)


def test_a_moment_needs_its_zone() -> None:
    with pytest.raises(ValueError, match="with a zone"):
        conditions.time(datetime(2026, 11, 23, 15, 55))  # noqa: DTZ001 - that is the point
    assert conditions.time(CLOSE)["time"] == "20261123-21:00:00"


PAGE = (Path(__file__).parents[3] / "docs/strategies.md").read_text()


def test_the_page_names_every_helper() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    makes = {name for name in orders.__all__ if name.islower()} | {
        name for name, made in vars(conditions).items() if callable(made) and made.__module__ == conditions.__name__
    }
    assert {name for name in makes if not name.startswith("_")} <= named


def test_the_pages_examples_run(strategy: Any) -> None:
    example, conditional = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    sent: list[Any] = []
    doubled = SimpleNamespace(
        order_factory=strategy.order_factory, cache=strategy.cache, clock=strategy.clock, submit_order_list=sent.append
    )
    names["Buyer"].buy(doubled, CALL, 2.0)
    assert len(sent[0].orders) == 4
    exec(conditional, names)
    made = names["after_a_dip"](strategy, CALL, 756733)
    assert [one["type"] for one in written(made.first).conditions] == ["price", "percent_change"]
