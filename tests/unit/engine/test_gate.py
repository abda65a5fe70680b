"""Orders of a strategy that knows nothing of us, in NautilusTrader's own backtest, past the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import (
    AccountType,
    AssetClass,
    OmsType,
    OptionKind,
    OrderSide,
    OrderStatus,
    TimeInForce,
    TradingState,
    TriggerType,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import OptionContract
from nautilus_trader.model.objects import Money, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

from engine.entries import EntryGate
from engine.gate import Asked, Deed, OrderGate, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# NautilusTrader's own backtest calls it.
pytestmark = pytest.mark.filterwarnings("ignore:Timestamp.utcnow is deprecated")

STOCK = TestInstrumentProvider.equity("SPY", "XNAS")
SIZE = STOCK.make_qty(10)


class Stranger(Strategy):  # type: ignore[misc]
    """Does one thing a tick; every answer it gets is kept."""

    def __init__(self, steps: list[Any]) -> None:
        super().__init__()
        self.steps = steps
        self.answers: list[tuple[str, str]] = []
        self.entry: Any = None
        self.loss: Any = None

    def on_start(self) -> None:
        self.subscribe_quote_ticks(STOCK.id)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        if self.steps:
            self.steps.pop(0)(self)

    def on_order_event(self, event: Any) -> None:
        self.answers.append((type(event).__name__, getattr(event, "reason", "")))

    def buy(self) -> None:
        self.submit_order(self.order_factory.market(STOCK.id, OrderSide.BUY, SIZE))

    def sell(self) -> None:
        self.submit_order(self.order_factory.market(STOCK.id, OrderSide.SELL, SIZE))

    def rest_an_entry(self) -> None:
        self.entry = self.order_factory.limit(STOCK.id, OrderSide.BUY, SIZE, STOCK.make_price(90))
        self.submit_order(self.entry)

    def rest_a_stop(self) -> None:
        self.loss = self.order_factory.stop_market(STOCK.id, OrderSide.SELL, SIZE, STOCK.make_price(95))
        self.submit_order(self.loss)

    def bracket(self) -> None:
        self.submit_order_list(
            self.order_factory.bracket(
                STOCK.id, OrderSide.BUY, SIZE, tp_price=STOCK.make_price(110), sl_trigger_price=STOCK.make_price(95)
            )
        )

    def said(self, kind: str) -> list[str]:
        return [reason for name, reason in self.answers if name == kind]


class House:
    """A backtest engine with the gate in it, which runs the steps one tick each."""

    def __init__(self) -> None:
        self.engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
        self.engine.add_venue(Venue("XNAS"), OmsType.NETTING, AccountType.MARGIN, [Money(1_000_000, USD)], USD)
        self.engine.add_instrument(STOCK)
        self.words = EntryGate(trading=True, settled=True)
        self.gate = OrderGate(self.engine.kernel, self.words)

    def run(self, *steps: Callable[[Stranger], None], bids: Mapping[int, tuple[float, int]] | None = None) -> Stranger:
        """`bids` are price and size at the tick of that number, where it is not 100 for 100."""
        stranger = Stranger(list(steps))
        self.engine.add_strategy(stranger)
        for n in range(1, len(steps) + 3):
            level, count = (bids or {}).get(n, (100, 100))
            price, size = STOCK.make_price(level), STOCK.make_qty(count)
            self.engine.add_data([QuoteTick(STOCK.id, price, price, size, size, n * 10**9, n * 10**9)])
        self.engine.run()
        assert not stranger.steps
        return stranger

    @property
    def net(self) -> float:
        return sum(float(position.signed_qty) for position in self.engine.cache.positions_open())


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.engine.dispose()


def test_open_it_lets_everything_pass(house: House) -> None:
    stranger = house.run(Stranger.buy, Stranger.rest_a_stop, lambda s: s.cancel_order(s.loss), Stranger.sell)
    assert house.net == 0
    assert stranger.loss.status is OrderStatus.CANCELED
    assert house.words.refusals == 0


@pytest.mark.parametrize("entry", [Stranger.buy, Stranger.rest_an_entry, Stranger.bracket, Stranger.sell])
@pytest.mark.parametrize(
    "close",
    [
        lambda words: words.hold(True, "1100"),
        lambda words: words.halt(True, "a person"),
        lambda words: setattr(words, "trading", False),
        lambda words: setattr(words, "stopping", True),
    ],
)
def test_closed_nothing_opens_a_position(house: House, entry: Any, close: Any) -> None:
    stranger = house.run(lambda _: close(house.words), entry)
    assert house.net == 0
    assert not house.engine.cache.orders_open()
    assert {order.status for order in house.engine.cache.orders()} == {OrderStatus.DENIED}
    assert stranger.said("OrderDenied")


def test_held_a_position_may_still_be_closed_but_not_turned_round(house: House) -> None:
    def oversell(s: Stranger) -> None:
        s.submit_order(s.order_factory.market(STOCK.id, OrderSide.SELL, STOCK.make_qty(11)))

    stranger = house.run(Stranger.buy, lambda _: house.words.hold(True, "1100"), Stranger.buy, oversell, Stranger.sell)
    assert house.net == 0
    assert [reason for reason in stranger.said("OrderDenied")] == ["entries are held: 1100"] * 2


def test_on_unsettled_books_a_position_may_not_be_there(house: House) -> None:
    def unsettle(_: Stranger) -> None:
        house.words.trading = house.words.settled = False

    stranger = house.run(Stranger.buy, unsettle, Stranger.sell)
    assert house.net == 10
    assert "not yet the broker's" in stranger.said("OrderDenied")[0]


def cancel_all(s: Stranger) -> None:
    s.cancel_all_orders(STOCK.id)


def close_all(s: Stranger) -> None:
    s.close_all_positions(STOCK.id)


@pytest.mark.parametrize("shut", ["halt", "stop"])
def test_shut_a_strategy_that_cancels_all_and_closes_all_leaves_its_exits_where_they_are(
    house: House, shut: str
) -> None:
    def close(_: Stranger) -> None:
        house.words.halt(shut == "halt", "a person")
        house.words.stopping = shut == "stop"

    stranger = house.run(Stranger.buy, Stranger.rest_a_stop, Stranger.rest_an_entry, close, cancel_all, close_all)
    assert house.net == 10
    assert stranger.loss.status is OrderStatus.ACCEPTED
    assert stranger.entry.status is OrderStatus.CANCELED
    assert len(stranger.said("OrderCancelRejected")) == 1
    assert len(stranger.said("OrderDenied")) == 1


def test_halted_a_stranger_may_not_move_an_exit_and_the_keeper_may(house: House) -> None:
    def halt(_: Stranger) -> None:
        house.words.halt(True, "a person")

    def move(s: Stranger) -> None:
        s.modify_order(s.loss, trigger_price=STOCK.make_price(97))

    def trust(s: Stranger) -> None:
        assert s.loss.trigger_price == STOCK.make_price(95)
        house.gate.trust(s.id)

    stranger = house.run(Stranger.buy, Stranger.rest_a_stop, halt, move, trust, move, Stranger.buy)
    assert stranger.loss.trigger_price == STOCK.make_price(97)
    assert stranger.said("OrderModifyRejected") == ["halted: a person"]
    assert house.net == 10


def test_a_halt_takes_resting_entries_back_and_keeps_exits(house: House) -> None:
    taken: list[int] = []

    def halt(_: Stranger) -> None:
        house.words.halt(True, "a person")
        taken.append(house.gate.cancel_entries())

    stranger = house.run(Stranger.buy, Stranger.rest_a_stop, Stranger.rest_an_entry, halt)
    assert taken == [1]
    assert stranger.entry.status is OrderStatus.CANCELED
    assert stranger.loss.status is OrderStatus.ACCEPTED


@pytest.mark.parametrize(
    ("state", "opens_when_flat", "moves_an_exit"),
    [(TradingState.REDUCING, True, True), (TradingState.HALTED, False, False)],
)
def test_why_nautilus_own_trading_states_are_not_enough(
    house: House, state: TradingState, opens_when_flat: bool, moves_an_exit: bool
) -> None:
    """If this fails, they have become better: the gate may go."""
    risk = house.engine.kernel.risk_engine
    seen: list[float] = []

    def tell(_: Stranger) -> None:
        seen.append(house.net)
        risk.set_trading_state(TradingState.ACTIVE)

    stranger = house.run(
        lambda _: risk.set_trading_state(state),
        Stranger.buy,
        tell,
        lambda s: None if opens_when_flat else s.buy(),
        Stranger.rest_a_stop,
        lambda _: risk.set_trading_state(state),
        lambda s: s.modify_order(s.loss, trigger_price=STOCK.make_price(97)),
    )
    assert bool(seen[0]) is opens_when_flat
    assert (stranger.loss.trigger_price == STOCK.make_price(97)) is moves_an_exit


@pytest.mark.parametrize("deed", list(Deed))
@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("exits", [True, False])
def test_nothing_that_opens_is_ever_sent_once_it_is_shut(deed: Deed, trusted: bool, exits: bool) -> None:
    for words in (EntryGate(trading=True, settled=True, halted=True), EntryGate(stopping=True)):
        refused = refusal(Asked(deed, exits, trusted), words) is not None
        if deed is Deed.CANCEL:
            assert refused is (exits and (words.stopping or not trusted))
        else:
            assert refused is not (exits and trusted and not words.stopping)


@pytest.mark.parametrize(("size", "refused"), [(3, False), (4, True)])
def test_a_new_size_of_an_exit_counts_what_has_filled(house: House, size: int, refused: bool) -> None:
    """Of three one has filled: two are held, and two are left to sell."""

    def buy_two(s: Stranger) -> None:
        s.submit_order(s.order_factory.market(STOCK.id, OrderSide.BUY, STOCK.make_qty(3)))

    def rest(s: Stranger) -> None:
        s.loss = s.order_factory.limit(STOCK.id, OrderSide.SELL, STOCK.make_qty(3), STOCK.make_price(101))
        s.submit_order(s.loss)

    def resize(s: Stranger) -> None:
        assert (float(s.loss.filled_qty), house.net) == (1.0, 2.0)
        house.words.hold(True, "a test")
        s.modify_order(s.loss, quantity=STOCK.make_qty(size))

    stranger = house.run(buy_two, rest, lambda _: None, resize, bids={3: (101, 1)})
    assert bool(stranger.said("OrderModifyRejected")) is refused


def today(house: House) -> OptionContract:
    """An option that ends within the backtest's day."""
    option = OptionContract(
        instrument_id=InstrumentId.from_str("SPY C100.XNAS"),
        raw_symbol=Symbol("SPY C100"),
        asset_class=AssetClass.EQUITY,
        currency=USD,
        price_precision=2,
        price_increment=STOCK.price_increment,
        multiplier=Quantity.from_int(100),
        lot_size=Quantity.from_int(1),
        underlying="SPY",
        option_kind=OptionKind.CALL,
        strike_price=STOCK.make_price(100),
        activation_ns=0,
        expiration_ns=3600 * 10**9,
        ts_event=0,
        ts_init=0,
    )
    house.engine.add_instrument(option)
    ticks = [
        QuoteTick(option.id, STOCK.make_price(2), STOCK.make_price(2), SIZE, SIZE, n * 10**9, n * 10**9)
        for n in range(1, 5)
    ]
    house.engine.add_data(ticks)
    return option


def test_what_outlives_the_day_opens_nothing_in_an_option_of_today(house: House) -> None:
    option = today(house)

    def buy(s: Stranger, lasting: TimeInForce) -> None:
        s.submit_order(s.order_factory.market(option.id, OrderSide.BUY, SIZE, time_in_force=lasting))

    stranger = house.run(lambda s: buy(s, TimeInForce.GTC), lambda s: buy(s, TimeInForce.DAY))
    assert house.net == 10
    [reason] = stranger.said("OrderDenied")
    assert "GTC" in reason
    assert "use DAY" in reason
    assert house.words.refusals == 1


def test_a_bracket_whose_exits_outlive_the_day_is_denied_whole(house: House) -> None:
    option = today(house)

    def bracket(s: Stranger) -> None:
        price = option.make_price
        s.submit_order_list(
            s.order_factory.bracket(
                option.id,
                OrderSide.BUY,
                SIZE,
                time_in_force=TimeInForce.DAY,
                tp_price=price(4),
                sl_trigger_price=price(1),
            )
        )

    stranger = house.run(bracket)
    assert house.net == 0
    assert len(stranger.said("OrderDenied")) == 3


def test_an_exit_is_not_denied_for_its_time_in_force(house: House) -> None:
    option = today(house)

    def buy(s: Stranger) -> None:
        s.submit_order(s.order_factory.market(option.id, OrderSide.BUY, SIZE, time_in_force=TimeInForce.DAY))

    def close(s: Stranger) -> None:
        s.close_all_positions(option.id)

    stranger = house.run(buy, close)
    assert house.net == 0
    assert not stranger.said("OrderDenied")


# The emulator subscribes to an order book as well.
@pytest.mark.filterwarnings("ignore:'d' is deprecated")
@pytest.mark.parametrize(
    ("trigger", "held"), [(TriggerType.MARK_PRICE, 0), (TriggerType.BID_ASK, 10), (TriggerType.NO_TRIGGER, 10)]
)
def test_an_entry_whose_exits_nobody_would_watch_is_denied(house: House, trigger: TriggerType, held: int) -> None:
    """NautilusTrader fills the entry, and cancels the exits that its emulator does not know how to watch."""

    def emulated(stranger: Stranger) -> None:
        exits = {"tp_price": STOCK.make_price(110), "sl_trigger_price": STOCK.make_price(95)}
        make = stranger.order_factory.bracket
        stranger.submit_order_list(make(STOCK.id, OrderSide.BUY, SIZE, emulation_trigger=trigger, **exits))

    stranger = house.run(emulated, lambda _: None)
    assert house.net == held
    assert [("MARK_PRICE" in why) for why in stranger.said("OrderDenied")] == ([] if held else [True] * 3)
    assert bool(house.engine.cache.orders_open() or house.engine.cache.orders_emulated()) is bool(held)
